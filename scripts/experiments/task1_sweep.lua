-- Task 1, sensitivity: how size, density and dominance of a linear system A x = b decide the speed, the iterations,
-- the accuracy and the memory of direct and iterative methods.
--   numlab run experiments/task1_sweep.lua quick=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local sweep = require "numlab.sweep"
local task1 = require "numlab.task1"
local text = require "numlab.text"

local o, given = nl.args({
  n = { 100, 500, 2000 }, density = { 0.01, 0.05, 0.1 }, sign = { "mixed", "negative" }, ratio = 1.01,
  methods = { "gauss", "lu", "gauss_seidel", "lapack", "csparse" }, repeats = 5, seed = 1, tol = 1e-10,
  quick = false, out = "reports/task1_sweep", formats = { "svg" },
}, {
  n = "unknowns", density = "of the entries off the diagonal", sign = "of those entries: mixed, positive, negative",
  ratio = "a_ii = ratio * sum_j |a_ij|", methods = "what to compare", repeats = "samples a point",
  seed = "of the random systems", tol = "where iterative methods stop", quick = "small sizes, under a minute",
  out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
task1.check(o)
if o.quick and not given.n then o.n = { 50, 100, 200, 400 } end
if o.quick and not given.repeats then o.repeats = 3 end

-- The measurement. A system is made once a point, sparse; a method that wants it dense converts it.
local rows = sweep.run{
  name = "task1_sweep", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = task1.COLUMNS,
  axes = { { "n", o.n }, { "density", o.density }, { "sign", o.sign } }, contestants = o.methods,
  cost = function(point, method) return 4e7 + (task1.DENSE[method] and point.n ^ 3 / (method == "gauss" and 1 or 20)
    or point.n ^ 2 * (point.sign == "negative" and 20 or 1)) end, -- 4e7: warming up, pausing, checking
  prepare = function(point)
    local A, b, x = nl.gallery.dominant{ n = point.n, density = point.density, sign = point.sign, ratio = o.ratio,
      seed = o.seed }
    local system = task1.predict(A)
    system.A, system.b, system.x = A, b, x
    return system
  end,
  run = function(_, method, system)
    local row, message, info = task1.measure(system, method, { tol = o.tol })
    if row then row.ratio = o.ratio end
    return row, message, info
  end,
}

-- Gauss-Seidel's way down at the largest size, beside the slope its spectral radius predicts.
local largest, histories = o.n[#o.n], {}
for _, sign in ipairs(o.sign) do
  for _, density in ipairs(o.density) do
    local A, b = nl.gallery.dominant{ n = largest, density = density, sign = sign, ratio = o.ratio, seed = o.seed }
    local _, info, facts = nl.solve(A, b, { method = "gauss_seidel", tol = o.tol, history = true })
    local radius, history, x, slope = task1.predict(A).radius, (facts or info).history or {}, {}, {}
    for k = 1, #history do x[k], slope[k] = k, history[#history] * radius ^ (k - #history) end
    local color = #histories // 2 + 1
    histories[#histories + 1] = { x = x, y = history, style = "lines", color = color,
      label = ("%s, density %g"):format(sign, density) }
    histories[#histories + 1] = { x = x, y = slope, style = "lines", color = color, dash = true }
  end
end

-- Figures: a panel a case, a line a method; whiskers from the fastest sample to the median + interquartile range.
local function lines(where, x, y)
  local out = {}
  for i, method in ipairs(o.methods) do
    where.method, where.code = method, "OK"
    local r = rows_of.where(rows, where)
    local line = { x = rows_of.column(r, x), y = rows_of.column(r, y), label = method, color = i }
    if y == "seconds" then
      line.low, line.high = rows_of.column(r, "seconds_min"), {}
      for k, row in ipairs(r) do line.high[k] = row.seconds + row.seconds_iqr end
    end
    if #r > 0 then out[#out + 1] = line end
  end
  return out
end
local function panels(axis, x, y, label)
  local out = {}
  for _, sign in ipairs(o.sign) do
    for _, value in ipairs(o[axis]) do
      out[#out + 1] = { title = ("%s %g, off-diagonal signs %s"):format(axis, value, sign), xlabel = x, ylabel = label,
        xlog = true, ylog = true, series = lines({ sign = sign, [axis] = value }, x, y) }
    end
  end
  return out
end
local ratios = {}
for _, group in ipairs(rows_of.group(rows_of.where(rows, { method = "gauss_seidel" }), { "sign", "density" })) do
  local series = { x = rows_of.column(group.rows, "n"), y = {},
    label = ("%s, density %g"):format(group.key.sign, group.key.density) }
  for i, r in ipairs(group.rows) do series.y[i] = (r.iterations or 0 / 0) / (r.predicted_iterations or 0 / 0) end
  ratios[#ratios + 1] = series
end
local accuracy = {}
for _, what in ipairs{ "rel_error", "relative_residual", "backward_error" } do
  local panel = { title = what:gsub("_", " "), xlabel = "n", xlog = true, ylog = true, series = lines({}, "n", what) }
  for _, s in ipairs(panel.series) do s.style = "points" end
  accuracy[#accuracy + 1] = panel
end
local time, memory = panels("density", "n", "seconds", "seconds"), panels("density", "n", "peak_bytes", "bytes")
local square = { x = o.n, y = {}, label = "8 n^2: one dense matrix", style = "lines", dash = true, color = 7 }
for i, n in ipairs(o.n) do square.y[i] = 8 * n * n end
for _, panel in ipairs(memory) do table.insert(panel.series, square) end

-- The table, one plot here, figures and the page with what the rows show.
experiment.print(rows, { "n", "density", "sign", "method", "seconds", "repeats", "iterations", "predicted_iterations",
  "rate", "rel_error", "relative_residual", "peak_bytes", "nnz_factor", "code" }, task1.FORMAT)
local first = time[1]
experiment.show{ title = "seconds against n: " .. first.title, xlabel = "n", xlog = true, ylog = true,
  series = first.series }
experiment.finish{
  out = o.out, name = "task1_sweep", formats = o.formats, arguments = o, rows = rows, format = task1.FORMAT,
  title = "Direct and iterative methods: what size, density and dominance decide",
  question = ("How do time, iterations, accuracy and memory of %s depend on n, on the density and on the signs of a "
    .. "strictly dominant matrix (ratio %s)?"):format(table.concat(o.methods, ", "), text.number(o.ratio)),
  columns = { "n", "density", "sign", "method", "seconds", "repeats", "iterations", "predicted_iterations", "rate",
    "radius",
    "rel_error", "relative_residual", "backward_error", "peak_bytes", "nnz", "nnz_factor", "code" },
  sections = findings.sweep(rows),
  drawings = {
    { file = "time", title = "Time against n", columns = #o.density, panels = time },
    { file = "density", title = "Time against density", columns = #o.n,
      panels = panels("n", "density", "seconds", "seconds") },
    { file = "memory", title = "Peak memory against n", columns = #o.density, panels = memory },
    { file = "iterations", title = "Gauss-Seidel sweeps, measured over predicted", xlabel = "n", xlog = true,
      ylabel = "measured / predicted", series = ratios, lines = { { y = 1, label = "as predicted" } } },
    { file = "residual", title = "Accuracy", columns = 3, panels = accuracy, height = 440 },
    { file = "history", title = ("Gauss-Seidel at n = %d; dashed: the spectral radius' slope"):format(largest),
      xlabel = "sweep", ylabel = "||b - A x|| / ||b||", xlog = true, ylog = true, yrange = { o.tol / 10, 2 },
      series = histories },
  },
}
