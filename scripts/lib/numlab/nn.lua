--- Layers whose forward and backward passes are written out, without a tape: Linear, attention inside a module, MSE.
---
--- Example:
---     local nn = require "numlab.nn"
---     local layer = nn.MultiHeadAttention{ dim = 8, heads = 2, impl = "flash", q_tile = 4, k_tile = 4, seed = 1 }
---     local x, target, mse = nl.randn(2, 6, 8), nl.randn(2, 6, 8), nn.MSE()
---     local before = mse:forward(layer:forward(x), target)
---     local dx = layer:backward(mse:backward())                        -- and the gradients of the parameters:
---     for name, W, dW in layer:parameters() do W:set(W - 0.1 * dW) end -- one step downhill
---     assert(dx.size == x.size and mse:forward(layer:forward(x), target) < before)
---
--- backward takes dL/dy and returns dL/dx; layer.grad holds the gradients of the parameters, those of the last call.
--- Weights are kept as PyTorch keeps them, (out, in), and y = x W' + b, so that trained ones can be copied:
--- layer:set{ ["qkv.weight"] = nl.load("qkv.npy") }. A seed gives the same parameters in f64 and, rounded, in f32.
local expect = require "numlab.expect"
local nl = require "numlab"
local text = require "numlab.text"

local M = {}

local function size(t) return table.concat(t.shape, "x") end

local function check_dtype(what, dtype)
  if dtype ~= nil and dtype ~= "f64" and dtype ~= "f32" then
    expect.fail(("%s: dtype is '%s', expected 'f64' or 'f32'"):format(what, dtype))
  end
end

local function check_count(what, name, value)
  if math.type(value) ~= "integer" or value < 1 then
    expect.fail(("%s: %s must be a whole number of at least 1, got %s"):format(what, name, tostring(value)))
  end
end

