-- nl.diagnose: facts of the entries, radii with closed forms, verdicts and the theorems they name.
local nl = require "numlab"
local raises = require "tests.lua.raises"

local function near(expected, value, tol)
  assert.is_true(math.abs(value - expected) <= tol, ("%.15g is not %.15g within %g"):format(value, expected, tol))
end

local function tridiagonal(n, low, middle, high)
  local A = nl.zeros(n, n)
  for i = 1, n do
    A:set(middle, i, i)
    if i > 1 then A:set(low, i, i - 1) end
    if i < n then A:set(high, i, i + 1) end
  end
  return A
end

local function isnan(x) return x ~= x end

describe("nl.diagnose", function()
  it("counts, measures and names what the entries say", function()
    local d = nl.diagnose(nl.tensor { { 4, 1, 0 }, { -2, 5, 2 }, { 0, 3, 4 } })
    assert.same({ 3, 3, 7, 1, 1 }, { d.rows, d.cols, d.nnz, d.lower_bandwidth, d.upper_bandwidth })
    near(7 / 9, d.density, 1e-15)
    assert.same({ false, true, false }, { d.symmetric, d.positive_diagonal, d.z_matrix })
    assert.same({ kind = "strict", strict = 3, ratio = 1.25, worst = 2 }, d.by_rows)
    assert.same({ kind = "strict", strict = 3, ratio = 1.25, worst = 2 }, d.by_columns)
    assert.same({ 9, 9 }, { d.norm_inf, d.norm_1 })
    assert.same({}, d.zero_diagonal)
    near(1, d.inverse_bound, 1e-14) -- 1 / min (3, 1, 1)
    near(9, d.condition_bound, 1e-13)
    near(2 / 3, d.contraction, 1e-13) -- max of the upper part over (a_ii - the lower part): 1/4, 2/(5 - 2), 0
    assert.is_true(d.gauss_seidel.converges)
    assert.is_truthy(d.gauss_seidel.reason:find("strictly dominant by rows, ratio at least 1.25 (row 2)", 1, true))
  end)

  it("finds the radii of the second difference: cos(pi h), its square, omega - 1", function()
    local n = 200
    local rho = math.cos(math.pi / (n + 1))
    local best = 2 / (1 + math.sqrt(1 - rho ^ 2))
    local d = nl.diagnose(tridiagonal(n, -1, 2, -1), { omega = best - 0.01 })
    near(rho, d.jacobi.radius, 1e-3 * (1 - rho))
    near(rho ^ 2, d.gauss_seidel.radius, 1e-3 * (1 - rho ^ 2))
    near(best, d.omega_best, 1e-4)
    -- Young: below the best omega, sqrt(lambda) = (omega rho + sqrt(omega^2 rho^2 - 4 (omega - 1))) / 2
    local w = best - 0.01
    near(((w * rho + math.sqrt(w ^ 2 * rho ^ 2 - 4 * (w - 1))) / 2) ^ 2, d.sor.radius, 1e-3)
    assert.is_true(d.consistently_ordered and d.symmetric and d.chained)
    assert.is_true(d.gauss_seidel.converges and d.gauss_seidel.reliable)
    near(math.log(1e-10) / math.log(rho ^ 2), d.gauss_seidel.sweeps, 1e-3 * d.gauss_seidel.sweeps)
  end)

  -- All off-diagonals a, all diagonals d. Subtracting neighbouring rows of G x = lambda x:
  -- x_(i+1) = q x_i with q = lambda (d - a) / (lambda d - a), and row 1 says lambda d + a (q + .. + q^(n-1)) = 0.
  it("finds the radius of the M-matrix whose entries are all the same", function()
    local n, ratio = 60, 1.01
    local A, diagonal = -nl.ones(n, n), ratio * (n - 1)
    for i = 1, n do A:set(diagonal, i, i) end
    local function row_one(lambda)
      local q, sum, power = lambda * (diagonal + 1) / (lambda * diagonal + 1), 0, 1
      for _ = 2, n do
        power = power * q
        sum = sum + power
      end
      return lambda * diagonal - sum
    end
    local low, high = 0.5, 1
    assert.is_true(row_one(low) * row_one(high) < 0)
    for _ = 1, 60 do
      local middle = (low + high) / 2
      if row_one(low) * row_one(middle) <= 0 then high = middle else low = middle end
    end
    local d = nl.diagnose(A)
    near(low, d.gauss_seidel.radius, 1e-6)
    near(1 / ratio, d.jacobi.radius, 1e-9)
    assert.is_true(d.z_matrix)
    local _, info = assert(nl.solve(A, A * nl.ones(n), { method = "gauss_seidel", history = true }))
    near(low, info.history[200] / info.history[199], 1e-6) -- later, rounding shows in b - A x
    near(info.iterations, d.gauss_seidel.sweeps, 0.1 * d.gauss_seidel.sweeps)
  end)

  it("sees complex pairs", function()
    local d = nl.diagnose(tridiagonal(50, 1, 2, -1)) -- J has i cos(k pi h)
    near(math.cos(math.pi / 51), d.jacobi.radius, 1e-6)
    assert.is_true(d.jacobi.oscillates)
    assert.is_true(isnan(d.omega_best)) -- Young's formula wants real eigenvalues
  end)

  it("says no, and by which theorem", function()
    local d = nl.diagnose(nl.tensor { { 1, 2 }, { 2, 1 } })
    near(4, d.gauss_seidel.radius, 1e-12)
    assert.is_false(d.gauss_seidel.converges)
    assert.equal(math.huge, d.gauss_seidel.sweeps)
    assert.is_truthy(d.gauss_seidel.reason:find("not positive definite (Ostrowski-Reich)", 1, true))
    assert.is_truthy(d.jacobi.reason:find("spectral radius 2 >= 1", 1, true))
    assert.equal("none", d.by_rows.kind)
    assert.is_true(isnan(d.inverse_bound) and isnan(d.contraction))
  end)

  it("lists zero diagonals instead of dividing by them", function()
    local A = tridiagonal(6, 1, 4, 1)
    A:set(0, 2, 2)
    A:set(0, 5, 5)
    for _, M in ipairs { A, nl.sparse.from(A) } do
      local d = nl.diagnose(M)
      assert.same({ 2, 5 }, d.zero_diagonal)
      assert.is_false(d.sor.converges)
      assert.equal("zero diagonal in row 2 (2 of 6 rows): the sweep divides by a_ii", d.gauss_seidel.reason)
    end
  end)

  it("counts the levels of a triangle: a finite method", function()
    local A = tridiagonal(20, 3, 1, 0)
    local d = nl.diagnose(A)
    assert.equal(20, d.levels)
    assert.same({ 0, true }, { d.jacobi.radius, d.jacobi.converges })
    local _, info = assert(nl.solve(A, A * nl.ones(20), { method = "jacobi" }))
    assert.is_true(info.iterations <= d.jacobi.sweeps)
    near(0.5, d.sor.radius, 0)
  end)

  it("says the same of dense, sparse and strided A", function()
    local A = nl.gallery.dominant { n = 41, density = 0.2, seed = 3 }
    local wide = nl.zeros(41, 82)
    local full = A:dense()
    for i = 1, 41 do for j = 1, 41 do wide:set(full(j, i), i, 2 * j) end end
    local function facts(M)
      local d = nl.diagnose(M)
      assert.is_true(isnan(d.omega_best))
      d.omega_best = nil -- nan, which equals nothing
      return d
    end
    local sparse = facts(A)
    assert.same(sparse, facts(full))
    assert.same(sparse, facts(wide(":", "2:82:2").T))
  end)

  it("takes options: spectral, tol, seed", function()
    local A = tridiagonal(30, -1, 2.5, -1)
    local d = nl.diagnose(A, { spectral = false })
    assert.is_true(isnan(d.gauss_seidel.radius) and isnan(d.gauss_seidel.sweeps))
    assert.equal(0, d.gauss_seidel.products)
    assert.is_true(d.gauss_seidel.converges) -- dominance needs no radius
    assert.is_nil(d.sor.converges) -- omega 1.5 does
    local loose, tight = nl.diagnose(A, { tol = 1e-5 }), nl.diagnose(A, { tol = 1e-10, seed = 8 })
    near(tight.jacobi.radius, loose.jacobi.radius, 1e-6)
    near(tight.jacobi.sweeps, 2 * loose.jacobi.sweeps, 2)
    assert.same(tight, nl.diagnose(A, { tol = 1e-10, seed = 8 }))
  end)

  it("takes matrices of any shape, and one row", function()
    local d = nl.diagnose(nl.tensor { { 1, 0, 2 }, { 0, 3, 0 } })
    assert.same({ 2, 3, 3 }, { d.rows, d.cols, d.nnz })
    assert.equal("A is not square", d.jacobi.reason)
    assert.is_nil(d.jacobi.converges)
    assert.equal(0, nl.diagnose(nl.zeros(0, 0)).nnz)
    local one = nl.diagnose(nl.tensor { { -3 } })
    assert.same({ 0, true, false }, { one.gauss_seidel.radius, one.gauss_seidel.converges, one.positive_diagonal })
  end)

  it("returns nil, a message and a code for entries that are not finite", function()
    local A = tridiagonal(4, 1, 4, 1)
    A:set(0 / 0, 3, 2)
    local d, message, info = nl.diagnose(A)
    assert.is_nil(d)
    assert.is_truthy(message:find("a(3,2) is", 1, true), message)
    assert.equal("NONFINITE", info.code)
  end)

  it("raises on misuse", function()
    local A = nl.eye(3)
    raises("matrix", nl.diagnose)
    raises("matrix", nl.diagnose, { { 1 } })
    raises("diagnose: A must be a matrix, got shape 3", nl.diagnose, nl.ones(3))
    raises("did you mean 'omega'", nl.diagnose, A, { omgea = 1 })
    raises("diagnose: omega is 2, expected 0 < omega < 2", nl.diagnose, A, { omega = 2 })
    raises("nan, expected 0 < omega < 2", nl.diagnose, A, { omega = 0 / 0 })
    raises("diagnose: tol is 0, expected 0 < tol < 1", nl.diagnose, A, { tol = 0 })
    raises("spectral", nl.diagnose, A, { spectral = "yes" })
    raises("seed", nl.diagnose, A, { seed = 1.5 })
  end)
end)
