local nl = require "numlab"
local findings = require "numlab.poisson_findings"
local poisson = require "numlab.poisson"
local raises = require "tests.lua.raises"
local smoothing = require "numlab.smoothing"

local has_lapack = nl.eigh(nl.eye(1)) ~= nil

local function near(expected, got, tolerance, what)
  if not (math.abs(got - expected) <= tolerance) then
    error(("%s: expected %.15g, got %.15g"):format(what or "value", expected, got), 2)
  end
end

-- The eigenvalues of M^-1 A for SSOR's M, multiplied out: those of C^-1 A C^-T with M = C C'.
local function ssor_eigenvalues(A, omega)
  local n, lower = #A, A:dense()
  local d = A:diag()
  for i = 1, n do
    for j = 1, n do lower:set(i == j and d(i) or i > j and omega * lower(i, j) or 0, i, j) end
  end
  local M = lower * nl.eye(n):mul((1 / d):reshape(-1, 1)) * lower.T / (omega * (2 - omega))
  local C = nl.cholesky((M + M.T) / 2)
  local half = nl.lu(C):solve(A:dense())
  local B = nl.lu(C):solve(half.T:contiguous())
  local w = nl.eigh((B + B.T) / 2)
  return w(1), w(n)
end

describe("numlab.poisson", function()
  it("has the radii of the iterations as they are on small grids", function()
    for dim, n in ipairs{ 9, 6, 3 } do
      local A = poisson.GALLERY[dim](n)
      if has_lapack then
        local w = nl.eigh(A:dense())
        local largest = math.max(math.abs(1 - w(1) / (2 * dim)), math.abs(1 - w(#A) / (2 * dim)))
        near(largest, poisson.theory("jacobi", dim, n).radius, 1e-12, "jacobi")
        near(w(#A) / w(1), poisson.theory("cg", dim, n).kappa, 1e-9, "kappa")
      end
      local sor = poisson.theory("sor", dim, n)
      local d = nl.diagnose(A, { omega = sor.omega })
      near(d.gauss_seidel.radius, poisson.theory("gauss_seidel", dim, n).radius, 1e-6, "gauss_seidel")
      near(d.omega_best, sor.omega, 1e-6, "omega")
      near(d.sor.radius, sor.radius, 0.02, "sor") -- a Jordan block: its eigenvalues are found to eps^(1/2) at best
    end
  end)

  it("bounds the condition of SSOR's preconditioned matrix, and closely", function()
    if not has_lapack then return end
    for dim, n in ipairs{ 15, 7, 3 } do
      local A = poisson.GALLERY[dim](n)
      for label, omega in pairs{ ["cg gauss_seidel"] = 1.0, ["cg ssor"] = poisson.theory("cg ssor", dim, n).omega } do
        local low, high = ssor_eigenvalues(A, omega)
        local bound = poisson.theory(label, dim, n).kappa
        assert.is_true(high <= 1 + 1e-12)
        assert.is_true(high / low <= bound * (1 + 1e-12) and high / low >= bound / 3, label)
        if omega == 1 then -- a symmetric sweep leaves at most 1 - lambda_min
          assert.is_true(1 - low <= poisson.theory("gauss_seidel symmetric", dim, n).radius)
          near(1 - low, poisson.theory("gauss_seidel symmetric", dim, n).radius, 0.05 * dim)
        end
      end
    end
  end)

  it("predicts what is measured", function()
    local system = poisson.system(2, 15)
    for _, label in ipairs(poisson.METHODS) do
      local row = assert(poisson.measure(system, label, { tol = 1e-8, max_iter = 10000 }))
      assert.equal(225, row.n)
      assert.is_true(row.rel_error < 1e-7 and row.relative_residual <= 1e-8 and row.backward_error < 1e-7)
      assert.is_true(row.seconds > 0 and row.peak_bytes > 0)
      if row.is_bound then
        assert.is_true(row.iterations <= row.predicted_iterations, label)
      elseif row.exponent > 0 then
        near(row.predicted_iterations, row.iterations, 2, label)
        near(row.predicted_rate, row.rate, 2e-3, label)
      else
        assert.is_true(row.rate < row.predicted_rate and row.iterations < row.predicted_iterations, label)
      end
    end
  end)

  it("ends conjugate gradients after as many steps as b has eigenvectors", function()
    local row = poisson.measure(poisson.system(1, 31), "cg", { tol = 1e-8, max_iter = 1000 })
    assert.equal(16, row.iterations)
    assert.equal(16, row.predicted_iterations)
    assert.equal(10, poisson.iterations("cg", poisson.system(2, 7), 1e-8)) -- 4 halves of a side, in pairs
  end)

  it("keeps what is known of a failure", function()
    for _, label in ipairs{ "jacobi", "multigrid" } do
      local row, message, info = poisson.measure(poisson.system(2, 7), label, { tol = 1e-8, max_iter = 3 })
      assert.is_nil(row)
      assert.is_string(message)
      assert.equal("NOT_CONVERGED", info.code)
      assert.equal(3, info.row.iterations)
    end
  end)

  it("goes between grids by the formulas", function()
    for dim = 1, 3 do
      local levels = poisson.levels(dim, 7)
      assert.equal(3, #levels)
      assert.equal(2, #poisson.levels(dim, 7, 2))
      -- the middle of the coarse grid is the middle of the fine one; a constant stays one inside
      local fine = levels[1].P * nl.ones(3 ^ dim // 1)
      near(1, fine((7 ^ dim // 1 + 1) // 2), 0)
      near(0.5 ^ dim, fine(1), 0)
      assert.is_true((levels[1].R:dense() - levels[1].P:dense().T * (4 / 2 ^ dim)):abs():max() == 0)
    end
    local levels = poisson.levels(1, 15)
    local product = levels[1].R * levels[1].A * levels[1].P -- in 1-d the coarse matrix is Galerkin's
    assert.is_true((product:dense() - levels[2].A:dense()):abs():max() < 1e-14)
    raises("poisson: 8 points a side cannot be halved, expected 2^k - 1", poisson.levels, 2, 8)
  end)

  it("solves in one cycle where the second grid is one point and the first three, in 1-d", function()
    local system = poisson.system(1, 3)
    local x = nl.zeros(3)
    for _ = 1, 12 do x = poisson.cycle(poisson.levels(1, 3), system.b, x) end
    assert.is_true((x - system.x):norm() < 1e-9 * system.x:norm())
  end)

  it("refuses a method it does not know", function()
    raises("poisson: unknown method 'gauss_siedel' (did you mean 'gauss_seidel'?", poisson.theory, "gauss_siedel", 2, 7)
  end)
end)

describe("numlab.smoothing", function()
  it("has the factors of the literature", function()
    for dim, factor in ipairs{ 1 / 3, 0.6, 5 / 7 } do near(factor, smoothing.factor("jacobi weighted", dim), 1e-12) end
    for dim, factor in ipairs{ 1 / math.sqrt(5), 0.5, 0.567 } do near(factor, smoothing.factor("gauss_seidel", dim), 5e-4) end
    near(1, smoothing.factor("jacobi", 2), 0)
    raises("smoothing: unknown smoother 'sor'", smoothing.symbol, "sor", { 1 })
  end)

  it("sweeps by definition", function()
    local A, b, x = poisson.GALLERY[2](3), nl.randn(9, { seed = 1 }), nl.randn(9, { seed = 2 })
    local gauss_seidel, jacobi = x:totable(), x:totable()
    for i = 1, 9 do
      local newest, old = b(i), b(i)
      for j = 1, 9 do
        if j ~= i then newest, old = newest - A(i, j) * gauss_seidel[j], old - A(i, j) * x(j) end
      end
      gauss_seidel[i], jacobi[i] = newest / 4, x(i) + 0.8 * (old / 4 - x(i))
    end
    assert.is_true((smoothing.sweep("gauss_seidel", A, b, x) - nl.tensor(gauss_seidel)):abs():max() < 1e-14)
    assert.is_true((smoothing.sweep("jacobi weighted", A, b, x) - nl.tensor(jacobi)):abs():max() < 1e-14)
  end)

  it("raises where a sweep is not defined", function()
    local A = nl.sparse.coo(2, 2, { 1, 2 }, { 2, 1 }, { 1, 1 })
    assert.error_matches(function() smoothing.sweep("gauss_seidel", A, nl.ones(2), nl.ones(2)) end, "zero diagonal in row 1")
  end)

  it("damps waves as the symbol says", function()
    for dim, n in ipairs{ 63, 63, 31 } do
      local A = (poisson.GALLERY[dim](n))
      for _, smoother in ipairs(smoothing.SMOOTHERS) do
        local theta = { 1.1, -2.0, 0.6 }
        local row = smoothing.row(smoother, A, n, table.move(theta, 1, dim, 1, {}))
        near(row.predicted_damping, row.damping, 1e-3, smoother)
        near(dim == 1 and 1.1 or 2, row.theta, 0)
      end
    end
  end)

  it("knows the worst wave of a frequency", function()
    local size, theta = smoothing.worst("gauss_seidel", 2, math.pi / 2)
    near(0.5, size, 1e-5) -- at (pi / 2, arccos(4 / 5))
    near(math.acos(0.8), theta[2], 5e-3)
    near(math.pi / 2, theta[1], 0)
    near(smoothing.symbol("gauss_seidel", { 2.0 }), (smoothing.worst("gauss_seidel", 1, 2.0)), 0)
  end)
end)

describe("numlab.poisson_findings", function()
  local rows, waves = {}, {}
  for _, points in ipairs{ 7, 15, 31 } do
    local system = poisson.system(2, points)
    for _, label in ipairs(poisson.METHODS) do
      local row = assert(poisson.measure(system, label, { tol = 1e-8, max_iter = 10000 }))
      row.method, row.code = label, "OK"
      rows[#rows + 1] = row
    end
  end
  local A = (poisson.GALLERY[2](31))
  for _, smoother in ipairs(smoothing.SMOOTHERS) do
    for k = 1, 8 do
      local _, theta = smoothing.worst(smoother, 2, k * math.pi / 8)
      waves[#waves + 1] = smoothing.row(smoother, A, 31, theta)
    end
  end
  local function said(list) -- as text, line by line
    local lines = {}
    for _, section in ipairs(list) do
      lines[#lines + 1] = tostring(section[1])
      for _, line in ipairs(section[2]) do lines[#lines + 1] = tostring(line) end
    end
    return table.concat(lines, "\n")
  end

  it("finds theory confirmed", function()
    local words = said(findings.sections(rows, waves))
    assert.is_nil(words:find("DEVIATES"), words)
    for _, title in ipairs{ "Rates and the spectral radius", "Bounds", "How iterations grow", "What each idea saves",
      "Multigrid", "What smoothers damp" } do
      assert.is_truthy(words:find(title, 1, true), title)
    end
  end)

  it("flags what departs from it", function()
    local function spoiled(field, factor, method)
      local list = {}
      for i, row in ipairs(rows) do
        list[i] = setmetatable({}, { __index = row })
        if row.method == method then list[i][field] = row[field] * factor end
      end
      return said(findings.sections(list, {}))
    end
    assert.is_truthy(spoiled("rate", 1.03, "jacobi"):find("DEVIATES: more than 2 %", 1, true))
    assert.is_truthy(spoiled("iterations", 1.2, "gauss_seidel"):find("DEVIATES: more than 10 %", 1, true))
    assert.is_truthy(spoiled("iterations", 9, "cg ssor"):find("DEVIATES: 3 counts are above it", 1, true))
    assert.is_truthy(spoiled("rate", 2, "multigrid"):find("DEVIATES: the cycle is slower", 1, true))
    assert.is_truthy(spoiled("exponent", 3, "sor"):find("DEVIATES: by more than 0.25 in 2-d", 1, true))
    local worse = {}
    for i, row in ipairs(waves) do worse[i] = setmetatable({ damping = row.damping + 0.1 }, { __index = row }) end
    assert.is_truthy(tostring(findings.smoothing(worse)[1]):find("DEVIATES: by more than 0.01", 1, true))
  end)
end)