-- A tensor of the layer's type, with these last dimensions.
local function check_tensor(what, t, dtype, last)
  if type(t) ~= "userdata" or not t.shape then
    expect.fail(("%s must be a tensor, got %s"):format(what, expect.got(t)))
  end
  local shape = t.shape
  if shape[#shape] ~= last then
    expect.fail(("%s is %s, expected %d numbers in its last dimension"):format(what, size(t), last))
  elseif t.dtype ~= dtype then
    expect.fail(("%s is %s, the layer is %s; convert it with :to(\"%s\")"):format(what, t.dtype, dtype, dtype))
  end
end

--- What all layers share.
---@class numlab.nn.Layer
local Layer = {}

local function class()
  local c = setmetatable({}, { __index = Layer })
  c.__index = c
  return c
end

--- The parameters in a fixed order: for name, value, gradient in layer:parameters() do .. end. The gradient is nil
--- before the first backward pass. value:set(..) changes the layer.
---@return fun(): string?, nl.Tensor?, nl.Tensor?
function Layer:parameters()
  local slots, i = self:slots(), 0
  return function()
    i = i + 1
    local slot = slots[i]
    if slot then return slot.name, slot.owner[slot.key], slot.owner.grad[slot.key] end
  end
end

--- Copy values into parameters by name; shapes must be equal, types are converted.
---@param values table<string, nl.Tensor|table>
---@return numlab.nn.Layer self
function Layer:set(values)
  expect("set", "values", values, "table")
  local slots, names, fitting = {}, {}, {}
  for i, slot in ipairs(self:slots()) do slots[slot.name], names[i] = slot, slot.name end
  for name, value in pairs(values) do
    if not slots[name] then expect.fail(text.unknown("set", "parameter", name, names)) end
    local t, own = nl.tensor(value), slots[name].owner[slots[name].key]
    if size(t) ~= size(own) then
      expect.fail(("set: %s is %s, expected %s%s"):format(name, size(t), size(own), own.ndim == 2 and " (out, in)" or ""))
    end
    fitting[own] = t:to(own.dtype)
  end
  for own, t in pairs(fitting) do own:set(t) end -- all of them or none
  return self
end

---@class numlab.nn.Linear : numlab.nn.Layer
---@field weight nl.Tensor (out, in)
---@field bias nl.Tensor? (out)
---@field grad {weight: nl.Tensor?, bias: nl.Tensor?}
local Linear = class()

---@class numlab.nn.LinearOptions
---@field [1] integer  in
---@field [2] integer  out
---@field bias? boolean  true
---@field dtype? "f64"|"f32"  "f64"
---@field seed? integer  of W, b has the next; without it, numbers of this program (nl.seed)

--- y = x W' + b over the last dimension: nn.Linear{in, out, ..}. W and b start uniform in +-1/sqrt(in).
---@param o numlab.nn.LinearOptions
---@return numlab.nn.Linear
--- Example:
---     local layer = nl.nn.Linear{3, 2, seed = 1}
---     assert(layer:forward(nl.ones(5, 3)).shape[2] == 2 and layer:backward(nl.ones(5, 2)).shape[2] == 3)
---     assert(layer.grad.bias == nl.tensor{5, 5})
function M.Linear(o)
  if type(o) ~= "table" then expect.fail("nn.Linear: expected {in, out, ..}, got " .. expect.got(o)) end
  local named = {}
  for key, value in pairs(o) do if key ~= 1 and key ~= 2 then named[key] = value end end
  text.check_options("nn.Linear", named, { bias = "boolean", dtype = "string", seed = "number" })
  check_count("nn.Linear", "in, the first entry,", o[1])
  check_count("nn.Linear", "out, the second entry,", o[2])
  check_dtype("nn.Linear", o.dtype)
  local self = setmetatable({ grad = {}, inputs = o[1], outputs = o[2], dtype = o.dtype or "f64" }, Linear)
  local bound = 1 / math.sqrt(self.inputs)
  local function uniform(shape, seed)
    return ((nl.rand(shape, { seed = seed }) * 2 - 1) * bound):to(self.dtype)
  end
  self.weight = uniform({ o[2], o[1] }, o.seed)
  if o.bias ~= false then self.bias = uniform({ o[2] }, o.seed and o.seed + 1) end
  return self
end

--- Where each parameter and its gradient lie, in order.
---@internal of Layer
function Linear:slots()
  return { { name = "weight", owner = self, key = "weight" }, self.bias and { name = "bias", owner = self, key = "bias" } }
end

--- y = x W' + b. x is kept for backward.
---@param x nl.Tensor (.., in)
---@return nl.Tensor y (.., out)
function Linear:forward(x)
  check_tensor("Linear:forward: x", x, self.dtype, self.inputs)
  local shape = x.shape
  self.x = x
  shape[#shape] = self.outputs
  local product = x:reshape(x.size // self.inputs, self.inputs) * self.weight.T
  if not self.bias then return product:reshape(shape) end
  local y = (product + self.bias):reshape(shape)
  product:close() -- now, not when the collector comes: it is as large as y
  return y
end

--- dW = dY' X, db = sum of the rows of dY, dX = dY W.
---@param dy nl.Tensor (.., out)
---@return nl.Tensor dx (.., in)
function Linear:backward(dy)
  if not self.x then expect.fail("Linear:backward: call forward first: the gradients need its x") end
  check_tensor("Linear:backward: dy", dy, self.dtype, self.outputs)
  local rows = self.x.size // self.inputs
  if dy.size ~= rows * self.outputs then
    expect.fail(("Linear:backward: dy is %s, but forward saw x %s"):format(size(dy), size(self.x)))
  end
  local g = dy:reshape(rows, self.outputs)
  self.grad.weight = g.T * self.x:reshape(rows, self.inputs)
  self.grad.bias = self.bias and g:sum(1)
  return (g * self.weight):reshape(self.x.shape)
end

---@class numlab.nn.MultiHeadAttention : numlab.nn.Layer
---@field qkv numlab.nn.Linear  C -> 3C: q, k and v side by side, each head by head
---@field proj numlab.nn.Linear  C -> C
---@field core table  what goes to nl.attention; may be changed between calls
local MultiHead = class()

local CORE = { impl = "string", scale = "number", causal = "boolean", window = "table", softcap = "number",
  dropout = "number", q_tile = "number", k_tile = "number" }
local MULTI_HEAD = { dim = "number", heads = "number", bias = "boolean", dtype = "string", seed = "number",
  dropout_seed = "number" }
for name, kind in pairs(CORE) do MULTI_HEAD[name] = kind end

---@class numlab.nn.MultiHeadAttentionOptions
---@field dim integer  C
---@field heads integer  divides dim
---@field bias? boolean  of both projections, true
---@field dtype? "f64"|"f32"  "f64"
---@field seed? integer  of the weights
---@field dropout_seed? integer  of the first forward pass, 0; each later one adds 1
---@field impl? "standard"|"tiled"|"flash"|string  of nl.attention, as all that follow
---@field scale? number
---@field causal? boolean
---@field window? integer[]
---@field softcap? number
---@field dropout? number
---@field q_tile? integer
---@field k_tile? integer

--- x (B,N,C) -> qkv projection -> heads -> attention -> output projection (B,N,C).
---@param o numlab.nn.MultiHeadAttentionOptions
---@return numlab.nn.MultiHeadAttention
function M.MultiHeadAttention(o)
  local what = "nn.MultiHeadAttention"
  text.check_options(what, o, MULTI_HEAD)
  check_count(what, "dim", o and o.dim)
  check_count(what, "heads", o.heads)
  check_dtype(what, o.dtype)
  if o.dim % o.heads ~= 0 then
    expect.fail(("%s: dim %d cannot be divided among %d heads"):format(what, o.dim, o.heads))
  end
  local self = setmetatable({ dim = o.dim, heads = o.heads, dtype = o.dtype or "f64", core = {} }, MultiHead)
  for name in pairs(CORE) do self.core[name] = o[name] end
  self.core.seed = o.dropout_seed or 0
  local function linear(outputs, seed)
    return M.Linear{ o.dim, outputs, bias = o.bias, dtype = o.dtype, seed = seed }
  end
  self.qkv, self.proj = linear(3 * o.dim, o.seed), linear(o.dim, o.seed and o.seed + 2)
  return self
end

--- As of Linear, with the names of the projections before them.
---@internal of Layer
function MultiHead:slots()
  local slots = {}
  for _, child in ipairs{ "qkv", "proj" } do
    for _, slot in ipairs(self[child]:slots()) do
      slot.name = child .. "." .. slot.name
      slots[#slots + 1] = slot
    end
  end
  return slots
end

--- y from x (B,N,C); what backward needs is kept.
---@param x nl.Tensor (B,N,C)
---@return nl.Tensor? y (B,N,C); nil, message, info when interrupted
---@return string? message
---@return table? info
function MultiHead:forward(x)
  check_tensor("MultiHeadAttention:forward: x", x, self.dtype, self.dim)
  if x.ndim ~= 3 then expect.fail(("MultiHeadAttention:forward: x is %s, expected (B, N, C)"):format(size(x))) end
  local b, n, c = table.unpack(x.shape)
  local qkv = self.qkv:forward(x):reshape(b, n, 3, self.heads, c // self.heads)
  local s = { core = {} }
  for name, value in pairs(self.core) do s.core[name] = value end -- backward needs the seed of this pass
  s.q, s.k, s.v = qkv(":", ":", 1):transpose(2, 3), qkv(":", ":", 2):transpose(2, 3), qkv(":", ":", 3):transpose(2, 3)
  local info
  s.out, s.aux, info = nl.attention(s.q, s.k, s.v, s.core)
  if not s.out then return nil, s.aux, info end
  self.core.seed = self.core.seed + 1
  self.saved = s
  return self.proj:forward(s.out:transpose(2, 3):reshape(b, n, c))
end

--- Gradients of the last forward pass: by x, and by the parameters in the two projections.
---@param dy nl.Tensor (B,N,C)
---@return nl.Tensor? dx (B,N,C); nil, message, info when interrupted
---@return string? message
---@return table? info
function MultiHead:backward(dy)
  local s = self.saved
  if not s then expect.fail("MultiHeadAttention:backward: call forward first: the gradients need what it computed") end
  local b, h, n, d = table.unpack(s.out.shape)
  local dout = self.proj:backward(dy):reshape(b, n, h, d):transpose(2, 3)
  local dq, dk, dv = nl.attention_backward(dout, s.q, s.k, s.v, s.out, s.aux, s.core)
  if not dq then return nil, dk, dv end
  local dqkv = nl.zeros(b, n, 3, h, d, { dtype = self.dtype })
  for i, g in ipairs{ dq, dk, dv } do dqkv:set(g:transpose(2, 3), ":", ":", i) end
  return self.qkv:backward(dqkv:reshape(b, n, 3 * self.dim))
end

---@class numlab.nn.MSE
local MSE = {}
MSE.__index = MSE

--- The mean squared error: L = mean (y - target)^2, dL/dy = 2 (y - target) / size.
---@return numlab.nn.MSE
function M.MSE() return setmetatable({}, MSE) end

--- L = mean (y - target)^2.
---@param y nl.Tensor
---@param target nl.Tensor shaped like y
---@return number loss
function MSE:forward(y, target)
  expect("MSE:forward", "y", y, "tensor")
  expect("MSE:forward", "target", target, "tensor")
  if size(y) ~= size(target) then
    expect.fail(("MSE:forward: y is %s and the target %s, expected one shape"):format(size(y), size(target)))
  end
  self.apart = y - target
  return self.apart:pow(2):mean()
end

--- dL/dy of the last forward pass.
---@return nl.Tensor dy
function MSE:backward()
  if not self.apart then expect.fail("MSE:backward: call forward first: the gradient needs y and the target") end
  return self.apart * (2 / self.apart.size)
end

--- One forward and one backward pass of a layer under MSE: y, loss, dx and the parameters' gradients, by name.
---@param layer numlab.nn.Layer
---@param x nl.Tensor
---@param target nl.Tensor
---@param watch (fun(what: "forward"|"backward", run: function): ...)?  calls run and returns what it returned: to time
--- or weigh the layer's two passes
---@return table? results  {y =, loss =, dx =, ["qkv.weight"] =, ..}; nil, message, info when interrupted
---@return string? message
---@return table? info
--- Example:
---     local layer = nl.nn.MultiHeadAttention{dim = 4, heads = 2, seed = 1}
---     local got = assert(nl.nn.gradients(layer, nl.randn(1, 3, 4), nl.zeros(1, 3, 4)))
---     assert(got.loss > 0 and got["qkv.weight"].shape[1] == 12)
function M.gradients(layer, x, target, watch)
  expect("nn.gradients", "layer", layer, "table")
  expect("nn.gradients", "x", x, "tensor")
  expect("nn.gradients", "target", target, "tensor")
  watch = watch or function(_, run) return run() end
  local y, message, info = watch("forward", function() return layer:forward(x) end)
  if not y then return nil, message, info end
  local mse = M.MSE()
  local results = { y = y, loss = mse:forward(y, target) }
  local dy = mse:backward()
  results.dx, message, info = watch("backward", function() return layer:backward(dy) end)
  if not results.dx then return nil, message, info end
  for name, _, gradient in layer:parameters() do results[name] = gradient end
  return results
end

return M
