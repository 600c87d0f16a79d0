--- Stored runs by their names: NAME:3, NAME:-1 (the last), NAME (the last), where NAME is that of a store below
--- reports/, a store's file or its folder.
--- Example:
---     local store, number = nl.runs.parse "task1_sweep:-1"
---     assert(store == "task1_sweep" and number == -1)
---     local run, message = nl.runs.find "no-such-run"
---     assert(run == nil and message)
local expect = require "numlab.expect"
local file = require "numlab.file"
local storage = require "numlab.store"
local text = require "numlab.text"

local M = {}

--- Where stores are looked for.
M.FOLDER = "reports"

local function name_of(path)
  local _, name = file.split(path)
  return (name:gsub("%.sqlite$", ""))
end

local function is_file(path) return select(2, file.capture("test -f " .. file.quote(path))) == 0 end
local function is_folder(path) return select(2, file.capture("test -d " .. file.quote(path))) == 0 end

--- The stores in a folder and those below, sorted; or the one that is given.
---@param where string?  a folder or a store; default reports/
---@return string[]? paths
---@return string? message
--- Example:
---     print(#(nl.runs.stores() or {}) .. " stores below reports/")
function M.stores(where)
  expect("runs.stores", "where", where, "string?")
  local folder = where or M.FOLDER
  if is_file(folder) then return { folder } end
  if not is_folder(folder) then
    if not where then return {} end
    return nil, ("%s is no folder and no store"):format(where)
  end
  local plain = folder:sub(1, 1) == "-" and "./" .. folder or folder
  local output = file.capture(("find -L %s -type f -name '*.sqlite' -print0 2>/dev/null"):format(file.quote(plain)))
  local paths = {}
  for path in output:gmatch("[^%z]+") do paths[#paths + 1] = path end
  table.sort(paths)
  return paths
end

-- The store a word names.
local function store_of(word)
  if is_file(word) then return word end
  if is_folder(word) then
    local found = M.stores(word)
    if #found == 1 then return found[1] end
    return nil, #found == 0 and ("no store in %s"):format(word)
      or ("%d stores in %s, name one: %s"):format(#found, word, table.concat(found, ", "))
  end
  local all, fitting, names = M.stores(), {}, {}
  for i, path in ipairs(all) do
    names[i] = name_of(path)
    if names[i] == word then fitting[#fitting + 1] = path end
  end
  if #fitting == 1 then return fitting[1] end
  if #fitting > 1 then
    return nil, ("%d stores are called %s, give one by its file: %s"):format(#fitting, word, table.concat(fitting, ", "))
  end
  if #all == 0 then return nil, ("no store '%s': there is none below %s/ here"):format(word, M.FOLDER) end
  return nil, (text.unknown("", "store", word, names):gsub("^: ", ""))
end

--- The word that names a run, taken apart.
---@param word string
---@return string store
---@return integer number  negative: from the end
function M.parse(word)
  expect("runs.parse", "word", word, "string")
  local store, number = word:match("^(.+):(%-?%d+)$")
  if store and not is_file(word) then return store, math.tointeger(tonumber(number)) or 0 end
  return word, -1
end

--- A stored run, as store:read gives it, with name = "NAME:3" and path.
---@param word string
---@return table? run
---@return string? message
function M.find(word)
  expect("runs.find", "word", word, "string")
  local named, number = M.parse(word)
  local path, message = store_of(named)
  if not path then return nil, message end
  local store
  store, message = storage.open(path, { readonly = true })
  if not store then return nil, message end
  local runs, run
  runs, message = store:runs()
  if runs then
    local chosen = number < 0 and runs[#runs + 1 + number] or nil
    local id = number < 0 and chosen and chosen.id or number
    if #runs == 0 then
      message = path .. " holds no run"
    elseif number < 0 and not chosen then
      message = ("%s has %d run%s, none %d from the end"):format(path, #runs, #runs == 1 and "" or "s", -number)
    else
      run, message = store:read(id)
    end
  end
  store:close()
  if not run then return nil, message end
  run.name, run.path, run.experiment = ("%s:%d"):format(name_of(path), run.id), path, name_of(path)
  return run
end

--- All runs of some stores, and what could not be read.
---@param paths string[]
---@return table[] runs
---@return string[] faults
--- Example:
---     local runs, faults = nl.runs.all{"no-such.sqlite"}
---     assert(#runs == 0 and #faults == 1)
function M.all(paths)
  expect("runs.all", "paths", paths, "list")
  local out, faults = {}, {}
  for _, path in ipairs(paths) do
    local store, message = storage.open(path, { readonly = true })
    local runs
    if store then
      runs, message = store:runs()
      store:close()
    end
    if not runs then faults[#faults + 1] = message end
    for _, run in ipairs(runs or {}) do
      run.name, run.path = ("%s:%d"):format(name_of(path), run.id), path
      out[#out + 1] = run
    end
  end
  return out, faults
end

local function seconds_of(stamp)
  local y, mo, d, h, mi, s = (stamp or ""):match("^(%d+)-(%d+)-(%d+)T(%d+):(%d+):(%d+)Z$")
  return y and os.time{ year = y, month = mo, day = d, hour = h, min = mi, sec = s }
end

--- How long a finished run took from its beginning to its end, breaks counted in, in words.
---@param run table
---@return string? words
--- Example:
---     assert(nl.runs.took{started = "2026-01-01T00:00:00Z", finished = "2026-01-01T00:01:12Z"} == "1 min 12 s")
function M.took(run)
  expect("runs.took", "run", run, "table")
  local from, to = seconds_of(run.started), seconds_of(run.finished)
  local seconds = from and to and os.difftime(to, from)
  return seconds and (seconds < 1 and "< 1 s" or text.duration(seconds)) or nil
end

--- The columns of a run that hold something, and apart from those the fields that are the same in all its rows.
---@param run table
---@return string[] columns
---@return table[] constant  {{name, value}, ...}
--- Example:
---     local run = {contestant = "method", axes = {"n"}, columns = {"n", "method", "dtype"},
---       rows = {{n = 1, method = "lu", dtype = "f64"}, {n = 2, method = "lu", dtype = "f64"}}}
---     local columns, constant = nl.runs.columns(run)
---     assert(columns[1] == "n" and constant[#constant][1] == "dtype")
function M.columns(run)
  expect("runs.columns", "run", run, "table")
  expect("runs.columns", "run.contestant", run.contestant, "string")
  local columns, constant, axis = {}, {}, { [run.contestant] = true, code = true }
  for _, name in ipairs(run.axes) do axis[name] = true end
  for _, name in ipairs(run.columns) do
    local first, same, some = run.rows[1] and run.rows[1][name], true, false
    for _, row in ipairs(run.rows) do
      same = same and row[name] == first
      some = some or row[name] ~= nil
    end
    if some and same and not axis[name] then
      constant[#constant + 1] = { name, first }
    elseif some then
      columns[#columns + 1] = name
    end
  end
  return columns, constant
end

return M
