--- The roofline of this machine (Williams, Waterman, Patterson, CACM 52(4), 2009): what a kernel can reach at most,
---
---   attainable = min(compute ceiling, intensity * bandwidth ceiling),   intensity = FLOPs / bytes it must move
---
--- Example:
---     local roofline, rows = require "numlab.roofline", {}
---     for _, ceiling in ipairs(roofline.CEILINGS) do
---       local row = roofline.measure(ceiling, 1, {least = 1e-3}) -- nil where this machine has no such cache
---       if row then
---         row.threads, row.code = 1, "OK"
---         rows[#rows + 1] = row
---       end
---     end
---     local row = {flops = 2e6, bytes = 8e5, held = 8e5, dtype = "f64", seconds = 1e-3}
---     roofline.place(row, roofline.roof(rows, 1)) -- adds intensity, rate, attainable, share ...
---     assert(row.intensity == 2.5 and row.attainable > 0)
---
--- Ceilings are the best rates measured here, by kernels of numlab itself: a product of matrices that stay in the caches
--- (2 n^3 FLOPs), and passes over an array (8 bytes a number, all read, nothing written). They are lower bounds of what
--- the hardware can do, so a kernel a little above the roof is no wonder; one far above it is counted wrongly.
local expect = require "numlab.expect"
local nl = require "numlab"
local provenance = require "numlab.provenance"
local text = require "numlab.text"

local M = {}

local OPTIONS = { least = "number", clock = "function", caches = "table" }

--- What is measured: rates of FLOPs by type, of bytes by where they lie. L1 is not among them: a call takes longer than
--- reading it.
M.CEILINGS = { "f64", "f32", "L2", "L3", "memory" }

--- Above the roof by more than this: counted wrongly, or the machine was busy while the ceilings were measured.
M.TOLERANCE = 0.1

--- The columns that `place` adds: FLOPs a byte; FLOPs a second; where its data fit (L2, L3, memory); the roof above it;
--- the part of that it reaches; what limits it there (compute, or that level); is it above the roof?
M.COLUMNS = { "intensity", "rate", "level", "attainable", "share", "bound", "above" }

local PRODUCTS = { 256, 384, 512, 768 } -- n: three matrices of 768 x 768 numbers take 14 MiB in f64
local LEAST = 0.004                     -- seconds of calls behind one figure

--- Bytes of the caches that hold data: {[1] =, [2] =, ...} by level.
---@param said string?  as provenance.caches says it
---@return table<integer, integer>
--- Example:
---     local caches = nl.roofline.caches()
---     print(caches[2] and nl.text.bytes(caches[2]) or "this machine does not tell")
function M.caches(said)
  expect("roofline.caches", "said", said, "string?")
  local out = {}
  for level, kind, kib in (said or provenance.caches()):gmatch("L(%d) (%a+) (%d+)K") do
    if kind ~= "Instruction" then out[math.tointeger(level)] = 1024 * math.tointeger(kib) end
  end
  return out
end

---@class numlab.roofline.TimingOptions
---@field least? number  seconds that the calls take together, 0.004
---@field clock? fun(): number  seconds; nl.clock
---@field caches? table<integer, integer>  measure: bytes by level, default those of this machine

--- Seconds that a call takes: after a first one (which makes what is made once) calls follow each other until they took
--- long enough together.
---@param fn function  may return its own seconds (what it sets up is then left out)
---@param options numlab.roofline.TimingOptions?
---@return number seconds
--- Example:
---     local A = nl.ones(64, 64)
---     local seconds = nl.roofline.timed(function() local _ = A * A end, {least = 1e-3})
---     print(2 * 64^3 / seconds .. " FLOPs a second")
function M.timed(fn, options)
  expect("roofline.timed", "fn", fn, "function")
  text.check_options("roofline.timed", options, OPTIONS)
  local clock, least = options and options.clock or nl.clock, options and options.least or LEAST
  fn()
  local calls, own, start, spent = 0, 0.0, clock(), 0.0
  while calls == 0 or spent < least do
    own, calls = own + (fn() or 0), calls + 1
    spent = clock() - start
  end
  return (own > 0 and own or spent) / calls
end

-- Runs fn with so many threads, whatever happens in it.
local function with_threads(threads, fn)
  local before = nl.threads(threads)
  local result = table.pack(pcall(fn))
  nl.threads(before)
  if not result[1] then error(result[2], 0) end
  return table.unpack(result, 2, result.n)
end

-- FLOPs a second of C = A B, the best of some sizes.
local function compute_rate(dtype, options)
  local best = 0
  for _, n in ipairs(PRODUCTS) do
    local A <close> = nl.rand(n, n, { seed = n, dtype = dtype })
    local B <close> = A:clone()
    local seconds = M.timed(function() local C <close> = A * B end, options) -- luacheck: ignore C
    best = math.max(best, 2 * n ^ 3 / seconds)
  end
  return best
end

-- Bytes a second of reading an array again and again, by the better of two passes: x' B for B of 16 columns (wide loads, one
-- thread) and a sum (all threads).
local function bandwidth(bytes, options)
  local n = math.max(16, bytes // 128 * 16)
  local x <close> = nl.ones(n)
  local left <close> = nl.ones(n // 16)
  local B <close> = x:reshape(n // 16, 16)
  local product = M.timed(function() local y <close> = left * B end, options) -- luacheck: ignore y
  local sum = M.timed(function() x:sum() end, options)
  return 8 * n / math.min(product, sum)
end

--- How much of a cache an array fills that is read from it: half of a core's own, a quarter of one that others use too;
--- 4 times the last cache, and 64 MiB at least, to be read from memory. nil: there is no such cache.
---@param ceiling string  of CEILINGS
---@param caches table<integer, integer>  bytes by level
---@return integer? bytes
--- Example:
---     assert(nl.roofline.array("L2", {32768, 1 << 20, 8 << 20}) == 1 << 19)
---     assert(nl.roofline.array("memory", {32768, 1 << 20, 8 << 20}) == 64 << 20)
function M.array(ceiling, caches)
  expect("roofline.array", "ceiling", ceiling, "string")
  expect("roofline.array", "caches", caches, "table")
  if ceiling == "L2" then return caches[2] and caches[3] and caches[2] // 2 end
  local last = caches[3] or caches[2] or 0
  if ceiling == "L3" then return last > 0 and last // 4 or nil end
  return math.max(4 * last, 64 << 20)
end

--- Measure a ceiling once.
---@param ceiling string  of CEILINGS
---@param threads integer
---@param options numlab.roofline.TimingOptions?
---@return table? row  {ceiling, seconds = of 10^9 FLOPs or bytes}; or nil, message, info where there is no such cache
function M.measure(ceiling, threads, options)
  text.check_options("roofline.measure", options, OPTIONS)
  if ceiling == "f64" or ceiling == "f32" then
    local rate = with_threads(threads, function() return compute_rate(ceiling, options) end)
    return { ceiling = ceiling, seconds = 1e9 / rate }
  end
  local bytes = M.array(ceiling, options and options.caches or M.caches())
  if not bytes then return nil, "no such cache here", { code = "UNSUPPORTED" } end
  -- Every core has its own L2, and a shared L3 has a part for each: one thread's rate as many times is the most there can
  -- be. Memory is shared, and measured as it is used.
  local near = ceiling ~= "memory"
  local rate = with_threads(near and 1 or threads, function() return bandwidth(bytes, options) end)
  return { ceiling = ceiling, seconds = 1e9 / (rate * (near and threads or 1)) }
end

--- The roof from measured ceilings: the best of each, where it was measured several times, as a busy machine only lowers it.
---@param rows table[]  {ceiling, threads, seconds, code}
---@param threads integer
---@param caches table<integer, integer>?  default those of this machine
---@return table roof  {threads, compute = {f64 =, f32 =}, bandwidth = {{level, capacity, rate}, ... the nearest first}}
function M.roof(rows, threads, caches)
  expect("roofline.roof", "rows", rows, "records")
  expect("roofline.roof", "threads", threads, "count")
  caches = caches or M.caches()
  local rate, roof, slower = {}, { threads = threads, compute = {}, bandwidth = {} }, 0
  for _, row in ipairs(rows) do
    if row.ceiling and row.threads == threads and row.code == "OK" then
      rate[row.ceiling] = math.max(rate[row.ceiling] or 0, 1e9 / row.seconds)
    end
  end
  roof.compute.f64, roof.compute.f32 = rate.f64, rate.f32
  local capacity = { L2 = (caches[2] or 0) * threads, L3 = caches[3] or caches[2], memory = math.huge }
  for _, level in ipairs{ "memory", "L3", "L2" } do
    if rate[level] then -- what is nearer is not slower: a pass that did not reach it says less than one that went farther
      slower = math.max(slower, rate[level])
      table.insert(roof.bandwidth, 1, { level = level, capacity = capacity[level], rate = slower })
    end
  end
  if not (roof.compute.f64 and roof.compute.f32 and rate.memory) then
    expect.fail(("roofline: no ceilings for %s thread%s among the %d rows: f64, f32 and memory are needed"):format(threads,
      threads == 1 and "" or "s", #rows))
  end
  return roof
end

--- The roof over a kernel of this intensity whose data take so many bytes.
---@param roof table  of roofline.roof
---@param dtype string
---@param intensity number  FLOPs a byte
---@param held number  bytes
---@return number attainable  FLOPs a second
---@return string bound  "compute" or the level that limits it
---@return string level  where its data fit
function M.attainable(roof, dtype, intensity, held)
  expect("roofline.attainable", "roof", roof, "table")
  expect("roofline.attainable", "roof.bandwidth", roof.bandwidth, "list")
  expect("roofline.attainable", "dtype", dtype, "string")
  expect("roofline.attainable", "intensity", intensity, "number")
  local from = roof.bandwidth[#roof.bandwidth]
  for i = #roof.bandwidth, 1, -1 do
    if held <= roof.bandwidth[i].capacity then from = roof.bandwidth[i] end
  end
  local compute, moving = roof.compute[dtype], intensity * from.rate
  if compute <= moving then return compute, "compute", from.level end
  return moving, from.level, from.level
end

--- Place a measured kernel under the roof: adds COLUMNS to its row.
---@param row table  {flops, bytes, held, dtype, seconds}
---@param roof table  of roofline.roof
---@return table row
function M.place(row, roof)
  expect("roofline.place", "row", row, "table")
  expect("roofline.place", "roof", roof, "table")
  row.intensity, row.rate = row.flops / row.bytes, row.flops / row.seconds
  row.attainable, row.bound, row.level = M.attainable(roof, row.dtype, row.intensity, row.held)
  row.share = row.rate / row.attainable
  row.above = not (row.share <= 1 + M.TOLERANCE)
  return row
end

--- The intensity from which on compute limits and bandwidth does not.
---@param roof table  of roofline.roof
---@param dtype string
---@param level string  "L2", "L3", "memory"
---@return number intensity
--- Example:
---     local roof = {threads = 1, compute = {f64 = 8e9}, bandwidth = {{level = "memory", capacity = math.huge, rate = 1e9}}}
---     assert(nl.roofline.ridge(roof, "f64", "memory") == 8)
function M.ridge(roof, dtype, level)
  expect("roofline.ridge", "roof", roof, "table")
  expect("roofline.ridge", "dtype", dtype, "string")
  expect("roofline.ridge", "roof.bandwidth", roof.bandwidth, "list")
  for _, from in ipairs(roof.bandwidth) do
    if from.level == level then return roof.compute[dtype] / from.rate end
  end
end

return M
