---@meta numlab

---@class numlab
local nl = {}

---@alias nl.Method
---| "auto"          # chosen by structure, size and predicted fill; info.reason says why
---| "gauss"         # textbook Gaussian elimination (own)
---| "lu"            # blocked recursive LU with partial pivoting (own)
---| "gauss_seidel"  # x(k+1) = (D + L)^-1 (b - U x(k)) (own)
---| "jacobi"        # x(k+1) = D^-1 (b - (L + U) x(k)) (own)
---| "sor"           # successive over-relaxation with omega (own)
---| "cg"            # conjugate gradients, symmetric positive definite A (own)
---| "bicgstab"      # stabilised bi-conjugate gradients (own)
---| "gmres"         # restarted generalised minimal residuals (own)
---| "lapack"        # gesv of LAPACK (OpenBLAS)
---| "cusolver"      # getrf and getrs of cuSOLVER, dense A on a GPU alone
---| "csparse"       # sparse LU of CSparse (CXSparse)
---| "klu"           # sparse LU for circuits (SuiteSparse)
---| "umfpack"       # multifrontal sparse LU (SuiteSparse)
---| "cholmod"       # sparse Cholesky (SuiteSparse), symmetric positive definite A

---@class nl.SolveOptions
---@field method? nl.Method default "auto"
---@field tol? number iterative methods stop at ||b - A x||_2 <= tol ||b||_2; default 1e-10
---@field max_iter? integer default 10000
---@field x0? nl.Tensor first iterate, shape of b; default zero
---@field pivot? "partial"|"none"|"rook"|"complete" gauss (auto takes it then); default "partial"
---@field scale? "none"|"rows"|"columns"|"both" gauss (auto takes it then): divide by powers of two near the largest entry
---@field omega? number sor, precond "ssor": 0 < omega < 2; default 1.5
---@field sweep? "forward"|"backward"|"symmetric" gauss_seidel, sor; default "forward"
---@field precond? "none"|"jacobi"|"gauss_seidel"|"ssor" cg, bicgstab, gmres (the last two: one symmetric sweep); default "none"
---@field restart? integer gmres: steps between restarts; default 50
---@field refine? boolean lu: iterative refinement until the backward error stops falling
---@field history? boolean keep one residual ratio a sweep in info.history
---@field block? integer lu: columns of a panel; 0 chooses
---@field threads? integer threads for this call only

---@class nl.SolveInfo
---@field method string the method that ran
---@field code string "OK", or the outcome: SINGULAR, ZERO_DIAGONAL, DIVERGED, STAGNATED, NOT_CONVERGED, BREAKDOWN, NOT_POSITIVE_DEFINITE, NONFINITE, UNAVAILABLE, INTERRUPTED
---@field converged boolean
---@field iterations integer sweeps or Krylov steps; 0 for direct methods
---@field seconds number the method alone: no conversion, library loading or residual check
---@field reason? string why it ended so, or why auto chose this method
---@field converted? string "sparse to dense", "rows coloured on the CPU: 2 colours" when A was not used as it came
---@field warning? string beside a returned x, e.g. rcond below eps
---@field relative_residual? number max over right-hand sides of ||b - A x||_2 / ||b||_2
---@field backward_error? number ||b - A x||_inf / (||A||_inf ||x||_inf + ||b||_inf)
---@field error_bound? number on the CPU: rigorous bound of ||x - x*||_inf / ||x||_inf for strictly dominant A (Varah 1975)
---@field history? number[] residual ratio after each sweep
---@field growth? number max |u_ij| over all steps / max |a_ij|
---@field smallest_pivot? number
---@field rcond? number 1-norm reciprocal condition estimate
---@field exchanges? integer
---@field rank? integer rook and complete pivoting: steps done before a zero pivot
---@field nnz_factor? integer stored entries of L + U
---@field refinements? integer
---@field where? integer 1-based row or column the code names
---@field x? nl.Tensor the last iterate of a method that did not get there

---Solve A x = b, dense or sparse, by any method, for one or several right-hand sides.
---
---Misuse (shapes, types, option names) raises. A numerical outcome returns nil, a message and info; both
---residuals are computed after the solve by code that no solver shares.
---
---On a GPU (A, b and x0 on one device: `nl.solve(A:to("cuda"), b:to("cuda"))`) x stays there. "lu" and "cusolver"
---take dense A, "gauss_seidel", "sor", "jacobi" and "cg" (precond "none", "jacobi") sparse A; auto chooses among them,
---every other method raises. Sweeps of gauss_seidel and sor go colour by colour, no row referring to another of its
---colour (info.converted says how many colours): those of A with its rows and columns in that order. "symmetric" gains
---little over "forward" where there are two colours: it relaxes each twice in a row.
---info.seconds is then the device's time from an idle queue to an idle queue; error_bound is not computed.
---@param A nl.Tensor|nl.Sparse (n, n), f64 or f32
---@param b nl.Tensor (n) or (n, k), the type of A
---@param opts? nl.SolveOptions
---@return nl.Tensor|nil x shape of b
---@return nl.SolveInfo|string info or the message of the outcome
---@return nl.SolveInfo|nil info when x is nil
--- Example:
---     local A = nl.tensor{{4, 1}, {2, 3}}
---     local x, info = nl.solve(A, nl.tensor{1, 2}, {method = "gauss"})
---     assert(math.abs(x(1) - 0.1) < 1e-15 and math.abs(x(2) - 0.6) < 1e-15)
---     assert(info.code == "OK" and info.backward_error < 1e-15)
---     local none, message, why = nl.solve(nl.zeros(2, 2), nl.ones(2), {method = "gauss"})
---     assert(none == nil and why.code == "SINGULAR" and why.where == 1)
function nl.solve(A, b, opts) end

---Names of the methods nl.solve knows, "auto" first.
---@return string[]
--- Example:
---     assert(nl.solve_methods()[1] == "auto")
function nl.solve_methods() end

return nl
