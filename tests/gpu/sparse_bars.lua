-- Sparse matrices on a GPU, measured: bandwidth of S x, of a multicolour sweep and of a residual check, and times to a
-- tolerance beside the CPU's.
--   build/numlab run tests/gpu/sparse_bars.lua [quick=true]
-- Bytes are those that must move (gpu/sparse.cu): 12 an entry and 8 a row, X, Y and B once. The share is of what a copy
-- of 512 MiB reaches in this run.
local nl = require "numlab"
local args = nl.args{ quick = false }

if not nl.devices()[2] then
  print("no GPU: " .. select(2, nl.devices()))
  return
end
local DEVICE, REPEATS = "cuda", 7

-- Median of the device's seconds for one of `count` calls in a row.
local function seconds_of(count, call)
  local times = {}
  call()
  for i = 1, REPEATS do
    times[i] = nl.device_time(function() for _ = 1, count do call() end end, DEVICE) / count
  end
  table.sort(times)
  return times[(REPEATS + 1) // 2]
end

local big = nl.ones(1 << 26, { device = DEVICE })
local roof = 2 * 8 * (1 << 26) / seconds_of(10, function() big:clone():close() end)
big:close()
print(("%s: a copy moves %.0f GB/s"):format(nl.device(DEVICE).name, roof / 1e9))

local function line(what, bytes, seconds, more)
  print(("  %-26s %9.1f us  %7.0f GB/s  %3.0f %%%s"):format(what, 1e6 * seconds, bytes / seconds / 1e9,
    100 * bytes / seconds / roof, more or ""))
end

-- Seconds a sweep of this kind with its check, and info. Fewer than 30 sweeps, after which the rule might look for the
-- rounding floor, on the CPU.
local function sweeping(T, b, method, sweep)
  local best, info = math.huge, nil
  for _ = 1, 3 do
    local _, message, why = nl.solve(T, b, { method = method, sweep = sweep, tol = 0, max_iter = 25 })
    info = why or message
    best = math.min(best, info.seconds / info.iterations)
  end
  return best, info
end

local function bandwidth(name, S)
  local n, T = #S, S:to(DEVICE)
  local matrix = 12 * S.nnz + 8 * (n + 1)
  print(("%s: n = %d, %.1f entries a row, %.0f MB"):format(name, n, S.nnz / n, matrix / 1e6))
  for _, k in ipairs{ 1, 4, 32 } do
    if 8 * n * k < 2 << 30 then
      local x = k == 1 and nl.ones(n, { device = DEVICE }) or nl.ones(n, k, { device = DEVICE })
      line(("S x, k = %d"):format(k), matrix + 16 * n * k, seconds_of(20, function() (T * x):close() end))
      x:close()
    end
  end
  local b = nl.ones(n, { device = DEVICE })
  local forward, info = sweeping(T, b, "gauss_seidel", "forward")
  local both = sweeping(T, b, "gauss_seidel", "symmetric")
  local sweep = both - forward -- a symmetric sweep is two, with one check
  line("a sweep", matrix + 24 * n, sweep, "  " .. tostring(info.converted):match("%d+ colours?"))
  line("its check, R and ||R||", matrix + 48 * n, forward - sweep)
  line("a Jacobi sweep with check", matrix + 96 * n, (sweeping(T, b, "jacobi")))
  T:close() b:close()
end

local function to_tolerance(name, S, o)
  local x = nl.randn(#S, { seed = 1 })
  local b = S * x
  local T, c = S:to(DEVICE), b:to(DEVICE)
  local function run(A, rhs)
    local start = nl.clock()
    local y, info = nl.solve(A, rhs, o)
    local wall = nl.clock() - start
    if not y then return nil, info end
    return { seconds = info.seconds, wall = wall, sweeps = info.iterations, why = info.converted or "",
             error = (y:to("cpu") - x):norm() / x:norm() }
  end
  local gpu, why = run(T, c)
  local cpu = gpu and run(S, b)
  if not cpu then
    print(("  %s, %s: %s"):format(name, o.method, why or "not on the CPU"))
    return
  end
  local row = "  %-10s %-12s GPU %6d sweeps %8.3f s (in all %.3f), error %.1e   CPU %6d sweeps %8.3f s, error %.1e"
    .. "  %.1f x  %s"
  print(row:format(name, o.method, gpu.sweeps, gpu.seconds, gpu.wall, gpu.error, cpu.sweeps, cpu.seconds, cpu.error,
    cpu.seconds / gpu.seconds, gpu.why))
end

local side = args.quick and 300 or 2000
bandwidth("poisson2d", (nl.gallery.poisson2d(side)))
bandwidth("poisson3d", (nl.gallery.poisson3d(args.quick and 40 or 159)))
local n = args.quick and 1e5 or 1e6
bandwidth("dominant, 20 a row", (nl.gallery.dominant{ n = n, density = 19 / n, seed = 1 }))
n = args.quick and 5000 or 50000
bandwidth("dominant, 400 a row", (nl.gallery.dominant{ n = n, density = 400 / n, seed = 2 }))

print(("to a tolerance, CPU with %d threads:"):format(nl.threads()))
local m = args.quick and 100 or 500
local S = (nl.gallery.poisson2d(m))
to_tolerance("poisson2d", S, { method = "sor", omega = 2 / (1 + math.sin(math.pi / (m + 1))), tol = 1e-8 })
to_tolerance("poisson2d", S, { method = "cg", tol = 1e-8 })
to_tolerance("poisson2d", S, { method = "gauss_seidel", tol = args.quick and 1e-3 or 1e-2 })
S = (nl.gallery.dominant{ n = n, density = 400 / n, seed = 3, ratio = 1.01, sign = "negative" })
to_tolerance("M-matrix", S, { method = "gauss_seidel" })
to_tolerance("M-matrix", S, { method = "jacobi" })
