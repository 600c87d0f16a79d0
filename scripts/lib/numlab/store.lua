--- The store of an experiment's results: a file of SQLite that keeps every run, its rows, every sample of their times,
--- and where they come from. Each row is on the disk when `add` returns.
---
--- Example:
---     local store, message, info = nl.store.open(":memory:")        -- else a path: "reports/task1/task1.sqlite"
---     if store then
---       local run = assert(store:begin{ key = "k", shared = {{"seed", "1"}}, facts = {}, columns = {"n"}, axes = {"n"},
---         contestant = "method" })                                  -- goes on with a run of this key that was broken off
---       assert(run:add({ n = 1, method = "lu", seconds = 0.1 }, "lu|1", { [""] = { 0.1, 0.1 } }))
---       assert(run:finish())
---       assert(store:runs()[1].rows == 1 and store:read(1).rows[1].method == "lu")
---       store:close()
---     end
---
--- Tables: run; fact (run, name, value); row (run, its point and contestant in one word); cell (a row's fields: numbers
--- and strings as they are, NULL for nan, truth as 0 or 1 with boolean = 1); sample (row, part of the time, turn).
--- Failures are nil, message (which file, why, how to mend it), info.
local expect = require "numlab.expect"
local provenance = require "numlab.provenance"
local store_file = require "numlab.store_file"
local store_resume = require "numlab.store_resume"

local M = {}

local guard, need = store_file.guard, store_file.need

local Store, Run = {}, {}
Store.__index, Run.__index = Store, Run

---@class numlab.store.OpenOptions
---@field readonly? boolean
---@field timeout? number  seconds to wait for another program's lock, 5

--- Open a store; it is made where there is none, unless readonly.
---@param path string
---@param options numlab.store.OpenOptions?
---@return table? store
---@return string? message
---@return table? info
function M.open(path, options)
  expect("store.open", "path", path, "string")
  local self, message, info = store_file.open(path, options)
  if not self then return nil, message, info end
  return setmetatable(self, Store)
end

--- Let the file go.
function Store:close()
  expect("Store:close", "self", self, "table")
  store_file.close(self)
end

local function now() return os.date("!%Y-%m-%dT%H:%M:%SZ") end

local function put_facts(db, run, facts)
  for _, fact in ipairs(facts) do
    need(db:run("INSERT INTO fact (run, name, value) VALUES (?, ?, ?) ON CONFLICT (run, name) DO UPDATE SET "
      .. "value = excluded.value", run, fact[1], fact[2]))
  end
end

local function rows_of(db, run)
  local rows, by = {}, {}
  for i, row in ipairs(need(db:rows("SELECT id FROM row WHERE run = ? ORDER BY id", run))) do
    rows[i], by[row.id] = {}, i
  end
  for _, c in ipairs(need(db:rows("SELECT cell.* FROM cell JOIN row ON row.id = cell.row WHERE run = ?", run))) do
    local value = c.value
    if value == nil then value = 0 / 0 elseif c.boolean then value = value ~= 0 end
    rows[by[c.row]][c.name] = value
  end
  return rows, by
end

---@class numlab.store.Description
---@field key string  what a run must share with an earlier one to go on with its rows
---@field shared table[]  {name, value}: what the key was made of
---@field facts table[]  {name, value}: all else that is kept beside the rows
---@field columns string[]
---@field axes string[]
---@field contestant string  the column that names who ran
---@field again? boolean  take the last run of this key though it be finished, and let `add` put a row in the place of an
--- older one

--- What `begin` would go on with; nothing is written.
---@param o numlab.store.Description
---@return table? found  {id = of the run, nil for a new one, rows, notes}
---@return string? message
---@return table? info
--- Example:
---     local store = nl.store.open(":memory:")
---     if store then
---       local key = {key = "k", shared = {}, facts = {}, columns = {"n"}, axes = {"n"}, contestant = "method"}
---       assert(store:find(key).id == nil) -- there is no run of this key yet
---       store:close()
---     end
function Store:find(o)
  expect("Store:find", "o", o, "table")
  return guard(self.path, function()
    local found = { notes = {}, rows = {} }
    found.id = store_resume.choose(self.db, self.path, o, found.notes)
    if found.id then found.rows = rows_of(self.db, found.id) end
    return found
  end)
end

