local nl = require "numlab"
local accuracy = require "numlab.accuracy"
local attention = require "numlab.accuracy_attention"
local findings = require "numlab.accuracy_findings"
local raises = require "tests.lua.raises"

local function within(low, got, high, what)
  if not (got >= low and got <= high) then error(("%s is %.3g, expected %g to %g"):format(what or "value", got, low, high), 2) end
end

local function said(lines)
  local out = {}
  for i, line in ipairs(lines) do out[i] = tostring(line) end
  return table.concat(out, "\n")
end

describe("numlab.accuracy", function()
  it("knows the roundoffs: half the distance from 1 to the next number", function()
    for _, dtype in ipairs{ "f64", "f32", "f16", "bf16" } do
      local u = accuracy.ROUNDOFF[dtype]
      local x = nl.tensor{ 1 + 1.9 * u, 1 + 0.9 * u }:to(dtype):to("f64")
      assert.equal(1 + 2 * u, x(1), dtype)
      assert.equal(1, x(2), dtype)
    end
  end)

  it("makes systems of their condition", function()
    local system = accuracy.system(20, 1e4, 3)
    local _, s = nl.svd(system.A)
    if not _ then return end -- LAPACK is not on this machine
    within(1 - 1e-9, s(1), 1 + 1e-9)
    within(1e4 * (1 - 1e-9), s(1) / s(20), 1e4 * (1 + 1e-9))
    within(1 - 1e-9, system.inverse / (1 / s):norm(), 1 + 1e-9, "||A^-1||_F")
  end)

  it("finds the errors that theory predicts", function()
    local system = accuracy.system(60, 1e4, 2)
    for _, label in ipairs(accuracy.METHODS) do
      local row, message, info = accuracy.measure(system, label)
      if row and system.cond * row.backward_error < 0.1 then
        assert.is_true(row.rel_error <= row.error_bound, label)
        within(0.1, row.rel_error / row.typical_error, 4, label)
        within(0, row.rel_error / row.predicted_error, 10, label)
        within(0, row.backward_error / row.predicted_backward, 60, label)
      elseif not row then
        assert.equal("UNAVAILABLE", info.code, message)
      end
    end
  end)

  it("refines factors of low precision to f64, while kappa u is below 1", function()
    for label, cond in pairs{ ["lu f32 refined in f64"] = 1e5, ["lu bf16 refined in f64"] = 20 } do
      local row = accuracy.measure(accuracy.system(50, cond, 1), label)
      assert.is_true(row.converged and row.predicted_converged, label)
      assert.is_true(row.backward_error < 10 * 2.0 ^ -53 and row.iterations <= row.predicted_iterations + 1, label)
      within(0, row.contraction / row.predicted_contraction, math.sqrt(50), label)
      row = accuracy.measure(accuracy.system(50, cond * 1e6, 1), label)
      assert.is_false(row.converged or row.predicted_converged, label)
    end
    local same = accuracy.measure(accuracy.system(50, 1e5, 1), "lu f32 refined in f32")
    within(0.01, same.rel_error / (1e5 * 2.0 ^ -24), 1)
  end)

  it("says when a factor cannot be used, and knows its methods", function()
    local system = { A = nl.zeros(2, 2), b = nl.ones(2), x = nl.ones(2), cond = 1, inverse = 1 }
    local row, message, info = accuracy.measure(system, "lu f32 refined in f64")
    assert.is_nil(row)
    assert.equal("the factor is singular", message)
    assert.equal("SINGULAR", info.code)
    raises("accuracy: unknown method 'lu f46' (did you mean 'lu f64'?", accuracy.measure, system, "lu f46")
  end)
end)

