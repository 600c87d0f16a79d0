-- Reductions against loops over tables.
local nl = require "numlab"
local raises = require "tests.lua.raises"

local folds = {
  sum = function(x) local s = 0 for _, v in ipairs(x) do s = s + v end return s end,
  max = function(x) return math.max(table.unpack(x)) end,
  min = function(x) return math.min(table.unpack(x)) end,
  mean = function(x) local s = 0 for _, v in ipairs(x) do s = s + v end return s / #x end,
  argmax = function(x) local at = 1 for i, v in ipairs(x) do if v > x[at] then at = i end end return at end,
  argmin = function(x) local at = 1 for i, v in ipairs(x) do if v < x[at] then at = i end end return at end,
  any = function(x) for _, v in ipairs(x) do if v ~= 0 then return true end end return false end,
  all = function(x) for _, v in ipairs(x) do if v == 0 then return false end end return true end,
}

describe("reductions", function()
  it("over every dimension agree with loops", function()
    local A = nl.tensor{{{3, 1, 2}, {0, 5, 5}}, {{-1, -1, 4}, {7, 0, 0}}, {{1, 1, 1}, {0, 0, 0}}, {{2, 8, 8}, {6, 6, 1}}}
    for name, fold in pairs(folds) do
      assert.equal(fold(A:reshape(-1):totable()), A[name](A), name)
      for d = 1, 3 do
        local got, kept = A[name](A, d), A[name](A, d - 4, {keepdim = true})
        local last = A:transpose(d, 3) -- d becomes the last; the others keep their order but for this exchange
        for i = 1, last.shape[1] do
          for j = 1, last.shape[2] do
            local want = fold(last(i, j):totable())
            local at = {i, j, 1}
            at[d], at[3] = at[3], at[d]
            assert.equal(want, kept(table.unpack(at)), name)
          end
        end
        assert.same(kept:reshape(got.shape):totable(), got:totable())
        assert.equal(2, got.ndim)
      end
    end
  end)

  it("sum accurately, and the same bits at any number of threads", function()
    local x = nl.full(1000003, 0.1)
    assert.is_true(math.abs(x:sum() - 100000.3) < 1e-9)
    local r = nl.randn(300001, {seed = 1})
    local n = nl.threads(1)
    local one, norm = r:sum(), r:norm()
    nl.threads(3)
    assert.equal(one, r:sum())
    assert.equal(norm, r:norm())
    assert.equal(one, r:reshape(1, -1):sum(2)[1])
    nl.threads(n)
    assert.equal(70000, nl.ones(70000, {dtype = "f16"}):sum())
    assert.equal(math.maxinteger - 1, nl.tensor({math.maxinteger, -1}, {dtype = "i64"}):sum())
    assert.equal(math.maxinteger, nl.tensor({math.maxinteger, 5}, {dtype = "i64"}):sum())
    assert.equal(2, nl.tensor{true, false, true}:sum())
  end)

  it("let NaN through", function()
    local x = nl.ones(1000)
    x[700] = 0/0
    for _, name in ipairs{"sum", "mean", "max", "min", "norm"} do
      local value = x[name](x)
      assert.is_true(value ~= value, name)
    end
    assert.equal(700, x:argmax())
    assert.equal(700, x:argmin())
    assert.is_true(x:all())
  end)

  it("have a value for nothing where there is one", function()
    local empty = nl.zeros(0, 3)
    assert.equal(0, empty:sum())
    assert.equal(0, empty:norm())
    assert.is_false(empty:any())
    assert.is_true(empty:all())
    assert.same({0, 0, 0}, empty:sum(1):totable())
    assert.same({0}, empty:max(2).shape)
    for _, name in ipairs{"max", "min", "argmax", "argmin", "mean"} do
      raises(name .. ": there are no elements to reduce", empty[name], empty)
      raises(name .. ": there are no elements to reduce", empty[name], empty, 1)
    end
  end)

  it("give norms that neither overflow nor underflow", function()
    assert.equal(5, nl.tensor{3, -4}:norm())
    assert.equal(7, nl.tensor{3, -4}:norm(1))
    assert.equal(4, nl.tensor{3, -4}:norm(math.huge))
    assert.is_true(math.abs(nl.tensor{3, -4}:norm(3) - 91 ^ (1 / 3)) < 1e-14)
    for _, scale in ipairs{1e-320, 1e-200, 1e200, 1e307} do
      assert.is_true(math.abs(nl.tensor{3 * scale, 4 * scale}:norm() / (5 * scale) - 1) < 1e-3)
    end
    assert.equal(1e200, nl.tensor{1e200, 1, 1e-200}:norm())
    assert.equal(math.huge, nl.tensor{math.huge, 1}:norm())
    raises("p must be positive", nl.ones(1).norm, nl.ones(1), 0)
  end)

  it("refuse dimensions and options they do not know", function()
    local A = nl.eye(2)
    raises("sum: dimension 3 is outside a tensor of 2 dimensions", A.sum, A, 3)
    raises("dimension 0 is outside", A.sum, A, 0)
    raises("a dimension is a whole number", A.sum, A, "x")
    raises("unknown option 'keepdims' (did you mean 'keepdim'?", A.sum, A, 1, {keepdims = true})
    raises("option 'keepdim' must be true or false", A.sum, A, 1, {keepdim = 1})
  end)
end)
