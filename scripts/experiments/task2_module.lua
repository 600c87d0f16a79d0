-- Task 2, attention inside a module: x (B,N,C) -> qkv projection -> heads -> attention -> output projection, MSE against
-- a random target, gradients by backward. Every core beside the standard one and beside the tape, which differentiates
-- the formula by the chain rule, in f64 on the same numbers.
--   numlab run experiments/task2_module.lua n=512 dtype=f32
local nl = require "numlab"
local experiment = require "numlab.experiment"
local file = require "numlab.file"
local nn = require "numlab.nn"
local reference = require "numlab.reference"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local sweep = require "numlab.sweep"
local tables = require "numlab.table"
local text = require "numlab.text"
local NAME, CORES = "task2_module", { "standard", "tiled", "flash" }
local TOLERANCE = { f64 = { rtol = 1e-5, atol = 1e-7 }, f32 = { rtol = 1e-3, atol = 1e-4 } } -- the handout's
local TENSORS = { "y", "dx", "qkv.weight", "qkv.bias", "proj.weight", "proj.bias" }
local o, given = nl.args({
  batch = 2, n = 256, dim = 64, heads = 8, tile = 128, dtype = { "f64", "f32" }, causal = false, seed = 1, cores = CORES,
  repeats = 7, steps = 20, rate = 10.0, quick = false, out = "reports/" .. NAME, formats = { "svg" },
}, {
  batch = "B", n = "N, rows of x", dim = "C, columns of x", heads = "each C / heads wide", tile = "of queries and of keys",
  dtype = "f64, f32", causal = "rows see no later ones", cores = "implementations of nl.attention", repeats = "samples",
  steps = "of gradient descent, for the loss curves", rate = "of that descent", quick = "n = 96, 3 repeats, 5 steps" })
experiment.check(o, { dtype = { "f64", "f32" }, cores = CORES },
  { batch = 1, n = 1, dim = 1, heads = 1, tile = 1, repeats = 1, steps = 1 })
for key, small in pairs(o.quick and { n = 96, repeats = 3, steps = 5 } or {}) do
  if not given[key] then o[key] = small end
end

local function larger(a, b) return (b > a or b ~= b) and b or a end -- NaN stays
local function make(core, dtype)
  return nn.MultiHeadAttention{ dim = o.dim, heads = o.heads, impl = core, q_tile = o.tile, k_tile = o.tile,
    causal = o.causal, dtype = dtype, seed = o.seed }
end

-- Inputs of one type, and what the tape and the standard core make of them.
local function prepare(point)
  local work = { dtype = point.dtype, measured = {} }
  for i, name in ipairs{ "x", "target" } do
    work[name] = nl.randn(o.batch, o.n, o.dim, { seed = 100 * o.seed + i }):to(work.dtype)
  end
  work.tape = reference.gradients(make("standard", work.dtype), work.x, work.target, { causal = o.causal })
  work.standard = assert(nn.gradients(make("standard", work.dtype), work.x, work.target))
  return work
end

-- Agreement, a row for each core, yardstick and tensor. `relative` is the largest difference against the largest element:
-- an absolute tolerance alone says little of small gradients.
local agreement, lines, said = {}, {}, {}
for _, dtype in ipairs(o.dtype) do
  local work, worst, small = prepare{ dtype = dtype }, { standard = 0, tape = 0, close = true }, {}
  for _, core in ipairs(o.cores) do
    local result = assert(nn.gradients(make(core, dtype), work.x, work.target))
    for _, against in ipairs(core == "standard" and { "tape" } or { "standard", "tape" }) do
      local parts, all = {}, true
      for i, name in ipairs(TENSORS) do
        local want = work[against][name]:to("f64")
        local close, apart = nl.allclose(result[name]:to("f64"), want, TOLERANCE[dtype])
        local largest = want:abs():max()
        agreement[#agreement + 1] = { dtype = dtype, impl = core, against = against, tensor = name, allclose = close,
          max_abs = apart.max_abs, mean_abs = apart.mean_abs, largest = largest, relative = apart.max_abs / largest }
        parts[i], all = ("%s %.1e (%.1e)"):format(name, apart.max_abs, apart.mean_abs), all and close
        worst[against], worst.close = larger(worst[against], apart.max_abs / largest), worst.close and close
        small[name] = largest < TOLERANCE[dtype].atol or nil
      end
      lines[#lines + 1] = say("{dtype} {core} beside {against}: {parts}; allclose: {all}", { dtype = dtype, core = core,
        against = against == "tape" and say"tape" or against, parts = say.list(parts), all = all and say"yes, all" or say"NO" })
    end
  end
  said[#said + 1] = say("{dtype}: {every} tensor of every core agrees within rtol {rtol:%g}, atol {atol:%g}; the largest "
    .. "difference is {standard:%.1e} of the tensor's largest element beside the standard core, {tape:%.1e} beside the tape", {
    dtype = dtype, every = worst.close and say"every" or say"NOT every", standard = worst.standard, tape = worst.tape,
    rtol = TOLERANCE[dtype].rtol, atol = TOLERANCE[dtype].atol })
  for _, name in ipairs(TENSORS) do
    said[#said + 1] = small[name] and say("{dtype}: every element of {tensor} lies below atol, so the relative difference "
      .. "alone tests it", { dtype = dtype, tensor = name }) or nil
  end
