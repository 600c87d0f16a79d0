---@meta numlab

---@class numlab
local nl = {}

---A database in a file.
---@class nl.Database
local Database = {}

---@class nl.DatabaseOptions
---@field readonly? boolean never written, and not made where it is missing
---@field timeout? number seconds to wait for a lock, default 5

---Open a database of SQLite; it is made where it is missing, unless `readonly`. ":memory:" is one without a file.
---
---Lua's values: integers, floats (the same bits come back, but NaN is NULL, nil), strings, nil; true and false go in as
---1 and 0. A program that holds a lock is waited for.
---@param path string
---@param opts? nl.DatabaseOptions
---@return nl.Database|nil db nil when the file cannot be opened, or SQLite is not on this machine
---@return string? message
---@return table? info `code`: "IO" or "UNAVAILABLE"; `reason` with IO, SQLite's word: "CANTOPEN" ...
--- Example:
---     local db, message, info = nl.sqlite(":memory:")
---     assert(db or info.code == "UNAVAILABLE", message)
---     local missing, why, facts = nl.sqlite("no-such-folder/x.sqlite")
---     assert(missing == nil and (facts.reason == "CANTOPEN" or facts.code == "UNAVAILABLE"), why)
function nl.sqlite(path, opts) end

---What a statement gives, as records by the names of its columns; NULL is absent.
---@param sql string one statement, or several that take no values
---@param ... number|string|boolean|nil one value a question mark
---@return table[]|nil rows nil when the file fails: locked, full, corrupt; wrong SQL raises
---@return string? message
---@return table? info `code`: "IO" or "INTERRUPTED"; `reason` with IO: "BUSY", "FULL", "CORRUPT", "NOTADB" ...
--- Example:
---     local db = nl.sqlite(":memory:")
---     if db then
---       local rows = db:rows("SELECT ? AS n, ? AS x, ? AS e", 3, 0.1, nil)
---       assert(math.type(rows[1].n) == "integer" and rows[1].x == 0.1 and rows[1].e == nil)
---     end
function Database:rows(sql, ...) end

---Run statements for what they do.
---@param sql string one statement, or several that take no values
---@param ... number|string|boolean|nil one value a question mark
---@return integer|nil changed rows the last INSERT, UPDATE or DELETE wrote; nil as for rows, or when a constraint does not hold
---@return integer|string id of the last row inserted, or the message
---@return table? info as for rows; `reason` "CONSTRAINT" too
--- Example:
---     local db = nl.sqlite(":memory:")
---     if db then
---       db:run("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT UNIQUE)")
---       local changed, id = db:run("INSERT INTO t (name) VALUES (?)", "a")
---       assert(changed == 1 and id == 1)
---       local no, message, info = db:run("INSERT INTO t (name) VALUES ('a')")
---       assert(no == nil and info.reason == "CONSTRAINT" and message:find "UNIQUE")
---     end
function Database:run(sql, ...) end

---All of what a function writes, or nothing: committed when it returns, rolled back when it raises or returns nil.
---@param f fun(): any
---@return any ... what f returned (true for nothing); nil, message, info when it could not begin or be committed
--- Example:
---     local db = nl.sqlite(":memory:")
---     if db then
---       db:run("CREATE TABLE t (n)")
---       assert(db:transaction(function() return db:run("INSERT INTO t VALUES (1)") end))
---       pcall(db.transaction, db, function() db:run("INSERT INTO t VALUES (2)") error("changed my mind") end)
---       assert(#db:rows("SELECT * FROM t") == 1)
---     end
function Database:transaction(f) end

---Let the file go now; using the database afterwards raises.
--- Example:
---     local db = nl.sqlite(":memory:")
---     if db then
---       db:close()
---       assert(not pcall(db.rows, db, "SELECT 1"))
---     end
function Database:close() end

return nl
