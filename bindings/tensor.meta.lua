---@meta numlab

---@class numlab
local nl = {}

---A tensor: elements of one type in n dimensions. t(i, j) is an element, t("2:5", ":") a view, t[i] a row (an element of
---a 1-d tensor), t[i] = v sets it. Indices count from 1, negatives from the end; slices "first:last:step" include both
---ends. An index outside raises; t[#t + 1] is nil, so ipairs ends. #t is the number of rows. Views share the elements.
---tostring(t) prints the elements, long ones elided, and a line with type and shape. t == u is true when types, shapes and
---all elements are equal. `local t <close> = ..` gives the memory back at the end of the block.
---@class nl.Tensor
---@field shape integer[]
---@field dtype nl.DType
---@field device string "cpu" or "cuda:0"
---@field ndim integer
---@field size integer number of elements
---@field T nl.Tensor the transpose of a 2-d tensor, a view
---@field [integer] nl.Tensor|number|boolean a row; an element of a 1-d tensor
---@overload fun(...: integer|string): nl.Tensor|number|boolean
local Tensor = {}

---Set the elements the indices select to a number, or to a tensor that broadcasts; returns t.
---@param value number|boolean|nl.Tensor
---@param ... integer|string indices and slices; none: the whole tensor
---@return nl.Tensor t
--- Example:
---     local A = nl.zeros(2, 3):set(5, 1, 2):set(nl.tensor{7, 8, 9}, 2)
---     assert(A == nl.tensor{{0, 5, 0}, {7, 8, 9}} and A:set(1, ":", -1)(2, 3) == 1)
function Tensor:set(value, ...) end

---The elements as nested Lua tables; a number for a scalar.
---@return table|number|boolean values
--- Example:
---     assert(nl.tensor{{1, 2}, {3, 4}}:totable()[2][1] == 3)
function Tensor:totable() end

---The only element. Raises when there is not exactly one.
---@return number|boolean value
--- Example:
---     assert(nl.tensor{{7}}:item() == 7)
function Tensor:item() end

---The same elements in another shape, a view where possible; one size may be -1. Raises when the numbers differ.
---@param ... integer|integer[] sizes
---@return nl.Tensor t
--- Example:
---     assert(nl.arange(1, 6):reshape(2, -1)(2, 1) == 4)
function Tensor:reshape(...) end

---A view with two dimensions exchanged; without arguments T of a 2-d tensor.
---@param i? integer
---@param j? integer
---@return nl.Tensor t
--- Example:
---     assert(nl.zeros(2, 3, 4):transpose(1, 3).shape[1] == 4)
function Tensor:transpose(i, j) end

---A copy with memory of its own.
---@return nl.Tensor t
--- Example:
---     local A = nl.zeros(2)
---     A:clone()[1] = 5
---     assert(A[1] == 0)
function Tensor:clone() end

---t itself when its elements lie row by row without gaps, else a copy that does.
---@return nl.Tensor t
--- Example:
---     assert(nl.eye(3).T:contiguous() == nl.eye(3))
function Tensor:contiguous() end

---t in another type (rounded to nearest even; integers truncate and saturate), on another device, or both; t itself when
---nothing changes. Operations follow their operands; those of one call lie on one device. Raises, with the reason, for a
---device that is not here (nl.devices).
---@param what nl.DType|string "f32", "cpu", "cuda", "cuda:1"
---@param also? nl.DType|string the other of the two
---@return nl.Tensor t
--- Example:
---     assert(nl.tensor{1.7, -300}:to("u8") == nl.tensor({1, 0}, {dtype = "u8"}))
---     assert(nl.ones(2):to("cpu", "f32").dtype == "f32")
function Tensor:to(what, also) end

---Give the memory back now (views of it keep it alive). Using the tensor afterwards raises; closing it again does not.
--- Example:
---     local t = nl.zeros(10)
---     t:close()
---     assert(not pcall(function() return t[1] end))
function Tensor:close() end

---The same as close.
--- Example:
---     nl.zeros(10):free()
function Tensor:free() end

return nl