describe("numlab.accuracy_attention", function()
  local shape = { batch = 1, heads = 2, n = 96, head_dim = 16, seed = 2 }

  it("has the conditions that differences show", function()
    -- the derivative of out along random relative errors of q, k, v: its mean square is that of the stored operands,
    -- less the rounding of out itself
    local work, total, count = attention.prepare(shape, 2.0), 0.0, 40
    local function out_of(h, seed)
      local t = {}
      for i, name in ipairs{ "q", "k", "v" } do
        local x = work[name]
        t[i] = x + x:mul(nl.randn(x.shape, { seed = 100 * seed + i })) * h
      end
      return (nl.attention(t[1], t[2], t[3], { impl = "standard" }))
    end
    for seed = 1, count do
      local slope = (out_of(1e-5, seed) - out_of(-1e-5, seed)) / 2e-5
      total = total + slope:mul(slope):mean() / work.out:mul(work.out):mean()
    end
    local squares = work.condition ^ 2 - 1
    within(0.93, total / count / squares, 1.07, "measured / predicted")
  end)

  it("predicts the errors of every type", function()
    for _, spread in ipairs{ 0.5, 8.0 } do
      local work = attention.prepare(shape, spread)
      for _, dtype in ipairs{ "f64", "f32", "f16", "bf16" } do
        for _, impl in ipairs{ "standard", "tiled", "flash" } do
          local row = assert(attention.measure(work, impl, dtype))
          within(0.6, row.ratio, 1.6, impl .. " " .. dtype)
          assert.is_true(row.max_abs_err > 0 and row.forward_s == nil and row.parts.forward > 0)
        end
      end
    end
  end)

  it("sees fewer keys, and grows worse conditioned, with the spread", function()
    local flat, steep = attention.prepare(shape, 0.1), attention.prepare(shape, 10)
    within(90, flat.keys_seen, 96)
    within(1, steep.keys_seen, 3)
    assert.is_true(steep.condition > 2 * flat.condition)
    assert.is_true(steep.largest_score > 50 * flat.largest_score)
  end)
end)

describe("numlab.accuracy_findings", function()
  local rows, attended = {}, {}
  for _, cond in ipairs{ 1e1, 1e2, 1e3, 1e5, 1e9 } do
    local system = accuracy.system(40, cond, 5)
    for _, label in ipairs{ "gauss f64", "lu f64", "lu f32", "lu f32 refined in f32", "lu f32 refined in f64", "lu bf16" } do
      local row = assert(accuracy.measure(system, label))
      row.method, row.cond, row.replicate, row.code = label, cond, 1, "OK"
      rows[#rows + 1] = row
    end
  end
  for _, spread in ipairs{ 1.0, 8.0 } do
    local work = attention.prepare({ batch = 1, heads = 2, n = 64, head_dim = 16, seed = 2 }, spread)
    for _, dtype in ipairs{ "f32", "bf16" } do
      local row = assert(attention.measure(work, "flash", dtype))
      row.code = "OK"
      attended[#attended + 1] = row
    end
  end
  local function spoiled(list, field, value, method)
    local out = {}
    for i, row in ipairs(list) do
      out[i] = setmetatable({}, { __index = row })
      if method == nil or row.method == method then
        out[i][field] = value
        if type(value) == "function" then out[i][field] = value(row) end
      end
    end
    return out
  end

  it("finds theory confirmed", function()
    for _, section in ipairs(findings.sections(rows, attended)) do
      assert.is_nil(said(section[2]):find("DEVIATES"), said(section[2]))
    end
    assert.equal(5, #findings.sections(rows, attended))
    assert.is_truthy(said(findings.refinement(rows)):find("as good as f64 up to condition 1e+05", 1, true))
  end)

  it("flags what departs from it", function()
    local function finds(lines, words) assert.is_truthy(said(lines):find(words, 1, true), said(lines)) end
    finds(findings.errors(spoiled(rows, "rel_error", function(r) return r.rel_error * 1e4 end, "lu f64")),
      "DEVIATES: by more than 4 times")
    finds(findings.errors(spoiled(rows, "rel_error", 1e9, "gauss f64")), "5 errors above the rigorous bound")
    finds(findings.backward(spoiled(rows, "backward_error", 1e-12, "lu f64")), "above n u = 40 u")
    finds(findings.refinement(spoiled(rows, "converged", false, "lu f32 refined in f64")), "4 systems below it are not solved")
    finds(findings.refinement(spoiled(rows, "contraction", 10.0, "lu f32 refined in f64")), "are slower than sqrt(n) kappa u_f")
    finds(findings.attention(spoiled(attended, "ratio", 2.0)), "DEVIATES: by more than 1.5 times")
  end)
end)
