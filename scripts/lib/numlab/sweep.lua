--- A declared sweep: every combination of the axes times every contestant, each row kept as soon as it is there.
---
---   local rows = sweep.run{ name = "task1", out = "reports/task1", seed = 1,
---     axes = { {"n", {100, 500}}, {"density", {0.01, 0.1}} }, contestants = {"gauss", "lu"},
---     prepare = function(point) return system end,                      -- once a point; freed after it
---     run = function(point, contestant, system) return row end }        -- or nil, message, info
---
--- A row holds the axes, the contestant, what run returned, and the timing (median, minimum, interquartile range,
--- repeats; a part P that run timed by itself gives P_s, P_min, P_iqr). A failure is a row with its code, not the end.
--- Rows go to the store OUT/NAME.sqlite at once, with every sample and where they come from (numlab.store), and to
--- OUT/NAME.csv: the same call goes on where a broken run stopped. `numlab list` shows all runs that were stored.
local text = require "numlab.text"
local file = require "numlab.file"
local tables = require "numlab.table"
local bench = require "numlab.bench"
local ledger = require "numlab.ledger"
local provenance = require "numlab.provenance"

local M = {}

local OPTIONS = { name = "string", out = "string", seed = "number", axes = "table", contestants = "table",
  contestant = "string", columns = "table", repeats = "number", slow = "number", budget = "number", pause = "number",
  prepare = "function", run = "function", cost = "function", arguments = "any", clock = "function", quiet = "boolean",
  tty = "boolean" }

