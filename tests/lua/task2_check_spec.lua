local nl = require "numlab"
local check = require "numlab.task2_check"
local naive = require "numlab.task2_naive"
local say = require "numlab.say"

describe("numlab.task2_naive", function()
  -- Central differences of sum(dout * out) along a random direction of each operand.
  local function gradients_hold(options, sizes)
    local B, H, Hkv, Nq, Nk, D, Dv = table.unpack(sizes)
    local x = { q = nl.randn(B, H, Nq, D, { seed = 1 }), k = nl.randn(B, Hkv, Nk, D, { seed = 2 }),
      v = nl.randn(B, Hkv, Nk, Dv, { seed = 3 }), bias = options.bias }
    local dout = nl.randn(B, H, Nq, Dv, { seed = 4 })
    local r = naive(x.q, x.k, x.v, dout, options)
    for name, t in pairs(x) do
      local direction, h = nl.randn(t.shape, { seed = 5 }), 1e-6
      local function loss(step)
        local y = setmetatable({ [name] = t + step * direction }, { __index = x })
        local o = setmetatable({ bias = y.bias }, { __index = options })
        return naive(y.q, y.k, y.v, dout, o).out:mul(dout):sum()
      end
      local expected = (loss(h) - loss(-h)) / (2 * h)
      local got = r["d" .. name]:mul(direction):sum()
      assert.is_true(math.abs(got - expected) < 1e-7 * (1 + math.abs(expected)), name .. ": " .. got - expected)
    end
  end

  it("has the gradients of its output", function()
    gradients_hold({}, { 2, 4, 2, 6, 5, 8, 3 })
    gradients_hold({ causal = true, softcap = 0.7, bias = nl.randn(1, 4, 1, 5, { seed = 9 }) }, { 2, 4, 2, 8, 5, 8, 3 })
    gradients_hold({ window = { 2, 1 }, scale = 0.9 }, { 1, 4, 1, 5, 9, 8, 3 })
    gradients_hold({ cu_seqlens_q = { 0, 3, 3, 8, 9 }, cu_seqlens_k = { 0, 4, 6, 6, 9 }, causal = true },
      { 1, 4, 2, 9, 9, 8, 3 })
    gradients_hold({ keep = nl.rand(1, 2, 5, 5, { seed = 6 }):gt(0.3):to("f64") / 0.7 }, { 1, 2, 2, 5, 5, 4, 4 })
  end)

  it("gives zeros for rows that see nothing", function()
    local r = naive(nl.ones(1, 1, 3, 2), nl.ones(1, 1, 2, 2), nl.ones(1, 1, 2, 2), nl.ones(1, 1, 3, 2), { causal = true })
    assert.equal(0, r.out(1, 1, 1, 1))
    assert.equal(1, r.out(1, 1, 2, 1))
    assert.equal(0, r.dq(1, 1, 1, 1))
  end)
end)

describe("numlab.task2_check", function()
  it("finds every implementation right in every case and type, small", function()
    for _, case in ipairs(check.CASES) do
      for _, dtype in ipairs{ "f64", "bf16" } do
        local problem = check.problem(case, dtype, 44, 3)
        for _, impl in ipairs(check.IMPLS) do
          if not problem.without[impl] then
            local row = check.compare(problem, check.run(problem, impl), problem.reference)
            assert.equal("OK", row.code, ("%s %s %s: %s"):format(case, dtype, impl, row.message))
          end
        end
        problem = nil -- luacheck: ignore 311
        collectgarbage()
      end
    end
  end)

  it("sees an error a little beyond its bound, and nan, in any result", function()
    for _, dtype in ipairs{ "f64", "f32", "f16" } do
      local problem = check.problem("bias", dtype, 44, 3)
      local got = check.run(problem, "flash")
      for _, name in ipairs(check.RESULTS) do
        for _, what in ipairs{ 3 * check.bound(problem, name), 0 / 0 } do
          local wrong = setmetatable({ [name] = got[name]:to("f64"):clone() }, { __index = got })
          local at = {}
          for d = 1, wrong[name].ndim do at[d] = 1 end
          wrong[name]:set(wrong[name](table.unpack(at)) + what, table.unpack(at))
          local row = check.compare(problem, wrong, problem.reference)
          assert.equal("WRONG", row.code)
          assert.equal(name, row.worst_in)
          assert.is_true(row.worst > 1)
          assert.matches(name .. " is off by", row.message)
        end
      end
    end
  end)

  it("applies the handout's test to f64 and f32 alone", function()
    local problem = check.problem("none", "f32", 44, 3)
    assert.is_true(check.compare(problem, problem.ops, problem.reference).allclose)
    problem = check.problem("none", "f16", 44, 3)
    assert.is_nil(check.compare(problem, problem.ops, problem.reference).allclose)
  end)

  it("says what holds and what failed", function()
    local function row(extra)
      local r = { case = "causal", dtype = "f32", impl = "flash", against = "f64 standard", out_max = 1e-7, dq_max = 2e-6,
        worst = 0.25, worst_in = "dq", code = "OK" }
      for key, value in pairs(extra or {}) do r[key] = value end
      return r
    end
    local rows = { row(), row({ case = "window", worst = 3, code = "WRONG", message = "dq is off by 1" }),
      row({ impl = "torch sdpa", worst = 2, code = "WRONG" }), row({ against = "tiled" }),
      row({ impl = "tiled", worst = false, code = "SKIPPED", message = "tiled does not have this" }) }
    rows[5].worst = nil
    local said = {}
    for _, section in ipairs(say.read(check.findings(rows))) do
      said[#said + 1] = section[1] .. ": " .. table.concat(section[2], "\n")
    end
    said = table.concat(said, "\n")
    for _, part in ipairs{ "What failed: FAILED: case 'window', f32, flash against f64 standard: dq is off by 1 (WRONG)",
      "flash in f32: 1 of 2 cases hold; output off by at most 1.0e-07, gradients by 2.0e-06; nearest to its bound: dq in "
      .. "case 'window', 3 of it - FAILED", "torch sdpa in f32: 0 of 1 cases hold", "beyond what ours are held to",
      "f32: 1 of 1 comparisons hold; outputs differ by at most 1.0e-07", "tiled, case 'causal': tiled does not have this" } do
      assert.matches(part, said, 1, true)
    end
    assert.equal(1, #check.wrong(rows))
  end)
end)
