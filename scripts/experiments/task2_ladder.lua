-- Task 2 on a GPU, the ladder: attention's forward pass on six rungs, each one technique above the one below (gpu/ladder),
-- and what recomputing P in the backward pass costs beside storing it: time, memory, traffic by count.
--   numlab run experiments/task2_ladder.lua quick=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.ladder_findings"
local lab = require "numlab.ladder_lab"
local ladder = require "numlab.ladder"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local text = require "numlab.text"

local o, given = nl.args({
  n = { 512, 1024, 2048, 4096, 8192 }, rungs = lab.CONTESTANTS, tokens = 16384, heads = 32, head_dim = 64, dtype = "bf16",
  causal = false, repeats = 5, seed = 1, quick = false, out = "reports/task2_ladder", formats = { "svg" },
}, {
  n = "rows of queries and of keys", rungs = "what to compare: rungs, flash, standard (both with their backward pass)",
  tokens = "rows of all batches together: batch is tokens / n", heads = "a sequence", head_dim = "columns: 64 or 128",
  dtype = "bf16 or f16", causal = "row i sees keys up to i", repeats = "samples a point", seed = "of the random operands",
  quick = "small sizes, under a minute", out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
experiment.check(o, { rungs = lab.CONTESTANTS, dtype = lab.DTYPES, head_dim = { 64, 128 } },
  { n = 1, tokens = 1, heads = 1, repeats = 1 })
if o.quick and not given.n then o.n = { 512, 1024 } end
if o.quick and not given.tokens then o.tokens = 4096 end

local devices, why = nl.devices()
if #devices == 1 then
  io.stderr:write("note: task2_ladder needs a GPU, nothing was measured: ", (why:gsub("%s+", " ")), "\n")
  return
end

-- The measurement: at each n all contestants take turns on the same tensors.
local rows = findings.place(sweep.run{
  name = "task2_ladder", out = o.out, seed = o.seed, repeats = o.repeats, slow = 60, arguments = o, contestant = "rung",
  device = lab.DEVICE,
  columns = { "n", "rung", "device", "dtype", "batch", "heads", "head_dim", "causal", "repeats", "seconds", "forward_s",
    "forward_min", "forward_iqr", "backward_s", "backward_min", "backward_iqr", "forward_extra_bytes", "predicted_extra_bytes",
    "step_extra_bytes", "rel_err", "seed", "code", "message" },
  axes = { { "n", o.n } }, contestants = o.rungs,
  cost = function(point) return point.n end,
  prepare = function(point) return lab.prepare(o, point.n) end,
  run = function(_, name, work) return lab.turn(work, name) end,
})
local good = rows_of.where(rows, { code = "OK" })

-- One line a rung over n, where there is something: nothing has no logarithm.
local function lines(metric, options)
  local series = {}
  for _, group in ipairs(rows_of.group(good, { "rung" })) do
    local own = rows_of.where(group.rows, function(r) return (r[metric] or 0) > 0 end)
    if #own > 0 then
      series[#series + 1] = { x = rows_of.column(own, "n"), y = rows_of.column(own, metric), label = group.key.rung,
        color = #series + 1 }
    end
  end
  local panel = { xlabel = "n", xlog = true, ylog = true, series = series }
  for key, value in pairs(options) do panel[key] = value end
  return panel
end

-- Forward speed with whiskers: from median + spread to the fastest sample.
local function speeds()
  local panel = lines("forward_tflops", { title = say"forward", ylabel = "TFLOP/s" })
  for _, line in ipairs(panel.series) do
    line.low, line.high = {}, {}
    for i, r in ipairs(rows_of.where(good, { rung = line.label })) do
      local work = r.forward_tflops * r.forward_s
      line.low[i], line.high[i] = work / (r.forward_s + r.forward_iqr), work / r.forward_min
    end
  end
  return panel
end

local function drawing(file, title, panels)
  return { file = file, title = title, panels = rows_of.where(panels, function(panel) return #panel.series > 0 end) }
end

local drawings = rows_of.where({
  drawing("speed", say("The ladder: speed by FlashAttention's count of FLOPs, {dtype}, heads of {head_dim}", {
    dtype = o.dtype, head_dim = o.head_dim }),
    { speeds(), lines("backward_tflops", { title = say"backward", ylabel = "TFLOP/s" }) }),
  drawing("traffic", say"Bytes moved, by count", {
    lines("least_bytes", { title = say"at least: each kernel reads and writes everything once", ylabel = say"bytes" }),
    lines("requested_bytes", { title = say"asked for beyond registers and shared memory", ylabel = say"bytes" }) }),
  drawing("memory", say"Memory beside operands and results, where there is any", {
    lines("forward_extra_bytes", { title = say"forward", ylabel = say"bytes" }),
    lines("step_extra_bytes", { title = say"forward and backward together", ylabel = say"bytes" }) }),
}, function(each) return #each.panels > 0 end)

local format = { seconds = text.duration, forward_s = text.duration, forward_iqr = text.duration, backward_s = text.duration,
  forward_tflops = "%.3g", backward_tflops = "%.3g", gain = "%.2f", rel_err = "%.1e", least_bytes = text.bytes,
  requested_bytes = text.bytes, forward_extra_bytes = text.bytes, predicted_extra_bytes = text.bytes,
  step_extra_bytes = text.bytes }
local columns = { "n", "rung", "forward_s", "forward_iqr", { "forward_tflops", title = "forward TFLOP/s" }, "gain",
  "least_bytes", "requested_bytes", "forward_extra_bytes", "predicted_extra_bytes", "backward_s",
  { "backward_tflops", title = "backward TFLOP/s" }, "step_extra_bytes", "rel_err", "code" }
experiment.print(rows, columns, format)
local first = speeds()
first.title = say"forward TFLOP/s against n"
experiment.show(first)
experiment.finish{
  out = o.out, name = "task2_ladder", formats = o.formats, arguments = o, rows = rows, format = format, columns = columns,
  title = say"The ladder: what each technique of attention brings on a GPU",
  question = say("What does each technique bring that stands between attention as the formula says it and {top}, in time, in "
    .. "memory, in traffic? And what does making P again cost the backward pass?", { top = ladder.RUNGS[#ladder.RUNGS] }),
  sections = findings.sections(rows), drawings = drawings,
}
