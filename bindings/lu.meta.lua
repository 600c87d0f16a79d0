---@meta numlab

---@class numlab
local nl = {}

---A dense factor P A = L U that solves again and again.
---@class nl.LU
---@field L nl.Tensor (n, n) unit lower triangular; a new tensor each time
---@field U nl.Tensor (n, n) upper triangular; a new tensor each time
---@field p nl.Tensor (n) i64: row i of P A is row p(i) of A
---@field info {code: string, growth: number, smallest_pivot: number, exchanges: integer, rcond: number, where: integer?}
local LU = {}

---@class nl.LUOptions
---@field block? integer columns of a panel; 0, the default, chooses

---Factor a square matrix: blocked recursive LU with partial pivoting (Toledo 1997; Golub and Van Loan, 3.2 to 3.4).
---
---A factor is made even when a pivot is exactly zero: info.code says SINGULAR, info.where the column, and F:solve
---returns nil. A sparse A is converted. Raises when A is not square or not f64 or f32.
---The factor lies on the device of A, and so do L, U, p and every b and x; a sparse A must be on the CPU.
---@param A nl.Tensor|nl.Sparse (n, n)
---@param opts? nl.LUOptions
---@return nl.LU F
--- Example:
---     local A = nl.tensor{{0, 2}, {3, 1}}
---     local F = nl.lu(A)
---     assert(nl.allclose(F.L * F.U, nl.tensor{{3, 1}, {0, 2}}))
---     assert(F.p(1) == 2 and F.info.exchanges == 1)
function nl.lu(A, opts) end

---Solve A x = b with the factor.
---@param b nl.Tensor (n) or (n, k), the type of A
---@return nl.Tensor|nil x shape of b; nil, message, {code = "SINGULAR", where = column} when a pivot is zero
---@return string? message
---@return table? info
--- Example:
---     local F = nl.lu(nl.tensor{{2, 0}, {0, 4}})
---     assert(F:solve(nl.tensor{2, 2})(2) == 0.5)
---     assert(nl.allclose(F:solve(nl.eye(2)), nl.tensor{{0.5, 0}, {0, 0.25}}))
function LU:solve(b) end

---Give the memory back now; using the factor afterwards raises.
--- Example:
---     local F = nl.lu(nl.eye(2))
---     F:close()
---     assert(not pcall(F.solve, F, nl.ones(2)))
function LU:close() end

return nl
