-- Does Gauss-Seidel converge as fast as the spectral radius says?
--
--   numlab run tests/slow/gauss_seidel_rates.lua [ratio=1.01] [seed=1] [n=2000]
--
-- Nine dominant systems (n x density) for each sign of the off-diagonal entries. Each must reach 1e-10 or say why
-- not; where at least 50 sweeps ran, the geometric mean of the last 20 factors lies within 2 % of the radius that
-- nl.diagnose predicts. Prints one Markdown row a system; exits 1 when any of that fails.
--
-- "limit" is what the radius tends to as rows fill, by theory that shares nothing with the engine. Replace row sums
-- by integrals over 0..1 and G u = lambda u reads
--   -c (lambda int_0^x u + int_x^1 u) = lambda u,  c = s / ratio, s = +1 (positive), -1 (negative)
-- so lambda = exp(-c (1 - 1 / lambda)), lambda != 1. With mixed signs the same holds for the variances: |lambda|^2
-- in place of lambda, and for -c the variance of a row of J, (1/3) m / (ratio m / 2)^2 with m entries a row.
local nl = require "numlab"
local args = nl.args { ratio = 1.01, seed = 1, n = 2000 }

local SWEEPS, SPAN = 50, 20

local function observed(history)
  local last = #history
  return (history[last] / history[last - SPAN]) ^ (1 / SPAN)
end

-- The root q < 1 of q = exp(c (1 - 1/q)), 0 < c < 1: by bisection, log q - c (1 - 1/q) < 0 between it and 1.
local function real_root(c)
  local low, high = 1e-300, c
  for _ = 1, 200 do
    local q = (low + high) / 2
    if math.log(q) - c * (1 - 1 / q) > 0 then low = q else high = q end
  end
  return high
end

-- |lambda| of lambda = exp(-c (1 - 1/lambda)): with w = c / lambda, w + log w = log c + c + 2 pi i.
local function complex_root(c)
  local re, im = 1, 2 * math.pi
  for _ = 1, 100 do
    re, im = math.log(c) + c - math.log(re * re + im * im) / 2, 2 * math.pi - math.atan(im, re)
  end
  return c / math.sqrt(re * re + im * im)
end

local function limit(n, density, sign)
  if sign == "positive" then return complex_root(1 / args.ratio) end
  if sign == "negative" then return real_root(1 / args.ratio) end
  local m = density * (n - 1)
  return math.sqrt(real_root(4 / (3 * m * args.ratio ^ 2)))
end

local function row(n, density, sign)
  local A, b, x_true = nl.gallery.dominant { n = n, density = density, sign = sign, ratio = args.ratio,
    seed = args.seed }
  local start = nl.clock()
  local d = nl.diagnose(A)
  local seconds = nl.clock() - start
  local x, info, outcome = nl.solve(A, b, { method = "gauss_seidel", history = true })
  if not x then info = outcome end
  local expected = density * n >= 25 and ("%.6f"):format(limit(n, density, sign)) or ""
  local bad = info.code ~= "OK" and "no: " .. info.reason or nil
  local rate, off = "", ""
  if info.iterations >= SWEEPS then
    local seen = observed(info.history)
    local deviation = seen / d.gauss_seidel.radius - 1
    rate, off = ("%.6f"):format(seen), ("%+.3f %%"):format(100 * deviation)
    local near = math.abs(deviation) <= 0.02 -- false for nan
    if not near then bad = "rate off by more than 2 %" end
  end
  local err = x and ("%.1e"):format((x - x_true):norm() / x_true:norm()) or ""
  print(("| %s | %d | %g | %d | %.0f | %.6f | %s | %s | %s | %s | %.0f ms | %s |"):format(sign, n, density,
    info.iterations, d.gauss_seidel.sweeps, d.gauss_seidel.radius, expected, rate, off, err,
    1e3 * seconds, bad or "yes"))
  return not bad
end

print("| sign | n | density | sweeps | predicted | radius | limit | observed rate | off by | rel. error | diagnose | "
  .. "holds |\n| --- |" .. (" ---: |"):rep(10) .. " --- |")
local failed = 0
for _, sign in ipairs { "mixed", "negative", "positive" } do
  for _, n in ipairs { 100, 500, 2000 } do
    for _, density in ipairs { 0.01, 0.05, 0.1 } do
      if n <= args.n and not row(n, density, sign) then failed = failed + 1 end
    end
  end
end
print(failed == 0 and "all hold" or failed .. " fail")
os.exit(failed == 0 and 0 or 1, true)
