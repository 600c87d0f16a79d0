-- where, cat, softmax, allclose.
local nl = require "numlab"
local raises = require "tests.lua.raises"

describe("where", function()
  it("chooses, broadcasting all three", function()
    local x = nl.tensor{{-1, 2}, {3, -4}}
    assert.same({{0, 2}, {3, 0}}, nl.where(x:gt(0), x, 0):totable())
    assert.same({{-1, 20}, {10, -4}}, x:gt(0):where(nl.tensor{10, 20}, x):totable())
    assert.same({{1, 5}, {2, 5}}, nl.where(nl.tensor{true, false}, nl.tensor{{1}, {2}}, nl.tensor{4, 5}):totable())
    assert.same({{-1, 3}, {2, -4}}, nl.where(nl.tensor{{true}, {true}}, x.T, x):totable())
    raises("the condition is f64, expected bool", nl.where, x, x, x)
    raises("the tensors are f64 and f32", nl.where, x:gt(0), x, x:to("f32"))
    raises("does not broadcast", nl.where, x:gt(0), nl.zeros(3), 0)
    raises("tensor or number expected", nl.where, x:gt(0), "x", 0)
  end)
end)

describe("cat", function()
  it("joins along a dimension", function()
    local A, B = nl.tensor{{1, 2}}, nl.tensor{{3, 4}, {5, 6}}
    assert.same({{1, 2}, {3, 4}, {5, 6}}, nl.cat{A, B}:totable())
    assert.same({{3, 4, 3, 5}, {5, 6, 4, 6}}, nl.cat({B, B.T}, -1):totable())
    assert.same({0, 2}, nl.cat{nl.zeros(0, 2), nl.zeros(0, 2)}.shape)
    raises("tensor 1 is 1x2, tensor 2 is 2x2: they may differ in dimension 2 only", nl.cat, {A, B}, 2)
    raises("tensor 1 is f64, tensor 2 is f32", nl.cat, {A, A:to("f32")})
    raises("element 2 of the table is a number", nl.cat, {A, 1})
    raises("expected at least one", nl.cat, {})
    raises("cat: dimension 1, the tensors have 0", nl.cat, {nl.tensor(1), nl.tensor(2)})
  end)
end)

describe("softmax", function()
  it("is stable and sums to one", function()
    local x = nl.randn(5, 7, {seed = 1}) * 300
    for d = 1, 2 do
      local p = x:softmax(d)
      assert.is_true(nl.allclose(p:sum(d), nl.ones(d == 1 and 7 or 5), {rtol = 1e-14}))
      local top = x:max(d, {keepdim = true})
      local want = (x - top):exp() -- the formula, step by step
      assert.is_true(nl.allclose(p, want:div(want:sum(d, {keepdim = true})), {rtol = 1e-13, atol = 0}))
    end
    local p = nl.tensor{-math.huge, 0, 0}:softmax(1)
    assert.same({0, 0.5, 0.5}, p:totable())
    assert.is_true(nl.full(3, -math.huge):softmax(1):isnan():all())
    assert.equal("f16", nl.zeros(4, {dtype = "f16"}):softmax(1).dtype)
    assert.same({0, 3}, nl.zeros(0, 3):softmax(1).shape)
    raises("give the dimension", x.softmax, x)
  end)
end)

describe("allclose", function()
  it("follows |a - b| <= atol + rtol |b|", function()
    local close = function(a, b, o) return (nl.allclose(nl.tensor{a}, nl.tensor{b}, o)) end
    assert.is_true(close(1 + 0.9e-5, 1))
    assert.is_false(close(1 + 1.1e-5, 1))
    assert.is_true(close(1, 2, {rtol = 0.5, atol = 0}))
    assert.is_false(close(2, 1, {rtol = 0.5, atol = 0}))
    assert.is_true(close(math.huge, math.huge))
    assert.is_false(close(math.huge, -math.huge))
    assert.is_false(close(1, math.huge))
    assert.is_false(close(0/0, 0/0))
    local agree, apart = nl.allclose(nl.tensor{1, 0, -2}, nl.tensor{1, 3, -4})
    assert.is_false(agree)
    assert.equal(3, apart.max_abs)
    assert.equal(5 / 3, apart.mean_abs)
    assert.equal(1, apart.max_rel)
    assert.is_true((nl.allclose(nl.ones(2, 3), 1)))
    assert.is_true((nl.allclose(nl.zeros(0), nl.zeros(0))))
    raises("shapes 2 and 3 do not fit", nl.allclose, nl.ones(2), nl.ones(3))
    raises("must not be negative", nl.allclose, 1, 1, {rtol = -1})
    raises("unknown option 'tol'", nl.allclose, 1, 1, {tol = 1})
  end)
end)
