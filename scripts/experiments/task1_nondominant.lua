-- Task 1, without strict dominance: Gauss-Seidel on matrices with a solution that is known but without the theorem
-- that guarantees convergence. The spectral radius of (D - L)^-1 U tells beforehand what will happen.
--   numlab run experiments/task1_nondominant.lua n=500
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local task1 = require "numlab.task1"

local o, given = nl.args({
  n = 500, density = 0.02, seed = 1, repeats = 3, tol = 1e-10, max_iter = 10000,
  methods = { "gauss_seidel", "jacobi", "gauss", "lapack" },
  quick = false, out = "reports/task1_nondominant", formats = { "svg" },
}, {
  n = "unknowns", density = "of the entries off the diagonal", max_iter = "sweeps allowed", quick = "n = 100",
  methods = "what to run on each", formats = "of the figures: svg, png, pdf",
})
task1.check(o)
if o.quick and not given.n then o.n = 100 end

local KINDS = { "dominant", "converging", "diverging", "zero_diagonal" }
local systems, histories = {}, {}
for _, kind in ipairs(KINDS) do
  local make = { n = o.n, density = o.density, seed = o.seed }
  local A, b, x
  if kind == "dominant" then
    A, b, x = nl.gallery.dominant(make)
  else
    make.kind = kind
    A, b, x = nl.gallery.nondominant(make)
  end
  systems[kind] = task1.predict(A)
  systems[kind].A, systems[kind].b, systems[kind].x = A, b, x
end

local columns = { "kind", table.unpack(task1.COLUMNS) }
local rows = sweep.run{
  name = "task1_nondominant", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = columns,
  axes = { { "kind", KINDS } }, contestants = o.methods,
  run = function(point, method)
    local iterative = method == "gauss_seidel" or method == "jacobi"
    local row, message, info = task1.measure(systems[point.kind], method, { tol = o.tol, max_iter = o.max_iter,
      history = iterative })
    local facts = row or info and info.row
    if facts then facts.n, facts.density, facts.sign, facts.ratio = o.n, o.density, "mixed",
      systems[point.kind].diagnosis.by_rows.ratio end
    return row, message, info
  end,
}

-- What happened beside what was predicted, and why.
local said = {}
for i, kind in ipairs(KINDS) do
  local s, row = systems[kind], rows_of.where(rows, { kind = kind, method = "gauss_seidel" })[1]
  local d, line = s.diagnosis, {}
  line[1] = say("{kind}: {strict} of {n} rows are strictly dominant (least ratio {ratio:%.3g})", { kind = kind,
    strict = d.by_rows.strict, n = o.n, ratio = d.by_rows.ratio })
  if d.zero_diagonal and #d.zero_diagonal > 0 then
    line[2] = say("{count} zeros on the diagonal, the first in row {row}: D - L has no inverse, a sweep is not even defined",
      { count = #d.zero_diagonal, row = d.zero_diagonal[1] })
  elseif s.radius < 1 then
    line[2] = say("spectral radius {radius:%.6f}, so Gauss-Seidel converges, predicted in {sweeps} sweeps", {
      radius = s.radius, sweeps = task1.FORMAT.predicted_iterations(s.predicted) })
  else
    line[2] = say("spectral radius {radius:%.6f}, so Gauss-Seidel must diverge: errors grow {growth:%.3g} times a sweep", {
      radius = s.radius, growth = s.radius })
  end
  if row then
    local agrees = (row.code == "OK") == (s.radius ~= nil and s.radius < 1)
    line[3] = say("measured: {code} after {sweeps} sweeps{rate}{off}", { code = row.code, sweeps = row.iterations or 0,
      rate = row.rate and say(", rate of the last 20 sweeps {rate:%.6f}", { rate = row.rate }) or "",
      off = findings.flag(not agrees, say"not as predicted") })
  end
  local direct = rows_of.where(rows, { kind = kind, method = "gauss" })[1]
  if direct and direct.rel_error and row and row.code ~= "OK" then
    line[#line + 1] = say("gauss with pivoting solves it to a relative error of {error:%.1e}: the system is fine, the "
      .. "iteration decides", { error = direct.rel_error })
  end
  said[i] = say.list(line, "; ")
  local _, info, facts = nl.solve(s.A, s.b, { method = "gauss_seidel", tol = o.tol, max_iter = o.max_iter,
    history = true })
  local history, x, slope = (facts or info).history or {}, {}, {}
  for k = 1, #history do x[k], slope[k] = k, history[#history] * s.radius ^ (k - #history) end
  if #history > 0 then
    histories[#histories + 1] = { x = x, y = history, style = "lines", color = i,
      label = say("{kind} (radius {radius:%.4f})", { kind = kind, radius = s.radius }) }
    histories[#histories + 1] = { x = x, y = slope, style = "lines", color = i, dash = true }
  end
end

experiment.print(rows, { "kind", "method", "code", "iterations", "predicted_iterations", "rate", "radius", "rel_error",
  "relative_residual", "seconds" }, task1.FORMAT)
local figure = { xlabel = say"sweep", ylabel = "||b - A x|| / ||b||", ylog = true, series = histories }
experiment.show(figure)
figure.file = "history"
figure.title = say"Gauss-Seidel without strict dominance; dashed: slope of the spectral radius"
experiment.finish{
  out = o.out, name = "task1_nondominant", formats = o.formats, arguments = o, rows = rows, format = task1.FORMAT,
  title = "Gauss-Seidel without strict diagonal dominance",
  question = "When a matrix is not strictly dominant, does Gauss-Seidel converge, how fast, and what in it decides?",
  columns = { "kind", "method", "code", "iterations", "predicted_iterations", "rate", "radius", "rel_error",
    "relative_residual", "seconds", "message" },
  sections = { { say"What it shows", said }, { say"Why", {
    say("strict dominance suffices for convergence, it is not necessary: the errors follow e(k+1) = (D - L)^-1 U e(k), "
    .. "which goes to zero for every start exactly when the spectral radius of (D - L)^-1 U is below 1") } } },
  drawings = { figure },
}
