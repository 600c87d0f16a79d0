--- Poisson's equation on the unit interval, square and cube, (2 dim + 1)-point differences with n points a side and
--- h = 1 / (n + 1), A not divided by h^2: the model problem whose iterations are known by formula. What theory says of
--- each method, multigrid over sparse matrices, and one measured solve as a row.
---
--- Jacobi's radius is rho = cos(pi h) in any dimension; rho^2 is Gauss-Seidel's and omega - 1 that of SOR with
--- omega = 2 / (1 + sqrt(1 - rho^2)) (Young, Iterative Solution of Large Linear Systems, 1971). kappa(A) = cot^2(pi h / 2).
--- For SSOR's M, with d = diag(A) = 2 dim and L D^-1 U <= D / 4,
---   x'Ax <= x'Mx <= x'Ax (1 / (2 - omega) + (2 - omega) / (8 omega sin^2(pi h / 2)))         (Axelsson 1972),
--- which is 1 + 1 / (8 sin^2(pi h / 2)) for omega = 1 and least, 1/2 + 1 / (2 sin(pi h / 2)), for
--- omega = 2 / (1 + 2 sin(pi h / 2)).
---@internal of the experiments of task 1
local expect = require "numlab.expect"
local nl = require "numlab"
local smoothing = require "numlab.smoothing"
local task1 = require "numlab.task1"
local text = require "numlab.text"

local M = {}

M.GALLERY = { nl.gallery.poisson1d, nl.gallery.poisson2d, nl.gallery.poisson3d }

local function contraction(kappa) return (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1) end

-- Label -> what nl.solve is told, and theory: the factor a sweep, step or cycle leaves of the error for large numbers of
-- them, whether that is a bound, and the power of 1/h by which their number grows. `t` has h and s = sin(pi h / 2).
local METHODS = {
  jacobi = { method = "jacobi", exponent = 2, radius = function(t) return math.cos(math.pi * t.h) end },
  gauss_seidel = { method = "gauss_seidel", exponent = 2, radius = function(t) return math.cos(math.pi * t.h) ^ 2 end },
  ["gauss_seidel symmetric"] = { method = "gauss_seidel", sweep = "symmetric", exponent = 2, bound = true,
    radius = function(t) return 1 - 1 / (1 + 1 / (8 * t.s ^ 2)) end }, -- 1 - lambda_min(M^-1 A)
  sor = { method = "sor", exponent = 1, omega = function(t) return 2 / (1 + math.sin(math.pi * t.h)) end,
    radius = function(t) return 2 / (1 + math.sin(math.pi * t.h)) - 1 end },
  cg = { method = "cg", exponent = 1, bound = true, kappa = function(t) return 1 / t.s ^ 2 - 1 end },
  ["cg gauss_seidel"] = { method = "cg", precond = "gauss_seidel", exponent = 1, bound = true,
    kappa = function(t) return 1 + 1 / (8 * t.s ^ 2) end },
  ["cg ssor"] = { method = "cg", precond = "ssor", exponent = 0.5, bound = true,
    omega = function(t) return 2 / (1 + 2 * t.s) end, kappa = function(t) return 0.5 + 0.5 / t.s end },
  ["two-grid"] = { levels = 2, exponent = 0 },
  multigrid = { levels = math.huge, exponent = 0 },
}

--- The labels, in the order of the table; and those that make a full comparison.
M.METHODS = { "jacobi", "gauss_seidel", "gauss_seidel symmetric", "sor", "cg", "cg gauss_seidel", "cg ssor", "multigrid",
  "two-grid" }
M.MAIN = table.move(M.METHODS, 1, 8, 1, {})

--- A sweep before and one after the coarse grid.
M.SWEEPS = 2

--- What theory says of a method on n points a side.
---@param label string
---@param dim integer  1, 2, 3
---@param n integer
---@return table  {h, radius, bound = true where radius is one, kappa of M^-1 A, omega, exponent of 1/h}
function M.theory(label, dim, n)
  local m = METHODS[label] or expect.fail(text.unknown("poisson", "method", label, M.METHODS))
  local t = { h = 1 / (n + 1), s = math.sin(math.pi / (2 * (n + 1))), bound = m.bound, exponent = m.exponent }
  t.omega, t.kappa = m.omega and m.omega(t), m.kappa and m.kappa(t)
  if m.levels then
    t.radius = smoothing.factor("gauss_seidel", dim) ^ M.SWEEPS -- what an ideal coarse grid leaves
  else
    t.radius = t.kappa and contraction(t.kappa) or m.radius(t)
  end
  return t
