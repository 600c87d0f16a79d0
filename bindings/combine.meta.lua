---@meta numlab

---@class numlab
local nl = {}

---@class nl.Tensor
local Tensor = {}

---Elements of a where the condition holds, of b elsewhere; all three broadcast. Raises unless the condition is bool.
---@param condition nl.Tensor bool
---@param a nl.Tensor|number
---@param b nl.Tensor|number
---@return nl.Tensor t
--- Example:
---     local x = nl.tensor{-1, 2, -3}
---     assert(nl.where(x:gt(0), x, 0) == nl.tensor{0, 2, 0})
function nl.where(condition, a, b) end

---Tensors one after another along a dimension (default 1). Raises unless the other sizes and the types agree.
---@param tensors nl.Tensor[]
---@param dim? integer
---@return nl.Tensor t
--- Example:
---     local A = nl.tensor{{1, 2}}
---     assert(nl.cat({A, A}, 2) == nl.tensor{{1, 2, 1, 2}})
function nl.cat(tensors, dim) end

---@class nl.AllcloseOptions
---@field rtol? number default 1e-5
---@field atol? number default 1e-8

---Whether |a - b| <= atol + rtol |b| everywhere; equal infinities agree, NaN never does. Shapes broadcast, types may differ.
---@param a nl.Tensor|number
---@param b nl.Tensor|number
---@param opts? nl.AllcloseOptions
---@return boolean agree
---@return {max_abs: number, mean_abs: number, max_rel: number} apart
--- Example:
---     local agree, apart = nl.allclose(nl.tensor{1, 2}, nl.tensor{1, 2.5})
---     assert(not agree and apart.max_abs == 0.5 and apart.max_rel == 0.2)
function nl.allclose(a, b, opts) end

---nl.where(self, a, b).
---@param a nl.Tensor|number
---@param b nl.Tensor|number
---@return nl.Tensor t
--- Example:
---     assert(nl.tensor{true, false}:where(1, 2) == nl.tensor{1, 2})
function Tensor:where(a, b) end

---exp(x - max) / sum exp(x - max) along a dimension. A row whose maximum is infinite or NaN becomes NaN.
---@param dim integer
---@return nl.Tensor p
--- Example:
---     local p = nl.tensor{{0, 1000}, {3, 3}}:softmax(-1)
---     assert(p(1, 2) == 1 and p(2, 1) == 0.5)
function Tensor:softmax(dim) end

return nl