-- The names of the axes, those of designs among them.
local function names_of(axes)
  local names = {}
  for _, axis in ipairs(axes) do table.move(axis.names or { axis[1] }, 1, axis.names and #axis.names or 1, #names + 1, names) end
  return names
end

--- All combinations of the axes, the last axis fastest.
---@param axes table[]  {{name, values}, ...}, or designs of numlab.axes among them
---@return table[] points  {name = value, ...}
function M.points(axes)
  for _, axis in ipairs(axes) do
    if axis.points then return (require("numlab.axes").expand(axes)) end
  end
  local points = { {} }
  for _, axis in ipairs(axes) do
    local longer = {}
    for _, point in ipairs(points) do
      for _, value in ipairs(axis[2]) do
        local p = { [axis[1]] = value }
        for k, v in pairs(point) do p[k] = v end
        longer[#longer + 1] = p
      end
    end
    points = longer
  end
  return points
end

local function check(o)
  text.check_options("sweep.run", o, OPTIONS, 4)
  for _, name in ipairs({ "name", "axes", "contestants", "run", "columns" }) do
    if not o or o[name] == nil then error(("sweep.run: option '%s' is needed"):format(name), 3) end
  end
  if not o.name:find("^[%w_.-]+$") then error("sweep.run: name must be letters, digits, _ . -", 3) end
  for i, axis in ipairs(o.axes) do
    if not axis.points and (type(axis[1]) ~= "string" or type(axis[2]) ~= "table" or #axis[2] == 0) then
      error(("sweep.run: axis %d must be {name, {values, ...}} with at least one value"):format(i), 3)
    end
  end
  if #o.contestants == 0 then error("sweep.run: contestants is empty", 3) end
  local seen = {}
  local function once(what, value) -- a point and contestant has one row
    local id = what .. provenance.canonical(value)
    if seen[id] then error(("sweep.run: %s has %s twice"):format(what, tables.cell(value)), 4) end
    seen[id] = true
  end
  for _, name in ipairs(o.contestants) do once("contestants", name) end
  for _, axis in ipairs(o.axes) do
    for _, value in ipairs(axis.points and {} or axis[2]) do once(("axis '%s'"):format(axis[1]), value) end
  end
end

-- What tells a row from the others of its run.
local function identity(o, row)
  local parts = { tostring(row[o.contestant]) }
  for _, name in ipairs(o.names) do parts[#parts + 1] = provenance.canonical(row[name]) end
  return table.concat(parts, "|")
end

local function describe(o, point)
  local parts = {}
  for _, name in ipairs(o.names) do parts[#parts + 1] = name .. "=" .. tables.cell(point[name]) end
  return table.concat(parts, " ")
end

-- One line on a terminal that is written over; elsewhere a line every five seconds.
local function progress(o, clock)
  local tty = o.tty
  if tty == nil then tty = not o.quiet and file.is_terminal("stderr") end
  local last = -math.huge
  return function(line, final)
    if o.quiet or (not tty and not final and clock() - last < 5) then return end
    last = clock()
    io.stderr:write(tty and "\r\27[K" or "", line, (final or not tty) and "\n" or "")
    io.stderr:flush()
  end
end

-- A failure as a row: its code and message, and what the contestant knew all the same (info.row).
local function failure(result)
  local info = type(result.info) == "table" and result.info or {}
  local message = tostring(result.message or "no message"):gsub("^[^\n]-%.lua:%d+: ", "") -- no paths in results
  local row = { code = info.code or "ERROR", message = message, repeats = 0 }
  for k, v in pairs(info.row or {}) do row[k] = v end
  return row
end

-- The contestants of one point that have no row yet, measured side by side.
local function measure(o, point, names, context, state)
  local contestants = {}
  for i, name in ipairs(names) do
    contestants[i] = { name = name, run = function() return o.run(point, name, context) end }
  end
  local hurry = o.budget and state.clock() - state.start > o.budget
  bench.compare{ contestants = contestants, repeats = hurry and 1 or o.repeats or 5, slow = o.slow or 5,
    pause = o.pause, clock = o.clock,
    on_turn = function(result, seconds)
      state.tell(("%s %s %s"):format(describe(o, point), result.name, seconds and text.duration(seconds) or "failed"))
      if not result.done then return end
      local samples = { [""] = result.samples }
      for name, part in pairs(result.parts or {}) do samples[name] = part.samples end
      local row = result.failed and failure(result) or { code = "OK" }
      if not result.failed then
        for k, v in pairs(result.first) do row[k] = v end
        for _, k in ipairs({ "seconds", "seconds_min", "seconds_iqr", "repeats" }) do row[k] = result[k] end
        row.parts = nil
        for name, part in pairs(result.parts or {}) do
          row[name .. "_s"], row[name .. "_min"], row[name .. "_iqr"] = part.seconds, part.seconds_min, part.seconds_iqr
        end
      end
      for k, v in pairs(point) do row[k] = v end
      row[o.contestant], row.seed = result.name, row.seed or o.seed
      state.log:append(row, samples)
      state.done = state.done + state.cost(point, result.name)
    end }
end

-- Rows in the order of the points and contestants, whatever order they were finished in.
local function in_order(o, rows, points)
  local found, out = {}, {}
  for _, row in ipairs(rows) do found[identity(o, row)] = row end
  for _, point in ipairs(points) do
    for _, name in ipairs(o.contestants) do
      local probe = setmetatable({ [o.contestant] = name }, { __index = point })
      out[#out + 1] = found[identity(o, probe)]
    end
  end
  return out
end

--- Run a sweep.
---@param o table  name, out (folder, "reports/NAME"), axes (and designs of numlab.axes), contestants (names),
--- contestant (their column, "method"), columns (of the csv, in order), prepare, run, seed, repeats = 5, slow = 5
--- (seconds after which a contestant repeats no more at a point), budget (seconds after which every new point is
--- measured once), cost(point, contestant) (relative, for the time left), arguments (anything that tells runs apart),
--- quiet, pause
---@return table[] rows  in the order of the points
---@return table info  {csv = path, store = path and run = its number where there is SQLite, resumed = rows reused, seconds}
function M.run(o)
  check(o)
  o = setmetatable({ out = o.out or "reports/" .. o.name, contestant = o.contestant or "method", names = names_of(o.axes) },
    { __index = o })
  local ok, nl = pcall(require, "numlab")
  local clock = o.clock or ok and nl.clock or os.time
  local state = { clock = clock, start = clock(), done = 0, cost = o.cost or function() return 1 end }
  local function point_of(row) return identity(o, row) end
  local points, key, shared = M.points(o.axes), provenance.key(o)
  local log <close> = ledger.open{ out = o.out, name = o.name, columns = o.columns, axes = o.names,
    contestant = o.contestant, identity = point_of, key = key, shared = shared }
  state.log = log
  if not o.quiet then
    for _, note in ipairs(log.notes) do io.stderr:write("note: ", note, "\n") end
  end
  local have, total = {}, 0
  for _, row in ipairs(log.rows) do have[point_of(row)] = row end
  local resumed = #log.rows
  local function missing(point)
    local names = {}
    for _, name in ipairs(o.contestants) do
      local probe = setmetatable({ [o.contestant] = name }, { __index = point })
      if not have[point_of(probe)] then names[#names + 1] = name end
    end
    return names
  end
  for _, point in ipairs(points) do
    for _, name in ipairs(missing(point)) do total = total + state.cost(point, name) end
  end
  local write, tell_count = progress(o, clock), #points * #o.contestants
  function state.tell(line, final)
    local spent = clock() - state.start
    local left = state.done > total / 50 and spent / state.done * (total - state.done) -- a first guess misleads
    write(("[%d/%d] %s%s"):format(#log.rows, tell_count, line,
      not final and left and "   about " .. text.duration(left) .. " left" or ""), final)
  end
  if resumed > 0 then state.tell(("going on with %d finished rows"):format(resumed), true) end
  for _, point in ipairs(points) do
    local names = missing(point)
    if #names > 0 then
      local fine, context, why, info = pcall(o.prepare or function() return true end, point)
      if not fine and bench.is_interrupt(context) or bench.is_interrupt(info) then error("interrupted", 0) end
      if fine and context ~= nil then
        measure(o, point, names, context, state)
      else -- nothing to run on: a row a contestant says why
        for _, name in ipairs(names) do
          local row = failure({ message = fine and why or context, info = info })
          for k, v in pairs(point) do row[k] = v end
          row[o.contestant], row.seed = name, o.seed
          log:append(row)
          state.done = state.done + state.cost(point, name)
        end
      end
      context = nil -- luacheck: ignore 311
      collectgarbage()
    end
  end
  local seconds, info = clock() - state.start, { csv = log.csv, resumed = resumed }
  log:finish()
  if log.run then info.store, info.run = log.path, log.run.id end
  info.seconds = seconds
  state.tell(("done in %s"):format(text.duration(seconds)), true)
  return in_order(o, log.rows, points), info
end

return M
