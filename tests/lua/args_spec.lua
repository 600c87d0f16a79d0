local args = require "numlab.args"
local sweep_words = require "numlab.sweep_words"

describe("numlab.args", function()
  local defaults = { n = 2000, tol = 1e-10, quick = false, out = "reports/x", sizes = { 100, 500 }, names = {} }
  local function read(...) return args(defaults, nil, { ... }) end

  it("gives the defaults back, lists as copies", function()
    local o = read()
    assert.equal(2000, o.n)
    assert.is_false(o.quick)
    assert.same({ 100, 500 }, o.sizes)
    assert.not_equal(defaults.sizes, o.sizes)
  end)

  it("reads words with the types of the defaults", function()
    local o = read("n=2e3", "tol=1", "quick=yes", "out=a b=c", "sizes=1,2, 3", "names=x,y")
    assert.equal(2000, o.n)
    assert.equal("integer", math.type(o.n))
    assert.equal("float", math.type(o.tol))
    assert.is_true(o.quick)
    assert.equal("a b=c", o.out)
    assert.same({ 1, 2, 3 }, o.sizes)
    assert.same({ "x", "y" }, o.names)
    assert.same({}, read("names=").names)
  end)

  it("takes a bare boolean and dashes", function()
    assert.is_true(read("quick").quick)
    assert.is_true(read("--quick").quick)
    assert.is_false(read("quick=off").quick)
    assert.equal(5, read("--n=5").n)
  end)

  it("reads the global arg by itself", function()
    local before = rawget(_G, "arg")
    rawset(_G, "arg", { [0] = "x.lua", "n=7" })
    local o = args(defaults)
    rawset(_G, "arg", before)
    assert.equal(7, o.n)
  end)

  it("raises on unknown keys, naming the nearest", function()
    assert.error_matches(function() read("qick=true") end, "unknown key 'qick' %(did you mean 'quick'%? known: n,")
    assert.error_matches(function() read("zzzzzzz=1") end, "unknown key 'zzzzzzz' %(known: ")
  end)

  it("raises on values that do not fit", function()
    assert.error_matches(function() read("n=2.5") end, "n must be a whole number, got '2.5'")
    assert.error_matches(function() read("n=") end, "n must be a whole number, got ''")
    assert.error_matches(function() read("tol=nan") end, "tol must be a number, got 'nan'")
    assert.error_matches(function() read("quick=maybe") end, "quick must be a true or false, got 'maybe'")
    assert.error_matches(function() read("sizes=1,x") end, "sizes must be a list of whole numbers")
    assert.error_matches(function() read("n") end, "'n' needs a value, as in n=2000")
    assert.error_matches(function() read("n=1", "n=2") end, "'n' is given twice")
  end)

  it("takes the value of a word with two dashes from the word after it", function()
    assert.equal(5, read("--n", "5").n)
    assert.same({ 1, 2 }, read("--sizes", "1,2", "--quick").sizes)
    assert.error_matches(function() read("--n") end, "'n' needs a value, as in n=2000")
    assert.error_matches(function() read("--n", "--quick") end, "n must be a whole number, got '%-%-quick'")
  end)

  it("knows the words of sweeps where there is a sweep", function()
    package.loaded["numlab.sweep"] = nil
    assert.error_matches(function() read("--dry-run") end, "'%-%-dry%-run' is a word of sweeps; this script has none")
    package.loaded["numlab.sweep"] = {}
    local o, given = args(defaults, nil, { "--dry-run", "--filter=n>=5,k=a", "--jobs", "3", "n=7", "--width=0.05" })
    assert.same({ dry_run = true, filter = "n>=5,k=a", jobs = 3, width = 0.05 }, sweep_words.given)
    assert.same({ n = true }, given)
    assert.same({ 7, nil }, { o.n, o["dry-run"] })
    read("n=8")
    assert.same({}, sweep_words.given)
    assert.error_matches(function() read("--only-faild") end, "did you mean 'only%-failed'")
    assert.error_matches(function() read("--jobs=two") end, "jobs must be a whole number, got 'two'")
    assert.error_matches(function() read("--jobs=2", "--jobs=2") end, "'jobs' is given twice")
    assert.equal("mine", args({ filter = "" }, nil, { "filter=mine" }).filter) -- the script's own goes first
    assert.same({}, sweep_words.given)
    package.loaded["numlab.sweep"] = nil
  end)

  it("raises on wrong defaults and help texts", function()
    local _, given = args({ n = 1, m = 2 }, nil, { "m=2" })
    assert.same({ m = true }, given) -- also where the value is the default
    assert.error_matches(function() args(3) end, "expected a table of defaults, got number")
    assert.error_matches(function() args({ f = print }, nil, {}) end, "default of 'f' must be a number")
    assert.error_matches(function() args({ n = 1 }, { m = "x" }, {}) end, "unknown key in the help texts 'm'")
  end)

  it("prints the keys for --help and ends with 0", function()
    local exit, write, shown, status = os.exit, io.stdout, "", nil
    os.exit = function(code) -- luacheck: ignore 122
      status = code
      error("ended", 0)
    end
    io.stdout = { write = function(_, s) shown = shown .. s end } -- luacheck: ignore 122
    local long = { which = { ("a"):rep(20), ("b"):rep(20) } }
    for key, value in pairs(defaults) do long[key] = value end
    local ok, message = pcall(args, long, { n = "unknowns", which = ("word "):rep(20) }, { [0] = "x.lua", "--help" })
    os.exit, io.stdout = exit, write -- luacheck: ignore 122
    assert.is_false(ok)
    assert.equal("ended", message)
    assert.equal(0, status)
    assert.matches("usage: numlab run x.lua %[key=value ...%]", shown)
    assert.matches("n=2000 +unknowns", shown)
    assert.matches("sizes=100,500 +list", shown)
    assert.matches("which=a+,b+\n +word word[word ]*\n +word", shown) -- a long value has what it is below, in 80 columns
    assert.is_nil(shown:find("every sweep", 1, true))
  end)
end)
