-- nl.sparse and the sparse class from Lua: construction, fields, products, misuse. Numbers are tested against dense
-- tensors, made from Lua tables.
local nl = require "numlab"

-- Triplets and the nested table of their sums.
local function sample(m, n, count, seed)
  local r = nl.rand(3, math.max(count, 1), { seed = seed })
  local rows, cols, values, sums = {}, {}, {}, {}
  for i = 1, m do
    sums[i] = {}
    for j = 1, n do sums[i][j] = 0 end
  end
  for k = 1, count do
    rows[k], cols[k] = 1 + math.floor(r(1, k) * m), 1 + math.floor(r(2, k) * n)
    values[k] = 2 * r(3, k) - 1
    sums[rows[k]][cols[k]] = sums[rows[k]][cols[k]] + values[k]
  end
  return rows, cols, values, nl.tensor(sums)
end

local function raises(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  assert.truthy(tostring(message):find(pattern, 1, true), message)
end

describe("nl.sparse.coo", function()
  it("adds duplicates and takes tables and tensors", function()
    for seed = 1, 5 do
      local m, n = 2 * seed, 11 - seed
      local rows, cols, values, A = sample(m, n, 30, seed)
      local S = nl.sparse.coo(m, n, rows, cols, values)
      assert.equal(A, S:dense())
      local i64 = { dtype = "i64" }
      assert.equal(A, nl.sparse.coo(m, n, nl.tensor(rows, i64), nl.tensor(cols, i64), nl.tensor(values)):dense())
      assert.equal(A, nl.sparse.coo(m, n, nl.tensor(rows), cols, nl.tensor(values)):dense())
    end
  end)

  it("takes empty shapes", function()
    for _, shape in ipairs { { 0, 0 }, { 0, 3 }, { 3, 0 }, { 2, 2 } } do
      local S = nl.sparse.coo(shape[1], shape[2], {}, {}, {})
      assert.same(shape, S.shape)
      assert.equal(0, S.nnz)
      assert.same(shape, S:dense().shape)
      assert.equal(shape[1], #S)
      assert.equal(0, S:norm())
    end
  end)

  it("says what is wrong", function()
    local coo = nl.sparse.coo
    raises("sparse.coo: m must be a whole number not below 0, got -1", coo, -1, 2, {}, {}, {})
    raises("sparse.coo: n must be a whole number not below 0, got 1.5", coo, 1, 1.5, {}, {}, {})
    raises("sparse.coo: m must be a whole number not below 0, got nothing", coo)
    raises("sparse.coo: cols must be a tensor or a table, got no value", coo, 1, 1, {})
    raises("2 rows, 1 cols and 1 values, expected as many of each", coo, 2, 2, { 1, 2 }, { 1 }, { 1 })
    raises("sparse.coo: rows[2] must be a whole number, got 1.5", coo, 2, 2, { 1, 1.5 }, { 1, 1 }, { 1, 1 })
    raises("sparse.coo: cols[1] must be a whole number, got x", coo, 2, 2, { 1 }, { "x" }, { 1 })
    raises("sparse.coo: values[1] must be a number, got boolean", coo, 2, 2, { 1 }, { 1 }, { true })
    raises("values must have one dimension, got a tensor of 2", coo, 2, 2, { 1 }, { 1 }, nl.ones(1, 1))
    raises("triplet 1 lies at row 3, column 1, outside a 2x2 matrix", coo, 2, 2, { 3 }, { 1 }, { 1 })
    raises("triplet 2 lies at row 1, column 0, outside a 2x2 matrix", coo, 2, 2, { 1, 1 }, { 1, 0 }, { 1, 1 })
    raises("2147483648x1", coo, 2 ^ 31, 1, {}, {}, {})
  end)
end)

describe("nl.sparse.from", function()
  it("keeps the nonzero elements of views and other types", function()
    local _, _, _, A = sample(5, 7, 12, 3)
    assert.equal(A.T, nl.sparse.from(A.T):dense())
    local single = A:to("f32")
    assert.equal(single:to("f64"), nl.sparse.from(single):dense())
    assert.equal(2, nl.sparse.from(nl.tensor { { 0, 0 / 0 }, { -0.0, 1 } }).nnz)
  end)

  it("says what is wrong", function()
    raises("sparse.from: expected a tensor, got number", nl.sparse.from, 3)
    raises("sparse.from: expected a tensor, got sparse matrix", nl.sparse.from, nl.sparse.from(nl.eye(2)))
    raises("a matrix has 2 dimensions, got a tensor of shape 3", nl.sparse.from, nl.ones(3))
  end)
end)

describe("a sparse matrix", function()
  it("reads elements, the diagonal and fields", function()
    local rows, cols, values, A = sample(4, 6, 9, 4)
    local S = nl.sparse.coo(4, 6, rows, cols, values)
    for i = 1, 4 do
      assert.equal(A(i, i), S:diag()(i))
      for j = 1, 6 do
        assert.equal(A(i, j), S(i, j))
        assert.equal(A(i, j), S(i - 5, j - 7))
      end
    end
    assert.same({ 4, 6 }, S.shape)
    assert.same({ "f64", 2, 4 }, { S.dtype, S.ndim, #S })
    assert.is_nil(S.nothing)
    raises("row 5 is outside 1 to 4", S, 5, 1)
    raises("column 0 is outside 1 to 6", S, 1, 0)
    raises("column -7 is outside 1 to 6", S, 1, -7)
  end)

  it("gives its parts, counted from 1", function()
    local S = nl.sparse.coo(3, 2, { 3, 1, 3 }, { 2, 2, 1 }, { 5, 6, 7 })
    local function tables(...)
      local all = { ... }
      for i, t in ipairs(all) do all[i] = t:totable() end
      return all
    end
    assert.same({ { 1, 3, 3 }, { 2, 1, 2 }, { 6, 7, 5 } }, tables(S:coo()))
    assert.same({ { 1, 2, 2, 4 }, { 2, 1, 2 }, { 6, 7, 5 } }, tables(S:csr()))
    assert.same({ { 1, 2, 4 }, { 3, 1, 3 }, { 7, 6, 5 } }, tables(S:csc()))
    local rows, cols, given = S:coo()
    assert.equal(S:dense(), nl.sparse.coo(3, 2, rows, cols, given):dense())
  end)

  it("multiplies from both sides, adds, scales and transposes like its dense image", function()
    local rows, cols, values, A = sample(6, 4, 11, 5)
    local S = nl.sparse.coo(6, 4, rows, cols, values)
    local x, X, y, Y = nl.randn(4, { seed = 1 }), nl.randn(4, 3, { seed = 2 }), nl.randn(6, { seed = 3 }),
      nl.randn(2, 6, { seed = 4 })
    local function near(a, b)
      assert.same(b.shape, a.shape)
      assert.is_true((a - b):abs():max() <= 1e-14)
    end
    near(S * x, A * x)
    near(S * X, A * X)
    near(S * X("1:4", 2), A * X("1:4", 2))
    near(y * S, y * A)
    near(Y * S, Y * A)
    near((S * S.T):dense(), A * A.T)
    assert.equal(A.T, S.T:dense())
    assert.equal(A.T, S:transpose():dense())
    assert.equal(-2.5 * A, (S * -2.5):dense())
    assert.equal(3 * A, (3 * S):dense())
    assert.equal(A / 3, (S / 3):dense())
    assert.equal(-A, (-S):dense())
    local T = nl.sparse.coo(6, 4, cols, cols, values) -- another pattern, partly the same places
    assert.equal(A + T:dense(), (S + T):dense())
    assert.equal(A - T:dense(), (S - T):dense())
    assert.equal(S.nnz, (S - S).nnz)
  end)

  it("has norms", function()
    local S = nl.sparse.from(nl.tensor { { 1, -2, 0 }, { 0, 3, 4 } })
    assert.same({ 5, 7, 7, math.sqrt(30), math.sqrt(30) },
      { S:norm(1), S:norm("inf"), S:norm(math.huge), S:norm(), S:norm("fro") })
    assert.equal(5, S:norm("1"))
    raises("norm: unknown kind 'two' (known: fro, inf, 1)", S.norm, S, "two")
  end)

  it("refuses what it cannot do and says what does it", function()
    local S, t = nl.sparse.from(nl.tensor { { 1, 0, 2 }, { 0, 3, 0 } }), nl.ones(2, 3)
    raises("sparse sum: expected two sparse matrices (S:dense() makes a tensor), got tensor", function() return S + t end)
    raises("add: a tensor and a sparse matrix; S:dense() makes a tensor", function() return t + S end)
    raises("sub: a tensor and a sparse matrix", function() return t - S end)
    raises("sparse sum: expected two sparse matrices (S:dense() makes a tensor), got number", function() return S - 1 end)
    raises("2x3 and 3x2, the shapes differ", function() return S + S.T end)
    raises("2x3 times 2x3, the inner sizes differ", function() return S * S end)
    raises("a 2x3 matrix times a tensor of shape 2x3, expected 3 rows", function() return S * t end)
    raises("a tensor of shape 2x3 times a 2x3 matrix, expected 2 columns", function() return t * S end)
    raises("the matrix is f64 and the tensor f32; convert it with :to('f64')", function()
      return S * nl.ones(3, { dtype = "f32" })
    end)
    raises("sparse product: expected a number, a tensor or a sparse matrix, got table", function() return S * {} end)
    raises("sparse quotient: expected a sparse matrix over a number, got tensor", function() return S / t end)
    raises("sparse quotient: expected a sparse matrix over a number, got number", function() return 1 / S end)
  end)

  it("prints its size and its first entries", function()
    local S = nl.sparse.coo(3, 3, { 1, 2, 3, 3 }, { 1, 3, 1, 2 }, { 4, 0.5, -1, 1 / 3 })
    assert.equal("sparse 3x3, 4 entries (44.4 %), 72 bytes\n  (1, 1)  4\n  (2, 3)  0.5\n  (3, 1)  -1\n  (3, 2)  0.333333",
      tostring(S))
    assert.truthy(tostring(nl.sparse.from(nl.ones(4, 4))):find("\n  ...", 1, true))
    assert.truthy(tostring(nl.sparse.coo(0, 2, {}, {}, {})):find("0 entries (0 %)", 1, true))
  end)

  it("gives its memory back when closed, and cannot be used then", function()
    local before = nl.memory.live()
    do
      local S <close> = nl.sparse.from(nl.eye(50))
      assert.is_true(nl.memory.live() > before)
      assert.equal(50, S.nnz)
    end
    collectgarbage()
    assert.equal(before, nl.memory.live())
    local S = nl.sparse.from(nl.eye(2))
    local copy = S:clone()
    S:close()
    S:close()
    assert.equal("closed sparse matrix", tostring(S))
    raises("this sparse matrix was closed", function() return S.nnz end)
    raises("this sparse matrix was closed", function() return S * nl.ones(2) end)
    raises("this sparse matrix was closed", function() return nl.ones(2) * S end)
    assert.equal(nl.eye(2), copy:dense())
  end)
end)
