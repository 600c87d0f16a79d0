--- The kernels of both tasks that stand under the roof: for each the FLOPs it does, the bytes it must move, and how it is run.
---
---   local work = kernels.work{ n = 512, density = 0.05, heads = 8, head_dim = 64, threads = 2, seed = 1 }
---   local row = kernels.run("gemm f64", work)      -- {seconds, flops, bytes, held, dtype}
---
--- bytes: every operand read once and every result written once, in the nearest memory that holds them; what a kernel moves
--- beyond that is its own business and lowers its share. `held` is what it works on at a time. A multiplication and an
--- addition are a FLOP each; so is one comparison, division or exponential.
---@internal of the experiment machine_roofline
local nl = require "numlab"
local roofline = require "numlab.roofline"
local findings = require "numlab.task2_findings"

local M = {}

local SWEEPS = 20

-- CSR (engine/include/numlab/sparse.h): values in 8 bytes and columns in 4 an entry, starts of rows in 8.
local function csr(n, nnz) return 12 * nnz + 8 * (n + 1) end

-- Attention of one head, Nq = Nk = n: FLOPs of the matrix products (Dao et al., NeurIPS 2022, count these alone), numbers
-- moved, numbers held. Forward S = Q K', O = P V: 4 n^2 D. Moved: Q, K, V, O and lse; standard also writes and reads S, and P.
-- Backward: 4, 5 or 7 products (task2_findings.backward_ratio). Moved: Q, K, V, O, dO, lse, dQ, dK, dV; standard also reads P
-- twice, writes and reads dP, writes dS and reads it twice (formulas: engine/attention/standard_tmpl.c).
local function attention(impl, pass, w)
  local n, d, whole = w.n, w.head_dim, impl == "standard" and w.n ^ 2 or 0
  local heads, working = w.heads, math.min(w.threads, w.heads)
  local row = { impl = impl, dtype = "f32", batch = 1, heads = heads }
  if pass == "forward" then
    return heads * 4 * n ^ 2 * d, heads * 4 * (4 * n * d + n + 4 * whole), working * 4 * (4 * n * d + 2 * whole)
  end
  return heads * 4 * n ^ 2 * d * findings.backward_ratio(row), heads * 4 * (8 * n * d + n + 7 * whole),
    working * 4 * (8 * n * d + 2 * whole)
end

-- What kernels work on, made when first asked for.
local MAKE = {
  A = function(w) return nl.randn(w.n, w.n, { seed = w.seed }) end,
  B = function(w) return nl.randn(w.n, w.n, { seed = w.seed + 6 }) end,
  A32 = function(w) return w.A:to("f32") end,
  B32 = function(w) return w.B:to("f32") end,
  x = function(w) return nl.randn(w.n, { seed = w.seed + 1 }) end,
  system = function(w)
    local A, b = nl.gallery.dominant{ n = w.n, density = w.density, sign = "negative", ratio = 1.01, seed = w.seed }
    return { A = A, b = b }
  end,
}
for i, name in ipairs{ "q", "k", "v", "dout" } do
  MAKE[name] = function(w) return nl.randn(1, w.heads, w.n, w.head_dim, { seed = w.seed + 1 + i, dtype = "f32" }) end
end

local function need(first, message, ...)
  if not first then error(message, 0) end -- interrupted, or no memory
  return first, message, ...
end

local function drop(...)
  for _, t in ipairs{ ... } do t:close() end
end

local function solve(method)
  return function(w)
    local x, info = need(nl.solve(w.A, w.x, { method = method }))
    x:close()
    return info.seconds
  end
end

