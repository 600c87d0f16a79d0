---@meta numlab

---@class numlab
local nl = {}

---@class nl.ReduceOptions
---@field keepdim? boolean keep the dimension with size 1

---@class nl.Tensor
local Tensor = {}

---Sum of all elements as a number (pairwise in f64, integers exact), or along a dimension as a tensor.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return number|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:sum() == 10 and A:sum(1) == nl.tensor{4, 6} and A:sum(2, {keepdim = true}) == nl.tensor{{3}, {7}})
function Tensor:sum(dim, opts) end

---Mean of all elements as a number, or along a dimension. Raises when there are none.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return number|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:mean() == 2.5 and A:mean(2) == nl.tensor{1.5, 3.5})
function Tensor:mean(dim, opts) end

---Largest element as a number, or along a dimension; NaN where there is one. Raises when there are none.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return number|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:max() == 4 and A:max(1) == nl.tensor{3, 4})
function Tensor:max(dim, opts) end

---Smallest element as a number, or along a dimension; NaN where there is one. Raises when there are none.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return number|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:min() == 1 and A:min(2) == nl.tensor{1, 3})
function Tensor:min(dim, opts) end

---Position of the largest element (row-major, from 1), or positions along a dimension; the first of equals, the first NaN.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return number|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:argmax() == 4 and A:argmax(1)(1) == 2)
function Tensor:argmax(dim, opts) end

---Position of the smallest element (row-major, from 1), or positions along a dimension; the first of equals, the first NaN.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return number|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:argmin() == 1 and A:argmin(2)(2) == 1)
function Tensor:argmin(dim, opts) end

---Whether any element is not zero (NaN is not), or along a dimension as a bool tensor.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return boolean|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:gt(3):any() and not A:gt(4):any())
function Tensor:any(dim, opts) end

---Whether no element is zero, or along a dimension as a bool tensor.
---@param dim? integer from 1, negatives from the end
---@param opts? nl.ReduceOptions
---@return boolean|nl.Tensor result
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:gt(0):all() and A:gt(1):all(1)(2))
function Tensor:all(dim, opts) end

---(sum |x|^p)^(1/p) over all elements, p = 2 unless given; math.huge gives max |x|. Neither overflows nor underflows on
---the way. Raises for p <= 0.
---@param p? number
---@return number norm
--- Example:
---     assert(nl.tensor{3, 4}:norm() == 5 and nl.tensor{3, -4}:norm(math.huge) == 4)
function Tensor:norm(p) end

return nl