end

--- Sweeps until ||b - A x|| <= tol ||b|| from x = 0. SOR's best omega merges two eigenvalues into a Jordan block: its error
--- falls as k rho^(k-1) (rho^(1/2) + rho^(-1/2)). For CG a bound: ||r_k|| <= 2 sqrt(kappa(A)) rho^k ||r_0||, and without
--- preconditioner never more steps than b has eigenvectors: the solution of `system` looks alike from all sides.
---@param label string
---@param system table  of system
---@param tol number
---@return integer
function M.iterations(label, system, tol)
  local t = M.theory(label, system.dim, system.points)
  local log = math.log(t.radius)
  if t.kappa then
    local steps, distinct, half = math.ceil(math.log(tol / (2 * math.sqrt(1 / t.s ^ 2 - 1))) / log), 1, (system.points + 1) // 2
    for j = 1, system.dim do distinct = distinct * (half + j - 1) // j end -- halves of a side, in any order
    return label == "cg" and math.min(steps, distinct) or steps
  end
  if METHODS[label].levels then return math.ceil(math.log(tol) / log) end
  local wanted = math.log(tol / system.share)
  if label ~= "sor" then return math.ceil(wanted / log) end
  local edge, k = math.log(t.radius ^ 0.5 + t.radius ^ -0.5), 1
  while math.log(k) + (k - 1) * log + edge > wanted do k = k + 1 end
  return k
end

--- The system whose solution is the product of x (1 - x) over the sides, exact but for rounding.
---@param dim integer
---@param n integer
---@return table  {A, b, x, dim, points, share = that of the slowest mode in b}
function M.system(dim, n)
  local A, h = M.GALLERY[dim](n), 1 / (n + 1)
  local x = smoothing.product(dim, n, function(i) return i * h * (1 - i * h) end)
  local slowest = smoothing.product(dim, n, function(i) return math.sin(math.pi * i * h) end)
  local b = A * x
  return { A = A, b = b, x = x, dim = dim, points = n, share = math.abs(b * slowest) / (b:norm() * slowest:norm()) }
end

