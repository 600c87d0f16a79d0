--- Statistics of measurements. Every function takes a list of numbers and raises on an empty one.
---
--- Quantiles are Hyndman and Fan's type 7 (linear between order statistics; R's and NumPy's default): with the
--- values sorted, quantile p lies at position 1 + (n-1) p.
--- Example:
---     local stats, v = require "numlab.stats", {1, 2, 4, 8, 16}
---     assert(stats.median(v) == 4 and stats.mean(v) == 6.2 and stats.iqr(v) == 6 and stats.mad(v) == 3)
---     assert(stats.quantile(v, 0.25) == 2 and math.abs(stats.geometric_mean(v) - 4) < 1e-12)
---     assert(math.abs(stats.power_fit({1, 2, 4}, {3, 12, 48}).exponent - 2) < 1e-12)
local expect = require "numlab.expect"
local M = {}

local function check(name, values)
  if type(values) ~= "table" then
    expect.fail(("stats.%s: expected a list of numbers, got %s%s"):format(name, expect.got(values),
      type(values) == "userdata" and "; t:totable() makes one" or ""))
  end
  if #values == 0 then expect.fail(("stats.%s: the list is empty"):format(name)) end
  for i, v in ipairs(values) do
    if type(v) ~= "number" then
      expect.fail(("stats.%s: value %d is a %s, expected a number"):format(name, i, expect.type_of(v)))
    end
    if v ~= v then expect.fail(("stats.%s: value %d is nan"):format(name, i)) end
  end
end

