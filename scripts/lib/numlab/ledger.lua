--- Where a sweep's rows go as they are finished: into the store, OUT/NAME.sqlite, and line by line into OUT/NAME.csv,
--- which holds the current run alone and is made from the store whenever a run begins, goes on or ends.
---
--- Where there is no SQLite, the csv is all there is, and OUT/NAME.run beside it says which script, arguments and seed
--- it belongs to, so that the same call goes on where a broken run stopped; the store takes such rows over later.
---@internal of numlab.sweep
local file = require "numlab.file"
local provenance = require "numlab.provenance"
local storage = require "numlab.store"
local tables = require "numlab.table"

local M = {}

local Ledger = {}
Ledger.__index = Ledger

local function fail(message) error("sweep.run: " .. message, 0) end

local function state_text(key, state) return ("key %s\nstate %s\n"):format(key, state) end

-- The rows of a broken-off run that knew no store.
local function rows_of_csv(self)
  if file.read(self.state) ~= state_text(self.key, "running") then return {} end
  return (tables.parse_csv(file.read(self.csv) or ""))
end

-- The whole csv anew, in place of the old one.
local function write_csv(self)
  local lines = { tables.csv_header(self.columns) }
  for _, row in ipairs(self.rows) do lines[#lines + 1] = tables.csv_line(row, self.columns) end
  return file.write(self.csv, table.concat(lines, "\n") .. "\n")
end

-- Not by opening it: to close a file is to drop all locks on it that SQLite holds in this process.
local function exists(path) return select(2, file.capture("test -e " .. file.quote(path))) == 0 end

local function open_run(self, o)
  local store, message, info = storage.open(self.path)
  if not store then return nil, message, info end
  self.store = store
  self.run, message, info = store:begin{ key = self.key, shared = self.shared, facts = provenance.facts(),
    columns = o.columns, axes = o.axes, contestant = o.contestant, again = o.again }
  if not self.run then
    store:close()
    self.store = nil
    return nil, message, info
  end
  return true
end

-- The store, its run, and the rows that run has. A store that cannot even be made costs the store alone; one that is
-- there and cannot be used ends it all, lest its rows be missed.
local function enter_store(self, o)
  local fresh = not exists(self.path)
  if o.again and fresh then fail(("there is no %s, so nothing to run again"):format(self.path)) end
  local ok, message, info = open_run(self, o)
  if ok then
    self.rows = self.run.rows
    table.move(self.run.notes, 1, #self.run.notes, #self.notes + 1, self.notes)
    return
  end
  if o.again or o.jobs then fail(("--%s needs the store: %s"):format(o.again and "only-failed" or "jobs", message)) end
  if info.code ~= "UNAVAILABLE" and not fresh then fail(message) end
  if info.code ~= "UNAVAILABLE" then
    for _, ending in ipairs({ "", "-journal", "-wal", "-shm" }) do os.remove(self.path .. ending) end
    message = "no store could be made: " .. message
  end
  self.notes[#self.notes + 1] = message
end

-- A run that began without a store goes on with one.
local function take_over(self, o)
  if #self.rows > 0 then return end
  for _, row in ipairs(rows_of_csv(self)) do
    local ok, message = self.run:add(row, o.identity(row))
    if not ok then fail(message) end
  end
end

--- Open the csv, and the store where there can be one.
---@param o table  out, name, columns, axes (names), contestant (column), identity(row) -> what tells it from others,
--- key, shared (of provenance.key), again (rows take the place of older ones, in the last run of this key), jobs (other
--- processes will join)
---@return table ledger  {rows = those to go on with, csv = path, notes = what the user should know, run = of the store};
--- to be closed, whatever happens
function M.open(o)
  local ok, message = file.make_folder(o.out)
  if not ok then fail(message) end
  local base = o.out .. "/" .. o.name
  local self = setmetatable({ csv = base .. ".csv", state = base .. ".run", path = base .. ".sqlite", key = o.key,
    shared = o.shared, columns = o.columns, identity = o.identity, rows = {}, notes = {} }, Ledger)
  enter_store(self, o)
  if self.run then take_over(self, o) else self.rows = rows_of_csv(self) end
  ok, message = write_csv(self)
  if ok and not self.run then ok, message = file.write(self.state, state_text(self.key, "running")) end
  if ok and not o.again and not o.jobs then self.handle, message = io.open(self.csv, "ab") end -- else made anew at the end
  if not ok or message then
    self:close()
    fail(message)
  end
  if self.run then os.remove(self.state) end -- the store knows better
  return self
end

--- Open the store alone, to add rows to a run that another process is at.
---@param o table  as for open, and run = its number
---@return table ledger
function M.join(o)
  local self = setmetatable({ path = o.out .. "/" .. o.name .. ".sqlite", identity = o.identity, notes = {} }, Ledger)
  local message
  self.store, message = storage.open(self.path)
  if self.store then self.run, message = self.store:join(o.run, o.again) end
  if not self.run then
    self:close()
    fail(message)
  end
  self.rows = self.run.rows
  return self
end

--- What open would go on with, and how long its points took before; nothing is made or written.
---@param o table  as for open
---@return table found  {rows, run = its number, notes, took = seconds by point}
function M.peek(o)
  local base = o.out .. "/" .. o.name
  local path = base .. ".sqlite"
  if exists(path) then
    local store, message, info = storage.open(path, { readonly = true })
    local found, took
    if store then
      found, message, info = store:find(o)
      took = found and store:took()
      store:close()
    end
    if found then return { rows = found.rows, run = found.id, notes = found.notes, took = took or {} } end
    if info.code ~= "UNAVAILABLE" and info.reason ~= "EMPTY" then fail(message) end
  end
  if o.again then fail(("there is no %s, so nothing to run again"):format(path)) end
  return { rows = rows_of_csv{ key = o.key, state = base .. ".run", csv = base .. ".csv" }, notes = {}, took = {} }
end

--- Keep a row, and the samples of its times.
---@param row table
---@param samples table<string, number[]>?  by part; "" is the whole
function Ledger:append(row, samples)
  local rows = #self.rows
  if self.run then
    local ok, message = self.run:add(row, self.identity(row), samples)
    if not ok then fail(("%s (%d so far)"):format(message, rows)) end
  end
  if not self.handle then return end
  local size = self.handle:seek("end")
  local ok, message = self.handle:write(tables.csv_line(row, self.columns), "\n")
  if ok then ok, message = self.handle:flush() end
  if ok then
    if #self.rows == rows then self.rows[rows + 1] = row end
    return
  end
  self.handle:close() -- what it could not write is lost; half a line goes too
  self.handle = nil
  if size then file.capture(("truncate -s %d -- %s"):format(size, file.quote(self.csv))) end
  fail(("cannot write %s: %s; the %d rows finished before are kept, run the same command to go on")
    :format(self.csv, message, rows))
end

-- The rows as they are stored, where they are not those this process saw one after the other, and the csv of them.
local function settle(self)
  if self.handle then
    self.handle:close()
    self.handle = nil
  elseif self.run then
    local rows, message = self.run:stored()
    if not rows then return nil, message end
    self.rows = rows
  end
  return write_csv(self)
end

--- Take in what other processes have stored.
function Ledger:refresh()
  local ok, message = settle(self)
  if not ok then fail(message) end
end

--- All rows are there.
function Ledger:finish()
  local ok, message
  if self.run then
    -- another process may have written its own rows over the csv meanwhile
    ok, message = self.run:finish(function() return settle(self) end)
  else
    self.handle:close()
    self.handle = nil
    ok, message = file.write(self.state, state_text(self.key, "finished"))
  end
  if not ok then fail(message) end
end

--- Let go of the files; a run that is not finished can be gone on with.
function Ledger:close()
  if self.handle then self.handle:close() end
  if self.run then self.run:leave() end
  if self.store then self.store:close() end
  self.handle, self.run, self.store = nil, nil, nil
end

Ledger.__close = Ledger.close

return M
