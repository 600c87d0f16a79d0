--- A declared sweep: every combination of the axes times every contestant, each row kept as soon as it is there.
---
---   local rows = sweep.run{ name = "task1", out = "reports/task1", seed = 1,
---     axes = { {"n", {100, 500}}, {"density", {0.01, 0.1}} }, contestants = {"gauss", "lu"},
---     prepare = function(point) return system end,                      -- once a point; freed after it
---     run = function(point, contestant, system) return row end }        -- or nil, message, info
---
--- A row holds the axes, the contestant, what run returned, and the timing (median, minimum, interquartile range,
--- repeats; a part P that run timed by itself gives P_s, P_min, P_iqr). A failure is a row with its code, not the end.
--- Rows go to OUT/NAME.csv at once; OUT/NAME.run says which script, arguments and seed they belong to, so that the
--- same call goes on where a broken run stopped.
local text = require "numlab.text"
local file = require "numlab.file"
local tables = require "numlab.table"
local bench = require "numlab.bench"

local M = {}

local OPTIONS = { name = "string", out = "string", seed = "number", axes = "table", contestants = "table",
  contestant = "string", columns = "table", repeats = "number", slow = "number", budget = "number", pause = "number",
  prepare = "function", run = "function", cost = "function", arguments = "any", clock = "function", quiet = "boolean",
  tty = "boolean" }

--- 64-bit FNV-1a, as 16 hexadecimal digits.
---@param s string
---@return string
function M.hash(s)
  local h = 0xcbf29ce484222325
  for i = 1, #s do h = (h ~ s:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(h)
end