end

local columns = { "impl", "device", "dtype", "batch", "heads", "n", "dim", "head_dim", "q_tile", "k_tile", "causal",
  "threads", "repeats", "loss", "forward_s", "forward_iqr", "backward_s", "backward_iqr", "peak_forward_bytes",
  "peak_backward_bytes", "max_abs_err", "grad_max_abs_err", "seed", "code", "message" }
local format = { loss = "%.9f", max_abs_err = "%.1e", grad_max_abs_err = "%.1e" }
for _, name in ipairs(columns) do
  format[name] = format[name] or name:find("_bytes$") and text.bytes or name:find("ward_") and text.duration or nil
end
local rows = sweep.run{
  name = NAME, out = o.out, seed = o.seed, repeats = o.repeats, arguments = o, columns = columns, contestant = "impl",
  axes = { { "dtype", o.dtype } }, contestants = o.cores, prepare = prepare,
  run = function(_, core, work)
    local fresh, parts, peaks = not work.measured[core], {}, {}
    work.measured[core] = true
    local result, message, info = nn.gradients(make(core, work.dtype), work.x, work.target, function(name, fn)
      local start = nl.clock()
      local got = table.pack((fresh and nl.memory.peak or function(run) return 0, run() end)(fn))
      parts[name], peaks[name] = nl.clock() - start, got[1]
      return table.unpack(got, 2, got.n)
    end)
    if not result then return nil, message, info end
    local tile = core ~= "standard" and o.tile or nil
    local row = { loss = result.loss, device = "cpu", batch = o.batch, heads = o.heads, n = o.n, dim = o.dim,
      head_dim = o.dim // o.heads, q_tile = tile, k_tile = tile, causal = o.causal, threads = nl.threads(), parts = parts,
      seconds = parts.forward + parts.backward, peak_forward_bytes = peaks.forward, peak_backward_bytes = peaks.backward }
    for _, a in ipairs(rows_of.where(agreement, { dtype = work.dtype, impl = core, against = "tape" })) do
      local key = a.tensor == "y" and "max_abs_err" or "grad_max_abs_err"
      row[key] = larger(row[key] or 0, a.max_abs)
    end
    return row
  end,
}
assert(file.write(o.out .. "/" .. NAME .. "_agreement.csv", tables.csv(agreement)))
for _, r in ipairs(rows_of.where(rows, { code = "OK" })) do
  local base = rows_of.where(rows, { dtype = r.dtype, impl = "standard", code = "OK" })[1]
  if base and r ~= base then
    said[#said + 1] = say("{dtype} {core}: forward takes {forward:%.2f} of the standard core's time, backward "
      .. "{backward:%.2f}; peak bytes forward {peak:%.2f} of its ({less} less, where S and P of B x H x N x N take {scores}), "
      .. "backward {peak_back:%.2f}", { dtype = r.dtype, core = r.impl, forward = r.forward_s / base.forward_s,
      backward = r.backward_s / base.backward_s, peak = r.peak_forward_bytes / base.peak_forward_bytes,
      less = text.bytes(base.peak_forward_bytes - r.peak_forward_bytes), peak_back = r.peak_backward_bytes /
      base.peak_backward_bytes, scores = text.bytes(2 * o.batch * o.heads * o.n ^ 2 * (r.dtype == "f64" and 8 or 4)) })
  end
end

-- Loss curves of plain gradient descent, W <- W - rate dW, in the first type.
local curves, drift, work = {}, 0, prepare{ dtype = o.dtype[1] }
for i, core in ipairs(o.cores) do
  local layer = make(core, o.dtype[1])
  curves[i] = { x = {}, y = {}, label = core, style = i == 1 and "lines" or "points" }
  for step = 0, o.steps do
    local loss = assert(nn.gradients(layer, work.x, work.target)).loss
    curves[i].x[step + 1], curves[i].y[step + 1] = step, loss
    for _, W, dW in layer:parameters() do W:set(W - o.rate * dW) end
    drift = larger(drift, math.abs(loss - curves[1].y[step + 1]))
  end
end
said[#said + 1] = say("gradient descent: loss {first:%.6f} at the start, {last:%.6f} after step {steps}; the curves of the "
  .. "cores differ by at most {drift:%.1e}", { first = curves[1].y[1],
  last = curves[1].y[o.steps + 1], steps = o.steps, drift = drift })
experiment.print(rows, { "dtype", "impl", "loss", "max_abs_err", "grad_max_abs_err", "forward_s", "backward_s",
  "peak_forward_bytes", "peak_backward_bytes", "code" }, format)
experiment.finish{
  out = o.out, name = NAME, formats = o.formats, arguments = o, rows = rows, columns = columns, format = format,
  title = "Attention inside a module",
  question = ("Does the core inside a module, B=%d, N=%d, C=%d, %d heads, change the output, the loss or any gradient?")
    :format(o.batch, o.n, o.dim, o.heads),
  sections = { { say"What it shows", said }, { say"Largest (mean) absolute difference of each tensor", lines } },
  drawings = { { file = "loss", title = say("Gradient descent with each core, {dtype}", { dtype = o.dtype[1] }),
    xlabel = say"step", ylabel = "MSE", series = curves } },
}
