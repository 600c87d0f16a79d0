-- Completion: what is offered where, that nothing of the user's runs, what Tab inserts and lists, how long it takes.
local complete = require "numlab.complete"
local file = require "numlab.file"
local nl = require "numlab"

describe("numlab.complete", function()
  local variables
  before_each(function()
    variables = { nl = nl, A = nl.eye(2), S = nl.sparse.from(nl.eye(2)), solve = nl.solve, text = "x", number = 3,
      string = string, print = print, require = require, io = io, out = io.stdout, alpha = 1, alphabet = 2,
      mine = { first = 1, second = { third = 3 }, [1] = 1, ["odd name"] = 1 } }
  end)
  after_each(function() variables = nil end)

  local function at(line, cursor)
    local from, candidates = complete.at(line, cursor or #line, variables)
    return from, " " .. table.concat(candidates, " ") .. " ", candidates
  end
  -- Each line is completed, at its end, to exactly these, in this order.
  local function offers(rows)
    for _, row in ipairs(rows) do
      local _, _, candidates = at(row[1])
      assert.equal(row[2], table.concat(candidates, " "), row[1])
    end
  end
  -- To these among others.
  local function has(line, ...)
    local _, list = at(line)
    for _, word in ipairs({ ... }) do
      assert.truthy(list:find(" " .. word .. " ", 1, true), ("no %s after %s in%s"):format(word, line, list))
    end
  end
  local function lacks(line, word)
    local _, list = at(line)
    assert.falsy(list:find(" " .. word .. " ", 1, true), ("%s after %s"):format(word, line))
  end

  it("offers globals and keywords", function()
    offers{ { "alph", "alpha alphabet" }, { "x = alphab", "alphabet" }, { "retu", "return" }, { "print(fo", "for" },
      { "x = 1e", "" }, { "", "" }, { "zzz", "" } }
    assert.equal(5, (at("x = alph")))
    assert.equal(1, (at("alphXYZ", 4)))
  end)

  it("offers fields of tables, loaded ones and libraries to come", function()
    offers{ { "mine.", "first second" }, { "mine.fi", "first" }, { "mine.second.", "third" },
      { "nl.solve_", "solve_methods" }, { "nl.gallery.poisson", "poisson1d poisson2d poisson3d" }, { "string.form", "format" },
      { "nl.none.", "" } }
    has("nl.s", "solve", "sparse", "sweep", "store")
    has("nl.sweep.", "run")
    has("nl.plot.fi", "figure")
    lacks("nl.plot_", "plot_panel")
    offers{ { "mine . fi", "first" }, { "mine\n.fi", "first" }, { 'x = "a" .. alphab', "alphabet" } }
  end)

  it("offers methods and fields of objects, and of what calls give", function()
    has("A:", "sum", "transpose", "set")
    has("A.", "shape", "dtype", "T", "sum")
    lacks("A:", "shape")
    offers{ { "A:su", "sub sum" }, { "A.T:su", "sub sum" }, { "A.shap", "shape" }, { "A[1]:su", "sub sum" },
      { "A(1, ':'):su", "sub sum" }, { "nl.zeros(2, 3):su", "sub sum" }, { "A:to('f32'):su", "sub sum" },
      { "(A):su", "" } }
    has("S:", "dense", "diag")
    has("nl.lu(A):", "solve")
    has("nl.lu(A).L:", "sum")
    has("text:", "format", "rep")
    has("out:", "write", "lines")
  end)

  it("offers options of a known call, and their values", function()
    has("nl.solve(A, b, {", "method", "tol", "pivot")
    offers{ { "nl.solve(A, b, {meth", "method" }, { "solve(A, nl.ones(2), {meth", "method" },
      { "nl.solve(A, b, {tol = 1e-3, meth", "method" }, { "nl.solve(A, b, {\n  tol = 1e-3,\n  meth", "method" },
      { 'nl.solve(A, b, {method = "gauss', "gauss gauss_seidel" }, { "nl.solve(A, b, {method = 'ja", "jacobi" },
      { 'nl.solve(A, b, {pivot="', "complete none partial rook" },
      { "nl.gallery.dominant{rat", "ratio" }, { "A:sum(1, {keep", "keepdim" }, { "nl.zeros(2, {dtype = 'f", "f16 f32 f64" },
      { "nl.attention(q, k, v, {caus", "causal" }, { "nl.attention(q, k, v, {causal = t", "true" } }
    has("nl.solve(A, b, {method = ", '"lu"', '"gauss_seidel"')
    has("nl.solve(A, b, {tol = alph", "alphabet") -- values are Lua
    lacks("mine.call(A, b, {meth", "method")
  end)

  it("offers what a string may be: libraries, listed values, files", function()
    offers{ { 'require "num', "numlab" }, { "require('numlab.swe", "numlab.sweep" }, { 'nl.steps("gauss', "gauss gauss_seidel" },
      { 'A:to("f', "f16 f32 f64" }, { 'print("tests/lua/complete_s', "tests/lua/complete_spec.lua" },
      { 'print("tests/lu', "tests/lua/" }, { 'print("no/such/folder/', "" } }
    lacks('print("tests/../', "tests/../.git/")
    local folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder .. "/it's a folder"))
    assert(file.write(folder .. "/数据 1.csv", ""))
    offers{ { ('nl.load("%s/数'):format(folder), folder .. "/数据 1.csv" },
      { ('nl.load("%s/it'):format(folder), folder .. "/it's a folder/" } }
    file.capture("rm -rf -- " .. file.quote(folder))
  end)

  it("offers topics of help, commands of the prompt, files to the shell", function()
    offers{ { "?nl.solve", "nl.solve nl.solve_methods" }, { "?t:nothing", "" }, { "%", "bench help time" }, { "%ti", "time" },
      { "%time alphab", "alphabet" }, { "!cat tests/lua/complete_s", "tests/lua/complete_spec.lua" } }
    has("?Tensor:su", "Tensor:sum")
    has("? solv", "solve")
  end)

  it("offers nothing in comments and long strings", function()
    offers{ { "x = 1 -- alph", "" }, { "--[[ alph", "" }, { "x = [[ alph", "" }, { "x = [==[ ]] alph", "" },
      { "--[[ a ]] alphab", "alphabet" }, { "x = 'it\\'s' .. alphab", "alphabet" } }
  end)

  it("runs nothing of the user's", function()
    local ran = {}
    local function trap(name) return function() ran[#ran + 1] = name end end
    variables.trap = setmetatable({ inner = setmetatable({}, { __index = trap "index", __pairs = trap "pairs" }) },
      { __index = trap "index", __pairs = trap "pairs", __call = trap "call", __len = trap "len", __name = "numlab.tensor" })
    for _, line in ipairs({ "trap.", "trap.x.", "trap.inner.", "trap(1).", "trap[1]:", "trap:x():", "#trap.", "trap.inner.x{",
      "trap{", "trap(1, {a", "trap('" }) do at(line) end
    assert.same({}, ran)
    setmetatable(variables, { __index = trap "globals" })
    at("nothing.x")
    at("noth")
    assert.same({}, ran)
  end)

  it("follows tables behind __index, ends where they go in a circle", function()
    variables.object = setmetatable({ own = 1 }, { __index = { inherited = 2 } })
    local circle = {}
    variables.circle = setmetatable(circle, { __index = circle })
    offers{ { "object.", "inherited own" }, { "circle.x.", "" }, { "circle.", "" } }
  end)

  describe("Tab", function()
    local before
    before_each(function() before = _G.A end)
    after_each(function() _G.A = before end)

    it("inserts what all have in common, closes a string, lists the rest", function()
      _G.A = nl.eye(2)
      local function tab(line, columns) return complete.tab(line, #line, columns or 80) end
      assert.equal("nspose", (tab("A:tra")))
      assert.equal("s", (tab('nl.solve(A, b, {method = "gaus')))
      local insertion, listing = tab('nl.solve(A, b, {method = "gauss')
      assert.is_nil(insertion)
      assert.equal("gauss         gauss_seidel", listing)
      assert.equal("gauss\ngauss_seidel", (select(2, tab('nl.solve(A, b, {method = "gauss', 20))))
      assert.equal('eidel"', (tab('nl.solve(A, b, {method = "gauss_s')))
      assert.equal("eidel", (complete.tab('nl.solve(A, b, {method = "gauss_s"})', 33, 80)))
      assert.equal("/", (tab('nl.load("tests/lua')))
      assert.is_nil((tab("zzzz")))
      assert.is_nil((tab("")))
    end)

    it("never cuts a character in two", function()
      local folder = os.tmpname()
      os.remove(folder)
      assert(file.make_folder(folder))
      for _, name in ipairs({ "数a", "整b" }) do assert(file.write(folder .. "/" .. name, "")) end -- begin with one byte
      local insertion, listing = complete.tab(('x = "%s/'):format(folder), #folder + 6, 80)
      assert.is_nil(insertion)
      assert.equal("数a  整b", listing)
      file.capture("rm -rf -- " .. file.quote(folder))
    end)

    it("answers within 20 ms, the first time too", function()
      _G.A = nl.eye(2)
      for _, line in ipairs({ "nl.", "A:", "prin", "nl.solve(A, b, {", "?nl.", "nl.zeros(2):", "nl.sweep.run{" }) do
        local best = math.huge
        for _ = 1, 5 do -- the machine may be busy with other things
          for name in pairs(package.loaded) do
            if name:find("^numlab%.complete") or name:find("^numlab%.annotations") then package.loaded[name] = nil end
          end
          local start = nl.clock()
          require("numlab.complete").tab(line, #line, 80)
          best = math.min(best, nl.clock() - start)
        end
        assert.is_true(best < 0.02, ("%s: %g s"):format(line, best))
      end
    end)
  end)
end)
