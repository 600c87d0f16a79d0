-- nl.solve: one call for every method; outcomes are values, misuse raises.
local nl = require "numlab"
local raises = require "tests.lua.raises"

-- A x by definition, entry by entry: shares no code with the engine.
local function times(A, x)
  local y = {}
  for i = 1, #A do
    y[i] = 0
    for j = 1, #A do y[i] = y[i] + A[i][j] * x[j] end
  end
  return y
end

local A = { { 10, 2, -3, 1 }, { 2, 12, 4, -1 }, { -1, 3, 9, 2 }, { 2, -2, 1, 8 } }
local x_true = { 1, -2, 3, -4 }
local b = times(A, x_true)

describe("nl.solve", function()
  for _, method in ipairs(nl.solve_methods()) do
    it("solves a small dominant system by " .. method, function()
      local M, rhs = nl.tensor(A), nl.tensor(b)
      if method == "cusolver" then
        return raises("method 'cusolver' wants A and b on a GPU (A:to('cuda')); on the CPU 'lapack' does the same",
          nl.solve, M, rhs, { method = method })
      end
      if method == "cg" or method == "cholmod" then -- symmetric positive definite: the normal equations
        rhs, M = M.T * rhs, M.T * M
      end
      local x, info, why = nl.solve(M, rhs, { method = method, tol = 1e-13 })
      if not x and why.code == "UNAVAILABLE" then return end -- a borrowed library is not on this machine
      assert.is_truthy(x, info)
      for i = 1, 4 do assert.is_true(math.abs(x(i) - x_true[i]) < 1e-9) end
      assert.equal("OK", info.code)
      assert.is_true(info.converged)
      assert.is_true(info.relative_residual < 1e-12)
      assert.is_true(info.backward_error < 1e-12)
      assert.is_true(info.seconds >= 0)
    end)
  end

  it("takes several right-hand sides as columns", function()
    local X = nl.tensor { { 1, 5 }, { 2, 6 }, { 3, 7 }, { 4, 8 } }
    local B = nl.tensor(A) * X
    for _, method in ipairs { "gauss", "lu", "gauss_seidel" } do
      local got = assert(nl.solve(nl.tensor(A), B, { method = method, tol = 1e-14 }))
      assert.is_true((nl.allclose(got, X, { rtol = 1e-12 })))
    end
  end)

  it("reads A and b through views without changing them", function()
    local wide = nl.zeros(4, 8)
    for i = 1, 4 do for j = 1, 4 do wide:set(A[j][i], i, 2 * j) end end
    local view = wide(":", "2:8:2").T
    local before = view:clone()
    local x = assert(nl.solve(view, nl.tensor(b), { method = "lu" }))
    assert.is_true(math.abs(x(4) + 4) < 1e-12)
    assert.is_true((nl.allclose(view, before, { rtol = 0, atol = 0 })))
  end)

  it("solves f32 systems and gives f32 back", function()
    for _, method in ipairs { "gauss", "lu", "gauss_seidel" } do
      local x, info = nl.solve(nl.tensor(A, { dtype = "f32" }), nl.tensor(b, { dtype = "f32" }),
        { method = method, tol = 1e-6 })
      assert.is_truthy(x, info)
      assert.equal("f32", x.dtype)
      assert.is_true(math.abs(x(1) - 1) < 1e-5)
    end
  end)

  it("says how A was converted", function()
    local S = nl.sparse.from(nl.tensor(A))
    local _, info = nl.solve(S, nl.tensor(b), { method = "lu" })
    assert.equal("sparse to dense", info.converted)
    _, info = nl.solve(S, nl.tensor(b), { method = "gauss_seidel" })
    assert.is_nil(info.converted)
  end)

  it("names the column of a zero pivot", function()
    local M = nl.tensor { { 1, 2, 3 }, { 2, 4, 7 }, { 0, 0, 0 } }
    M:set(1, 3, 1)
    M:set(2, 3, 2) -- columns 1 and 2 are parallel
    for _, method in ipairs { "gauss", "lu" } do
      local x, message, info = nl.solve(M, nl.ones(3), { method = method })
      assert.is_nil(x)
      assert.equal("SINGULAR", info.code)
      assert.equal(2, info.where)
      assert.is_truthy(message:find("column 2", 1, true), message)
    end
  end)

  it("returns the last iterate beside the reason when an iteration does not get there", function()
    local _, message, info = nl.solve(nl.tensor(A), nl.tensor(b), { method = "jacobi", max_iter = 2, history = true })
    assert.equal("NOT_CONVERGED", info.code)
    assert.equal(2, info.iterations)
    assert.equal(4, #info.x)
    assert.is_truthy(message:find("2", 1, true))
    assert.is_true(info.history[#info.history] > 1e-10)
  end)

  it("calls divergence by its name, however large x grows", function()
    local M, rhs = nl.gallery.nondominant { n = 100, density = 0.05, seed = 1, kind = "diverging" }
    for _, method in ipairs { "gauss_seidel", "jacobi" } do
      local x, message, info = nl.solve(M, rhs, { method = method })
      assert.is_nil(x)
      assert.equal("DIVERGED", info.code, message)
      assert.equal(100, #info.x)
    end
  end)

  it("refuses NaN and infinity in A and b as an outcome that names the place", function()
    local bad = nl.tensor(A)
    bad:set(0 / 0, 2, 3)
    local x, message, info = nl.solve(bad, nl.tensor(b))
    assert.is_nil(x)
    assert.equal("NONFINITE", info.code)
    assert.is_truthy(message:find("A(2,3)", 1, true), message)
    local rhs = nl.tensor(b)
    rhs:set(math.huge, 4)
    x, message, info = nl.solve(nl.sparse.from(nl.tensor(A)), rhs)
    assert.is_nil(x)
    assert.equal("NONFINITE", info.code)
    assert.is_truthy(message:find("b(4) is inf", 1, true), message)
  end)

  it("refuses NaN in x0, and says of an overflow nothing else", function()
    for _, method in ipairs { "jacobi", "gmres", "lu" } do
      local x, message, info = nl.solve(nl.eye(2), nl.ones(2), { method = method, x0 = nl.tensor { 1, 0 / 0 } })
      assert.is_nil(x)
      assert.equal("NONFINITE", info.code)
      assert.is_truthy(message:find("x0(2) is", 1, true), message)
    end
    local x, _, info = nl.solve(nl.tensor { { 1e-300 } }, nl.tensor { 1e300 }, { method = "cg" })
    assert.is_nil(x)
    assert.equal("NONFINITE", info.code)
    assert.is_truthy(info.reason:find("overflow", 1, true), info.reason)
  end)

  it("leaves the factor out of the message where no sweep ran", function()
    local _, message = nl.solve(nl.eye(2), nl.ones(2), { method = "jacobi", max_iter = 0 })
    assert.is_nil(message:find("nan", 1, true), message)
  end)

  it("takes options from a plain table only", function()
    local M = nl.eye(2)
    local options = setmetatable({}, { __index = function() M:close() end })
    raises("solve: options must be a plain table", nl.solve, M, nl.ones(2), options)
    assert.equal(2, M:sum())
  end)

  it("raises on misuse, with what was got and expected", function()
    local M, rhs = nl.tensor(A), nl.tensor(b)
    raises("A is 3x4, expected a square matrix", nl.solve, nl.ones(3, 4), nl.ones(3))
    raises("A is 4x4, b has 3 rows, expected 4", nl.solve, M, nl.ones(3))
    raises("A is 4, expected a matrix", nl.solve, rhs, rhs)
    raises("A is 0x0", nl.solve, nl.zeros(0, 0), nl.zeros(0))
    raises("b is 4x1x1, expected one vector", nl.solve, M, nl.ones(4, 1, 1))
    raises("A is f64, b is f32", nl.solve, M, rhs:to("f32"))
    raises("A is i64, expected f64 or f32", nl.solve, M:to("i64"), rhs)
    raises("unknown option 'metod' (did you mean 'method'?", nl.solve, M, rhs, { metod = "lu" })
    raises("unknown method 'gaus' (did you mean 'gauss'?", nl.solve, M, rhs, { method = "gaus" })
    raises("unknown pivot 'ruck' (did you mean 'rook'?", nl.solve, M, rhs, { pivot = "ruck" })
    raises("option 'max_iter' must be a whole number, got 2.5", nl.solve, M, rhs, { max_iter = 2.5 })
    raises("method 'lu' takes no option 'pivot'; method 'gauss' does", nl.solve, M, rhs,
      { method = "lu", pivot = "none" })
    raises("method 'cg' takes no option 'scale'", nl.solve, M, rhs, { method = "cg", scale = "rows" })
    assert.equal("gauss", select(2, nl.solve(M, rhs, { pivot = "complete" })).method)
    raises("max_iter is -1", nl.solve, M, rhs, { max_iter = -1 })
    raises("tol is -1", nl.solve, M, rhs, { tol = -1 })
    raises("nan, expected a number >= 0", nl.solve, M, rhs, { tol = 0 / 0 })
    raises("option 'tol' must be a number, got small", nl.solve, M, rhs, { tol = "small" })
    raises("option 'threads' is -1", nl.solve, M, rhs, { threads = -1 })
    raises("option 'threads' is 0", nl.solve, M, rhs, { threads = 0 })
    raises("x0 is 3, b is 4", nl.solve, M, rhs, { x0 = nl.ones(3) })
    raises("option 'x0' must be a tensor, got string", nl.solve, M, rhs, { x0 = "zero" })
    raises("options must be a table, got string", nl.solve, M, rhs, "lu")
    raises("tensor or sparse matrix expected, got table", nl.solve, A, rhs)
  end)

  it("preconditions by a symmetric sweep, with omega for ssor", function()
    local grid, rhs = nl.gallery.poisson2d(31)
    local function steps(options)
      options.method = "cg"
      return select(2, assert(nl.solve(grid, rhs, options))).iterations
    end
    local swept = steps{ precond = "gauss_seidel" }
    assert.equal(swept, steps{ precond = "ssor", omega = 1 })
    assert.is_true(steps{ precond = "ssor", omega = 1.8 } < swept and swept < steps{ precond = "jacobi" })
    raises("precond ssor: omega is 2, expected 0 < omega < 2", nl.solve, grid, rhs,
      { method = "cg", precond = "ssor", omega = 2 })
    raises("unknown precond 'sor' (did you mean 'ssor'?", nl.solve, grid, rhs, { method = "cg", precond = "sor" })
  end)

  it("treats a sparse matrix without entries as singular", function()
    local S = nl.sparse.coo(3, 3, {}, {}, {})
    local x, _, info = nl.solve(S, nl.ones(3), { method = "gauss" })
    assert.is_nil(x)
    assert.equal("SINGULAR", info.code)
    x, _, info = nl.solve(S, nl.ones(3), { method = "gauss_seidel" })
    assert.is_nil(x)
    assert.equal("ZERO_DIAGONAL", info.code)
  end)

  it("keeps the thread count of a call to that call", function()
    local before = nl.threads()
    assert(nl.solve(nl.tensor(A), nl.tensor(b), { method = "gauss", threads = 3 }))
    assert.equal(before, nl.threads())
  end)
end)
