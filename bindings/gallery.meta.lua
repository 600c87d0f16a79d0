---@meta numlab

---@class numlab
local nl = {}

---Test systems. Each function returns A, b and x_true with b = A x_true, x_true uniform on (-1, 1) from the seed (default 0).
---To hand on A alone, put the call in parentheses: nl.diagnose((nl.gallery.poisson2d(5))).
---The same seed gives the same numbers at any thread count. Parameters out of range raise, option names are checked.
---Most families are from N. J. Higham, "The Test Matrix Toolbox for MATLAB" (1995). All but dominant and nondominant take
---n by itself, n and options, or one table of options: hilbert(5), hilbert(5, {seed = 1}), hilbert{n = 5, seed = 1}.
nl.gallery = {}

---@class nl.GalleryOptions
---@field n? integer size; see each family for what it counts
---@field seed? integer of x_true and of what is random in A, default 0

---@class nl.DominantOptions: nl.GalleryOptions
---@field density? number share of the places off the diagonal that hold an entry, default 0.1
---@field ratio? number above 1, default 1.1
---@field sign? "mixed"|"positive"|"negative" of the entries off the diagonal, default "mixed"

---@class nl.NondominantOptions: nl.GalleryOptions
---@field density? number share of the places off the diagonal that hold an entry, about; default 0.1
---@field kind? "converging"|"diverging"|"zero_diagonal" default "converging"

---Strictly diagonally dominant by rows: a_ii = ratio sum over j of |a_ij|, 1 where that is 0. Nonsingular; Gauss-Seidel
---and Jacobi converge. The sign of the off-diagonals decides how fast: with "negative" A is an M-matrix and Gauss-Seidel is
---slowest.
---@param options nl.DominantOptions
---@return nl.Sparse A n x n, round(density n (n - 1)) entries off the diagonal
---@return nl.Tensor b n
---@return nl.Tensor x_true n
--- Example:
---     local A, b, x_true = nl.gallery.dominant{n = 50, density = 0.1, seed = 1}
---     local x = assert(nl.solve(A, b, {method = "gauss_seidel"}))
---     assert((x - x_true):norm() < 1e-8 * x_true:norm())
function nl.gallery.dominant(options) end

---Nonsingular, not strictly dominant, and what Gauss-Seidel does is known. "converging" (n >= 3): symmetric positive
---definite, so it converges (Ostrowski-Reich) though no row is dominant, while Jacobi diverges. "diverging" (n >= 2): the
---spectral radius of (D + L)^-1 U is exactly 1.5; block lower triangular, so density goes up to about 1/2.
---"zero_diagonal" (n >= 2): every a_ii is 0 and no sweep is defined.
---@param options nl.NondominantOptions
---@return nl.Sparse A n x n
---@return nl.Tensor b n
---@return nl.Tensor x_true n
--- Example:
---     local A, b, x_true = nl.gallery.nondominant{n = 40, kind = "diverging"}
---     local none, message, info = nl.solve(A, b, {method = "gauss_seidel"})
---     assert(none == nil and info.code ~= "OK")
---     assert((nl.solve(A, b, {method = "gauss"}) - x_true):norm() < 1e-12)
function nl.gallery.nondominant(options) end

---@class nl.ChebspecOptions: nl.GalleryOptions
---@field k? 0|1 default 0: nilpotent, singular; 1: nonsingular

---Chebyshev spectral differentiation: derivatives at x_i = cos(i pi / m) of the polynomial through values there.
---n >= 2. With k = 1 the row and column of x = 1 are left out.
---@param n integer|nl.ChebspecOptions
---@param options? nl.ChebspecOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.chebspec(5)
---     assert((A * nl.ones(5)):abs():max() < 1e-12) -- the derivative of a constant
function nl.gallery.chebspec(n, options) end

---@class nl.CondexOptions: nl.GalleryOptions
---@field theta? number default 100
---@field k? 1|2|3|4 default 4

