-- nl.lu: a factor that solves again and again.
local nl = require "numlab"
local raises = require "tests.lua.raises"

describe("nl.lu", function()
  it("gives factors whose product is the permuted matrix", function()
    for _, n in ipairs { 1, 2, 5, 33 } do
      local A = nl.randn(n, n, { seed = n })
      for _, block in ipairs { 0, 1, 3 } do
        local F = nl.lu(A, { block = block })
        local L, U, p = F.L, F.U, F.p
        local PA = nl.zeros(n, n)
        for i = 1, n do for j = 1, n do PA:set(A(p(i), j), i, j) end end
        assert.is_true((nl.allclose(L * U, PA, { rtol = 1e-12, atol = 1e-13 })))
        for i = 1, n do
          assert.equal(1, L(i, i))
          for j = i + 1, n do
            assert.equal(0, L(i, j))
            assert.equal(0, U(j, i))
            assert.is_true(math.abs(L(j, i)) <= 1)
          end
        end
      end
    end
  end)

  it("solves for one and for several right-hand sides", function()
    local A = nl.randn(20, 20, { seed = 7 })
    local X = nl.randn(20, 3, { seed = 8 })
    local F = nl.lu(A)
    assert.is_true((nl.allclose(F:solve(A * X), X, { rtol = 1e-9, atol = 1e-11 })))
    assert.is_true((nl.allclose(F:solve(A * X(":", 2)), X(":", 2), { rtol = 1e-9, atol = 1e-11 })))
  end)

  it("keeps f32", function()
    local F = nl.lu(nl.tensor({ { 2, 1 }, { 1, 3 } }, { dtype = "f32" }))
    assert.equal("f32", F.U.dtype)
    assert.equal("f32", F:solve(nl.ones(2, { dtype = "f32" })).dtype)
  end)

  it("is made of a singular matrix too, and then refuses to solve", function()
    local F = nl.lu(nl.tensor { { 1, 2 }, { 2, 4 } })
    assert.equal("SINGULAR", F.info.code)
    assert.equal(2, F.info.where)
    assert.equal(0, F.info.rcond)
    local x, message, info = F:solve(nl.ones(2))
    assert.is_nil(x)
    assert.equal("SINGULAR", info.code)
    assert.equal(2, info.where)
    assert.is_truthy(message:find("column 2", 1, true), message)
  end)

  it("estimates the condition", function()
    local F = nl.lu(nl.tensor { { 1, 0 }, { 0, 1e-8 } })
    assert.is_true(math.abs(F.info.rcond - 1e-8) < 1e-20)
    assert.equal(1e-8, F.info.smallest_pivot)
  end)

  it("gives NaN in A back as an outcome that names it", function()
    local F, message, info = nl.lu(nl.tensor { { 1, 2 }, { 0 / 0, 4 } })
    assert.is_nil(F)
    assert.equal("NONFINITE", info.code)
    assert.is_truthy(message:find("A(2,1) is", 1, true), message)
  end)

  it("prints what it is", function()
    assert.equal("lu factor of a 2x2 f64 matrix, 1 exchanges", tostring(nl.lu(nl.tensor { { 0, 1 }, { 1, 0 } })))
  end)

  it("raises on misuse", function()
    raises("expected a square matrix", nl.lu, nl.ones(2, 3))
    raises("expected f64 or f32", nl.lu, nl.ones(2, 2, { dtype = "i32" }))
    raises("unknown option 'blok' (did you mean 'block'?", nl.lu, nl.eye(2), { blok = 3 })
    raises("block -1, expected", nl.lu, nl.eye(2), { block = -1 })
    local F <close> = nl.lu(nl.eye(2))
    raises("b is 3, expected 2 rows", F.solve, F, nl.ones(3))
    raises("b is f32", F.solve, F, nl.ones(2, { dtype = "f32" }))
    F:close()
    raises("this factor was closed", F.solve, F, nl.ones(2))
    assert.equal("lu factor (closed)", tostring(F))
  end)
end)
