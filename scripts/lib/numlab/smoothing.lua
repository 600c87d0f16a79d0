--- What one sweep of a smoother leaves of an error, frequency by frequency, on Poisson's grids: measured, and by local
--- Fourier analysis (Trottenberg, Oosterlee, Schueller, Multigrid, 2001, chapter 4). An error exp(i theta . x / h) comes
--- out of a sweep multiplied by the symbol S(theta):
---   Jacobi, weight w           S = 1 - w + w (cos theta_1 + .. + cos theta_dim) / dim
---   Gauss-Seidel, in order     S = sum exp(i theta_j) / (2 dim - sum exp(-i theta_j))
--- The smoothing factor mu = max |S| over the frequencies a grid twice as coarse cannot see, some |theta_j| >= pi / 2.
---@internal of the experiments of task 1
local expect = require "numlab.expect"
local nl = require "numlab"
local text = require "numlab.text"

local M = {}

--- The smoothers, and the weight at which Jacobi damps the high frequencies most: |S| alike at both ends of them.
M.SMOOTHERS = { "jacobi", "jacobi weighted", "gauss_seidel" }
function M.weight(smoother, dim) return smoother == "jacobi weighted" and 2 * dim / (2 * dim + 1) or 1 end

local function check(smoother)
  for _, name in ipairs(M.SMOOTHERS) do if name == smoother then return end end
  expect.fail(text.unknown("smoothing", "smoother", smoother, M.SMOOTHERS))
end

--- |S(theta)|.
---@param smoother string
---@param theta number[]  an angle a side
---@return number
function M.symbol(smoother, theta)
  check(smoother)
  local dim, cosines, sines = #theta, 0.0, 0.0
  for _, angle in ipairs(theta) do cosines, sines = cosines + math.cos(angle), sines + math.sin(angle) end
  if smoother ~= "gauss_seidel" then
    local w = M.weight(smoother, dim)
    return math.abs(1 - w + w * cosines / dim)
  end
  return math.sqrt((cosines ^ 2 + sines ^ 2) / ((2 * dim - cosines) ^ 2 + sines ^ 2))
end

--- The wave of largest |S| among those whose highest angle is t.
---@param smoother string
---@param dim integer
---@param t number
---@return number size
---@return number[] theta
function M.worst(smoother, dim, t)
  local size, worst, steps = -1, nil, dim < 3 and 512 or 64
  local theta = { t } -- the sides are alike, and so are theta and -theta: the first angle is the highest
  local function over(k)
    if #theta == dim then
      local s = M.symbol(smoother, theta)
      if s > size then size, worst = s, table.move(theta, 1, dim, 1, {}) end
      return
    end
    for i = -steps, k do
      theta[#theta + 1] = t * i / steps
      over(i)
      theta[#theta] = nil
    end
  end
  over(steps)
  return size, worst
end

local known = {}

--- mu, over 32 highest angles from pi / 2 to pi.
---@param smoother string
---@param dim integer
---@return number
function M.factor(smoother, dim)
  local key = smoother .. dim
  for i = 32, known[key] and 31 or 64 do
    known[key] = math.max(known[key] or 0, (M.worst(smoother, dim, math.pi * i / 64)))
  end
  return known[key]
end

--- One sweep on A x = b.
---@param smoother string
---@param A nl.Sparse
---@param b nl.Tensor
---@param x nl.Tensor
---@return nl.Tensor x
function M.sweep(smoother, A, b, x)
  check(smoother)
  if smoother ~= "gauss_seidel" then
    local w = M.weight(smoother, math.tointeger(A(1, 1) // 2))
    return x + (b - A * x) * (w / A(1, 1))
  end
  local done, message, info = nl.solve(A, b, { method = "gauss_seidel", x0 = x, max_iter = 1, tol = 0 })
  if not done and info.code ~= "NOT_CONVERGED" then error(message, 0) end -- zero diagonals, Ctrl-C
  return done or info.x
end

--- The product of f(1) .. f(n) over the sides, as the unknowns are numbered.
---@param dim integer
---@param n integer
---@param f fun(i: integer): number
---@return nl.Tensor
function M.product(dim, n, f)
  local side = {}
  for i = 1, n do side[i] = f(i) end
  side = nl.tensor(side)
  local all = side
  for _ = 2, dim do all = side:reshape(-1, 1):mul(all:reshape(1, -1)):reshape(-1) end
  return all
end

-- The wave f(theta . x / h) at every point.
local function wave(n, theta, f)
  local phases = { 0.0 }
  for _, angle in ipairs(theta) do
    local longer = {}
    for i = 1, n do
      for _, phase in ipairs(phases) do longer[#longer + 1] = phase + angle * i end
    end
    phases = longer
  end
  for i, phase in ipairs(phases) do phases[i] = f(phase) end
  return nl.tensor(phases)
end

--- What one sweep leaves of a wave, measured in the middle half of the grid, where the boundary is out of sight, beside
--- the symbol.
---@param smoother string
---@param A nl.Sparse
---@param n integer  points a side
---@param theta number[]
---@return table row  {dim, points, smoother, theta = the highest angle, damping, predicted_damping, factor = mu}
function M.row(smoother, A, n, theta)
  local dim, x = #theta, nl.ones(#A)
  local middle = M.product(dim, n, function(i) return math.abs(2 * i - n - 1) <= n / 2 and 1 or 0 end)
  local before, after, b = 0.0, 0.0, A * x
  for _, f in ipairs{ math.cos, math.sin } do -- the real and the imaginary part of exp(i theta . x / h)
    local e = wave(n, theta, f)
    before = before + e:mul(middle):norm() ^ 2
    after = after + (M.sweep(smoother, A, b, x + e) - x):mul(middle):norm() ^ 2
  end
  local highest = 0.0
  for _, angle in ipairs(theta) do highest = math.max(highest, math.abs(angle)) end
  return { dim = dim, points = n, smoother = smoother, theta = highest, damping = math.sqrt(after / before),
    predicted_damping = M.symbol(smoother, theta), factor = M.factor(smoother, dim) }
end

return M
