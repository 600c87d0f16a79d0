local stats = require "numlab.stats"

local function near(expected, got, tol)
  if not (math.abs(expected - got) <= (tol or 1e-12) * math.max(1, math.abs(expected))) then
    error(("expected %.17g, got %.17g"):format(expected, got), 2)
  end
end

describe("numlab.stats", function()
  it("agrees with R's type 7 quantiles", function()
    local x = { 15, 20, 35, 40, 50 }
    near(20, stats.quantile(x, 0.25))
    near(35, stats.median(x))
    near(29, stats.quantile(x, 0.4))
    near(15, stats.quantile(x, 0))
    near(50, stats.quantile(x, 1))
    near(1.75, stats.quantile({ 4, 3, 2, 1 }, 0.25))
    near(1.5, stats.iqr({ 1, 2, 3, 4 }))
    near(2.5, stats.median({ 1, 2, 3, 4 }))
    near(7, stats.median({ 7 }))
    assert.equal(math.huge, stats.median({ math.huge, math.huge, 1 }))
  end)

  it("leaves the list as it was", function()
    local x = { 3, 1, 2 }
    stats.median(x)
    stats.median_interval(x)
    assert.same({ 3, 1, 2 }, x)
  end)

  it("computes mean, deviation, MAD, geometric mean", function()
    near(3, stats.mean({ 1, 2, 6 }))
    near(math.sqrt(7), stats.sd({ 1, 2, 6 }))
    near(0, stats.sd({ 5 }))
    near(1, stats.mad({ 1, 2, 3, 4, 100 }))
    near(10, stats.geometric_mean({ 1, 10, 100 }))
  end)

  it("bounds the median by ranks as binomial tables do", function()
    local low, high, coverage = stats.median_interval({ 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 })
    assert.same({ 2, 9 }, { low, high })
    near(1 - 2 * (1 + 10) / 1024, coverage)
    low, high, coverage = stats.median_interval({ 1, 2, 3 }) -- too few for 95 %
    assert.same({ 1, 3 }, { low, high })
    near(0.75, coverage)
    local many = {}
    for i = 1, 2000 do many[i] = i end
    low, high, coverage = stats.median_interval(many) -- 2^-2000 underflows
    near(956, low)
    near(1045, high)
    assert.is_true(coverage >= 0.95 and coverage < 0.956)
  end)

  it("fits a line with R's standard error", function()
    -- lm(y ~ x): slope 0.6, intercept 2.2, standard error 0.28284, r2 0.6
    local fit = stats.fit({ 1, 2, 3, 4, 5 }, { 2, 4, 5, 4, 5 })
    near(0.6, fit.slope)
    near(2.2, fit.intercept)
    near(math.sqrt(0.08), fit.slope_error)
    near(0.6, fit.r2)
    assert.is_true(stats.fit({ 1, 2 }, { 1, 2 }).slope_error ~= stats.fit({ 1, 2 }, { 1, 2 }).slope_error)
  end)

  it("fits a power law", function()
    local fit = stats.power_fit({ 1, 2, 4, 8 }, { 3, 24, 192, 1536 })
    near(3, fit.exponent)
    near(3, fit.factor)
    near(0, fit.exponent_error)
  end)

  it("finds the power of what grows beside a constant", function()
    near(2, stats.growth_exponent({ 1, 2, 4 }, { 103, 112, 148 }))
    near(1, stats.growth_exponent({ 3, 5, 11 }, { 7, 11, 23 }), 1e-9)
    near(-1, stats.growth_exponent({ 1, 2, 4 }, { 5, 3, 2 }))
    near(0, stats.growth_exponent({ 1, math.exp(1), math.exp(2) }, { 1, 2, 3 }), 1e-6)
    assert.equal(0, stats.growth_exponent({ 1, 2, 4 }, { 1000, 1000, 1001 }))
    assert.is_nil(stats.growth_exponent({ 1, 2, 4 }, { 1, 2, 1 }))
    assert.error_matches(function() stats.growth_exponent({ 1, 2 }, { 1, 2 }) end, "at least 3 each")
  end)

  it("refuses what has no answer", function()
    assert.error_matches(function() stats.median({}) end, "stats.median: the list is empty")
    assert.error_matches(function() stats.mean(3) end, "expected a list of numbers, got number")
    assert.error_matches(function() stats.iqr({ 1, "2" }) end, "value 2 is a string")
    assert.error_matches(function() stats.mad({ 1, 0 / 0 }) end, "value 2 is nan")
    assert.error_matches(function() stats.sd({}) end, "stats.sd: the list is empty")
    assert.error_matches(function() stats.quantile({ 1 }, 1.5) end, "p must lie in %[0, 1%], got 1.5")
    assert.error_matches(function() stats.geometric_mean({ 1, -1 }) end, "value 2 is %-1, not positive")
    assert.error_matches(function() stats.median_interval({ 1 }, 95) end, "level must lie between 0 and 1")
    assert.error_matches(function() stats.fit({ 1, 1 }, { 1, 2 }) end, "two different x")
    assert.error_matches(function() stats.fit({ 1, 2 }, { 1 }) end, "2 values of x and 1 of y")
    assert.error_matches(function() stats.power_fit({ 1, 0 }, { 1, 2 }) end, "pair 2 %(0, 2%) is not positive")
  end)
end)
