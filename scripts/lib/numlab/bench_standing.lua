--- Where numlab stands, for `numlab bench`: kernels of both tasks under the roof of this machine, and in turns with what they
--- can be held against: the borrowed libraries that are here, else the textbook way of the same.
---
--- A row has roofline.COLUMNS, and beside (who), beside_seconds, ratio = beside_seconds / seconds: above 1 numlab is faster.
---@internal of numlab bench
local nl = require "numlab"
local bench = require "numlab.bench"
local gpu = require "numlab.task2_gpu"
local kernels = require "numlab.roofline_kernels"
local roofline = require "numlab.roofline"

local M = {}

local SEED = 1
local SLOW = 0.3 -- seconds of turns after which a contestant has enough

-- A kernel as a contestant: its own seconds, whatever was set up.
local function kernel(name, work)
  return function() return { seconds = kernels.run(name, work).seconds } end
end

-- The borrowed product: its first call says whether it is there.
local function blas(A, B)
  return function()
    local C, message, info = nl.blas_matmul(A, B)
    if not C then return nil, message, info end
    C:close()
    return { seconds = roofline.timed(function() nl.blas_matmul(A, B):close() end) }
  end
end

local function lapack(work)
  return function()
    local x, message, info = nl.solve(work.A, work.x, { method = "lapack" })
    if not x then return nil, message, info end
    x:close()
    return { seconds = kernels.run("lapack", work).seconds }
  end
end

-- Numbers a second; integer arithmetic, so no roof says how many there could be.
local function draws(what, n)
  return { kernel = what, n = n, dtype = "f64", unit = "/s", flops = n,
    run = function() return { seconds = roofline.timed(function() nl[what](n, { seed = SEED }):close() end) } end }
end

-- What is measured on the CPU with so many threads.
local function cases(o, threads, mesh)
  local work = kernels.work{ n = o.n, density = 0.05, heads = 8, head_dim = 64, threads = threads, seed = SEED }
  local sparse = kernels.work{ n = mesh.n, threads = threads, seed = SEED }
  sparse.system = mesh.system
  local function case(says, name, of, beside, run)
    local flops, bytes, held = kernels.count(name, of)
    return { kernel = says, n = of.n, dtype = kernels.KERNELS[name].dtype, flops = flops, bytes = bytes, held = held,
      run = kernel(name, of), beside = beside, beside_run = run }
  end
  return { case("product, f64", "gemm f64", work, "OpenBLAS dgemm", blas(work.A, work.B)),
    case("product, f32", "gemm f32", work, "OpenBLAS sgemm", blas(work.A32, work.B32)),
    case("lu", "lu", work, "OpenBLAS dgesv", lapack(work)),
    case("matrix * x", "matvec", work),
    case("sparse * x", "sparse matvec", sparse),
    case("gauss_seidel", "gauss_seidel", sparse),
    case("flash forward", "flash forward", work, "own standard", kernel("standard forward", work)),
    case("flash backward", "flash backward", work, "own standard", kernel("standard backward", work)),
    draws("rand", o.numbers), draws("randn", o.numbers) }
end

-- One case in turns with what it is held against, placed under the roof.
local function measure(case, roof, repeats)
  local contestants = { { name = "numlab", run = case.run } }
  if case.beside_run then contestants[2] = { name = case.beside, run = case.beside_run } end
  local own, other = table.unpack(bench.compare{ contestants = contestants, repeats = repeats, slow = SLOW })
  local row = { kernel = case.kernel, n = case.n, threads = roof.threads, dtype = case.dtype, flops = case.flops,
    bytes = case.bytes, held = case.held, unit = case.unit or "FLOP/s", beside = case.beside, code = "OK" }
  if own.failed then
    row.code, row.message = own.info and own.info.code or "ERROR", own.message
    return row
  end
  row.seconds, row.seconds_iqr, row.repeats = own.seconds, own.seconds_iqr, own.repeats
  row.rate = row.flops / row.seconds
  if row.bytes and roof.compute[row.dtype] and roof.bandwidth[1] then roofline.place(row, roof) end
  if other and other.failed then
    row.beside_message = other.message
  elseif other then
    row.beside_seconds, row.ratio = other.seconds, other.seconds / own.seconds
  end
  return row
