-- The roofline of this machine, and where the kernels of both tasks lie under it: matrix and sparse products, LU, Gauss-Seidel
-- sweeps, softmax, attention forward and backward. What limits each, compute or memory, and how much of that it reaches.
--   numlab run experiments/machine_roofline.lua quick=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.roofline_findings"
local kernels = require "numlab.roofline_kernels"
local roofline = require "numlab.roofline"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local text = require "numlab.text"

local o, given = nl.args({
  n = { 512, 1024, 2048 }, threads = nl.threads() > 1 and { 1, nl.threads() } or { 1 }, kernels = kernels.NAMES,
  density = 0.05, heads = 8, head_dim = 64, repeats = 5, seed = 1, quick = false, out = "reports/machine_roofline",
  formats = { "svg" },
}, {
  n = "rows of matrices; of queries and of keys", threads = "for kernels and ceilings", kernels = "which of them",
  density = "of the sparse matrix", heads = "of attention (batch 1)", head_dim = "columns of q, k and v",
  repeats = "samples a point", seed = "of the random operands", quick = "small sizes, under a minute",
  out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
experiment.check(o, { kernels = kernels.NAMES }, { n = 2, threads = 1, heads = 1, head_dim = 1, repeats = 1, density = 0 })
if o.quick and not given.n then o.n = { 256, 512 } end
if o.quick and not given.repeats then o.repeats = 3 end

-- The measurement: ceilings and kernels take turns at each point, so that a slow moment of the machine hits both.
local contestants, ceiling_of = {}, {}
for i, name in ipairs(roofline.CEILINGS) do
  contestants[i] = "ceiling " .. name
  ceiling_of[contestants[i]] = name
end
table.move(o.kernels, 1, #o.kernels, #contestants + 1, contestants)
local rows = sweep.run{
  name = "machine_roofline", out = o.out, seed = o.seed, repeats = o.repeats, slow = 10, arguments = o, contestant = "kernel",
  columns = { "n", "threads", "kernel", "ceiling", "dtype", "flops", "bytes", "held", "seconds", "seconds_min", "seconds_iqr",
    "repeats", "seed", "code", "message" },
  axes = { { "threads", o.threads }, { "n", o.n } }, contestants = contestants,
  cost = function(point, name) return ceiling_of[name] and 1e9 or 1e8 + point.n ^ 3 end,
  prepare = function(point)
    nl.threads(point.threads)
    return kernels.work{ n = point.n, threads = point.threads, density = o.density, heads = o.heads, head_dim = o.head_dim,
      seed = o.seed }
  end,
  run = function(point, name, work)
    if ceiling_of[name] then return roofline.measure(ceiling_of[name], point.threads) end
    return kernels.run(name, work)
  end,
}

local roofs, placed = {}, {}
for i, threads in ipairs(o.threads) do
  roofs[i] = roofline.roof(rows, threads)
  for _, row in ipairs(rows_of.where(rows, { threads = threads, code = "OK" })) do
    if not row.ceiling then placed[#placed + 1] = roofline.place(row, roofs[i]) end
  end
end

-- A panel a type and number of threads: the roofs, and each kernel's way over the sizes, whiskers from the median + the
-- interquartile range of its time to its fastest sample.
local function roof_lines(roof, dtype, low, high)
  local out = {}
  for i, from in ipairs(roof.bandwidth) do
    local ridge = roofline.ridge(roof, dtype, from.level)
    local line = { x = { low, ridge, math.max(high, 2 * ridge) }, y = {}, style = "lines", color = 7, dash = i < #roof.bandwidth,
      label = say("{level} {rate:%.3g} GB/s", { level = findings.BOUND[from.level], rate = from.rate / 1e9 }) }
    for k, x in ipairs(line.x) do line.y[k] = math.min(roof.compute[dtype], x * from.rate) / 1e9 end
    out[i] = line
  end
  return out
end
local panels = {}
for _, dtype in ipairs{ "f64", "f32" } do
  for _, roof in ipairs(roofs) do
    local own, series, xs = rows_of.where(placed, { dtype = dtype, threads = roof.threads }), {}, { 0.1, 10 }
    for i, group in ipairs(rows_of.group(own, { "kernel" })) do
      local line = { x = rows_of.column(group.rows, "intensity"), y = {}, low = {}, high = {}, label = group.key.kernel,
        color = i }
      for k, r in ipairs(group.rows) do
        line.y[k], line.low[k] = r.rate / 1e9, r.flops / (r.seconds + r.seconds_iqr) / 1e9
        line.high[k] = r.flops / r.seconds_min / 1e9
      end
      series[i] = line
      table.move(line.x, 1, #line.x, #xs + 1, xs)
    end
    local roof_of = roof_lines(roof, dtype, math.min(table.unpack(xs)) / 1.5, math.max(table.unpack(xs)) * 1.5)
    table.move(series, 1, #series, #roof_of + 1, roof_of)
    panels[#panels + 1] = { title = say("{dtype}, threads: {threads}", { dtype = dtype, threads = roof.threads }),
      xlabel = say"FLOPs a byte", ylabel = "GFLOP/s", xlog = true, ylog = true, series = roof_of }
  end
end

local function giga(rate) return ("%.3g"):format(rate / 1e9) end
local format = { seconds = text.duration, bytes = text.bytes, held = text.bytes, flops = "%.3g", intensity = "%.3g", rate = giga,
  attainable = giga, share = "%.2f" }
local columns = { "kernel", "n", "threads", "dtype", "seconds", "flops", "bytes", "intensity", { "rate", title = "GFLOP/s" },
  { "attainable", title = "attainable GFLOP/s" }, "bound", "share", "above" }
experiment.print(placed, columns, format)
experiment.show(panels[#panels])
experiment.finish{
  out = o.out, name = "machine_roofline", formats = o.formats, arguments = o, rows = placed, format = format,
  columns = columns, title = say"The roofline of this machine",
  question = say"What can this machine do at most, and how much of that do the kernels of both tasks reach?",
  sections = findings.sections(rows, placed, roofs),
  drawings = { { file = "roofline", title = say"Kernels under the roof; dashed: caches", columns = #roofs, panels = panels,
    height = 1000 } },
}
