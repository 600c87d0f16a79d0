--- The lab's own names, with the argument orders of its handout: task 1, linear systems, and task 2, attention.
---
--- Example:
---     local lab = require "numlab.lab"
---     local A, b = {{4, 1}, {2, 5}}, {6, 12}
---     local x, info = lab.gauss_seidel(A, b, nil, 1e-12, 100)
---     assert(nl.allclose(x, (lab.gaussian_elimination(A, b))) and info.iterations < 100)
---     local q, k, v = nl.randn(1, 2, 8, 4), nl.randn(1, 2, 8, 4), nl.randn(1, 2, 8, 4)
---     local tiled = lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 4)
---     local out, lse = lab.custom_flash_attention_forward(q, k, v, 4, 2)
---     assert(nl.allclose(tiled, out) and lse.ndim == 3)
---     local dq, dk, dv = lab.flash_attention_backward(nl.ones(1, 2, 8, 4), q, k, v, 4)
---     assert(dq.size == q.size and dk.size == k.size and dv.size == v.size)
---
--- A is a tensor, a sparse matrix or a Lua table of rows; b a tensor or a list. What the methods know besides x
--- (growth of the elements, sweeps, residual history) stands in info, as from nl.solve. q is (B,H,Nq,D), k (B,H,Nk,D),
--- v (B,H,Nk,Dv): tensors or nested tables. Mind the handout's orders: K_tile_size comes first in two of the three names.
local expect = require "numlab.expect"
local nl = require "numlab"

local M = {}

local function matrix(A) return type(A) == "table" and nl.tensor(A) or A end

-- Without the number, nl.attention would take its own default and hide a forgotten argument.
local function check_tile(what, name, size)
  if math.type(size) ~= "integer" or size < 1 then
    expect.fail(("%s: %s must be a whole number of at least 1, got %s"):format(what, name, tostring(size)))
  end
end

--- Gaussian elimination with partial pivoting: row operations to triangular form, then back substitution.
---@param A any  n x n
---@param b any  n values, or n x k for several right-hand sides
---@return any x  shaped like b; nil, message, info where a pivot is exactly zero
---@return table|string info
function M.gaussian_elimination(A, b)
  expect("lab.gaussian_elimination", "A", A, "matrix|table")
  expect("lab.gaussian_elimination", "b", b, "tensor|table")
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
  expect("lab.gauss_seidel", "A", A, "matrix|table")
  expect("lab.gauss_seidel", "b", b, "tensor|table")
  expect("lab.gauss_seidel", "x0", x0, "tensor|table?")
  expect("lab.gauss_seidel", "tol", tol, "number?")
  expect("lab.gauss_seidel", "max_iter", max_iter, "count?")
  return nl.solve(matrix(A), matrix(b), { method = "gauss_seidel", x0 = x0 ~= nil and matrix(x0) or nil, tol = tol,
    max_iter = max_iter, history = true })
end

--- Attention by tiles, without online softmax: for each tile of queries the whole score row (q_tile x Nk) is computed
--- tile of keys by tile of keys, then normalised once, then multiplied with V.
---@param query any
---@param key any
---@param value any
---@param K_tile_size integer
---@param Q_tile_size integer?  K_tile_size
---@param softmax_scale number?  1 / sqrt(D)
---@return any output  (B,H,Nq,Dv); nil, message, info when interrupted
---@return string? message
---@return table? info
function M.custom_tiled_attention_NO_ONLINE_softmax(query, key, value, K_tile_size, Q_tile_size, softmax_scale)
  expect("lab.custom_tiled_attention_NO_ONLINE_softmax", "query", query, "tensor|table")
  expect("lab.custom_tiled_attention_NO_ONLINE_softmax", "key", key, "tensor|table")
  expect("lab.custom_tiled_attention_NO_ONLINE_softmax", "value", value, "tensor|table")
  local what = "custom_tiled_attention_NO_ONLINE_softmax"
  check_tile(what, "K_tile_size", K_tile_size)
  check_tile(what, "Q_tile_size", Q_tile_size or K_tile_size)
  local out, aux, info = nl.attention(matrix(query), matrix(key), matrix(value), { impl = "tiled",
    k_tile = K_tile_size, q_tile = Q_tile_size or K_tile_size, scale = softmax_scale })
  if not out then return nil, aux, info end
  return out
end

--- Attention by tiles with online softmax: the output of a tile of queries is rescaled as the running maximum m and
--- the running denominator l of its rows change.
---@param query any
---@param key any
---@param value any
---@param Q_tile_size integer
---@param K_tile_size integer
---@param causal boolean?  row i sees keys up to i + Nk - Nq
---@param softmax_scale number?  1 / sqrt(D)
---@return any output  (B,H,Nq,Dv); nil, message, info when interrupted
---@return any lse  (B,H,Nq), the softmax statistics in one number: m + log l
---@return table? info
function M.custom_flash_attention_forward(query, key, value, Q_tile_size, K_tile_size, causal, softmax_scale)
  expect("lab.custom_flash_attention_forward", "query", query, "tensor|table")
  expect("lab.custom_flash_attention_forward", "key", key, "tensor|table")
  expect("lab.custom_flash_attention_forward", "value", value, "tensor|table")
  check_tile("custom_flash_attention_forward", "Q_tile_size", Q_tile_size)
  check_tile("custom_flash_attention_forward", "K_tile_size", K_tile_size)
  local out, aux, info = nl.attention(matrix(query), matrix(key), matrix(value), { impl = "flash",
    q_tile = Q_tile_size, k_tile = K_tile_size, causal = causal, scale = softmax_scale })
  if not out then return nil, aux, info end
  return out, aux.lse
end

--- Gradients of sum(grad_output * output) by query, key and value, tile by tile: P is computed again from the softmax
--- statistics, and these from the forward pass, which runs first because the handout's arguments do not hold them.
---@param grad_output any  shaped like the output
---@param query any
---@param key any
---@param value any
---@param K_tile_size integer
---@param Q_tile_size integer?  K_tile_size
---@param softmax_scale number?  1 / sqrt(D)
---@param causal boolean?  not in the handout: as in the forward pass
---@return any dq  nil, message, info when interrupted
---@return any dk
---@return any dv
function M.flash_attention_backward(grad_output, query, key, value, K_tile_size, Q_tile_size, softmax_scale, causal)
  expect("lab.flash_attention_backward", "grad_output", grad_output, "tensor|table")
  expect("lab.flash_attention_backward", "query", query, "tensor|table")
  expect("lab.flash_attention_backward", "key", key, "tensor|table")
  expect("lab.flash_attention_backward", "value", value, "tensor|table")
  check_tile("flash_attention_backward", "K_tile_size", K_tile_size)
  check_tile("flash_attention_backward", "Q_tile_size", Q_tile_size or K_tile_size)
  local q, k, v = matrix(query), matrix(key), matrix(value)
  local options = { impl = "flash", k_tile = K_tile_size, q_tile = Q_tile_size or K_tile_size, causal = causal,
    scale = softmax_scale }
  local out, aux, info = nl.attention(q, k, v, options)
  if not out then return nil, aux, info end
  local dq, dk, dv = nl.attention_backward(matrix(grad_output), q, k, v, out, aux, options)
  return dq, dk, dv
end

return M
