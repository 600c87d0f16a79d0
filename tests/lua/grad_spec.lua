-- The tape: every operation against central differences, with broadcasting; how backward walks; misuse. Attention over
-- it against central differences here, the kernels against it below.
local nl = require "numlab"
local grad = require "numlab.grad"
local reference = require "numlab.reference"
local raises = require "tests.lua.raises"

local function randn(...) return nl.randn({ ... }, { seed = 3 }) end
local function positive(...) return nl.rand({ ... }, { seed = 4 }) + 0.5 end
local function close(a, b, rtol) return assert.is_true((nl.allclose(a, b, { rtol = rtol or 1e-12, atol = 1e-12 }))) end

describe("an operation's gradient", function()
  -- name, function, shapes of the operands (positive numbers where a third is given)
  local CASES = {
    { "a + b", function(a, b) return a + b end, { { 2, 3 }, { 2, 3 } } },
    { "a + b, a row", function(a, b) return a + b end, { { 4, 3 }, { 3 } } },
    { "a - b, a column and a row", function(a, b) return a - b end, { { 4, 1 }, { 3 } } },
    { "a - b, 4-d", function(a, b) return a - b end, { { 2, 1, 3, 1 }, { 4, 1, 2 } } },
    { "a:mul(b)", function(a, b) return a:mul(b) end, { { 2, 3 }, { 2, 3 } } },
    { "a:mul(b), a scalar", function(a, b) return a:mul(b) end, { {}, { 2, 3 } } },
    { "a:mul(b), both stretched", function(a, b) return a:mul(b) end, { { 2, 1, 3 }, { 5, 1 } } },
    { "a:div(b)", function(a, b) return a:div(b) end, { { 3, 2 }, { 3, 1 } }, true },
    { "a / b, b in front", function(a, b) return a / b end, { { 2 }, { 3, 2 } }, true },
    { "numbers", function(a) return 2 - 3 * a / 4 + (1 - a) * 5 + 1 / a end, { { 3 } }, true },
    { "-a", function(a) return -a end, { { 2, 2 } } },
    { "a with itself", function(a) return a:mul(a) + a - a:div(a) * a end, { { 3 } }, true },
    { "exp", function(a) return a:exp() end, { { 2, 3 } } },
    { "log", function(a) return a:log() end, { { 2, 3 } }, true },
    { "sqrt", function(a) return a:sqrt() end, { { 2, 3 } }, true },
    { "tanh", function(a) return a:tanh() end, { { 2, 3 } } },
    { "pow", function(a) return a:pow(2.5) + a:pow(-1) + a:pow(3) + a:pow(0) end, { { 2, 3 } }, true },
    { "A * B", function(a, b) return a * b end, { { 2, 3 }, { 3, 4 } } },
    { "A * B, batched", function(a, b) return a * b end, { { 2, 5, 2, 3 }, { 2, 5, 3, 4 } } },
    { "A * B, B for the whole batch", function(a, b) return a * b end, { { 5, 2, 3 }, { 3, 4 } } },
    { "A * B, batches stretched", function(a, b) return a * b end, { { 2, 1, 2, 3 }, { 5, 3, 4 } } },
    { "A * x", function(a, b) return a * b end, { { 2, 3 }, { 3 } } },
    { "x * A", function(a, b) return a * b end, { { 3 }, { 3, 2 } } },
    { "x * A, batched", function(a, b) return a * b end, { { 3 }, { 4, 3, 2 } } },
    { "x * y", function(a, b) return a * b end, { { 4 }, { 4 } } },
    { "softmax(1)", function(a) return a:softmax(1) end, { { 3, 4 } } },
    { "softmax(-1)", function(a) return a:softmax(-1) end, { { 2, 3, 4 } } },
    { "sum()", function(a) return a:sum() end, { { 2, 3 } } },
    { "sum(1)", function(a) return a:sum(1) end, { { 2, 3 } } },
    { "sum(-1, keepdim)", function(a) return a:mul(a:sum(-1, { keepdim = true })) end, { { 2, 3 } } },
    { "mean()", function(a) return a:mul(a):mean() end, { { 2, 3 } } },
    { "mean(2)", function(a) return a:mean(2) end, { { 2, 3, 2 } } },
    { "mean(1, keepdim)", function(a) return a - a:mean(1, { keepdim = true }) end, { { 4, 2 } } },
    { "T", function(a) return a.T * a end, { { 2, 3 } } },
    { "transpose(1, -1)", function(a) return a:transpose(1, -1) end, { { 2, 3, 4 } } },
    { "reshape", function(a) return a.T:reshape(2, -1):reshape({ 6 }) end, { { 2, 3 } } },
    { "a slice", function(a) return a("2:3", ":"):mul(a("1:2", ":")) end, { { 4, 2 } } },
    { "a slice with steps", function(a) return a("::2", 2) end, { { 5, 3 } } },
    { "an element", function(a) return a(2, 3):mul(a(1, 1)) end, { { 2, 3 } } },
    { "rows", function(a) return a[1]:mul(a[2]) + a[-1] end, { { 3, 2 } } },
    { "where", function(a, b) return grad.where(nl.tensor{ true, false, true }, a, b) end, { { 2, 3 }, { 1 } } },
    { "where with a number", function(a) return grad.where(nl.tensor{ { true }, { false } }, 0, a) end, { { 2, 3 } } },
    { "cat", function(a, b) return grad.cat({ a, b, a }, 2):mul(grad.cat({ b, a, a }, -1)) end, { { 2, 2 }, { 2, 3 } } },
    { "cat of rows", function(a, b) return grad.cat{ a, b } end, { { 1, 2 }, { 3, 2 } } },
    { "a long way", function(a, b) return ((a * b):softmax(-1):log() - (a * b):tanh()):pow(2):mean(1):sqrt() end,
      { { 3, 2 }, { 2, 4 } } },
  }
  for _, case in ipairs(CASES) do
    local name, fn, shapes, above = table.unpack(case)
    it(name, function()
      local inputs = {}
      for i, shape in ipairs(shapes) do inputs[i] = above and positive(table.unpack(shape)) or randn(table.unpack(shape)) + i end
      assert(grad.check(fn, inputs))
    end)
  end

  it("is that of the values: y is what the tensors give", function()
    local a, b = randn(2, 3), randn(3, 2)
    local x, y = grad.variable(a), grad.variable(b)
    assert.is_true((x * y):tanh().value == (a * b):tanh())
    assert.is_true((x.T - y).value == a.T - b)
    assert.equal(a:sum(), x:sum().value:item())
    assert.same({ { 2, 3 }, "f64", 2, 6, 2 }, { x.shape, x.dtype, x.ndim, x.size, #x })
    local rows = 0
    for _, row in ipairs(x) do rows = rows + #row end
    assert.equal(6, rows)
    assert.matches("variable.*f64 tensor 2x3", tostring(x))
  end)

  it("keeps f32", function()
    local x = grad.variable(randn(3, 4):to("f32"))
    local y = ((x * x.T / 2):softmax(-1) + 1):pow(2):mean()
    y:backward()
    assert.same({ "f32", "f32" }, { y.dtype, x.grad.dtype })
    local wide = grad.variable(x.value:to("f64"));
    ((wide * wide.T / 2):softmax(-1) + 1):pow(2):mean():backward()
    assert.is_true((nl.allclose(x.grad:to("f64"), wide.grad, { rtol = 1e-5, atol = 1e-6 })))
  end)
end)

describe("backward", function()
  it("adds over all uses, in any order of the steps", function()
    local x = grad.variable{ 3 }
    local a = x * 2
    local b = a:mul(x)   -- 2 x^2
    local c = b + a      -- 2 x^2 + 2 x
    local y = (c:mul(b)):sum()
    y:backward() -- 4 x^4 + 4 x^3
    assert.equal(16 * 27 + 12 * 9, x.grad[1])
    assert.is_truthy(a.grad and b.grad and c.grad) -- the steps keep theirs
  end)

  it("replaces an earlier gradient, and gives each variable its own", function()
    local x, y = grad.variable{ 1, 2 }, grad.variable{ 3, 4 }
    local sum = x + y
    local seed = nl.tensor{ 5, 6 }
    sum:backward(seed)
    sum:backward(seed)
    assert.same({ 5, 6 }, x.grad:totable())
    x.grad[1] = 100
    assert.same({ 5, 6 }, y.grad:totable())
    assert.same({ 5, 6 }, seed:totable())
    x:sum():backward()
    assert.same({ 1, 1 }, x.grad:totable())
  end)

  it("leaves constants alone", function()
    local x, t = grad.variable(randn(2, 2)), randn(2, 2)
    local y = (t * x + t):mul(t):sum()
    y:backward()
    close(x.grad, t.T * t)
    local fixed = grad.constant(t) * 2 + 1
    assert.is_true(fixed.constant)
    assert.equal(0, #fixed.operands)
  end)

  it("walks ten thousand steps", function()
    local x = grad.variable(1)
    local y = x
    for _ = 1, 10000 do y = y + 1e-4 * x end
    y:backward()
    assert.is_true(math.abs(x.grad:item() - 2) < 1e-9)
  end)

  it("tells what it cannot do", function()
    local x = grad.variable(randn(2, 3))
    raises("the result is f64 2x3, expected one element; sum it or give a seed", x.backward, x)
    raises("the seed must be a tensor like the result, f64 2x3, got f64 3x2", x.backward, x, nl.ones(3, 2))
    raises("got f32 2x3", x.backward, x, nl.ones(2, 3, { dtype = "f32" }))
    raises("got number", x.backward, x, 1)
    local c = grad.constant(1)
    raises("depends on no variable; make one with grad.variable", c.backward, c)
    raises('the tensor is i64, expected f64 or f32; convert it with t:to("f64")', grad.variable,
      nl.ones(2, { dtype = "i64" }))
    raises("expected a tensor, nested tables or a number, got string", grad.variable, "x")
    raises("expected a tensor, nested tables or a number, got a variable", grad.variable, x)
    raises("mul: expected a variable, a tensor or a number, got string", function() return x:mul("2") end)
    raises("add: expected a variable, a tensor or a number, got nil", function() return x:add() end)
    raises("no operator ^; use x:pow(p)", function() return x ^ 2 end)
    raises("the exponent must be a number, got variable", function() return x:pow(x) end)
    raises("grad.cat: expected a variable, a tensor or a number, got number", grad.cat, { x, 1 })
    raises("cat: a table of 0 tensors, expected at least one", grad.cat, {})
    raises("matmul: 2x3 times 2x3", function() return x * x end)
    raises("do not broadcast", function() return x + nl.ones(2) end)
    raises("f64 and f32", function() return x + nl.ones(3, { dtype = "f32" }) end)
    raises("the condition is f64, expected bool", grad.where, x.value, x, 0)
    raises("index 3 is outside dimension 1 of size 2", function() return x(3, 1) end)
    assert.is_nil(x.nothing)
  end)
end)

describe("grad.check", function()
  it("finds a wrong gradient and says where", function()
    local function wrong(a) -- forgets that a stands under the root too
      return a:mul(grad.constant(a.value):sqrt())
    end
    local ok, message = grad.check(wrong, { nl.tensor{ 4, 9 } })
    assert.is_nil(ok)
    assert.matches("input 1, element %d: the tape gives .*, central differences", message)
    assert.is_nil((grad.check(function(a) return a:log() end, { nl.tensor{ 0 } }))) -- NaN is no agreement
    raises("fn must return a variable, got number", grad.check, function() return 1 end, { nl.ones(1) })
    raises("unknown option 'tol' (did you mean 'atol'?", grad.check, wrong, { nl.ones(1) }, { tol = 1 })
  end)

  it("measures views, and inputs without influence", function()
    local A = randn(2, 3)
    local ok, apart = grad.check(function(a, b) return a:mul(a) + b:mul(0) end, { A.T, nl.ones(3, 2) })
    assert(ok, apart)
    assert.is_true(apart.max_abs < 1e-8)
    assert(grad.check(function(a, _) return a:exp() end, { A, nl.ones(4) }))
    assert.is_true(A == randn(2, 3)) -- and leaves them as they were
  end)
end)

-- Operands of attention: q, k, v and a few settings.
local function operands(b, h, hkv, nq, nk, d, dv)
  return nl.randn(b, h, nq, d, { seed = 11 }), nl.randn(b, hkv, nk, d, { seed = 12 }),
    nl.randn(b, hkv, nk, dv, { seed = 13 })
end

local SETTINGS = {
  { name = "plain" },
  { name = "causal", causal = true },
  { name = "scaled and capped", scale = 0.9, softcap = 1.5 },
  { name = "a window", window = { 2, 1 } },
  { name = "a causal window", causal = true, window = { 1, -1 } },
  { name = "a bias for the heads", bias = { 3 } },
  { name = "a bias of its own, capped, causal", bias = { 4 }, softcap = 2, causal = true },
}

-- The options as nl.attention takes them, and for the tape with the bias as a variable.
local function options(setting, b, h, nq, nk)
  local o = { scale = setting.scale, causal = setting.causal, window = setting.window, softcap = setting.softcap }
  local tape = {}
  for key, value in pairs(o) do tape[key] = value end
  if setting.bias then
    local shape = setting.bias[1] == 3 and { h, 1, nk } or { b, 1, nq, nk }
    o.bias = nl.randn(shape, { seed = 14 })
    tape.bias = grad.variable(o.bias)
  end
  return o, tape
end

describe("attention over the tape", function()
  for _, setting in ipairs(SETTINGS) do
    it(setting.name .. ": against central differences", function()
      local q, k, v = operands(2, 4, 2, 3, 5, 2, 3)
      local o = options(setting, 2, 4, 3, 5)
      local inputs = { q, k, v, o.bias }
      assert(grad.check(function(x, y, z, bias)
        local tape = {}
        for key, value in pairs(o) do tape[key] = value end
        tape.bias = bias
        return (reference.attention(x, y, z, tape))
      end, inputs, { rtol = 1e-5 }))
    end)
  end

  it("is the formula: one head, one row, by hand", function()
    local q, k, v = nl.tensor{ { { { 1, 0 } } } }, nl.tensor{ { { { 1, 5 }, { 0, 7 } } } }, nl.tensor{ { { { 2 }, { 4 } } } }
    local out, p = reference.attention(grad.variable(q), grad.variable(k), grad.variable(v), { scale = 1 })
    local e = math.exp(1) -- scores 1 and 0
    assert.is_true(math.abs(p.value(1, 1, 1, 1) - e / (e + 1)) < 1e-15)
    assert.is_true(math.abs(out.value:item() - (2 * e + 4) / (e + 1)) < 1e-14)
  end)

  it("gives rows that see nothing zeros, and no gradient", function()
    local q, k, v = operands(1, 2, 1, 5, 3, 2, 2) -- causal with more rows than keys: the first two see none
    local x, y, z = grad.variable(q), grad.variable(k), grad.variable(v)
    local out = reference.attention(x, y, z, { causal = true })
    assert.equal(0, out.value(":", ":", "1:2", ":"):abs():max())
    out:backward(nl.ones(out.shape))
    assert.equal(0, x.grad(":", ":", "1:2", ":"):abs():max())
    assert.is_false(x.grad:isnan():any() or y.grad:isnan():any() or z.grad:isnan():any())
    assert.is_true(z.grad:abs():max() > 0)
  end)
end)

-- Every implementation with a backward pass against the tape. Sizes that no tile divides.
describe("nl.attention_backward against the tape", function()
  local IMPLS = { "standard", "tiled", "flash" }
  for _, setting in ipairs(SETTINGS) do
    for _, impl in ipairs(IMPLS) do
      it(("%s, %s"):format(impl, setting.name), function()
        local q, k, v = operands(2, 4, 2, 13, 17, 8, 5)
        local o, tape = options(setting, 2, 4, 13, 17)
        o.impl, o.q_tile, o.k_tile = impl, 4, 6
        local x, y, z = grad.variable(q), grad.variable(k), grad.variable(v)
        local want = reference.attention(x, y, z, tape)
        local dout = nl.randn(want.shape, { seed = 15 })
        want:backward(dout)
        local out, aux = nl.attention(q, k, v, o)
        close(out, want.value)
        local dq, dk, dv, more = nl.attention_backward(dout, q, k, v, out, aux, o)
        close(dq, x.grad)
        close(dk, y.grad)
        close(dv, z.grad)
        if o.bias then close(more.dbias, tape.bias.grad) end
      end)
    end
  end

  it("with dropout: what was kept is read off with V = 1", function()
    local q, k, v = operands(1, 2, 2, 6, 9, 4, 4)
    for _, impl in ipairs{ "standard", "flash" } do
      local o = { impl = impl, dropout = 0.3, seed = 5, k_tile = 4, q_tile = 4 }
      local eye = nl.zeros(1, 2, 9, 9) + nl.eye(9)
      local dropped = nl.attention(q, k, eye, o) -- P after dropout itself
      local x, y, z = grad.variable(q), grad.variable(k), grad.variable(v)
      local want = reference.attention(x, y, z, { dropout = 0.3, keep = dropped:ne(0) })
      local dout = nl.randn(want.shape, { seed = 15 })
      want:backward(dout)
      local out, aux = nl.attention(q, k, v, o)
      close(out, want.value)
      local dq, dk, dv = nl.attention_backward(dout, q, k, v, out, aux, o)
      close(dq, x.grad)
      close(dk, y.grad)
      close(dv, z.grad)
    end
  end)
end)
