--- A sweep shared out among processes: the program starts itself again, script and words alike, as often as is asked for.
--- Each of these workers comes to the same sweep, takes points that none has taken, and adds their rows to the one store;
--- it tells what it finished on its standard output, and ends there. What a worker that died left undone is done by the
--- process that started it. For sweeps that time nothing: processes beside each other take each other's time.
---
--- Points are taken by writing their numbers to a table where each can stand once, in a database of its own. A worker
--- knows by a variable of the environment what it is; it ends when nobody reads what it tells.
---@internal of numlab.sweep
local file = require "numlab.file"

local M = {}

local VARIABLE, MARK = "NUMLAB_SWEEP_JOB", "numlab-job"

local function tell(...)
  local ok, message = io.stdout:write("\n", table.concat({ MARK, ... }, " "), "\n")
  if ok then ok, message = io.stdout:flush() end
  if not ok then error("sweep.run: a worker has nobody to tell: " .. tostring(message), 0) end
end

local Job = {}
Job.__index = Job

--- Is this process a worker at the sweep of this key? Raises where it is one at another: a script that is not the same
--- each time it is started cannot be shared out.
---@param key string
---@return table? job  {run = number, claim, finished, done}
function M.mine(key)
  local variable = os.getenv(VARIABLE)
  if not variable then return nil end
  local theirs, run, place, path = variable:match("^(%S+) (%d+) (%d+) (.*)$")
  if theirs ~= key then
    error("sweep.run: this worker came to another sweep than it was started for; --jobs serves scripts with one sweep that "
      .. "is the same each time", 0)
  end
  local claims, message = require("numlab").sqlite(path, { timeout = 60 })
  if not claims then error("sweep.run: " .. message, 0) end
  tell("pid", place, (file.read("/proc/self/stat") or ""):match("^%d+"))
  return setmetatable({ run = math.tointeger(tonumber(run)), claims = claims }, Job)
end

--- Take a point; false where another worker has it.
---@param number integer
---@return boolean
function Job:claim(number)
  local ok, message, info = self.claims:run("INSERT INTO claim VALUES (?)", number)
  if not ok and info.reason ~= "CONSTRAINT" then error("sweep.run: " .. message, 0) end
  return ok ~= nil
end

--- Tell that a row is stored.
---@param cost number
---@param id string  what tells it from others, without spaces
---@param words string
function Job.finished(_, cost, id, words) tell("row", ("%.17g"):format(cost), id, (words:gsub("%c", "?"))) end

--- The worker's end: the rest of the script is not for it.
function Job:done()
  self.claims:close()
  os.exit(0, true)
end

-- The command line of this very program.
local function own_command()
  local pid = (file.read("/proc/self/stat") or ""):match("^%d+")
  local words, first = {}, true
  for word in (file.read("/proc/self/cmdline") or ""):gmatch("([^%z]*)%z") do
    if not first then words[#words + 1] = file.quote(word) end
    first = false
  end
  if not pid then error("sweep.run: --jobs needs /proc, which this system does not have; run it without", 0) end
  return ("/proc/%s/exe %s"):format(pid, table.concat(words, " "))
end

-- Ends the workers that still run, whatever happened here.
local function guard(pids, pipe, path)
  return setmetatable({}, { __close = function()
    local running = {}
    for _, pid in pairs(pids) do running[#running + 1] = pid end
    if #running > 0 then file.capture("kill " .. table.concat(running, " ")) end
    pipe:close()
    for _, ending in ipairs{ "", "-journal" } do os.remove(path .. ending) end
  end })
end

--- Let `count` workers do a sweep, and wait for them.
---@param o table  count, key, run (number in the store), on_row(cost, id, words), on_loss(words): a worker ended otherwise
--- than by its work
function M.share(o)
  local path = os.tmpname()
  local claims, message = require("numlab").sqlite(path)
  local made
  if claims then made, message = claims:run("CREATE TABLE claim (point INTEGER PRIMARY KEY)") end
  if not made then error("sweep.run: --jobs: " .. message, 0) end
  claims:close()
  local lines = {}
  for i = 1, o.count do
    lines[i] = ("{ %s=%s %s; printf '\\n%%s end %%d %%d\\n' %s %d $?; } 2>&1 </dev/null &"):format(VARIABLE,
      file.quote(("%s %d %d %s"):format(o.key, o.run, i, path)), own_command(), MARK, i)
  end
  local pipe, why = io.popen(table.concat(lines, "\n") .. "\nwait", "r")
  if not pipe then error("sweep.run: --jobs: " .. why, 0) end
  local pids, said = {}, ""
  local ending <close> = guard(pids, pipe, path) -- luacheck: ignore 211
  local pattern = "^" .. MARK:gsub("%-", "%%-") .. " (%S+) (%S+) ?(.*)$"
  while true do
    local line = pipe:read("l") -- not pipe:lines(), which makes an error of its own of a Ctrl-C
    if not line then break end
    local kind, first, rest = line:match(pattern)
    if kind == "pid" then
      pids[first] = rest
    elseif kind == "row" then
      local id, words = rest:match("^(%S+) (.*)$")
      o.on_row(tonumber(first), id, words)
    elseif kind == "end" then
      pids[first] = nil
      if rest == "130" then error("interrupted", 0) end
      if rest ~= "0" then o.on_loss(("a worker ended with code %s (%s)"):format(rest, said)) end
    elseif line ~= "" then
      said = line
    end
  end
end

return M
