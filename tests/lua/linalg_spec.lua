local nl = require "numlab"

local function identity_error(Q)
  local D = Q.T * Q - nl.eye(Q.shape[2], {dtype = Q.dtype})
  return D:abs():max()
end

local function close(a, b, tol)
  assert.same(b.shape, a.shape)
  assert.is_true((a - b):abs():max() <= tol)
end

describe("borrowed factorisations", function()
  if not nl.cholesky(nl.eye(1)) then
    it("are not tested: " .. select(2, nl.cholesky(nl.eye(1))), function() end)
    return
  end

  it("give A back, also from views and in f32", function()
    local wide = nl.randn(7, 10, {seed = 1})
    for _, A in ipairs {wide, wide.T, wide("2:5", "3:9"), wide:to("f32")} do
      local tol = A.dtype == "f32" and 1e-5 or 1e-13
      local Q, R = nl.qr(A)
      close(Q * R, A, tol)
      assert.is_true(identity_error(Q) < tol)
      local U, s, Vt = nl.svd(A)
      close(U:mul(s) * Vt, A, tol)
      assert.is_true(identity_error(U) < tol and identity_error(Vt.T) < tol)
      local S = A * A.T + nl.eye(A.shape[1], {dtype = A.dtype})
      local L = assert(nl.cholesky(S))
      close(L * L.T, S, 100 * tol)
      local w, V = nl.eigh(S)
      close(V:mul(w) * V.T, S, 100 * tol)
    end
  end)

  it("solve least squares of every shape", function()
    local A, X = nl.randn(9, 4, {seed = 2}), nl.randn(4, 2, {seed = 3})
    local x, info = nl.lstsq(A, A * X)
    close(x, X, 1e-12)
    assert.equal(4, info.rank)
    assert.equal("OK", info.code)
    assert.is_true(info.residual < 1e-12 and info.cond >= 1)
    local least = nl.lstsq(nl.ones(1, 4), nl.tensor({8}))
    close(least, nl.full({4}, 2), 1e-14)
    assert.equal(1, select(2, nl.lstsq(nl.tensor({{1, 0}, {0, 1e-3}}), nl.ones(2), {rcond = 0.1})).rank)
  end)

  it("lend the product that numlab's own is held against", function()
    for _, dtype in ipairs {"f64", "f32"} do
      local A, B = nl.randn(5, 7, {seed = 1, dtype = dtype}), nl.randn(3, 7, {seed = 2, dtype = dtype})
      close(nl.blas_matmul(A, B.T), A * B.T, dtype == "f32" and 1e-5 or 1e-13)
    end
    assert.same({2, 2}, nl.blas_matmul(nl.ones(2, 0), nl.ones(0, 2)).shape)
    assert.has_error(function() nl.blas_matmul(nl.ones(2, 3), nl.ones(2, 3)) end,
      "blas_matmul: A is 2x3 and B is 2x3, expected m x k and k x n")
    assert.has_error(function() nl.blas_matmul(nl.ones(2, 2), nl.ones(2, 2, {dtype = "f32"})) end,
      "blas_matmul: A is f64 and B is f32, expected both f64 or both f32")
  end)

  it("return outcomes as values", function()
    local L, message, info = nl.cholesky(nl.tensor({{1, 0, 0}, {0, 1, 2}, {0, 2, 1}}))
    assert.is_nil(L)
    assert.matches("leading minor of order 3", message)
    assert.same({code = "NOT_POSITIVE_DEFINITE", minor = 3}, info)
    local bad = nl.tensor({{1, 0}, {0 / 0, 1}})
    for _, name in ipairs {"cholesky", "qr", "svd", "eigh"} do
      local x, text, facts = nl[name](bad)
      assert.is_nil(x)
      assert.matches("element %(2,1%) of A is", text)
      assert.equal("NONFINITE", facts.code)
    end
    assert.equal("NONFINITE", select(3, nl.lstsq(nl.eye(2), nl.tensor({1, 1 / 0}))).code)
  end)

  it("raise on misuse", function()
    assert.error_matches(function() nl.cholesky(nl.ones(2, 3)) end, "cholesky: A is 2x3, expected a square matrix")
    assert.error_matches(function() nl.eigh(nl.tensor({{1, 2}, {3, 4}})) end, "eigh: A is not symmetric: A%(1,2%) = 2")
    assert.error_matches(function() nl.qr(nl.ones(3)) end, "qr: A is 3, expected a matrix")
    assert.error_matches(function() nl.svd(nl.ones(2, 2):to("i64")) end, "svd: A is i64, expected f64 or f32")
    assert.error_matches(function() nl.svd("A") end, "tensor expected")
    assert.error_matches(function() nl.lstsq(nl.ones(2, 2), nl.ones(3)) end, "lstsq: A is 2x2, b is 3")
    assert.error_matches(function() nl.lstsq(nl.ones(2, 2), nl.ones(2), {rcnd = 1}) end, "did you mean 'rcond'")
    assert.error_matches(function() nl.lstsq(nl.eye(2), nl.ones(2), {rcond = 0 / 0}) end, "rcond is %-?nan, expected")
  end)

  it("take empty matrices", function()
    local Q, R = nl.qr(nl.zeros(0, 3))
    assert.same({0, 0}, Q.shape)
    assert.same({0, 3}, R.shape)
    assert.same({0}, select(2, nl.svd(nl.zeros(3, 0))).shape)
    assert.same({0, 0}, nl.cholesky(nl.zeros(0, 0)).shape)
  end)
end)
