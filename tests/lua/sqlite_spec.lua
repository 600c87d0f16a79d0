local file = require "numlab.file"
local nl = require "numlab"

describe("nl.sqlite", function()
  local available, why = nl.sqlite(":memory:")
  if not available then
    it("says how to get SQLite", function() assert.matches("apt install libsqlite3%-0", why) end)
    return
  end
  available:close()

  local path, db
  before_each(function()
    path = os.tmpname()
    db = assert(nl.sqlite(path))
    db:run("CREATE TABLE t (id INTEGER PRIMARY KEY, v)")
  end)
  after_each(function()
    db:close()
    for _, ending in ipairs({ "", "-wal", "-shm", "-journal" }) do os.remove(path .. ending) end
  end)

  it("gives every value back as it was, its type too", function()
    local values = { 0, -0.0, -1, math.maxinteger, math.mininteger, 0.1, 1 / 3, 2.0, 1e308, 5e-324, math.huge, -math.huge, "",
      "x", "a'b\"c`; --", "zero\0byte", "\xff\xfe", "矩阵" }
    for i, v in ipairs(values) do assert.equal(1, (db:run("INSERT INTO t VALUES (?, ?)", i, v))) end
    db:close()
    db = assert(nl.sqlite(path))
    for i, row in ipairs(db:rows("SELECT * FROM t ORDER BY id")) do
      assert.equal(values[i], row.v)
      assert.equal(math.type(values[i]), math.type(row.v))
      if math.type(values[i]) == "float" then assert.equal(1 / values[i], 1 / row.v) end
    end
  end)

  it("keeps truth as 1 and 0, nil and nan as nothing", function()
    db:run("INSERT INTO t (v) VALUES (?), (?), (?), (?)", true, false, nil, 0 / 0)
    local rows = db:rows("SELECT v FROM t ORDER BY id")
    assert.same({ { v = 1 }, { v = 0 }, {}, {} }, rows)
  end)

  it("counts what it wrote and names the last row", function()
    local changed, id = db:run("INSERT INTO t (v) VALUES (1), (2), (3)")
    assert.same({ 3, 3 }, { changed, id })
    assert.equal(2, (db:run("DELETE FROM t WHERE v > ?", 1)))
  end)

  it("runs several statements, the comments between them too", function()
    db:run("-- one\nINSERT INTO t (v) VALUES (1); INSERT INTO t (v) VALUES (2);\n-- end\n")
    assert.equal(2, #db:rows("SELECT * FROM t;"))
    assert.same({ { a = 1 }, { b = 2 } }, db:rows("SELECT 1 AS a; SELECT 2 AS b"))
    assert.same({}, db:rows(" -- nothing"))
  end)

  it("raises on misuse, before anything is done", function()
    local function fails(pattern, f, ...)
      local args = table.pack(...)
      assert.error_matches(function() f(table.unpack(args, 1, args.n)) end, pattern)
    end
    fails("near \"SELEKT\": syntax error", db.rows, db, "SELEKT 1")
    fails("no such table: nowhere", db.rows, db, "SELECT * FROM nowhere")
    fails("the statement has 2 parameters, got 1 value", db.rows, db, "SELECT ?, ?", 1)
    fails("the statement has 0 parameters, got 1 value", db.run, db, "DELETE FROM t", 1)
    fails("values go with a single statement", db.run, db, "INSERT INTO t (v) VALUES (?); DELETE FROM t", 1)
    fails("value 1 is a table", db.rows, db, "SELECT ?", {})
    fails("value 1 is a tensor", db.rows, db, "SELECT ?", nl.eye(2))
    fails("must not contain a zero byte", db.rows, db, "SELECT 1\0")
    fails("must not contain a zero byte", nl.sqlite, "x\0y")
    fails("unknown option 'read_only' %(did you mean 'readonly'", nl.sqlite, path, { read_only = true })
    fails("'timeout' must be from 0", nl.sqlite, path, { timeout = -1 })
    fails("function expected", db.transaction, db, 1)
    assert.equal(0, #db:rows("SELECT * FROM t"))
  end)

  it("tells a constraint that does not hold as an outcome", function()
    db:run("INSERT INTO t VALUES (1, 1)")
    local no, message, info = db:run("INSERT INTO t VALUES (1, 2)")
    assert.is_nil(no)
    assert.matches("UNIQUE constraint failed: t.id", message, 1, true)
    assert.same({ code = "IO", reason = "CONSTRAINT" }, info)
  end)

  it("keeps all of a transaction or nothing", function()
    assert.is_true(db:transaction(function() db:run("INSERT INTO t VALUES (1, 1)") end))
    assert.same({ 1, 2, nil, 4 }, { db:transaction(function()
      db:run("INSERT INTO t VALUES (2, 2)")
      return 1, 2, nil, 4
    end) })
    local fault = { "of its own" }
    local ok, got = pcall(db.transaction, db, function()
      db:run("INSERT INTO t VALUES (3, 3)")
      error(fault)
    end)
    assert.is_false(ok)
    assert.equal(fault, got)
    assert.same({ nil, "no", 7 }, { db:transaction(function()
      db:run("INSERT INTO t VALUES (4, 4)")
      return nil, "no", 7
    end) })
    assert.error_matches(function() db:transaction(function() db:transaction(print) end) end, "one is open already")
    assert.error_matches(function() db:transaction(function() db:close() end) end, "was closed inside")
    db = assert(nl.sqlite(path))
    assert.equal(2, #db:rows("SELECT * FROM t"))
  end)

  it("waits for another's lock, then says so", function()
    local other <close> = assert(nl.sqlite(path, { timeout = 0.05 }))
    db:transaction(function()
      db:run("INSERT INTO t VALUES (1, 1)")
      local start = nl.clock()
      local no, message, info = other:transaction(function() return true end)
      assert.is_nil(no)
      assert.matches("database is locked", message)
      assert.matches(path, message, 1, true)
      assert.same({ code = "IO", reason = "BUSY" }, info)
      assert.is_true(nl.clock() - start >= 0.04)
    end)
    assert.is_true(other:transaction(function() end))
  end)

  it("reads without writing", function()
    local reader <close> = assert(nl.sqlite(path, { readonly = true }))
    assert.equal(0, #reader:rows("SELECT * FROM t"))
    local no, _, info = reader:run("INSERT INTO t VALUES (1, 1)")
    assert.is_nil(no)
    assert.equal("READONLY", info.reason)
    local missing, message
    missing, message, info = nl.sqlite(path .. ".none", { readonly = true })
    assert.is_nil(missing)
    assert.matches("unable to open database file: No such file or directory", message)
    assert.same({ code = "IO", reason = "CANTOPEN" }, info)
    assert.is_nil(io.open(path .. ".none"))
  end)

  it("says what is no database", function()
    db:close()
    assert(file.write(path, ("no database "):rep(200)))
    db = assert(nl.sqlite(path))
    local no, message, info = db:rows("SELECT * FROM sqlite_master")
    assert.is_nil(no)
    assert.matches("file is not a database", message)
    assert.equal("NOTADB", info.reason)
  end)

  it("closes once and for all", function()
    assert.matches("^sqlite database .*" .. path:match("[^/]*$") .. "$", tostring(db))
    db:close()
    db:close()
    assert.matches("%(closed%)$", tostring(db))
    assert.error_matches(function() db:rows("SELECT 1") end, "this database was closed")
    do
      local short <close> = assert(nl.sqlite(path))
      assert(short:rows("SELECT 1"))
    end
    assert(nl.sqlite(path)) -- and the collector takes what nobody closed
    collectgarbage()
    collectgarbage()
  end)
end)
