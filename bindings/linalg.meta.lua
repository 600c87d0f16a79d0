---@meta numlab

---@class numlab
local nl = {}

---Cholesky factor L, lower triangular, of a symmetric positive definite A = L L^T. LAPACK potrf.
---A that is not symmetric beyond rounding gets NOT_POSITIVE_DEFINITE too. Raises unless A is a square f64 or f32 matrix.
---@param A nl.Tensor n x n
---@return nl.Tensor? L n x n, its upper triangle 0
---@return string? message of an outcome: NOT_POSITIVE_DEFINITE, NONFINITE, UNAVAILABLE
---@return table? info code; minor: order of the first leading minor that is not positive
--- Example:
---     local L = assert(nl.cholesky(nl.tensor({{4, 2}, {2, 5}})))
---     assert(L(1, 1) == 2 and L(2, 1) == 1 and L(2, 2) == 2 and L(1, 2) == 0)
function nl.cholesky(A) end

---Thin QR: A = Q R, Q with orthonormal columns, R upper triangular. Householder reflections, LAPACK geqrf, orgqr.
---Diagonal elements of R may be negative. Raises unless A is an f64 or f32 matrix.
---@param A nl.Tensor m x n
---@return nl.Tensor? Q m x r, r = min(m, n)
---@return nl.Tensor|string R r x n; the message of an outcome: NONFINITE, UNAVAILABLE
---@return table? info code, of an outcome
--- Example:
---     local A = nl.tensor({{3, 1}, {4, 2}, {0, 2}})
---     local Q, R = nl.qr(A)
---     assert((Q * R - A):abs():max() < 1e-14 and R(2, 1) == 0)
function nl.qr(A) end

---Thin singular value decomposition: A = U diag(s) Vt. Divide and conquer, LAPACK gesdd.
---Raises unless A is an f64 or f32 matrix.
---@param A nl.Tensor m x n
---@return nl.Tensor? U m x r, r = min(m, n)
---@return nl.Tensor|string s r, descending; the message of an outcome: NONFINITE, NOT_CONVERGED, UNAVAILABLE
---@return nl.Tensor|table Vt r x n; the info table of an outcome: code
--- Example:
---     local U, s, Vt = nl.svd(nl.tensor({{3, 0}, {4, 5}}))
---     assert(math.abs(s(1) - math.sqrt(45)) < 1e-14 and math.abs(s(2) - math.sqrt(5)) < 1e-14)
function nl.svd(A) end

---Eigenvalues and eigenvectors of a symmetric A: A V = V diag(w). Divide and conquer, LAPACK syevd.
---Raises unless A is a symmetric f64 or f32 matrix (up to rounding).
---@param A nl.Tensor n x n
---@return nl.Tensor? w n, ascending
---@return nl.Tensor|string V n x n, orthogonal, one eigenvector a column; the message of an outcome: NONFINITE, NOT_CONVERGED, UNAVAILABLE
---@return table? info code, of an outcome
--- Example:
---     local w, V = nl.eigh(nl.tensor({{2, 1}, {1, 2}}))
---     assert(math.abs(w(1) - 1) < 1e-14 and math.abs(w(2) - 3) < 1e-14)
function nl.eigh(A) end

---@class nl.LstsqOptions
---@field rcond? number singular values at most rcond times the largest count as 0; default eps * max(m, n)

---Least squares: the x of least norm among those that minimise ||b - A x||, for any shape and rank. LAPACK gelsd.
---Raises unless A is an f64 or f32 matrix and b of its type with as many rows.
---@param A nl.Tensor m x n
---@param b nl.Tensor m, or m x k
---@param opts? nl.LstsqOptions
---@return nl.Tensor? x n, or n x k
---@return table|string info code, rank, residual = ||b - A x|| (Frobenius), cond; the message of an outcome: NONFINITE, NOT_CONVERGED, UNAVAILABLE
---@return table? info code, of an outcome
--- Example:
---     -- the line c + d t through (0, 1), (1, 3), (2, 5)
---     local x, info = nl.lstsq(nl.tensor({{1, 0}, {1, 1}, {1, 2}}), nl.tensor({1, 3, 5}))
---     assert(math.abs(x(1) - 1) < 1e-13 and math.abs(x(2) - 2) < 1e-13 and info.rank == 2)
function nl.lstsq(A, b, opts) end

---The product of two matrices by the borrowed BLAS (gemm): the yardstick of `A * B`, which numlab computes itself.
---Raises unless A and B are both f64 or both f32 matrices that fit.
---@param A nl.Tensor m x k
---@param B nl.Tensor k x n
---@return nl.Tensor? C m x n
---@return string? message of an outcome: UNAVAILABLE
---@return table? info code, of an outcome
--- Example:
---     local A, B = nl.randn(3, 4, {seed = 1}), nl.randn(4, 2, {seed = 2})
---     assert(nl.allclose(A * B, (nl.blas_matmul(A, B))))
function nl.blas_matmul(A, B) end

return nl
