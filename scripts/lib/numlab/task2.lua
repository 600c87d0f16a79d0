--- What the sweep of task 2 (attention) measures: contestants by their labels, one turn (forward, backward) as a row,
--- what theory says of its memory.
---@internal of the experiments of task 2
local nl = require "numlab"
local experiment = require "numlab.experiment"
local file = require "numlab.file"
local gpu = require "numlab.task2_gpu"
local peers = require "numlab.peers"
local text = require "numlab.text"

local M = {}

M.IMPLS = { "standard", "tiled", "flash" }
M.DTYPES = { "f64", "f32", "bf16", "f16" }

M.COLUMNS = { "n", "contestant", "impl", "path", "device", "dtype", "batch", "heads", "head_dim", "q_tile", "k_tile", "causal",
  "threads", "repeats", "seconds", "forward_s", "forward_min", "forward_iqr", "backward_s", "backward_min",
  "backward_iqr", "peak_forward_bytes", "predicted_forward_bytes", "forward_extra_bytes",
  "predicted_forward_extra_bytes", "forward_workspace_bytes", "forward_result_bytes", "peak_backward_bytes",
  "predicted_backward_bytes", "backward_extra_bytes", "predicted_backward_extra_bytes", "backward_workspace_bytes",
  "backward_result_bytes", "rss_forward_bytes", "rss_backward_bytes", "driver_bytes", "max_abs_err", "grad_max_abs_err",
  "seed", "code", "message" }

--- How the columns read in a table for people.
M.FORMAT = { seconds = text.duration, max_abs_err = "%.1e", grad_max_abs_err = "%.1e" }
for _, name in ipairs(M.COLUMNS) do
  if name:find("_bytes$") then M.FORMAT[name] = text.bytes end
  if name:find("^%l+_s$") or name:find("_min$") or name:find("_iqr$") then M.FORMAT[name] = text.duration end
end

--- The settings of an experiment before anything is measured.
---@param o table  what nl.args returned
function M.check(o)
  experiment.check(o, { impls = M.IMPLS, dtype = M.DTYPES },
    { n = 1, q_tile = 1, k_tile = 1, batch = 1, heads = 1, head_dim = 1, repeats = 1, threads = 1 })
end

