--- The file of a store: opened, made where it is missing, checked, closed; what is wrong with it and how to mend it.
---
--- Lines that may fail stand in `guard`; `need` raises what guard makes an outcome of: nil, message, info.
---@internal of numlab.store
local file = require "numlab.file"

local M = {}

local VERSION, APPLICATION = 1, 0x6e6c6162 -- "nlab"
local SCHEMA = ([[
CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL, state TEXT NOT NULL, owner TEXT,
  started TEXT NOT NULL, finished TEXT, columns TEXT NOT NULL, axes TEXT NOT NULL, contestant TEXT NOT NULL);
CREATE TABLE fact (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  UNIQUE (run, name));
CREATE TABLE row (id INTEGER PRIMARY KEY, run INTEGER NOT NULL, point TEXT NOT NULL, UNIQUE (run, point));
CREATE TABLE cell (row INTEGER NOT NULL, name TEXT NOT NULL, value, boolean INTEGER, PRIMARY KEY (row, name))
  WITHOUT ROWID;
CREATE TABLE sample (row INTEGER NOT NULL, part TEXT NOT NULL, turn INTEGER NOT NULL, seconds REAL,
  PRIMARY KEY (row, part, turn)) WITHOUT ROWID;
PRAGMA application_id = %d;
PRAGMA user_version = %d;]]):format(APPLICATION, VERSION)

-- Reasons whose message says all there is to say.
local NO_CURE = { UNAVAILABLE = true, INTERRUPTED = true, VERSION = true, EMPTY = true, ABSENT = true }

-- What to do, by SQLite's word for what is wrong.
local function cure(path, reason)
  local again = ", then run the same command again; rows finished before are kept"
  if reason == "CORRUPT" or reason == "NOTADB" then
    local q = file.quote(path)
    return ("the store is damaged or is none: move it away (mv %s %s), then run the same command again; "
      .. "sqlite3 may bring its rows back (its .recover)"):format(q, file.quote(path .. ".broken"))
  elseif reason == "BUSY" or reason == "LOCKED" then
    return "another program holds the store: wait for it or end it" .. again
  elseif reason == "FULL" then
    return "make room on the disk" .. again
  elseif reason == "CONSTRAINT" then
    return "another process writes the rows of this run; let one of them go on alone"
  elseif NO_CURE[reason] then
    return nil
  end
  return "see that its folder is there, can be written to and has room" .. again
end

--- The value and the message, or out of the guard with them.
function M.need(value, message, info)
  if value == nil then error({ message = message, info = info or {} }, 0) end
  return value, message
end

--- Call f; what `need` raised in it becomes nil, message with its cure, info.
---@param path string  of the store
---@param f function
function M.guard(path, f, ...)
  local got = table.pack(pcall(f, ...))
  if got[1] then return table.unpack(got, 2, got.n) end
  local why = got[2]
  if type(why) ~= "table" or not why.info then error(why, 0) end
  local mend = cure(path, why.info.reason or why.info.code)
  return nil, mend and why.message .. "; " .. mend or why.message, why.info
end

local need = M.need

-- Where a write-ahead log, which lives in shared memory, does not work.
local NETWORK = { nfs = true, smb = true, smb2 = true, cifs = true, v9fs = true, fuseblk = true, afs = true, lustre = true,
  gpfs = true, ceph = true }

-- Another process may be opening or closing the same store: then it stays as that one has it.
local function choose_journal(db, path)
  local folder = file.split(path)
  local kind = file.capture("stat -f -c %T -- " .. file.quote(folder)):match("^[^\n]+")
  local rows, message, info = nil, nil, nil
  if not NETWORK[kind] then rows, message, info = db:rows("PRAGMA journal_mode = WAL") end
  if info and info.code == "INTERRUPTED" then need(rows, message, info) end
  if not rows and not (info and info.reason == "BUSY") then need(db:rows("PRAGMA journal_mode = DELETE")) end
  need(db:run("PRAGMA synchronous = FULL")) -- a row survives a loss of power
end

local function check_store(db, path, readonly)
  -- in this order: another process may make it all, at once, in between
  local empty = #need(db:rows("SELECT 1 FROM sqlite_master LIMIT 1")) == 0
  local version = need(db:rows("PRAGMA user_version"))[1].user_version
  local application = need(db:rows("PRAGMA application_id"))[1].application_id
  if empty and readonly then need(nil, path .. ": nothing is stored in it yet", { code = "IO", reason = "EMPTY" }) end
  if not empty and application ~= APPLICATION then
    need(nil, path .. ": a database of something else", { code = "IO", reason = "NOTADB" })
  end
  if not empty and version ~= VERSION then
    need(nil, ("%s: a store of version %d, this numlab reads version %d; read it with the numlab that wrote it, or give "
      .. "another out="):format(path, version, VERSION), { code = "IO", reason = "VERSION" })
  end
  local verdict = readonly and "ok" or need(db:rows("PRAGMA quick_check(1)"))[1].quick_check
  if verdict ~= "ok" then need(nil, path .. ": " .. verdict, { code = "IO", reason = "CORRUPT" }) end
  return empty
end

--- Open the file, made where it is missing, and check that it is a store.
---@param path string
---@param options numlab.store.OpenOptions?
---@return table? store  {path, db, readonly}
---@return string? message
---@return table? info
function M.open(path, options)
  local ok, nl = pcall(require, "numlab")
  if not ok or not nl.sqlite then
    return nil, "the store needs numlab's engine, which this Lua has not loaded", { code = "UNAVAILABLE" }
  end
  local self = { path = path, readonly = options and options.readonly or false }
  local opened, message, info = M.guard(path, function()
    local db = need(nl.sqlite(path, options))
    self.db = db
    local empty = check_store(db, path, self.readonly)
    if not self.readonly then choose_journal(db, path) end
    if empty then
      need(db:transaction(function() -- unless another process was quicker
        if #need(db:rows("SELECT 1 FROM sqlite_master LIMIT 1")) == 0 then need(db:run(SCHEMA)) end
        return true
      end))
    end
    return true
  end)
  if opened then return self end
  if self.db then self.db:close() end
  return nil, message, info
end

--- Let the file go. The last to leave folds the write-ahead log into it: it can be copied alone then, and be read
--- where nothing can be written. Others are not waited for.
---@param store table
function M.close(store)
  if not store.readonly then
    store.db:run("PRAGMA busy_timeout = 0")
    store.db:rows("PRAGMA journal_mode = DELETE")
  end
  store.db:close()
end

return M
