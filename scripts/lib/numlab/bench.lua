--- Timing side by side: contestants take turns (A B A B ...), so that a slow moment of the machine hits all of
--- them; each is warmed up; between turns there is a pause in which thread pools fall asleep; every sample is
--- kept; a result is checked before anything is timed.
--- Example:
---     local A = nl.rand(40, 40, {seed = 1})
---     local got = nl.bench.compare{repeats = 3, pause = 0, contestants = {
---       {name = "matmul", run = function() return A * A end, check = function(C) return #C == 40 end},
---       {name = "transpose", run = function() return A.T:contiguous() end}}}
---     assert(got[1].name == "matmul" and got[1].seconds > 0 and got[2].seconds_min <= got[2].seconds)
local expect = require "numlab.expect"
local text = require "numlab.text"
local stats = require "numlab.stats"

local M = {}

local OPTIONS = { contestants = "table", repeats = "number", width = "number", repeats_max = "number", slow = "number",
  pause = "number", clock = "function", on_turn = "function" }
local CONTESTANT = { name = "string", run = "function", check = "function" }
local LEVEL, FENCE = 0.95, 3 -- of intervals; Tukey's far fence, in interquartile ranges
local WARM = 0.5 -- seconds; a first run that takes longer has warmed itself up and counts as a sample

-- The engine's monotonic clock where it is loaded; processor time (one thread's worth of truth) elsewhere.
local function default_clock()
  local ok, nl = pcall(require, "numlab")
  return ok and nl.clock or os.clock
end

--- Let this thread do nothing that counts for `seconds`, so that pools of other threads go to sleep.
---@param seconds number
---@param clock (fun(): number)?  seconds; nl.clock
--- Example:
---     local start = nl.clock()
---     nl.bench.pause(0.002)
---     assert(nl.clock() - start >= 0.002)
function M.pause(seconds, clock)
  expect("bench.pause", "seconds", seconds, "number")
  expect("bench.pause", "clock", clock, "function?")
  clock = clock or default_clock()
  local stop = clock() + seconds
  while clock() < stop do end -- luacheck: ignore 542
end

-- Half the interval of the median, (high - low) / 2, as a share of it; nil below six samples, which cannot give one.
local function width(samples)
  local low, high, coverage = stats.median_interval(samples, LEVEL)
  if not (coverage >= LEVEL) then return nil end
  return (high - low) / 2 / stats.median(samples)
end

-- How many samples lie beyond Q1 - 3 IQR or Q3 + 3 IQR (Tukey 1977: far out).
local function outliers(samples)
  local low, high = stats.quantile(samples, 0.25), stats.quantile(samples, 0.75)
  local reach, count = FENCE * (high - low), 0
  for _, v in ipairs(samples) do
    if v < low - reach or v > high + reach then count = count + 1 end
  end
  return count
end

