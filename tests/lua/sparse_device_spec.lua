-- Sparse matrices on a GPU: products, and iterations against the CPU's. tests/lua/device_fake_sparse_spec.lua runs this
-- on a device of host memory.
local nl = require "numlab"
local raises = dofile "tests/lua/raises.lua"

local devices, why = nl.devices()
if #devices == 1 then
  describe("sparse matrices on a GPU", function()
    it("were not tested: " .. tostring(why):gsub("%s+", " "), function() assert.is_truthy(why) end)
  end)
  return
end

local function random(m, n, count, seed)
  local at = nl.rand(3, count, { seed = seed }):totable()
  local rows, cols = {}, {}
  for e = 1, count do rows[e], cols[e] = at[1][e] * m // 1 + 1, at[2][e] * n // 1 + 1 end
  return nl.sparse.coo(m, n, rows, cols, at[3])
end

-- The same entries, column by column and value by value.
local function same_matrix(a, b)
  local ra, ca, va = a:coo()
  local rb, cb, vb = b:coo()
  assert.is_true(ra == rb and ca == cb and va == vb)
end

describe("a sparse matrix on a GPU", function()
  it("goes there and comes back", function()
    for _, S in ipairs{ random(7, 5, 12, 1), random(3, 900, 1500, 2), nl.sparse.from(nl.zeros(4, 3)) } do
      local T = S:to("cuda")
      assert.equal("cuda:0", T.device)
      assert.equal("cpu", S.device)
      assert.same({ S.shape, S.nnz, #S, "f64" }, { T.shape, T.nnz, #T, T.dtype })
      assert.equal(T, T:to("cuda:0"))
      assert.equal(S, S:to("cpu"))
      same_matrix(S, T:to("cpu"))
      local head = tostring(S):match("^[^\n]*")
      assert.equal(head .. " on cuda:0" .. tostring(S):sub(#head + 1), tostring(T))
    end
  end)

  it("counts its bytes there", function()
    collectgarbage() collectgarbage()
    local before, S = nl.memory.live("cuda"), nl.gallery.poisson2d(10)
    local T = S:to("cuda")
    assert.equal(12 * S.nnz + 8 * 101, nl.memory.live("cuda") - before)
    T:close()
    assert.equal(before, nl.memory.live("cuda"))
    assert.equal("closed sparse matrix", tostring(T))
    raises("this sparse matrix was closed", T.to, T, "cpu")
  end)

  it("multiplies vectors and matrices with the CPU's bits where rows are short", function()
    for _, S in ipairs{ nl.gallery.poisson3d(12), random(1, 1, 1, 3), random(257, 300, 40, 4),
                        random(1000, 1000, 5000, 5), random(700, 90, 9000, 6) } do
      local n, T = S.shape[2], S:to("cuda")
      local x = nl.randn(n, { seed = 7 })
      assert.is_true((T * x:to("cuda")):to("cpu") == S * x)
      for _, k in ipairs{ 1, 2, 5, 33, 40 } do
        local X = nl.randn(n, k, { seed = 8 })
        local Y = T * X:to("cuda")
        assert.equal("cuda:0", Y.device)
        assert.is_true(Y:to("cpu") == S * X)
      end
      local gaps = nl.randn(3, n, { seed = 9 })
      assert.is_true((T * gaps:to("cuda").T):to("cpu") == S * gaps.T)
    end
  end)

  it("multiplies with long rows to rounding, the same in every run", function()
    for _, S in ipairs{ random(90, 700, 9000, 1), random(3, 5000, 9000, 2), random(40, 40, 1600, 3) } do
      local T, x = S:to("cuda"), nl.randn(S.shape[2], { seed = 4 })
      local y = T * x:to("cuda")
      assert.is_true(nl.allclose(y:to("cpu"), S * x, { rtol = 1e-12, atol = 1e-12 }))
      for _ = 1, 20 do assert.is_true((T * x:to("cuda")):to("cpu") == y:to("cpu")) end
    end
  end)

  it("says what works on the CPU alone and how to mend it", function()
    local S = nl.gallery.poisson1d(4)
    local T, x = S:to("cuda"), nl.ones(4, { device = "cuda" })
    local mend = "a sparse matrix on cuda:0, and this works on the CPU; move it with :to('cpu')"
    for _, name in ipairs{ "dense", "clone", "transpose", "diag", "coo", "csr", "csc", "norm" } do
      raises(mend, T[name], T)
    end
    raises(mend, function() return T.T end)
    raises(mend, function() return T(1, 1) end)
    raises(mend, function() return T * T end)
    raises(mend, function() return S * T end)
    raises(mend, function() return 2 * T end)
    raises(mend, function() return T / 2 end)
    raises(mend, function() return -T end)
    raises(mend, function() return T + S end)
    raises(mend, nl.diagnose, T)
    raises(mend, nl.save, "/dev/null/a.mtx", T)
    raises("sparse product: the sparse matrix is on cuda:0 and the tensor on cpu; move one with :to",
      function() return T * nl.ones(4) end)
    raises("the sparse matrix is on cpu and the tensor on cuda:0", function() return S * x end)
    raises("expected 4 rows", function() return T * nl.ones(5, { device = "cuda" }) end)
    raises("to: give a device, such as S:to(\"cuda\"), got 3", T.to, T, 3)
    raises("unknown device 'gpu0'", T.to, T, "gpu0")
  end)
end)

-- --- iterations ------------------------------------------------------------------------------------------------

-- Rows in the order of a greedy first-fit colouring of the pattern of A + A^T, and how many colours.
local function coloured(S)
  local n, rows, cols = #S, S:coo()
  local beside, colour, by_colour, order = {}, {}, {}, {}
  for i = 1, n do beside[i] = {} end
  for e = 1, S.nnz do
    local i, j = rows(e), cols(e)
    beside[i][j], beside[j][i] = true, true
  end
  for i = 1, n do
    local taken, c = {}, 1
    for j in pairs(beside[i]) do
      if j < i then taken[colour[j]] = true end
    end
    while taken[c] do c = c + 1 end
    colour[i], by_colour[c] = c, by_colour[c] or {}
    table.insert(by_colour[c], i)
  end
  for _, rows_of in ipairs(by_colour) do table.move(rows_of, 1, #rows_of, #order + 1, order) end
  return order, #by_colour
end

-- S(order, order)
local function reordered(S, order)
  local place, rows, cols, values = {}, S:coo()
  local r, c = {}, {}
  for at, i in ipairs(order) do place[i] = at end
  for e = 1, S.nnz do r[e], c[e] = place[rows(e)], place[cols(e)] end
  return nl.sparse.coo(#S, #S, r, c, values)
end

local function rows_of(t, order)
  local picked, all = {}, t:totable()
  for at, i in ipairs(order) do picked[at] = all[i] end
  return nl.tensor(picked)
end

-- x and info, whatever came out.
local function outcome(A, b, o)
  local x, message, info = nl.solve(A, b, o)
  if x then return x, message end
  info.message = message
  return info.x, info
end

local function there(A, b, o)
  local moved = {}
  for key, value in pairs(o) do moved[key] = key == "x0" and value:to("cuda") or value end
  local x, info = outcome(A:to("cuda"), b:to("cuda"), moved)
  if x then assert.equal("cuda:0", x.device) end
  return x and x:to("cpu"), info
end

local function near(expected, got, tolerance)
  local scale = expected:abs():max()
  local error = (got - expected):abs():max() / (scale > 0 and scale or 1)
  assert.is_true(error <= tolerance, ("relative error %g, at most %g"):format(error, tolerance))
end

local systems = {
  poisson2d = nl.gallery.poisson2d(9),
  poisson3d = nl.gallery.poisson3d(5),
  dominant = nl.gallery.dominant{ n = 150, density = 0.05, seed = 1 },
  negative = nl.gallery.dominant{ n = 80, density = 0.3, seed = 2, ratio = 1.01, sign = "negative" },
  converging = nl.gallery.nondominant{ n = 60, density = 0.1, seed = 3, kind = "converging" },
  diverging = nl.gallery.nondominant{ n = 60, density = 0.1, seed = 4, kind = "diverging" },
  lower = nl.sparse.coo(3, 3, { 1, 2, 2, 3, 3 }, { 1, 1, 2, 2, 3 }, { 2, 1, 2, 1, 2 }),
  single = nl.sparse.coo(1, 1, { 1 }, { 1 }, { 4 }),
}

-- What a run there must share with the CPU's run on the reordered system.
local function agrees(S, b, o)
  local order, colours = coloured(S)
  local ours = { history = true }
  for key, value in pairs(o) do ours[key] = key == "x0" and rows_of(value, order) or value end
  local expected, want = outcome(reordered(S, order), rows_of(b, order), ours)
  o.history = true
  local x, info = there(S, b, o)
  assert.same({ want.code, want.iterations, want.converged }, { info.code, info.iterations, info.converged })
  assert.equal(("rows coloured on the CPU: %d colour%s"):format(colours, colours == 1 and "" or "s"), info.converted)
  assert.equal(want.iterations, #(info.history or {}))
  for sweep, ratio in ipairs(want.history or {}) do
    assert.is_true(math.abs(ratio - info.history[sweep]) <= 1e-9 * ratio + 1e-15, "sweep " .. sweep)
  end
  if expected then near(expected, rows_of(x, order), 1e-13) end
  return info
end

describe("multicolour Gauss-Seidel on a GPU", function()
  it("is the CPU's on the matrix reordered by colours", function()
    for name, S in pairs(systems) do
      for _, shape in ipairs{ { #S }, { #S, 1 }, { #S, 3 } } do
        local b = nl.randn(shape, { seed = 5 })
        for _, sweep in ipairs{ "forward", "backward", "symmetric" } do
          local info = agrees(S, b, { method = "gauss_seidel", sweep = sweep, max_iter = 60 })
          assert.equal("gauss_seidel", info.method, name)
        end
        agrees(S, b, { method = "sor", omega = 1.3, max_iter = 60 })
      end
    end
  end)

  it("starts from x0, stops at tol, says how long it took", function()
    local S = systems.poisson2d
    local x = nl.randn(#S, { seed = 1 })
    local b = S * x
    agrees(S, b, { method = "gauss_seidel", x0 = nl.randn(#S, { seed = 2 }), tol = 1e-6 })
    local info = agrees(S, b, { method = "gauss_seidel", x0 = x })
    assert.equal(0, info.iterations)
    local y, solved = there(S, b, { method = "sor", omega = 1.5, tol = 1e-12 })
    near(x, y, 1e-10)
    assert.is_true(solved.converged and solved.seconds > 0 and solved.relative_residual <= 1.1e-12)
    assert.is_true(solved.backward_error < 1e-11)
  end)

  it("converges at the rate of theory on the model problem", function()
    local m, S = 20, nl.gallery.poisson2d(20)
    local b, h = nl.randn(#S, { seed = 3 }), math.pi / (m + 1)
    for method, rate in pairs{ gauss_seidel = math.cos(h) ^ 2, jacobi = math.cos(h) } do
      local _, info = there(S, b, { method = method, tol = 1e-12, history = true })
      local from, to = info.iterations // 2, info.iterations
      local measured = (info.history[to] / info.history[from]) ^ (1 / (to - from))
      assert.is_true(math.abs(measured - rate) < 1e-4, ("%s: %.6f, theory %.6f"):format(method, measured, rate))
    end
    local best = 2 / (1 + math.sin(h)) -- its iteration matrix has one Jordan block: k rho^(k-1)
    local _, info = there(S, b, { method = "sor", omega = best, tol = 1e-10 })
    local predicted = math.log(1e-10) / math.log(best - 1)
    assert.is_true(info.iterations > predicted and info.iterations < 1.6 * predicted, info.iterations)
  end)

  it("names outcomes as the CPU does", function()
    local S = nl.gallery.nondominant{ n = 40, density = 0.1, seed = 6, kind = "zero_diagonal" }
    local b = nl.ones(40)
    for _, method in ipairs{ "gauss_seidel", "sor", "jacobi" } do
      local _, want = outcome(S, b, { method = method })
      local x, info = there(S, b, { method = method })
      assert.is_nil(x)
      assert.same({ "ZERO_DIAGONAL", want.where, want.message }, { info.code, info.where, info.message })
    end
    local hole = nl.sparse.coo(3, 3, { 1, 2, 3, 3 }, { 1, 1, 2, 3 }, { 1, 1, 1, 1 })
    assert.equal(2, select(2, there(hole, nl.ones(3), { method = "gauss_seidel" })).where)
    local wild = nl.sparse.coo(2, 2, { 1, 1, 2, 2 }, { 1, 2, 1, 2 }, { 1, 3, 3, 1 })
    local x, info = there(wild, nl.ones(2), { method = "gauss_seidel" })
    assert.equal("DIVERGED", info.code)
    assert.is_truthy(x)
    local _, slow = there(systems.poisson2d, nl.ones(81), { method = "gauss_seidel", max_iter = 5 })
    assert.equal("NOT_CONVERGED", slow.code)
    assert.equal(5, slow.iterations)
    local _, floor = there(systems.poisson2d, nl.ones(81), { method = "gauss_seidel", tol = 1e-18 })
    assert.equal("STAGNATED", floor.code)
    raises("sor: omega is 2, expected 0 < omega < 2", there, wild, nl.ones(2), { method = "sor", omega = 2 })
  end)

  it("leaves a right-hand side of zeros at zero", function()
    local S = systems.dominant
    local b = nl.cat({ nl.ones(#S, 1), nl.zeros(#S, 1) }, 2)
    for _, method in ipairs{ "gauss_seidel", "jacobi" } do
      local x, info = there(S, b, { method = method, x0 = nl.ones(#S, 2) })
      assert.equal("OK", info.code)
      assert.equal(0, x(":", 2):abs():max())
      assert.is_true(x(":", 1):abs():max() > 0)
    end
  end)

  it("leaves nothing behind", function()
    collectgarbage() collectgarbage()
    local before = nl.memory.live("cuda")
    for _, method in ipairs{ "gauss_seidel", "jacobi", "cg" } do
      there(systems.dominant, nl.ones(150, 2), { method = method })
      there(systems.diverging, nl.ones(60), { method = method })
    end
    collectgarbage() collectgarbage()
    assert.equal(before, nl.memory.live("cuda"))
  end)
end)

describe("conjugate gradients on a GPU", function()
  it("take the CPU's steps", function()
    for _, precond in ipairs{ "none", "jacobi" } do
      for name, S in pairs{ poisson2d = systems.poisson2d, single = systems.single,
                            scaled = nl.gallery.poisson1d(50) + nl.gallery.dominant{ n = 50, density = 0, seed = 1 } } do
        for _, shape in ipairs{ { #S }, { #S, 3 } } do
          local b = nl.randn(shape, { seed = 6 })
          local o = { method = "cg", precond = precond, history = true, x0 = nl.randn(shape, { seed = 7 }) }
          local expected, want = outcome(S, b, o)
          local x, info = there(S, b, o)
          assert.same({ "OK", "cg" }, { info.code, info.method }, name)
          assert.is_true(math.abs(want.iterations - info.iterations) <= 1) -- inner products in another order
          assert.equal(info.iterations, #info.history)
          near(expected, x, 1e-9)
          assert.is_true(info.seconds > 0)
        end
      end
    end
  end)

  it("stop where A is not symmetric positive definite", function()
    for _, S in ipairs{ systems.lower, nl.sparse.coo(2, 2, { 1, 2 }, { 1, 2 }, { 1, -1 }) } do
      local _, want = outcome(S, nl.ones(#S), { method = "cg" })
      local _, info = there(S, nl.ones(#S), { method = "cg" })
      assert.same({ "NOT_POSITIVE_DEFINITE", want.message, want.iterations },
        { info.code, info.message, info.iterations })
    end
    local x, info = there(systems.poisson2d, nl.ones(81, 2), { method = "cg", max_iter = 3 })
    assert.equal("NOT_CONVERGED", info.code)
    assert.same({ 81, 2 }, x.shape)
    raises("cg: on cuda:0 it takes precond 'none' and 'jacobi'", there, systems.single, nl.ones(1),
      { method = "cg", precond = "ssor" })
  end)
end)

describe("Jacobi on a GPU", function()
  it("has the CPU's iterates", function()
    for name, S in pairs(systems) do
      for _, shape in ipairs{ { #S }, { #S, 3 } } do
        local b = nl.randn(shape, { seed = 5 })
        local o = { method = "jacobi", max_iter = 60, history = true }
        local expected, want = outcome(S, b, o)
        local x, info = there(S, b, o)
        assert.same({ want.code, want.iterations }, { info.code, info.iterations }, name)
        for sweep, ratio in ipairs(want.history) do
          assert.is_true(math.abs(ratio - info.history[sweep]) <= 1e-13 * ratio, name)
        end
        assert.is_true(x == expected, name)
      end
    end
  end)
end)
