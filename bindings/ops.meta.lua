---@meta numlab

---@class numlab
local nl = {}

--- Operators: A + B, A - B, -A, s * A, A / s broadcast elementwise; A * B is the matrix product; A == B is one truth.
---@class nl.Tensor
---@operator add(nl.Tensor|number): nl.Tensor
---@operator sub(nl.Tensor|number): nl.Tensor
---@operator mul(nl.Tensor|number): nl.Tensor
---@operator div(nl.Tensor|number): nl.Tensor
---@operator unm: nl.Tensor
local Tensor = {}

---x + u elementwise with broadcasting. Types must be equal; integers saturate. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:add(1) == nl.tensor{2, 3})
function Tensor:add(u) end

---x - u elementwise with broadcasting. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:sub(1) == nl.tensor{0, 1})
function Tensor:sub(u) end

---x u elementwise with broadcasting; A * B is the matrix product. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{{1}, {2}}:mul(nl.tensor{3, 4}) == nl.tensor{{3, 4}, {6, 8}})
function Tensor:mul(u) end

---x / u elementwise with broadcasting; f64 for integers. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:div(2) == nl.tensor{0.5, 1})
function Tensor:div(u) end

---x^u elementwise with broadcasting; f64 for integers. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2, 3}:pow(2) == nl.tensor{1, 4, 9})
function Tensor:pow(u) end

---x < u elementwise, a bool tensor; false with NaN. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:lt(2) == nl.tensor{true, false})
function Tensor:lt(u) end

---x <= u elementwise, a bool tensor; false with NaN. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:le(1) == nl.tensor{true, false})
function Tensor:le(u) end

---x > u elementwise, a bool tensor; false with NaN. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:gt(1) == nl.tensor{false, true})
function Tensor:gt(u) end

---x >= u elementwise, a bool tensor; false with NaN. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:ge(2) == nl.tensor{false, true})
function Tensor:ge(u) end

---x == u elementwise, a bool tensor; false with NaN. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:eq(2) == nl.tensor{false, true})
function Tensor:eq(u) end

---x ~= u elementwise, a bool tensor; true with NaN. Raises when shapes do not
---broadcast or types differ (a number takes the tensor's type).
---@param u nl.Tensor|number
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1, 2}:ne(2) == nl.tensor{true, false})
function Tensor:ne(u) end

---The matrix product (.., m, k) (.., k, n), leading dimensions broadcast; 1-d operands are a row on the left, a column on
---the right; 1-d times 1-d is a number. Also A * B. Raises when the inner sizes or the types differ.
---@param B nl.Tensor|number
---@return nl.Tensor|number C
--- Example:
---     local A = nl.tensor{{1, 2}, {3, 4}}
---     assert(A:matmul(A)(1, 1) == 7 and A[1] * A[2] == 11 and A * A[1] == nl.tensor{5, 11})
function Tensor:matmul(B) end

---|x|. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{-1, 2}:abs() == nl.tensor{1, 2})
function Tensor:abs() end

---e^x. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{0}:exp()(1) == 1)
function Tensor:exp() end

---Natural logarithm: -inf at 0, NaN below. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{1}:log()(1) == 0)
function Tensor:log() end

---Square root, NaN below 0. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{4}:sqrt()(1) == 2)
function Tensor:sqrt() end

---Hyperbolic tangent. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{0}:tanh()(1) == 0)
function Tensor:tanh() end

---Sine, radians. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{0}:sin()(1) == 0)
function Tensor:sin() end

---Cosine, radians. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{0}:cos()(1) == 1)
function Tensor:cos() end

---Largest whole number not above x. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{-1.5}:floor()(1) == -2)
function Tensor:floor() end

---Whether x is NaN, a bool tensor. Elementwise.
---@return nl.Tensor result
--- Example:
---     assert(nl.tensor{0/0, 1}:isnan() == nl.tensor{true, false})
function Tensor:isnan() end

return nl