--- Go on with the run of this key that was broken off, or begin a new one.
---@param o numlab.store.Description
---@return table? run  {id, rows = those it has, notes = what the user should know}
---@return string? message
---@return table? info
function Store:begin(o)
  expect("Store:begin", "o", o, "table")
  expect("Store:begin", "o.key", o.key, "string")
  for _, name in ipairs{ "shared", "facts", "columns", "axes" } do expect("Store:begin", "o." .. name, o[name], "list") end
  local db = self.db
  return guard(self.path, function()
    local run = setmetatable({ store = self, rows = {}, notes = {}, again = o.again }, Run)
    need(db:transaction(function()
      run.id = store_resume.choose(db, self.path, o, run.notes)
      if run.id then
        need(db:run("UPDATE run SET state = 'running', finished = NULL, owner = ? WHERE id = ?", provenance.process(),
          run.id))
        store_resume.follow(db, run.id, store_resume.facts(db, run.id), o.facts, run.notes)
        run.rows = rows_of(db, run.id)
        return true
      end
      run.id = select(2, need(db:run("INSERT INTO run (key, state, owner, started, columns, axes, contestant) VALUES "
        .. "(?, 'running', ?, ?, ?, ?, ?)", o.key, provenance.process(), now(), table.concat(o.columns, "\n"),
        table.concat(o.axes, "\n"), o.contestant)))
      put_facts(db, run.id, o.shared)
      put_facts(db, run.id, o.facts)
      return true
    end))
    store_resume.active[self.path .. ":" .. run.id] = true
    return run
  end)
end

