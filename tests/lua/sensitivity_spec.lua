local raises = require "tests.lua.raises"
local indices = require "numlab.sensitivity_indices"
local sensitivity = require "numlab.sensitivity"

local pi, slow = math.pi, os.getenv("NUMLAB_SLOW") == "1"

-- Ishigami and Homma 1990, a = 7, b = 0.1. With V1 = (1 + b pi^4 / 5)^2 / 2, V2 = a^2 / 8, V13 = 8 b^2 pi^8 / 225:
-- S1 = 0.3139, 0.4424, 0; ST = 0.5576, 0.4424, 0.2437.
local ISHIGAMI = { { "x1", -pi, pi }, { "x2", -pi, pi }, { "x3", -pi, pi } }
local function ishigami(p) return math.sin(p.x1) + 7 * math.sin(p.x2) ^ 2 + 0.1 * p.x3 ^ 4 * math.sin(p.x1) end
local V1, V2, V13 = (1 + 0.1 * pi ^ 4 / 5) ^ 2 / 2, 49 / 8, 8 * 0.01 * pi ^ 8 / 225
local V = V1 + V2 + V13
local S1, ST = { V1 / V, V2 / V, 0 }, { (V1 + V13) / V, V2 / V, V13 / V }

local function within(tolerance, expected, got, what)
  if not (math.abs(expected - got) <= tolerance) then
    error(("%s: expected %.4f within %g, got %.4f"):format(what, expected, tolerance, got), 2)
  end
end

-- How often the intervals of 95 % hold the truth over seeds: the lowest share of the six indices.
local function coverage(sampling, n, seeds, resamples)
  local hits = { 0, 0, 0, 0, 0, 0 }
  for seed = 1, seeds do
    local design = sensitivity.sobol{ factors = ISHIGAMI, n = n, seed = seed, sampling = sampling }
    for i, f in ipairs(sensitivity.run(design, ishigami, { resamples = resamples }).outputs.y.factors) do
      if f.S1_low <= S1[i] and S1[i] <= f.S1_high then hits[i] = hits[i] + 1 end
      if f.ST_low <= ST[i] and ST[i] <= f.ST_high then hits[i + 3] = hits[i + 3] + 1 end
    end
  end
  return math.min(table.unpack(hits)) / seeds, hits
end

describe("numlab.sensitivity, Sobol", function()
  it("knows Ishigami's indices", function()
    within(5e-5, 0.3139, S1[1], "S1 of x1")
    within(5e-5, 0.2437, ST[3], "ST of x3")
    for sampling, tolerance in pairs{ sobol = 0.015, lhs = 0.03 } do
      local design = sensitivity.sobol{ factors = ISHIGAMI, n = 4096, sampling = sampling }
      local y = sensitivity.run(design, ishigami, { resamples = 100 }).outputs.y
      for i = 1, 3 do
        within(tolerance, S1[i], y.factors[i].S1, sampling .. " S1 of x" .. i)
        within(tolerance, ST[i], y.factors[i].ST, sampling .. " ST of x" .. i)
      end
      within(0.3, V, y.variance, "variance")
      within(0.1, 3.5, y.mean, "mean")
    end
  end)

  it("knows those of Sobol's g", function()
    -- g = prod (|4 x_i - 2| + a_i) / (1 + a_i): V_i = 1 / (3 (1 + a_i)^2), V = prod (1 + V_i) - 1
    local a, factors, total, v = { 0, 1, 4.5, 9, 99, 99, 99, 99 }, {}, 1, {}
    for i in ipairs(a) do
      factors[i], v[i] = { "x" .. i, 0, 1 }, 1 / (3 * (1 + a[i]) ^ 2)
      total = total * (1 + v[i])
    end
    local design = sensitivity.sobol{ factors = factors, n = 4096 }
    local y = sensitivity.run(design, function(p)
      local g = 1
      for i = 1, #a do g = g * (math.abs(4 * p["x" .. i] - 2) + a[i]) / (1 + a[i]) end
      return g
    end, { resamples = 100 }).outputs.y
    for i = 1, #a do
      within(0.02, v[i] / (total - 1), y.factors[i].S1, "S1 of x" .. i)
      within(0.02, v[i] * total / (1 + v[i]) / (total - 1), y.factors[i].ST, "ST of x" .. i)
    end
  end)

  it("gives intervals that cover", function()
    local low, hits = coverage("random", 128, 60, 200)
    assert.is_true(low >= 0.80, table.concat(hits, " "))
    low, hits = coverage("sobol", 128, 60, 200)
    assert.is_true(low >= 0.90, table.concat(hits, " "))
  end)

  it("gives intervals that cover over many seeds (slow)", function()
    if not slow then return pending("NUMLAB_SLOW=1 runs it") end
    for sampling, least in pairs{ random = 0.90, lhs = 0.90, sobol = 0.95 } do
      local low, hits = coverage(sampling, 512, 500, 500)
      print(("# %s: of 500 intervals hold the truth: %s"):format(sampling, table.concat(hits, " ")))
      assert.is_true(low >= least, sampling .. " " .. table.concat(hits, " "))
    end
  end)

  it("takes lists of names and whole numbers", function()
    -- y = 2 s + c with s = -1, 1 and c = 1 .. 5: variances 4 and 2
    local design = sensitivity.sobol{ n = 1024,
      factors = { { "sign", { "minus", "plus" } }, { "c", 1, 5, integer = true }, { "idle", { 1, 2, 3 } } } }
    local found = sensitivity.run(design, function(p) return (p.sign == "plus" and 2 or -2) + p.c end, { resamples = 100 })
    local f = found.outputs.y.factors
    within(0.05, 4 / 6, f.sign.S1, "S1 of sign")
    within(0.05, 4 / 6, f.sign.ST, "ST of sign")
    within(0.05, 2 / 6, f.c.ST, "ST of c")
    assert.equal(0, f.idle.ST)
    assert.equal(2 * 5 * 3, found.evaluations) -- each different point once
    assert.equal(1024 * 5, found.points)
    assert.is_true(indices.is_above(f.sign, f.c) and not indices.is_above(f.c, f.sign))
  end)
end)

