--- How far rounding reaches: linear systems against the condition of the matrix, attention against the spread of its
--- scores, in arithmetics of several widths, beside what theory predicts.
---
--- A type of p bits has the unit roundoff u = 2^-p. A stable solver's x solves a system off by about u, so that
---   ||x - x*|| / ||x*||  ~  kappa u,     at most kappa (2 eta + n 2^-53) / (1 - kappa eta) for the backward error eta measured
--- (the n 2^-53: b = A x* is rounded too), and for a residual in no special direction about
---   eta (1 + ||b|| / ||x||) ||A^-1||_F / sqrt(n),      ||A^-1||_F^2 = sum_k 1 / s_k^2.
--- With factors in u_f and residuals in f64 each step of refinement leaves at most about kappa u_f of the error: below
--- kappa u_f = 1 the result is that of f64 (Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., 12.1).
---@internal of the experiments of task 1
local expect = require "numlab.expect"
local nl = require "numlab"
local text = require "numlab.text"

local M = {}

--- Unit roundoffs.
M.ROUNDOFF = { f64 = 2.0 ^ -53, f32 = 2.0 ^ -24, f16 = 2.0 ^ -11, bf16 = 2.0 ^ -8 }

-- Label -> method, the type A is rounded to (16-bit types are factored in f32), and where its result is refined.
local METHODS = {
  ["gauss f64"] = { method = "gauss", dtype = "f64" }, ["lu f64"] = { method = "lu", dtype = "f64" },
  ["lapack f64"] = { method = "lapack", dtype = "f64" },
  ["gauss f32"] = { method = "gauss", dtype = "f32" }, ["lu f32"] = { method = "lu", dtype = "f32" },
  ["lapack f32"] = { method = "lapack", dtype = "f32" },
  ["lu f32 refined in f32"] = { method = "lu", dtype = "f32", refined = "f32" },
  ["lu f32 refined in f64"] = { method = "lu", dtype = "f32", refined = "f64" },
  ["lu bf16"] = { method = "lu", dtype = "bf16" },
  ["lu bf16 refined in f64"] = { method = "lu", dtype = "bf16", refined = "f64" },
}
M.METHODS = { "gauss f64", "lu f64", "lapack f64", "gauss f32", "lu f32", "lapack f32", "lu f32 refined in f32",
  "lu f32 refined in f64", "lu bf16", "lu bf16 refined in f64" }

M.COLUMNS = { "n", "cond", "replicate", "method", "solver", "dtype", "refined", "roundoff", "repeats", "seconds", "iterations",
  "predicted_iterations", "contraction", "predicted_contraction", "converged", "predicted_converged", "rel_error",
  "predicted_error", "typical_error", "error_bound", "backward_error", "predicted_backward", "growth", "seed", "code", "message" }
M.FORMAT = { cond = "%.0e", seconds = text.duration }
for _, name in ipairs{ "rel_error", "predicted_error", "typical_error", "error_bound", "backward_error",
  "predicted_backward", "contraction", "predicted_contraction", "roundoff" } do M.FORMAT[name] = "%.1e" end

--- A random system of a condition, ||A||_2 = 1.
---@param n integer
---@param cond number
---@param seed integer
---@return table  {A, b, x, cond, inverse = ||A^-1||_F}
function M.system(n, cond, seed)
  local A, b, x = nl.gallery.randsvd{ n = n, cond = cond, seed = seed }
  local squares = 0.0
  for k = 0, n - 1 do squares = squares + cond ^ (2 * k / math.max(1, n - 1)) end -- s_k = cond^(-k / (n - 1))
  return { A = A, b = b, x = x, cond = cond, inverse = math.sqrt(squares) }
end

-- ||b - A x|| / (||x|| + ||b||), ||A||_2 being 1.
local function backward(system, x)
  return (system.b - system.A * x):norm() / (x:norm() + system.b:norm())
end

--- x in f64 from a factor of a rounded A: r = b - A x, A d = r by the factor, x = x + d, as long as the backward error
--- halves. r is scaled by its largest element, so that it does not leave the factor's range.
---@param system table
---@param F nl.LU  of A:to("f32")
---@return nl.Tensor? x
---@return string? message
---@return table info  {iterations, contraction = what a step leaves of the correction}
function M.refine(system, F)
  local x, r = nl.zeros(#system.b), system.b
  local eta, info, before = math.huge, { iterations = 0 }, nil
  while true do
    local size = r:abs():max()
    if size == 0 then break end
    local d = F:solve((r / size):to("f32"))
    if not d then return nil, "the factor is singular", { code = "SINGULAR" } end
    d = d:to("f64") * size
    local tried = x + d
    local fresh = backward(system, tried)
    if not (fresh < eta / 2) then break end
    if before then info.contraction = d:norm() / before end
    x, eta, before, info.iterations = tried, fresh, d:norm(), info.iterations + 1
    r = system.b - system.A * x
  end
  return x, nil, info
end

--- One solve as a row.
---@param system table  of system
---@param label string
---@return table? row
---@return string? message
---@return table? info
function M.measure(system, label)
  local m = METHODS[label] or expect.fail(text.unknown("accuracy", "method", label, M.METHODS))
  local n, u, exact = #system.b, M.ROUNDOFF[m.dtype], M.ROUNDOFF.f64
  local compute = m.dtype == "f64" and "f64" or "f32"
  local A, start = system.A:to(m.dtype):to(compute), nl.clock()
  local x, message, info
  if m.refined == "f64" then
    x, message, info = M.refine(system, nl.lu(A))
  else
    x, message, info = nl.solve(A, system.b:to(compute), { method = m.method, refine = m.refined ~= nil })
    if x then message, info = nil, message end
  end
  if not x then return nil, message, info end
  local seconds = nl.clock() - start
  x = x:to("f64")
  local eta, shrinks = backward(system, x), system.cond * u
  local row = { n = n, solver = m.method, dtype = m.dtype, refined = m.refined, roundoff = u, seconds = seconds,
    growth = info.growth, rel_error = (x - system.x):norm() / system.x:norm(), backward_error = eta,
    predicted_error = shrinks, predicted_backward = u,
    typical_error = eta * (1 + system.b:norm() / x:norm()) * system.inverse / math.sqrt(n),
    error_bound = system.cond * eta < 1 and system.cond * (2 * eta + n * exact) / (1 - system.cond * eta) or nil }
  if m.refined == "f64" then
    row.iterations, row.contraction, row.predicted_contraction = info.iterations, info.contraction, shrinks
    row.converged, row.predicted_converged = eta <= n * exact, shrinks < 1
    if shrinks < 1 then
      row.predicted_iterations = math.ceil(math.log(exact) / math.log(shrinks))
      row.predicted_error, row.predicted_backward = system.cond * exact, exact
    end
  end
  return row
end

return M
