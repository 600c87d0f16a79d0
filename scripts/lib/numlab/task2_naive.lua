--- Attention written out with tensor operations, every intermediate whole and of the operands' own type, forward and
--- backward: the yardstick that the accuracy of nl.attention is held against, sharing no code with it.
---
---   local ref = naive(q, k, v, dout, { causal = true })       -- ref.out, ref.dq, ref.dk, ref.dv, ref.dbias
---@internal of the experiments of task 2
local nl = require "numlab"

-- Which keys each row sees: j - (i + Nk - Nq) between -left and right, a bool (Nq, Nk); nil: all of them.
local function visible(rows, keys, options)
  local window = options.window or { -1, -1 }
  local left, right = window[1], options.causal and 0 or window[2]
  if left < 0 and right < 0 then return nil end
  local distance = nl.arange(0, keys - 1):reshape(1, keys) - nl.arange(0, rows - 1):reshape(rows, 1) - (keys - rows)
  local seen = left >= 0 and distance:ge(-left):to("f64") or nl.ones(rows, keys)
  if right >= 0 then seen = seen:mul(distance:le(right):to("f64")) end
  return seen:gt(0)
end

-- t summed over the dimensions along which something of this shape was broadcast.
local function reduced(t, shape)
  for dim, size in ipairs(shape) do
    if size == 1 and t.shape[dim] > 1 then t = t:sum(dim, { keepdim = true }) end
  end
  return t
end

local function whole(q, k, v, dout, o)
  local batch, heads, rows, keys = q.shape[1], q.shape[2], q.shape[3], k.shape[3]
  local kv_heads = k.shape[2]
  -- The heads of a group follow one another, so their rows stand as one matrix before the group's keys.
  local function grouped(t) return t:reshape(batch, kv_heads, heads // kv_heads * rows, t.shape[4]) end
  local function by_head(t) return t:reshape(batch, heads, rows, t.shape[4]) end
  local S = by_head(grouped(q) * k:transpose(3, 4) * o.scale)
  local largest, slope = S:abs():max(), nil
  if o.softcap then
    local t = (S / o.softcap):tanh()
    S, slope = t * o.softcap, 1 - t:mul(t) -- d(c tanh(s/c))/ds = 1 - tanh^2
  end
  if o.bias then S = S + o.bias end
  local seen = visible(rows, keys, o)
  if seen then S = seen:where(S, -math.huge) end
  local P = S:softmax(4)
  if seen then P = seen:where(P, 0) end -- a row that sees no key is nan so far
  local dropped = o.keep and P:mul(o.keep) or P
  local out = by_head(grouped(dropped) * v)
  local dv = grouped(dropped):transpose(3, 4) * grouped(dout)
  local dP = by_head(grouped(dout) * v:transpose(3, 4))
  if o.keep then dP = dP:mul(o.keep) end
  local dS = P:mul(dP - P:mul(dP):sum(4, { keepdim = true }))
  local dbias = o.bias and reduced(dS, o.bias.shape)
  if slope then dS = dS:mul(slope) end
  dS = dS * o.scale
  return { out = out, dq = by_head(grouped(dS) * k), dk = grouped(dS):transpose(3, 4) * grouped(q), dv = dv,
    dbias = dbias, largest = largest }
end

-- Sequence after sequence; their results one after another along the rows.
local function by_sequence(q, k, v, dout, o)
  local parts, largest = { out = {}, dq = {}, dk = {}, dv = {} }, 0
  local function cut(t, offsets, s)
    return t(":", ":", ("%d:%d"):format(offsets[s] + 1, offsets[s + 1]), ":"):contiguous()
  end
  local function add(name, t) table.insert(parts[name], t) end
  for s = 1, #o.cu_seqlens_q - 1 do
    local rows = o.cu_seqlens_q[s + 1] - o.cu_seqlens_q[s]
    local keys = o.cu_seqlens_k[s + 1] - o.cu_seqlens_k[s]
    if rows > 0 and keys > 0 then
      local r = whole(cut(q, o.cu_seqlens_q, s), cut(k, o.cu_seqlens_k, s), cut(v, o.cu_seqlens_k, s),
        cut(dout, o.cu_seqlens_q, s), o)
      largest = math.max(largest, r.largest)
      for name in pairs(parts) do add(name, r[name]) end
    elseif rows > 0 then -- no key to see
      add("out", cut(dout, o.cu_seqlens_q, s) * 0)
      add("dq", cut(q, o.cu_seqlens_q, s) * 0)
    elseif keys > 0 then -- nobody looks
      add("dk", cut(k, o.cu_seqlens_k, s) * 0)
      add("dv", cut(v, o.cu_seqlens_k, s) * 0)
    end
  end
  local result = { largest = largest }
  for name, list in pairs(parts) do result[name] = nl.cat(list, 3) end
  return result
end

--- Forward and backward pass of one problem.
---@param q nl.Tensor
---@param k nl.Tensor
---@param v nl.Tensor
---@param dout nl.Tensor
---@param options table?  scale, causal, window, softcap, bias, cu_seqlens_q, cu_seqlens_k (lists) as for nl.attention;
--- keep: what P is multiplied with where nl.attention drops a share of it, (B, H, Nq, Nk)
---@return table  {out, dq, dk, dv, dbias, largest = the largest |scale q k'|}
return function(q, k, v, dout, options)
  local o = setmetatable({ scale = options and options.scale or q.shape[4] ^ -0.5 }, { __index = options or {} })
  return (o.cu_seqlens_q and by_sequence or whole)(q, k, v, dout, o)
end
