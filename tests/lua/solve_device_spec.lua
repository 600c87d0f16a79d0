-- Dense systems on a GPU: numlab's elimination and cuSOLVER's, by HPL's and LAPACK's tests and against the CPU.
local nl = require "numlab"
local raises = dofile "tests/lua/raises.lua"

local devices, why = nl.devices()
if #devices == 1 then
  describe("dense systems on a GPU", function()
    it("were not tested: " .. tostring(why):gsub("%s+", " "), function() assert.is_truthy(why) end)
  end)
  return
end

local ROUNDOFF = { f64 = 2.0 ^ -53, f32 = 2.0 ^ -24 }
local SIZES = { 1, 2, 31, 64, 65, 257, 1000, 2049 }

-- "lu", and "cusolver" where the library is here.
local METHODS = { "lu" }
local _, no_library = nl.solve(nl.eye(2):to("cuda"), nl.ones(2):to("cuda"), { method = "cusolver" })
if type(no_library) == "table" then METHODS[2] = "cusolver" end

local function norm_inf(A) return A:abs():sum(2):max() end
local function norm_1(A) return A:abs():sum(1):max() end

-- Random A, x and b = A x of the type, on the CPU; columns nil: one vector.
local function system(dtype, n, columns)
  local A = nl.randn(n, n, { seed = n, dtype = dtype })
  local x = columns and nl.randn(n, columns, { seed = n + 1, dtype = dtype }) or nl.randn(n, { seed = n + 1, dtype = dtype })
  return A, (A:to("f64") * x:to("f64")):to(dtype), x
end

-- Highest over the columns, in f64 on the CPU:
--   hpl     ||b - A x||_inf / (eps (||A||_inf ||x||_inf + ||b||_inf) n)
--   ratio3  ||b - A x||_1 / (eps ||A||_1 ||x||_1)
--   ratio4  rcond ||x - x*||_inf / (eps ||x*||_inf)
-- and backward, HPL's without eps and n.
local function judge(A, b, x_true, x, rcond, eps)
  local n = #A
  local function columns(t) return t:to("cpu", "f64"):reshape(n, -1) end
  A, b, x, x_true = A:to("f64"), columns(b), columns(x), columns(x_true)
  local r, A_inf, A_1 = (b - A * x):abs(), norm_inf(A), norm_1(A)
  local worst = { hpl = 0, ratio3 = 0, ratio4 = 0, backward = 0 }
  for j = 1, b.shape[2] do
    local xj, rj = x(":", j):abs(), r(":", j)
    local backward = rj:max() / (A_inf * xj:max() + b(":", j):abs():max())
    local found = { backward = backward, hpl = backward / (eps * n), ratio3 = rj:sum() / (eps * A_1 * xj:sum()),
      ratio4 = rcond * (x(":", j) - x_true(":", j)):abs():max() / (eps * x_true(":", j):abs():max()) }
    for key, value in pairs(found) do
      if not (value <= worst[key]) and worst[key] == worst[key] then worst[key] = value end -- NaN stays
    end
  end
  return worst
end

local function below(bound, value, method, dtype, n, k, what)
  assert.is_true(value < bound, ("%s %s n = %d, k = %d: %s is %g, expected below %g"):format(method, dtype, n, k, what, value,
    bound))
end