-- Linear interpolation from (n - 1) / 2 points a side: P = P1 x .. x P1, weights 1 and 1/2 along each side.
local function interpolation(dim, n)
  local coarse = (n - 1) // 2
  local list = { { 1, 1, 1 } } -- row, column, weight
  for _ = 1, dim do
    local longer = {}
    for j = 1, coarse do
      for _, e in ipairs(list) do
        for step = -1, 1 do
          longer[#longer + 1] = { (e[1] - 1) * n + 2 * j + step, (e[2] - 1) * coarse + j, step == 0 and e[3] or e[3] / 2 }
        end
      end
    end
    list = longer
  end
  local rows, columns, weights = {}, {}, {}
  for i, e in ipairs(list) do rows[i], columns[i], weights[i] = e[1], e[2], e[3] end
  return nl.sparse.coo(math.tointeger(n ^ dim), math.tointeger(coarse ^ dim), rows, columns, weights)
end

--- Grids from n points a side down to one, each half as fine, with interpolation P to the grid above and restriction
--- R = 4 / 2^dim P' from it (the 4: A is not divided by h^2).
---@param dim integer
---@param n integer  2^k - 1
---@param most integer|number?  levels
---@return table[]  {A, P, R}, the finest first; the last has A alone
function M.levels(dim, n, most)
  local levels = {}
  while true do
    local level = { A = (M.GALLERY[dim](n)) }
    levels[#levels + 1] = level
    if n == 1 or #levels == (most or math.huge) then return levels end
    if n % 2 == 0 then expect.fail(("poisson: %d points a side cannot be halved, expected 2^k - 1"):format(n)) end
    level.P = interpolation(dim, n)
    level.R = level.P.T * (4 / 2 ^ dim)
    n = (n - 1) // 2
  end
end

--- One V-cycle: a Gauss-Seidel sweep, the residual's correction from the next grid, a sweep.
---@param levels table[]
---@param b nl.Tensor
---@param x nl.Tensor
---@param k integer?  level, 1
---@return nl.Tensor x
function M.cycle(levels, b, x, k)
  k = k or 1
  local level = levels[k]
  if not level.P then return assert(nl.solve(level.A, b)) end
  x = smoothing.sweep("gauss_seidel", level.A, b, x)
  local residual = level.R * (b - level.A * x)
  x = x + level.P * M.cycle(levels, residual, nl.zeros(#residual), k + 1)
  return smoothing.sweep("gauss_seidel", level.A, b, x)
end

-- Cycles until the residual is tol ||b||; x and what nl.solve tells of an iteration.
local function multigrid(system, most, o)
  local levels, x = M.levels(system.dim, system.points, most), nl.zeros(#system.b)
  local A, b, history, start = system.A, system.b, {}, nl.clock()
  local norm, ratio = b:norm(), 1
  while ratio > o.tol and #history < o.max_iter do
    x = M.cycle(levels, b, x)
    ratio = (b - A * x):norm() / norm
    history[#history + 1] = ratio
  end
  local info = { seconds = nl.clock() - start, iterations = #history, history = history, relative_residual = ratio,
    converged = ratio <= o.tol, code = ratio <= o.tol and "OK" or "NOT_CONVERGED",
    backward_error = (b - A * x):abs():max() / (A:norm("inf") * x:abs():max() + b:abs():max()) }
  if info.converged then return x, info end
  return nil, ("residual %.1e after %d cycles"):format(ratio, #history), info
end

--- Columns of a row, and how they read.
M.COLUMNS = { "dim", "points", "n", "method", "omega", "kappa", "exponent", "threads", "repeats", "seconds", "seconds_min",
  "seconds_iqr", "iterations", "predicted_iterations", "rate", "predicted_rate", "radius", "is_bound", "converged", "rel_error",
  "relative_residual", "backward_error", "peak_bytes", "nnz", "seed", "code", "message" }
M.FORMAT = setmetatable({ rate = "%.5f", radius = "%.5f", predicted_rate = "%.5f", omega = "%.4f", kappa = "%.4g",
  iterations = "%d", predicted_iterations = "%d" }, { __index = task1.FORMAT })

-- What a step left of the residual: over the last of a stationary method, where the slowest mode rules; over all of CG.
local function rate(history, krylov)
  local k = #history
  if krylov then return history[k] > 0 and history[k] ^ (1 / k) or nil end
  local span = math.min(20, k // 3)
  if span < 2 then return nil end
  return (history[k] / history[k - span]) ^ (1 / span), span
end

--- One solve as a row.
---@param system table  of system
---@param label string
---@param o table  {tol, max_iter}
---@return table? row
---@return string? message
---@return table? info
function M.measure(system, label, o)
  local m, t = METHODS[label], M.theory(label, system.dim, system.points)
  local bytes, x, info, facts = nl.memory.peak(function()
    if m.levels then return multigrid(system, m.levels, o) end
    return nl.solve(system.A, system.b, { method = m.method, sweep = m.sweep, precond = m.precond, omega = t.omega,
      tol = o.tol, max_iter = o.max_iter, history = true })
  end)
  facts = x and info or facts
  local row = { dim = system.dim, points = system.points, n = #system.b, omega = t.omega, kappa = t.kappa,
    exponent = t.exponent, threads = nl.threads(), iterations = facts.iterations, converged = facts.converged,
    predicted_iterations = M.iterations(label, system, o.tol), radius = t.radius, is_bound = t.bound or false,
    relative_residual = facts.relative_residual, backward_error = facts.backward_error, peak_bytes = bytes,
    nnz = system.A.nnz, history = facts.history, seconds = facts.seconds }
  if facts.history and #facts.history > 0 then
    local span
    row.rate, span = rate(facts.history, t.kappa)
    row.predicted_rate = t.radius
    if label == "sor" and span then -- k rho^k falls by rho (k / (k - 1)) a sweep
      row.predicted_rate = t.radius * (#facts.history / (#facts.history - span)) ^ (1 / span)
    end
  end
  if not x then
    facts.row = row
    return nil, info, facts
  end
  row.rel_error = (x - system.x):norm() / system.x:norm()
  return row
end

return M
