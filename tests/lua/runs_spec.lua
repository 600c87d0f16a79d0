-- Stored runs: found by name, compared, exported.
local compare = require "numlab.compare"
local export = require "numlab.export"
local file = require "numlab.file"
local nl = require "numlab"
local runs = require "numlab.runs"
local storage = require "numlab.store"

describe("numlab.compare", function()
  it("tells faster, slower and same from unclear", function()
    local function verdict(a, b, o) return compare.times(a, b, o).verdict end
    local base = { 1, 1.01, 0.99, 1.02, 0.98 }
    local function times(f)
      local out = {}
      for i, v in ipairs(base) do out[i] = f * v end
      return out
    end
    assert.equal("slower", verdict(base, times(1.5)))
    assert.equal("faster", verdict(base, times(0.5)))
    assert.equal("same", verdict(base, times(1.001)))
    assert.equal("same", verdict(base, times(1.5), { same = 0.6 }))
    assert.equal("unclear", verdict(base, { 0.5, 2, 1, 0.7, 1.6 }))
    assert.equal("slower", verdict(base, { 1.5, 1.5, 1.5, 1.5, 900 })) -- one outlier decides nothing
  end)

  it("estimates ratio and effect", function()
    local got = compare.times({ 1, 2, 3 }, { 2, 4, 6 })
    assert.equal(2, got.ratio)
    assert.is_true(math.abs(got.effect - 1.5 / 9) < 1e-15) -- of 9 pairs one smaller, one equal
    assert.equal(1, compare.times({ 5 }, { 4 }).effect)
  end)

  it("says when there are too few samples for an interval", function()
    local got = compare.times({ 1, 1.1, 0.9 }, { 2, 2.1, 1.9 })
    assert.same({ "unclear", 4 }, { got.verdict, got.needed })
    assert.is_nil(got.low)
    assert.equal("slower", compare.times({ 1, 1.1, 0.9 }, { 2, 2.1, 1.9 }, { level = 0.9 }).verdict)
  end)

  -- critical values of U at 5 % (two-sided), Mann and Whitney's table: the interval leaves out as many ratios
  it("takes its intervals from the exact distribution", function()
    for _, case in ipairs({ { 4, 4, 0 }, { 5, 5, 2 }, { 6, 6, 5 }, { 7, 7, 8 }, { 8, 8, 13 }, { 10, 10, 23 }, { 5, 9, 7 },
      { 20, 20, 127 } }) do
      local m, n, critical = table.unpack(case)
      local a, b, ratios = {}, {}, {}
      for i = 1, m do a[i] = 1 + i / 1000 end
      for j = 1, n do b[j] = 1 + (j * j) / 777 end
      for i = 1, m do for j = 1, n do ratios[#ratios + 1] = b[j] / a[i] end end
      table.sort(ratios)
      local got = compare.times(a, b)
      assert.equal(ratios[critical + 1], got.low)
      assert.equal(ratios[#ratios - critical], got.high)
    end
  end)

  it("goes over to the normal law without a step", function()
    local a, b = {}, {}
    for i = 1, 60 do a[i], b[i] = 1 + i / 100, 1.3 + i / 100 end
    local many = compare.times(a, b)
    for i = 50, 60 do a[i], b[i] = nil, nil end
    local fewer = compare.times(a, b)
    assert.is_true(many.low > 1 and fewer.low > 1 and many.low > fewer.low - 0.05)
  end)

  it("is wrong as seldom as it says", function()
    local k, wrong = 0, 0
    for trial = 1, 400 do
      local values = nl.rand(10, { seed = trial })
      local a, b = {}, {}
      for i = 1, 5 do a[i], b[i] = math.exp(values(i)), math.exp(values(i + 5)) end
      local got = compare.times(a, b)
      k, wrong = k + 1, wrong + ((got.low > 1 or got.high < 1) and 1 or 0)
    end
    assert.is_true(wrong / k < 0.06) -- 0.032 by theory
  end)

  it("raises on misuse", function()
    assert.error_matches(function() compare.times({}, { 1 }) end, "a list is empty")
    assert.error_matches(function() compare.times({ 0 }, { 1 }) end, "times must be positive")
    assert.error_matches(function() compare.times({ 1 }, { 1 }, { level = 1 }) end, "level must lie between 0 and 1")
    assert.error_matches(function() compare.times({ 1 }, { 1 }, { levle = 1 }) end, "did you mean 'level'")
  end)

  -- A run as the store gives it; of[point] = {code, samples}
  local function made(of)
    local run = { axes = { "n" }, contestant = "method", rows = {}, samples = {}, points = {}, facts = {}, order = {} }
    for _, entry in ipairs(of) do
      local n, method, code, list = table.unpack(entry)
      local i = #run.rows + 1
      run.rows[i], run.points[i] = { n = n, method = method, code = code }, method .. "|" .. n
      run.samples[i] = { [""] = list, forward = list }
    end
    return run
  end

  it("pairs rows by point and contestant", function()
    local a = made{ { 1, "x", "OK", { 1, 1, 1, 1 } }, { 2, "x", "OK", { 1, 1, 1, 1 } }, { 3, "x", "SINGULAR" },
      { 4, "x", "SINGULAR" }, { 5, "x", "OK", { 0, 0 } }, { 6, "x", "OK", { 1 } } }
    local b = made{ { 2, "x", "OK", { 2, 2, 2, 2 } }, { 1, "x", "OK", { 1, 1, 1, 1 } }, { 3, "x", "SINGULAR" },
      { 4, "x", "OK", { 1 } }, { 5, "x", "OK", { 1, 1 } }, { 7, "x", "OK", { 1 } } }
    local found, counts = compare.runs(a, b, { metric = "forward_s" })
    local words = {}
    for i, row in ipairs(found) do words[i] = row.n .. row.verdict end
    assert.equal("1same 2slower 3same 4failed 5unclear", table.concat(words, " "))
    assert.same({ faster = 0, slower = 1, same = 2, unclear = 1, failed = 1, only_a = 1, only_b = 1 }, counts)
    assert.same({ "forward_s", "seconds" }, compare.metrics(a))
  end)

  it("takes the speed of the machine out by a baseline", function()
    local four = function(v) return { v, v * 1.01, v * 0.99, v } end
    local a = made{ { 1, "x", "OK", four(1) }, { 1, "base", "OK", four(2) } }
    local b = made{ { 1, "x", "OK", four(3) }, { 1, "base", "OK", four(6) } }
    local found = compare.runs(a, b)
    assert.same({ "slower", "slower" }, { found[1].verdict, found[2].verdict })
    local counts
    found, counts = compare.runs(a, b, { baseline = "base" })
    assert.same({ 1, "same", 0.5 }, { #found, found[1].verdict, found[1].a })
    assert.same({ 0, 0 }, { counts.only_a, counts.only_b })
  end)
end)

describe("stored runs", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder .. "/a b"))
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)

  it("are taken apart by name and number", function()
    assert.same({ "x", -1 }, { runs.parse("x") })
    assert.same({ "x", 3 }, { runs.parse("x:3") })
    assert.same({ "a:b", -2 }, { runs.parse("a:b:-2") })
    assert.same({ "x:", -1 }, { runs.parse("x:") })
    assert.same({ "x", 0 }, { runs.parse("x:99999999999999999999") })
  end)

  local function fill(path)
    local store = storage.open(path)
    if not store then return false end -- no SQLite here
    local run = assert(store:begin{ key = "k", shared = { { "seed", "1" }, { "note", "`back`\nquoted" } }, facts = {},
      columns = { "n", "method", "x", "gone", "ok", "threads" }, axes = { "n" }, contestant = "method" })
    run:add({ n = 1, method = 'l"u', x = 0 / 0, ok = true, threads = 2, more = "\xff" }, "1", { [""] = { 0.5, 0.1 } })
    run:add({ n = 2, method = "a,b", x = -math.huge, ok = false, threads = 2 }, "2", { [""] = { 1 / 3 }, fw = { 1 } })
    run:finish()
    run:leave()
    store:close()
    return true
  end

  it("are found by file, by folder, from the end", function()
    if not fill(folder .. "/a b/t.sqlite") then return end
    local path = folder .. "/a b/t.sqlite"
    for _, word in ipairs({ folder, folder .. "/a b", path, path .. ":1", folder .. ":-1" }) do
      assert.equal("t:1", assert(runs.find(word)).name)
    end
    local function says(word, what) assert.matches(what, select(2, runs.find(word)), 1, true) end
    says(folder .. ":2", "has no run 2 (its runs: 1)")
    says(folder .. ":-2", "has 1 run, none 2 from the end")
    says("no-such-store", "no-such-store")
    fill(folder .. "/u.sqlite")
    says(folder, "2 stores in " .. folder)
    local all, faults = runs.all(runs.stores(folder))
    assert.same({ 2, 0 }, { #all, #faults })
    assert(file.write(folder .. "/bad.sqlite", "bad"))
    all, faults = runs.all(runs.stores(folder))
    assert.same({ 2, 1 }, { #all, #faults })
    assert.matches("bad.sqlite", faults[1])
    assert.matches("is no folder and no store", select(2, runs.stores(folder .. "/none")))
  end)

  it("tell apart what varies and what does not", function()
    if not fill(folder .. "/t.sqlite") then return end
    local columns, constant = runs.columns(assert(runs.find(folder)))
    assert.same({ "n", "method", "x", "ok" }, columns)
    assert.same({ { "threads", 2 } }, constant)
  end)

  it("are exported byte for byte the same, with every number as it is", function()
    if not fill(folder .. "/t.sqlite") then return end
    local run = assert(runs.find(folder))
    assert.equal('n,method,x,gone,ok,threads\n1,"l""u",nan,,true,2\n2,"a,b",-inf,,false,2\n', export.text(run, "csv"))
    local json = export.text(run, "json")
    assert.matches('{"row": {"n": 1, "method": "l\\"u", "x": "nan", "ok": true, "threads": 2, "more": "\u{fffd}"}, '
      .. '"samples": {"seconds": [0.5, 0.1]}}', json, 1, true)
    assert.matches('"samples": {"seconds": [0.3333333333333333], "fw_s": [1]}', json, 1, true)
    assert.matches('"note": "`back`\\u000aquoted"', json, 1, true)
    assert.matches("| n | method | x | ok | threads |\n", export.text(run, "md"), 1, true)
    assert.matches("- note: ```back` quoted``\n", export.text(run, "md"), 1, true)
    for _, format in ipairs(export.FORMATS) do
      assert.equal(export.text(run, format), export.text(assert(runs.find(folder)), format))
    end
    assert.error_matches(function() export.text(run, "jsn") end, "did you mean 'json'")
  end)
end)