describe("nl.solve on a GPU", function()
  for _, method in ipairs(METHODS) do
    for dtype, eps in pairs(ROUNDOFF) do
      it(("by %s in %s passes HPL's and LAPACK's tests"):format(method, dtype), function()
        for _, n in ipairs(SIZES) do
          local rcond = nl.lu((system("f64", n))).info.rcond
          for _, k in ipairs{ 0, 1, 3, 17 } do
            local A, b, x_true = system(dtype, n, k > 0 and k or nil)
            local x, info = nl.solve(A:to("cuda"), b:to("cuda"), { method = method })
            assert.is_truthy(x, info)
            assert.same({ "cuda:0", dtype, "OK", method }, { x.device, x.dtype, info.code, info.method })
            assert.same(b.shape, x.shape)
            assert.is_true(info.converged and info.seconds > 0)
            local ratios = judge(A, b, x_true, x, rcond, eps)
            below(16, ratios.hpl, method, dtype, n, k, "HPL's ratio")
            below(30, ratios.ratio3, method, dtype, n, k, "LAPACK's ratio 3")
            below(30, ratios.ratio4, method, dtype, n, k, "LAPACK's ratio 4")
            -- f32's residuals are computed in f64, so that they are the same number; f64's are rounding alone
            below(dtype == "f32" and 1e-6 * ratios.backward + 1e-15 or n * eps, math.abs(info.backward_error - ratios.backward),
              method, dtype, n, k, "the distance of info.backward_error")
            below(16 * n * eps, info.backward_error, method, dtype, n, k, "info.backward_error")
          end
          collectgarbage()
        end
      end)
    end
  end

  it("takes lu by itself and says so", function()
    local A, b, x_true = system("f64", 100)
    local x, info = nl.solve(A:to("cuda"), b:to("cuda"))
    assert.equal("lu", info.method)
    assert.equal("dense, on cuda:0: lu, our own elimination", info.reason)
    assert.is_true((nl.allclose(x, x_true, { rtol = 1e-8, atol = 1e-10 })))
    assert.is_nil(info.error_bound)
  end)

  it("says of the elimination what the CPU says", function()
    for _, n in ipairs(SIZES) do
      local A, b = system("f64", n)
      local _, there = nl.solve(A:to("cuda"), b:to("cuda"), { method = "lu" })
      local _, here = nl.solve(A, b, { method = "lu" })
      for _, key in ipairs{ "growth", "rcond", "smallest_pivot" } do
        assert.is_true(math.abs(there[key] - here[key]) <= 1e-6 * here[key],
          ("n = %d: %s is %.17g, the CPU's %.17g"):format(n, key, there[key], here[key]))
      end
      assert.equal(here.exchanges, there.exchanges)
      assert.equal(n * n, there.nnz_factor)
    end
  end)

  it("reads views and changes nothing", function()
    local A, b, x_true = system("f64", 130, 3)
    local wide = nl.zeros(130, 260):to("cuda")
    wide:set(A:to("cuda"), ":", "1:260:2")
    local views = { wide(":", "1:260:2"), A.T:contiguous():to("cuda").T }
    local turned = b.T:contiguous():to("cuda").T
    for _, method in ipairs(METHODS) do
      for _, view in ipairs(views) do
        local x = assert(nl.solve(view, turned, { method = method }))
        assert.is_true((nl.allclose(x, x_true, { rtol = 1e-8, atol = 1e-9 })))
        assert.is_true(view:to("cpu") == A and turned:to("cpu") == b)
      end
    end
  end)

  it("gives the same bits each time", function()
    for dtype in pairs(ROUNDOFF) do
      local A, b = system(dtype, 700, 5)
      A, b = A:to("cuda"), b:to("cuda")
      local first = assert(nl.solve(A, b, { method = "lu" }))
      for _ = 1, 5 do assert.is_true(first == nl.solve(A, b, { method = "lu" })) end
    end
  end)

  it("takes panels of any width", function()
    local A, b, x_true = system("f64", 300)
    for _, block in ipairs{ 1, 2, 7, 32, 64, 129, 300, 1000 } do
      local x = assert(nl.solve(A:to("cuda"), b:to("cuda"), { method = "lu", block = block }))
      below(16, judge(A, b, x_true, x, 1, ROUNDOFF.f64).hpl, "lu", "f64", 300, 1, "HPL's ratio with panels of " .. block)
    end
  end)

  it("exchanges rows where the leading entries are zero", function()
    for _, n in ipairs{ 2, 3, 64, 65, 257 } do
      local rows = {}
      for i = 1, n do rows[i] = (i % n) + 1 end -- row i of A is e(i + 1), the last is e(1): every pivot lies one row up
      local A, x_true = nl.zeros(n, n), nl.arange(1, n)
      for i = 1, n do A:set(1, i, rows[i]) end
      for _, method in ipairs(METHODS) do
        for dtype in pairs(ROUNDOFF) do
          local x, info = nl.solve(A:to("cuda", dtype), (A * x_true):to("cuda", dtype), { method = method })
          assert.is_true(x:to("cpu", "f64") == x_true, ("%s %s n = %d"):format(method, dtype, n))
          assert.equal(n - 1, info.exchanges)
          assert.equal(0, info.backward_error)
        end
      end
    end
  end)

  it("shows the growth of Wilkinson's matrix, and refinement mends it", function()
    for _, n in ipairs{ 20, 40 } do
      local W = nl.eye(n) -- 1 on the diagonal and in the last column, -1 below
      for i = 1, n do
        for j = 1, i - 1 do W:set(-1, i, j) end
        W:set(1, i, n)
      end
      local b = (W * nl.randn(n, { seed = 3 })):to("cuda")
      local _, plain = nl.solve(W:to("cuda"), b, { method = "lu" })
      assert.equal(2.0 ^ (n - 1), plain.growth)
      assert.equal(0, plain.exchanges) -- of equals the first is the pivot
      assert.is_true(plain.backward_error > 2.0 ^ (n - 12) * ROUNDOFF.f64)
      local _, fine = nl.solve(W:to("cuda"), b, { method = "lu", refine = true })
      assert.is_true(fine.refinements > 0 and fine.backward_error < 4 * ROUNDOFF.f64, tostring(fine.backward_error))
    end
  end)

  it("refines until the backward error stops falling", function()
    for dtype, eps in pairs(ROUNDOFF) do
      local A, b = system(dtype, 500, 3)
      local _, plain = nl.solve(A:to("cuda"), b:to("cuda"), { method = "lu" })
      local x, fine = nl.solve(A:to("cuda"), b:to("cuda"), { method = "lu", refine = true })
      assert.is_nil(plain.refinements)
      assert.is_true(fine.refinements >= 0 and fine.refinements <= 10)
      assert.is_true(fine.backward_error <= plain.backward_error + eps)
      assert.is_true(fine.backward_error <= 2 * eps, ("%s: %g"):format(dtype, fine.backward_error / eps))
      assert.equal(dtype, x.dtype)
    end
  end)

  it("names the column of an exactly zero pivot", function()
    for _, method in ipairs(METHODS) do
      for _, case in ipairs{ { 3, 2 }, { 64, 64 }, { 300, 1 }, { 300, 129 }, { 1000, 777 } } do
        local n, column = table.unpack(case)
        local A = nl.randn(n, n, { seed = n })
        A:set(nl.zeros(n), ":", column)
        local x, message, info = nl.solve(A:to("cuda"), nl.ones(n):to("cuda"), { method = method })
        assert.is_nil(x)
        assert.equal("SINGULAR", info.code)
        assert.equal(column, info.where)
        assert.equal(("%s: A is singular, column %d has no nonzero pivot"):format(method, column), message)
      end
    end
    local x, _, info = nl.solve(nl.zeros(5, 5):to("cuda"), nl.ones(5):to("cuda"))
    assert.is_nil(x)
    assert.equal(1, info.where)
  end)

  it("names what is not finite", function()
    for dtype in pairs(ROUNDOFF) do
      local A, b = system(dtype, 200, 2)
      A, b = A:to("cuda"), b:to("cuda")
      local function outcome(part, ...)
        local x, message, info = nl.solve(...)
        assert.is_nil(x)
        assert.equal("NONFINITE", info.code)
        assert.is_truthy(message:find(part, 1, true), message)
      end
      local bad = A:clone()
      bad:set(0 / 0, 150, 3)
      bad:set(1 / 0, 2, 199)
      outcome("solve: A(2,199) is inf", bad, b)
      local rhs = b:clone()
      rhs:set(-1 / 0, 200, 2)
      outcome("solve: b(200,2) is -inf", A, rhs)
      outcome("solve: x0(200,2) is -inf", A, b, { x0 = rhs })
      outcome("overflow", nl.tensor({ { dtype == "f64" and 1e-300 or 1e-30 } }, { dtype = dtype, device = "cuda" }),
        nl.tensor({ dtype == "f64" and 1e300 or 1e30 }, { dtype = dtype, device = "cuda" }))
    end
    local _, message, info = nl.solve(nl.tensor({ { 1, 1e308 }, { -1, 1e308 } }, { device = "cuda" }),
      nl.ones(2, { device = "cuda" }), { method = "lu" })
    assert.equal("NONFINITE", info.code)
    assert.equal("lu: overflow in U (scaling A may help)", message)
  end)

  it("raises on misuse", function()
    local A, b = nl.eye(4):to("cuda"), nl.ones(4):to("cuda")
    raises("solve: A is on cuda:0, b is on cpu; move one with :to", nl.solve, A, nl.ones(4))
    raises("solve: A is on cpu, b is on cuda:0; move one with :to", nl.solve, nl.eye(4), b)
    raises("solve: A is on cuda:0, x0 is on cpu; move one with :to", nl.solve, A, b, { x0 = nl.ones(4) })
    raises("A is f64, b is f32", nl.solve, A, b:to("f32"))
    raises("A is f16, expected f64 or f32", nl.solve, A:to("f16"), b:to("f16"))
    raises("A is 4x4, b has 3 rows", nl.solve, A, nl.ones(3):to("cuda"))
    raises("block is -1, expected >= 0", nl.solve, A, b, { block = -1 })
    for _, method in ipairs{ "gauss", "lapack", "klu", "gauss_seidel", "gmres" } do
      raises(("solve: method '%s' takes no dense A on cuda:0; there are lu, cusolver"):format(method), nl.solve, A, b,
        { method = method })
    end
    raises("method 'gauss' takes no dense A on cuda:0", nl.solve, A, b, { pivot = "complete" })
  end)

  it("gives its memory back", function()
    local A, b = system("f64", 500, 2)
    A, b = A:to("cuda"), b:to("cuda")
    collectgarbage() collectgarbage()
    local before = nl.memory.live("cuda")
    for _, method in ipairs(METHODS) do
      assert(nl.solve(A, b, { method = method, refine = method == "lu" }))
      collectgarbage() collectgarbage()
      assert.equal(before, nl.memory.live("cuda"))
    end
  end)
end)

