--- What task2_ladder measures on a GPU: each rung's forward pass; the backward passes that make P again (flash) and that read
--- what was stored (standard).
---@internal of the experiments of task 2
local nl = require "numlab"
local gpu = require "numlab.task2_gpu"
local ladder = require "numlab.ladder"

local M = {}

local need, drop = gpu.need, gpu.drop

M.DEVICE = "cuda"
M.DTYPES = { "bf16", "f16" }
M.CONTESTANTS = table.move({ "flash", "standard" }, 1, 2, #ladder.RUNGS + 1, table.move(ladder.RUNGS, 1, #ladder.RUNGS, 1, {}))

local SMALL = { batch = 1, heads = 2, n = 200 } -- held against the CPU; no whole number of tiles

local function drawn(s, seed, device, dtype)
  local set = {}
  for i, name in ipairs{ "q", "k", "v", "dout" } do
    set[name] = nl.randn(s.batch, s.heads, s.n, s.head_dim, { seed = 100 * seed + i, dtype = dtype or s.dtype, device = device })
  end
  return set
end

-- The small problem, and its output by the CPU in f64 from the same rounded numbers.
local function reference(o)
  local s = { batch = SMALL.batch, heads = SMALL.heads, n = SMALL.n, head_dim = o.head_dim, dtype = o.dtype }
  local set = drawn(s, o.seed, "cpu")
  local out = need(nl.attention(set.q:to("f64"), set.k:to("f64"), set.v:to("f64"), { impl = "standard", causal = o.causal }))
  for _, name in ipairs{ "q", "k", "v" } do set[name] = set[name]:to(M.DEVICE) end
  set.out = out
  return set
end

--- What the contestants of one n share: as many sets of operands as the L2 cache cannot hold together, the batch that makes
--- n times batch the wanted number of tokens, a small problem with its answer.
---@param o table  {heads, head_dim, dtype, causal, seed, tokens}
---@param n integer
---@return table work
function M.prepare(o, n)
  local s = { n = n, batch = math.max(1, o.tokens // n), heads = o.heads, head_dim = o.head_dim, dtype = o.dtype,
    causal = o.causal }
  local facts, bytes = nl.device(M.DEVICE), 4 * 2 * s.batch * s.heads * n * s.head_dim
  local work = { shape = s, device = facts.name, sets = {}, counts = {}, small = reference(o) }
  for i = 1, gpu.sets(M.DEVICE, bytes) do work.sets[i] = drawn(s, 10 * o.seed + i, M.DEVICE) end
  return work
end

local function timed(work, key, call) return gpu.seconds(work.counts, key, M.DEVICE, call) end

-- What is told once: error, memory, counts.
local function facts(work, name, row, forward, step)
  local s, small = work.shape, work.small
  local options = { impl = name, causal = s.causal }
  local out = need(nl.attention(small.q, small.k, small.v, options)):to("cpu", "f64")
  row.rel_err, row.device = (out - small.out):norm() / small.out:norm(), work.device
  local results = s.batch * s.heads * s.n * (2 * s.head_dim + 4)
  row.forward_extra_bytes = nl.memory.peak(function() forward(1) end, M.DEVICE) - results
  if step then
    local gradients = 3 * 2 * s.batch * s.heads * s.n * s.head_dim
    row.step_extra_bytes = nl.memory.peak(step, M.DEVICE) - results - gradients
  else
    row.predicted_extra_bytes = ladder.extra(name, s)
  end
end

--- One turn of a contestant. The first also weighs it and holds it against the CPU.
---@param work table  of prepare
---@param name string  of CONTESTANTS
---@return table row  {seconds, parts = {forward, backward of flash and standard}, and in the first turn the rest}
function M.turn(work, name)
  local options, sets, row = { impl = name, causal = work.shape.causal }, work.sets, { parts = {} }
  local function run(set) return need(nl.attention(set.q, set.k, set.v, options)) end
  local function forward(i)
    local out, aux = run(sets[i % #sets + 1])
    drop(aux, out)
  end
  local function backward(set, out, aux)
    local dq, dk, dv = need(nl.attention_backward(set.dout, set.q, set.k, set.v, out, aux, options))
    dq:close() dk:close() dv:close()
  end
  local function step()
    local out, aux = run(sets[1])
    backward(sets[1], out, aux)
    drop(aux, out)
  end
  local learns = not name:find("^ladder_")
  if not work.counts[name] then facts(work, name, row, forward, learns and step) end
  row.parts.forward = timed(work, name, forward)
  if learns then
    local out, aux = run(sets[1])
    row.parts.backward = timed(work, name .. " backward", function() backward(sets[1], out, aux) end)
    drop(aux, out)
  end
  row.seconds = row.parts.forward + (row.parts.backward or 0)
  for key, value in pairs(work.shape) do row[key] = value end
  return row
end

return M
