-- Task 1, the methods side by side: one strictly dominant system, every method numlab knows, time and accuracy.
--   numlab run experiments/task1_solvers.lua n=1000 peers=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local file = require "numlab.file"
local findings = require "numlab.findings"
local peers = require "numlab.peers"
local rows_of = require "numlab.rows"
local sweep = require "numlab.sweep"
local task1 = require "numlab.task1"

local o, given = nl.args({
  n = 1000, density = 0.01, sign = "mixed", ratio = 1.1, seed = 1, repeats = 5, tol = 1e-10, peers = false,
  methods = { "gauss", "gauss none", "gauss rook", "gauss complete", "lu", "lu refined", "lapack", "csparse", "klu",
    "umfpack", "cholmod", "jacobi", "gauss_seidel", "sor", "cg", "bicgstab", "gmres" },
  quick = false, out = "reports/task1_solvers", formats = { "svg" },
}, {
  n = "unknowns", density = "of the entries off the diagonal", sign = "of those entries: mixed, positive, negative",
  ratio = "a_ii = ratio * sum_j |a_ij|", methods = "what to compare", repeats = "samples a method",
  peers = "add SciPy on the same matrix, through files", quick = "n = 300", formats = "of the figures: svg, png, pdf",
})
task1.check(o)
if o.quick and not given.n then o.n = 300 end
if o.quick and not given.repeats then o.repeats = 3 end

local A, b, x_true = nl.gallery.dominant{ n = o.n, density = o.density, sign = o.sign, ratio = o.ratio, seed = o.seed }
local system = task1.predict(A)
system.A, system.b, system.x = A, b, x_true

local rows = sweep.run{
  name = "task1_solvers", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = task1.COLUMNS,
  axes = { { "n", { o.n } }, { "density", { o.density } }, { "sign", { o.sign } } }, contestants = o.methods,
  run = function(_, method)
    local row, message, info = task1.measure(system, method, { tol = o.tol })
    if row then row.ratio = o.ratio end
    return row, message, info
  end,
}

-- SciPy reads the same matrix from a file; its x is judged here, by the same formulas.
local notes = {}
if o.peers then
  local function path(name) return o.out .. "/" .. name .. ".mtx" end
  assert(nl.save(path("A"), A))
  assert(nl.save(path("b"), b:reshape(-1, 1)))
  for _, method in ipairs{ "solve", "spsolve" } do
    local result, message = peers.scipy(path("A"), path("b"), path("x"), { method = method, repeats = o.repeats })
    if result then
      local x = assert(nl.load(path("x"))):reshape(-1)
      result.method, result.code, result.ratio = "scipy " .. method, "OK", o.ratio
      result.n, result.density, result.sign = o.n, o.density, o.sign
      result.rel_error = (x - x_true):norm() / x_true:norm()
      result.relative_residual = (b - A * x):norm() / b:norm()
      result.message = result.version
      rows[#rows + 1] = result
    elseif notes[1] ~= message then
      notes[#notes + 1] = message
    end
  end
  for _, name in ipairs{ "A", "b", "x" } do os.remove(path(name)) end
  assert(file.write(o.out .. "/task1_solvers.csv",
    require("numlab.table").csv(rows, { columns = task1.COLUMNS })))
end

-- The figures: bars of time (whiskers: minimum to median + interquartile range) and of error, fastest first.
local ranked = rows_of.where(rows, { code = "OK" })
table.sort(ranked, function(p, q) return p.seconds < q.seconds end)
local names, low, high = {}, {}, {}
for i, r in ipairs(ranked) do
  names[i], low[i], high[i] = r.method, r.seconds_min, r.seconds + r.seconds_iqr
end
local function bars(title, label, column, spread)
  local y = rows_of.column(ranked, column)
  return { title = title, ylabel = label, ylog = true, slanted = true, categories = names,
    series = { { y = y, style = "bars", low = spread and low, high = spread and high } } }
end

-- What it shows.
local said = {}
if #ranked > 1 then
  said[1] = ("fastest: %s (%s); the next, %s, takes %.2f times as long, the slowest, %s, %.0f times"):format(names[1],
    task1.FORMAT.seconds(ranked[1].seconds), names[2], ranked[2].seconds / ranked[1].seconds, names[#names],
    ranked[#ranked].seconds / ranked[1].seconds)
end
local gs = rows_of.where(rows, { method = "gauss_seidel", code = "OK" })[1]
if gs then
  said[#said + 1] = ("Gauss-Seidel: %d sweeps, predicted %s from its spectral radius %.4f (%s)"):format(gs.iterations,
    task1.FORMAT.predicted_iterations(gs.predicted_iterations), gs.radius, system.reason)
end
for _, r in ipairs(rows_of.where(ranked, function(r) return r.growth end)) do
  local bound = r.method == "gauss none" and 2 -- Wilkinson: strict dominance by rows or columns needs no pivoting
  said[#said + 1] = ("%s: growth of the elements %.3g%s"):format(r.method, r.growth, bound
    and (", theory for a dominant matrix: at most 2%s"):format(r.growth <= 2 and "" or " - DEVIATES") or "")
end

experiment.print(rows, { "method", "seconds", "repeats", "iterations", "predicted_iterations", "rel_error",
  "relative_residual", "backward_error", "error_bound", "peak_bytes", "nnz_factor", "code" }, task1.FORMAT)
local sections = { { "Side by side", said }, { "Accuracy", findings.accuracy(rows) } }
local failures = findings.failures(rows)
if #failures > 0 then sections[#sections + 1] = { "Who cannot, and why", failures } end
experiment.finish{
  out = o.out, name = "task1_solvers", formats = o.formats, arguments = o, rows = rows, format = task1.FORMAT,
  notes = notes,
  title = "The methods side by side", sections = sections,
  question = ("How fast and how accurate are direct and iterative methods on one system, n = %d, density %g, signs %s, "
    .. "dominance %g?"):format(o.n, o.density, o.sign, o.ratio),
  columns = { "method", "seconds", "repeats", "iterations", "predicted_iterations", "rel_error", "relative_residual",
    "backward_error", "error_bound", "growth", "peak_bytes", "nnz_factor", "code", "message" },
  drawings = { { file = "solvers", title = "Time and error", columns = 1, width = 860, height = 860, panels = {
    bars("time, fastest first", "seconds", "seconds", true),
    bars("relative error", "||x - x*|| / ||x*||", "rel_error") } } },
}
