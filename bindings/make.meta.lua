---@meta numlab

---The engine: tensors and sparse matrices, solvers and factorisations, attention; files, devices, memory. The Lua
---libraries are fields too, loaded when first asked for: nl.sweep is require "numlab.sweep".
---@class numlab
---@field version string  of numlab, as in "0.1.0"
local nl = {}

---@alias nl.DType "f64"|"f32"|"f16"|"bf16"|"i64"|"i32"|"i16"|"u8"|"bool"

---@class nl.TensorOptions
---@field dtype? nl.DType default "f64" ("bool" where the values are booleans)
---@field device? string "cpu", "cuda", "cuda:1"

---A tensor from a number, a boolean or a nested table; a tensor is cloned.
---Raises for ragged tables, for elements that are not numbers and for values that do not fit the type.
---@param values number|boolean|table|nl.Tensor
---@param opts? nl.TensorOptions
---@return nl.Tensor t
--- Example:
---     local A = nl.tensor({{1, 2}, {3, 4}}, {dtype = "f32"})
---     assert(A.dtype == "f32" and A(2, 1) == 3 and #A == 2)
---     assert(nl.tensor{true, false}.dtype == "bool")
function nl.tensor(values, opts) end

---A tensor of zeros: nl.zeros(m, n, .., opts) or nl.zeros({m, n, ..}, opts). Raises for negative or fractional sizes.
---@param ... integer|integer[]|nl.TensorOptions sizes, then options
---@return nl.Tensor t
--- Example:
---     assert(nl.zeros(2, 3):sum() == 0 and nl.zeros({2, 3}).size == 6)
function nl.zeros(...) end

---A tensor of ones, sizes as in nl.zeros.
---@param ... integer|integer[]|nl.TensorOptions sizes, then options
---@return nl.Tensor t
--- Example:
---     assert(nl.ones(2, 3, {dtype = "i64"}):sum() == 6)
function nl.ones(...) end

---A tensor with one value everywhere. Raises when the value does not fit the type.
---@param shape integer|integer[]
---@param value number|boolean
---@param opts? nl.TensorOptions
---@return nl.Tensor t
--- Example:
---     assert(nl.full({2, 2}, 7)(2, 1) == 7)
function nl.full(shape, value, opts) end

---The n x n identity matrix.
---@param n integer
---@param opts? nl.TensorOptions
---@return nl.Tensor I
--- Example:
---     local A = nl.rand(3, 3, {seed = 1})
---     assert(nl.eye(3) * A == A)
function nl.eye(n, opts) end

---a, a + step, .. up to b, which is included when the steps meet it (up to rounding). step 1 unless given.
---Raises for step 0 and for bounds that are not finite.
---@param a number
---@param b number
---@param step? number
---@param opts? nl.TensorOptions
---@return nl.Tensor x 1-d
--- Example:
---     local x = nl.arange(0, 1, 0.1)
---     assert(#x == 11 and nl.arange(5, 1, -2)(-1) == 1 and #nl.arange(2, 1) == 0)
function nl.arange(a, b, step, opts) end

---n evenly spaced values from a to b, both exact.
---@param a number
---@param b number
---@param n integer
---@param opts? nl.TensorOptions
---@return nl.Tensor x 1-d
--- Example:
---     assert(nl.linspace(0, 1, 5) == nl.tensor{0, 0.25, 0.5, 0.75, 1})
function nl.linspace(a, b, n, opts) end

---10^a .. 10^b, n values evenly spaced in the exponent.
---@param a number
---@param b number
---@param n integer
---@param opts? nl.TensorOptions
---@return nl.Tensor x 1-d
--- Example:
---     assert(nl.allclose(nl.logspace(0, 2, 3), nl.tensor{1, 10, 100}))
function nl.logspace(a, b, n, opts) end

---@class nl.RandomOptions: nl.TensorOptions
---@field seed? integer the same numbers each time, on any number of threads

---Uniform random numbers in (0, 1), sizes as in nl.zeros; {seed=s} gives the same numbers each time, on any number of
---threads. Philox4x32-10 (Salmon et al., SC11). Raises for types that are not floats.
---@param ... integer|integer[]|nl.RandomOptions sizes, then options
---@return nl.Tensor t
--- Example:
---     local x = nl.rand(1000, {seed = 7})
---     assert(x:min() > 0 and x:max() < 1 and x == nl.rand(1000, {seed = 7}))
function nl.rand(...) end

---Standard normal random numbers (Box-Muller over Philox), arguments as in nl.rand.
---@param ... integer|integer[]|nl.RandomOptions sizes, then options
---@return nl.Tensor t
--- Example:
---     local x = nl.randn(10000, {seed = 7})
---     assert(math.abs(x:mean()) < 0.05 and math.abs(x:pow(2):mean() - 1) < 0.05)
function nl.randn(...) end

---Start the unseeded random numbers of this program again from seed s. Without it they start from seed 0, so a script gives
---the same numbers each run.
---@param s integer
--- Example:
---     nl.seed(3)
---     local first = nl.rand(4)
---     nl.seed(3)
---     assert(first == nl.rand(4) and first ~= nl.rand(4))
function nl.seed(s) end

return nl
