local nl = require "numlab"
local bench = require "numlab.bench"
local peers = require "numlab.peers"
local task2 = require "numlab.task2"

local function settings(extra)
  local o = { n = { 96 }, q_tile = { 32 }, k_tile = { 32, 64 }, impls = { "standard", "tiled", "flash" }, batch = 2,
    heads = 4, head_dim = 32, dtype = "f32", causal = false, threads = nl.threads(), repeats = 1, seed = 1 }
  for key, value in pairs(extra or {}) do o[key] = value end
  return o
end

describe("numlab.task2", function()
  it("names its contestants: standard once, the others at every pair of tiles", function()
    local labels, specs = task2.contestants(settings())
    assert.same({ "standard", "tiled 32x32", "tiled 32x64", "flash 32x32", "flash 32x64" }, labels)
    assert.same({ impl = "flash", q_tile = 32, k_tile = 64 }, specs["flash 32x64"])
    labels, specs = task2.contestants(settings({ impls = { "standard" } }), true)
    assert.same({ "standard", "torch sdpa", "torch math" }, labels)
    assert.equal("math", specs["torch math"].backend)
  end)

  it("takes each once on a GPU, whose kernels have tiles of their own", function()
    local labels, specs = task2.contestants(settings({ device = "cuda" }))
    assert.same({ "standard", "tiled", "flash" }, labels)
    assert.same({ impl = "flash" }, specs.flash)
    assert.equal(5, #task2.contestants(settings({ device = "cpu" })))
  end)

  -- B = 2, H = 8, N = 4096: 65536 rows; as an H100 took
  it("predicts what a GPU takes", function()
    local MiB = 1 << 20
    local function extra(impl, head_dim, dtype, n)
      local s = { batch = 2, heads = 8, n = n or 4096, head_dim = head_dim, dtype = dtype, device = "cuda" }
      local p = task2.predicted({ impl = impl }, s)
      local stored = ({ f64 = 8, f32 = 4, bf16 = 2, f16 = 2 })[dtype]
      local rows, lse = 16 * s.n, dtype == "f64" and 8 or 4
      assert.equal(p.forward, p.forward_extra + rows * (head_dim * stored + lse))
      assert.equal(p.backward, p.backward_extra + 3 * rows * head_dim * stored)
      return { p.forward_extra / MiB, p.backward_extra / MiB }
    end
    assert.same({ 2048, 1024 }, extra("standard", 8, "f32"))
    assert.same({ 2048, 1024 }, extra("standard", 64, "bf16")) -- S and P are f32
    assert.same({ 4096, 2048 }, extra("standard", 64, "f64"))
    assert.same({ 0, 0.25 }, extra("tiled", 64, "f32"))
    assert.same({ 0, 8.25 }, extra("flash", 8, "f32")) -- D and dQ of 32 columns
    assert.same({ 0, 16.25 }, extra("flash", 64, "f32"))
    assert.same({ 0, 16.25 }, extra("flash", 40, "f16"))
    assert.same({ 0, 32.25 }, extra("flash", 128, "f32"))
    assert.same({ 0, 64.25 }, extra("flash", 256, "bf16"))
    assert.same({ 0, 0.25 }, extra("flash", 256, "f32")) -- two passes, no sums
    assert.same({ 0, 0.25 }, extra("flash", 30, "f32"))
    assert.same({ 0, 0.5 }, extra("flash", 64, "f64"))
    -- 100 rows: dQ in two tiles of 64 at D = 32, in four of 32 at D = 64
    assert.same({ 0, 16 * (100 + 128 * 32) * 4 / MiB }, extra("flash", 32, "f32", 100))
    assert.same({ 0, 16 * (100 + 128 * 64) * 4 / MiB }, extra("flash", 64, "f32", 100))
    assert.same({ 0, 16 * (70 + 96 * 64) * 4 / MiB }, extra("flash", 64, "f32", 70))
    assert.same({ 0, 16 * (70 + 128 * 64) * 4 / MiB }, extra("flash", 64, "f16", 70))
  end)

  it("refuses settings that cannot be", function()
    task2.check(settings())
    assert.error_matches(function() task2.check(settings({ impls = { "flesh" } })) end, "did you mean 'flash'")
    assert.error_matches(function() task2.check(settings({ dtype = "f8" })) end, "dtype: unknown dtype 'f8'")
    assert.error_matches(function() task2.check(settings({ k_tile = { 64, 0 } })) end, "k_tile is 0, expected at least 1")
  end)

  for _, dtype in ipairs(task2.DTYPES) do
    it("measures a turn as a row, its memory as predicted: " .. dtype, function()
      local o = settings({ dtype = dtype })
      local labels, specs = task2.contestants(o)
      local work = task2.prepare(o, 96)
      for _, label in ipairs(labels) do
        local row = assert(task2.turn(work, specs[label]))
        assert.is_true(row.parts.forward > 0 and row.parts.backward > 0)
        assert.equal(row.parts.forward + row.parts.backward, row.seconds)
        assert.same({ specs[label].impl, specs[label].impl, "cpu", dtype, 96, 2, 4, 32 },
          { row.impl, row.path, row.device, row.dtype, row.n, row.batch, row.heads, row.head_dim })
        for _, pass in ipairs{ "forward", "backward" } do
          local got, expected = row[pass .. "_extra_bytes"], row["predicted_" .. pass .. "_extra_bytes"]
          assert.is_true(math.abs(got / expected - 1) < 0.05, ("%s %s: %d of %d"):format(label, pass, got, expected))
          assert.equal(row["peak_" .. pass .. "_bytes"] - got, row["predicted_" .. pass .. "_bytes"] - expected)
          assert.is_true(row[pass .. "_workspace_bytes"] > 0 and row[pass .. "_result_bytes"] > 0)
        end
        local allowed = ({ f64 = 1e-14, f32 = 1e-5, bf16 = 0.1, f16 = 0.01 })[dtype]
        assert.is_true(row.max_abs_err < allowed and row.grad_max_abs_err < 4 * allowed)
        local again = assert(task2.turn(work, specs[label]))
        assert.is_nil(again.peak_forward_bytes) -- weighed and judged once
        assert.is_true(again.seconds > 0)
      end
    end)
  end

  it("gives both passes columns of their own through a comparison", function()
    local o = settings({ causal = true })
    local labels, specs = task2.contestants(o)
    local work = task2.prepare(o, 64)
    local r = bench.compare{ repeats = 2, pause = 0, contestants = { { name = labels[2], run = function()
      return task2.turn(work, specs[labels[2]])
    end } } }[1]
    assert.equal(2, #r.parts.forward.samples)
    assert.is_true(r.first.causal and r.first.max_abs_err < 1e-5)
  end)

  it("judges a peer by the same reference", function()
    local version, why = peers.torch_version()
    if not version then
      print("# skipped: " .. why)
      return
    end
    local folder = os.tmpname()
    os.remove(folder)
    local o = settings()
    local _, specs = task2.contestants(o, true)
    local work = task2.prepare(o, 64, folder)
    for _, label in ipairs{ "torch sdpa", "torch math" } do
      local row = assert(task2.turn(work, specs[label]))
      assert.is_true(row.parts.forward > 0 and row.max_abs_err < 1e-5 and row.grad_max_abs_err < 1e-5)
      assert.matches("^PyTorch", row.message)
    end
    peers.torch_end(folder)
  end)
end)

local devices, why = nl.devices()
describe("numlab.task2 on a GPU", function()
  if #devices == 1 then
    it("was not tested: " .. tostring(why):gsub("%s+", " "), function() assert.is_truthy(why) end)
    return
  end
  for _, dtype in ipairs(task2.DTYPES) do
    it("measures a turn as a row, its memory to the byte: " .. dtype, function()
      for _, head_dim in ipairs{ 8, 64 } do
        local o = settings({ dtype = dtype, device = "cuda", head_dim = head_dim })
        local labels, specs = task2.contestants(o)
        local work = task2.prepare(o, 300)
        for _, label in ipairs(labels) do
          local row = assert(task2.turn(work, specs[label]))
          assert.same({ "cuda", true }, { row.device, row.path:find(label, 1, true) == 1 })
          for _, pass in ipairs{ "forward", "backward" } do
            assert.equal(row["predicted_" .. pass .. "_extra_bytes"], row[pass .. "_extra_bytes"], label .. " " .. pass)
            assert.is_true(row.parts[pass] > 0)
          end
          local allowed = ({ f64 = 1e-13, f32 = 1e-5, bf16 = 0.1, f16 = 0.01 })[dtype]
          assert.is_true(row.max_abs_err < allowed and row.grad_max_abs_err < 4 * allowed)
          assert.is_true(row.driver_bytes > 0)
          assert.is_nil(assert(task2.turn(work, specs[label])).peak_forward_bytes)
        end
      end
    end)
  end
end)
