-- Operators and elementwise methods, against Lua's own arithmetic.
local nl = require "numlab"
local raises = require "tests.lua.raises"

local scalar = {
  add = function(x, y) return x + y end, sub = function(x, y) return x - y end,
  mul = function(x, y) return x * y end, div = function(x, y) return x / y end,
  pow = function(x, y) return x ^ y end, lt = function(x, y) return x < y end,
  le = function(x, y) return x <= y end, gt = function(x, y) return x > y end,
  ge = function(x, y) return x >= y end, eq = function(x, y) return x == y end,
  ne = function(x, y) return x ~= y end,
}

describe("elementwise operations", function()
  it("agree with Lua's", function()
    local a, b = {1, 2.5, -3, 0, 4}, {1, 2, 5, -1, 0.5}
    for name, fn in pairs(scalar) do
      local x, y = nl.tensor(a), nl.tensor(b)
      local got, with_number = x[name](x, y):totable(), x[name](x, 2):totable()
      for i = 1, #a do
        local want = fn(a[i], b[i])
        assert.is_true(got[i] == want or (got[i] ~= got[i] and want ~= want), name)
        assert.equal(fn(a[i], 2), with_number[i], name)
      end
    end
    assert.same({2, -1.5}, (5 - nl.tensor{3, 6.5}):totable())
    assert.same({-1, 2}, (-nl.tensor{1, -2}):totable())
    assert.same({0.5, 0.25}, (1 / nl.tensor{2, 4}):totable())
  end)

  it("broadcast, also views", function()
    local A = nl.tensor{{1, 2, 3}, {4, 5, 6}}
    assert.same({{11, 22, 33}, {14, 25, 36}}, (A + nl.tensor{10, 20, 30}):totable())
    assert.same({{11, 12, 13}, {24, 25, 26}}, (A + nl.tensor{{10}, {20}}):totable())
    assert.same({{2, 6}, {6, 10}}, (A(":", "1:2") + A(":", "1:2").T):totable())
    assert.same({{4, 4, 4}, {10, 10, 10}}, (A + A(":", "::-1")):totable())
    assert.equal(0, (nl.zeros(0, 3) + 1).size)
    raises("add: shapes 2x3 and 2 do not broadcast (dimension 2: 3 and 2)", function() return A + nl.ones(2) end)
  end)

  it("leave it to a table with operators of its own, whichever side it stands on", function()
    local function told(sign) return function(a, b) return sign, a, b end end
    local class = {__add = told "+", __sub = told "-", __mul = told "*", __div = told "/"}
    local x, t = setmetatable({}, class), nl.ones(2)
    assert.equal("+", t + x)
    assert.equal("-", t - x)
    assert.equal("*", t * x)
    assert.equal("/", t / x)
    class.__mul = function(a, b) return rawequal(a, t) and rawequal(b, x) end
    assert.is_true(t * x)
  end)

  it("keep types apart and compute in them", function()
    raises("add: the tensors are f64 and f32; convert one with :to", function()
      return nl.ones(1) + nl.ones(1, {dtype = "f32"})
    end)
    local f = nl.ones(1, {dtype = "f32"}) + 1e-9
    assert.equal("f32", f.dtype)
    assert.equal(1, f[1])
    assert.equal("f16", (nl.ones(1, {dtype = "f16"}) * 2).dtype)
    local big = nl.full(1, math.maxinteger, {dtype = "i64"})
    assert.equal(math.maxinteger, (big + 1)[1])
    assert.equal(math.maxinteger - 1, (big - 1)[1])
    assert.equal(255, (nl.full(1, 200, {dtype = "u8"}) + nl.full(1, 100, {dtype = "u8"}))[1])
    assert.equal("f64", (big / 2).dtype)
    assert.equal("i64", (nl.tensor{true} + nl.tensor{true}).dtype)
    assert.same({false, true}, nl.tensor({2, 3}, {dtype = "i32"}):gt(2.5):totable())
    raises("0.5 is not a whole number and the tensor is i64", function() return big + 0.5 end)
    raises("operands are tensors or numbers, got string", function() return nl.ones(1):add("x") end)
    raises("operands are tensors or numbers, got table", function() return nl.ones(1) + {} end)
    raises("tensor expected", nl.ones(1).add, 1, 2)
  end)

  it("apply functions", function()
    local x = {0.25, 1, 2}
    for name, fn in pairs{log = math.log, sqrt = math.sqrt, abs = math.abs, sin = math.sin, cos = math.cos,
      floor = math.floor} do
      local t = nl.tensor(x)
      for i, v in ipairs(t[name](t)) do assert.equal(fn(x[i]) + 0.0, v) end
    end
    for i, v in ipairs(nl.tensor(x):exp()) do assert.is_true(math.abs(v / math.exp(x[i]) - 1) < 2^-51) end
    assert.is_true(math.abs(nl.tensor{0.5}:tanh()[1] - (math.exp(1) - 1) / (math.exp(1) + 1)) < 1e-15)
    assert.same({true, false}, nl.tensor{0/0, 1/0}:isnan():totable())
    assert.equal("i32", nl.ones(1, {dtype = "i32"}):abs().dtype)
    assert.equal("f64", nl.ones(1, {dtype = "i32"}):exp().dtype)
  end)

  it("keep denormals and NaN", function()
    local tiny = nl.tensor{5e-324, 2.5e-310}
    assert.equal(1e-323, (tiny + tiny)[1])
    assert.is_true((tiny * 0.5)[2] > 0)
    local t = nl.tensor({1e-45}, {dtype = "f32"})
    assert.is_true((t + t)[1] > t[1] and t[1] > 0)
    local nan = (nl.tensor{0/0} * 0)[1]
    assert.is_true(nan ~= nan)
  end)

  it("say which method does what an operator does not", function()
    local A = nl.eye(2)
    raises("no operator ^; use t:pow(p)", function() return A ^ 2 end)
    raises("no operator %;", function() return A % 2 end)
    raises("no operator //;", function() return A // 2 end)
    raises("no operator ..;", function() return "A = " .. A end)
    raises("no operator < or <=;", function() return A < A end)
    assert.is_true(A == nl.eye(2))
    assert.is_false(A == nl.eye(3))
    assert.is_false(nl.tensor{0/0} == nl.tensor{0/0})
  end)
end)

-- C[i][j] = sum_k a[i][k] b[k][j] over tables.
local function product(a, b)
  local c = {}
  for i = 1, #a do
    c[i] = {}
    for j = 1, #b[1] do
      local sum = 0
      for k = 1, #b do sum = sum + a[i][k] * b[k][j] end
      c[i][j] = sum
    end
  end
  return c
end

describe("the matrix product", function()
  it("agrees with three loops", function()
    for _, s in ipairs{{1, 1, 1}, {2, 3, 4}, {5, 1, 7}, {7, 9, 3}} do
      local A, B = nl.rand(s[1], s[2], {seed = 1}), nl.rand(s[2], s[3], {seed = 2})
      local want = nl.tensor(product(A:totable(), B:totable()))
      assert.is_true(nl.allclose(A * B, want, {rtol = 1e-14}))
      assert.is_true(nl.allclose((B.T * A.T).T, want, {rtol = 1e-14}))
      assert.is_true(nl.allclose(A:to("f32") * B:to("f32"), want, {rtol = 1e-5}))
    end
  end)

  it("takes vectors, stacks and empty matrices", function()
    local A = nl.tensor{{1, 2}, {3, 4}}
    assert.equal(11, A[1] * A[2])
    assert.same({5, 11}, (A * A[1]):totable())
    assert.same({7, 10}, (A[1] * A):totable())
    local stack = nl.rand(3, 1, 2, 4, {seed = 3})
    local other = nl.rand(5, 4, 2, {seed = 4})
    local C = stack * other
    assert.same({3, 5, 2, 2}, C.shape)
    assert.is_true(nl.allclose(C(2, 4), stack(2, 1) * other[4], {rtol = 1e-14}))
    assert.same({{0, 0}}, (nl.zeros(1, 0) * nl.zeros(0, 2)):totable())
    assert.same({{2}}, (nl.ones(1, 2, {dtype = "i64"}) * nl.ones(2, 1, {dtype = "i64"})):totable())
    raises("2x2 times 3: columns on the left, rows on the right differ", function() return A * nl.ones(3) end)
    raises("leading dimensions do not broadcast", function() return nl.ones(2, 1, 1) * nl.ones(3, 1, 1) end)
    raises("a scalar has no rows; use :mul", function() return A * nl.tensor(2) end)
    raises("matmul: the tensors are f64 and f32", function() return A * A:to("f32") end)
  end)
end)
