-- nl.gallery from Lua: b = A x_true, forms of call, options, and what theory says the solvers must meet.
local nl = require "numlab"

local NAMES = {}
for name in pairs(nl.gallery) do NAMES[#NAMES + 1] = name end
table.sort(NAMES)

local function dense(A) return A.nnz and A:dense() or A end

local function raises(pattern, f, ...)
  local ok, message = pcall(f, ...)
  assert.is_false(ok)
  assert.truthy(tostring(message):find(pattern, 1, true), message)
end

-- n by itself is enough for all but two
local function make(name, n, seed)
  local options = { n = n, seed = seed }
  return nl.gallery[name](options)
end

describe("nl.gallery", function()
  it("knows what the annotations promise", function()
    assert.equal("chebspec condex dominant dorr frank gfpp graded hilbert invhilb kahan lehmer lotkin minij moler "
      .. "neumann nondominant parter pei poisson1d poisson2d poisson3d randsvd tridiagonal wathen",
      table.concat(NAMES, " "))
  end)

  for _, name in ipairs(NAMES) do
    it(name .. ": b is A x_true, and a seed gives the same numbers", function()
      local A, b, x = make(name, 5, 3)
      local D = dense(A)
      assert.same({ #D }, b.shape)
      assert.same({ D.shape[2] }, x.shape)
      assert.is_true(x:abs():max() < 1)
      assert.is_true((D * x - b):abs():max() <= 1e-14 * D:abs():max() * #D)
      local A2, b2, x2 = make(name, 5, 3)
      assert.equal(D, dense(A2))
      assert.equal(b, b2)
      assert.equal(x, x2)
      local _, _, x3 = make(name, 5, 4)
      assert.is_false(x == x3)
    end)
  end

  it("takes n by itself, n and options, or options", function()
    local A = nl.gallery.pei(3)
    assert.equal(A, nl.gallery.pei { n = 3 })
    assert.equal(A, (nl.gallery.pei(3.0, {})))
    assert.equal(7, nl.gallery.pei(3, { alpha = 6 })(1, 1))
    assert.equal(7, nl.gallery.pei { n = 3, alpha = 6 }(1, 1))
    local _, _, x = nl.gallery.pei(3, { seed = 5 })
    local _, _, same = nl.gallery.pei { n = 3, seed = 5 }
    assert.equal(x, same)
  end)

  it("says what is wrong", function()
    raises("hilbert: n must be a whole number or a table of options, got 2.5", nl.gallery.hilbert, 2.5)
    raises("hilbert: n must be a whole number or a table of options, got nothing", nl.gallery.hilbert)
    raises("hilbert: option 'n' is missing", nl.gallery.hilbert, {})
    raises("hilbert: n must not be negative, got -1", nl.gallery.hilbert, { n = -1 })
    raises("hilbert: n is -1, expected 0 to 2^31 - 1", nl.gallery.hilbert, -1)
    raises("hilbert: options must be a table, got number", nl.gallery.hilbert, 3, 4)
    raises("randsvd: unknown option 'con' (did you mean 'cond'?", nl.gallery.randsvd, { n = 3, con = 1 })
    raises("randsvd: option 'mode' must be a number, got x", nl.gallery.randsvd, 3, { mode = "x" })
    raises("pei: unknown option 'n'", nl.gallery.pei, 3, { n = 4 })
    raises("dominant: unknown option 'rato' (did you mean 'ratio'?", nl.gallery.dominant, { n = 3, rato = 2 })
    raises("dominant: unknown sign 'mixd' (did you mean 'mixed'?", nl.gallery.dominant, { n = 3, sign = "mixd" })
    raises("dominant: ratio is 1, strict dominance needs more than 1", nl.gallery.dominant, { n = 3, ratio = 1 })
    raises("dominant: density is 2, expected 0 to 1", nl.gallery.dominant, { n = 3, density = 2 })
    raises("dominant: option 'n' is missing", nl.gallery.dominant, {})
    raises("dominant: options must be a table, got number", nl.gallery.dominant, 3)
    raises("nondominant: unknown kind 'diverge' (did you mean 'diverging'?", nl.gallery.nondominant,
      { n = 4, kind = "diverge" })
    raises("this kind needs at least 3", nl.gallery.nondominant, { n = 2 })
  end)
end)

-- What a solve ends with.
local function outcome(A, b, method, more)
  local options = { method = method }
  for key, value in pairs(more or {}) do options[key] = value end
  local x, info, facts = nl.solve(A, b, options)
  return facts or info, x
end

describe("what theory says", function()
  it("Gauss-Seidel: converges where dominant or positive definite, grows by 3/2 a sweep where built to", function()
    for _, n in ipairs { 10, 101 } do
      local A, b, x_true = nl.gallery.dominant { n = n, ratio = 1.5, seed = 2 }
      local info, x = outcome(A, b, "gauss_seidel")
      assert.equal("OK", info.code)
      assert.is_true((x - x_true):norm() <= 1e-8 * x_true:norm())
      A, b, x_true = nl.gallery.nondominant { n = n, seed = 2 }
      info, x = outcome(A, b, "gauss_seidel")
      assert.equal("OK", info.code)
      assert.is_true((x - x_true):norm() <= 1e-8 * x_true:norm())
      assert.is_false(outcome(A, b, "jacobi").converged)
      A, b = nl.gallery.nondominant { n = n, kind = "diverging", seed = 2, density = 0 }
      info = outcome(A, b, "gauss_seidel", { max_iter = 40, history = true })
      assert.is_false(info.converged)
      local h = info.history
      assert.is_true(math.abs(h[#h] / h[#h - 1] - 1.5) < 1e-6)
    end
  end)

  it("a zero diagonal: no sweep, but elimination with exchanges", function()
    local A, b, x_true = nl.gallery.nondominant { n = 30, kind = "zero_diagonal" }
    assert.equal("ZERO_DIAGONAL", outcome(A, b, "gauss_seidel").code)
    local info, x = outcome(A, b, "gauss")
    assert.is_true(info.exchanges > 0 and (x - x_true):norm() <= 1e-13 * x_true:norm())
    assert.equal("SINGULAR", outcome(A, b, "gauss", { pivot = "none" }).code)
  end)

  it("gfpp: growth 2^(n-1) with partial pivoting, hardly any with complete", function()
    for _, n in ipairs { 2, 10, 40 } do
      local A, b = nl.gallery.gfpp(n)
      assert.equal(2.0 ^ (n - 1), outcome(A, b, "gauss").growth)
      assert.is_true(outcome(A, b, "gauss", { pivot = "complete" }).growth <= 4)
    end
  end)

  it("neumann: singular, and consistent all the same", function()
    local A, b = nl.gallery.neumann(6)
    assert.equal(0, (A * nl.ones(36)):abs():max())
    local _, _, x_true = nl.gallery.neumann(6)
    assert.is_true((A * x_true - b):abs():max() == 0)
  end)

  it("poisson2d: conjugate gradients reach the solution", function()
    local A, b, x_true = nl.gallery.poisson2d(30)
    local info, x = outcome(A, b, "cg")
    assert.is_true(info.converged and (x - x_true):norm() <= 1e-7 * x_true:norm())
  end)

  it("randsvd: the condition asked for", function()
    for mode = 1, 5 do
      local A = nl.gallery.randsvd { n = 20, cond = 1e6, mode = mode }
      local U, s = nl.svd(A)
      if not U then return end -- no LAPACK here: the C tests find singular values by themselves
      assert.is_true(math.abs(s(1) - 1) < 1e-13 and math.abs(s(20) * 1e6 - 1) < 1e-7)
    end
  end)

  it("randsvd: the same bits at any thread count", function()
    local threads = nl.threads()
    nl.threads(1)
    local A = nl.gallery.randsvd(90)
    nl.threads(2)
    local B = nl.gallery.randsvd(90)
    nl.threads(threads)
    assert.equal(A, B)
  end)
end)
