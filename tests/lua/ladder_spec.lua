-- The ladder's counts, by hand; its findings on made-up rows; the experiment's measuring where there is a GPU.
local findings = require "numlab.ladder_findings"
local ladder = require "numlab.ladder"
local nl = require "numlab"
local say = require "numlab.say"

local function shape(n, d, causal) return { n = n, head_dim = d, batch = 2, heads = 3, dtype = "f16", causal = causal } end

describe("numlab.ladder", function()
  it("counts what tiles fetch", function()
    assert.same({ keys = 2 * 128, entries = 128 * 128, queries = 2 * 128, seen = 128 * 128 },
      ladder.fetched(shape(128, 64), 64))
    -- causal: 64 rows meet 64 keys, 64 rows meet 128
    assert.same({ keys = 64 + 128, entries = 64 * 64 + 64 * 128, queries = 64 + 128, seen = 128 * 129 / 2 },
      ladder.fetched(shape(128, 64, true), 64))
    -- ends: 64 and 36 rows, 64 and 36 keys
    assert.same({ keys = 64 + 100, entries = 64 * 64 + 36 * 100, queries = 64 + 2 * 36, seen = 5050 },
      ladder.fetched(shape(100, 64, true), 64))
    -- rows 32: the first two tiles see one tile of keys
    assert.same({ keys = 2 * 64 + 2 * 128, entries = 32 * 384, queries = 64 + 128, seen = 8256 },
      ladder.fetched(shape(128, 128, true), 32))
    assert.equal(32, ladder.rows("ladder_tensor", 128))
    assert.equal(64, ladder.rows("ladder_pipeline", 128))
  end)

  it("counts bytes and products as one does by hand", function()
    local s, heads = shape(128, 64), 6
    local operands = 4 * 128 * 64 * 2 + 128 * 4 -- Q, K, V, O; lse
    assert.equal(heads * (operands + 4 * 4 * 128 ^ 2), ladder.bytes("ladder_naive", s).least) -- S out, in; P out, in
    -- Q and K twice for the scores, V twice; S out, in three times, P out, in
    assert.equal(heads * (128 * 64 * 2 * (2 + 2 + 2 + 1) + 6 * 4 * 128 ^ 2 + 128 * 4),
      ladder.bytes("ladder_naive", s).requested)
    for _, rung in ipairs{ "ladder_fused", "ladder_online", "ladder_tensor", "ladder_partition", "ladder_pipeline" } do
      local tiles_of_keys_and_values = rung == "ladder_fused" and 2 * 3 or 2 * 2
      assert.same({ least = heads * operands, requested = heads * (128 * 64 * 2 * (2 + tiles_of_keys_and_values) + 128 * 4) },
        ladder.bytes(rung, s), rung)
      assert.equal(0, ladder.extra(rung, s))
      assert.equal(heads * (rung == "ladder_fused" and 6 or 4) * 128 ^ 2 * 64, ladder.flops(rung, s))
    end
    assert.equal(heads * 4 * 128 ^ 2 * 64, ladder.flops("ladder_naive", s))
    assert.equal(heads * 4 * 128 ^ 2, ladder.extra("ladder_naive", s))
    assert.equal("integer", math.type(ladder.extra("ladder_naive", s)))
    -- tiles of 32 queries at D = 128: K and V four times
    assert.equal(heads * (128 * 128 * 2 * (2 + 8) + 128 * 4), ladder.bytes("ladder_tensor", shape(128, 128)).requested)
    assert.equal(6 * 4 * 128 * 32 * 384, ladder.flops("ladder_tensor", shape(128, 128, true)))
  end)
end)

-- Rows of two sizes: each rung twice as fast as the one below, rung 2 slower.
local function row(name, n, seconds, extra)
  local r = { n = n, rung = name, dtype = "bf16", batch = 1, heads = 2, head_dim = 64, code = "OK", forward_s = seconds,
    forward_extra_bytes = 0, predicted_extra_bytes = 0, rel_err = 1e-3 }
  for key, value in pairs(extra or {}) do r[key] = value end
  return r
