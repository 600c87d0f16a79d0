--- What a run tells besides its rows: question, the table for people, figures as data, sentences, notes. It is kept in the
--- run's own store, so that a report can be made of any stored run in any language, whatever was measured after it.
---
---   telling.keep("reports/x/x.sqlite", { title = ..., rows = ..., drawings = ..., sections = ..., notes = ... })
---   telling.of(store, run.id)
---
--- Table of the store: told (run, parent = id of the table it stands in, name, value, kind = type, or how it was said).
---@internal of numlab.report and numlab report
local file = require "numlab.file"
local say = require "numlab.say"
local storage = require "numlab.store"
local store_file = require "numlab.store_file"
local text = require "numlab.text"

local M = {}

local SCHEMA = [[
CREATE TABLE IF NOT EXISTS told (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, parent INTEGER, name, value, kind TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS told_of_run ON told (run);]]

-- Functions that may stand in a drawing, by name.
local NAMED = { bytes = text.bytes, duration = text.duration }
local NAME_OF = { [text.bytes] = "bytes", [text.duration] = "duration" }

local guard, need = store_file.guard, store_file.need

local function put(db, run, parent, name, value)
  local kind = say.kind(value) or type(value)
  if kind == "function" then value = NAME_OF[value] end
  if kind == "function" and not value or kind == "userdata" then return end
  local inner
  if type(value) == "table" then value, inner = nil, value end
  local _, id = need(db:run("INSERT INTO told (run, parent, name, value, kind) VALUES (?, ?, ?, ?, ?)", run, parent, name,
    value, kind))
  for key, part in pairs(inner or {}) do put(db, run, id, key, part) end
end

--- Keep what the last finished run of a store tells, in place of what was kept of it before.
---@param path string  of the store
---@param what table  strings, numbers, booleans, sentences, and tables of them
---@return boolean? kept
---@return string? message  false: there is no store
function M.keep(path, what)
  if select(2, file.capture("test -f " .. file.quote(path))) ~= 0 then return false end -- opening it would drop its locks
  local store, message = storage.open(path)
  if not store then return nil, message end
  local ok, why = guard(path, function()
    local db = store.db
    return need(db:transaction(function()
      need(db:run(SCHEMA))
      local last = need(db:rows("SELECT id FROM run WHERE state = 'finished' ORDER BY finished DESC, id DESC LIMIT 1"))[1]
      if not last then need(nil, path .. ": no finished run") end
      need(db:run("DELETE FROM told WHERE run = ?", last.id))
      put(db, last.id, nil, nil, what)
      return true
    end))
  end)
  store:close()
  return ok, why
end

local function value_of(row)
  if row.kind == "table" then return {} end
  if row.kind == "sentence" or row.kind == "list" then return say.again({}, row.kind) end
  if row.kind == "boolean" then return row.value ~= 0 end
  if row.kind == "number" and row.value == nil then return 0 / 0 end
  if row.kind == "function" then return NAMED[row.value] end
  return row.value
end

--- What a run tells.
---@param store table  of numlab.store
---@param run integer
---@return table? what  nil: it tells nothing
function M.of(store, run)
  local db, nodes, root = store.db, {}, nil
  guard(store.path, function()
    if #need(db:rows("SELECT 1 FROM sqlite_master WHERE name = 'told'")) == 0 then return true end
    for _, row in ipairs(need(db:rows("SELECT * FROM told WHERE run = ? ORDER BY id", run))) do
      local value, inside = value_of(row), nodes[row.parent]
      nodes[row.id] = value
      if inside then inside[row.name] = value else root = value end
    end
    return true
  end)
  return root
end

return M
