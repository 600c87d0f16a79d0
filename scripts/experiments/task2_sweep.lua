-- Task 2, performance: time and memory of standard, tiled and flash attention, forward and backward, against sequence
-- length and tiles (a GPU's kernels have their own); what tiling and online softmax save, beside what theory says.
--   numlab run experiments/task2_sweep.lua quick=true          on a GPU: device=cuda
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.task2_findings"
local gpu = require "numlab.task2_gpu"
local peers = require "numlab.peers"
local powers = require "numlab.powers"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local task2 = require "numlab.task2"
local text = require "numlab.text"

local o, given = nl.args({
  n = { 512, 1024, 2048 }, q_tile = { 64, 128 }, k_tile = { 64, 128, 256 }, impls = task2.IMPLS, batch = 2, heads = 4,
  head_dim = 64, dtype = "f32", causal = false, device = "cpu", threads = nl.threads(), repeats = 3, seed = 1, peers = false,
  quick = false, out = "reports/task2_sweep", formats = { "svg" },
}, {
  n = "rows of queries and of keys", q_tile = "rows of queries in a tile", k_tile = "rows of keys in a tile",
  impls = "what to compare; standard knows no tiles", dtype = "f64, f32, bf16 or f16", repeats = "samples a point",
  peers = "add PyTorch on the same inputs, through files", quick = "small sizes, under a minute",
  batch = "of sequences", heads = "a sequence", head_dim = "columns of q, k and v", seed = "of the random operands",
  causal = "row i sees keys up to i", threads = "for the CPU's kernels, and for PyTorch", device = "cpu, cuda, cuda:1",
  out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
task2.check(o)
if o.quick and not given.n then o.n = { 256, 512, 1024 } end
if o.quick and not given.q_tile then o.q_tile = { 64 } end
nl.threads(o.threads)

local device, why = gpu.find(o.device)
if not device then
  io.stderr:write("note: task2_sweep measured nothing: ", why, "\n")
  return
end
local there, notes, folder = gpu.is(o.device), {}, nil
if there and (given.q_tile or given.k_tile) then
  notes[1] = "q_tile and k_tile count on the CPU alone: kernels of a GPU have tiles of their own"
end
if o.peers and there then
  notes[#notes + 1] = "PyTorch on a GPU does not go through files: tests/peers/torch_cuda_attention.py sets it beside numlab"
elseif o.peers then
  local version, missing = peers.torch_version()
  if version then folder = o.out .. "/peer" else notes[1] = missing end
end

-- The measurement: at each n all contestants take turns on the same tensors.
local labels, specs = task2.contestants(o, folder ~= nil)
local rows = sweep.run{
  name = "task2_sweep", out = o.out, seed = o.seed, repeats = o.repeats, slow = 60, arguments = o, device = o.device,
  columns = task2.COLUMNS, axes = { { "n", o.n } }, contestants = labels, contestant = "contestant",
  cost = function(point) return 1e5 + point.n ^ 2 end,
  prepare = function(point) return task2.prepare(o, point.n, folder) end,
  run = function(_, label, work) return task2.turn(work, specs[label]) end,
}
if folder then peers.torch_end(folder) end

-- Time: each implementation with its best tiles at each n; whiskers from the fastest sample to median + spread.
local function time_panel(pass, title)
  local metric, series, last = pass .. "_s", {}, nil
  for i, group in ipairs(rows_of.group(findings.best(rows, metric), { "impl" })) do
    local p = powers.exponent(group.rows, metric)
    local line = { x = rows_of.column(group.rows, "n"), y = rows_of.column(group.rows, metric), color = i,
      low = rows_of.column(group.rows, pass .. "_min"), high = {},
      label = p and ("%s: n^%.2f"):format(group.key.impl, p) or group.key.impl }
    for k, row in ipairs(group.rows) do line.high[k] = row[metric] + row[pass .. "_iqr"] end
    series[i], last = line, last or group.rows[#group.rows]
  end
  if last and #o.n > 1 then
    local slope = { x = o.n, y = {}, label = say"slope of n^2", style = "lines", dash = true, color = 7 }
    for i, n in ipairs(o.n) do slope.y[i] = last[metric] * (n / last.n) ^ findings.TIME_EXPONENT end
    series[#series + 1] = slope
  end
  return { title = title or findings.PASS[pass], xlabel = "n", ylabel = say"seconds", xlog = true, ylog = true, series = series }
end

-- Memory beside operands and results at the first pair of tiles: measured points on the lines of theory. Nothing has no
-- logarithm: the legend says it.
local function memory_panel(pass)
  local series = {}
  for i, impl in ipairs(o.impls) do
    local own = rows_of.where(rows, function(r)
      return r.impl == impl and r.code == "OK" and (not r.q_tile or r.q_tile == o.q_tile[1] and r.k_tile == o.k_tile[1])
    end)
    local x, y = rows_of.column(own, "n"), rows_of.column(own, pass .. "_extra_bytes")
    local p = powers.growing(own, pass .. "_extra_bytes")
    local label = own[1] and own[1].q_tile and ("%s %dx%d"):format(impl, own[1].q_tile, own[1].k_tile) or impl
    if p then
      label = say("{impl}: grows as n^{p:%.2f}, theory {theory}", { impl = label, p = p,
        theory = findings.memory_exponent(own[1], pass) })
    elseif #y > 0 and math.max(table.unpack(y)) == 0 then
      label = say("{impl}: nothing", { impl = label })
    end
    series[#series + 1] = { x = x, y = y, style = "points", color = i, label = label }
    series[#series + 1] = { x = x, y = rows_of.column(own, "predicted_" .. pass .. "_extra_bytes"), style = "lines",
      dash = true, color = i }
  end
  return { title = findings.PASS[pass], xlabel = "n", ylabel = say"bytes", xlog = true, ylog = true, series = series }
end

local largest, heat = o.n[#o.n], {}
local tiled = rows_of.where(o.impls, function(impl) return impl ~= "standard" and not there end)
for _, impl in ipairs(tiled) do
  for _, pass in ipairs{ "forward", "backward" } do
    local cells = {}
    for i, q_tile in ipairs(o.q_tile) do
      cells[i] = {}
      for j, k_tile in ipairs(o.k_tile) do
        local row = rows_of.where(rows, { impl = impl, n = largest, q_tile = q_tile, k_tile = k_tile, code = "OK" })[1]
        cells[i][j] = row and row[pass .. "_s"]
      end
    end
    heat[#heat + 1] = { title = say("{impl}, {pass} (seconds)", { impl = impl, pass = findings.PASS[pass] }),
      xlabel = say"keys in a tile", ylabel = say"queries in a tile",
      heatmap = { x = o.k_tile, y = o.q_tile, z = cells, format = text.duration } }
  end
end

local case = there and say("Time against n: {dtype}, {device}", { dtype = o.dtype, device = device.name })
  or say("Time against n, best tiles: {dtype}, threads: {threads}", { dtype = o.dtype, threads = o.threads })
local drawings = {
  { file = "time", title = case, panels = { time_panel("forward"), time_panel("backward") } },
  { file = "memory", title = say"Memory beside operands and results; dashed: theory",
    panels = { memory_panel("forward"), memory_panel("backward") } },
}
if #heat > 0 then
  drawings[3] = { file = "tiles", title = say("Time by tiles at n = {n}", { n = largest }), panels = heat,
    height = #heat // 2 * (180 + 60 * #o.q_tile) }
end

-- The table, one plot here, figures and the page with what the rows show.
experiment.print(rows, { "n", "contestant", "forward_s", "forward_iqr", "backward_s", "backward_iqr",
  "forward_extra_bytes", "predicted_forward_extra_bytes", "backward_extra_bytes", "max_abs_err", "grad_max_abs_err",
  there and "path" or "code" }, task2.FORMAT)
experiment.show(time_panel("forward", there and say"forward seconds against n"
  or say"forward seconds against n, best tiles"))
experiment.finish{
  out = o.out, name = "task2_sweep", formats = o.formats, arguments = o, rows = rows, format = task2.FORMAT,
  notes = notes, title = "Standard, tiled and flash attention: time, memory, accuracy",
  question = ("How do time and memory of %s grow with n on %s (batch %d, %d heads of %d, %s%s), %sand what does online "
    .. "softmax save?"):format(table.concat(o.impls, ", "), there and device.name or "the CPU", o.batch, o.heads, o.head_dim,
    o.dtype, o.causal and ", causal" or "", there and "" or "what do the tiles decide, "),
  columns = { "n", "contestant", "forward_s", "backward_s", "repeats", "peak_forward_bytes", "forward_extra_bytes",
    "predicted_forward_extra_bytes", "peak_backward_bytes", "backward_extra_bytes", "predicted_backward_extra_bytes",
    there and "driver_bytes" or "rss_forward_bytes", there and "path" or "rss_backward_bytes", "max_abs_err",
    "grad_max_abs_err", "code", "message" },
  sections = findings.sweep(rows), drawings = drawings,
}
