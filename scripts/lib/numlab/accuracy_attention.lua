--- How far rounding reaches in attention, O = P V with P = softmax(S), S = scale Q K'. By the first derivatives, row i:
---   dO_i = sum_j P_ij (v_j - O_i) dS_ij + sum_j P_ij dv_j,      dS_ij = scale (dq_i . k_j + q_i . dk_j)
--- Rounding to nearest with unit roundoff u leaves independent relative errors of root mean square e = u / sqrt(8 log 2)
--- (significands follow the logarithmic law), so the mean squares add up, with |x|^2 for x of a row and M_i = scale sum_j P_ij
--- (v_j - O_i) k_j':
---   stored operands  sum_d q_id^2 |M_i[:, d]|^2 + sum_j P_ij^2 (|v_j - O_i|^2 scale^2 q_i^2 . k_j^2 + |v_j|^2) + |O_i|^2
---   arithmetic       sum_j P_ij^2 |v_j - O_i|^2 scale^2 sum_t s_ijt^2 + sum_t |o_it|^2,  s and o the sums after t terms
--- Both over the mean of |O_i|^2 are squares of conditions: what e of the operands, of each operation, becomes in O. They
--- grow with the spread of the scores.
---@internal of the experiments of task 2
local nl = require "numlab"
local accuracy = require "numlab.accuracy"
local grad = require "numlab.grad"
local reference = require "numlab.reference"

local M = {}

--- Root mean square of a relative rounding error, in units of u.
M.ROUNDING = 1 / math.sqrt(8 * math.log(2))

--- Keys in a tile of tiled and flash.
M.K_TILE = 64

M.COLUMNS = { "contestant", "impl", "device", "dtype", "batch", "heads", "n", "head_dim", "spread", "largest_score",
  "keys_seen", "condition", "arithmetic", "roundoff", "repeats", "forward_s", "forward_iqr", "rms_err", "predicted_err", "ratio",
  "max_abs_err", "seed", "code", "message" }
M.FORMAT = { rms_err = "%.1e", predicted_err = "%.1e", max_abs_err = "%.1e", roundoff = "%.1e", condition = "%.3g",
  arithmetic = "%.3g", ratio = "%.2f", keys_seen = "%.3g", largest_score = "%.3g" }

local function mean_square(t) return t:mul(t):mean() end

-- sum over rows of |x|^2 of each row, as a column
local function row_squares(x) return x:mul(x) * nl.ones(x.shape[2]) end

-- sum over j of w_ij |v_j - O_i|^2, over all rows
local function spread_of(w, v, out)
  local n = #v
  local across = (out:mul(w * v) * nl.ones(v.shape[2])):sum()
  return (w * row_squares(v)):sum() - 2 * across + (w * nl.ones(n)):mul(row_squares(out)):sum()
end

-- Sums of products are taken so many terms at a time, and then added up.
local SLICE = 256

-- sum over t of the squares of what a b' has come to after t columns, in slices of so many
local function partial_squares(a, b, slice)
  local whole, sum, squares, columns = 0.0, 0.0, 0.0, a.shape[2]
  for t = 1, columns do
    local column = ("%d:%d"):format(t, t)
    sum = sum + a(":", column) * b(":", column).T
    squares = squares + sum:mul(sum)
    if t % slice == 0 and t < columns then
      whole, sum = whole + sum, 0.0
      squares = squares + whole:mul(whole)
    end
  end
  return squares
end

--- Mean squares of dO for e = 1 in one head, and of O.
---@param q nl.Tensor  (n, D), f64
---@param k nl.Tensor
---@param v nl.Tensor
---@param p nl.Tensor  (n, n)
---@param out nl.Tensor
---@param scale number
---@return table squares  {stored, standard, tiled, of_out}: standard and tiled of the arithmetic, over all keys or by tiles
function M.squares(q, k, v, p, out, scale)
  local n, d = #q, q.shape[2]
  local each = v.T:reshape(1, d, n):mul(p:reshape(n, 1, n)):contiguous() -- P_ij v_jc, for every row i
  local m = (each * k - out:reshape(n, d, 1):mul((p * k):reshape(n, 1, d))) * scale
  local squared = p:mul(p)
  local stored = m:mul(m):mul(q:mul(q):reshape(n, 1, d)):sum() + (squared * v:mul(v)):sum() + out:mul(out):sum()
    + spread_of(squared:mul(q:mul(q) * k:mul(k).T) * scale ^ 2, v, out)
  local scores = spread_of(squared:mul(partial_squares(q, k, SLICE)) * scale ^ 2, v, out)
  return { stored = stored / (n * d), of_out = mean_square(out),
    standard = (scores + partial_squares(p, v.T, SLICE):sum()) / (n * d),
    tiled = (scores + partial_squares(p, v.T, M.K_TILE):sum()) / (n * d) }
