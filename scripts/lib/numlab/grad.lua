--- Gradients by a tape: reverse-mode differentiation over the tensor operations, in plain Lua.
---
--- Example:
---     local grad = require "numlab.grad"
---     local W, x = grad.variable(nl.randn(3, 4)), grad.variable(nl.randn(4))
---     local y = (W * x):tanh():sum()       -- computed at once; every step remembers its operands
---     y:backward()                         -- W.grad and x.grad are dy/dW and dy/dx
---     assert(W.grad.size == 12 and x.grad.size == 4)
---     assert(grad.check(function(w, u) return (w * u):tanh() end, { W.value, x.value }))
---
--- An operation y = f(a, b) records, for each operand, its pull: the map from g = dL/dy to dL/da. backward walks from
--- the result to the variables and applies them (chain rule); where an operand was broadcast, its gradient is summed
--- over the stretched dimensions. The attention kernels' gradients are compared with these: a second way to the same
--- numbers that shares none of their code. Tensors and numbers mix in as constants. Values must not be changed in place
--- before backward.
local expect = require "numlab.expect"
local nl = require "numlab"

local M = {}

--- A value with the steps that made it. Operators are those of tensors: a + b, a - b, -a, a / b elementwise, A * B the
--- matrix product, x(1, "2:3") elements and slices, #x rows.
---@class numlab.grad.Variable
---@field value nl.Tensor
---@field grad nl.Tensor?  after backward; steps in between have one too, so that dP and dS can be looked at
---@field shape integer[]
---@field dtype nl.DType
---@field ndim integer
---@field size integer
---@field T numlab.grad.Variable  the transpose of a matrix
---@field add fun(self: numlab.grad.Variable, u: numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@field sub fun(self: numlab.grad.Variable, u: numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@field mul fun(self: numlab.grad.Variable, u: numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable  elementwise
---@field div fun(self: numlab.grad.Variable, u: numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@field exp fun(self: numlab.grad.Variable): numlab.grad.Variable
---@field log fun(self: numlab.grad.Variable): numlab.grad.Variable
---@field sqrt fun(self: numlab.grad.Variable): numlab.grad.Variable
---@field tanh fun(self: numlab.grad.Variable): numlab.grad.Variable
---@operator add(numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@operator sub(numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@operator mul(numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@operator div(numlab.grad.Variable|nl.Tensor|number): numlab.grad.Variable
---@operator unm: numlab.grad.Variable
local Variable = {} -- the methods
local Meta = { __name = "numlab.grad.Variable" }
local FIELDS = { shape = true, dtype = true, ndim = true, size = true }
local created = 0

local function is_variable(x) return getmetatable(x) == Meta end
local function is_tensor(x) return type(x) == "userdata" and (getmetatable(x) or {}).__name == "tensor" end

-- A step of the tape. Steps count up, so operands always have lower numbers than results.
local function record(value, operands, pulls, constant)
  if not is_tensor(value) then value = nl.tensor(value, { dtype = operands[1].dtype }) end
  if constant == nil then
    constant = true
    for _, operand in ipairs(operands) do constant = constant and operand.constant end
    if constant then operands, pulls = {}, {} end
  end
  created = created + 1
  return setmetatable({ value = value, operands = operands, pulls = pulls, constant = constant, number = created }, Meta)
end

local function leaf(what, t, constant)
  if type(t) == "number" or type(t) == "table" and not is_variable(t) then t = nl.tensor(t) end
  if not is_tensor(t) then
    expect.fail(("%s: expected a tensor, nested tables or a number, got %s"):format(what,
      is_variable(t) and "a variable" or expect.got(t)))
  elseif t.dtype ~= "f64" and t.dtype ~= "f32" then
    expect.fail(("%s: the tensor is %s, expected f64 or f32; convert it with t:to(\"f64\")"):format(what, t.dtype))
  end
  return record(t, {}, {}, constant)
end

--- A tensor by which gradients are wanted.
---@param t nl.Tensor|table|number  f64 or f32; not copied
---@return numlab.grad.Variable
function M.variable(t) return leaf("grad.variable", t, false) end

--- A tensor that takes part without a gradient of its own.
---@param t nl.Tensor|table|number  f64 or f32; not copied
---@return numlab.grad.Variable
--- Example:
---     local grad = require "numlab.grad"
---     local x = grad.variable(nl.ones(2))
---     x:mul(grad.constant(nl.tensor{3, 4})):sum():backward()
---     assert(x.grad == nl.tensor{3, 4})
function M.constant(t) return leaf("grad.constant", t, true) end

-- Both operands as variables; a number takes the other's type.
local function both(what, a, b)
  local out = { a, b }
  for i = 1, 2 do
    local x, other = out[i], out[3 - i]
    if type(x) == "number" and (is_variable(other) or is_tensor(other)) then
      out[i] = M.constant(nl.tensor(x, { dtype = other.dtype }))
    elseif is_tensor(x) then
      out[i] = M.constant(x)
    elseif not is_variable(x) then
      expect.fail(("%s: expected a variable, a tensor or a number, got %s"):format(what, expect.got(x)))
    end
  end
  return out[1], out[2]
end

local function from_start(dim, ndim) return dim > 0 and dim or ndim + 1 + dim end

-- The transpose of broadcasting: g summed over the dimensions that were stretched to reach its shape.
local function fit(g, shape)
  for _ = #shape + 1, g.ndim do g = g:sum(1) end
  for d, size in ipairs(shape) do
    if size == 1 and g.shape[d] ~= 1 then g = g:sum(d, { keepdim = true }) end
  end
  return g
end

-- The transpose of summing: g, from which dimension dim was summed away (nil: all of them), repeated along it.
local function stretch(g, shape, dim)
  if dim then
    local kept = table.move(shape, 1, #shape, 1, {})
    kept[from_start(dim, #shape)] = 1
    g = g:reshape(kept)
  end
  return nl.zeros(shape, { dtype = g.dtype }):add(g)
end

-- Elementwise operations by their derivatives: a pull for each operand, from g, the result y and the operands u, v.
local function same(g) return g end
local ELEMENTWISE = {
  add = { same, same },
  sub = { same, function(g) return -g end },
  mul = { function(g, _, _, v) return g:mul(v) end, function(g, _, u) return g:mul(u) end },
  div = { function(g, _, _, v) return g:div(v) end, function(g, y, _, v) return -g:mul(y):div(v) end }, -- -u/v^2 = -y/v
  exp = { function(g, y) return g:mul(y) end },
  log = { function(g, _, u) return g:div(u) end },
  sqrt = { function(g, y) return g:div(y) / 2 end },
  tanh = { function(g, y) return g - g:mul(y):mul(y) end }, -- 1 - tanh^2
}
for name, pulls in pairs(ELEMENTWISE) do
  Variable[name] = pulls[2] and function(a, b)
    a, b = both(name, a, b)
    return record(a.value[name](a.value, b.value), { a, b }, pulls)
  end or function(a) return record(a.value[name](a.value), { a }, pulls) end
end

--- x^p for a number p.
---@param p number
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.tensor{1, 2, 3})
---     x:pow(2):sum():backward()
---     assert(x.grad == nl.tensor{2, 4, 6})
function Variable:pow(p)
  if type(p) ~= "number" then
    expect.fail(("pow: the exponent must be a number, got %s; u^v is (v:mul(u:log())):exp()"):format(expect.got(p)))
  end
  return record(self.value:pow(p), { self }, {
    function(g, _, x) return p == 0 and g * 0 or g:mul(x:pow(p - 1)) * p end })
end

--- The matrix product (.., m, k) (.., k, n), leading dimensions broadcast: dA = G B', dB = A' G. 1-d operands as in nl.
---@param b numlab.grad.Variable|nl.Tensor
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.tensor{{1, 2}})
---     x:matmul(nl.tensor{{3}, {4}}):sum():backward()
---     assert(x.grad == nl.tensor{{3, 4}})
function Variable:matmul(b)
  local a
  a, b = both("matmul", self, b)
  local row, column = a.ndim == 1, b.ndim == 1
  if row or column then -- as a matrix of one row, of one column, which then goes from the result's shape
    local y = (row and a:reshape(1, -1) or a):matmul(column and b:reshape(-1, 1) or b)
    local shape = y.shape
    if column then table.remove(shape) end
    if row then table.remove(shape, #y.shape - 1) end
    return y:reshape(shape)
  end
  return record(a.value:matmul(b.value), { a, b }, {
    function(g, _, _, v) return g * v:transpose(-2, -1) end, function(g, _, u) return u:transpose(-2, -1) * g end })
end

--- Softmax along a dimension: dX = Y (G - sum(G Y)), elementwise but for the sum.
---@param dim integer
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.tensor{0, 0})
---     x:softmax(1):mul(nl.tensor{1, 0}):sum():backward()
---     assert(x.grad == nl.tensor{0.25, -0.25})
function Variable:softmax(dim)
  return record(self.value:softmax(dim), { self }, {
    function(g, y) return (g - g:mul(y):sum(dim, { keepdim = true })):mul(y) end })
end

--- Sum of all elements (a scalar), or along a dimension.
---@param dim integer?
---@param options nl.ReduceOptions?
---@return numlab.grad.Variable
function Variable:sum(dim, options)
  return record(self.value:sum(dim, options), { self }, { function(g) return stretch(g, self.shape, dim) end })
end

--- Mean of all elements (a scalar), or along a dimension.
---@param dim integer?
---@param options nl.ReduceOptions?
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.ones(4))
---     x:mean():backward()
---     assert(x.grad == nl.full(4, 0.25))
function Variable:mean(dim, options)
  local sum = self:sum(dim, options)
  return sum * (sum.size / self.size)
end

--- The same elements in another shape.
---@param ... integer|integer[]  sizes; one may be -1
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.ones(2, 3))
---     assert(x:reshape(3, -1).shape[2] == 2)
function Variable:reshape(...)
  return record(self.value:reshape(...), { self }, { function(g) return g:reshape(self.shape) end })
end

--- Two dimensions exchanged; of a matrix without arguments, also x.T.
---@param ... integer
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.ones(2, 3))
---     assert(x:transpose(1, 2).shape[1] == 3 and x.T.shape[1] == 3)
function Variable:transpose(...)
  local dims = { ... }
  return record(self.value:transpose(...), { self }, { function(g) return g:transpose(table.unpack(dims)) end })
end

--- a where a constant condition holds, b elsewhere; all broadcast.
---@param condition nl.Tensor  bool
---@param a numlab.grad.Variable|nl.Tensor|number
---@param b numlab.grad.Variable|nl.Tensor|number
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.tensor{-1, 2})
---     nl.grad.where(x.value:gt(0), x, 0):sum():backward() -- the positive part
---     assert(x.grad == nl.tensor{0, 1})
function M.where(condition, a, b)
  a, b = both("grad.where", a, b)
  return record(nl.where(condition, a.value, b.value), { a, b }, {
    function(g) return nl.where(condition, g, 0) end, function(g) return nl.where(condition, 0, g) end })
end

--- Variables one after another along a dimension (default 1).
---@param list numlab.grad.Variable[]
---@param dim integer?
---@return numlab.grad.Variable
--- Example:
---     local x = nl.grad.variable(nl.ones(2))
---     nl.grad.cat{x, x}:sum():backward()
---     assert(x.grad == nl.tensor{2, 2})
function M.cat(list, dim)
  expect("grad.cat", "list", list, "list")
  local values, operands, pulls, first = {}, {}, {}, 1
  for i, x in ipairs(list) do
    operands[i] = both("grad.cat", x, x)
    values[i] = operands[i].value
  end
  local y = nl.cat(values, dim)
  local d = from_start(dim or 1, y.ndim)
  for i, t in ipairs(values) do
    local range = {}
    for k = 1, y.ndim do range[k] = ":" end
    range[d] = ("%d:%d"):format(first, first + t.shape[d] - 1)
    first = first + t.shape[d]
    pulls[i] = function(g) return g(table.unpack(range)) end
  end
  return record(y, operands, pulls)
end

Meta.methods = Variable -- for numlab.explain
Meta.__add, Meta.__sub, Meta.__div = Variable.add, Variable.sub, Variable.div

function Meta.__mul(a, b)
  return (type(a) == "number" or type(b) == "number") and Variable.mul(a, b) or Variable.matmul(a, b)
end

function Meta.__unm(a) return a * -1 end
function Meta.__pow() expect.fail("variables have no operator ^; use x:pow(p) for elementwise powers") end
function Meta.__tostring(a) return "variable\n" .. tostring(a.value) end
function Meta.__len(a) return #a.value end

-- x(1, "2:3"): elements and slices, as of tensors.
function Meta.__call(a, ...)
  local indices = { ... }
  return record(a.value(...), { a }, { function(g)
    return nl.zeros(a.shape, { dtype = a.dtype }):set(g, table.unpack(indices))
  end })
end

function Meta.__index(a, key)
  if FIELDS[key] then return rawget(a, "value")[key] end
  if key == "T" then return a:transpose() end
  if math.type(key) == "integer" then
    if key == #a + 1 then return nil end -- so that ipairs ends
    return a(key)
  end
  return Variable[key]
end

--- Fill the field `grad` of every variable that y was computed from with the gradient of sum(seed * y). An earlier
--- gradient is replaced.
---@param seed nl.Tensor?  shaped like y; 1 where y has one element
function Variable:backward(seed)
  if self.constant then expect.fail("backward: the result depends on no variable; make one with grad.variable(t)") end
  local function kind(t) return t.dtype .. " " .. table.concat(t.shape, "x") end
  if seed == nil then
    if self.size ~= 1 then
      expect.fail(("backward: the result is %s, expected one element; sum it or give a seed of its shape")
        :format(kind(self)))
    end
    seed = nl.ones(self.shape, { dtype = self.dtype })
  elseif not is_tensor(seed) or kind(seed) ~= kind(self) then
    expect.fail(("backward: the seed must be a tensor like the result, %s, got %s"):format(kind(self),
      is_tensor(seed) and kind(seed) or expect.got(seed)))
  end
  local nodes, seen, stack = {}, { [self] = true }, { self }
  while #stack > 0 do
    local node = table.remove(stack)
    nodes[#nodes + 1], node.grad = node, nil
    for _, operand in ipairs(node.operands) do
      if not operand.constant and not seen[operand] then
        seen[operand], stack[#stack + 1] = true, operand
      end
    end
  end
  table.sort(nodes, function(a, b) return a.number > b.number end) -- results before their operands
  self.grad = seed
  for _, node in ipairs(nodes) do
    local values = {}
    for i, operand in ipairs(node.operands) do values[i] = operand.value end
    for i, operand in ipairs(node.operands) do
      if not operand.constant then
        local g = fit(node.pulls[i](node.grad, node.value, table.unpack(values)), operand.shape)
        operand.grad = operand.grad and operand.grad + g or g
      end
    end
    if #values == 0 then node.grad = node.grad:clone() end -- a variable's own: pulls may hand on views
  end
end

--- The gradients of fn beside central differences: reference.check(fn, inputs, options).
---@param ... any  its arguments
---@return boolean? ok
---@return string|table message
function M.check(...) return require("numlab.reference").check(...) end

return M
