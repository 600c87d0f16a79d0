-- Both tasks, accuracy: what f64, f32, bf16 and f16 arithmetic lose against the condition of the problem. Linear systems
-- with prescribed condition, solved directly and refined; attention with scores of growing spread.
--   numlab run experiments/accuracy_condition.lua quick=true
local nl = require "numlab"
local accuracy = require "numlab.accuracy"
local attention = require "numlab.accuracy_attention"
local axes = require "numlab.axes"
local experiment = require "numlab.experiment"
local findings = require "numlab.accuracy_findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local task2 = require "numlab.task2"

local o, given = nl.args({
  n = 200, cond = axes.logspace(10.0, 1e16, 16), replicates = 5, methods = accuracy.METHODS,
  length = 256, heads = 4, head_dim = 64, spread = { 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64 }, impls = task2.IMPLS,
  dtypes = { "f64", "f32", "f16", "bf16" }, seed = 1, quick = false, out = "reports/accuracy_condition", formats = { "svg" },
}, {
  n = "unknowns", cond = "of the matrices, in the 2-norm", replicates = "random systems a condition",
  methods = "arithmetics of task 1", length = "rows of queries and keys", heads = "of attention",
  head_dim = "columns of q, k, v", spread = "standard deviations of the scores", impls = "of attention",
  dtypes = "in which attention is stored", seed = "of the random numbers", quick = "fewer and smaller, under a minute",
  out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
experiment.check(o, { methods = accuracy.METHODS, impls = task2.IMPLS, dtypes = task2.DTYPES },
  { n = 1, cond = 1, replicates = 1, length = 1, heads = 1, head_dim = 1, spread = 0 })
if o.quick and not given.n then o.n = 100 end
if o.quick and not given.replicates then o.replicates = 3 end
if o.quick and not given.heads then o.heads = 2 end

local rows = sweep.run{
  name = "accuracy_condition", out = o.out, seed = o.seed, repeats = 1, arguments = o, columns = accuracy.COLUMNS,
  axes = { { "cond", o.cond }, { "replicate", axes.range(1, o.replicates) } }, contestants = o.methods,
  prepare = function(p) return accuracy.system(o.n, p.cond, axes.seed(o.seed, p)) end,
  run = function(_, method, system) return accuracy.measure(system, method) end,
}
local labels, specs = {}, {}
for _, dtype in ipairs(o.dtypes) do
  for _, impl in ipairs(o.impls) do
    labels[#labels + 1] = impl .. " " .. dtype
    specs[labels[#labels]] = { impl = impl, dtype = dtype }
  end
end
local attended = sweep.run{
  name = "accuracy_condition_attention", out = o.out, seed = o.seed, repeats = 1, arguments = o, columns = attention.COLUMNS,
  axes = { { "spread", o.spread } }, contestants = labels, contestant = "contestant",
  prepare = function(p)
    return attention.prepare({ batch = 1, heads = o.heads, n = o.length, head_dim = o.head_dim, seed = o.seed }, p.spread)
  end,
  run = function(_, label, work) return attention.measure(work, specs[label].impl, specs[label].dtype) end,
}

-- Task 1: an error against the condition, points measured, dashed kappa u of each roundoff.
local function errors(field, predicted, title)
  local series = {}
  for i, method in ipairs(o.methods) do
    local own = rows_of.where(rows, { method = method, code = "OK" })
    series[#series + 1] = { x = rows_of.column(own, "cond"), y = rows_of.column(own, field), style = "points", color = i,
      shape = i + (i - 1) // 8 * 3, label = method } -- beyond eight, the colours with other shapes
  end
  for i, dtype in ipairs{ "f64", "f32", "bf16" } do
    local line = { x = o.cond, y = {}, style = "lines", dash = true, color = 6 + i,
      label = say("theory, {dtype}", { dtype = dtype }) }
    for k, cond in ipairs(o.cond) do line.y[k] = predicted(cond, accuracy.ROUNDOFF[dtype]) end
    series[#series + 1] = line
  end
  return { title = title, xlabel = say"condition", ylabel = title, xlog = true, ylog = true, series = series,
    yrange = { 1e-18, 10 } }
end
local forward = errors("rel_error", function(cond, u) return cond * u end, say"relative error")
local backward = errors("backward_error", function(_, u) return u end, say"backward error")

-- Task 2: errors against the spread of the scores, lines what the condition predicts.
local curves = {}
for i, dtype in ipairs(o.dtypes) do
  for k, impl in ipairs(o.impls) do
    local own = rows_of.where(attended, { dtype = dtype, impl = impl, code = "OK" })
    local x = rows_of.column(own, "spread")
    curves[#curves + 1] = { x = x, y = rows_of.column(own, "rms_err"), style = "points", color = i, shape = k,
      label = dtype .. " " .. impl }
    curves[#curves + 1] = { x = x, y = rows_of.column(own, "predicted_err"), style = "lines", dash = true, color = i }
  end
end

experiment.print(rows_of.where(rows, { replicate = 1 }), { "cond", "method", "rel_error", "predicted_error", "typical_error",
  "backward_error", "iterations", "contraction", "converged", "code" }, accuracy.FORMAT)
experiment.print(attended, { "spread", "contestant", "condition", "arithmetic", "rms_err", "predicted_err", "ratio", "code" },
  attention.FORMAT)
experiment.show(forward)
experiment.finish{
  out = o.out, name = "accuracy_condition", formats = o.formats, arguments = o, rows = rows, format = accuracy.FORMAT,
  title = say"Accuracy against condition: f64, f32, bf16, f16",
  question = say("What does each arithmetic lose as a linear system, or the scores of attention, become worse conditioned; how "
    .. "far does refinement carry; and is it what rounding theory says?"),
  columns = { "cond", "replicate", "method", "rel_error", "predicted_error", "typical_error", "error_bound", "backward_error",
    "iterations", "contraction", "converged", "predicted_converged", "code", "message" },
  sections = findings.sections(rows, attended),
  notes = { say("the rows of attention are in {file}", { file = "accuracy_condition_attention.csv" }) },
  drawings = {
    { file = "systems", title = say"Linear systems; dashed: kappa u, and u", panels = { forward, backward }, height = 620 },
    { file = "attention", title = say"Attention; dashed: what the condition predicts", xlabel = say"spread of the scores",
      ylabel = say"error of the result", xlog = true, ylog = true, series = curves, height = 560 },
  },
}
