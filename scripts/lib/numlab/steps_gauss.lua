--- Gaussian elimination under the microscope (numlab.steps), in the order of engine/dense/gauss_tmpl.c:
---
---   for p = 1..n:  choose a pivot and exchange it to (p, p)
---                  for i > p:  m = a_ip / a_pp;  row i -= m row p, in A and in b
---   for i = n..1:  x_i = (b_i - sum_{j>i} u_ij x_j) / u_ii
---
--- Bit-equal to nl.solve, signs of zeros aside: where the processor fuses a - m u into one rounding the engine does, and
--- Lua cannot. So a row operation is the matrix product [1, -m] [row i; row p], which adds the same two terms in the same
--- order through the same instructions, and x comes from the engine's own back substitution of U x = c, whose sums run in
--- vector lanes (elimination finds zeros below the diagonal there and changes nothing).
---
--- Steps: "pivot" (column, row: where it was found, value, exchanged), "row operation" (row, pivot_row, multiplier,
--- fill: zeros that became nonzero), "back substitution" (row, value, x: nan where not yet known), "outcome" (code, x). All
--- hold A and b.
---@internal of numlab.steps
local expect = require "numlab.expect"
local nl = require "numlab"
local text = require "numlab.text"

-- The row that has the pivot of column p: the first of the largest.
local function choose(W, p, pivot)
  local best = p
  if pivot == "none" then return best end
  for i = p + 1, #W do
    if math.abs(W[i][p]) > math.abs(W[best][p]) then best = i end
  end
  return best
end

-- Row i of [A | b] less m times row p, from column p + 1 on; the multiplier m as it was rounded, and how many zeros were
-- filled.
local function subtract(W, i, p, dtype)
  local n = #W
  local pair = { table.move(W[i], p + 1, n + 1, 1, {}), table.move(W[p], p + 1, n + 1, 1, {}) }
  local weights = nl.tensor({ { 1.0, -(W[i][p] / W[p][p]) } }, { dtype = dtype })
  local row, fill = (weights * nl.tensor(pair, { dtype = dtype })):totable()[1], 0
  for j = p + 1, n do
    if W[i][j] == 0 and row[j - p] ~= 0 then fill = fill + 1 end
  end
  W[i][p] = 0.0
  table.move(row, 1, #row, p + 1, W[i])
  return -weights(1, 2), fill
end

-- A and b as tensors of their own.
local function state(W, dtype)
  local A, b = {}, {}
  for i, row in ipairs(W) do A[i], b[i] = table.move(row, 1, #W, 1, {}), row[#W + 1] end
  return nl.tensor(A, { dtype = dtype }), nl.tensor(b, { dtype = dtype })
end

local function finite(W)
  for _, row in ipairs(W) do
    for j = 1, #W do
      if not (math.abs(row[j]) < math.huge) then return false end
    end
  end
  return true
end

local function pivot_words(p, row, value, pivot)
  if value == 0 then
    return pivot == "none" and ("a(%d,%d) is zero: no pivot."):format(p, p)
      or ("nothing but zeros is left in column %d: no pivot."):format(p)
  elseif pivot == "none" then return ("a(%d,%d) = %.6g is taken as it stands."):format(p, p, value)
  elseif row == p then
    return ("a(%d,%d) = %.6g is the largest in magnitude left in column %d and stays."):format(p, p, value, p)
  end
  return ("%.6g in row %d is the largest in magnitude left in column %d: rows %d and %d are exchanged.")
    :format(value, row, p, p, row)
end

--- Eliminate; false when it meets a zero pivot or overflows.
local function eliminate(W, dtype, pivot, show)
  for p = 1, #W do
    local row = choose(W, p, pivot)
    W[p], W[row] = W[row], W[p]
    local value = W[p][p]
    show{ event = "pivot", column = p, row = row, value = value, exchanged = row ~= p,
      what = pivot_words(p, row, value, pivot), formula = pivot == "none" and "pivot = a_pp"
        or "pivot = the largest |a_ip|, i >= p", marks = { rows = { p, p }, columns = { p, p } } }
    if value == 0 then return false end
    for i = p + 1, #W do
      local entry = W[i][p]
      local m, fill = subtract(W, i, p, dtype)
      show{ event = "row operation", row = i, pivot_row = p, multiplier = m, fill = fill,
        what = ("%.6g times row %d is subtracted from row %d: a(%d,%d) becomes zero%s."):format(m, p, i, i, p,
          fill > 0 and ("; fill-in: %d"):format(fill) or ""),
        formula = ("m = a(%d,%d) / a(%d,%d) = %.6g / %.6g = %.6g;  row %d -= m row %d")
          :format(i, p, p, p, entry, value, m, i, p), marks = { rows = { i, i }, columns = { p, #W } } }
    end
    if not finite(W) then return false end
  end
  return true
end

local function substitute(W, dtype, show)
  local U, c = state(W, dtype)
  local solved, x = nl.solve(U, c, { method = "gauss", pivot = "none" }), {}
  for i = 1, #W do x[i] = 0 / 0 end -- not yet known
  for i = #W, 1, -1 do
    x[i] = solved(i)
    show{ event = "back substitution", row = i, value = x[i], x = nl.tensor(x, { dtype = dtype }),
      what = ("equation %d has one unknown left: x_%d = %.6g."):format(i, i, x[i]),
      formula = ("x_%d = (b_%d - sum_{j>%d} a(%d,j) x_j) / a(%d,%d)"):format(i, i, i, i, i, i),
      marks = { rows = { i, i }, columns = { i, #W } } }
  end
  return solved
end

return function(A, b, options)
  text.check_options("steps: gauss", options, { pivot = "string" })
  local pivot = options and options.pivot or "partial"
  if pivot ~= "partial" and pivot ~= "none" then
    expect.fail(text.unknown("steps: gauss", "pivot", pivot, { "partial", "none" }))
  end
  -- nl.solve checks the arguments, and has the words for how it ends
  local x, message, info = nl.solve(A, b, { method = "gauss", pivot = pivot })
  if b.ndim ~= 1 then
    expect.fail(("steps: gauss walks one right-hand side: b is %dx%d, expected a vector (%d)")
      :format(b.shape[1], b.shape[2], b.shape[1]))
  end
  local dtype = b.dtype
  local W = (type(A.dense) == "function" and A:dense() or A):totable()
  for i, value in ipairs(b:totable()) do W[i][#W + 1] = value end

  return function(emit)
    local function show(s)
      s.A, s.b = state(W, dtype)
      s.shows, s.draws = s.x and { "A", "b", "x" } or { "A", "b" }, "A"
      emit(s)
    end
    local done = eliminate(W, dtype, pivot, show) and x
    local solved = done and substitute(W, dtype, show)
    if solved then
      show{ event = "outcome", code = "OK", x = solved, what = "A x = b is solved.", formula = "P A = L U; L U x = P b" }
    else
      show{ event = "outcome", code = info.code, where = info.where, message = message, what = message,
        formula = "P A = L U; L U x = P b" }
    end
  end
end