-- A value as text that is the same for the same contents.
local function canonical(value)
  if type(value) == "number" then return text.number(value) end
  if type(value) ~= "table" then return type(value) .. ":" .. tostring(value) end
  local parts = {}
  for k, v in pairs(value) do parts[#parts + 1] = canonical(k) .. "=" .. canonical(v) end
  table.sort(parts)
  return "{" .. table.concat(parts, ";") .. "}"
end

--- All combinations of the axes, the last axis fastest.
---@param axes table[]  {{name, values}, ...}
---@return table[] points  {name = value, ...}
function M.points(axes)
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
    if type(axis[1]) ~= "string" or type(axis[2]) ~= "table" or #axis[2] == 0 then
      error(("sweep.run: axis %d must be {name, {values, ...}} with at least one value"):format(i), 3)
    end
  end
  if #o.contestants == 0 then error("sweep.run: contestants is empty", 3) end
end

local function identity(o, row)
  local parts = { tostring(row[o.contestant or "method"]) }
  for _, axis in ipairs(o.axes) do parts[#parts + 1] = canonical(row[axis[1]]) end
  return table.concat(parts, "|")
end

-- What a run must share with an earlier one to go on with its rows: script, arguments, seed, numlab's version.
local function run_key(o)
  local source = debug.getinfo(o.run, "S").source
  local script = source:sub(1, 1) == "@" and file.read(source:sub(2)) or source
  local ok, nl = pcall(require, "numlab")
  return M.hash(table.concat({ script, canonical(o.arguments or {}), canonical(o.axes), canonical(o.contestants),
    tostring(o.seed), ok and nl.version or "" }, "\n"))
end

-- The store: a csv that grows by lines, and beside it the key and the state of the run.
local Store = {}
Store.__index = Store

local function store_open(o)
  local ok, message = file.make_folder(o.out)
  if not ok then error("sweep.run: " .. message, 0) end
  local self = setmetatable({ path = o.out .. "/" .. o.name .. ".csv", state = o.out .. "/" .. o.name .. ".run",
    key = run_key(o), columns = o.columns, rows = {} }, Store)
  local known = file.read(self.state)
  if known == ("key %s\nstate running\n"):format(self.key) then
    for _, row in ipairs((tables.parse_csv(file.read(self.path) or ""))) do self.rows[#self.rows + 1] = row end
  end
  local lines = { tables.csv_header(o.columns) }
  for _, row in ipairs(self.rows) do lines[#lines + 1] = tables.csv_line(row, o.columns) end
  ok, message = file.write(self.path, table.concat(lines, "\n") .. "\n")
  if ok then ok, message = self:mark("running") end
  if ok then self.handle, message = io.open(self.path, "ab") end
  if not self.handle then error("sweep.run: " .. message, 0) end
  return self
end

function Store:mark(state)
  return file.write(self.state, ("key %s\nstate %s\n"):format(self.key, state))
end

function Store:append(row)
  local size = self.handle:seek("end")
  local ok, message = self.handle:write(tables.csv_line(row, self.columns), "\n")
  if ok then ok, message = self.handle:flush() end
  if ok then
    self.rows[#self.rows + 1] = row
    return
  end
  self.handle:close() -- what it could not write is lost; half a line goes too
  if size then file.capture(("truncate -s %d -- %s"):format(size, file.quote(self.path))) end
  error(("sweep.run: cannot write %s: %s; the %d rows finished before are kept, run the same command to go on")
    :format(self.path, message, #self.rows), 0)
end

local function describe(o, point)
  local parts = {}
  for _, axis in ipairs(o.axes) do parts[#parts + 1] = axis[1] .. "=" .. tables.cell(point[axis[1]]) end
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
      row[o.contestant or "method"], row.seed = result.name, row.seed or o.seed
      state.store:append(row)
      state.done = state.done + state.cost(point, result.name)
    end }
end

--- Run a sweep.
---@param o table  name, out (folder, "reports/NAME"), axes, contestants (names), contestant (their column, "method"),
--- columns (of the csv, in order), prepare, run, seed, repeats = 5, slow = 5 (seconds after which a contestant
--- repeats no more at a point), budget (seconds after which every new point is measured once), cost(point,
--- contestant) (relative, for the time left), arguments (anything that tells runs apart), quiet, pause
---@return table[] rows  in the order of the points
---@return table info  {csv = path, resumed = rows reused, seconds}
function M.run(o)
  check(o)
  o = setmetatable({ out = o.out or "reports/" .. o.name }, { __index = o })
  local ok, nl = pcall(require, "numlab")
  local clock = o.clock or ok and nl.clock or os.time
  local state = { clock = clock, start = clock(), done = 0, cost = o.cost or function() return 1 end }
  state.store = store_open(o)
  local have, total = {}, 0
  for _, row in ipairs(state.store.rows) do have[identity(o, row)] = row end
  local resumed, points = #state.store.rows, M.points(o.axes)
  local key_column = o.contestant or "method"
  local function missing(point)
    local names = {}
    for _, name in ipairs(o.contestants) do
      local probe = setmetatable({ [key_column] = name }, { __index = point })
      if not have[identity(o, probe)] then names[#names + 1] = name end
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
    write(("[%d/%d] %s%s"):format(#state.store.rows, tell_count, line,
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
          row[key_column], row.seed = name, o.seed
          state.store:append(row)
          state.done = state.done + state.cost(point, name)
        end
      end
      context = nil -- luacheck: ignore 311
      collectgarbage()
    end
  end
  state.store.handle:close()
  local marked, message = state.store:mark("finished")
  if not marked then error("sweep.run: " .. message, 0) end
  local seconds = clock() - state.start
  state.tell(("done in %s"):format(text.duration(seconds)), true)
  return M.in_order(o, state.store.rows, points), { csv = state.store.path, resumed = resumed, seconds = seconds }
end

--- Rows in the order of the points and contestants, whatever order they were finished in.
function M.in_order(o, rows, points)
  local found, out = {}, {}
  for _, row in ipairs(rows) do found[identity(o, row)] = row end
  for _, point in ipairs(points) do
    for _, name in ipairs(o.contestants) do
      local probe = setmetatable({ [o.contestant or "method"] = name }, { __index = point })
      out[#out + 1] = found[identity(o, probe)]
    end
  end
  return out
end

return M