---Counterexamples to condition estimators, n >= 4: k = 1, 2, 3 for LINPACK's, 4 for LAPACK's, whose condition is
---1 + theta. Cline and Rew (1983), Higham (1988).
---@param n integer|nl.CondexOptions
---@param options? nl.CondexOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.condex{n = 8, theta = 50}
---     local U, s = nl.svd(A)
---     if U then assert(math.abs(s(1) - 51) < 1e-10 and math.abs(s(8) - 1) < 1e-12) end
function nl.gallery.condex(n, options) end

---@class nl.DorrOptions: nl.GalleryOptions
---@field theta? number above 0, default 0.01; the smaller, the worse the condition

---Tridiagonal and dominant by rows, yet ill-conditioned: upwind differences of theta u'' + (x - 1/2) u'. Dorr (1971).
---@param n integer|nl.DorrOptions
---@param options? nl.DorrOptions
---@return nl.Sparse A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.dorr(6)
---     assert(A.nnz == 16 and A(1, 1) > 0 and A(1, 2) < 0)
function nl.gallery.dorr(n, options) end

---Upper Hessenberg, a_ij = n + 1 - max(i, j) for j >= i - 1; determinant 1, ill-conditioned small eigenvalues.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.frank(3) == nl.tensor{{3, 2, 1}, {2, 2, 1}, {0, 1, 1}})
function nl.gallery.frank(n, options) end

---Growth 2^(n-1) in elimination with partial pivoting (Wilkinson): -1 below the diagonal, 1 on it and in the last column.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A, b = nl.gallery.gfpp(10)
---     local x, info = nl.solve(A, b, {method = "gauss"})
---     assert(info.growth == 2^9)
function nl.gallery.gfpp(n, options) end

---@class nl.GradedOptions: nl.GalleryOptions
---@field range? number a_11 / a_nn up to a small factor, default 1e12

---D R D with R random and strictly dominant, D falling evenly on a logarithmic scale: ill-conditioned by scaling alone.
---@param n integer|nl.GradedOptions
---@param options? nl.GradedOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.graded{n = 20, range = 1e8}
---     assert(A(1, 1) / A(20, 20) > 1e7)
function nl.gallery.graded(n, options) end

---a_ij = 1 / (i + j - 1): symmetric positive definite, condition about e^(3.5 n).
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.hilbert(3)(2, 3) == 1 / 4)
function nl.gallery.hilbert(n, options) end

---The inverse of the Hilbert matrix, whole numbers; exact up to n = 11, rounded beyond.
---Raises where entries leave the range of f64.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.invhilb(2) == nl.tensor{{4, -6}, {-6, 12}})
function nl.gallery.invhilb(n, options) end

---@class nl.KahanOptions: nl.GalleryOptions
---@field theta? number 0 < theta < pi, default 1.2
---@field pert? number multiples of eps added to the diagonal, default 25

---Upper triangular, diagonal s^(i-1), right of it -c s^(i-1), with c, s = cos, sin theta: misleads rank decisions by QR
---with column pivoting. Kahan (1966).
---@param n integer|nl.KahanOptions
---@param options? nl.KahanOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.kahan(4)
---     assert(A(2, 1) == 0 and A(1, 2) == -math.cos(1.2))
function nl.gallery.kahan(n, options) end

---a_ij = min(i, j) / max(i, j): symmetric positive definite, condition between n and 4 n^2.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.lehmer(4)(2, 4) == 0.5)
function nl.gallery.lehmer(n, options) end

---The Hilbert matrix with a first row of ones: unsymmetric, ill-conditioned.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.lotkin(3)(1, 3) == 1 and nl.gallery.lotkin(3)(2, 1) == 0.5)
function nl.gallery.lotkin(n, options) end

---a_ij = min(i, j): symmetric positive definite; its inverse is tridiagonal.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.minij(3) == nl.tensor{{1, 1, 1}, {1, 2, 2}, {1, 2, 3}})
function nl.gallery.minij(n, options) end

---@class nl.MolerOptions: nl.GalleryOptions
---@field alpha? number default -1

---U^T U with U unit upper triangular and alpha right of the diagonal: symmetric positive definite, one small eigenvalue.
---@param n integer|nl.MolerOptions
---@param options? nl.MolerOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.moler(3) == nl.tensor{{1, -1, -1}, {-1, 2, 0}, {-1, 0, 3}})
function nl.gallery.moler(n, options) end

