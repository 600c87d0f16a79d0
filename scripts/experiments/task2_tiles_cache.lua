-- Task 2, tiles against caches: flash attention forward and backward over the sizes of its tiles, beside the bytes a tile
-- works on and the caches of this machine; and the same question for the panels of blocked LU.
--   numlab run experiments/task2_tiles_cache.lua quick=true
local nl = require "numlab"
local experiment = require "numlab.experiment"
local findings = require "numlab.task2_tiles_findings"
local roofline = require "numlab.roofline"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local task2 = require "numlab.task2"
local tiles = require "numlab.task2_tiles"

local o, given = nl.args({
  n = 1024, q_tile = { 16, 32, 64, 128, 256, 512 }, k_tile = { 16, 32, 64, 128, 256, 512 }, head_dim = { 32, 64, 128 },
  batch = 1, heads = 2, dtype = "f32", causal = false, lu = { 500, 1000 }, block = { 8, 16, 32, 64, 128, 256 },
  threads = 1, repeats = 5, seed = 1, quick = false, out = "reports/task2_tiles_cache", formats = { "svg" },
}, {
  n = "rows of queries and of keys", q_tile = "rows of queries in a tile", k_tile = "rows of keys in a tile",
  head_dim = "columns of q, k and v", batch = "of sequences", heads = "a sequence", dtype = "f64, f32, bf16 or f16",
  causal = "row i sees keys up to i", lu = "unknowns of the systems for LU", block = "columns of a panel of LU",
  threads = "for the kernels; caches are a core's own", repeats = "samples a point", seed = "of the random operands",
  quick = "fewer and smaller, under a minute", out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
experiment.check(o, { dtype = task2.DTYPES }, { n = 1, q_tile = 1, k_tile = 1, head_dim = 1, batch = 1, heads = 1, lu = 1,
  block = 1, threads = 1, repeats = 1 })
if o.quick and not given.n then o.n = 512 end
if o.quick and not given.q_tile then o.q_tile = { 16, 64, 256 } end
if o.quick and not given.k_tile then o.k_tile = { 16, 64, 256 } end
if o.quick and not given.lu then o.lu = { 500 } end
if o.quick and not given.repeats then o.repeats = 3 end
nl.threads(o.threads)
local caches = roofline.caches()

-- The measurements: at each head dimension all tiles take turns on the same tensors; panels of LU likewise.
local PASSES = { "forward", "backward" }
local labels, specs = task2.contestants{ impls = { "flash" }, q_tile = o.q_tile, k_tile = o.k_tile }
local rows = sweep.run{
  name = "task2_tiles_cache", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = tiles.COLUMNS,
  axes = { { "head_dim", o.head_dim } }, contestants = labels, contestant = "contestant",
  prepare = function(p) return task2.prepare(setmetatable({ head_dim = p.head_dim }, { __index = o }), o.n) end,
  run = function(_, label, work)
    local row, message, info = task2.turn(work, specs[label])
    if row and row.q_tile then
      row.moved = 2 * row.head_dim * (1 / row.q_tile + 1 / row.k_tile)
      row.forward_set_bytes, row.backward_set_bytes = tiles.working_set(specs[label], work.shape)
      for _, pass in ipairs(PASSES) do row[pass .. "_level"] = tiles.level(row[pass .. "_set_bytes"], caches) end
    end
    return row, message, info
  end,
}
local panels, width = {}, {}
for i, block in ipairs(o.block) do
  panels[i] = ("lu %d"):format(block)
  width[panels[i]] = block
end
local lu = sweep.run{
  name = "task2_tiles_cache_lu", out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = tiles.LU_COLUMNS,
  axes = { { "n", o.lu } }, contestants = panels, contestant = "method",
  prepare = function(p) return { A = nl.randn(p.n, p.n, { seed = o.seed }), b = nl.randn(p.n, { seed = o.seed + 1 }) } end,
  run = function(p, label, system)
    local block = width[label]
    local x, message, info = nl.solve(system.A, system.b, { method = "lu", block = block })
    if not x then return nil, message, info end
    local set = 8 * p.n * math.min(block, p.n) -- a panel
    return { block = block, threads = o.threads, seconds = message.seconds, backward_error = message.backward_error,
      moved = p.n / block, set_bytes = set, level = tiles.level(set, caches) }
  end,
}
for _, pass in ipairs(PASSES) do tiles.relate(rows, "head_dim", pass .. "_min", pass .. "_relative") end
tiles.relate(lu, "n", "seconds_min", "relative")

-- Heat maps: time over the best of the head dimension. Against the working set: a line a head dimension, caches marked.
local heat, sets = {}, {}
for _, pass in ipairs(PASSES) do
  local series, lines = {}, {}
  for i, dim in ipairs(o.head_dim) do
    local own = rows_of.where(rows, { head_dim = dim, code = "OK" })
    series[i] = { x = rows_of.column(own, pass .. "_set_bytes"), y = rows_of.column(own, pass .. "_relative"),
      style = "points", label = say("head dimension {dim}", { dim = dim }) }
    local cells = {}
    for r, q_tile in ipairs(o.q_tile) do
      cells[r] = {}
      for c, k_tile in ipairs(o.k_tile) do
        local row = rows_of.where(own, { q_tile = q_tile, k_tile = k_tile })[1]
        cells[r][c] = row and row[pass .. "_relative"]
      end
    end
    heat[#heat + 1] = { title = say("head dimension {dim}, {pass}", { dim = dim, pass = findings.PASS[pass] }),
      xlabel = say"keys in a tile", ylabel = say"queries in a tile", heatmap = { x = o.k_tile, y = o.q_tile, z = cells,
      format = "%.2f" } }
  end
  for level = 1, 2 do lines[level] = caches[level] and { x = caches[level], label = "L" .. level } end
  sets[#sets + 1] = { title = findings.PASS[pass], xlabel = say"working set, bytes", ylabel = say"time / best", xlog = true,
    series = series, lines = lines }
end
local widths = {}
for i, n in ipairs(o.lu) do
  local own = rows_of.where(lu, { n = n, code = "OK" })
  widths[i] = { x = rows_of.column(own, "block"), y = rows_of.column(own, "relative"), label = say("n = {n}", { n = n }) }
end

-- The table, one plot here, figures and the page with what the rows show.
experiment.print(rows, { "head_dim", "contestant", "moved", "forward_s", "forward_relative", "forward_set_bytes",
  "forward_level", "backward_s", "backward_relative", "backward_set_bytes", "backward_level", "code" }, tiles.FORMAT)
experiment.print(lu, { "n", "block", "seconds", "relative", "set_bytes", "level", "code" }, tiles.FORMAT)
experiment.show(sets[1])
experiment.finish{
  out = o.out, name = "task2_tiles_cache", formats = o.formats, arguments = o, rows = rows, format = tiles.FORMAT,
  title = say"Tile size against cache size",
  question = say("Which tiles of flash attention, and which panels of LU, are fastest on this machine, and do the sizes of its "
    .. "caches say so?"),
  columns = { "head_dim", "contestant", "moved", "forward_s", "forward_relative", "forward_set_bytes", "forward_level",
    "backward_s", "backward_relative", "backward_set_bytes", "backward_level", "max_abs_err", "grad_max_abs_err", "code",
    "message" },
  sections = findings.sections(rows, lu, caches),
  notes = { say"times over the best are those of the fastest samples: other programs only ever add",
    say("the rows of LU are in {file}", { file = "task2_tiles_cache_lu.csv" }) },
  drawings = {
    { file = "tiles", title = say"Time over the best tile's", panels = heat, columns = #o.head_dim,
      width = 420 * #o.head_dim, height = 2 * (140 + 50 * #o.q_tile) },
    { file = "sets", title = say"Time over the best against the working set of a tile", panels = sets, height = 460 },
    { file = "lu", title = say"LU: time over the best against the width of a panel", xlog = true, series = widths,
      xlabel = say"columns of a panel", ylabel = say"time / best" },
  },
}
