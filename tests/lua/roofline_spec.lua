-- The roofline: counts beside those made by hand, ceilings with a made-up clock and real ones, places under a made-up roof.
local findings = require "numlab.roofline_findings"
local kernels = require "numlab.roofline_kernels"
local nl = require "numlab"
local roofline = require "numlab.roofline"
local say = require "numlab.say"

-- A clock that moves a millisecond each time it is asked: a call of anything takes one.
local function ticking()
  local now = 0
  return function()
    now = now + 0.001
    return now
  end
end

local CACHES = { [1] = 32 << 10, [2] = 64 << 10, [3] = 256 << 10 }

-- f64 100, f32 200 GFLOP/s; L2 100, L3 50, memory 10 GB/s.
local function made_up(threads)
  local rows = {}
  for ceiling, rate in pairs{ f64 = 100, f32 = 200, L2 = 100, L3 = 50, memory = 10 } do
    rows[#rows + 1] = { ceiling = ceiling, threads = threads, code = "OK", seconds = 1 / rate }
    rows[#rows + 1] = { ceiling = ceiling, threads = threads, code = "OK", seconds = 2 / rate } -- a disturbed one
    rows[#rows + 1] = { ceiling = ceiling, threads = threads + 1, code = "OK", seconds = 1e-9 }
    rows[#rows + 1] = { ceiling = ceiling, threads = threads, code = "ERROR" }
    rows[#rows + 1] = { kernel = "lu", threads = threads, code = "OK", seconds = 1e-9 }
  end
  return rows
end

describe("numlab.roofline", function()
  it("reads the caches that hold data", function()
    assert.same({ [1] = 32 << 10, [2] = 1 << 20, [3] = 32 << 20 },
      roofline.caches("L1 Data 32K, L1 Instruction 64K, L2 Unified 1024K, L3 Unified 32768K"))
    assert.same({}, roofline.caches(""))
    assert.equal("table", type(roofline.caches()))
  end)

  it("chooses arrays that fit a cache, or are far beyond the last", function()
    assert.equal(32 << 10, roofline.array("L2", CACHES))
    assert.equal(64 << 10, roofline.array("L3", CACHES))
    assert.equal(64 << 20, roofline.array("memory", CACHES))
    assert.equal(1 << 30, roofline.array("memory", { [3] = 256 << 20 }))
    assert.is_nil(roofline.array("L2", {}))
    assert.is_nil(roofline.array("L3", {}))
    local row, message, info = roofline.measure("L2", 1, { caches = {} })
    assert.is_nil(row)
    assert.equal("no such cache here", message)
    assert.equal("UNSUPPORTED", info.code)
  end)

  it("times calls until they took long enough, or takes their own seconds", function()
    local calls = 0
    local function count() calls = calls + 1 end
    assert.is_true(math.abs(roofline.timed(count, { clock = ticking(), least = 0.0045 }) - 0.001) < 1e-12)
    assert.equal(6, calls) -- one before, five that took 5 ms
    calls = 0
    assert.equal(0.25, roofline.timed(function() count() return 0.25 end, { clock = ticking(), least = 0.0025 }))
    assert.equal(4, calls)
    calls = 0
    roofline.timed(count, { clock = function() return 1 end, least = 0 }) -- even where no time passes
    assert.equal(2, calls)
  end)

  it("counts what the ceilings do", function()
    local o = { clock = ticking(), least = 0.002, caches = CACHES }
    local function near(expected, row, ceiling)
      assert.equal(ceiling, row.ceiling)
      assert.is_true(math.abs(1e9 / row.seconds / expected - 1) < 1e-6, 1e9 / row.seconds)
    end
    local before = nl.threads()
    near(2 * 768 ^ 3 / 1e-3, roofline.measure("f64", 1, o), "f64")
    near(2 * 768 ^ 3 / 1e-3, roofline.measure("f32", 2, o), "f32")
    near((32 << 10) / 1e-3, roofline.measure("L2", 1, o), "L2")
    near(2 * (32 << 10) / 1e-3, roofline.measure("L2", 2, o), "L2")
    near((64 << 20) / 1e-3, roofline.measure("memory", 2, o), "memory")
    assert.equal(before, nl.threads())
    assert.error(function() roofline.measure("f64", 1, { clock = function() error("stopped", 0) end }) end, "stopped")
    assert.equal(before, nl.threads())
  end)

  it("measures ceilings of this machine that are positive and ordered", function()
    local rows = {}
    for _, ceiling in ipairs(roofline.CEILINGS) do
      local row = roofline.measure(ceiling, 1, { least = 0.002 })
      if row then
        row.threads, row.code = 1, "OK"
        rows[#rows + 1] = row
      end
    end
    local roof = roofline.roof(rows, 1)
    assert.is_true(roof.compute.f64 > 0 and roof.compute.f32 > 0)
    local last = roof.bandwidth[#roof.bandwidth]
    assert.equal("memory", last.level)
    assert.is_true(last.rate > 0 and last.capacity == math.huge)
    for i = 2, #roof.bandwidth do
      assert.is_true(roof.bandwidth[i - 1].rate >= roof.bandwidth[i].rate)
      assert.is_true(roof.bandwidth[i - 1].capacity <= roof.bandwidth[i].capacity)
    end
  end)

  it("makes a roof of the best rows of so many threads", function()
    local roof = roofline.roof(made_up(2), 2, CACHES)
    assert.same({ f64 = 100e9, f32 = 200e9 }, roof.compute)
    assert.same({ { level = "L2", capacity = 128 << 10, rate = 100e9 }, { level = "L3", capacity = 256 << 10, rate = 50e9 },
      { level = "memory", capacity = math.huge, rate = 10e9 } }, roof.bandwidth)
    assert.equal(10, roofline.ridge(roof, "f64", "memory"))
    assert.equal(4, roofline.ridge(roof, "f32", "L3"))
    local slow = made_up(1)
    slow[#slow + 1] = { ceiling = "memory", threads = 1, code = "OK", seconds = 1 / 70 }
    assert.equal(70e9, roofline.roof(slow, 1, CACHES).bandwidth[2].rate) -- L3 is not slower than memory
    assert.error_matches(function() roofline.roof({}, 3) end, "no ceilings for 3 threads among the 0 rows")
  end)

  it("places a kernel under what limits it", function()
    local roof = roofline.roof(made_up(1), 1, CACHES)
    local function place(held, flops, bytes, seconds, dtype)
      return roofline.place({ held = held, flops = flops, bytes = bytes, seconds = seconds, dtype = dtype or "f64" }, roof)
    end
    local r = place(1 << 30, 1e9, 1e9, 0.2) -- intensity 1, 5 GFLOP/s of 10 that memory allows
    assert.same({ 1, 5e9, 10e9, 0.5, "memory", "memory", false },
      { r.intensity, r.rate, r.attainable, r.share, r.bound, r.level, r.above })
    r = place(200 << 10, 1e9, 1e9, 0.2) -- fits L3
    assert.same({ 50e9, 0.1, "L3", "L3" }, { r.attainable, r.share, r.bound, r.level })
    r = place(1 << 30, 100e9, 1e9, 1)
    assert.same({ 100e9, 1, "compute", "memory", false }, { r.attainable, r.share, r.bound, r.level, r.above })
    assert.equal(200e9, place(1 << 30, 100e9, 1e9, 1, "f32").attainable)
    assert.is_true(place(1 << 30, 1e9, 1e9, 0.05).above)
    assert.is_true(place(1 << 30, 1e9, 1e9, 0 / 0).above) -- nan is no good sign
  end)

  it("counts FLOPs and bytes as one does by hand", function()
    local w = kernels.work{ n = 4, density = 1, heads = 3, head_dim = 2, threads = 2, seed = 1 }
    assert.equal(16, w.system.A.nnz)
    local expected = {
      matvec = { 32, 8 * (16 + 4 + 4) },
      ["sparse matvec"] = { 32, 16 * 12 + 5 * 8 + 8 * 8 },
      gauss_seidel = { 20 * 32 + 21 * (32 + 8), 20 * (16 * 12 + 5 * 8 + 5 * 32) + 21 * (16 * 12 + 5 * 8 + 3 * 32),
        16 * 12 + 5 * 8 + 6 * 32 },
      lu = { (3 + 2 + 1) + 2 * (9 + 4 + 1) + 32, 2 * 128 + 2 * 32 }, -- divisions, updates, both triangles
      lapack = { 66, 320 },
      ["gemm f64"] = { 128, 3 * 128 }, ["gemm f32"] = { 128, 3 * 64 }, softmax = { 80, 2 * 64 },
      -- a head: Q K' and P V of 2 * 16 * 2 each; Q, K, V, O of 8 numbers, lse of 4; S and P of 16, twice each
      ["flash forward"] = { 3 * 128, 3 * 4 * 36, 2 * 4 * 32 }, ["tiled forward"] = { 3 * 128, 3 * 4 * 36, 2 * 4 * 32 },
      ["standard forward"] = { 3 * 128, 3 * 4 * (36 + 64), 2 * 4 * (32 + 32) },
      -- 4 products; 5; 7 where fewer than 8 heads make flash go twice
      ["standard backward"] = { 3 * 256, 3 * 4 * (68 + 7 * 16), 2 * 4 * (64 + 32) },
      ["tiled backward"] = { 3 * 320, 3 * 4 * 68, 2 * 4 * 64 }, ["flash backward"] = { 3 * 448, 3 * 4 * 68, 2 * 4 * 64 },
    }
    for _, name in ipairs(kernels.NAMES) do
      local flops, bytes, held = kernels.count(name, w)
      assert.same({ expected[name][1], expected[name][2], expected[name][3] or expected[name][2] }, { flops, bytes, held }, name)
    end
  end)

  it("runs every kernel", function()
    local w = kernels.work{ n = 24, density = 0.2, heads = 2, head_dim = 4, threads = 1, seed = 1 }
    for _, name in ipairs(kernels.NAMES) do
      local row = kernels.run(name, w, { least = 0 })
      assert.is_true(row.seconds > 0 and row.flops > 0 and row.bytes > 0 and row.held > 0, name)
      assert.equal(kernels.KERNELS[name].dtype, row.dtype)
    end
    w = nil -- luacheck: ignore 311
  end)

  it("says where kernels lie, and what cannot be", function()
    local roof = roofline.roof(made_up(1), 1, CACHES)
    local placed = {}
    for i, seconds in ipairs{ 0.2, 0.04 } do
      placed[i] = roofline.place({ kernel = "matvec", n = 8 * i, threads = 1, held = 1 << 30, flops = 1e9, bytes = 1e9,
        seconds = seconds, dtype = "f64", code = "OK" }, roof)
    end
    local rows = table.move(placed, 1, 2, 2, { { kernel = "ceiling L2", code = "UNSUPPORTED", message = "no such cache here" } })
    local words = {}
    for _, section in ipairs(say.read(findings.sections(rows, placed, { roof }))) do
      words[#words + 1] = section[1] .. ": " .. table.concat(section[2], " | ")
    end
    words = table.concat(words, "\n")
    for _, expected in ipairs{ "threads: 1; at most 100 GFLOP/s in f64, 200 in f32; reading: L2 100 GB/s, L3 50 GB/s, memory "
      .. "10 GB/s; beside memory, compute limits from 10 FLOPs a byte on in f64, 20 in f32",
      "matvec at n = 16, 1 FLOPs a byte: 25 GFLOP/s with threads: 1, 250 % of what memory allows",
      "matvec at n = 16, threads: 1: 2.50 times the roof - DEVIATES", "no such cache here" } do
      assert.is_truthy(words:find(expected, 1, true), expected .. " in:\n" .. words)
    end
    assert.equal("none of 1 measurements lies above the roof by more than 10 %", tostring(findings.above{ placed[1] }[1]))
  end)
end)
