-- What is said behind errors of Lua's own (tests/lua/errors/newcomers.lua has the sentences), and where the libraries' checks
-- point.
local nl = require "numlab"
local expect = require "numlab.expect"
local names = require "numlab.explain_names"
local stats = require "numlab.stats"

-- What fn raises, explained.
local function explained(fn) return (select(2, xpcall(fn, nl.explain))) end

describe("numlab.explain", function()
  before_each(function() debug.getregistry()["numlab.outcome"] = nil end)

  it("leaves alone what is no message, and messages that are no concern of numlab's", function()
    local object = {}
    assert.equal(object, explained(function() error(object) end))
    assert.equal("disk full", explained(function() error("disk full", 0) end))
    assert.is_nil(explained(function() local x = {} return x.y.z end):find(";", 1, true))
    assert.is_nil(explained(function() local own = {} own.inv() end):find(";", 1, true))
    assert.is_nil(explained(function() return #nil end):find(";", 1, true))
    assert.is_nil(explained(assert(load("t(1)"))):find(";", 1, true))
    assert.is_falsy(explained(assert(load("io.stdout:copy()"))):find("clone", 1, true))
    local stack = setmetatable({}, { __name = "Stack", __index = { push = print } })
    assert.is_falsy(explained(function() stack:solve() end):find("nl.solve", 1, true))
    assert.is_truthy(explained(function() stack:psuh() end):find("(did you mean 'push'?)", 1, true))
  end)

  it("guesses at no object whose line cannot be read", function()
    local own = { mylib = {}, nl = nl, debug = { sethook = 1 } }
    assert.is_nil(explained(assert(load("mylib.inv()", "=unread", "t", own))):find(";", 1, true))
  end)

  it("names the global that a slip meant, and no other variable", function()
    _G.alphabet, _G.sol1 = 1, 2
    local found = explained(assert(load("return alpahbet + 1")))
    local other = explained(assert(load("return sol2 + 1")))
    _G.alphabet, _G.sol1 = nil, nil
    assert.matches("(global 'alpahbet'); did you mean 'alphabet'?", found, 1, true)
    assert.is_nil(other:find(";", 1, true))
    assert.matches("did you mean 'print'?", explained(assert(load("pritn(1)"))), 1, true)
    assert.is_nil(explained(assert(load("return foo.bar"))):find(";", 1, true))
  end)

  it("tells once what the last call that gave nil had said", function()
    nl.solve(nl.zeros(2, 2), nl.ones(2))
    assert.is_truthy(explained(function() return #nil end):find("said: lu: A is singular", 1, true))
    assert.is_nil(explained(function() return #nil end):find(";", 1, true))
    nl.solve(nl.zeros(2, 2), nl.ones(2))
    assert.is_truthy(explained(function() return nl.lu(nil) end):find("said: lu: A is singular", 1, true))
    assert.is_nil(explained(function() return nl.lu(nil) end):find(";", 1, true))
  end)

  it("looks up the object that the failed line names", function()
    local mine = { nl = nl, st = stats }
    assert.is_truthy(explained(function() mine.nl.zeroes(2) end):find("mine.nl has no 'zeroes' (did you mean 'zeros'?)", 1,
      true))
    assert.is_truthy(explained(function() mine.nl.stat.mean{ 1 } end):find("mine.nl has no 'stat' (did you mean 'stats'?)", 1,
      true))
    assert.is_truthy(explained(function() nl.memry.live() end):find("nl has no 'memry' (did you mean 'memory'?)", 1, true))
    assert.is_truthy(explained(function() mine.st.meen{ 1 } end):find("mine.st has no 'meen' (did you mean 'mean'?)", 1, true))
  end)

  it("finds the object of a method among the registers of the call", function()
    local A, f = nl.eye(2), math.max
    assert.is_truthy(explained(function() return f(1, nil, A:summ(A, 2)) end):find("a tensor has no method 'summ'", 1, true))
    assert.is_truthy(explained(function() return (nl.lu(A):slove(A)) end):find("(did you mean 'solve'?)", 1, true))
    assert.is_truthy(explained(function() return (A:summ(nil, A)) end):find("(did you mean 'sum'?)", 1, true))
    local own = {}
    assert.is_nil(explained(function() return (own:summ(nil, A)) end):find("tensor", 1, true)) -- which of the two?
  end)

  it("tells how elements are written where t[1, 2] does not parse", function()
    local _, message = load("local x = t[1, 2]")
    assert.is_truthy(nl.explain(message):find('near \',\'; an element of a tensor is t(1, 2)', 1, true))
  end)

  it("speaks of functions, methods and fields that are there", function()
    for name, sentence in pairs(names) do
      assert.is_nil(rawget(nl, name), name)
      for of, word in sentence:gmatch("%f[%w](%a+)[.:]([%a_]+)") do
        if of == "nl" then assert.is_not_nil(nl[word], sentence) end
        if of == "t" then assert.is_not_nil(nl.eye(2)[word], sentence) end
        if of == "S" then assert.is_not_nil(nl.sparse.from(nl.eye(2))[word], sentence) end
      end
    end
  end)
end)

describe("numlab.expect", function()
  local function here() return ("%s:%d: "):format(debug.getinfo(2, "S").short_src, debug.getinfo(2, "l").currentline) end

  it("points at the user's line through the libraries between", function()
    local where
    local message = select(2, pcall(function()
      where = here() nl.bench.compare{ contestants = { { name = "a", run = type } }, repeats = "x" }
    end))
    assert.equal(where, message:sub(1, #where))
    message = select(2, pcall(function()
      where = here() nl.lab.gaussian_elimination(nl.eye(2), nl.ones(3))
    end))
    assert.equal(where .. "solve: A is 2x2, b has 3 rows, expected 2", message)
  end)

  it("points nowhere where C called, as Lua's own functions do", function()
    assert.equal("stats.mean: the list is empty", select(2, pcall(stats.mean, {})))
    assert.equal("eye: n must be a whole number not below 0, got x", select(2, pcall(nl.eye, "x")))
  end)

  it("tells what a value is and what it should be", function()
    assert.equal("a table", expect.describe{})
    assert.equal("'x'", expect.describe "x")
    assert.equal("a long string", expect.describe(("x"):rep(41)))
    assert.equal("a tensor", expect.describe(nl.eye(1)))
    assert.equal("a variable", expect.describe(nl.grad.variable(1)))
    assert.equal("a string or a whole number", expect.words "string|whole")
    expect("f", "x", nil, "string?")
    expect("f", "x", 2.0, "count")
    expect("f", "x", -1, "whole")
    for kind, value in pairs{ count = 0, whole = 0.5, finite = 1 / 0, tensor = {}, matrix = 1, list = "x", records = { 1 } } do
      assert.is_false((pcall(expect, "f", "x", value, kind)), kind)
    end
  end)
end)
