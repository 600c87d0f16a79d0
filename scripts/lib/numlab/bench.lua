--- Timing side by side: contestants take turns (A B A B ...), so that a slow moment of the machine hits all of
--- them; each is warmed up; between turns there is a pause in which thread pools fall asleep; every sample is
--- kept; a result is checked before anything is timed.
local text = require "numlab.text"
local stats = require "numlab.stats"

local M = {}

local OPTIONS = { contestants = "table", repeats = "number", slow = "number", pause = "number", clock = "function",
  on_turn = "function" }
local CONTESTANT = { name = "string", run = "function", check = "function" }
local WARM = 0.5 -- seconds; a first run that takes longer has warmed itself up and counts as a sample

-- The engine's monotonic clock where it is loaded; processor time (one thread's worth of truth) elsewhere.
local function default_clock()
  local ok, nl = pcall(require, "numlab")
  return ok and nl.clock or os.clock
end

--- Let this thread do nothing that counts for `seconds`, so that pools of other threads go to sleep.
---@param seconds number
---@param clock function?
function M.pause(seconds, clock)
  clock = clock or default_clock()
  local stop = clock() + seconds
  while clock() < stop do end -- luacheck: ignore 542
end

--- Median, spread and count of a list of seconds.
---@param samples number[]
---@return table  {seconds, seconds_min, seconds_iqr, repeats}
function M.summary(samples)
  return { seconds = stats.median(samples), seconds_min = math.min(table.unpack(samples)),
    seconds_iqr = stats.iqr(samples), repeats = #samples }
end

--- Is this what an interrupted call raised, or the info it returned?
function M.is_interrupt(what)
  if type(what) == "table" then return what.code == "INTERRUPTED" end
  return type(what) == "string" and what:find("interrupted", 1, true) ~= nil
end

-- One turn: what run returned and how long it took (by its own word where it gives {seconds=}).
local function turn(contestant, clock)
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

--- Time contestants against each other.
---@param options table  contestants = {{name=, run=function, check=function?}, ...}; run returns its result (a table
--- with a field `seconds` gives its own time, with `parts` = {name = seconds} the times of its parts), or nil, message,
--- info; check(result) returns true, or false and why.
--- repeats = 5; slow = 5: a contestant stops early once its turns took that many seconds; pause = 0.005 seconds
--- between turns; on_turn(result so far, seconds, round) is called after each: result.done after its last
---@return table[] results  in the order given: {name, samples, seconds, seconds_min, seconds_iqr, repeats, parts = {name
--- = {samples, seconds, ...}}, first = what the first turn returned} or {name, failed = true, message, info, raised}
function M.compare(options)
  text.check_options("bench.compare", options, OPTIONS)
  local list = options and options.contestants
  if not list or #list == 0 then error("bench.compare: contestants is empty", 2) end
  for i, contestant in ipairs(list) do
    text.check_options(("bench.compare: contestant %d"):format(i), contestant, CONTESTANT)
    if not contestant.run then error(("bench.compare: contestant %d has no run function"):format(i), 2) end
  end
  local repeats, slow = options.repeats or 5, options.slow or 5
  if not (repeats >= 1) then error("bench.compare: repeats must be at least 1", 2) end
  local pause, clock = options.pause or 0.005, options.clock or default_clock()
  local results, active = {}, #list
  for i, contestant in ipairs(list) do
    results[i] = { name = contestant.name or tostring(i), samples = {}, total = 0 }
  end
  local round = 0
  while active > 0 do
    for i, contestant in ipairs(list) do
      local r = results[i]
      if not r.done then
        M.pause(pause, clock)
        local got = turn(contestant, clock)
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
          r.done = #r.samples >= repeats or (#r.samples > 0 and r.total >= slow)
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
