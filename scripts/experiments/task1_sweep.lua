-- Task 1, sensitivity: how size, density and dominance of a linear system A x = b decide the speed, the iterations,
-- the accuracy and the memory of direct and iterative methods.
--   numlab run experiments/task1_sweep.lua quick=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local stats = require "numlab.stats"
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
for i, sign in ipairs(o.sign) do
  local series = {}
  histories[i] = { title = say("off-diagonal signs {sign}", { sign = findings.SIGNS[sign] }), xlabel = say"sweep",
    ylabel = "||b - A x|| / ||b||", ylog = true, yrange = { o.tol / 10, 2 }, series = series }
  for color, density in ipairs(o.density) do
    local A, b = nl.gallery.dominant{ n = largest, density = density, sign = sign, ratio = o.ratio, seed = o.seed }
    local _, info, facts = nl.solve(A, b, { method = "gauss_seidel", tol = o.tol, history = true })
    local radius, history, x, slope = task1.predict(A).radius, (facts or info).history or {}, {}, {}
    for k = 1, #history do x[k], slope[k] = k, history[#history] * radius ^ (k - #history) end
    series[2 * color - 1] = { x = x, y = history, style = "lines", color = color,
      label = say("density {density}", { density = density }) }
    series[2 * color] = { x = x, y = slope, style = "lines", color = color, dash = true }
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
local NAMES = { n = "n", density = say"density" }
local function panels(axis, x, y, label)
  local out = {}
  for _, sign in ipairs(o.sign) do
    for _, value in ipairs(o[axis]) do
      out[#out + 1] = { title = say("{axis} {value}, off-diagonal signs {sign}", { axis = NAMES[axis], value = value,
        sign = findings.SIGNS[sign] }), xlabel = NAMES[x], ylabel = label,
        xlog = true, ylog = true, series = lines({ sign = sign, [axis] = value }, x, y) }
    end
  end
  return out
end
local ratios = {}
for _, group in ipairs(rows_of.group(rows_of.where(rows, { method = "gauss_seidel" }), { "sign", "density" })) do
  local series = { x = rows_of.column(group.rows, "n"), y = {},
    label = say("{sign}, density {density}", { sign = findings.SIGNS[group.key.sign], density = group.key.density }) }
  for i, r in ipairs(group.rows) do series.y[i] = (r.iterations or 0 / 0) / (r.predicted_iterations or 0 / 0) end
  ratios[#ratios + 1] = series
end
local accuracy, MEASURES = {}, { { "rel_error", say"relative error" }, { "relative_residual", say"relative residual" },
  { "backward_error", say"backward error" } }
for _, what in ipairs(MEASURES) do
  local panel = { title = what[2], xlabel = "n", xlog = true, ylog = true, series = lines({}, "n", what[1]) }
  for _, s in ipairs(panel.series) do s.style = "points" end
  accuracy[#accuracy + 1] = panel
end
-- Memory: the exponents of what was measured and of what theory says, over all cases of a method.
local function growth(method)
  local own = rows_of.where(rows, function(r) return r.method == method and (r.peak_bytes or 0) > 0 and r.predicted_bytes end)
  if #rows_of.distinct(own, "n") < 2 then return method end
  local function exponent(column) return stats.power_fit(rows_of.column(own, "n"), rows_of.column(own, column)).exponent end
  return say("{impl}: grows as n^{p:%.2f}, theory {theory}", { impl = method, p = exponent("peak_bytes"),
    theory = ("%.3g"):format(exponent("predicted_bytes")) })
end
local time, memory = panels("density", "n", "seconds", say"seconds"), panels("density", "n", "peak_bytes", say"bytes")
local square = { x = o.n, y = {}, label = say"8 n^2: one dense matrix", style = "lines", dash = true, color = 7 }
for i, n in ipairs(o.n) do square.y[i] = 8 * n * n end
for i, theory in ipairs(panels("density", "n", "predicted_bytes", say"bytes")) do
  for k, s in ipairs(theory.series) do
    local own, dense = memory[i].series, task1.DENSE[s.label]
    own[k].label, s.label, s.style, s.dash = growth(s.label), nil, "lines", true
    own[#own + 1] = not dense and s or nil
  end
  table.insert(memory[i].series, square)
end

-- The table, one plot here, figures and the page with what the rows show.
experiment.print(rows, { "n", "density", "sign", "method", "seconds", "repeats", "iterations", "predicted_iterations",
  "rate", "rel_error", "relative_residual", "peak_bytes", "nnz_factor", "code" }, task1.FORMAT)
experiment.show{ title = say("seconds against n: {case}", { case = time[1].title }), xlabel = "n", xlog = true,
  ylog = true, series = time[1].series }
experiment.finish{
  out = o.out, name = "task1_sweep", formats = o.formats, arguments = o, rows = rows, format = task1.FORMAT,
  title = "Direct and iterative methods: what size, density and dominance decide",
  question = ("How do time, iterations, accuracy and memory of %s depend on n, on the density and on the signs of a "
    .. "strictly dominant matrix (ratio %s)?"):format(table.concat(o.methods, ", "), text.number(o.ratio)),
  columns = { "n", "density", "sign", "method", "seconds", "repeats", "iterations", "predicted_iterations", "rate",
    "radius", "rel_error", "relative_residual", "backward_error", "peak_bytes", "nnz", "nnz_factor", "code" },
  sections = findings.sweep(rows),
  drawings = {
    { file = "time", title = say"Time against n", columns = #o.density, panels = time },
    { file = "density", title = say"Time against density", columns = #o.n,
      panels = panels("n", "density", "seconds", say"seconds") },
    { file = "memory", title = say"Peak memory against n; dashed: theory", columns = #o.density, panels = memory },
    { file = "residual", title = say"Accuracy", columns = 3, panels = accuracy, width = 1000, height = 400 },
    { file = "iterations", title = say"Gauss-Seidel sweeps, measured over predicted", xlabel = "n", xlog = true,
      ylabel = say"measured / predicted", series = ratios, lines = { { y = 1, label = say"as predicted" } } },
    { file = "history", panels = histories,
      title = say("Gauss-Seidel at n = {n}; dashed: the spectral radius' slope", { n = largest }) },
  },
}