end

--- Kernels on the CPU at each number of threads. The sparse ones work on the five-point Laplacian of a square mesh.
---@param o table  {n = of dense matrices and of queries, mesh = points a side, numbers = random ones, repeats, threads = list}
---@param roofs table<integer, table>
---@param tell fun(what: string)
---@return table[] rows
function M.cpu(o, roofs, tell)
  local A <close> = nl.gallery.poisson2d(o.mesh)
  local b <close> = A * nl.ones(o.mesh ^ 2 // 1)
  local mesh, rows, before = { n = o.mesh ^ 2 // 1, system = { A = A, b = b } }, {}, nl.threads()
  for _, threads in ipairs(o.threads) do
    nl.threads(threads)
    for _, case in ipairs(cases(o, threads, mesh)) do
      tell(("%s, %d thread%s"):format(case.kernel, threads, threads == 1 and "" or "s"))
      rows[#rows + 1] = measure(case, roofs[threads], o.repeats)
    end
  end
  nl.threads(before)
  return rows
end

-- Attention of B = 1 on a GPU, forward, in two ways; operands are made when first asked for.
local function attention(o, device, dtype, counts)
  local heads, dim, operands = 16, 64, nil
  local function way(impl)
    return function()
      if not operands then
        operands = {}
        for i = 1, 3 do
          operands[i] = nl.randn(1, heads, o.n, dim, { seed = SEED + i, dtype = dtype, device = device })
        end
      end
      local q, k, v = table.unpack(operands)
      return { seconds = gpu.seconds(counts, dtype .. impl, device, function()
        local out, aux = gpu.need(nl.attention(q, k, v, { impl = impl }))
        gpu.drop(aux, out)
      end) }
    end
  end
  local size = dtype == "f32" and 4 or 2
  return { kernel = "flash " .. dtype, n = o.n, dtype = dtype, flops = heads * 4 * o.n ^ 2 * dim,
    bytes = heads * (4 * size * o.n * dim + 4 * o.n), run = way "flash", beside = "own standard", beside_run = way "standard" }
end

-- A pass over many numbers on a GPU: FLOPs and bytes of each.
local function pass(o, device, counts, says, flops, bytes, call, unit)
  local x
  return { kernel = says, n = o.numbers, dtype = "f32", unit = unit, flops = flops * o.numbers, bytes = bytes * o.numbers,
    run = function()
      x = x or nl.full({ o.numbers // 1024, 1024 }, 0.5, { dtype = "f32", device = device })
      return { seconds = gpu.seconds(counts, says, device, function() call(x):close() end) }
    end }
end

--- Kernels on a GPU, by its own clock.
---@param o table  {n = queries and keys, numbers, repeats}
---@param device string
---@param roof table
---@param tell fun(what: string)
---@return table[] rows
function M.gpu(o, device, roof, tell)
  local counts, list = {}, {}
  for _, dtype in ipairs{ "bf16", "f16", "f32" } do list[#list + 1] = attention(o, device, dtype, counts) end
  list[#list + 1] = pass(o, device, counts, "softmax", 5, 8, function(x) return x:softmax(2) end)
  list[#list + 1] = pass(o, device, counts, "exp", 1, 8, function(x) return x:exp() end)
  list[#list + 1] = pass(o, device, counts, "randn", 1, 4, function()
    return nl.randn(o.numbers, { seed = SEED, dtype = "f32", device = device })
  end, "/s")
  local rows = {}
  for i, case in ipairs(list) do
    tell(case.kernel)
    case.held = case.bytes -- all of it in memory
    rows[i] = measure(case, roof, o.repeats)
    list[i] = nil -- its operands may go
  end
  return rows
end

return M
