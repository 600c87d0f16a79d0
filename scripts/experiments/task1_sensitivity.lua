-- Task 1, sensitivity: which of size, density, dominance, signs and method moves solve time, iterations, error and
-- memory, and by how much. One factor at a time, Morris' elementary effects, Sobol's shares of the variance.
--   numlab run experiments/task1_sensitivity.lua quick=true
local nl = require "numlab"
local axes = require "numlab.axes"
local experiment = require "numlab.experiment"
local lab = require "numlab.sensitivity_lab"
local say = require "numlab.say"
local task1 = require "numlab.task1"

local o, given = nl.args({
  n = { 100, 1000 }, density = { 0.02, 0.2 }, ratio = { 1.01, 2.0 }, sign = { "mixed", "negative", "positive" },
  methods = { "gauss", "lu", "gauss_seidel", "lapack", "csparse" }, rows = 256, trajectories = 40, repeats = 3, seed = 1,
  tol = 1e-10, quick = false, out = "reports/task1_sensitivity", formats = { "svg" },
}, {
  n = "unknowns: from, to", density = "of the entries off the diagonal: from, to", sign = "of those entries",
  ratio = "a_ii = ratio * sum_j |a_ij|: from, to (above 1)", methods = "a factor too: which ones",
  rows = "of Sobol's design (rows * (factors + 2) points)", trajectories = "base points of Morris' design",
  repeats = "samples a point", seed = "of the designs and the random systems", tol = "where iterative methods stop",
  quick = "small sizes, under a minute", out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
task1.check(o)
experiment.check(o, { sign = { "mixed", "negative", "positive" } }, { rows = 2, trajectories = 2, density = 0 })
for _, name in ipairs{ "n", "density", "ratio" } do
  if #o[name] ~= 2 then error(("%s: two numbers are needed, from and to, as in %s=1,2"):format(name, name), 0) end
end
if o.density[2] > 1 then error(("density is %g, at most 1"):format(o.density[2]), 0) end
if o.quick and not given.n then o.n = { 50, 300 } end
if o.quick and not given.density then o.density = { 0.05, 0.3 } end
if o.quick and not given.rows then o.rows = 128 end
if o.quick and not given.trajectories then o.trajectories = 16 end

-- The factors. Sweeps follow log(ratio - 1) near 1, so that is the scale of the ratio. `replicate` draws other random
-- entries and changes nothing else: what it moves is chance.
local factors = {
  { "n", o.n[1], o.n[2], log = true, integer = true }, { "density", o.density[1], o.density[2], log = true },
  { "ratio", o.ratio[1], o.ratio[2], log = true, origin = 1 }, { "sign", o.sign }, { lab.REPLICATE, 1, 1000, integer = true },
}
local function case_of(name, mark, methods, outputs)
  local list = table.move(factors, 1, #factors, 2, { { "method", methods } })
  local case = lab.case{ name = name, factors = list, n = o.rows, trajectories = o.trajectories, seed = o.seed,
    base = { method = methods[1] }, outputs = outputs }
  case.file, case.formats = mark, task1.FORMAT
  return case
end
local seconds, accuracy = { "seconds_min", say"solve time" }, { "error", say"relative error" }
local memory = { "peak_bytes", say"memory" }
local cases = {}
if #o.methods > 1 or o.methods[1] ~= "gauss_seidel" then
  cases[1] = case_of(#o.methods > 1 and say"all methods" or o.methods[1], "all", o.methods, { seconds, accuracy, memory })
end
for _, method in ipairs(o.methods) do
  if method == "gauss_seidel" then -- sweeps are its own: a factorisation has none
    cases[#cases + 1] = case_of(method, method, { method }, { { "iterations", say"sweeps" }, seconds, accuracy, memory })
  end
end

-- The measurement: each different point of all designs once. An error below 1e-17 counts as that: log10 needs a floor.
local columns = { "replicate", "error" }
for _, name in ipairs(task1.COLUMNS) do columns[#columns + 1] = name end
local rows = lab.sweep{
  name = "task1_sensitivity", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = columns, cases = cases,
  what = "solve",
  cost = function(p) return 4e7 + (task1.DENSE[p.method] and p.n ^ 3 / (p.method == "gauss" and 1 or 20) or p.n ^ 2 * 10) end,
  prepare = function(p)
    local A, b, x = nl.gallery.dominant{ n = p.n, density = p.density, sign = p.sign, ratio = p.ratio,
      seed = axes.seed(o.seed, { replicate = p.replicate }) }
    return { A = A, b = b, x = x }
  end,
  run = function(p, system)
    local row, message, info = task1.measure(system, p.method, { tol = o.tol })
    if row then
      row.history, row.error = nil, math.max(row.rel_error, 1e-17)
      row.seed = axes.seed(o.seed, { replicate = p.replicate })
    end
    return row, message, info
  end,
}

local indices = lab.rows(cases)
experiment.print(indices, { "case", "output", "factor", "mu_star", "sigma", "S1", "ST", "ST_low", "ST_high", "ratio" },
  lab.FORMAT)
local drawings = lab.drawings(cases)
experiment.show(lab.text(cases[1]))
experiment.finish{
  out = o.out, name = "task1_sensitivity", formats = o.formats, arguments = o, rows = indices, columns = lab.SHOWN,
  format = lab.FORMAT, drawings = drawings, sections = lab.sections(cases),
  notes = { say"solve time is the fastest sample of a point: other programs only ever add to it",
    say"memory is what the engine allocates: what a borrowed library takes by itself (lapack) is not counted",
    say("{count} different points were measured; the indices are in {file}", { count = #rows,
      file = lab.write(cases, o.out, "task1_sensitivity"):match("[^/]+$") }) },
  title = "What moves a solve: sensitivity of time, iterations, error and memory",
  question = ("Which of n (%s), density (%s), ratio (%s), signs (%s) and method (%s) moves solve time, iterations, error and "
    .. "memory, and by how much?"):format(table.concat(o.n, " to "), table.concat(o.density, " to "),
    table.concat(o.ratio, " to "), table.concat(o.sign, ", "), table.concat(o.methods, ", ")),
}
