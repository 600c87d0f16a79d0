local file = require "numlab.file"
local nl = require "numlab"
local provenance = require "numlab.provenance"
local storage = require "numlab.store"

describe("numlab.store", function()
  local probe, why, facts = nl.sqlite(":memory:")
  if not probe then
    it("says how to get SQLite", function()
      local store, message, info = storage.open(os.tmpname())
      assert.is_nil(store)
      assert.equal(why, message)
      assert.equal(facts.code, info.code)
    end)
    return
  end
  probe:close()

  local folder, path, store
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder))
    path = folder .. "/it's a store.sqlite"
    store = assert(storage.open(path))
  end)
  after_each(function()
    if store then store:close() end
    store = nil
    file.capture("rm -rf -- " .. file.quote(folder))
  end)

  local function options(extra)
    local o = { key = "k", shared = { { "seed", "1" }, { "script", "s 1" } }, facts = { { "commit", "abc" } },
      columns = { "n", "method", "x" }, axes = { "n" }, contestant = "method" }
    for k, v in pairs(extra or {}) do o[k] = v end
    return o
  end
  local function begin(extra) return assert(store:begin(options(extra))) end

  it("gives back rows, samples and facts as they were", function()
    local run = begin()
    local row = { n = 1, x = 0.1, whole = 2.0, big = math.maxinteger, method = "lu", yes = true, no = false,
      inf = math.huge, text = "a\0'\n", object = {}, f = print }
    assert(run:add(row, "lu|1", { [""] = { 0.1, 1 / 3 }, forward = { 5e-324 } }))
    assert(run:add({ n = 2, x = 0 / 0, method = "lu" }, "lu|2"))
    assert(run:finish())
    run:leave()
    local got = assert(store:read(1))
    row.object, row.f = nil, nil -- a store holds numbers, strings, truth
    assert.same(row, got.rows[1])
    for k, v in pairs(row) do assert.equal(math.type(v), math.type(got.rows[1][k])) end
    assert.is_true(got.rows[2].x ~= got.rows[2].x)
    assert.same({ [""] = { 0.1, 1 / 3 }, forward = { 5e-324 } }, got.samples[1])
    assert.same({ "lu|1", "lu|2" }, got.points)
    assert.same({ "n", "method", "x" }, got.columns)
    assert.same({ "n" }, got.axes)
    assert.same({ "finished", 2, "method", "abc", "1" }, { got.state, got.count, got.contestant, got.facts.commit,
      got.facts.seed })
    assert.same({ "seed", "script", "commit" }, { table.unpack(got.order, 1, 3) })
    assert.matches("^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%dZ$", got.finished)
  end)

  it("goes on with a broken run of the same key, not with a finished one", function()
    local run = begin()
    assert(run:add({ n = 1, method = "lu" }, "lu|1"))
    run:leave()
    store:close()
    store = assert(storage.open(path))
    run = begin()
    assert.same({ 1, 1 }, { run.id, #run.rows })
    assert.same({}, run.notes)
    assert(run:add({ n = 2, method = "lu" }, "lu|2"))
    assert(run:finish())
    run:leave()
    assert.equal(2, #store:read(1).rows)
    run = begin()
    assert.same({ 2, 0 }, { run.id, #run.rows })
    run:leave()
  end)

  it("never mixes runs of different keys, and says what differs", function()
    local run = begin()
    assert(run:add({ n = 1, method = "lu" }, "lu|1"))
    run:leave()
    run = begin{ key = "other", shared = { { "seed", "2" }, { "script", "s 1" } } }
    assert.same({ 2, 0 }, { run.id, #run.rows })
    assert.equal(1, #run.notes)
    assert.matches("was broken off with 1 rows and differs in seed: it stays as it is", run.notes[1], 1, true)
    run:leave()
  end)

  it("says so when it goes on from another commit, and keeps both", function()
    begin():leave()
    local run = begin{ facts = { { "commit", "def" } } }
    assert.same({ "run 1 began with commit abc and goes on with def" }, run.notes)
    run:leave()
    run = begin{ facts = { { "commit", "def" } } }
    assert.same({}, run.notes)
    run:leave()
    assert.equal("abc; then def", store:read(1).facts.commit)
  end)

  it("leaves a run alone that is under way", function()
    local first = begin()
    local second = begin()
    assert.same({ 1, 2 }, { first.id, second.id })
    assert.matches("is at run 1 of " .. path .. "; this one runs beside it", second.notes[1], 1, true)
    assert(first:add({ n = 1, method = "lu" }, "lu|1"))
    assert(second:add({ n = 1, method = "lu" }, "lu|1"))
    assert.equal("running", store:runs()[1].state)
    assert(second:finish())
    assert(first:finish())
    first:leave()
    second:leave()
    assert.same({ "finished", "finished" }, { store:runs()[1].state, store:runs()[2].state })
  end)

  it("calls a run whose process is gone unfinished", function()
    begin():leave()
    assert(store.db:run("UPDATE run SET owner = 'another-boot 1 1'"))
    assert.equal("unfinished", store:runs()[1].state)
  end)

  it("keeps a row once", function()
    local run = begin()
    assert(run:add({ n = 1, method = "lu" }, "lu|1"))
    local ok, message, info = run:add({ n = 1, method = "lu" }, "lu|1", { [""] = { 1 } })
    assert.is_nil(ok)
    assert.equal("CONSTRAINT", info.reason)
    assert.matches("another process writes the rows of this run", message)
    run:leave()
    assert.equal(1, #store:read(1).rows)
  end)

  it("takes a finished run again, to put rows in the place of others", function()
    local run = begin()
    assert(run:add({ n = 1, method = "lu", code = "OK" }, "lu|1", { [""] = { 1 } }))
    assert(run:add({ n = 2, method = "lu", code = "DIVERGED", old = 1 }, "lu|2", { [""] = { 2, 2 } }))
    assert(run:finish())
    run:leave()
    assert.same({ 1, 2 }, { store:find(options{ again = true }).id, #store:find(options{ again = true }).rows })
    assert.is_nil(store:find(options()).id)
    run = begin{ again = true }
    assert.same({ 1, 2 }, { run.id, #run.rows })
    assert.equal("running", store:runs()[1].state)
    assert(run:add({ n = 2, method = "lu", code = "OK" }, "lu|2", { [""] = { 3 } }))
    assert.same({ { n = 1, method = "lu", code = "OK" }, { n = 2, method = "lu", code = "OK" } }, run:stored())
    assert(run:finish())
    run:leave()
    local got = store:read(1)
    assert.same({ "finished", "lu|1", "lu|2" }, { got.state, table.unpack(got.points) })
    assert.same({ { [""] = { 1 } }, { [""] = { 3 } } }, got.samples)
    local none, message, info = store:begin(options{ again = true, key = "other", shared = { { "seed", "2" } } })
    assert.is_nil(none)
    assert.equal("ABSENT", info.code)
    assert.equal(path .. " has no run of these settings to run again: its last, run 1, differs in seed", message)
    run = begin{ again = true }
    none, message = store:begin(options{ again = true }) -- while it is under way
    assert.is_nil(none)
    assert.matches("is at run 1 of " .. path .. ": wait for it or end it", message, 1, true)
    run:leave()
    assert.equal(1, #store:runs())
  end)

  it("lets other processes add rows to a run", function()
    local run, second = begin(), assert(storage.open(path))
    local joined = assert(second:join(run.id))
    assert(joined:add({ n = 1, method = "lu" }, "lu|1"))
    assert(run:add({ n = 2, method = "lu" }, "lu|2"))
    assert.same({ 1, 2 }, { #run.rows, #run:stored() })
    second:close()
    assert(run:finish())
    run:leave()
    local none, message, info = store:join(run.id)
    assert.is_nil(none)
    assert.same({ path .. " has no run 1 under way", "ABSENT" }, { message, info.code })
  end)

  it("knows what points took when they were last measured", function()
    for i = 1, 2 do
      local run = begin()
      assert(run:add({ n = 1, method = "lu", seconds_spent = i / 2 }, "lu|1"))
      assert(run:add({ n = 2, method = "lu" }, "lu|2"))
      assert(run:finish())
      run:leave()
    end
    assert.same({ ["lu|1"] = 1.0 }, store:took())
  end)

  it("undoes what comes with the end of a run where that fails", function()
    local run = begin()
    local ok, message = run:finish(function() return nil, "no room for the csv" end)
    assert.is_nil(ok)
    assert.equal("no room for the csv", message:match("^[^;]*"))
    assert.equal("running", store:runs()[1].state)
    run:leave()
  end)

  it("says what is in its way, and how to mend it", function()
    begin():leave()
    local db = store.db
    db:transaction(function() -- another program's lock
      db:run("UPDATE run SET key = 'k'")
      local other = assert(storage.open(path, { timeout = 0.05 }))
      local run, message, info = other:begin(options())
      assert.is_nil(run)
      assert.equal("BUSY", info.reason)
      assert.matches("database is locked; another program holds the store: wait for it or end it", message, 1, true)
      other:close()
    end)
    store:close()
    local whole = file.read(path)
    for _, ruin in ipairs({ ("x"):rep(4096), whole:sub(1, 5000), "SQLite format 3\0" .. ("\255"):rep(9000) }) do
      assert(file.write(path, ruin))
      local none, message = storage.open(path)
      assert.is_nil(none)
      assert.matches("move it away (mv " .. file.quote(path) .. " " .. file.quote(path .. ".broken"), message, 1, true)
      assert.equal(ruin, file.read(path))
    end
    assert(file.write(path, whole))
    store = assert(storage.open(path))
    store.db:run("PRAGMA user_version = 99")
    store:close()
    local none, message = storage.open(path)
    assert.is_nil(none)
    assert.matches("a store of version 99, this numlab reads version 1", message)
    store = nil
    none, message = storage.open(folder .. "/none/x.sqlite")
    assert.is_nil(none)
    assert.matches("No such file or directory; see that its folder is there", message)
  end)

  it("takes no database of something else for its own", function()
    local other = folder .. "/other.sqlite"
    local db = assert(nl.sqlite(other))
    db:run("CREATE TABLE mine (n)")
    db:close()
    local none, message = storage.open(other)
    assert.is_nil(none)
    assert.matches("a database of something else", message)
    none, message = storage.open(path, { readonly = true })
    assert.is_truthy(none, message)
    none:close()
  end)

  it("reads without a trace", function()
    begin():leave()
    store:close()
    store = nil
    local before = file.read(path)
    local reader = assert(storage.open(path, { readonly = true }))
    assert.equal(1, #reader:runs())
    local run, message = reader:read(5)
    assert.is_nil(run)
    assert.matches("has no run 5 %(its runs: 1%)", message)
    reader:close()
    assert.equal(before, file.read(path))
    assert.equal("it's a store.sqlite\n", file.capture("ls -- " .. file.quote(folder)))
  end)
end)

describe("numlab.provenance", function()
  local function key(extra)
    local o = { run = function() end, arguments = { n = 1, list = { 1, 2 } }, axes = { { "n", { 1, 2 } } },
      contestants = { "a" }, seed = 1 }
    for k, v in pairs(extra or {}) do o[k] = v end
    return provenance.key(o)
  end
  local function fact(list, name)
    for _, pair in ipairs(list) do if pair[1] == name then return pair[2] end end
  end

  it("makes one key of one setting, others of others", function()
    local seen = { [key()] = true }
    assert.is_true(seen[key()])
    for _, other in ipairs({ { seed = 2 }, { arguments = {} }, { axes = { { "n", { 1 } } } }, { contestants = { "b" } },
      { arguments = { n = "1", list = { 1, 2 } } }, { run = assert(load("return 1")) } }) do
      local k = key(other)
      assert.is_nil(seen[k])
      seen[k] = true
    end
    local threads = nl.threads(nl.threads() == 1 and 2 or 1)
    local k = key()
    nl.threads(threads)
    assert.is_nil(seen[k])
  end)

  it("tells cards, their drivers and the plugin apart, where rows come from one", function()
    local own, card, seen = nl.device, nil, { [key()] = true }
    nl.device = function() return card end
    finally(function() nl.device = own end)
    for _, facts in ipairs{ { "A", "1", "13", "x" }, { "B", "1", "13", "x" }, { "A", "2", "13", "x" },
      { "A", "1", "14", "x" }, { "A", "1", "13", "y" } } do
      card = { name = facts[1], driver = facts[2], runtime = facts[3], build = facts[4] }
      local k, shared = key{ device = "cuda" }
      assert.is_nil(seen[k])
      assert.equal(("%s, driver %s, runtime %s, plugin build %s"):format(table.unpack(facts)), fact(shared, "gpu"))
      seen[k] = true
    end
    assert.is_true(seen[key{ device = "cpu" }])
  end)

  it("tells them in words", function()
    local _, shared = key()
    assert.matches("^store_spec.lua %x+$", fact(shared, "script"))
    assert.equal("list=1,2 n=1", fact(shared, "arguments"))
    assert.equal("n=1,2", fact(shared, "axes"))
    assert.equal("1", fact(shared, "seed"))
    assert.equal(nl.version, fact(shared, "numlab"):match("^%S+"))
    assert.is_truthy(fact(shared, "blas"))
    assert.matches("^gcc", fact(provenance.facts(), "compiler"))
  end)

  it("tells the kinds of cores", function()
    local folder = os.tmpname()
    os.remove(folder)
    local function put(name, contents)
      assert(file.make_folder((file.split(folder .. "/" .. name))))
      assert(file.write(folder .. "/" .. name, contents .. "\n"))
    end
    assert.is_nil(provenance.core_types(folder))
    for i = 0, 2 do put(("system/cpu/cpu%d/cpufreq/cpuinfo_max_freq"):format(i), i < 2 and "2400000" or "3600000") end
    assert.equal("1 up to 3600000 kHz, 2 up to 2400000 kHz", provenance.core_types(folder))
    for i = 0, 2 do put(("system/cpu/cpu%d/cpu_capacity"):format(i), "1024") end
    assert.equal("1 up to 3600000 kHz, 2 up to 2400000 kHz", provenance.core_types(folder)) -- tells more
    put("system/cpu/cpu0/cpu_capacity", "446")
    assert.equal("2 of capacity 1024, 1 of capacity 446", provenance.core_types(folder))
    put("cpu_core/cpus", "0-11,20")
    put("cpu_atom/cpus", "12-19")
    assert.equal("13 P (0-11,20), 8 E (12-19)", provenance.core_types(folder))
    file.capture("rm -rf -- " .. file.quote(folder))
    assert.is_truthy(fact(provenance.facts(), "load"))
    assert.is_truthy(fact(provenance.facts(), "cores_allowed"))
  end)

  it("knows whether a process lives", function()
    local own = provenance.process()
    assert.equal(own:match(" (%d+) "), provenance.alive(own))
    assert.is_nil(provenance.alive(own:gsub("%d+$", "1"))) -- its number went to another
    assert.is_nil(provenance.alive("another-boot 1 1"))
    assert.is_nil(provenance.alive(""))
    assert.is_nil(provenance.alive(nil))
    assert.equal("77", provenance.start_of("1 (a) b) S " .. ("0 "):rep(18) .. "77 0"))
  end)
end)
