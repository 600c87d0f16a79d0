-- Task 2, sensitivity: which of sequence length, head size, tiles, causal mask and implementation moves the time forward
-- and backward, the memory and the error of attention, and by how much. One factor at a time, Morris' elementary effects,
-- Sobol's shares of the variance.
--   numlab run experiments/task2_sensitivity.lua quick=true
local nl = require "numlab"
local axes = require "numlab.axes"
local experiment = require "numlab.experiment"
local lab = require "numlab.sensitivity_lab"
local say = require "numlab.say"
local task2 = require "numlab.task2"

local o, given = nl.args({
  n = { 128, 1024 }, head_dim = { 16, 32, 64, 128 }, q_tile = { 16, 32, 64, 128 }, k_tile = { 32, 64, 128, 256 },
  causal = "both", impls = task2.IMPLS, batch = 1, heads = 2, dtype = "f32", threads = nl.threads(), rows = 128,
  trajectories = 30, repeats = 3, seed = 1, quick = false, out = "reports/task2_sensitivity", formats = { "svg" },
}, {
  n = "rows of queries and of keys: from, to", head_dim = "columns of q, k and v: which ones",
  q_tile = "rows of queries in a tile", k_tile = "rows of keys in a tile", impls = "which ones",
  causal = "row i sees keys up to i: false, true or both",
  batch = "of sequences", heads = "a sequence", dtype = "f64, f32, bf16 or f16", threads = "for the kernels",
  rows = "of Sobol's design (rows * (factors + 2) points)", trajectories = "base points of Morris' design",
  repeats = "samples a point", seed = "of the designs and the random operands", quick = "small sizes, under a minute",
  out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
task2.check(o)
experiment.check(o, { causal = { "both", "false", "true" } }, { rows = 2, trajectories = 2 })
if #o.n ~= 2 then error("n: two numbers are needed, from and to, as in n=128,1024", 0) end
if o.quick and not given.n then o.n = { 64, 256 } end
if o.quick and not given.rows then o.rows = 64 end
if o.quick and not given.trajectories then o.trajectories = 12 end
nl.threads(o.threads)

local CAUSAL = { both = { false, true }, ["false"] = { false }, ["true"] = { true } }
-- The factors; tiles mean nothing to `standard`. `replicate` draws other random operands and changes nothing else: what it
-- moves is chance.
local function case_of(name, mark, impls, outputs)
  local case = lab.case{ name = name, n = o.rows, trajectories = o.trajectories, seed = o.seed, outputs = outputs, factors = {
    { "impl", impls }, { "n", o.n[1], o.n[2], log = true, integer = true }, { "head_dim", o.head_dim }, { "q_tile", o.q_tile },
    { "k_tile", o.k_tile }, { "causal", CAUSAL[o.causal] }, { lab.REPLICATE, 1, 1000, integer = true } } }
  case.file, case.formats = mark, task2.FORMAT
  return case
end
local outputs = { { "forward_min", say"forward time" }, { "backward_min", say"backward time" },
  { "forward_extra_bytes", say"extra memory" }, { "max_abs_err", say"error" } }
local cases = { case_of(#o.impls > 1 and say"all implementations" or o.impls[1], nil, o.impls, outputs) }
for _, impl in ipairs(#o.impls > 1 and o.impls or {}) do
  if impl == "flash" then cases[2] = case_of(impl, impl, { impl }, outputs) end
end

-- The measurement: each different point of all designs once.
local columns = { "replicate" }
for _, name in ipairs(task2.COLUMNS) do columns[#columns + 1] = name end
local rows = lab.sweep{
  name = "task2_sensitivity", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = columns, cases = cases,
  what = "attention",
  cost = function(p) return 1e5 + p.n ^ 2 * p.head_dim / 64 end,
  prepare = function(p)
    -- >> 13: task2.prepare counts its seeds in tens, which must stay whole numbers
    return task2.prepare({ batch = o.batch, heads = o.heads, head_dim = p.head_dim, dtype = o.dtype, causal = p.causal,
      threads = o.threads, seed = axes.seed(o.seed, { replicate = p.replicate }) >> 13 }, p.n)
  end,
  run = function(p, work)
    work.spec = work.spec or { impl = p.impl, q_tile = p.q_tile, k_tile = p.k_tile }
    return task2.turn(work, work.spec)
  end,
}

local indices = lab.rows(cases)
experiment.print(indices, { "case", "output", "factor", "mu_star", "sigma", "S1", "ST", "ST_low", "ST_high", "ratio" },
  lab.FORMAT)
experiment.show(lab.text(cases[1]))
experiment.finish{
  out = o.out, name = "task2_sensitivity", formats = o.formats, arguments = o, rows = indices, columns = lab.SHOWN,
  format = lab.FORMAT, drawings = lab.drawings(cases), sections = lab.sections(cases),
  notes = { say"times are the fastest sample of a point: other programs only ever add to them",
    say"extra memory: of the forward pass, beside operands and results; error: the largest of the forward pass",
    say("{count} different points were measured; the indices are in {file}", { count = #rows,
      file = lab.write(cases, o.out, "task2_sensitivity"):match("[^/]+$") }) },
  title = "What moves attention: sensitivity of time, memory and error",
  question = ("Which of n (%s), head size (%s), tiles (queries %s, keys %s), causal mask and implementation (%s) moves the time "
    .. "forward and backward, the memory and the error of attention (batch %d, %d heads, %s), and by how much?"):format(
    table.concat(o.n, " to "), table.concat(o.head_dim, ", "), table.concat(o.q_tile, ", "), table.concat(o.k_tile, ", "),
    table.concat(o.impls, ", "), o.batch, o.heads, o.dtype),
}