end
local function made_up()
  local rows = {}
  for _, n in ipairs{ 512, 1024 } do
    local time = { 16, 20, 8, 4, 2, 1 }
    for i, rung in ipairs(ladder.RUNGS) do
      local extra = rung == "ladder_naive" and 8 * n * n or 0
      rows[#rows + 1] = row(rung, n, time[i] * n * n * 1e-9, { forward_extra_bytes = extra, predicted_extra_bytes = extra })
    end
    rows[#rows + 1] = row("flash", n, n * n * 1e-9, { backward_s = 3 * n * n * 1e-9, step_extra_bytes = 8 * n })
    rows[#rows + 1] = row("standard", n, 9 * n * n * 1e-9, { backward_s = 6 * n * n * 1e-9, forward_extra_bytes = 8 * n * n,
      step_extra_bytes = 16 * n * n })
  end
  return findings.place(rows)
end

describe("numlab.ladder_findings", function()
  local function words(lines) return table.concat(say.read(lines), "\n") end
  local function has(lines, part) assert.matches(part, words(lines), 1, true) end

  it("places each row above the one below", function()
    local rows = made_up()
    assert.is_nil(rows[1].gain)
    assert.equal(0.8, rows[2].gain)
    assert.equal(2, rows[6].gain)
    assert.is_nil(rows[7].gain)
    local flops = 4 * 2 * 512 ^ 2 * 64
    assert.equal(flops / rows[6].forward_s / 1e12, rows[6].forward_tflops)
    assert.equal(2.5 * flops / rows[7].backward_s / 1e12, rows[7].backward_tflops)
    assert.equal(ladder.bytes("ladder_online", rows[3]).requested, rows[3].requested_bytes)
  end)

  it("tells gains, memory and recomputing", function()
    local rows = made_up()
    has(findings.gains(rows), "ladder_pipeline at n = 1024: 1.05 ms, 0.512 TFLOP/s, 2.00 times as fast as ladder_partition; "
      .. "16.0 times as fast as ladder_naive")
    has(findings.gains(rows), "ladder_fused at n = 1024: 21 ms, 0.0256 TFLOP/s, 0.80 times as fast as ladder_naive, because it "
      .. "computes S twice")
    has(findings.traffic(rows), "ladder_naive at n = 1024: beside operands and results 8 MiB")
    assert.is_nil(words(findings.traffic(rows)):find("DEVIATES", 1, true))
    has(findings.recomputing(rows), "n = 1024: making P again takes 0.50 times as long backward as reading what was stored "
      .. "(3.15 ms for 6.29 ms); a step keeps 8 KiB in place of 16 MiB")
    has(findings.accuracy(rows), "ladder_online in bf16: relative error 1.0e-03")
  end)

  it("flags what departs from theory", function()
    local rows = made_up()
    rows[3].rel_err = 0.1
    for _, r in ipairs(rows) do r.forward_extra_bytes = r.forward_extra_bytes + (64 << 20) end
    has(findings.accuracy(rows), "1.0e-01 - DEVIATES")
    has(findings.traffic(rows), "DEVIATES")
    rows[1].code, rows[1].message = "NOMEM", "out of GPU memory"
    has(findings.sections(rows)[5][2], "ladder_naive: 1 point ends with NOMEM, out of GPU memory")
  end)
end)

local devices, why = nl.devices()
describe("numlab.ladder_lab", function()
  if #devices == 1 then
    it("was not tested: " .. tostring(why):gsub("%s+", " "), function() assert.is_truthy(why) end)
    return
  end
  it("measures every rung, and the two backward passes", function()
    local lab = require "numlab.ladder_lab"
    for _, causal in ipairs{ false, true } do
      local o = { heads = 2, head_dim = 64, dtype = "bf16", causal = causal, seed = 1, tokens = 512 }
      local work = lab.prepare(o, 256)
      for _, name in ipairs(lab.CONTESTANTS) do
        local r = assert(lab.turn(work, name))
        assert.equal(2, r.batch)
        assert.is_true(r.parts.forward > 0 and r.rel_err < 2 * ladder.ROUNDING.bf16, name)
        assert.equal(name == "flash" or name == "standard", r.parts.backward ~= nil)
        if name:find("^ladder_") then assert.is_true(r.forward_extra_bytes >= r.predicted_extra_bytes) end
      end
    end
  end)
end)
