--- The store of an experiment's results: a file of SQLite that keeps every run, its rows, every sample of their times,
--- and where they come from. Each row is on the disk when `add` returns.
---
---   local store = assert(store.open("reports/task1/task1.sqlite"))
---   local run = assert(store:begin{ key = key, shared = {{"seed", "1"}}, facts = {}, columns = {"n"}, axes = {"n"},
---     contestant = "method" })                                   -- goes on with a run of this key that was broken off
---   run:add({ n = 1, method = "lu", seconds = 0.1 }, "lu|1", { [""] = { 0.1, 0.1 } })
---   run:finish()
---   store:runs()  store:read(1)
---
--- Tables: run; fact (run, name, value); row (run, its point and contestant in one word); cell (a row's fields: numbers
--- and strings as they are, NULL for nan, truth as 0 or 1 with boolean = 1); sample (row, part of the time, turn).
--- Failures are nil, message (which file, why, how to mend it), info.
local provenance = require "numlab.provenance"
local store_file = require "numlab.store_file"

local M = {}

local guard, need = store_file.guard, store_file.need

-- Runs under way in this process, by store and number: their owner is this process, which goes on living.
local active = {}

local Store, Run = {}, {}
Store.__index, Run.__index = Store, Run

--- Open a store; it is made where there is none, unless readonly.
---@param path string
---@param options table?  {readonly =, timeout = seconds to wait for another program's lock, 5}
---@return table? store, string? message, table? info
function M.open(path, options)
  local self, message, info = store_file.open(path, options)
  if not self then return nil, message, info end
  return setmetatable(self, Store)
end

--- Let the file go.
function Store:close()
  store_file.close(self)
end

local function now() return os.date("!%Y-%m-%dT%H:%M:%SZ") end

local function facts_of(db, run)
  local out, order = {}, {}
  for i, fact in ipairs(need(db:rows("SELECT name, value FROM fact WHERE run = ? ORDER BY id", run))) do
    out[fact.name], order[i] = fact.value, fact.name
  end
  return out, order
end

local function put_facts(db, run, facts)
  for _, fact in ipairs(facts) do
    need(db:run("INSERT INTO fact (run, name, value) VALUES (?, ?, ?)", run, fact[1], fact[2]))
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

-- The names of facts that differ between two sets.
local function differences(facts, list)
  local names = {}
  for _, fact in ipairs(list) do
    if facts[fact[1]] ~= fact[2] then names[#names + 1] = fact[1] end
  end
  return names
end

--- A fact that became another while a run was broken off: both are kept.
local function follow(db, run, facts, list, notes)
  for _, fact in ipairs(list) do
    local name, value, before = fact[1], fact[2], facts[fact[1]]
    before = before and before:match(".*; then (.*)$") or before
    if name ~= "load" and before ~= value then
      need(db:run("INSERT INTO fact (run, name, value) VALUES (?1, ?2, ?3) ON CONFLICT (run, name) DO UPDATE SET "
        .. "value = value || '; then ' || ?3", run, name, value))
      notes[#notes + 1] = ("run %d began with %s %s and goes on with %s"):format(run, name, before or "unknown", value)
    end
  end
end

-- The broken-off run to go on with; what is to be said of the others.
local function look_for(db, path, o, notes)
  local other
  for _, run in ipairs(need(db:rows("SELECT id, key, owner FROM run WHERE state = 'running' ORDER BY id DESC"))) do
    local mine = run.owner == provenance.process()
    local pid = provenance.alive(run.owner)
    if mine then pid = active[path .. ":" .. run.id] and pid end
    if pid then
      notes[#notes + 1] = ("process %s is at run %d of %s; this one runs beside it, csv, figures and page will be those "
        .. "of the last to end"):format(mine and "of this very program" or pid, run.id, path)
    elseif run.key == o.key then
      return run.id
    else
      other = other or run.id
    end
  end
  if other then
    local names = table.concat(differences(facts_of(db, other), o.shared), ", ")
    notes[#notes + 1] = ("run %d of %s was broken off with %d rows and differs in %s: it stays as it is, this is a new run")
      :format(other, path, need(db:rows("SELECT count(*) AS n FROM row WHERE run = ?", other))[1].n,
        names ~= "" and names or "its kind")
  end
end

--- Go on with the run of this key that was broken off, or begin a new one.
---@param o table  key, shared and facts (lists of {name, value}), columns (names), axes (names), contestant (a name)
---@return table? run  {id, rows = those it has, notes = what the user should know}, string? message, table? info
function Store:begin(o)
  local db = self.db
  return guard(self.path, function()
    local run = setmetatable({ store = self, rows = {}, notes = {} }, Run)
    need(db:transaction(function()
      run.id = look_for(db, self.path, o, run.notes)
      if run.id then
        need(db:run("UPDATE run SET owner = ? WHERE id = ?", provenance.process(), run.id))
        follow(db, run.id, facts_of(db, run.id), o.facts, run.notes)
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
    active[self.path .. ":" .. run.id] = true
    return run
  end)
end

--- Keep a row and the samples of its times; on the disk when this returns.
---@param row table  fields that are numbers, strings or booleans are kept
---@param point string  what tells it from the other rows of the run
---@param samples table<string, number[]>?  by part; "" is the whole
---@return boolean? ok, string? message, table? info
function Run:add(row, point, samples)
  local db = self.store.db
  local ok, message, info = guard(self.store.path, function()
    return need(db:transaction(function()
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
  if ok then self.rows[#self.rows + 1] = row end
  return ok, message, info
end

--- The run is complete. `also`, a function that may fail with nil, message, is done first and under the store's lock.
---@param also function?
---@return boolean? ok, string? message, table? info
function Run:finish(also)
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
function Run:leave()
  active[self.store.path .. ":" .. self.id] = nil
end

--- All runs, oldest first.
---@return table[]? runs  {id, state = finished | running | unfinished, started, finished, rows = count, facts}
---@return string? message, table? info
function Store:runs()
  return guard(self.path, function()
    local runs = need(self.db:rows("SELECT id, key, state, owner, started, finished, columns, axes, contestant, (SELECT "
      .. "count(*) FROM row WHERE run = run.id) AS rows FROM run ORDER BY id"))
    for _, run in ipairs(runs) do
      run.facts, run.order = facts_of(self.db, run.id)
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

--- One run with its rows.
---@param id integer
---@return table? run  as of runs, with rows = records in the order they were finished in, points = what tells them
--- apart, samples = for each a table part -> seconds
---@return string? message, table? info
function Store:read(id)
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
