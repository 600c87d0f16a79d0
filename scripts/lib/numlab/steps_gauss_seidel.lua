--- Gauss-Seidel under the microscope (numlab.steps), in the order of sums of engine/solver/gauss_seidel.c:
---
---   x_i <- (b_i - (sum_{j<i} a_ij x_j + sum_{j>i} a_ij x_j)) / a_ii        in place: the newest values at once
---
--- Both sums run left to right, each on its own, without fused operations: the iterates are those of nl.solve, bit for
--- bit. nl.solve runs first: it checks the arguments, and its history, stopping rule and outcome are what the sweeps show.
---
--- Steps: "update" (sweep, row, old, value, sum), "sweep" (sweep, residual = ||b - A x|| / ||b||), "outcome" (code, x:
--- the last iterate). All hold x; numbers are f64 within, as in nl.solve.
---@internal of numlab.steps
local expect = require "numlab.expect"
local nl = require "numlab"
local text = require "numlab.text"

-- Row i as {cols, values} and its diagonal: what is stored of a sparse matrix, every entry of a dense one.
local function rows_of(A)
  local rows = {}
  if type(A.csr) == "function" then
    local start, cols, values = A:csr()
    start, cols, values = start:totable(), cols:totable(), values:totable()
    for i = 1, #start - 1 do
      rows[i] = { cols = table.move(cols, start[i], start[i + 1] - 1, 1, {}),
        values = table.move(values, start[i], start[i + 1] - 1, 1, {}) }
    end
    return rows
  end
  for i, values in ipairs(A:totable()) do
    rows[i] = { cols = {}, values = values }
    for j = 1, #values do rows[i].cols[j] = j end
  end
  return rows
end

-- sum_{j<i} a_ij x_j + sum_{j>i} a_ij x_j, and a_ii
local function others(row, i, x)
  local lower, upper, diagonal = 0.0, 0.0, 0.0
  for at, j in ipairs(row.cols) do
    local a = row.values[at]
    if j < i then lower = lower + a * x[j]
    elseif j > i then upper = upper + a * x[j]
    else diagonal = a end
  end
  return lower + upper, diagonal
end

-- The order of rows in a sweep: 1 .. n, n .. 1, or both in turn.
local function order(n, sweep)
  local out = {}
  if sweep ~= "backward" then for i = 1, n do out[#out + 1] = i end end
  if sweep ~= "forward" then for i = n, 1, -1 do out[#out + 1] = i end end
  return out
end

return function(A, b, options)
  text.check_options("steps: gauss_seidel", options,
    { x0 = "any", sweep = "string", max_iter = "number", tol = "number" })
  local o = { method = "gauss_seidel", history = true }
  for key, value in pairs(options or {}) do o[key] = value end
  local solved, message, info = nl.solve(A, b, o)
  if solved then message, info = nil, message end
  if b.ndim ~= 1 then
    expect.fail(("steps: gauss_seidel walks one right-hand side: b is %dx%d, expected a vector (%d)")
      :format(b.shape[1], b.shape[2], b.shape[1]))
  end
  local rows, rhs, x = rows_of(A), b:totable(), (o.x0 or nl.zeros(b.shape[1])):totable()
  if b:abs():max() == 0 then x = nl.zeros(#rhs):totable() end -- A x = 0 has the solution 0, whatever x0

  return function(emit)
    local function show(s)
      s.x, s.shows, s.draws = nl.tensor(x), { "x" }, "x"
      emit(s)
    end
    local rows_in_turn = order(#rows, o.sweep or "forward")
    for sweep = 1, info.iterations do
      for _, i in ipairs(rows_in_turn) do
        local sum, diagonal = others(rows[i], i, x)
        local old = x[i]
        x[i] = (rhs[i] - sum) / diagonal
        show{ event = "update", sweep = sweep, row = i, old = old, value = x[i], sum = sum,
          what = ("equation %d, solved for x_%d with the newest values: x_%d goes from %.6g to %.6g.")
            :format(i, i, i, old, x[i]), marks = { rows = { i, i } },
          formula = ("x_%d = (b_%d - sum_{j!=%d} a(%d,j) x_j) / a(%d,%d) = (%.6g - %.6g) / %.6g")
            :format(i, i, i, i, i, i, rhs[i], sum, diagonal) }
      end
      show{ event = "sweep", sweep = sweep, residual = info.history[sweep],
        what = ("sweep %d is done: the relative residual is %.3e."):format(sweep, info.history[sweep]),
        formula = "relative residual = ||b - A x||_2 / ||b||_2" }
    end
    emit{ event = "outcome", code = info.code, where = info.where, message = message, shows = { "x" }, draws = "x",
      x = nl.tensor(x, { dtype = b.dtype }), what = message or info.reason, formula = "x(k+1) = (D - L)^-1 (U x(k) + b)" }
  end
end
