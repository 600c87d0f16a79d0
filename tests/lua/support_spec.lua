-- The module as a whole: what `require "numlab"` gives.
local nl = require "numlab"

describe("the numlab module", function()
  it("is one table however often it is required", function()
    assert.equal(nl, require "numlab")
  end)

  it("names its version as three numbers", function()
    assert.truthy(nl.version:match "^%d+%.%d+%.%d+$")
  end)

  it("survives metamethods called with anything", function()
    local closed, sparse = nl.eye(2), nl.sparse.from(nl.eye(2))
    closed:close()
    for _, object in ipairs { nl.eye(2), sparse, nl.lu(nl.eye(2)) } do
      for name, metamethod in pairs(getmetatable(object)) do
        if type(metamethod) == "function" and name ~= "__gc" and name ~= "__close" then
          for _, first in ipairs { 2, "x", print, {}, closed, object } do
            pcall(metamethod)
            pcall(metamethod, nil, "L")
            for _, second in ipairs { 3, "L", "nnz", {}, closed, sparse } do pcall(metamethod, first, second) end
          end
        end
      end
    end
    assert.equal(2, sparse(1, 1) + nl.eye(2)(2, 2))
  end)

  it("names the nearest dtype, and the whole of a word cut short", function()
    local function message(fn, ...) return select(2, pcall(fn, ...)) end
    assert.is_truthy(message(nl.zeros, 2, { dtype = "f33" }):find("did you mean 'f32'?", 1, true)
      or message(nl.zeros, 2, { dtype = "f33" }):find("did you mean 'f64'?", 1, true))
    local t = nl.eye(2)
    assert.is_truthy(message(t.to, t, "flt32"):find("to: unknown dtype 'flt32' (did you mean 'f32'?", 1, true))
    assert.is_truthy(message(nl.gallery.dominant, { n = 3, sign = "mix" }):find("did you mean 'mixed'?", 1, true))
  end)

  it("points an assignment's error at the line of the assignment", function()
    local t = nl.zeros(3)
    local message = select(2, pcall(function() t[1] = "x" end))
    assert.is_truthy(message:find("support_spec.lua:%d+: set: an element is a number"), message)
  end)

  it("says what an element of a sparse matrix needs", function()
    local S = nl.sparse.from(nl.eye(2))
    local message = select(2, pcall(function() return S(1) end))
    assert.is_truthy(message:find("S(i, j): the column must be a whole number, got nothing", 1, true), message)
  end)

  it("names the type of what stands in the wrong place, and prints numbers and words only", function()
    local t, S = nl.zeros(9, 9), nl.sparse.from(nl.eye(2))
    local function message(fn, ...) return select(2, pcall(fn, ...)) end
    assert.is_truthy(message(t, nl.ones(3)):find("such as \"2:5\", got a tensor", 1, true))
    assert.is_truthy(message(t, {}):find("got a table", 1, true))
    assert.is_truthy(message(nl.eye, 2, S):find("options must be a table, got sparse matrix", 1, true))
    assert.is_truthy(message(nl.zeros, 2, { dtype = t }):find("must be a string, got a tensor", 1, true))
    assert.is_truthy(message(function() return t + print end):find("got function", 1, true))
  end)

  it("gives nil for a name it does not know", function()
    assert.is_nil(nl.no_such_name)
    assert.is_nil(nl[1])
    assert.is_nil(nl["../numlab"])
  end)
end)
