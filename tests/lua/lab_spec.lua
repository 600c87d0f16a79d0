local nl = require "numlab"
local lab = require "numlab.lab"
local grad = require "numlab.grad"
local reference = require "numlab.reference"
local raises = require "tests.lua.raises"

describe("numlab.lab", function()
  it("eliminates: 2x + y = 3, x + 3y = 5 has x = 0.8, y = 1.4", function()
    local x, info = lab.gaussian_elimination({ { 2, 1 }, { 1, 3 } }, { 3, 5 })
    assert.is_true(math.abs(x[1] - 0.8) < 1e-15 and math.abs(x[2] - 1.4) < 1e-15)
    assert.equal("gauss", info.method)
  end)

  it("exchanges rows where a pivot is zero, and names a singular column", function()
    local x = lab.gaussian_elimination(nl.tensor({ { 0, 1 }, { 1, 0 } }), nl.tensor({ 2, 3 }))
    assert.same({ 3, 2 }, x:totable())
    local none, message, info = lab.gaussian_elimination({ { 1, 2 }, { 2, 4 } }, { 1, 2 })
    assert.is_nil(none)
    assert.equal("SINGULAR", info.code)
    assert.matches("column 2", message)
  end)

  it("iterates in the handout's order of arguments", function()
    local A, b = { { 4, 1 }, { 2, 5 } }, { 5, 7 }
    local x, info = lab.gauss_seidel(A, b, { 0, 0 }, 1e-12, 100)
    assert.is_true(math.abs(x[1] - 1) < 1e-11 and math.abs(x[2] - 1) < 1e-11)
    assert.equal(info.iterations, #info.history)
    assert.equal(0, select(2, lab.gauss_seidel(A, b, { 1, 1 })).iterations) -- x0 is the solution already
    local none, _, facts = lab.gauss_seidel(A, b, nil, 1e-15, 2)
    assert.is_nil(none)
    assert.equal("NOT_CONVERGED", facts.code)
  end)

  it("names a zero on the diagonal", function()
    local x, message, info = lab.gauss_seidel({ { 1, 2 }, { 3, 0 } }, { 1, 1 })
    assert.is_nil(x)
    assert.equal("ZERO_DIAGONAL", info.code)
    assert.matches("row 2", message)
  end)

  it("raises on misuse", function()
    assert.error_matches(function() lab.gaussian_elimination({ { 1, 2 } }, { 1 }) end, "1x2")
    assert.error(function() lab.gauss_seidel("A", { 1 }) end)
  end)
end)

describe("numlab.lab's attention", function()
  local function close(a, b, t)
    local agree, apart = nl.allclose(a, b, t)
    assert.is_true(agree, ("max_abs %g"):format(apart.max_abs))
    return apart.max_abs
  end

  local function operands(b, h, n, d, dtype)
    local list = {}
    for i = 1, 4 do list[i] = nl.randn(b, h, n, d, { seed = 40 + i }):to(dtype or "f64") end
    return table.unpack(list) -- q, k, v, the gradient of the output
  end

  local function taped(q, k, v, dout, options)
    local x, y, z = grad.variable(q:to("f64")), grad.variable(k:to("f64")), grad.variable(v:to("f64"))
    local out = reference.attention(x, y, z, options)
    out:backward(dout:to("f64"))
    return out.value, x.grad, y.grad, z.grad
  end

  it("passes the handout's check: B=2, H=4, N=512, D=32, tiles 32, f64 and f32", function()
    for dtype, t in pairs{ f64 = { rtol = 1e-5, atol = 1e-7 }, f32 = { rtol = 1e-3, atol = 1e-4 } } do
      local q, k, v, dout = operands(2, 4, 512, 32, dtype)
      local want, wq, wk, wv = taped(q, k, v, dout)
      local o = { impl = "standard" }
      local out, aux = nl.attention(q, k, v, o)
      local sq, sk, sv = nl.attention_backward(dout, q, k, v, out, aux, o)
      local sharp = dtype == "f64" and { rtol = 0, atol = 1e-13 } or { rtol = 0, atol = 1e-5 }
      local dq, dk, dv = lab.flash_attention_backward(dout, q, k, v, 32, 32)
      for _, pair in ipairs{ { lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 32, 32), want, out },
        { lab.custom_flash_attention_forward(q, k, v, 32, 32), want, out } } do
        assert.equal(dtype, pair[1].dtype)
        close(pair[1], pair[2], t)
      end
      local flash, lse = lab.custom_flash_attention_forward(q, k, v, 32, 32)
      close(flash, want, sharp)
      close(lse, aux.lse, sharp)
      for _, set in ipairs{ { dq, wq, sq }, { dk, wk, sk }, { dv, wv, sv } } do
        assert.equal(dtype, set[1].dtype)
        close(set[1], set[2], t)     -- the handout's tolerances, against the tape
        close(set[1], set[3], t)     -- against the standard implementation
        close(set[1], set[2], sharp) -- and what really comes
      end
    end
  end)

  it("takes tiles that do not divide N, another for Q, a scale, causal", function()
    local q, k, v, dout = operands(1, 2, 37, 8)
    local sharp = { rtol = 0, atol = 1e-13 }
    for _, causal in ipairs{ false, true } do
      for _, scale in ipairs{ 0.2, 1 / math.sqrt(8) } do
        local given = scale == 0.2 and scale or nil
        local out, dq, dk, dv = taped(q, k, v, dout, { causal = causal, scale = scale })
        close(lab.custom_flash_attention_forward(q, k, v, 5, 16, causal, given), out, sharp)
        if not causal then
          close(lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 16, nil, given), out, sharp)
          close(lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 16, 5, given), out, sharp)
        end
        local gq, gk, gv = lab.flash_attention_backward(dout, q, k, v, 16, causal and 5 or nil, given, causal)
        close(gq, dq, sharp)
        close(gk, dk, sharp)
        close(gv, dv, sharp)
      end
    end
  end)

  it("gives the softmax statistics: lse = log of the sum of exp(scores)", function()
    local q, k, v = operands(1, 1, 6, 4)
    local _, lse = lab.custom_flash_attention_forward(q, k, v, 4, 2)
    close(lse, (q * k:transpose(3, 4) / 2):exp():sum(-1):log(), { rtol = 1e-14, atol = 0 })
  end)

  it("takes nested tables", function()
    local q, k, v = { { { { 1, 0 } } } }, { { { { 2, 5 }, { 2, 7 } } } }, { { { { 2, 1 }, { 4, 3 } } } } -- equal scores
    assert.same({ { { { 3, 2 } } } }, lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 1):totable())
    assert.same({ { { { 3, 2 } } } }, (lab.custom_flash_attention_forward(q, k, v, 1, 2)):totable())
    local dq, dk, dv = lab.flash_attention_backward({ { { { 1, 1 } } } }, q, k, v, 2)
    assert.same({ 1, 1, 1, 2 }, dq.shape)
    assert.same({ 1, 1, 2, 2 }, dk.shape)
    close(dv, nl.full({ 1, 1, 2, 2 }, 0.5), { rtol = 1e-15, atol = 0 })
  end)

  it("runs the implementation that each name promises", function()
    local q, k, v, dout = operands(1, 1, 4, 2)
    local attention, seen = nl.attention, {}
    nl.attention = function(a, b, c, o)
      seen[#seen + 1] = ("%s %dx%d"):format(o.impl, o.q_tile, o.k_tile)
      return attention(a, b, c, o)
    end
    local ok, message = pcall(function()
      lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 2, 3)
      lab.custom_flash_attention_forward(q, k, v, 3, 2)
      lab.flash_attention_backward(dout, q, k, v, 2, 3)
      lab.flash_attention_backward(dout, q, k, v, 2)
    end)
    nl.attention = attention
    assert(ok, message)
    assert.same({ "tiled 3x2", "flash 3x2", "flash 3x2", "flash 2x2" }, seen)
  end)

  it("raises where a tile is missing, no number, or shapes do not fit", function()
    local q, k, v, dout = operands(1, 1, 4, 2)
    raises("custom_tiled_attention_NO_ONLINE_softmax: K_tile_size must be a whole number of at least 1, got nil",
      lab.custom_tiled_attention_NO_ONLINE_softmax, q, k, v)
    raises("custom_flash_attention_forward: K_tile_size must be a whole number of at least 1, got nil",
      lab.custom_flash_attention_forward, q, k, v, 2)
    raises("Q_tile_size must be a whole number of at least 1, got 0", lab.custom_flash_attention_forward, q, k, v, 0, 2)
    raises("flash_attention_backward: K_tile_size must be a whole number of at least 1, got 2.5",
      lab.flash_attention_backward, dout, q, k, v, 2.5)
    assert.error(function() lab.custom_flash_attention_forward(q, k, nl.ones(1, 1, 3, 2), 2, 2) end)
    assert.error(function() lab.flash_attention_backward(nl.ones(1, 1, 3, 2), q, k, v, 2) end)
  end)
end)
