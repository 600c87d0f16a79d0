--- The lab's own names, with the argument orders of its handout: task 1, linear systems.
---
---   local lab = require "numlab.lab"
---   local x = lab.gaussian_elimination(A, b)
---   local x, info = lab.gauss_seidel(A, b, nil, 1e-10, 10000)
---
--- A is a tensor, a sparse matrix or a Lua table of rows; b a tensor or a list. What the methods know besides x
--- (growth of the elements, sweeps, residual history) stands in info, as from nl.solve.
local nl = require "numlab"

local M = {}

local function matrix(A) return type(A) == "table" and nl.tensor(A) or A end

--- Gaussian elimination with partial pivoting: row operations to triangular form, then back substitution.
---@param A any  n x n
---@param b any  n values, or n x k for several right-hand sides
---@return any x  shaped like b; nil, message, info where a pivot is exactly zero
---@return table|string info
function M.gaussian_elimination(A, b)
  return nl.solve(matrix(A), matrix(b), { method = "gauss", pivot = "partial" })
end

--- Gauss-Seidel: x <- (D - L)^-1 (U x + b), newest values used at once, until ||b - A x|| <= tol ||b||.
---@param A any  n x n, no zero on its diagonal
---@param b any
---@param x0 any?  the start; zero
---@param tol number?  1e-10
---@param max_iter integer?  10000
---@return any x  nil, message, info where it does not converge; nl.diagnose(A) says why
---@return table|string info  iterations, relative_residual, history (one value a sweep)
function M.gauss_seidel(A, b, x0, tol, max_iter)
  return nl.solve(matrix(A), matrix(b), { method = "gauss_seidel", x0 = x0 ~= nil and matrix(x0) or nil, tol = tol,
    max_iter = max_iter, history = true })
end

return M
