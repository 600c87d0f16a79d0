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
        assert.same({ specs[label].impl, dtype, 96, 2, 4, 32 },
          { row.impl, row.dtype, row.n, row.batch, row.heads, row.head_dim })
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