describe("numlab.sensitivity, Morris", function()
  local function line(p) return 3 * p.a - 2 * p.b + 0 * p.c end

  it("finds the slopes of a plane exactly, over the ranges", function()
    local design = sensitivity.morris{ n = 10, factors = { { "a", 0, 2 }, { "b", 10, 1000 }, { "c", 0, 1 } } }
    assert.equal(40, #design.points)
    local f = sensitivity.run(design, line).outputs.y.factors
    within(1e-9, 6, f.a.mu, "mu of a")
    within(1e-9, 6, f.a.mu_star, "mu* of a")
    within(1e-9, -1980, f.b.mu, "mu of b")
    within(1e-9, 1980, f.b.mu_star, "mu* of b")
    within(1e-9, 0, f.b.sigma, "sigma of b")
    within(1e-9, 0, f.b.sigma_high, "with no spread there is no interval")
    assert.same({ 0, 0, 0 }, { f.c.mu_star, f.c.sigma, math.abs(f.c.mu) })
  end)

  it("sees what acts with others: y = x1 x2 has mu = 1/2, sigma^2 = 1/12", function()
    local design = sensitivity.morris{ n = 512, factors = { { "x1", 0, 1 }, { "x2", 0, 1 } } }
    local f = sensitivity.run(design, function(p) return p.x1 * p.x2 end).outputs.y.factors
    within(0.01, 0.5, f.x1.mu, "mu")
    within(0.01, 1 / math.sqrt(12), f.x1.sigma, "sigma")
    assert.is_true(f.x1.mu_star_low < 0.5 and f.x1.mu_star_high > 0.5)
    assert.is_true(f.x1.sigma_low < 1 / math.sqrt(12) and f.x1.sigma_high > 1 / math.sqrt(12))
    within(0.01, 2 * 1.96 * 0.0057, f.x1.sigma_high - f.x1.sigma_low, "its interval: se^2(s) = (mu4 - sigma^4) / (4 n sigma^2)")
  end)

  it("tells the clusters of Morris' function of 20 factors", function()
    -- Morris 1991, section 4: the ten leading factors 20 w, their products -15, -10, 5; the small random rest is left out
    local factors = {}
    for i = 1, 20 do factors[i] = { "x" .. i, 0, 1 } end
    local function fn(p)
      local w = {}
      for i = 1, 20 do
        local x = p["x" .. i]
        w[i] = 2 * ((i == 3 or i == 5 or i == 7) and 1.1 * x / (x + 0.1) or x) - 1
      end
      local y = 0
      for i = 1, 10 do y = y + 20 * w[i] end
      for i = 1, 6 do for j = i + 1, 6 do y = y - 15 * w[i] * w[j] end end
      for i = 1, 5 do for j = i + 1, 5 do for l = j + 1, 5 do y = y - 10 * w[i] * w[j] * w[l] end end end
      return y + 5 * w[1] * w[2] * w[3] * w[4]
    end
    local f = sensitivity.run(sensitivity.morris{ factors = factors, n = 40 }, fn).outputs.y.factors
    for i = 1, 6 do assert.is_true(f[i].sigma > 20 and f[i].mu_star > 15) end
    assert.is_true(f[7].mu > 20 and f[7].sigma > 5) -- alone but curved
    for i = 8, 10 do
      within(1e-9, 40, f[i].mu, "mu of x" .. i)
      within(1e-9, 0, f[i].sigma, "sigma of x" .. i)
    end
    for i = 11, 20 do within(1e-9, 0, f[i].mu_star, "mu* of x" .. i) end
  end)

  it("steps through lists", function()
    local design = sensitivity.morris{ n = 64,
      factors = { { "tile", { 16, 32, 64, 128 } }, { "name", { "a", "b", "c" } }, { "flag", { false, true } } } }
    local seen = {}
    for _, p in ipairs(design.points) do seen[p.tile], seen[p.name] = true, true end
    for _, v in ipairs{ 16, 32, 64, 128, "a", "b", "c" } do assert.is_true(seen[v]) end
    local f = sensitivity.run(design, function(p)
      return math.log(p.tile, 2) + (p.name == "b" and 10 or 0) + (p.flag and 5 or 0)
    end).outputs.y.factors
    within(1e-9, 3, f.tile.mu, "the whole list, by ranks")
    within(1.5, 20 / 3, f.name.mu_star, "two pairs of three differ by 10")
    assert.same({ 5, 5, 0 }, { f.flag.mu, f.flag.mu_star, f.flag.sigma })
  end)
end)

describe("numlab.sensitivity, one at a time", function()
  it("finds exponents and ranges at the base", function()
    local design = sensitivity.oat{ base = { sign = "minus", n = 50 },
      factors = { { "n", 10, 100, log = true, integer = true }, { "d", 1, 2 }, { "sign", { "plus", "minus", "both" } } } }
    local f = sensitivity.run(design, function(p) return p.n ^ 3 / p.d * (p.sign == "both" and 7 or 1) end).outputs.y.factors
    within(1e-9, 3, f.n.elasticity, "elasticity of n")
    within(1e-9, -1, f.d.elasticity, "elasticity of d")
    assert.is_nil(f.sign.elasticity)
    within(1e-6, 1000, f.n.ratio, "range of n")
    assert.same({ 10, 100 }, { f.n.low_at, f.n.high_at })
    within(1e-9, 7, f.sign.ratio, "range of sign")
    assert.equal("both", f.sign.high_at)
    assert.equal(6, #f.n.line) -- five levels and the base
  end)

  it("measures the distance to the origin", function()
    local design = sensitivity.oat{ factors = { { "ratio", 1.01, 2, log = true, origin = 1 } } }
    local f = sensitivity.run(design, function(p) return (p.ratio - 1) ^ -2 end).outputs.y.factors
    within(1e-9, -2, f.ratio.elasticity, "elasticity of ratio - 1")
  end)
end)

describe("numlab.sensitivity, results", function()
  local two = { { "x", 0, 1 }, { "z", 0, 1 } }

  it("takes several outputs, logarithms of those that span decades", function()
    local design = sensitivity.sobol{ factors = two, n = 256 }
    local found = sensitivity.run(design, function(p)
      return { seconds = 10 ^ (3 * p.x), bytes = p.z, label = "a word", bad = 0 / 0 }
    end, { log = { "seconds" }, resamples = 100 })
    assert.same({ "bad", "bytes", "seconds" }, found.names)
    within(0.1, 1, found.outputs.seconds.factors.x.S1, "S1")
    within(0.01, 9 / 12, found.outputs.seconds.variance, "variance of log10")
    assert.equal(0, found.outputs.seconds.factors.z.ST)
    assert.equal(1024, found.outputs.bad.missing)
    assert.equal(0, found.outputs.bad.factors.x.used)
    assert.is_true(found.outputs.bad.factors.x.S1 ~= found.outputs.bad.factors.x.S1)
  end)

  it("counts points that fail and goes on without them", function()
    for _, make in ipairs{ "sobol", "morris" } do
      local design = sensitivity[make]{ factors = two, n = 256 }
      local found = sensitivity.run(design, function(p)
        if p.x > 0.9 then error("too far") end
        if p.z > 0.9 then return nil, "DIVERGED" end
        return p.x + 2 * p.z
      end)
      local lost, far = 0, 0
      for _, p in ipairs(design.points) do
        if p.x > 0.9 then far = far + 1 end
        if p.x > 0.9 or p.z > 0.9 then lost = lost + 1 end
      end
      assert.equal(lost, found.failures.count)
      local by = {}
      for _, group in ipairs(found.failures.groups) do by[group.message:match("too far") or group.message] = group.count end
      assert.same({ ["too far"] = far, DIVERGED = lost - far }, by)
      local x = found.outputs.y.factors.x
      assert.equal(256, x.of)
      assert.is_true(x.used > 100 and x.used < 256)
      if make == "morris" then within(1e-9, 1, x.mu, "mu") else within(0.1, 0.2, x.ST, "ST") end
    end
    local none = sensitivity.run(sensitivity.morris{ factors = two, n = 4 }, function() return nil, "never" end)
    assert.same({ count = 12, message = "never" }, { count = none.failures.count, message = none.failures.groups[1].message })
    assert.same({}, none.names)
  end)

  it("is not led by a constant", function()
    local found = sensitivity.run(sensitivity.sobol{ factors = two, n = 64 }, function() return 0.1 end)
    assert.equal(0, found.outputs.y.variance)
    assert.is_true(found.outputs.y.factors.x.S1 ~= found.outputs.y.factors.x.S1)
  end)

  it("passes an interrupt on", function()
    local design = sensitivity.morris{ factors = two, n = 4 }
    assert.error_matches(function() sensitivity.run(design, function() error("interrupted") end) end, "interrupted")
    assert.error_matches(function()
      sensitivity.run(design, function() return nil, "stopped", { code = "INTERRUPTED" } end)
    end, "interrupted")
  end)

  it("is the same for the same seed", function()
    local function ran(seed)
      return sensitivity.run(sensitivity.sobol{ factors = two, n = 32, seed = seed }, function(p) return p.x * p.z end)
    end
    assert.same(ran(5).outputs, ran(5).outputs)
    assert.not_same(ran(5).outputs, ran(6).outputs)
  end)

  it("refuses what it cannot do", function()
    raises("option 'factors' is needed", sensitivity.sobol, {})
    raises("expected a list of factors", sensitivity.sobol, { factors = {} })
    raises("factor 'm' has one value, lu; it cannot move anything", sensitivity.morris, { factors = { { "m", { "lu" } } } })
    raises("n must be a whole number of at least 2, got 1", sensitivity.sobol, { factors = two, n = 1 })
    raises("unknown sampling 'sobl' (did you mean 'sobol'?", sensitivity.sobol, { factors = two, sampling = "sobl" })
    raises("unknown factor 'y'", sensitivity.oat, { factors = two, base = { y = 1 } })
    raises("the base has x = 3, the factor takes 0 to 1", sensitivity.oat, { factors = two, base = { x = 3 } })
    raises("unknown option 'rows'", sensitivity.sobol, { factors = two, rows = 3 })
    raises("level must lie between 0 and 1", sensitivity.analyse, sensitivity.morris{ factors = two }, {}, { level = 95 })
    local many = {}
    for i = 1, 19 do many[i] = { "x" .. i, 0, 1 } end
    raises("38 coordinates, the Sobol' sequence here has 37; use sampling = 'lhs'", sensitivity.sobol, { factors = many })
    assert.equal(2 * 21, #sensitivity.sobol{ factors = many, sampling = "lhs", n = 2 }.points)
  end)
end)