describe("nl.lu on a GPU", function()
  it("gives factors of the permuted matrix", function()
    for dtype, eps in pairs(ROUNDOFF) do
      for _, n in ipairs{ 1, 2, 31, 64, 65, 257, 600 } do
        local A = system(dtype, n)
        local F = nl.lu(A:to("cuda"))
        assert.same({ "cuda:0", "cuda:0", "cuda:0" }, { F.L.device, F.U.device, F.p.device })
        local L, U, p = F.L:to("cpu", "f64"), F.U:to("cpu", "f64"), F.p:to("cpu")
        local P = nl.zeros(n, n)
        for i = 1, n do P:set(1, i, p(i)) end
        local wide = A:to("f64")
        below(30, norm_1(P * wide - L * U) / (n * norm_1(wide) * eps), "lu", dtype, n, 0, "LAPACK's ratio 1")
        assert.is_true(L:abs():max() <= 1)
        assert.equal(n, (L * nl.eye(n)):mul(nl.eye(n)):sum())
      end
    end
  end)

  it("exchanges the rows that the CPU exchanges, where arithmetic is exact", function()
    for _, n in ipairs{ 5, 64, 65, 200, 500 } do
      -- edges of a random tree over nodes 0 to n, node 0 left out, in a mixed order: totally unimodular, so that every
      -- number met in its elimination is -1, 0 or 1, and the pivots are ties
      local A, drawn = nl.zeros(n, n), nl.rand(n, { seed = n })
      for i = 1, n do
        local row, parent = 7 * i % n + 1, math.floor(drawn(i) * i)
        A:set(1, row, i)
        if parent > 0 then A:set(-1, row, parent) end
      end
      for dtype in pairs(ROUNDOFF) do
        local there, here = nl.lu(A:to("cuda", dtype)), nl.lu(A:to(dtype))
        assert.is_true(there.p:to("cpu") == here.p)
        assert.is_true(there.L:to("cpu") == here.L and there.U:to("cpu") == here.U)
      end
    end
  end)

  it("solves again and again, for vectors and matrices", function()
    for dtype, eps in pairs(ROUNDOFF) do
      for _, n in ipairs{ 1, 65, 500 } do
        local A = system(dtype, n)
        local F = nl.lu(A:to("cuda"))
        for _, k in ipairs{ 0, 1, 2, 33, n } do
          local _, b, x_true = system(dtype, n, k > 0 and k or nil)
          below(16, judge(A, b, x_true, F:solve(b:to("cuda")), 1, eps).hpl, "lu", dtype, n, k, "HPL's ratio")
        end
      end
    end
  end)

  it("estimates the condition as the CPU does", function()
    for dtype, tolerance in pairs{ f64 = 1e-6, f32 = 1e-2 } do
      for _, n in ipairs{ 1, 2, 63, 64, 65, 130, 1000 } do
        local A = system(dtype, n)
        local there, here = nl.lu(A:to("cuda")).info.rcond, nl.lu(A).info.rcond
        assert.is_true(math.abs(there - here) <= tolerance * here, ("%s n = %d: %g, the CPU's %g"):format(dtype, n, there, here))
      end
    end
    assert.is_true(math.abs(nl.lu(nl.tensor{ { 1, 0 }, { 0, 1e-8 } }:to("cuda")).info.rcond - 1e-8) < 1e-20)
  end)

  it("is made of a singular matrix too, and then refuses to solve", function()
    local F = nl.lu(nl.tensor{ { 1, 2 }, { 2, 4 } }:to("cuda"))
    assert.same({ "SINGULAR", 2, 0 }, { F.info.code, F.info.where, F.info.rcond })
    local x, message, info = F:solve(nl.ones(2):to("cuda"))
    assert.is_nil(x)
    assert.equal("SINGULAR", info.code)
    assert.equal("lu: A is singular, column 2 has no nonzero pivot", message)
  end)

  it("raises on misuse", function()
    local F <close> = nl.lu(nl.eye(2):to("cuda"))
    assert.equal("lu factor of a 2x2 f64 matrix, 0 exchanges on cuda:0", tostring(F))
    raises("lu: the factor is on cuda:0, b is on cpu; move b with :to", F.solve, F, nl.ones(2))
    raises("lu: the factor is on cpu, b is on cuda:0; move b with :to", function()
      nl.lu(nl.eye(2)):solve(nl.ones(2):to("cuda"))
    end)
    raises("b is 3, expected 2 rows", F.solve, F, nl.ones(3):to("cuda"))
    raises("b is f32", F.solve, F, nl.ones(2, { dtype = "f32", device = "cuda" }))
    local G, message, info = nl.lu(nl.tensor({ { 1, 2 }, { 0 / 0, 4 } }, { device = "cuda" }))
    assert.is_nil(G)
    assert.equal("NONFINITE", info.code)
    assert.is_truthy(message:find("A(2,1) is", 1, true), message)
  end)
end)
