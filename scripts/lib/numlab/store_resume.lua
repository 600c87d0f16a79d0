--- Which run of a store a sweep goes on with: the one of its key that was broken off, or, to run some of it again, the
--- last of its key. What runs have of each other's facts, and which of them a living process is at.
---@internal of numlab.store
local provenance = require "numlab.provenance"
local need = require("numlab.store_file").need

local M = {}

--- Runs under way in this process, by store and number: their owner is this process, which goes on living.
M.active = {}

--- The facts of a run by name, and their names in order.
function M.facts(db, run)
  local out, order = {}, {}
  for i, fact in ipairs(need(db:rows("SELECT name, value FROM fact WHERE run = ? ORDER BY id", run))) do
    out[fact.name], order[i] = fact.value, fact.name
  end
  return out, order
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
function M.follow(db, run, facts, list, notes)
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

-- The process that is at a run, if it still is one; this one may have let go of it.
local function owner_of(path, run)
  local pid = provenance.alive(run.owner)
  if run.owner == provenance.process() then return M.active[path .. ":" .. run.id] and pid and "of this very program" end
  return pid
end

-- The broken-off run to go on with; what is to be said of the others.
local function look_for(db, path, o, notes)
  local other
  for _, run in ipairs(need(db:rows("SELECT id, key, owner FROM run WHERE state = 'running' ORDER BY id DESC"))) do
    local owner = owner_of(path, run)
    if owner then
      notes[#notes + 1] = ("process %s is at run %d of %s; this one runs beside it, csv, figures and page will be those "
        .. "of the last to end"):format(owner, run.id, path)
    elseif run.key == o.key then
      return run.id
    else
      other = other or run.id
    end
  end
  if other then
    local names = table.concat(differences(M.facts(db, other), o.shared), ", ")
    notes[#notes + 1] = ("run %d of %s was broken off with %d rows and differs in %s: it stays as it is, this is a new run")
      :format(other, path, need(db:rows("SELECT count(*) AS n FROM row WHERE run = ?", other))[1].n,
        names ~= "" and names or "its kind")
  end
end

-- The last run of this key, finished or not, to run some of it again.
local function last_of(db, path, o)
  local runs = need(db:rows("SELECT id, key, owner FROM run ORDER BY key = ? DESC, id DESC LIMIT 1", o.key))
  local run = runs[1]
  if not run or run.key ~= o.key then
    local names = run and table.concat(differences(M.facts(db, run.id), o.shared), ", ")
    need(nil, ("%s has no run of these settings to run again%s"):format(path,
      names and names ~= "" and (": its last, run %d, differs in %s"):format(run.id, names) or ""), { code = "ABSENT" })
  end
  local owner = owner_of(path, run)
  if owner then
    need(nil, ("process %s is at run %d of %s: wait for it or end it, then run the same command again"):format(owner,
      run.id, path), { code = "ABSENT" })
  end
  return run.id
end

--- The number of the run to go on with, nil for a new one.
---@param db nl.Database
---@param path string
---@param o table  key, shared, again
---@param notes string[]  what is to be said is added
---@return integer? run
function M.choose(db, path, o, notes) return (o.again and last_of or look_for)(db, path, o, notes) end

return M
