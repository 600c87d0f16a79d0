--- What this machine can do, for `numlab bench`: ceilings of the roofline at each number of threads, what a call costs, and the
--- same of a GPU.
---
--- A limit is {limit, unit, threads (0 on a GPU), value}; value is nil, with a message, where there is no such thing. All are
--- measured by numlab's own kernels (on a GPU products are cuBLAS's where it is there): lower bounds of what the hardware does.
---@internal of numlab bench
local nl = require "numlab"
local bench = require "numlab.bench"
local gpu = require "numlab.task2_gpu"
local roofline = require "numlab.roofline"

local M = {}

-- name of a ceiling -> how a reader knows it, and its unit.
local SAYS = { f64 = { "f64 products", "GFLOP/s" }, f32 = { "f32 products", "GFLOP/s" }, L2 = { "read from L2", "GB/s" },
  L3 = { "read from L3", "GB/s" }, memory = { "read from memory", "GB/s" } }
local TRIES = 5          -- of an overhead; the shortest counts
local MOVED = 256 << 20  -- bytes of the copies on a GPU, beyond its caches

--- Append one measurement of every ceiling at each number of threads: rows as roofline.roof takes them.
---@param rows table[]
---@param threads integer[]
function M.ceilings(rows, threads)
  for _, count in ipairs(threads) do
    for _, ceiling in ipairs(roofline.CEILINGS) do
      local row, message, info = roofline.measure(ceiling, count)
      row = row or { ceiling = ceiling, code = info.code, message = message }
      row.threads, row.code = count, row.code or "OK"
      rows[#rows + 1] = row
    end
  end
end

local function shortest(fn)
  local best = math.huge
  for _ = 1, TRIES do best = math.min(best, roofline.timed(fn)) end
  return 1e6 * best
end

-- Microseconds of exp of one number, a new tensor each; and of attention over one key a head, a head for each thread: next to
-- no work, so what is left is handing it to the others and waiting for them.
local function overheads(limits, threads)
  local before = nl.threads()
  for _, count in ipairs(threads) do
    nl.threads(count)
    local x <close> = nl.ones(1)
    local q <close> = nl.ones(1, count, 1, 8)
    local function spread()
      local out, aux = nl.attention(q, q, q)
      gpu.drop(aux, out)
    end
    limits[#limits + 1] = { limit = "call, one number", unit = "us", threads = count,
      value = shortest(function() x:exp():close() end) }
    limits[#limits + 1] = { limit = "call, all threads", unit = "us", threads = count, value = shortest(spread) }
  end
  nl.threads(before)
end

--- The limits of the CPU.
---@param rows table[]  of ceilings
---@param threads integer[]
---@return table[] limits
---@return table<integer, table> roofs  of roofline.roof, by threads
function M.cpu(rows, threads)
  local limits, roofs = {}, {}
  for _, count in ipairs(threads) do
    local roof = roofline.roof(rows, count)
    roofs[count] = roof
    local rate = { f64 = roof.compute.f64, f32 = roof.compute.f32 }
    for _, from in ipairs(roof.bandwidth) do rate[from.level] = from.rate end
    for _, ceiling in ipairs(roofline.CEILINGS) do
      limits[#limits + 1] = { limit = SAYS[ceiling][1], unit = SAYS[ceiling][2], threads = count,
        value = rate[ceiling] and rate[ceiling] / 1e9, message = not rate[ceiling] and "no such cache here" or nil }
    end
  end
  overheads(limits, threads)
  return limits, roofs
end

-- Seconds by the clock of a call that ends when the device has done it.
local function waited(fn)
  return roofline.timed(fn, { least = 0.02 })
end

--- The limits of a GPU: products of n x n matrices, memory (read and written), launches, the way there and back.
---@param device string
---@param n integer
---@return table[] limits
---@return table roof
function M.gpu(device, n)
  local limits, roof, counts = {}, { threads = 0, compute = {}, bandwidth = {} }, {}
  -- What the device does not do leaves its line empty and is told.
  local function add(limit, unit, measure)
    local got = bench.turn{ run = measure }
    limits[#limits + 1] = { limit = limit, unit = unit, threads = 0, value = got.value, message = got.message }
    return got.value
  end
  for _, dtype in ipairs{ "f64", "f32", "f16", "bf16" } do
    local rate = add(dtype .. " products", "TFLOP/s", function()
      local A <close> = nl.randn(n, n, { seed = 1, dtype = dtype, device = device })
      local B <close> = nl.randn(n, n, { seed = 2, dtype = dtype, device = device })
      return 2e-12 * n ^ 3 / gpu.seconds(counts, dtype, device, function() (A * B):close() end)
    end)
    roof.compute[dtype] = rate and 1e12 * rate
  end
  local here <close> = nl.ones(MOVED // 8)
  local one <close> = nl.ones(1)
  local rate = add("memory, read and written", "GB/s", function()
    local there <close> = here:to(device)
    return 2e-9 * MOVED / gpu.seconds(counts, "copy", device, function() there:clone():close() end)
  end)
  roof.bandwidth[1] = rate and { level = "memory", capacity = math.huge, rate = 1e9 * rate }
  add("a launch in a queue", "us", function()
    local there <close> = one:to(device)
    return 1e6 * gpu.seconds(counts, "launch", device, function() (there + there):close() end)
  end)
  add("a launch and its answer", "us", function()
    local there <close> = one:to(device)
    return 1e6 * waited(function() there:sum() end)
  end)
  add("to the device", "GB/s", function()
    return 1e-9 * MOVED / waited(function() here:to(device):close() end)
  end)
  add("from the device", "GB/s", function()
    local there <close> = here:to(device)
    return 1e-9 * MOVED / waited(function() there:to("cpu"):close() end)
  end)
  return limits, roof
end

return M
