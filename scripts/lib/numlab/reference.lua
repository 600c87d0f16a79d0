--- Second ways to the numbers that fast code computes: central differences for gradients, and attention written down as
--- its formula over the tape of numlab.grad, alone and inside a module. Slow, with every N x N matrix in memory, and
--- without a line in common with the kernels and numlab.nn, which are compared with it.
---
--- Example:
---     local grad, reference = require "numlab.grad", require "numlab.reference"
---     local function random() return grad.variable(nl.randn(1, 2, 6, 4)) end
---     local q, k, v, dout = random(), random(), random(), nl.randn(1, 2, 6, 4)
---     local out = reference.attention(q, k, v, { causal = true })
---     out:backward(dout)                       -- q.grad, k.grad, v.grad beside those of nl.attention_backward
---     local fast, aux = nl.attention(q.value, k.value, v.value, { causal = true })
---     local dq = nl.attention_backward(dout, q.value, k.value, v.value, fast, aux, { causal = true })
---     assert(nl.allclose(out.value, fast) and nl.allclose(q.grad, dq))
local expect = require "numlab.expect"
local nl = require "numlab"
local grad = require "numlab.grad"
local text = require "numlab.text"

local M = {}

---@class numlab.reference.CheckOptions
---@field h? number  step of the differences, 1e-5 (times |x| above 1)
---@field rtol? number  1e-6
---@field atol? number  1e-8

---@class numlab.reference.AttentionOptions
---@field scale? number  1 / sqrt(D)
---@field causal? boolean  row i sees keys up to i + Nk - Nq
---@field window? integer[]  {left, right}, -1 is open
---@field softcap? number  scores become c tanh(s / c)
---@field bias? numlab.grad.Variable|nl.Tensor  added to the scores
---@field mask? nl.Tensor  bool, true where a row sees a key; instead of causal and window
---@field dropout? number  share of P that was dropped
---@field keep? nl.Tensor  bool, what a dropout of that share left of P

--- Compare the gradients of fn with central differences (f(x + h) - f(x - h)) / 2h, whose error is of order h^2, at
--- every element of every input, in f64. A result of several elements is weighted with random numbers and summed.
---@param fn fun(...: numlab.grad.Variable): numlab.grad.Variable
---@param inputs nl.Tensor[]
---@param options numlab.reference.CheckOptions?
---@return boolean? ok  nil where they differ, so that assert(grad.check(..)) says where
---@return string|table message  about the worst element; {max_abs =} where they agree
--- Example:
---     assert(nl.reference.check(function(x) return x:tanh() end, {nl.randn(3)}))
---     local wrong = function(x) return x:mul(x.value) end -- forgets one of the factors
---     assert(nl.reference.check(wrong, {nl.ones(3)}) == nil)
function M.check(fn, inputs, options)
  expect("grad.check", "fn", fn, "function")
  expect("grad.check", "inputs", inputs, "list")
  text.check_options("grad.check", options, { h = "number", rtol = "number", atol = "number" })
  local o = setmetatable({}, { __index = options or {} })
  o.h, o.rtol, o.atol = o.h or 1e-5, o.rtol or 1e-6, o.atol or 1e-8
  local leaves, weight = {}, nil
  local function loss()
    local y = fn(table.unpack(leaves))
    if type(y) ~= "table" or not y.backward then
      expect.fail("grad.check: fn must return a variable, got " .. expect.got(y))
    end
    weight = weight or nl.randn(y.shape, { seed = 7 })
    return y:mul(weight):sum()
  end
  for i, t in ipairs(inputs) do leaves[i] = grad.variable(t:to("f64"):clone():contiguous()) end
  loss():backward()
  local worst, where, largest = 1, nil, 0
  for i, x in ipairs(leaves) do
    local flat, slope = x.value:reshape(-1), x.grad and x.grad:reshape(-1) or nl.zeros(x.size)
    for n = 1, x.size do
      local old, h = flat[n], o.h * math.max(1, math.abs(flat[n]))
      flat[n] = old + h
      local above = loss().value:item()
      flat[n] = old - h
      local difference = (above - loss().value:item()) / (2 * h)
      flat[n] = old
      local apart = math.abs(slope[n] - difference)
      local excess = apart / (o.atol + o.rtol * math.abs(difference))
      largest = math.max(largest, apart)
      if worst == worst and not (excess <= worst) then -- NaN is the worst
        worst = excess
        where = ("grad.check: input %d, element %d: the tape gives %.10g, central differences %.10g")
          :format(i, n, slope[n], difference)
      end
    end
  end
  if where then return nil, where end
  return true, { max_abs = largest }
end

--- Which keys j a row i sees: -left <= j - (i + Nk - Nq) <= right; causal is right = 0. nil: all of them.
---@param nq integer
---@param nk integer
---@param o {causal: boolean?, window: integer[]?}
---@internal of numlab.reference
---@return nl.Tensor? seen  bool, Nq x Nk
function M.visible(nq, nk, o)
  expect("reference.visible", "nq", nq, "count")
  expect("reference.visible", "nk", nk, "count")
  expect("reference.visible", "o", o, "table")
  local left, right = table.unpack(o.window or { -1, -1 })
  if o.causal then right = 0 end
  local offset = nl.arange(1, nk):reshape(1, nk) - nl.arange(1, nq):reshape(nq, 1) - (nk - nq)
  local seen
  if right >= 0 then seen = offset:le(right) end
  if left >= 0 then seen = nl.where(seen or offset:eq(offset), offset:ge(-left), false) end
  return seen