---Five-point differences on n x n points, n >= 2, with Neumann boundaries: singular, constants are its null space.
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Sparse A n^2 x n^2
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.neumann(4)
---     assert((A * nl.ones(16)):abs():max() == 0)
function nl.gallery.neumann(n, options) end

---a_ij = 1 / (i - j + 1/2): most singular values are close to pi. Parter (1986).
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.parter(3)(2, 2) == 2)
function nl.gallery.parter(n, options) end

---@class nl.PeiOptions: nl.GalleryOptions
---@field alpha? number default 1

---alpha I + ones: eigenvalues alpha and alpha + n; close to singular for alpha near 0 or -n. Pei (1962).
---@param n integer|nl.PeiOptions
---@param options? nl.PeiOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.pei{n = 2, alpha = 3} == nl.tensor{{4, 1}, {1, 4}})
function nl.gallery.pei(n, options) end

----u'' on n points by differences, tridiag(-1, 2, -1), not divided by h^2; eigenvalues 2 - 2 cos(k pi / (n + 1)).
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Sparse A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(nl.gallery.poisson1d(4).nnz == 10)
function nl.gallery.poisson1d(n, options) end

---The five-point Laplacian on n x n inner points, not divided by h^2: symmetric positive definite M-matrix.
---Unknown (x, y) is number x + n (y - 1).
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Sparse A n^2 x n^2
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A, b, x_true = nl.gallery.poisson2d(20)
---     assert(#A == 400 and (nl.solve(A, b, {method = "cg"}) - x_true):norm() < 1e-6)
function nl.gallery.poisson2d(n, options) end

---The seven-point Laplacian on n x n x n inner points, not divided by h^2. Unknown (x, y, z) is x + n (y - 1 + n (z - 1)).
---@param n integer|nl.GalleryOptions
---@param options? nl.GalleryOptions
---@return nl.Sparse A n^3 x n^3
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     assert(#nl.gallery.poisson3d(5) == 125)
function nl.gallery.poisson3d(n, options) end

---@class nl.RandsvdOptions: nl.GalleryOptions
---@field cond? number s_1 / s_n, 1 to 1e300, default 1e8
---@field mode? 1|2|3|4|5 default 3: geometric; 1: one large, 2: one small, 4: arithmetic, 5: random logarithms

---U diag(s) V^T with U, V random orthogonal and prescribed singular values, s_1 = 1. n >= 1. Stewart (1980), Higham (1995).
---@param n integer|nl.RandsvdOptions
---@param options? nl.RandsvdOptions
---@return nl.Tensor A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.randsvd{n = 10, cond = 1e4, seed = 1}
---     local U, s = nl.svd(A)
---     if U then assert(math.abs(s(1) / s(10) / 1e4 - 1) < 1e-9) end
function nl.gallery.randsvd(n, options) end

---@class nl.TridiagonalOptions: nl.GalleryOptions
---@field lower? number default -1
---@field diagonal? number default 2
---@field upper? number default -1

---Tridiagonal with constant diagonals; eigenvalues diagonal + 2 sqrt(lower upper) cos(k pi / (n + 1)).
---@param n integer|nl.TridiagonalOptions
---@param options? nl.TridiagonalOptions
---@return nl.Sparse A n x n
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A = nl.gallery.tridiagonal{n = 3, lower = 5, upper = 7}
---     assert(A(2, 1) == 5 and A(2, 2) == 2 and A(2, 3) == 7)
function nl.gallery.tridiagonal(n, options) end

---@class nl.WathenOptions: nl.GalleryOptions
---@field ny? integer default 0: as n

---Mass matrix of n x ny eight-node elements of random density, n >= 1: symmetric positive definite, eigenvalues of
---diag(A)^-1 A in [1/4, 9/2]. Wathen (1987).
---@param n integer|nl.WathenOptions
---@param options? nl.WathenOptions
---@return nl.Sparse A 3 n ny + 2 n + 2 ny + 1
---@return nl.Tensor b
---@return nl.Tensor x_true
--- Example:
---     local A, b, x_true = nl.gallery.wathen(4, {ny = 3})
---     assert(#A == 51 and A.T:dense() == A:dense())
function nl.gallery.wathen(n, options) end

return nl