end

-- x with its last dimension turned round; numbers are only moved.
local function turned(x)
  local n = x.shape[#x.shape]
  local exchange = nl.zeros(n, n)
  for i = 1, n do exchange:set(1, i, n + 1 - i) end
  return x * exchange
end

--- Operands whose scores have a standard deviation of about `spread`, the f64 result by the formula itself with all sums
--- taken in the opposite order, and the conditions.
---@param o table  {batch, heads, n, head_dim, seed}
---@param spread number
---@return table work
function M.prepare(o, spread)
  local shape, work = { o.batch, o.heads, o.n, o.head_dim }, { spread = spread, shape = o }
  for i, name in ipairs{ "q", "k", "v" } do work[name] = nl.randn(shape, { seed = 10 * o.seed + i }) end
  work.q = work.q * spread -- scale is 1 / sqrt(D), so q . k scale has the deviation of q times that of k
  local function keys_turned(x) return turned(x:transpose(3, 4)):transpose(3, 4) end
  local out, p = reference.attention(grad.variable(turned(work.q)), grad.variable(keys_turned(turned(work.k))),
    grad.variable(keys_turned(work.v)))
  work.out, p = out.value, turned(p.value)
  local scale, squares = 1 / math.sqrt(o.head_dim), { stored = 0.0, standard = 0.0, tiled = 0.0, of_out = 0.0 }
  work.keys_seen = o.batch * o.heads * o.n / p:mul(p):sum() -- 1 / mean of sum_j P_ij^2
  work.largest_score = (work.q * work.k:transpose(3, 4)):abs():max() * scale
  for b = 1, o.batch do
    for h = 1, o.heads do
      local function head(t) return t[b][h]:contiguous() end
      local own = M.squares(head(work.q), head(work.k), head(work.v), head(p), head(work.out), scale)
      for name, value in pairs(own) do squares[name] = squares[name] + value end
    end
  end
  local function condition(name) return math.sqrt(squares[name] / squares.of_out) end
  work.condition = condition "stored"
  work.arithmetic = { standard = condition "standard", tiled = condition "tiled", flash = condition "tiled" }
  return work
end

-- e C, of stored operands and of the arithmetic (f64 operands are exact, and the reference is rounded too).
local function predicted(work, impl, dtype)
  local u, arithmetic = accuracy.ROUNDOFF, work.arithmetic[impl]
  if dtype == "f64" then return M.ROUNDING * u.f64 * math.sqrt(arithmetic ^ 2 + work.arithmetic.standard ^ 2) end
  return M.ROUNDING * math.sqrt((u[dtype] * work.condition) ^ 2 + (u.f32 * arithmetic) ^ 2)
end

--- One forward pass in a type as a row.
---@param work table  of prepare
---@param impl string
---@param dtype string
---@return table? row
---@return string? message
---@return table? info
function M.measure(work, impl, dtype)
  local q, k, v = work.q:to(dtype), work.k:to(dtype), work.v:to(dtype)
  local start = nl.clock()
  local out, aux, info = nl.attention(q, k, v, { impl = impl, k_tile = impl ~= "standard" and M.K_TILE or nil })
  local seconds = nl.clock() - start
  if not out then return nil, aux, info end
  local off, o = out:to("f64") - work.out, work.shape
  local row = { impl = impl, dtype = dtype, device = "cpu", batch = o.batch, heads = o.heads, n = o.n, head_dim = o.head_dim,
    spread = work.spread, largest_score = work.largest_score, keys_seen = work.keys_seen, condition = work.condition,
    arithmetic = work.arithmetic[impl], roundoff = accuracy.ROUNDOFF[dtype], seconds = seconds, parts = { forward = seconds },
    rms_err = math.sqrt(mean_square(off) / mean_square(work.out)), predicted_err = predicted(work, impl, dtype),
    max_abs_err = off:abs():max() }
  row.ratio = row.rms_err / row.predicted_err
  return row
end

return M