--- Median, spread and count of a list of seconds.
---@param samples number[]
---@return table summary  {seconds, seconds_min, seconds_iqr, repeats, seconds_width = half the 95 % interval of the median over
--- the median (from ranks; nil below six samples), outliers = samples beyond Tukey's far fence, which count all the same}
--- Example:
---     local s = nl.bench.summary{1.0, 1.1, 0.9, 1.0, 5.0}
---     assert(s.seconds == 1 and s.seconds_min == 0.9 and s.repeats == 5 and s.outliers == 1)
function M.summary(samples)
  expect("bench.summary", "samples", samples, "list")
  if #samples == 0 then expect.fail("bench.summary: the list of samples is empty") end
  return { seconds = stats.median(samples), seconds_min = math.min(table.unpack(samples)),
    seconds_iqr = stats.iqr(samples), seconds_width = width(samples), outliers = outliers(samples), repeats = #samples }
end

--- Is this what an interrupted call raised, or the info it returned?
---@param what any
---@return boolean
--- Example:
---     assert(nl.bench.is_interrupt{code = "INTERRUPTED"} and not nl.bench.is_interrupt "no")
function M.is_interrupt(what)
  if type(what) == "table" then return what.code == "INTERRUPTED" end
  return type(what) == "string" and what:find("interrupted", 1, true) ~= nil
end

--- One turn, untidy memory put away first.
---@param contestant numlab.bench.Contestant
---@param clock (fun(): number)?  seconds; nl.clock
---@return table turn  {value = what run returned, seconds (by its own word where it gives {seconds=}), parts} or {failed = true,
--- message, info, raised}
--- Example:
---     local turn = nl.bench.turn{run = function() return {seconds = 2} end}
---     assert(turn.seconds == 2 and nl.bench.turn{run = function() return nil, "why" end}.message == "why")
function M.turn(contestant, clock)
  expect("bench.turn", "contestant", contestant, "table")
  expect("bench.turn", "clock", clock, "function?")
  clock = clock or default_clock()
  collectgarbage()
  local start = clock()
  local result = table.pack(pcall(contestant.run))
  local seconds = clock() - start
  if M.is_interrupt(result[2]) or M.is_interrupt(result[4]) then error("interrupted", 0) end
  if not result[1] then return { failed = true, message = result[2], raised = true } end
  local value, message, info = result[2], result[3], result[4]
  if value == nil then return { failed = true, message = message, info = info } end
  local parts
  if type(value) == "table" then
    if type(value.seconds) == "number" then seconds = value.seconds end
    parts = value.parts
  end
  return { value = value, seconds = seconds, parts = parts }
end

-- One turn's time, and those of its parts, into the lists of samples.
local function keep(r, got)
  r.samples[#r.samples + 1] = got.seconds
  for name, seconds in pairs(got.parts or {}) do
    r.parts = r.parts or {}
    r.parts[name] = r.parts[name] or { samples = {} }
    table.insert(r.parts[name].samples, seconds)
  end
end

local function summarise(r)
  for key, value in pairs(M.summary(r.samples)) do r[key] = value end
  for _, part in pairs(r.parts or {}) do
    for key, value in pairs(M.summary(part.samples)) do part[key] = value end
  end
end

---@class numlab.bench.Contestant
---@field name? string  default: its number
---@field run fun(): any, any, any  returns its result (a table with a field `seconds` gives its own time, with
--- `parts` = {name = seconds} the times of its parts), or nil, message, info
---@field check? fun(result: any): boolean, string?  true, or false and why

---@class numlab.bench.CompareOptions
---@field contestants numlab.bench.Contestant[]
---@field repeats? integer  samples of each, 5
---@field width? number  in place of repeats: until the 95 % interval of the median is that narrow (0.02: +- 2 % of it),
--- from six samples on
---@field repeats_max? integer  with width: at most so many samples, 100
---@field slow? number  a contestant stops early once its turns took that many seconds, 5
---@field pause? number  seconds between turns, 0.005
---@field on_turn? fun(result: table, seconds: number, round: integer)  called after each turn with the result so far;
--- result.done after the contestant's last
---@field clock? fun(): number  seconds; nl.clock

--- Time contestants against each other.
---@param options numlab.bench.CompareOptions
---@return table[] results  in the order given: {name, samples, spent = seconds of all its turns and pauses, seconds,
--- seconds_min and all else of summary, parts = {name = {samples, seconds, ...}}, first = what the first turn returned} or
--- {name, failed = true, message, info, raised}
function M.compare(options)
  text.check_options("bench.compare", options, OPTIONS)
  local list = options and options.contestants
  if not list or #list == 0 then expect.fail("bench.compare: contestants is empty") end
  for i, contestant in ipairs(list) do
    text.check_options(("bench.compare: contestant %d"):format(i), contestant, CONTESTANT)
    if not contestant.run then expect.fail(("bench.compare: contestant %d has no run function"):format(i)) end
  end
  local repeats, slow = options.repeats or 5, options.slow or 5
  if not (repeats >= 1) then expect.fail("bench.compare: repeats must be at least 1") end
  local wanted, most = options.width, options.repeats_max or 100
  if wanted and not (wanted > 0) then expect.fail("bench.compare: width must be above 0") end
  if not (most >= 1) then expect.fail("bench.compare: repeats_max must be at least 1") end
  local function enough(samples)
    if not wanted then return #samples >= repeats end
    if #samples >= most then return true end
    local reached = #samples > 0 and width(samples)
    return reached and reached <= wanted
  end
  local pause, clock = options.pause or 0.005, options.clock or default_clock()
  local results, active = {}, #list
  for i, contestant in ipairs(list) do
    results[i] = { name = contestant.name or tostring(i), samples = {}, total = 0, spent = 0 }
  end
  local round = 0
  while active > 0 do
    for i, contestant in ipairs(list) do
      local r = results[i]
      if not r.done then
        local before = clock()
        M.pause(pause, clock)
        local got = M.turn(contestant, clock)
        r.spent = r.spent + clock() - before
        if not got.failed and round == 0 then
          r.first = got.value
          local good, why = true, nil
          if contestant.check then good, why = contestant.check(got.value) end
          if not good then got = { failed = true, message = why or "the result is wrong", value = got.value } end
        end
        if got.failed then
          r.failed, r.message, r.info, r.raised, r.done = true, got.message, got.info, got.raised, true
        else
          if round > 0 or got.seconds >= WARM then keep(r, got) end
          r.total = r.total + got.seconds
          r.done = enough(r.samples) or (#r.samples > 0 and r.total >= slow)
        end
        if r.done then
          active = active - 1
          if not r.failed then summarise(r) end
        end
        if options.on_turn then options.on_turn(r, got.seconds, round) end
      end
    end
    round = round + 1
  end
  for _, r in ipairs(results) do r.done, r.total = nil, nil end
  return results
end

return M
