local nl = require "numlab"
local lab = require "numlab.lab"

describe("numlab.lab", function()
  it("eliminates: 2x + y = 3, x + 3y = 5 has x = 0.8, y = 1.4", function()
    local x, info = lab.gaussian_elimination({ { 2, 1 }, { 1, 3 } }, { 3, 5 })
    assert.is_true(math.abs(x[1] - 0.8) < 1e-15 and math.abs(x[2] - 1.4) < 1e-15)
    assert.equal("gauss", info.method)
  end)

  it("exchanges rows where a pivot is zero, and names a singular column", function()
    local x = lab.gaussian_elimination(nl.tensor({ { 0, 1 }, { 1, 0 } }), nl.tensor({ 2, 3 }))
    assert.same({ 3, 2 }, x:totable())
    local none, message, info = lab.gaussian_elimination({ { 1, 2 }, { 2, 4 } }, { 1, 2 })
    assert.is_nil(none)
    assert.equal("SINGULAR", info.code)
    assert.matches("column 2", message)
  end)

  it("iterates in the handout's order of arguments", function()
    local A, b = { { 4, 1 }, { 2, 5 } }, { 5, 7 }
    local x, info = lab.gauss_seidel(A, b, { 0, 0 }, 1e-12, 100)
    assert.is_true(math.abs(x[1] - 1) < 1e-11 and math.abs(x[2] - 1) < 1e-11)
    assert.equal(info.iterations, #info.history)
    assert.equal(0, select(2, lab.gauss_seidel(A, b, { 1, 1 })).iterations) -- x0 is the solution already
    local none, _, facts = lab.gauss_seidel(A, b, nil, 1e-15, 2)
    assert.is_nil(none)
    assert.equal("NOT_CONVERGED", facts.code)
  end)

  it("names a zero on the diagonal", function()
    local x, message, info = lab.gauss_seidel({ { 1, 2 }, { 3, 0 } }, { 1, 1 })
    assert.is_nil(x)
    assert.equal("ZERO_DIAGONAL", info.code)
    assert.matches("row 2", message)
  end)

  it("raises on misuse", function()
    assert.error_matches(function() lab.gaussian_elimination({ { 1, 2 } }, { 1 }) end, "1x2")
    assert.error(function() lab.gauss_seidel("A", { 1 }) end)
  end)
end)