local function sorted(values)
  local s = table.move(values, 1, #values, 1, {})
  table.sort(s)
  return s
end

local function at(s, p)
  local h = 1 + (#s - 1) * p
  local k = math.floor(h)
  if k >= #s then return s[#s] end
  if s[k] == s[k + 1] then return s[k] end -- also equal infinities, whose difference is nan
  return s[k] + (h - k) * (s[k + 1] - s[k])
end

--- Arithmetic mean.
---@param values number[]
---@return number
function M.mean(values)
  check("mean", values)
  local sum = 0.0
  for _, v in ipairs(values) do sum = sum + v end
  return sum / #values
end

--- Sample standard deviation (divisor n-1); 0 for one value.
---@param values number[]
---@return number
--- Example:
---     assert(nl.stats.sd{1, 3} == math.sqrt(2) and nl.stats.sd{7} == 0)
function M.sd(values)
  check("sd", values)
  if #values == 1 then return 0.0 end
  local mean, sum = M.mean(values), 0.0
  for _, v in ipairs(values) do sum = sum + (v - mean) ^ 2 end
  return math.sqrt(sum / (#values - 1))
end

--- Quantile p in [0, 1], type 7.
---@param values number[]
---@param p number
---@return number
function M.quantile(values, p)
  check("quantile", values)
  if type(p) ~= "number" or not (p >= 0 and p <= 1) then
    expect.fail(("stats.quantile: p must lie in [0, 1], got %s"):format(tostring(p)))
  end
  return at(sorted(values), p)
end

--- The middle value; the mean of the two middle ones for an even count.
---@param values number[]
---@return number
function M.median(values)
  check("median", values)
  return at(sorted(values), 0.5)
end

--- Interquartile range: quantile 0.75 minus quantile 0.25.
---@param values number[]
---@return number
function M.iqr(values)
  check("iqr", values)
  local s = sorted(values)
  return at(s, 0.75) - at(s, 0.25)
end

--- Median of the absolute deviations from the median; times 1.4826 it estimates a normal law's deviation.
---@param values number[]
---@return number
function M.mad(values)
  check("mad", values)
  local middle, away = at(sorted(values), 0.5), {}
  for i, v in ipairs(values) do away[i] = math.abs(v - middle) end
  return M.median(away)
end

--- exp(mean(log v)); all values must be positive.
---@param values number[]
---@return number
function M.geometric_mean(values)
  check("geometric_mean", values)
  local sum = 0.0
  for i, v in ipairs(values) do
    if not (v > 0) then expect.fail(("stats.geometric_mean: value %d is %s, not positive"):format(i, tostring(v))) end
    sum = sum + math.log(v)
  end
  return math.exp(sum / #values)
end

--- Confidence interval of the median from ranks: the order statistics k and n+1-k with the largest k for which
--- the binomial law B(n, 1/2) leaves at most 1-level outside. No assumption on the law of the values.
---@param values number[]
---@param level number?  0.95
---@return number low
---@return number high
---@return number coverage  coverage below level means: too few values for that level
--- Example:
---     local low, high, coverage = nl.stats.median_interval{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
---     assert(low < 5.5 and high > 5.5 and coverage >= 0.95)
function M.median_interval(values, level)
  check("median_interval", values)
  level = level or 0.95
  expect("stats.median_interval", "level", level, "number")
  if not (level > 0 and level < 1) then expect.fail("stats.median_interval: level must lie between 0 and 1") end
  local s, n = sorted(values), #values
  -- P(B(n, 1/2) <= k-1), summed in logarithms so that large n does not underflow
  local log_term, tail, k = -n * math.log(2), 0.0, 1
  local coverage = 1 - 2 * math.exp(log_term)
  while true do
    tail = tail + math.exp(log_term)
    if k > n // 2 or 1 - 2 * tail < level then break end
    coverage = 1 - 2 * tail
    k = k + 1
    log_term = log_term + math.log((n - k + 2) / (k - 1))
  end
  k = math.max(1, k - 1)
  return s[k], s[n + 1 - k], coverage
end

--- Least-squares line y = intercept + slope x.
---@param x number[]
---@param y number[]
---@return table fit  {slope, intercept, slope_error (standard error; nan below 3 points), r2, n}
--- Example:
---     local line = nl.stats.fit({0, 1, 2}, {1, 3, 5})
---     assert(math.abs(line.slope - 2) < 1e-12 and math.abs(line.intercept - 1) < 1e-12)
function M.fit(x, y)
  check("fit", x)
  check("fit", y)
  if #x ~= #y then expect.fail(("stats.fit: %d values of x and %d of y"):format(#x, #y)) end
  local n, mx, my = #x, M.mean(x), M.mean(y)
  local sxx, sxy, syy = 0.0, 0.0, 0.0
  for i = 1, n do
    local dx, dy = x[i] - mx, y[i] - my
    sxx, sxy, syy = sxx + dx * dx, sxy + dx * dy, syy + dy * dy
  end
  if n < 2 or sxx == 0 then expect.fail("stats.fit: a line needs two different x") end
  local slope = sxy / sxx
  local rest = 0.0
  for i = 1, n do rest = rest + (y[i] - my - slope * (x[i] - mx)) ^ 2 end
  return { slope = slope, intercept = my - slope * mx, n = n,
    slope_error = n > 2 and math.sqrt(rest / (n - 2) / sxx) or 0 / 0,
    r2 = syy > 0 and 1 - rest / syy or 1.0 }
end

--- The power law y = factor x^exponent, fitted as a line through the logarithms.
---@param x number[]  positive
---@param y number[]  positive
---@return table fit  {exponent, factor, exponent_error, r2, n}
function M.power_fit(x, y)
  check("power_fit", x)
  check("power_fit", y)
  local lx, ly = {}, {}
  for i = 1, math.max(#x, #y) do
    if not (x[i] and y[i] and x[i] > 0 and y[i] > 0) then
      expect.fail(("stats.power_fit: pair %d (%s, %s) is not positive"):format(i, tostring(x[i]), tostring(y[i])))
    end
    lx[i], ly[i] = math.log(x[i]), math.log(y[i])
  end
  local line = M.fit(lx, ly)
  return { exponent = line.slope, factor = math.exp(line.intercept), exponent_error = line.slope_error, r2 = line.r2,
    n = line.n }
end

--- The exponent of what grows: y = offset + factor x^exponent through the first, the middle and the last point, so that
--- a constant beside it does not hide the power; 0 where y changes by less than a thousandth.
---@param x number[]  three different values or more, rising
---@param y number[]
---@return number? exponent  nil where no power between -8 and 8 does it (y turns back)
--- Example:
---     local x, y = {1, 2, 4, 8}, {}
---     for i, n in ipairs(x) do y[i] = 100 + 5 * n^2 end
---     assert(math.abs(nl.stats.growth_exponent(x, y) - 2) < 1e-6)
function M.growth_exponent(x, y)
  check("growth_exponent", x)
  check("growth_exponent", y)
  local n = #x
  if n < 3 or #y ~= n then expect.fail(("stats.growth_exponent: %d values of x and %d of y, at least 3 each"):format(n, #y)) end
  local a, b, c = math.log(x[1]), math.log(x[(n + 1) // 2]), math.log(x[n])
  local first, second = y[(n + 1) // 2] - y[1], y[n] - y[(n + 1) // 2]
  if math.max(math.abs(first), math.abs(second)) <= 1e-3 * math.abs(y[1]) then return 0.0 end
  -- (x3^p - x2^p) / (x2^p - x1^p) rises with p from 0 to infinity; at p = 0 it is the ratio of the logarithms
  local function ratio(p)
    if p == 0 then return (c - b) / (b - a) end
    return (math.exp(p * (c - b)) - 1) / (1 - math.exp(p * (a - b)))
  end
  local low, high, wanted = -8.0, 8.0, second / first
  if not (wanted >= ratio(low) and wanted <= ratio(high)) then return nil end -- inf and nan too
  for _ = 1, 60 do
    local middle = (low + high) / 2
    if ratio(middle) < wanted then low = middle else high = middle end
  end
  return (low + high) / 2
end

return M
