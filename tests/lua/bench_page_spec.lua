-- What numlab bench prints of made-up rows: a GPU's page, several thread counts, failures told once, 80 columns, JSON.
local cjson = require "cjson"
local page = require "numlab.bench_page"
local text = require "numlab.text"

local FACTS = { { "device", "cuda:0" }, { "name", "NVIDIA H100 80GB HBM3" }, { "driver", "13.0" } }
local LIMITS = {
  { limit = "bf16 products", unit = "TFLOP/s", threads = 0, value = 700.0 },
  { limit = "memory, read and written", unit = "GB/s", threads = 0, value = 2900.0 },
  { limit = "to the device", unit = "GB/s", threads = 0, message = "no way there" },
}
local ROWS = {
  { kernel = "flash bf16", n = 8192, threads = 0, dtype = "bf16", code = "OK", unit = "FLOP/s", seconds = 1e-3, rate = 5.5e14,
    share = 0.786, bound = "compute", beside = "own standard", beside_seconds = 1e-2, ratio = 10.0 },
  { kernel = "randn", n = 134217728, threads = 0, dtype = "f32", code = "OK", unit = "/s", seconds = 1e-3, rate = 1.3e11 },
  { kernel = "softmax", n = 134217728, threads = 0, dtype = "f32", code = "NOMEM", unit = "FLOP/s", message = "no memory" },
  { kernel = "exp", n = 134217728, threads = 0, dtype = "f32", code = "NOMEM", unit = "FLOP/s", message = "no memory" },
}

describe("the page of numlab bench", function()
  it("keeps to 80 columns and says each failure once", function()
    local said = page.text(FACTS, LIMITS, ROWS, 12.3)
    for line in said:gmatch "[^\n]*" do
      assert.is_true(text.width(line) <= 80, line)
      assert.is_nil(line:find " $")
    end
    assert.truthy(said:find("cuda:0, NVIDIA H100 80GB HBM3, driver 13.0", 1, true))
    assert.matches("bf16 products, TFLOP/s +700\n", said)
    assert.matches("to the device, GB/s +%-\n", said)
    assert.matches("flash bf16 +8192 +550 TFLOP/s +0.79 +compute +own standard +10.00\n", said)
    assert.matches("randn +134217728 +130 G/s +%- +%- +%- +%-\n", said)
    assert.matches("softmax +134217728 +NOMEM", said)
    assert.equal(1, select(2, said:gsub("no memory", "")))
    assert.equal(1, select(2, said:gsub("no way there", "")))
    assert.matches("took 12.3 s", said)
  end)

  it("has a column of limits and a table of kernels a number of threads", function()
    local limits, rows = {}, {}
    for _, threads in ipairs{ 1, 16 } do
      limits[#limits + 1] = { limit = "f64 products", unit = "GFLOP/s", threads = threads, value = 50.0 * threads }
      rows[#rows + 1] = { kernel = "lu", n = 1024, threads = threads, code = "OK", unit = "FLOP/s", rate = 4e10, share = 0.8,
        bound = "compute", beside = "OpenBLAS dgesv", beside_message = "openblas is not available" }
    end
    local said = page.text({ { "device", "cpu" }, { "name", "?" } }, limits, rows, 1.0)
    assert.matches("limits of this machine +1 thread +16 threads\n", said)
    assert.matches("f64 products, GFLOP/s +50 +800\n", said)
    assert.matches("with 1 thread\n.*with 16 threads\n", said)
    assert.equal(1, select(2, said:gsub("openblas is not available", "")))
  end)

  it("breaks its head between facts, and tells of a busy machine", function()
    local function head(load)
      return page.text({ { "device", "cpu" }, { "name", "AMD EPYC" }, { "kernels", "avx512" },
        { "caches", "L1 Data 32K, L1 Instruction 32K, L2 Unified 1024K, L3 Unified 32768K" }, { "load", load } }, {}, {}, 1.0)
    end
    assert.matches("^cpu, AMD EPYC, kernels avx512, caches L1 Data 32K, L1 Instruction 32K,\n"
      .. "L2 Unified 1024K, L3 Unified 32768K, load 2.67 3.06 3.44\n", head "2.67 3.06 3.44")
    assert.matches("load 2.67 when it began", head "2.67 3.06 3.44")
    assert.is_nil(head "0.20 3.06 3.44":find("began", 1, true))
    assert.is_nil(head "?":find("began", 1, true))
  end)

  it("is JSON with the same numbers", function()
    local got = cjson.decode(page.json(FACTS, LIMITS, ROWS, 12.5))
    assert.same({ device = "cuda:0", name = "NVIDIA H100 80GB HBM3", driver = "13.0" }, got.machine)
    assert.same(ROWS, got.kernels)
    assert.same(LIMITS, got.limits)
    assert.equal(12.5, got.seconds)
  end)
end)
