-- my_experiment: how many sweeps do Jacobi and Gauss-Seidel take on the Poisson matrix (2 on its diagonal, -1 beside), as
-- it grows and as more digits are asked for? Theory knows, so the end of this file holds every row against it.
--   numlab run my_experiment.lua quick=true
--   numlab run my_experiment.lua n=25,50,100 tol=1e-6 formats=svg,pdf
local nl = require "numlab"
local experiment = require "numlab.experiment"
local rows_of = require "numlab.rows"
local sweep = require "numlab.sweep"

-- Settings with their defaults. Words such as n=25,50 change them, --help lists them, an unknown one is refused.
local METHODS = { "jacobi", "gauss_seidel" }
local o, given = nl.args({ n = { 20, 40, 80, 160 }, tol = { 1e-4, 1e-8 }, methods = METHODS, repeats = 5, seed = 1,
  quick = false, out = "reports/my_experiment", formats = { "svg" } },
  { n = "unknowns", tol = "a run ends at ||b - A x|| <= tol ||b||", quick = "small sizes", repeats = "samples a point" })
experiment.check(o, { methods = METHODS }, { n = 2, repeats = 1 }) -- known words, smallest numbers
if o.quick and not given.n then o.n = { 10, 20, 40 } end

-- The measurement: every n with every tol, each method. Finished rows are kept: the same command goes on after a stop.
local columns = { "n", "tol", "method", "iterations", "predicted", "radius", "seconds", "seconds_iqr", "repeats", "code" }
local rows = sweep.run{
  name = "my_rows", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = columns,
  axes = { { "n", o.n }, { "tol", o.tol } }, contestants = o.methods,
  prepare = function(point) -- once a point: the matrix, and as right-hand side the mode that dies last
    local b = {}
    for i = 1, point.n do b[i] = math.sin(math.pi * i / (point.n + 1)) end
    return { A = nl.gallery.poisson1d(point.n), b = nl.tensor(b) }
  end,
  run = function(point, method, system) -- a row; or nil, message, info, which becomes a row with its code
    local x, info, facts = nl.solve(system.A, system.b, { method = method, tol = point.tol, max_iter = 1000000 })
    if not x then return nil, info, facts end
    local radius = math.cos(math.pi / (point.n + 1)) ^ (method == "gauss_seidel" and 2 or 1) -- Young 1954
    return { iterations = info.iterations, radius = radius, predicted = math.ceil(math.log(point.tol) / math.log(radius)),
      seconds = info.seconds }
  end,
}

-- What it shows, computed from the rows.
local worst, good = 0, rows_of.where(rows, { code = "OK" })
for _, row in ipairs(good) do worst = math.max(worst, math.abs(row.iterations - row.predicted) / row.predicted) end
local said = ("sweeps lie within %.2g %% of what the spectral radius predicts"):format(100 * worst)

-- A table, a figure (theory dashed) and a page; all of it goes to the folder `out`.
local series, format = {}, { radius = "%.6f", seconds = "%.3g" }
for k, group in ipairs(rows_of.group(rows, { "method", "tol" })) do
  local n, label = rows_of.column(group.rows, "n"), ("%s, tol %g"):format(group.key.method, group.key.tol)
  series[#series + 1] = { x = n, y = rows_of.column(group.rows, "iterations"), label = label, color = k, style = "points" }
  series[#series + 1] = { x = n, y = rows_of.column(group.rows, "predicted"), color = k, style = "lines", dash = true }
end
experiment.print(rows, columns, format)
experiment.finish{ out = o.out, name = "my_rows", formats = o.formats, arguments = o, rows = rows, columns = columns,
  format = format, title = "my_experiment", question = "How do sweeps grow with n, and with the digits asked for?",
  sections = { { "What it shows", { said } } },
  drawings = { { file = "sweeps", title = "Sweeps until the residual is small enough; dashed: theory", xlabel = "n",
    ylabel = "sweeps", xlog = true, ylog = true, series = series } } }

-- Its own test, on known numbers: no row failed, and each took the sweeps theory says, or one more or less, or 2 %.
for _, row in ipairs(rows) do
  assert(row.code == "OK", row.message)
  assert(math.abs(row.iterations - row.predicted) <= 1 + 0.02 * row.predicted, ("%s, n = %d: %d sweeps, theory says %d")
    :format(row.method, row.n, row.iterations, row.predicted))
end
print(("test passed: %d rows beside theory"):format(#rows))
