local designs = require "numlab.axes"
local file = require "numlab.file"
local storage = require "numlab.store"
local provenance = require "numlab.provenance"
local sweep = require "numlab.sweep"
local words = require "numlab.sweep_words"

describe("numlab.sweep", function()
  local folder, calls, now
  before_each(function()
    folder, calls, now = os.tmpname(), {}, 0
    os.remove(folder)
  end)
  after_each(function()
    words.take({})
    file.capture("rm -rf -- " .. file.quote(folder))
  end)

  -- Two axes, two contestants; b fails everywhere with a code, the point (2, y) has no system.
  local function run(_, contestant, system)
    calls[#calls + 1] = contestant
    if calls.stop and #calls > calls.stop then error("interrupted") end
    if contestant == "b" then return nil, "no way", { code = "SINGULAR", row = { iterations = 7 } } end
    return { seconds = 0.5, value = system * 2 }
  end
  local function options(extra)
    local o = { name = "t", out = folder, seed = 1, repeats = 2, pause = 0, quiet = true, contestants = { "a", "b" },
      clock = function() now = now + 0.001 return now end,
      axes = { { "n", { 1, 2 } }, { "kind", { "x", "y" } } },
      columns = { "n", "kind", "method", "seconds", "seconds_min", "seconds_iqr", "repeats", "value", "iterations",
        "seed", "code", "message" },
      prepare = function(point)
        if point.n == 2 and point.kind == "y" then return nil, "no system", { code = "SHAPE" } end
        return point.n * 10
      end, run = run }
    for k, v in pairs(extra or {}) do o[k] = v end
    return o
  end

  it("makes the product of the axes, the last fastest", function()
    assert.same({ { n = 1, k = "x" }, { n = 1, k = "y" }, { n = 2, k = "x" }, { n = 2, k = "y" } },
      sweep.points({ { "n", { 1, 2 } }, { "k", { "x", "y" } } }))
  end)

  it("hashes by FNV-1a", function()
    assert.equal("cbf29ce484222325", provenance.hash(""))
    assert.equal("af63dc4c8601ec8c", provenance.hash("a"))
    assert.equal("85944171f73967e8", provenance.hash("foobar"))
  end)

  it("gives the parts of a time columns of their own", function()
    local k = 0
    local rows = sweep.run(options({ contestants = { "a" }, axes = { { "n", { 1 } } },
      columns = { "n", "method", "forward_s", "forward_min", "forward_iqr", "backward_s", "repeats", "code" },
      run = function()
        k = k + 1
        return { seconds = 3 * k / 64, parts = { forward = k / 64, backward = 2 * k / 64 } }
      end }))
    assert.same({ 2.5 / 64, 2 / 64, 0.5 / 64, 5 / 64 },
      { rows[1].forward_s, rows[1].forward_min, rows[1].forward_iqr, rows[1].backward_s })
    assert.is_nil(rows[1].parts)
    assert.matches("\n1,a,0.0390625,0.03125,0.0078125,0.078125,2,OK\n$", assert(file.read(folder .. "/t.csv")))
  end)

  it("gives a row a point and contestant, failures with their code", function()
    local rows, info = sweep.run(options())
    assert.equal(8, #rows)
    assert.equal(0, info.resumed)
    assert.equal("OK", rows[1].code)
    assert.equal(20, rows[1].value)
    assert.equal(2, rows[1].repeats)
    assert.equal(0.5, rows[1].seconds)
    assert.equal("SINGULAR", rows[2].code)
    assert.equal("no way", rows[2].message)
    assert.equal(7, rows[2].iterations)
    assert.equal("SHAPE", rows[7].code)
    assert.equal("no system", rows[8].message)
    local csv = assert(file.read(info.csv))
    assert.matches("^n,kind,method,seconds,.-,code,message\n1,x,", csv)
    assert.equal(9, select(2, csv:gsub("\n", "")))
  end)

  -- What f prints on standard output.
  local function printed(f)
    local write, said = io.write, ""
    io.write = function(...) said = said .. table.concat({ ... }) end -- luacheck: ignore 122
    local ok, why = pcall(f)
    io.write = write -- luacheck: ignore 122
    assert(ok, why)
    return said
  end
  -- Calls f, in which the program ends: the code it ends with and what it printed.
  local function ends(f)
    local exit, code = os.exit, nil
    os.exit = function(status) code = status error("the end", 0) end -- luacheck: ignore 122
    local said = printed(function()
      assert.error_matches(f, "^the end$")
    end)
    os.exit = exit -- luacheck: ignore 122
    return code, said
  end

  it("tells its plan in place of a dry run, and writes nothing", function()
    local info
    local said = printed(function() info = select(2, sweep.run(options{ dry_run = true })) end)
    assert.same({ 0, 8 }, { #calls, info.missing })
    assert.is_nil(io.open(folder))
    assert.equal([[
t: 4 points x 2 contestants = 8 rows; 0 there, 8 to run
  n=1 kind=x: a, b
  n=1 kind=y: a, b
  n=2 kind=x: a, b
  n=2 kind=y: a, b
a dry run: nothing was measured, nothing written
]], said)
    calls.stop = 8
    pcall(sweep.run, options())
    local csv = file.read(folder .. "/t.csv")
    calls = {}
    said = printed(function() sweep.run(options{ dry_run = true }) end)
    assert.matches("= 8 rows; 5 there.-, 3 to run\n  n=2 kind=x: a\n  n=2 kind=y: a, b\n", said)
    assert.equal(csv, file.read(folder .. "/t.csv"))
    words.take({ ["dry-run"] = true }) -- by a word, the rest of the script is not run either
    local code
    code, said = ends(function() sweep.run(options()) end)
    assert.equal(0, code)
    assert.matches("a dry run", said)
    assert.equal(0, #calls)
  end)

  it("estimates a dry run by what points took before", function()
    local function slowly(point, contestant, system)
      now = now + (contestant == "a" and 2 or 0.5)
      return run(point, contestant, system)
    end
    local function plan(extra)
      extra.dry_run = true
      return printed(function() sweep.run(options(extra)) end)
    end
    local _, info = sweep.run(options{ run = slowly })
    if not info.store then return end
    local function about(extra) return tonumber(plan(extra):match("\nabout ([%d.]+) s, by what such points took before\n")) end
    -- a took two turns of 2 s at three points, b failed after 0.5 s there: 13.5 s; the fourth point, where nothing ran, as
    -- much by its cost; and the clock's own steps
    assert.near(13.5 + 13.5 / 3, about{}, 0.3)
    assert.near(13.5, about{ cost = function(point) return point.n == 2 and point.kind == "y" and 0 or 1 end }, 0.3)
    assert.near(8, about{ filter = "n=1,method=a" }, 0.3)
    assert.is_nil(plan{ contestants = { "c" } }:find("about", 1, true)) -- nothing is known of c
  end)

  it("runs what the filter leaves and keeps the rest for later", function()
    local rows, info = sweep.run(options{ filter = "n=1,method=a" })
    assert.same({ 2, 6 }, { #rows, info.missing })
    assert.same({ "1xa", "1ya" }, { rows[1].n .. rows[1].kind .. rows[1].method, rows[2].n .. rows[2].kind .. rows[2].method })
    calls = {}
    rows, info = sweep.run(options{ filter = "kind=x" })
    assert.same({ 5, 3, 2 }, { #rows, info.missing, info.resumed })
    rows, info = sweep.run(options())
    assert.same({ 8, 0, 5 }, { #rows, info.missing, info.resumed })
    words.take{ filter = "n=2" }
    local code, said = ends(function() sweep.run(options()) end)
    assert.equal(0, code)
    assert.matches("t: 4 of 8 rows are there, in " .. folder .. "/t.", said, 1, true)
    assert.matches("the same command without %-%-filter goes on", said)
    words.take{}
    assert.equal(4, select(2, sweep.run(options())).resumed)
    assert.error_matches(function() sweep.run(options{ filter = "m=1" }) end, "filter: unknown name 'm' .*known: n, kind, method")
    assert.error_matches(function() sweep.run(options{ filter = "n=1,n=2" }) end,
      "filter: 'n=1,n=2' leaves none of 4 points x 2 contestants")
  end)

  it("runs again what failed, and only that", function()
    local rows, info = sweep.run(options())
    if not info.store then
      assert.error_matches(function() sweep.run(options{ only_failed = true }) end, "nothing to run again")
      return
    end
    calls = {}
    local mended = options{ only_failed = true, filter = "n=1" }
    mended.prepare = function() return 7 end -- the point (2, y) has a system now
    mended.run = function(point, contestant)
      calls[#calls + 1] = contestant
      return point.kind == "x" and { seconds = 0.5, value = 1 } or nil, "still no way", { code = "SINGULAR" }
    end
    mended.arguments = nil
    local source = options()
    assert.equal(debug.getinfo(source.run, "S").source, debug.getinfo(mended.run, "S").source) -- so the key is the same
    local again
    rows, again = sweep.run(mended)
    assert.same({ 8, info.run, 0 }, { #rows, again.run, again.missing })
    assert.same({ b = true }, (function()
      local seen = {}
      for _, name in ipairs(calls) do seen[name] = true end
      return seen
    end)())
    assert.same({ "OK", "OK", "OK", "SINGULAR" }, { rows[1].code, rows[2].code, rows[3].code, rows[4].code })
    assert.same({ "no way", "still no way" }, { rows[6].message, rows[4].message })
    assert.equal(20, rows[1].value) -- not measured again
    local csv = assert(file.read(info.csv))
    assert.equal(9, select(2, csv:gsub("\n", "")))
    mended.filter = nil
    sweep.run(mended)
    calls = {}
    local none
    none, again = sweep.run(mended) -- what fails always is run again each time
    assert.same({ 8, 0 }, { #none, again.missing })
    assert.is_true(#calls > 0)
    mended.seed = 2
    assert.error_matches(function() sweep.run(mended) end,
      "has no run of these settings to run again: its last, run 1, differs in seed")
    mended.out = folder .. "/none"
    assert.error_matches(function() sweep.run(mended) end, "there is no " .. folder:gsub("%p", "%%%0") .. "/none/t.sqlite")
    assert.is_nil(io.open(mended.out .. "/t.sqlite"))
  end)

  it("times nothing where told so: each once, no times in the rows", function()
    local rows, info = sweep.run(options{ times = false, run = function(point, contestant, system)
      local row, message, about = run(point, contestant, system)
      if about then about.row.seconds = 3 end -- of its way to the failure
      return row, message, about
    end })
    assert.equal(6, #calls)
    assert.same({ "OK", 20, 1 }, { rows[1].code, rows[1].value, rows[1].repeats })
    for _, row in ipairs(rows) do
      assert.same({}, { row.seconds, row.seconds_min, row.seconds_iqr, row.parts, row.outliers })
    end
    assert.same({ "SINGULAR", 7, "SHAPE" }, { rows[2].code, rows[2].iterations, rows[8].code })
    assert.equal(0, info.missing)
  end)

  it("refuses processes to what is timed, and numbers of them that cannot be", function()
    assert.error_matches(function() sweep.run(options{ jobs = 2 }) end,
      "jobs=2 is refused: this sweep times what it runs, and processes beside each other take each other's time")
    assert.error_matches(function() sweep.run(options{ jobs = 0 }) end, "jobs must be a whole number of at least 1, got 0")
    assert.error_matches(function() sweep.run(options{ jobs = 1.5 }) end, "jobs must be a whole number")
    assert.is_nil(io.open(folder))
  end)

  it("takes width and time from the command line, as settings of their own", function()
    local before = sweep.run(options{ contestants = { "a" } })
    words.take{ width = 0.1, slow = 100 }
    local rows, info = sweep.run(options{ contestants = { "a" }, arguments = { tol = 1 } })
    assert.same({ 2, 6, 0 }, { before[1].repeats, rows[1].repeats, rows[1].seconds_width })
    assert.same({ 0, 0 }, { rows[1].outliers, info.resumed })
    assert.matches("message,seconds_width\n", (assert(file.read(info.csv))))
    if not info.store then return end
    local store = assert(storage.open(info.store, { readonly = true }))
    assert.equal("slow=100 tol=1 width=0.1", store:read(info.run).facts.arguments)
    store:close()
  end)

  it("keeps apart what differs in its strings alone", function()
    local kinds = { "a", "a|string:b", 'it\'s "x"', "line\nbreak", "`touch pwned`", "a\\|b", "$(touch pwned)", " ", "" }
    local names = { "a|string:a", "a", "a\\", "n, m" }
    local function o()
      return options{ contestants = names, axes = { { "kind", kinds }, { "k", { "b|string:c", "c" } } },
        prepare = function() return true end, columns = { "kind", "k", "method", "value" },
        run = function(point, name) return { value = #point.kind + #name, seconds = 1 } end }
    end
    local rows, info = sweep.run(o())
    assert.equal(#kinds * 2 * #names, #rows)
    for i, row in ipairs(rows) do
      assert.same({ kinds[(i - 1) // 8 + 1], names[(i - 1) % 4 + 1] }, { row.kind, row.method })
      assert.equal(#row.kind + #row.method, row.value)
    end
    local stored = require("numlab.table").parse_csv(assert(file.read(info.csv)))
    for i, row in ipairs(stored) do assert.same({ rows[i].kind, rows[i].method }, { row.kind, row.method }) end
    assert.same({}, file.list(".", "pwned"))
  end)

  it("makes a raised error a row without the path of the script", function()
    local rows = sweep.run(options({ run = function() error("odd") end }))
    assert.equal("ERROR", rows[1].code)
    assert.equal("odd", rows[1].message)
    rows = sweep.run(options({ prepare = function() error("no disk") end }))
    assert.equal("no disk", rows[1].message)
  end)

  it("keeps finished rows on an interrupt and goes on from there", function()
    calls.stop = 8
    assert.error_matches(function() sweep.run(options()) end, "^interrupted$")
    local kept = select(2, assert(file.read(folder .. "/t.csv")):gsub("\n", "")) - 1
    assert.is_true(kept >= 2 and kept < 8)
    calls = {}
    local rows, info = sweep.run(options())
    assert.equal(kept, info.resumed)
    assert.equal(8, #rows)
    assert.equal("1xa 1xb 1ya 1yb 2xa 2xb 2ya 2yb", (function()
      local names = {}
      for i, r in ipairs(rows) do names[i] = r.n .. r.kind .. r.method end
      return table.concat(names, " ")
    end)())
    calls = {}
    assert.equal(0, select(2, sweep.run(options())).resumed) -- a finished run starts anew
  end)

  it("starts anew where seed, arguments or axes differ", function()
    local axes = { { "n", { 1 } }, { "kind", { "x" } } }
    for _, other in ipairs({ { seed = 2 }, { arguments = { tol = 1 } }, { axes = axes } }) do
      calls = { stop = 8 }
      pcall(sweep.run, options())
      calls = {}
      assert.equal(0, select(2, sweep.run(options(other))).resumed)
    end
  end)

  it("goes on over a last line that was cut short", function()
    calls.stop = 8
    pcall(sweep.run, options())
    local csv = file.read(folder .. "/t.csv")
    assert(file.write(folder .. "/t.csv", csv .. '2,"x'))
    calls = {}
    local rows, info = sweep.run(options())
    assert.equal(8, #rows)
    assert.is_true(info.resumed > 0)
    assert.equal(9, select(2, file.read(info.csv):gsub("\n", "")))
  end)

  it("stores every sample, those of parts too, and says where", function()
    local rows, info = sweep.run(options({ contestants = { "a" }, axes = { { "n", { 1, 2 } } }, repeats = 3,
      prepare = function() return true end, run = function() return { seconds = 0.5, parts = { forward = 0.25 } } end }))
    if not info.store then return end -- no SQLite here
    assert.equal(folder .. "/t.sqlite", info.store)
    local store = assert(storage.open(info.store, { readonly = true }))
    local kept = assert(store:read(info.run))
    store:close()
    assert.same({ "finished", 2 }, { kept.state, #kept.rows })
    assert.same({ [""] = { 0.5, 0.5, 0.5 }, forward = { 0.25, 0.25, 0.25 } }, kept.samples[1])
    assert.equal(rows[1].forward_s, kept.rows[1].forward_s)
    assert.same({ "1", "n=1,2" }, { kept.facts.seed, kept.facts.axes })
    assert.is_nil(io.open(folder .. "/t.run"))
  end)

  it("finds the rows of an interrupted run in the store, whatever became of the csv", function()
    calls.stop = 8
    pcall(sweep.run, options())
    if not io.open(folder .. "/t.sqlite") then return end
    os.remove(folder .. "/t.csv")
    calls = {}
    local rows, info = sweep.run(options())
    assert.is_true(info.resumed >= 2)
    assert.equal(8, #rows)
    assert.equal(9, select(2, file.read(info.csv):gsub("\n", "")))
  end)

  it("keeps both of two sweeps at once", function()
    local inner
    local outer = sweep.run(options({ prepare = function(point)
      inner = inner or sweep.run(options())
      return point.n
    end }))
    assert.same({ 8, 8 }, { #inner, #outer })
  end)

  it("sweeps designs of axes", function()
    local rows = sweep.run(options({ axes = { designs.zip{ { "n", { 1, 2 } }, { "kind", { "x", "y" } } }, { "k", { 3 } } } }))
    assert.equal(4, #rows)
    assert.same({ 2, "y", 3, "SHAPE" }, { rows[3].n, rows[3].kind, rows[3].k, rows[3].code })
  end)

  it("measures once after its budget", function()
    local rows = sweep.run(options({ budget = 0, repeats = 4 }))
    assert.equal(1, rows[1].repeats)
  end)

  it("says where it cannot write", function()
    assert(file.make_folder(folder))
    assert(file.write(folder .. "/plain", ""))
    assert.error_matches(function() sweep.run(options({ out = folder .. "/plain" })) end,
      "sweep.run: cannot make the folder .*plain")
  end)

  it("keeps finished rows when the disk is full", function()
    -- a limit on the size of files stands for the disk: 1 KiB, which the third row passes
    local script = folder .. ".lua"
    assert(file.write(script, ([[
      package.path = %q
      local ok, message = pcall(require("numlab.sweep").run, { name = "t", out = %q, pause = 0, repeats = 1,
        contestants = { "a" }, axes = { { "n", { 1, 2, 3, 4, 5 } } }, columns = { "n", "method", "text" }, quiet = true,
        clock = os.clock, run = function() return { text = ("x"):rep(300) } end })
      print(ok, message)]]):format(package.path, folder)))
    local said = file.capture("trap '' XFSZ; ulimit -f 2; lua5.4 " .. file.quote(script))
    os.remove(script)
    assert.matches("false\tsweep.run: cannot write .*t.csv: File too large; the 3 rows finished before are kept", said)
    local csv = assert(file.read(folder .. "/t.csv"))
    assert.equal(4, select(2, csv:gsub("\n", "")))
    assert.equal("\n", csv:sub(-1)) -- no half line
  end)

  it("raises on misuse", function()
    assert.error_matches(function() sweep.run({ axis = {} }) end, "did you mean 'axes'")
    assert.error_matches(function() sweep.run({}) end, "option 'name' is needed")
    assert.error_matches(function() sweep.run(options({ name = "../x" })) end, "name must be letters")
    assert.error_matches(function() sweep.run(options({ axes = { { "n", {} } } })) end, "sweep.run: axis 'n' is empty")
    assert.error_matches(function() sweep.run(options({ axes = { { 3, { 1 } } } })) end, "axis 1 must be {name, {values")
    local many = designs.range(1, 1001)
    assert.error_matches(function() sweep.run(options({ axes = { { "n", many }, { "m", many } } })) end,
      "sweep.run: 1001 x 1001 = 1002001 points, the most is 1000000")
    assert.error_matches(function() sweep.run(options({ contestants = {} })) end, "contestants is empty")
    assert.error_matches(function() sweep.run(options({ contestants = { "a", "a" } })) end, "contestants has a twice")
    assert.error_matches(function() sweep.run(options({ axes = { { "n", { 1, 2, 1.0 } } } })) end, "'n' has the value 1 twice")
  end)
end)