--- Add rows to a run that another process has begun and is at.
---@param id integer
---@param again boolean?  as of begin
---@return table? run
---@return string? message
---@return table? info
--- Example:
---     local store = nl.store.open(":memory:")
---     if store then
---       local key = {key = "k", shared = {}, facts = {}, columns = {"n"}, axes = {"n"}, contestant = "method"}
---       local run = assert(store:begin(key))
---       assert(store:join(run.id):add({n = 1}, "1")) -- in another process, as a rule
---       assert(#run:stored() == 1)
---       store:close()
---     end
function Store:join(id, again)
  expect("Store:join", "id", id, "whole")
  return guard(self.path, function()
    if #need(self.db:rows("SELECT 1 FROM run WHERE id = ? AND state = 'running'", id)) == 0 then
      need(nil, ("%s has no run %d under way"):format(self.path, id), { code = "ABSENT" })
    end
    return setmetatable({ store = self, id = id, again = again, rows = rows_of(self.db, id), notes = {} }, Run)
  end)
end

local function forget(db, run, point)
  local old = need(db:rows("SELECT id FROM row WHERE run = ? AND point = ?", run, point))[1]
  for _, sql in ipairs{ "DELETE FROM sample WHERE row = ?", "DELETE FROM cell WHERE row = ?",
    "DELETE FROM row WHERE id = ?" } do
    if old then need(db:run(sql, old.id)) end
  end
end

--- Keep a row and the samples of its times; on the disk when this returns.
---@param row table  fields that are numbers, strings or booleans are kept
---@param point string  what tells it from the other rows of the run
---@param samples table<string, number[]>?  by part; "" is the whole
---@return boolean? ok
---@return string? message
---@return table? info
function Run:add(row, point, samples)
  expect("Run:add", "row", row, "table")
  expect("Run:add", "point", point, "string")
  local db = self.store.db
  local ok, message, info = guard(self.store.path, function()
    return need(db:transaction(function()
      if self.again then forget(db, self.id, point) end
      local _, id = need(db:run("INSERT INTO row (run, point) VALUES (?, ?)", self.id, point))
      for name, value in pairs(row) do
        local kind = type(value)
        if kind == "number" or kind == "string" or kind == "boolean" then
          need(db:run("INSERT INTO cell (row, name, value, boolean) VALUES (?, ?, ?, ?)", id, name, value,
            kind == "boolean" or nil))
        end
      end
      for part, list in pairs(samples or {}) do
        for turn, seconds in ipairs(list) do
          need(db:run("INSERT INTO sample (row, part, turn, seconds) VALUES (?, ?, ?, ?)", id, part, turn, seconds))
        end
      end
      return true
    end))
  end)
  if ok and not self.again then self.rows[#self.rows + 1] = row end
  return ok, message, info
end

--- The rows as they are stored now, those of other processes among them.
---@return table[]? rows
---@return string? message
---@return table? info
--- Example:
---     local store = nl.store.open(":memory:")
---     if store then
---       local key = {key = "k", shared = {}, facts = {}, columns = {"n"}, axes = {"n"}, contestant = "method"}
---       local run = assert(store:begin(key))
---       assert(run:add({n = 1}, "1"))
---       assert(run:stored()[1].n == 1)
---       store:close()
---     end
function Run:stored()
  return guard(self.store.path, function() return (rows_of(self.store.db, self.id)) end)
end

--- The run is complete. `also`, a function that may fail with nil, message, is done first and under the store's lock.
---@param also function?
---@return boolean? ok
---@return string? message
---@return table? info
function Run:finish(also)
  expect("Run:finish", "also", also, "function?")
  local db = self.store.db
  return guard(self.store.path, function()
    return need(db:transaction(function()
      local load = provenance.load()
      if load then put_facts(db, self.id, { { "load_at_end", load } }) end
      need(db:run("UPDATE run SET state = 'finished', finished = ?, owner = NULL WHERE id = ?", now(), self.id))
      return (also or function() return true end)()
    end))
  end)
end

--- This process works on the run no more; a run that is not finished can be gone on with.
--- Example:
---     local store = nl.store.open(":memory:")
---     if store then
---       local key = {key = "k", shared = {}, facts = {}, columns = {"n"}, axes = {"n"}, contestant = "method"}
---       local run = assert(store:begin(key))
---       run:leave()
---       assert(store:find(key).id == run.id) -- what is not finished can be gone on with
---       store:close()
---     end
function Run:leave()
  store_resume.active[self.store.path .. ":" .. self.id] = nil
end

--- All runs, oldest first.
---@return table[]? runs  {id, state = finished | running | unfinished, started, finished, rows = count, facts}
---@return string? message
---@return table? info
function Store:runs()
  return guard(self.path, function()
    local runs = need(self.db:rows("SELECT id, key, state, owner, started, finished, columns, axes, contestant, (SELECT "
      .. "count(*) FROM row WHERE run = run.id) AS rows FROM run ORDER BY id"))
    for _, run in ipairs(runs) do
      run.facts, run.order = store_resume.facts(self.db, run.id)
      if run.state == "running" and not provenance.alive(run.owner) then run.state = "unfinished" end
      for _, key in ipairs({ "columns", "axes" }) do
        local names = {}
        for name in run[key]:gmatch("[^\n]+") do names[#names + 1] = name end
        run[key] = names
      end
    end
    return runs
  end)
end

--- What each point took when it was last measured, in any run: the seconds_spent of its row.
---@return table<string, number>? seconds  by point
---@return string? message
---@return table? info
--- Example:
---     local store = nl.store.open(":memory:")
---     if store then
---       local key = {key = "k", shared = {}, facts = {}, columns = {"n"}, axes = {"n"}, contestant = "method"}
---       local run = assert(store:begin(key))
---       assert(run:add({n = 1, seconds_spent = 0.5}, "1"))
---       assert(store:took()["1"] == 0.5)
---       store:close()
---     end
function Store:took()
  return guard(self.path, function()
    local seconds = {}
    for _, row in ipairs(need(self.db:rows("SELECT point, value FROM row JOIN cell ON cell.row = row.id WHERE name = "
      .. "'seconds_spent' ORDER BY id"))) do seconds[row.point] = row.value end
    return seconds
  end)
end

--- One run with its rows.
---@param id integer
---@return table? run  as of runs, with rows = records in the order they were finished in, points = what tells them
--- apart, samples = for each a table part -> seconds
---@return string? message
---@return table? info
function Store:read(id)
  expect("Store:read", "id", id, "whole")
  local runs, message, info = self:runs()
  if not runs then return nil, message, info end
  for _, run in ipairs(runs) do
    if run.id == id then
      return guard(self.path, function()
        local by
        run.count, run.samples, run.points = run.rows, {}, {}
        run.rows, by = rows_of(self.db, id)
        for i, row in ipairs(need(self.db:rows("SELECT point FROM row WHERE run = ? ORDER BY id", id))) do
          run.points[i], run.samples[i] = row.point, {}
        end
        for _, s in ipairs(need(self.db:rows("SELECT sample.* FROM sample JOIN row ON row.id = sample.row WHERE run = ? "
          .. "ORDER BY row.id, part, turn", id))) do
          local own = run.samples[by[s.row]]
          own[s.part] = own[s.part] or {}
          table.insert(own[s.part], s.seconds or 0 / 0)
        end
        return run
      end)
    end
  end
  return nil, ("%s has no run %d (its runs: %d)"):format(self.path, id, #runs), { code = "IO" }
end

return M
