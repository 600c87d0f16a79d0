---@meta numlab

---@class numlab
local nl = {}

---A sparse f64 matrix, compressed by rows (CSR): only stored entries take memory and time. S(i, j) is an element, 0
---where nothing is stored; indices count from 1, negatives from the end. #S is the number of rows.
---S * x: product with a vector or a matrix (threaded, the same bits at any thread count); x * S: from the left (makes a
---transpose each time); S * S2; c * S; S / c; S + S2, S - S2; -S. Sums and products with tensors other than these
---raise: S:dense() makes a tensor. S * x and nl.solve follow S to a GPU; all else works on the CPU.
---`local S <close> = ..` gives the memory back at the end of the block.
---@class nl.Sparse
---@field shape integer[] rows, columns
---@field nnz integer stored entries, stored zeros included
---@field dtype "f64"
---@field ndim integer 2
---@field device string "cpu", or where :to brought it: "cuda:0"
---@field T nl.Sparse the transpose, a new matrix
---@overload fun(i: integer, j: integer): number
local Sparse = {}

---Ways to make a sparse matrix.
nl.sparse = {}

---A sparse matrix from triplets (row, column, value) in any order; values at the same place are added.
---Raises when lengths differ and names the first triplet outside the matrix.
---@param m integer rows
---@param n integer columns
---@param rows integer[]|nl.Tensor 1..m
---@param cols integer[]|nl.Tensor 1..n
---@param values number[]|nl.Tensor
---@return nl.Sparse S m x n
--- Example:
---     local S = nl.sparse.coo(2, 3, {1, 2, 2}, {1, 3, 3}, {5, 1, 0.5})
---     assert(S.nnz == 2 and S(1, 1) == 5 and S(2, 3) == 1.5 and S(1, 2) == 0)
function nl.sparse.coo(m, n, rows, cols, values) end

---A sparse matrix of the nonzero elements (NaN included) of a 2-d tensor. Raises for other tensors.
---@param t nl.Tensor m x n, any type
---@return nl.Sparse S m x n
--- Example:
---     assert(nl.sparse.from(nl.eye(3)).nnz == 3)
function nl.sparse.from(t) end

---All elements as a new tensor.
---@return nl.Tensor t m x n, f64
--- Example:
---     local A = nl.tensor{{1, 0}, {2, 3}}
---     assert(nl.sparse.from(A):dense() == A)
function Sparse:dense() end

---S on another device; S itself when it is there already. There S * x and nl.solve take it (cg, gauss_seidel, jacobi,
---sor), with tensors of the same device. Raises, with the reason, for a device that is not here (nl.devices).
---@param device string "cpu", "cuda", "cuda:1"
---@return nl.Sparse S
--- Example:
---     local S = nl.gallery.poisson2d(3)
---     assert(S:to("cpu") == S and S.device == "cpu")
---     if nl.devices()[2] then
---       local there = S:to("cuda")
---       assert(nl.allclose(there * nl.ones(9, {device = "cuda"}), S * nl.ones(9)))
---     end
function Sparse:to(device) end

---A copy with memory of its own.
---@return nl.Sparse S
--- Example:
---     local S = nl.sparse.from(nl.eye(2))
---     local copy = S:clone()
---     S:close()
---     assert(copy(2, 2) == 1)
function Sparse:clone() end

---The diagonal; zeros where nothing is stored.
---@return nl.Tensor d min(m, n)
--- Example:
---     assert(nl.sparse.coo(2, 2, {2}, {2}, {7}):diag() == nl.tensor{0, 7})
function Sparse:diag() end

---The transpose as a new matrix; S.T is the same.
---@return nl.Sparse T n x m
--- Example:
---     assert(nl.sparse.coo(1, 2, {1}, {2}, {7}):transpose()(2, 1) == 7)
function Sparse:transpose() end

---The triplets, by rows and in each row by columns.
---@return nl.Tensor rows nnz, i64, from 1
---@return nl.Tensor cols nnz, i64, from 1
---@return nl.Tensor values nnz
--- Example:
---     local rows, cols, values = nl.sparse.coo(2, 2, {2, 1}, {1, 2}, {3, 4}):coo()
---     assert(rows:totable()[1] == 1 and cols:totable()[1] == 2 and values == nl.tensor{4, 3})
function Sparse:coo() end

---The compressed rows: row i holds entries start[i] to start[i + 1] - 1.
---@return nl.Tensor start m + 1, i64, from 1
---@return nl.Tensor cols nnz, i64, ascending in each row
---@return nl.Tensor values nnz
--- Example:
---     local start = nl.sparse.coo(2, 2, {2, 2}, {1, 2}, {3, 4}):csr()
---     assert(start(1) == 1 and start(2) == 1 and start(3) == 3)
function Sparse:csr() end

---The compressed columns: column j holds entries start[j] to start[j + 1] - 1.
---@return nl.Tensor start n + 1, i64, from 1
---@return nl.Tensor rows nnz, i64, ascending in each column
---@return nl.Tensor values nnz
--- Example:
---     local start, rows, values = nl.sparse.coo(2, 2, {1, 2}, {2, 1}, {3, 4}):csc()
---     assert(start(2) == 2 and rows(1) == 2 and values == nl.tensor{4, 3})
function Sparse:csc() end

---A norm: the largest column sum (1), the largest row sum ("inf" or math.huge), sqrt of the sum of squares ("fro").
---@param kind? 1|"1"|"inf"|"fro"|number default "fro"
---@return number
--- Example:
---     local S = nl.sparse.from(nl.tensor{{3, 0}, {-4, 0}})
---     assert(S:norm() == 5 and S:norm(1) == 7 and S:norm("inf") == 4)
function Sparse:norm(kind) end

---Give the memory back now; the matrix cannot be used afterwards. Closing again does nothing.
--- Example:
---     local S = nl.sparse.from(nl.eye(2))
---     S:close()
---     assert(not pcall(S.dense, S))
function Sparse:close() end

return nl
