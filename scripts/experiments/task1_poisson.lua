-- Task 1, Poisson's equation: how fast stationary methods, conjugate gradients and multigrid converge against what theory
-- says by formula; Gauss-Seidel as a solver, as a smoother and as a preconditioner.
--   numlab run experiments/task1_poisson.lua quick=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.poisson_findings"
local poisson = require "numlab.poisson"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local smoothing = require "numlab.smoothing"
local sweep = require "numlab.sweep"

local o, given = nl.args({
  line = { 15, 31, 63, 127, 255 }, square = { 7, 15, 31, 63, 127 }, cube = { 3, 7, 15, 31 }, dims = { 1, 2, 3 },
  methods = poisson.MAIN, smoothers = smoothing.SMOOTHERS, tol = 1e-8, max_iter = 500000, repeats = 3, seed = 1,
  quick = false, out = "reports/task1_poisson", formats = { "svg" },
}, {
  line = "points of the unit interval, 2^k - 1 for multigrid", square = "a side, 2-d", cube = "a side, 3-d",
  dims = "which of them", methods = "what to compare", smoothers = "whose damping to measure", repeats = "samples a point",
  tol = "where iterations stop", max_iter = "sweeps allowed", seed = "kept with the rows: nothing here is random",
  quick = "coarse grids, under a minute", out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
experiment.check(o, { methods = poisson.METHODS, smoothers = smoothing.SMOOTHERS, dims = { 1, 2, 3 } },
  { line = 1, square = 1, cube = 1, repeats = 1, max_iter = 1 })
if o.quick and not given.line then o.line = { 15, 31, 63 } end
if o.quick and not given.square then o.square = { 7, 15, 31, 63 } end
if o.quick and not given.cube then o.cube = { 3, 7, 15 } end

local sides, grids = { o.line, o.square, o.cube }, { names = { "dim", "points" }, points = {} }
for _, dim in ipairs(o.dims) do
  for _, points in ipairs(sides[dim]) do table.insert(grids.points, { dim = dim, points = points }) end
end

-- The measurements: solves, and what a sweep leaves of the worst wave of each frequency.
local rows = sweep.run{
  name = "task1_poisson", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = poisson.COLUMNS,
  axes = { grids }, contestants = o.methods,
  cost = function(p, method) -- sweeps until convergence
    return 1e5 + p.points ^ p.dim * p.points ^ poisson.theory(method, p.dim, p.points).exponent
  end,
  prepare = function(p) return poisson.system(p.dim, p.points) end,
  run = function(_, method, system) return poisson.measure(system, method, o) end,
}
local waves = {}
for _, dim in ipairs(o.dims) do
  local n = math.min(math.max(table.unpack(sides[dim])), dim == 3 and 31 or 63)
  local A = (poisson.GALLERY[dim](n))
  for _, smoother in ipairs(o.smoothers) do
    for k = 1, 16 do
      local _, theta = smoothing.worst(smoother, dim, k * math.pi / 16)
      waves[#waves + 1] = smoothing.row(smoother, A, n, theta)
    end
  end
end

-- Iterations against 1/h, a panel a dimension: points measured, dashed lines theory.
local function growth(dim)
  local series = {}
  for i, method in ipairs(o.methods) do
    local own = rows_of.where(rows, { dim = dim, method = method, code = "OK" })
    local x, p = {}, findings.exponent(own)
    for k, r in ipairs(own) do x[k] = r.points + 1 end
    series[#series + 1] = { x = x, y = rows_of.column(own, "iterations"), style = "points", color = i,
      label = p and ("%s: h^-%.2f"):format(method, p) or method }
    series[#series + 1] = { x = x, y = rows_of.column(own, "predicted_iterations"), style = "lines", dash = true, color = i }
  end
  return { title = say("{dim}-d", { dim = dim }), xlabel = "1/h", ylabel = say"iterations", xlog = true, ylog = true,
    series = series }
end
local function damping(dim)
  local series = {}
  for i, smoother in ipairs(o.smoothers) do
    local own = rows_of.where(waves, { dim = dim, smoother = smoother })
    local x = rows_of.column(own, "theta")
    series[#series + 1] = { x = x, y = rows_of.column(own, "damping"), style = "points", color = i, label = smoother }
    series[#series + 1] = { x = x, y = rows_of.column(own, "predicted_damping"), style = "lines", color = i }
  end
  return { title = say("{dim}-d", { dim = dim }), xlabel = say"highest angle of the wave", ylabel = say"left after a sweep",
    xrange = { 0, math.pi }, yrange = { 0, 1 }, series = series,
    lines = { { x = math.pi / 2, label = say"from here on the coarse grid is blind" } } }
end
local iterations, dampings = {}, {}
for i, dim in ipairs(o.dims) do iterations[i], dampings[i] = growth(dim), damping(dim) end

-- The way down on the finest grid of the last dimension, beside the slopes of theory.
local dim = o.dims[#o.dims]
local system, histories = poisson.system(dim, math.max(table.unpack(sides[dim]))), {}
for i, method in ipairs(o.methods) do
  local row, _, info = poisson.measure(system, method, o)
  row = row or info.row
  local history, x, slope = row.history or {}, {}, {}
  for k = 1, #history do x[k], slope[k] = k, history[#history] * row.radius ^ (k - #history) end
  histories[#histories + 1] = { x = x, y = history, style = "lines", color = i, label = method }
  if not row.is_bound then histories[#histories + 1] = { x = x, y = slope, style = "lines", color = i, dash = true } end
end

-- The table, one plot here, figures and the page with what the rows show.
experiment.print(rows, { "dim", "points", "method", "iterations", "predicted_iterations", "is_bound", "rate", "predicted_rate",
  "rel_error", "seconds", "code" }, poisson.FORMAT)
local first = growth(o.dims[1])
first.title = say("iterations against 1/h, {dim}-d", { dim = o.dims[1] })
experiment.show(first)
experiment.finish{
  out = o.out, name = "task1_poisson", formats = o.formats, arguments = o, rows = rows, format = poisson.FORMAT,
  title = say"Poisson's equation: convergence against theory",
  question = say("How fast do Jacobi, Gauss-Seidel, SOR, conjugate gradients and multigrid converge on the model problem, is it "
    .. "what the spectral radius, the condition number and the smoothing factor say, and what is Gauss-Seidel good for?"),
  columns = { "dim", "points", "n", "method", "omega", "kappa", "iterations", "predicted_iterations", "is_bound", "rate",
    "predicted_rate", "rel_error", "relative_residual", "seconds", "peak_bytes", "code", "message" },
  sections = findings.sections(rows, waves),
  drawings = {
    { file = "iterations", title = say"Iterations against 1/h; dashed: theory, a bound for cg and symmetric sweeps",
      panels = iterations, columns = #iterations, width = 460 * #iterations, height = 560 },
    { file = "smoothing", title = say"What one sweep leaves of the worst wave of a frequency; lines: theory",
      panels = dampings, columns = #dampings, width = 460 * #dampings, height = 420 },
    { file = "history", title = say("{dim}-d, {points} points a side; dashed: the slopes of theory", { dim = dim,
      points = system.points }), xlabel = say"iteration", ylabel = "||b - A x|| / ||b||", xlog = true, ylog = true,
      yrange = { o.tol / 10, 2 }, series = histories },
  },
}
