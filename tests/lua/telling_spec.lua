-- What a run tells, kept in its store and read back; which run of a store a report tells of.
local data = require "numlab.report_data"
local file = require "numlab.file"
local nl = require "numlab"
local say = require "numlab.say"
local storage = require "numlab.store"
local telling = require "numlab.telling"
local text = require "numlab.text"

if not nl.sqlite(":memory:") then return end -- nothing can be kept

describe("numlab.telling", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder))
  end)
  after_each(function() os.execute("rm -rf " .. file.quote(folder)) end)

  -- A store with a finished run for each list of arguments; each tells its own words.
  local function store_of(name, list)
    local path = ("%s/%s.sqlite"):format(folder, name)
    for i, arguments in ipairs(list) do
      local store = assert(storage.open(path))
      local run = assert(store:begin{ key = "k" .. i, shared = { { "arguments", arguments } }, facts = {}, columns = { "n" },
        axes = { "n" }, contestant = "method" })
      assert(run:add({ n = i, method = "lu" }, "lu|" .. i))
      assert(run:finish())
      run:leave()
      store:close()
      assert(telling.keep(path, { title = arguments, rows = { { n = i } }, drawings = {}, sections = {} }))
    end
    return path
  end

  it("gives back what it was given, sentences as sentences", function()
    local path = store_of("x", { "" })
    local what = { title = say("n = {n}", { n = 3 }), rows = { { a = 1.5, b = "x", c = false, d = math.huge } },
      format = { bytes = text.bytes, own = function() end, plain = "%d" }, said = say.list({ say"forward", 2 }, "; ") }
    assert(telling.keep(path, what))
    local store = assert(storage.open(path, { readonly = true }))
    local got = telling.of(store, 1)
    assert.is_nil(telling.of(store, 2))
    store:close()
    what.format.own = nil
    assert.same(what, got)
    assert.equal("前向传播；2", say.read(got.said, "zh"))
    assert.equal("n = 3", tostring(got.title))
  end)

  it("keeps nan", function()
    local path = store_of("x", { "" })
    assert(telling.keep(path, { 0 / 0 }))
    local store = assert(storage.open(path, { readonly = true }))
    local got = telling.of(store, 1)
    store:close()
    assert.is_true(got[1] ~= got[1])
  end)

  it("needs a store with a finished run", function()
    assert.is_false((telling.keep(folder .. "/none.sqlite", {})))
    assert(file.write(folder .. "/bad.sqlite", "no database"))
    local ok, message = telling.keep(folder .. "/bad.sqlite", {})
    assert.is_nil(ok)
    assert.matches("bad.sqlite", message, 1, true)
  end)

  it("is that of the last run of full size, of a quick one where there is no other", function()
    local experiment = data.EXPERIMENTS[1]
    local path = store_of(experiment.name, { "n=1 quick=false", "n=2 quick=false", "n=3 quick=true" })
    local result = data.stored(experiment, { path })
    assert.same({ 2, false, "n=2 quick=false" }, { result.run.id, result.quick, result.title })
    assert.equal(path, result.run.path)
    os.remove(path)
    result = data.stored(experiment, { store_of(experiment.name, { "quick=true n=1" }), folder .. "/other.sqlite" })
    assert.same({ 1, true }, { result.run.id, result.quick })
    assert.same({ nil, "no finished run is stored there" }, { data.stored(experiment, {}) })
  end)
end)