end

--- O = softmax(softcap(scale Q K') + bias) V over the keys a row sees, as nl.attention defines it. q is (B,H,Nq,D), k
--- (B,Hkv,Nk,D), v (B,Hkv,Nk,Dv); query head h reads key head h // (H / Hkv).
---@param q numlab.grad.Variable
---@param k numlab.grad.Variable
---@param v numlab.grad.Variable
---@param options numlab.reference.AttentionOptions?
---@return numlab.grad.Variable out  (B,H,Nq,Dv)
---@return numlab.grad.Variable p  (B,H,Nq,Nk), before dropout
function M.attention(q, k, v, options)
  expect("reference.attention", "q", q, "table")
  expect("reference.attention", "k", k, "table")
  expect("reference.attention", "v", v, "table")
  text.check_options("reference.attention", options, { scale = "number", causal = "boolean", window = "table",
    softcap = "number", bias = "any", mask = "userdata", dropout = "number", keep = "userdata" })
  local o = options or {}
  local b, h, nq, d = table.unpack(q.shape)
  local hkv, nk = k.shape[2], k.shape[3]
  -- With heads as (Hkv, H / Hkv) the product broadcasts a key head over its group; its gradient is summed over it.
  local function grouped(x, size) return x:reshape(b, hkv, size, x.shape[3], x.shape[4]) end
  local s = grouped(q, h // hkv) * grouped(k, 1):transpose(-2, -1) * (o.scale or 1 / math.sqrt(d))
  s = s:reshape(b, h, nq, nk)
  if o.softcap then s = (s / o.softcap):tanh() * o.softcap end
  if o.bias then s = s + o.bias end
  local seen = o.mask or M.visible(nq, nk, o)
  -- Far below every score instead of -inf: a row that sees nothing stays finite, and is zeroed by the second where.
  local p = (seen and grad.where(seen, s, -1e30) or s):softmax(-1)
  if seen then p = grad.where(seen, p, 0) end
  local kept = o.keep and grad.where(o.keep, p, 0) / (1 - o.dropout) or p
  local out = grouped(kept, h // hkv) * grouped(v, 1)
  return out:reshape(b, h, nq, v.shape[4]), p
end

--- The attention module of numlab.nn over the tape: x (B,N,C) -> qkv projection -> heads -> attention -> projection.
---@param x numlab.grad.Variable
---@param p table<string, numlab.grad.Variable>  by the names of layer:parameters()
---@param heads integer
---@param options numlab.reference.AttentionOptions?
---@return numlab.grad.Variable y  (B,N,C)
--- Example:
---     local layer = nl.nn.MultiHeadAttention{dim = 4, heads = 2, seed = 1}
---     local x, target = nl.randn(1, 3, 4), nl.zeros(1, 3, 4)
---     local weights = {}
---     for name, value in layer:parameters() do weights[name] = nl.grad.variable(value) end
---     local y = nl.reference.multi_head(nl.grad.variable(x), weights, layer.heads)
---     assert(nl.allclose(y.value, (layer:forward(x))) and y.shape[3] == target.shape[3])
function M.multi_head(x, p, heads, options)
  expect("reference.multi_head", "x", x, "table")
  expect("reference.multi_head", "p", p, "table")
  expect("reference.multi_head", "heads", heads, "count")
  local b, n, c = table.unpack(x.shape)
  local function linear(t, name)
    local y = t * p[name .. ".weight"].T
    return p[name .. ".bias"] and y + p[name .. ".bias"] or y
  end
  local qkv = linear(x, "qkv")
  local function part(i) -- columns (i - 1) C + 1 .. i C, then head by head
    local columns = qkv(":", ":", ("%d:%d"):format((i - 1) * c + 1, i * c))
    return columns:reshape(b, n, heads, c // heads):transpose(2, 3)
  end
  local out = M.attention(part(1), part(2), part(3), options)
  return linear(out:transpose(2, 3):reshape(b, n, c), "proj")
end

--- What nn.gradients computes for an attention module, by the tape, in f64 on the same numbers.
---@param layer numlab.nn.MultiHeadAttention  its parameters are read
---@param x nl.Tensor
---@param target nl.Tensor
---@param options numlab.reference.AttentionOptions?
---@return table results  {y =, loss =, dx =, ["qkv.weight"] =, ..}
--- Example:
---     local layer = nl.nn.MultiHeadAttention{dim = 4, heads = 2, seed = 1}
---     local x, target = nl.randn(1, 3, 4), nl.zeros(1, 3, 4)
---     local slow, fast = nl.reference.gradients(layer, x, target), nl.nn.gradients(layer, x, target)
---     assert(nl.allclose(slow.dx, fast.dx) and nl.allclose(slow["qkv.weight"], fast["qkv.weight"]))
function M.gradients(layer, x, target, options)
  expect("reference.gradients", "layer", layer, "table")
  expect("reference.gradients", "x", x, "tensor")
  expect("reference.gradients", "target", target, "tensor")
  local p, input = {}, grad.variable(x:to("f64"))
  for name, value in layer:parameters() do p[name] = grad.variable(value:to("f64")) end
  local y = M.multi_head(input, p, layer.heads, options)
  local loss = (y - target:to("f64")):pow(2):mean()
  loss:backward()
  local results = { y = y.value, loss = loss.value:item(), dx = input.grad }
  for name, variable in pairs(p) do results[name] = variable.grad end
  return results
end

return M
