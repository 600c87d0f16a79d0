--- A declared sweep: every combination of the axes times every contestant, each row kept as soon as it is there.
---
--- Example:
---     local sweep = require "numlab.sweep"
---     local out = os.tmpname()
---     os.remove(out)
---     local rows = sweep.run{ name = "demo", out = out, seed = 1, repeats = 2, quiet = true, pause = 0,
---       columns = {"n", "method", "residual", "seconds", "code"}, axes = { {"n", {10, 20}} }, contestants = {"gauss", "lu"},
---       prepare = function(point) return nl.rand(point.n, point.n, {seed = 1}) end, -- once a point; freed after it
---       run = function(point, method, A)                                            -- a row, or nil, message, info
---         local x, info, facts = nl.solve(A, nl.ones(point.n), {method = method})
---         return x and {residual = info.relative_residual, seconds = info.seconds}, info, facts
---       end }
---     assert(#rows == 4 and rows[1].n == 10 and rows[1].method == "gauss" and rows[4].residual < 1e-10)
---     os.execute("rm -r " .. out)
---
--- A row holds the axes, the contestant, what run returned, and the timing (median, minimum, interquartile range,
--- repeats; a part P that run timed by itself gives P_s, P_min, P_iqr). A failure is a row with its code, not the end.
--- Rows go to the store OUT/NAME.sqlite at once, with every sample and where they come from (numlab.store), and to
--- OUT/NAME.csv: the same call goes on where a broken run stopped. `numlab list` shows all runs that were stored.
---
--- Every script that sweeps understands the words of numlab.sweep_words (--dry-run, --filter=..., --only-failed, --jobs=N,
--- --width=W). While rows are still missing after such a word the program ends here: figures and page are of whole runs.
local axes = require "numlab.axes"
local expect = require "numlab.expect"
local text = require "numlab.text"
local file = require "numlab.file"
local tables = require "numlab.table"
local ledger = require "numlab.ledger"
local provenance = require "numlab.provenance"
local filter = require "numlab.sweep_filter"
local jobs = require "numlab.sweep_jobs"
local plan = require "numlab.sweep_plan"
local sweep_point = require "numlab.sweep_point"
local words = require "numlab.sweep_words"

local M = {}

local OPTIONS = { name = "string", out = "string", seed = "number", axes = "table", contestants = "table",
  contestant = "string", columns = "table", repeats = "number", slow = "number", budget = "number", pause = "number",
  prepare = "function", run = "function", cost = "function", arguments = "any", clock = "function", quiet = "boolean",
  tty = "boolean", width = "number", repeats_max = "number", times = "boolean", dry_run = "boolean", filter = "string",
  only_failed = "boolean", jobs = "number", device = "string" }

--- All combinations of the axes, the last axis fastest.
---@param list table[]  {{name, values}, ...}, or designs of numlab.axes among them
---@return table[] points  {name = value, ...}
---@return string[] names
--- Example:
---     local points, names = nl.sweep.points{ {"n", {100, 500}}, {"density", {0.01, 0.1}} }
---     assert(#points == 4 and points[2].n == 100 and points[2].density == 0.1 and names[1] == "n")
function M.points(list)
  expect("sweep.points", "list", list, "list")
  return axes.expand(list)
end

local function check(o)
  for _, name in ipairs({ "name", "axes", "contestants", "run", "columns" }) do
    if o[name] == nil then expect.fail(("sweep.run: option '%s' is needed"):format(name)) end
  end
  if not o.name:find("^[%w_.-]+$") then expect.fail("sweep.run: name must be letters, digits, _ . -") end
  if #o.contestants == 0 then expect.fail("sweep.run: contestants is empty") end
  local seen = {}
  for _, name in ipairs(o.contestants) do -- a point and contestant has one row
    if seen[tostring(name)] then expect.fail(("sweep.run: contestants has %s twice"):format(tables.cell(name))) end
    seen[tostring(name)] = true
  end
  local fine, points, names = pcall(M.points, o.axes)
  if not fine then expect.fail((tostring(points):gsub("^.-axes%.expand: ", "sweep.run: "))) end
  o.names = names
  if math.type(o.jobs) ~= "integer" or o.jobs < 1 then
    expect.fail(("sweep.run: jobs must be a whole number of at least 1, got %s"):format(o.jobs))
  end
  if o.jobs > 1 and o.times ~= false then
    error(("sweep.run: --jobs=%d is refused: this sweep times what it runs, and processes beside each other take each "
      .. "other's time; a sweep that times nothing says so with times = false"):format(o.jobs), 0)
  end
  return points
end

-- What tells a row from the others of its run.
local function identity(o, row, contestant)
  local parts = { (tostring(contestant or row[o.contestant]):gsub("[|\\]", "\\%0")) }
  for _, name in ipairs(o.names) do
    parts[#parts + 1] = provenance.canonical(row[name]):gsub("[|\\]", "\\%0")
  end
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
    io.stderr:write(tty and "\r\27[K" or "", (line:gsub("%c", "?")), (final or not tty) and "\n" or "")
    io.stderr:flush()
  end
end

-- What is to do: the points with the contestants that have no row yet, or, to run them again, a failed one that is not
-- among those `told`; what it costs; how many rows there are not.
local function missing(o, points, rows, told)
  local have, todo, total, count = {}, {}, 0, 0
  for _, row in ipairs(rows) do have[identity(o, row)] = row end
  for number, point in ipairs(points) do
    local item = { number = number, point = point, words = describe(o, point), names = {}, ids = {}, costs = {} }
    for _, name in ipairs(o.contestants) do
      local id = identity(o, point, name)
      local row = have[id]
      local wanted
      if o.only_failed then
        wanted = row and row.code ~= "OK" and not (told and told[provenance.hash(id)])
      else
        wanted = not row
      end
      if not row then count = count + 1 end
      if wanted and o.keep(point, name) then
        local k = #item.names + 1
        item.names[k], item.ids[k], item.costs[k] = name, id, o.cost(point, name)
        total = total + item.costs[k]
      end
    end
    if #item.names > 0 then todo[#todo + 1] = item end
  end
  return todo, total, count
end

-- Rows in the order of the points and contestants, whatever order they were finished in.
local function in_order(o, rows, points)
  local found, out = {}, {}
  for _, row in ipairs(rows) do found[identity(o, row)] = row end
  for _, point in ipairs(points) do
    for _, name in ipairs(o.contestants) do out[#out + 1] = found[identity(o, point, name)] end
  end
  return out
end

-- A filter that lets nothing through is a mistake.
local function check_filter(o, points)
  for _, point in ipairs(points) do
    for _, name in ipairs(o.contestants) do
      if o.keep(point, name) then return end
    end
  end
  error(("sweep.run: filter: '%s' leaves none of %d points x %d contestants"):format(o.filter, #points, #o.contestants), 0)
end

-- All options with their defaults, and the points.
local function settle(o)
  text.check_options("sweep.run", o, OPTIONS)
  o = words.over(o or {})
  o.jobs = o.jobs or 1
  local points = check(o)
  o.out, o.contestant = o.out or "reports/" .. o.name, o.contestant or "method"
  o.cost = o.cost or function() return 1 end
  o.keep = filter.parse(o.filter or "", points, o.names, o.contestant, o.contestants)
  if o.filter then check_filter(o, points) end
  if o.width then
    o.columns = table.move(o.columns, 1, #o.columns, 1, {})
    table.insert(o.columns, "seconds_width")
  end
  return o, points
end

local function notes(o, list)
  for _, note in ipairs(o.quiet and {} or list) do io.stderr:write("note: ", note, "\n") end
end

-- The end of a call that leaves rows for later. Where a word of the command line asked for it, of the program too.
local function leave(o, log, points, left)
  local rows, path, given = #points * #o.contestants, log.run and log.path or log.csv, words.given
  log:refresh()
  log:close()
  if given.filter or given.only_failed then
    io.write(("%s: %d of %d rows are there, in %s; the same command without --%s goes on, figures and page come when all "
      .. "are\n"):format(o.name, rows - left, rows, path, given.filter and "filter" or "only-failed"))
    os.exit(0, true)
  end
end

-- --dry-run: told, not done.
local function tell_plan(o, points, at)
  local found = ledger.peek(at)
  local todo, _, left = missing(o, points, found.rows)
  local anew = setmetatable({ only_failed = false, keep = function() return true end }, { __index = o })
  notes(o, found.notes)
  io.write(plan.text{ name = o.name, points = points, contestants = o.contestants, found = found, todo = todo,
    all = (missing(anew, points, {})) })
  if words.given.dry_run then os.exit(0, true) end
  return {}, { missing = left, resumed = 0 }
end

-- What happens while it runs: rows are kept, counted and told of.
local function begin(o, clock, log, job, rows, total, all)
  local state, write = sweep_point.counts(), progress(o, clock)
  state.clock, state.start, state.done = clock, clock(), 0
  function state.count(cost) state.done, rows = state.done + cost, rows + 1 end
  function state.tell(line, final)
    local spent = clock() - state.start
    local left = state.done > total / 50 and spent / state.done * (total - state.done) -- a first guess misleads
    local rest = not final and left and "   about " .. text.duration(left) .. " left" or ""
    write(("[%d/%d] %s%s"):format(rows, all, line, rest), final)
  end
  function state.keep(row, samples, cost, line)
    log:append(row, samples)
    state.count(cost)
    if job then job:finished(cost, provenance.hash(identity(o, row)), line) end
  end
  if rows > 0 and not job then state.tell(("going on with %d finished rows"):format(rows), true) end
  return state
end

-- Let other processes do it. What they left undone.
local function share(o, points, key, log, todo, state)
  local told = {}
  jobs.share{ count = math.min(o.jobs, #todo), key = key, run = log.run.id,
    on_loss = function(what) notes(o, { what .. "; what it left is done here" }) end,
    on_row = function(cost, id, line)
      told[id] = true
      state.count(cost)
      state.tell(line)
    end }
  log:refresh()
  return (missing(o, points, log.rows, told))
end

---@class numlab.sweep.RunOptions
---@field name string  of the files: OUT/NAME.csv, OUT/NAME.sqlite
---@field out? string  folder, "reports/NAME"
---@field axes table[]  {name, {values}} and designs of numlab.axes
---@field contestants any[]  their names
---@field contestant? string  the column of their names, "method"
---@field columns string[]  of the csv, in order
---@field prepare? fun(point: table): any  once a point; what it returns is handed to run
---@field run fun(point: table, contestant: any, prepared: any): table?, string?, table?  a row, or nil, message, info
---@field seed? integer  of axes.seed for each point
---@field repeats? integer  samples of each, 5
---@field width? number  of bench.compare, in place of repeats
---@field repeats_max? integer  of bench.compare
---@field slow? number  seconds after which a contestant repeats no more at a point, 5
---@field budget? number  seconds after which every new point is measured once
---@field cost? fun(point: table, contestant: any): number  relative, for the time left
---@field arguments? any  what tells runs apart
---@field device? string  where rows come from a GPU: those of another card are not gone on with
---@field times? boolean  false: rows hold nothing that is timed and depend on nothing but their point; each contestant
--- runs once, and processes may share the points
---@field pause? number  seconds between turns, 0.005
---@field clock? fun(): number  seconds; nl.clock
---@field quiet? boolean  no progress on standard error
---@field tty? boolean  whether progress is written over itself; default: on a terminal
---@field dry_run? boolean  say what would run; these four are the words --dry-run, --filter, --only-failed, --jobs too
---@field filter? string  run only this part: "n=500..,method=gauss,lu"
---@field only_failed? boolean  run again what failed in the last run of these settings
---@field jobs? integer  processes that share the points; with times = false

--- Run a sweep.
---@param o numlab.sweep.RunOptions
---@return table[] rows  in the order of the points
---@return table info  {csv = path, store = path and run = its number where there is SQLite, resumed = rows reused, seconds,
--- missing = rows left for later}
function M.run(o)
  local points
  o, points = settle(o)
  local ok, nl = pcall(require, "numlab")
  local clock = o.clock or ok and nl.clock or os.time
  local key, shared = provenance.key(o)
  local at = { out = o.out, name = o.name, columns = o.columns, axes = o.names, contestant = o.contestant, key = key,
    shared = shared, again = o.only_failed, jobs = o.jobs > 1, identity = function(row) return identity(o, row) end }
  if o.dry_run then return tell_plan(o, points, at) end
  local job = jobs.mine(key)
  at.run, o.quiet = job and job.run, o.quiet or job ~= nil
  local log <close> = (job and ledger.join or ledger.open)(at)
  notes(o, log.notes)
  local todo, total, left = missing(o, points, log.rows)
  local resumed, rows = #log.rows, #points * #o.contestants
  if o.only_failed and #todo == 0 then notes(o, { ("no row of run %d failed, so none runs again"):format(log.run.id) }) end
  local failed = 0
  for _, item in ipairs(o.only_failed and todo or {}) do failed = failed + #item.names end
  local state = begin(o, clock, log, job, rows - left - failed, total, rows)
  if o.jobs > 1 and not job and #todo > 1 then todo = share(o, points, key, log, todo, state) end
  for _, item in ipairs(todo) do
    if not job or job:claim(item.number) then
      sweep_point.visit(o, item, state)
      collectgarbage()
    end
  end
  if job then job:done() end
  left = select(3, missing(o, points, log.rows))
  local info = { csv = log.csv, resumed = resumed, missing = left, store = log.run and log.path,
    run = log.run and log.run.id, seconds = clock() - state.start }
  if left == 0 then log:finish() else leave(o, log, points, left) end
  state.tell(("done in %s"):format(text.duration(info.seconds)), true)
  notes(o, sweep_point.remarks(o, state))
  return in_order(o, log.rows, points), info
end

return M
