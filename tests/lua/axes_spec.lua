local axes = require "numlab.axes"
local factor = require "numlab.factor"
local raises = require "tests.lua.raises"
local sample = require "numlab.sample"

local function column(design, name)
  local out = {}
  for i, point in ipairs(design.points) do out[i] = point[name] end
  return out
end

describe("numlab.axes", function()
  it("makes lists of values", function()
    assert.same({ 1, "a", false }, axes.list{ 1, "a", false })
    assert.same({ 100, 200, 300 }, axes.range(100, 300, 100))
    assert.equal("integer", math.type(axes.range(1, 3)[3]))
    assert.equal(11, #axes.range(0, 1, 0.1)) -- ten tenths miss 1 by rounding
    assert.same({ 5, 3, 1 }, axes.range(5, 1, -2))
    assert.same({ 1, 4 }, axes.range(1, 6, 3))
    assert.same({ 0, 0.25, 0.5, 0.75, 1 }, axes.linspace(0, 1, 5))
    assert.equal(0.3, axes.linspace(0.1, 0.3, 7)[7])
    local l = axes.logspace(0.01, 100, 5)
    assert.is_true(l[1] == 0.01 and l[5] == 100 and math.abs(l[3] - 1) < 1e-15)
    assert.same({ 10, 32, 100 }, axes.logspace(10, 100, 3, { integer = true }))
    assert.same({ 64, 128, 256 }, axes.pow2(64, 256))
    assert.same({ 4, 8 }, axes.pow2(3, 9))
  end)

  it("refuses lists that cannot be", function()
    raises("axes.list: factor 'list' has no values", axes.list, {})
    raises("has the value 2 twice", axes.list, { 1, 2, 2.0 })
    raises("value 2 of factor 'list' is nan", axes.list, { 1, 0 / 0 })
    raises("steps of 1 do not lead from 3 to 1", axes.range, 3, 1)
    raises("steps of 0", axes.range, 1, 3, 0)
    raises("1000000001 points, the most is 1000000", axes.range, 0, 1e9)
    raises("n must be a whole number of at least 1, got 0", axes.linspace, 0, 1, 0)
    raises("3 values from 2 to 2 would be equal", axes.linspace, 2, 2, 3)
    raises("must be positive, got 0 and 1", axes.logspace, 0, 1, 3)
    raises("20 whole numbers asked for from 1 to 10, rounding leaves 10 different ones", axes.logspace, 1, 10, 20,
      { integer = true })
    raises("no power of two from 5 to 7", axes.pow2, 5, 7)
    raises("b must be a finite number, got inf", axes.linspace, 0, math.huge, 3)
  end)

  it("zips, multiplies and expands", function()
    local zip = axes.zip{ { "n", { 1, 2 } }, { "tol", { 0.1, 0.2 } } }
    assert.same({ { n = 1, tol = 0.1 }, { n = 2, tol = 0.2 } }, zip.points)
    local points, names = axes.expand{ zip, { "sign", { "a", "b", "c" } } }
    assert.same({ "n", "tol", "sign" }, names)
    assert.equal(6, #points)
    assert.same({ n = 1, tol = 0.1, sign = "b" }, points[2])
    assert.same({ n = 2, tol = 0.2, sign = "a" }, points[4])
    local product = axes.product{ { "x", { 1, 2 } }, { "flag", { true, false } } }
    assert.same({ x = 1, flag = false }, product.points[2])
    assert.equal(4, #axes.zip{ product, { "y", { 1, 2, 3, 4 } } }.points)
  end)

  it("refuses axes that cannot be", function()
    raises("axis 'n' is empty", axes.expand, { { "n", {} } })
    raises("expected a list of axes, got an empty one", axes.expand, {})
    raises("axis 1 must be {name, {values, ...}} or a design", axes.expand, { { n = { 1 } } })
    raises("axis 'n' stands twice", axes.expand, { { "n", { 1 } }, axes.zip{ { "n", { 2 } } } })
    raises("but n has 2 and tol has 3", axes.zip, { { "n", { 1, 2 } }, { "tol", { 1, 2, 3 } } })
    raises("2000 x 2000 = 4000000 points, the most is 1000000", axes.expand,
      { { "a", axes.range(1, 2000) }, { "b", axes.range(1, 2000) } })
    raises("factor 'n' has the value 1 twice", axes.expand, { { "n", { 1, 1 } } })
  end)

  local bounds = { { "n", 50, 2000, log = true, integer = true }, { "density", 0.01, 0.3 }, { "sign", { "mixed", "negative" } } }

  it("draws random points that stay when more are drawn or axes are added", function()
    local a, b = axes.random(20, 7, bounds), axes.random(50, 7, bounds)
    assert.same(a.points, table.move(b.points, 1, 20, 1, {}))
    assert.same(column(a, "density"), column(axes.random(20, 7, { bounds[2] }), "density"))
    assert.not_same(a.points, axes.random(20, 8, bounds).points)
    for _, p in ipairs(b.points) do
      assert.is_true(math.type(p.n) == "integer" and p.n >= 50 and p.n <= 2000 and p.density >= 0.01 and p.density <= 0.3)
    end
    local small = axes.random(6, 1, { { "n", 1, 3, integer = true }, { "sign", { "a", "b" } } })
    local seen = {}
    for _, p in ipairs(small.points) do seen[p.n .. p.sign] = true end
    local count = 0
    for _ in pairs(seen) do count = count + 1 end
    assert.equal(6, count) -- all of them, none twice
  end)

  it("hits each stratum of a Latin hypercube once on each axis", function()
    for _, n in ipairs{ 1, 7, 40 } do
      local design = axes.lhs(n, 3, { { "x", 0, 1 }, { "y", 1, 1000, log = true }, { "z", -5, 5 } })
      local scales = { x = function(v) return v end, y = function(v) return math.log(v) / math.log(1000) end,
        z = function(v) return (v + 5) / 10 end }
      for name, unit in pairs(scales) do
        local hit = {}
        for _, v in ipairs(column(design, name)) do
          local stratum = math.floor(unit(v) * n)
          assert.is_nil(hit[stratum])
          hit[stratum] = true
        end
        assert.is_true(next(hit) ~= nil and #design.points == n)
      end
    end
    assert.same(axes.lhs(9, 1, bounds).points, axes.lhs(9, 1, bounds).points)
    assert.not_same(axes.lhs(9, 1, bounds).points, axes.lhs(9, 2, bounds).points)
    assert.equal(4, #axes.lhs(4, 1, { { "a", { 1, 2, 3, 4 } }, { "b", { 1, 2, 3, 4 } } }).points)
    local halves = {}
    for _, sign in ipairs(column(axes.lhs(40, 5, bounds), "sign")) do halves[sign] = (halves[sign] or 0) + 1 end
    assert.same({ mixed = 20, negative = 20 }, halves)
  end)

  it("says how many points fit", function()
    raises("10 points asked for, but n (3 values) x sign (2 values) hold 6", axes.random, 10, 1,
      { { "n", 1, 3, integer = true }, { "sign", { "a", "b" } } })
    raises("axes.lhs: 3 points asked for, but sign (2 values) hold 2", axes.lhs, 3, 1, { { "sign", { "a", "b" } } })
    raises("2000000 points, the most is 1000000", axes.random, 2000000, 1, bounds)
    raises("seed must be a whole number, got 0.5", axes.random, 3, 0.5, bounds)
    raises("expected a list of factors", axes.lhs, 3, 1, {})
    raises("factor 'n' stands twice", axes.lhs, 3, 1, { bounds[1], bounds[1] })
  end)

  it("gives a point its seed", function()
    local seed = axes.seed(1, { n = 100, sign = "mixed" })
    assert.equal(seed, axes.seed(1, { sign = "mixed", n = 100.0 })) -- whatever the order, however the number is kept
    assert.is_true(math.type(seed) == "integer" and seed >= 0 and seed < 2 ^ 53)
    local seen = {}
    for run = 1, 30 do
      for n = 1, 100 do
        local s = axes.seed(run, { n = n })
        assert.is_nil(seen[s])
        seen[s] = true
      end
    end
    assert.not_equal(axes.seed(1, { n = 1 }), axes.seed(1, { n = "1" }))
    assert.not_equal(axes.seed(1, { a = "x", b = "y" }), axes.seed(1, { a = "x\n1:b=string 1:y" }))
    raises("got n = a table", axes.seed, 1, { n = {} })
    raises("seed must be a whole number", axes.seed, 0.5, { n = 1 })
  end)
end)

describe("numlab.factor", function()
  it("sees ranges through u", function()
    local f = factor.new{ "x", 10, 1000, log = true }
    assert.is_true(math.abs(f:at(0.5) - 100) < 1e-10 and f:at(0) == 10 and f:at(1) == 1000)
    assert.is_true(math.abs(f:unit(100) - 0.5) < 1e-15)
    local r = factor.new{ "ratio", 1.01, 2, log = true, origin = 1 }
    assert.is_true(math.abs(r:at(0.5) - 1.1) < 1e-12)
    assert.equal("1.01 to 2, log of the distance to 1", r:words())
    assert.is_nil(f:unit(5))
  end)

  it("gives each whole number its share, the ends too", function()
    local f, count = factor.new{ "k", 1, 4, integer = true }, { 0, 0, 0, 0 }
    for i = 0, 999 do
      local k = f:at((i + 0.5) / 1000)
      count[k] = count[k] + 1
    end
    assert.same({ 250, 250, 250, 250 }, count)
    assert.same({ 1, 4, 4 }, { f:at(0), f:at(1), f.count })
    for k = 1, 4 do assert.equal(k, f:at(f:unit(k))) end
    local l = factor.new{ "k", 1, 1000, log = true, integer = true }
    for _, k in ipairs{ 1, 2, 31, 1000 } do assert.equal(k, l:at(l:unit(k))) end
    local b = factor.new{ "flag", { false, true } }
    assert.same({ false, true, true, 0.75 }, { b:at(0.2), b:at(0.9), b:at(1), b:unit(true) })
  end)

  it("refuses what has no values", function()
    raises("factor 'x' runs from 2 to 1; low must be below high", factor.new, { "x", 2, 1 })
    raises("got bounds 1 and nil", factor.new, { "x", 1 })
    raises("its bounds must lie above 0, got 0", factor.new, { "x", 0, 1, log = true })
    raises("its bounds 0.5 and 2 must be whole numbers", factor.new, { "x", 0.5, 2, integer = true })
    raises("unknown option 'lgo' (did you mean 'log'? known: integer, log, origin)", factor.new, { "x", 1, 2, lgo = true })
    raises("belong to ranges", factor.new, { "x", { 1, 2 }, log = true })
    raises("table that does not begin with a name", factor.new, { 1, 2 })
  end)
end)

describe("numlab.sample", function()
  it("makes the Sobol' sequence of Joe and Kuo", function()
    local first = {}
    for d = 1, 3 do
      first[d] = {}
      for i, bits in ipairs(sample.sobol_bits(8, d)) do first[d][i] = bits / 2 ^ 32 end
    end
    assert.same({ 0, 0.5, 0.75, 0.25, 0.375, 0.875, 0.625, 0.125 }, first[1])
    assert.same({ 0, 0.5, 0.25, 0.75, 0.375, 0.875, 0.125, 0.625 }, first[2])
    assert.same({ 0, 0.5, 0.25, 0.75, 0.625, 0.125, 0.875, 0.375 }, first[3])
  end)

  it("keeps the strata when it scrambles", function()
    local names = {}
    for j = 1, sample.SOBOL_DIMENSIONS do names[j] = "x" .. j end
    for seed = 1, 3 do
      local u = sample.points("sobol", 256, names, seed)
      for j = 1, #names do
        local hit = {}
        for i = 1, 256 do hit[math.floor(u[i][j] * 256)] = true end
        for s = 0, 255 do assert.is_true(hit[s]) end
      end
      local boxes = {} -- the first two dimensions are a (0, 2)-net: 16 x 16 boxes hold a point each
      for i = 1, 256 do boxes[math.floor(u[i][1] * 16) * 16 + math.floor(u[i][2] * 16)] = true end
      for s = 0, 255 do assert.is_true(boxes[s]) end
    end
  end)

  it("scrambles each point to be uniform", function()
    local sum, square, count = 0, 0, 0
    for seed = 1, 2000 do
      local u = sample.points("sobol", 1, { "x" }, seed)[1][1]
      sum, square, count = sum + u, square + u * u, count + 1
    end
    assert.is_true(math.abs(sum / count - 1 / 2) < 0.03 and math.abs(square / count - 1 / 3) < 0.03)
  end)

  it("derives seeds that do not depend on each other", function()
    assert.not_equal(sample.derive(1, "23"), sample.derive(12, "3"))
    assert.same(sample.stream(5, 1, "x"), table.move(sample.stream(9, 1, "x"), 1, 5, 1, {}))
    local p, seen = sample.permutation(100, 1, "x"), {}
    for _, v in ipairs(p) do seen[v] = true end
    assert.equal(100, #p)
    for i = 1, 100 do assert.is_true(seen[i]) end
  end)
end)