--- name -> {dtype, count(work) -> flops, bytes, held (bytes unless given), run(work) -> its own seconds or nothing}
M.KERNELS = {
  -- y = A x: n^2 multiplications and additions; A, x, y.
  matvec = { dtype = "f64", count = function(w) return 2 * w.n ^ 2, 8 * (w.n ^ 2 + 2 * w.n) end,
    run = function(w) drop(w.A * w.x) end },
  -- y = S x: 2 FLOPs an entry; S, x, y.
  ["sparse matvec"] = { dtype = "f64", count = function(w)
    return 2 * w.system.A.nnz, csr(w.n, w.system.A.nnz) + 16 * w.n
  end, run = function(w) drop(w.system.A * w.system.b) end },
  -- k sweeps and k + 1 residuals (before each and after the last). A sweep x_i = (b_i - sum_{j != i} a_ij x_j) / a_ii: 2 FLOPs
  -- an entry; S, the diagonal and its places, b, x read and written. A residual b - S x: as many, and 2 n for its norm; S, x,
  -- b, r.
  gauss_seidel = { dtype = "f64", count = function(w)
    local n, nnz, k = w.n, w.system.A.nnz, SWEEPS
    return k * 2 * nnz + (k + 1) * (2 * nnz + 2 * n), k * (csr(n, nnz) + 40 * n) + (k + 1) * (csr(n, nnz) + 24 * n),
      csr(n, nnz) + 48 * n
  end, run = function(w)
    local x, message, facts = nl.solve(w.system.A, w.system.b, { method = "gauss_seidel", tol = 1e-15, max_iter = SWEEPS })
    if x or facts.code ~= "NOT_CONVERGED" then error(message or "gauss_seidel converged", 0) end
    return facts.seconds
  end },
  -- C = A B: 2 n^3; three matrices.
  ["gemm f64"] = { dtype = "f64", count = function(w) return 2 * w.n ^ 3, 24 * w.n ^ 2 end,
    run = function(w) drop(w.A * w.B) end },
  ["gemm f32"] = { dtype = "f32", count = function(w) return 2 * w.n ^ 3, 12 * w.n ^ 2 end,
    run = function(w) drop(w.A32 * w.B32) end },
  -- Softmax of rows: maximum, difference, exponential, sum, division, 5 a number; read and written.
  softmax = { dtype = "f32", count = function(w) return 5 * w.n ^ 2, 8 * w.n ^ 2 end,
    run = function(w) drop(w.A32:softmax(2)) end },
}
for _, method in ipairs{ "lu", "lapack" } do
  -- P A = L U: sum_k (n-k) + 2 (n-k)^2 (Golub & Van Loan, 4th ed., 3.2); both triangles solved: 2 n^2. A read, the factor
  -- written, b, x.
  M.KERNELS[method] = { dtype = "f64", count = function(w)
    local n = w.n
    return n * (n - 1) / 2 + n * (n - 1) * (2 * n - 1) / 3 + 2 * n ^ 2, 16 * n ^ 2 + 16 * n
  end, run = solve(method) }
end
for _, impl in ipairs{ "standard", "tiled", "flash" } do
  MAKE[impl] = function(w) return { need(nl.attention(w.q, w.k, w.v, { impl = impl })) } end
  M.KERNELS[impl .. " forward"] = { dtype = "f32", count = function(w) return attention(impl, "forward", w) end,
    run = function(w)
      local out, aux = need(nl.attention(w.q, w.k, w.v, { impl = impl }))
      drop(out, aux.lse, aux.p)
    end }
  M.KERNELS[impl .. " backward"] = { dtype = "f32", count = function(w) return attention(impl, "backward", w) end,
    run = function(w)
      local dq, dk, dv = need(nl.attention_backward(w.dout, w.q, w.k, w.v, w[impl][1], w[impl][2]))
      drop(dq, dk, dv)
    end }
end

--- Their names, task 1 first.
M.NAMES = { "matvec", "sparse matvec", "gauss_seidel", "lu", "lapack", "gemm f64", "gemm f32", "softmax", "standard forward",
  "tiled forward", "flash forward", "standard backward", "tiled backward", "flash backward" }

--- What all kernels of one size work on.
---@param sizes table  n, density, heads, head_dim, threads, seed
---@return table work
function M.work(sizes)
  local work = {}
  for key, value in pairs(sizes) do work[key] = value end
  return setmetatable(work, { __index = function(w, key)
    local made = MAKE[key] and MAKE[key](w)
    rawset(w, key, made)
    return made
  end })
end

--- FLOPs and bytes of a kernel.
---@return number flops
---@return number bytes
---@return number held
function M.count(name, work)
  local flops, bytes, held = M.KERNELS[name].count(work)
  return flops, bytes, held or bytes
end

--- Run a kernel for a few milliseconds.
---@param name string
---@param work table
---@param options table?  {least =, clock =} of roofline.timed
---@return table row  {seconds (of one call), flops, bytes, held, dtype}
function M.run(name, work, options)
  local kernel, row = M.KERNELS[name], {}
  row.flops, row.bytes, row.held = M.count(name, work)
  row.dtype, row.seconds = kernel.dtype, roofline.timed(function() return kernel.run(work) end, options)
  return row
end

return M
