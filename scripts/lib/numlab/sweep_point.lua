--- One point of a sweep: its contestants run, side by side where they are timed, and rows made of what came.
---@internal of numlab.sweep
local bench = require "numlab.bench"
local text = require "numlab.text"

local M = {}

-- A failure as a row: its code and message, and what the contestant knew all the same (info.row).
local function failure(result)
  local info = type(result.info) == "table" and result.info or {}
  local message = tostring(result.message or "no message"):gsub("^[^\n]-%.lua:%d+: ", "") -- no paths in results
  local row = { code = info.code or "ERROR", message = message, repeats = 0 }
  for k, v in pairs(info.row or {}) do row[k] = v end
  return row
end

-- A row of what a contestant returned; without times where the sweep has none.
local function row_of(result, timed)
  local row = result.failed and failure(result) or { code = "OK", repeats = 1 }
  for k, v in pairs(result.failed and {} or result.first) do row[k] = v end
  row.parts = nil
  if not timed then row.seconds = nil end
  if result.failed or not timed then return row end
  for _, k in ipairs({ "seconds", "seconds_min", "seconds_iqr", "seconds_width", "outliers", "repeats" }) do
    row[k] = result[k]
  end
  for name, part in pairs(result.parts or {}) do
    row[name .. "_s"], row[name .. "_min"], row[name .. "_iqr"] = part.seconds, part.seconds_min, part.seconds_iqr
  end
  return row
end

local function samples_of(result)
  local samples = { [""] = result.samples }
  for name, part in pairs(result.parts or {}) do samples[name] = part.samples end
  return samples
end

-- A finished row goes to where it is kept.
local function keep(o, state, item, name, row, samples)
  for k, v in pairs(item.point) do row[k] = v end
  row[o.contestant], row.seed = name, row.seed or o.seed
  state.keep(row, samples, o.cost(item.point, name), item.words .. " " .. tostring(name))
end

-- What `remarks` says in the end.
local function watch(o, state, item, result)
  state.outliers, state.samples = state.outliers + result.outliers, state.samples + #result.samples
  local times = math.max(table.unpack(result.samples)) / result.seconds
  if result.outliers > 0 and times > state.worst then
    state.worst, state.where = times, ("%s at %s"):format(result.name, item.words)
  end
  if o.width and not (result.seconds_width and result.seconds_width <= o.width) then state.wide = state.wide + 1 end
end

-- Contestants of one point, side by side.
local function measure(o, item, context, state)
  local contestants = {}
  for i, name in ipairs(item.names) do
    contestants[i] = { name = name, run = function() return o.run(item.point, name, context) end }
  end
  local hurry = o.budget and state.clock() - state.start > o.budget
  bench.compare{ contestants = contestants, repeats = hurry and 1 or o.repeats or 5, slow = o.slow or 5,
    width = not hurry and o.width or nil, repeats_max = o.repeats_max, pause = o.pause, clock = o.clock,
    on_turn = function(result, seconds)
      state.tell(("%s %s %s"):format(item.words, result.name, seconds and text.duration(seconds) or "failed"))
      if not result.done then return end
      if not result.failed then watch(o, state, item, result) end
      local row = row_of(result, true)
      row.seconds_spent = result.spent + state.prepared / #item.names -- what a dry run estimates by
      keep(o, state, item, result.name, row, samples_of(result))
    end }
end

-- The same where nothing is timed: each once.
local function compute(o, item, context, state)
  for _, name in ipairs(item.names) do
    local result = bench.turn({ run = function() return o.run(item.point, name, context) end }, state.clock)
    result.first = result.value
    keep(o, state, item, name, row_of(result, false))
    state.tell(("%s %s"):format(item.words, name))
  end
end

--- Run a point: what it needs is made once and freed after it. Where nothing can be made, a row a contestant says why.
---@param o table  the options of sweep.run
---@param item table  {point, words = it in words, names = of the contestants that are to run}
---@param state table  {keep(row, samples, cost, words), tell(line), clock, start, and the counts of M.counts}
function M.visit(o, item, state)
  local before = state.clock()
  local fine, context, why, info = pcall(o.prepare or function() return true end, item.point)
  state.prepared = state.clock() - before
  if not fine and bench.is_interrupt(context) or bench.is_interrupt(info) then error("interrupted", 0) end
  if fine and context ~= nil then
    (o.times == false and compute or measure)(o, item, context, state)
    return
  end
  for _, name in ipairs(item.names) do
    keep(o, state, item, name, failure({ message = fine and why or context, info = info }))
  end
end

--- Where the counting of samples begins.
---@return table
function M.counts() return { outliers = 0, samples = 0, worst = 0, wide = 0 } end

--- What the times were like, in words.
---@return string[]
function M.remarks(o, state)
  local out = {}
  if state.outliers > 0 then
    out[1] = ("%d of %d samples lie beyond Tukey's far fence, the farthest at %.3g times its median (%s); they are kept, "
      .. "and move no median far"):format(state.outliers, state.samples, state.worst, state.where)
  end
  if state.wide > 0 then
    out[#out + 1] = ("%d times did not come to the width %g: seconds_width says how near"):format(state.wide, o.width)
  end
  return out
end

return M
