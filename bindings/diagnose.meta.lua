---@meta numlab

---@class numlab
local nl = {}

---@class nl.DominanceFacts
---@field kind "strict"|"weak"|"none"
---@field strict integer rows (columns) with |a_ii| > sum of the others
---@field ratio number least |a_ii| / sum of the others
---@field worst integer row (column) of that ratio

---@class nl.IterationFacts
---@field radius number spectral radius of the iteration matrix; nan when not computed
---@field error number its estimated absolute error
---@field reliable boolean error within 0.5 % of the radius and 5 % of |1 - radius|
---@field oscillates boolean the dominant eigenvalue is negative or one of a complex pair
---@field products integer applications of the iteration matrix
---@field sweeps number predicted for the factor tol
---@field converges boolean? nil: undecided
---@field reason string the theorem or number behind it

---@class nl.DiagnoseOptions
---@field omega? number of SOR, default 1.5
---@field tol? number the factor that sweeps are predicted for, default 1e-10
---@field seed? integer of the start of Arnoldi's method, default 1
---@field spectral? boolean compute radii, default true

---Say why Jacobi, Gauss-Seidel and SOR converge on A or not, how fast, and how far off a solution can be.
---Radii: Arnoldi with thick restarts (Stewart 2001). Bounds: Varah 1975. omega_best: Young 1971.
---@param A nl.Tensor|nl.Sparse n x n; other shapes get structure only
---@param opts? nl.DiagnoseOptions
---@return table? facts rows cols nnz density symmetric positive_diagonal z_matrix lower_bandwidth upper_bandwidth by_rows by_columns chained levels consistently_ordered zero_diagonal norm_inf norm_1 inverse_bound condition_bound contraction jacobi gauss_seidel sor omega omega_best
---@return string? message of an outcome: NONFINITE, INTERRUPTED
---@return table? info code
--- Example:
---     local d = nl.diagnose(nl.tensor({{4, 1}, {2, 5}}))
---     assert(d.by_rows.kind == "strict" and d.gauss_seidel.converges)
---     assert(math.abs(d.gauss_seidel.radius - 0.1) < 1e-12)
function nl.diagnose(A, opts) end

return nl
