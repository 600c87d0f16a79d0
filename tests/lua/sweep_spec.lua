local designs = require "numlab.axes"
local file = require "numlab.file"
local storage = require "numlab.store"
local provenance = require "numlab.provenance"
local sweep = require "numlab.sweep"

describe("numlab.sweep", function()
  local folder, calls, now
  before_each(function()
    folder, calls, now = os.tmpname(), {}, 0
    os.remove(folder)
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)

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
    assert.error_matches(function() sweep.run(options({ axes = { { "n", {} } } })) end, "axis 1 must be")
    assert.error_matches(function() sweep.run(options({ contestants = {} })) end, "contestants is empty")
    assert.error_matches(function() sweep.run(options({ contestants = { "a", "a" } })) end, "contestants has a twice")
    assert.error_matches(function() sweep.run(options({ axes = { { "n", { 1, 2, 1.0 } } } })) end, "axis 'n' has 1 twice")
  end)
end)