--- Labels and what they stand for: standard once, the others at every pair of tiles, "flash 64x128" (queries x keys); on a
--- GPU, whose kernels have tiles of their own, each once.
---@param o table  impls, q_tile, k_tile, device
---@param with_peers boolean?
---@return string[] labels
---@return table<string, table> specs  label -> {impl, q_tile, k_tile} or {impl, backend}
function M.contestants(o, with_peers)
  local labels, specs = {}, {}
  local function add(label, spec) labels[#labels + 1], specs[label] = label, spec end
  for _, impl in ipairs(o.impls) do
    if impl == "standard" or gpu.is(o.device) then
      add(impl, { impl = impl })
    else
      for _, q_tile in ipairs(o.q_tile) do
        for _, k_tile in ipairs(o.k_tile) do
          add(("%s %dx%d"):format(impl, q_tile, k_tile), { impl = impl, q_tile = q_tile, k_tile = k_tile })
        end
      end
    end
  end
  if with_peers then
    for _, peer in ipairs(peers.TORCH) do add(peer.label, { impl = peer.label, backend = peer.backend }) end
  end
  return labels, specs
end

local STORED = { f64 = 8, f32 = 4, bf16 = 2, f16 = 2 } -- bytes an element

-- Numbers of the compute type that a method keeps on the CPU beside operands and results: S and P for standard, score rows
-- for tiled, tiles for flash, and what each worker packs for one matrix product.
local function numbers(spec, s)
  local n, d, units = s.n, s.head_dim, s.batch * s.heads
  local converts = STORED[s.dtype] < 4 and 1 or 0 -- 16-bit operands are widened tile by tile
  local rows, keys = math.min(spec.q_tile or n, n), math.min(spec.k_tile or n, n)
  -- A product of m x n sums of so many terms packs its right operand, the left one for many columns alone, slices of
  -- them no deeper than 256 (engine/dense/gemm_tmpl.c).
  local function packed(left, right, terms) return ((right > 128 and left or 0) + right) * math.min(terms, 256) end
  local product = math.max(packed(rows, keys, d), packed(rows, d, keys), packed(keys, d, rows))
  local function workers(items) return math.min(s.threads, items) end
  local tiles = units * ((n + rows - 1) // rows)
  if spec.impl == "standard" then
    local each = product + converts * 4 * n * d
    return 2 * units * n * n + workers(units) * each, units * n * n + workers(units) * (each + n + converts * 3 * n * d)
  elseif spec.impl == "tiled" then
    local each = rows * d + product + converts * (rows + 2 * keys) * d
    return workers(tiles) * (rows * n + each),
      workers(units) * (2 * rows * n + 2 * rows + each + converts * (rows + 2 * n) * d)
  end
  local each = rows * d + 2 * rows + rows * keys + product + converts * (rows + 2 * keys) * d
  return workers(tiles) * each,
    workers(tiles) * (2 * rows * keys + product + converts * (3 * rows + 4 * keys) * d) + units * n
end

--- What theory says of the bytes a method takes beside the operands, Nq = Nk = n, Dv = D. `extra` leaves out what every
--- method must return (out and lse; dq, dk, dv).
---@param spec table  {impl, q_tile, k_tile}
---@param s table  {batch, heads, n, head_dim, dtype, threads, device}
---@return table  {forward, forward_extra, backward, backward_extra}
function M.predicted(spec, s)
  local n, d, units = s.n, s.head_dim, s.batch * s.heads
  local compute, stored = s.dtype == "f64" and 8 or 4, STORED[s.dtype]
  local forward, backward = (gpu.is(s.device) and gpu.numbers or numbers)(spec, s)
  local out = units * n * (d * stored + compute)
  return { forward = forward * compute + out, forward_extra = forward * compute,
    backward = backward * compute + 3 * units * n * d * stored, backward_extra = backward * compute }
end

-- Bytes of the resident set: `VmRSS` now or `VmHWM` at its highest since `reset`; nil where the system does not tell.
local function resident(field)
  local kib = (file.read("/proc/self/status") or ""):match(field .. ":%s*(%d+)")
  return kib and tonumber(kib) * 1024
end
local function reset_resident()
  local f = io.open("/proc/self/clear_refs", "w")
  if not f then return false end
  local ok = f:write("5") and f:flush()
  return f:close() and ok ~= nil
end

-- fn's memory by every account: {peak, workspace, result, rss}, and what it returned. rss is left out on a GPU, and where
-- pages that the process had already (earlier calls gave them back to malloc, not to the system) hide what fn took.
local function weighed(fn, device)
  collectgarbage()
  collectgarbage()
  local before, base = nl.memory.counts(device), not gpu.is(device) and reset_resident() and resident("VmRSS")
  local results = table.pack(nl.memory.peak(fn, device))
  local after, high = nl.memory.counts(device), base and resident("VmHWM")
  local rss = high and high - base
  return { peak = results[1], rss = rss and rss >= 0.9 * results[1] and rss or nil,
    workspace = after.peak_workspace and after.peak_workspace - before.workspace,
    result = after.peak_results and after.peak_results - before.results }, table.unpack(results, 2, results.n)
end

-- Inputs of one size, the f64 reference on the same values, a (batch, head) at a time so that only one score matrix
-- is in memory.
local function reference(work, options)
  local wide, parts = {}, { out = {}, dq = {}, dk = {}, dv = {} }
  for _, name in ipairs{ "q", "k", "v", "dout" } do wide[name] = work[name]:to("f64") end
  local batch, heads, n, d = table.unpack(work.q.shape)
  for b = 1, batch do
    for h = 1, heads do
      local function cut(t) return t(("%d:%d"):format(b, b), ("%d:%d"):format(h, h), ":", ":") end
      local q, k, v = cut(wide.q), cut(wide.k), cut(wide.v)
      local out, aux = nl.attention(q, k, v, options)
      if not out then error(aux, 0) end -- interrupted
      local dq, dk, dv = nl.attention_backward(cut(wide.dout), q, k, v, out, aux, options)
      if not dq then error(dk, 0) end
      for name, t in pairs({ out = out, dq = dq, dk = dk, dv = dv }) do table.insert(parts[name], t) end
      collectgarbage()
    end
  end
  for name, list in pairs(parts) do parts[name] = nl.cat(list, 2):reshape(batch, heads, n, d) end
  return parts
end

--- Everything that the contestants of one size share.
---@param o table  the settings: batch, heads, head_dim, dtype, causal, seed, threads, device (the CPU unless named)
---@param n integer
---@param folder string?  where peers exchange files; nil: no peers
---@return table work
function M.prepare(o, n, folder)
  local work = { shape = { n = n, batch = o.batch, heads = o.heads, head_dim = o.head_dim, dtype = o.dtype,
    causal = o.causal, threads = o.threads, device = o.device or "cpu" }, folder = folder, measured = {} }
  for i, name in ipairs{ "q", "k", "v", "dout" } do
    work[name] = nl.randn(o.batch, o.heads, n, o.head_dim, { seed = 10 * o.seed + i }):to(o.dtype)
  end
  if folder then peers.torch_begin(folder, work) end
  work.reference = reference(work, { impl = "standard", causal = o.causal })
  if gpu.is(o.device) then gpu.move(work) end
  return work
end

local function errors(work, results, row)
  local function off(name)
    local _, facts = nl.allclose(results[name]:to("cpu", "f64"), work.reference[name])
    return facts.max_abs
  end
  row.max_abs_err, row.grad_max_abs_err = off("out"), math.max(off("dq"), off("dk"), off("dv"))
end

-- A turn of a peer is a process: it warms up and gives the median of three runs.
local function peer_turn(work, spec, first)
  local s = work.shape
  local row, message, info = peers.torch(work.folder, { backend = spec.backend, dtype = s.dtype, causal = s.causal,
    threads = s.threads, repeats = 3 })
  if not row then return nil, message, info end
  row.parts = { forward = row.forward_s, backward = row.backward_s }
  row.seconds, row.message, row.version = row.forward_s + row.backward_s, row.version, nil
  if first then errors(work, peers.torch_results(work.folder), row) end
  return row
end

local function plain(fn) return {}, fn() end

-- What is told of the first turn: errors, memory beside theory's.
local function facts(work, spec, row, weights, results)
  errors(work, results, row)
  local predicted = M.predicted(spec, work.shape)
  for name, got in pairs(weights) do
    row["peak_" .. name .. "_bytes"] = got.peak
    row[name .. "_extra_bytes"] = got.peak - predicted[name] + predicted[name .. "_extra"]
    row[name .. "_workspace_bytes"], row[name .. "_result_bytes"] = got.workspace, got.result
    row["rss_" .. name .. "_bytes"] = got.rss
    row["predicted_" .. name .. "_bytes"] = predicted[name]
    row["predicted_" .. name .. "_extra_bytes"] = predicted[name .. "_extra"]
  end
end

-- A turn of ours: each pass timed, and in the first turn weighed. On a GPU a launch is too short for the clock: there these
-- passes warm up, and then many are timed.
local function own_turn(work, spec, first)
  local options = { impl = spec.impl, q_tile = spec.q_tile, k_tile = spec.k_tile, causal = work.shape.causal }
  local seconds, device, row = {}, work.shape.device, {}
  local function timed(name, fn)
    return (first and weighed or plain)(function()
      local start = nl.clock()
      local results = table.pack(fn())
      seconds[name] = nl.clock() - start
      return table.unpack(results, 1, results.n)
    end, device)
  end
  local front, out, aux, info = timed("forward", function() return nl.attention(work.q, work.k, work.v, options) end)
  if not out then return nil, aux, info end
  local back, dq, dk, dv = timed("backward", function()
    return nl.attention_backward(work.dout, work.q, work.k, work.v, out, aux, options)
  end)
  if not dq then return nil, dk, dv end
  if first then
    row.path = aux.impl
    facts(work, spec, row, { forward = front, backward = back }, { out = out, dq = dq, dk = dk, dv = dv })
  end
  if gpu.is(device) then
    gpu.drop(aux, out, dq, dk, dv)
    seconds = gpu.times(work, options)
    local counts = nl.memory.counts(device)
    row.driver_bytes = counts.total - counts.free
  end
  row.seconds, row.parts = seconds.forward + seconds.backward, seconds
  return row
end

--- One turn of a contestant: forward and backward, timed apart. The first turn also weighs them and holds the results
--- against the f64 reference.
---@param work table  of prepare
---@param spec table  of contestants
---@return table? row
---@return string? message
---@return table? info
function M.turn(work, spec)
  local first = not work.measured[spec]
  work.measured[spec] = true
  local row, message, info
  if spec.backend then
    row, message, info = peer_turn(work, spec, first)
  else
    row, message, info = own_turn(work, spec, first)
  end
  local known = row or info and info.row
  if known then
    for key, value in pairs(work.shape) do known[key] = value end
    known.impl, known.q_tile, known.k_tile = spec.impl, spec.q_tile, spec.k_tile
  end
  return row, message, info
end

return M
