--- Attention on a GPU as experiments of task 2 measure it: room that theory gives its kernels (gpu/attention), operands that
--- the L2 cache cannot keep, device times of quick launches.
---@internal of the experiments of task 2
local nl = require "numlab"

local M = {}

local SAMPLE = 0.02 -- seconds of a sample at least: many launches of a quick kernel
local MOST = 1000   -- launches in a sample
local STORED = { f64 = 8, f32 = 4, bf16 = 2, f16 = 2 } -- bytes an element

--- Is it another device than the CPU? (Of what tells none, no.)
---@param device string?
function M.is(device) return device ~= nil and device ~= "cpu" end

--- What is known of a device; nil and why where this machine has none of its kind. Raises on a name that cannot be.
---@param device string
---@return table? facts
---@return string? why
function M.find(device)
  local ok, facts = pcall(nl.device, device)
  if ok then return facts end
  local why = facts:match("device '.- is not available: .*")
  if not why then error(facts, 0) end
  return nil, (why:gsub("%s+", " "))
end

--- Rows and columns of a tile of dQ where flash's backward pass runs on tensor cores (compute capability 8 and later): blocks
--- of keys add their shares to sums in f32, as many columns as the kernels are made for. nil: two passes, no sums.
---@param s table  {dtype, head_dim}
---@return integer? rows
---@return integer? columns
function M.dq_tile(s)
  local d, f32 = s.head_dim, s.dtype == "f32"
  if s.dtype == "f64" or d > (f32 and 128 or 256) or d % (f32 and 4 or 8) ~= 0 then return nil end
  local columns = 32
  while columns < d do columns = 2 * columns end
  return f32 and columns > 32 and 32 or 64, columns
end

--- Numbers of the compute type that a method keeps beside operands and results. Forward: standard S and P, the others none.
--- Backward: standard dS in the room of S; the others D, one a row, and flash the sums of dQ, whole tiles.
---@param spec table  {impl}
---@param s table  {batch, heads, n, head_dim, dtype}
---@return integer forward
---@return integer backward
function M.numbers(spec, s)
  local n, units = s.n, s.batch * s.heads
  if spec.impl == "standard" then return 2 * units * n * n, units * n * n end
  local rows, columns = M.dq_tile(s)
  local sums = spec.impl == "flash" and rows and (n + rows - 1) // rows * rows * columns or 0
  return 0, units * (n + sums)
end

--- What a call returned; its failure is raised (interrupted, or no memory).
function M.need(first, message, ...)
  if not first then error(message, 0) end
  return first, message, ...
end

--- Give back what a forward pass returned beside `out`, and all tensors that follow.
---@param aux table
function M.drop(aux, ...)
  for _, t in pairs{ aux.lse, aux.p, ... } do t:close() end -- pairs: p is there for standard alone
end

--- How many sets of so many bytes the L2 cache cannot hold together: who takes turns on them finds none there.
---@param device string
---@param bytes integer
---@return integer
function M.sets(device, bytes) return math.max(1, math.ceil(2 * nl.device(device).l2_bytes / bytes)) end

--- Device seconds of one of call(1), call(2), ..; the first time it is warmed up, and counts[key] becomes the launches of a
--- sample.
---@param counts table<string, integer>
---@param key string
---@param device string
---@param call function
---@return number
function M.seconds(counts, key, device, call)
  if not counts[key] then
    call(1)
    local once = nl.device_time(function() call(1) end, device)
    counts[key] = math.max(1, math.min(MOST, math.ceil(SAMPLE / once)))
  end
  local count = counts[key]
  return nl.device_time(function() for i = 1, count do call(i) end end, device) / count
end

local function bytes_of(...)
  local sum = 0
  for _, t in pairs{ ... } do sum = sum + t.size * STORED[t.dtype] end
  return sum
end

--- Move the operands of a problem to its device, and copy them as often as M.sets says.
---@param work table  {q, k, v, dout, shape}: gets sets and counts
function M.move(work)
  local device = work.shape.device
  for _, name in ipairs{ "q", "k", "v", "dout" } do work[name] = work[name]:to(device) end
  work.sets, work.counts = { { q = work.q, k = work.k, v = work.v, dout = work.dout } }, {}
  for i = 2, M.sets(device, bytes_of(work.q, work.k, work.v, work.dout)) do
    work.sets[i] = { q = work.q:clone(), k = work.k:clone(), v = work.v:clone(), dout = work.dout:clone() }
  end
end

--- Device seconds of both passes.
---@param work table  of move
---@param options table  of nl.attention, with impl
---@return table seconds  {forward, backward}
function M.times(work, options)
  local sets, kept, seconds, device = work.sets, {}, {}, work.shape.device
  local function forward(set) return M.need(nl.attention(set.q, set.k, set.v, options)) end
  seconds.forward = M.seconds(work.counts, options.impl .. " forward", device, function(i)
    local out, aux = forward(sets[i % #sets + 1])
    M.drop(aux, out)
  end)
  local wanted = 1 -- the backward pass reads out, lse and P too: fewer sets exceed the cache
  while #kept < math.min(wanted, #sets) do
    local set = sets[#kept + 1]
    local out, aux = forward(set)
    kept[#kept + 1] = { set = set, out = out, aux = aux }
    wanted = M.sets(device, bytes_of(set.q, set.k, set.v, set.dout, out, aux.lse, aux.p))
  end
  seconds.backward = M.seconds(work.counts, options.impl .. " backward", device, function(i)
    local own = kept[i % #kept + 1]
    local set = own.set
    local dq, dk, dv = M.need(nl.attention_backward(set.dout, set.q, set.k, set.v, own.out, own.aux, options))
    dq:close() dk:close() dv:close()
  end)
  for _, own in ipairs(kept) do M.drop(own.aux, own.out) end
  return seconds
end

return M
