-- Layers: each formula by hand, gradients against central differences and the tape, the module of the handout with
-- every core, weights as PyTorch keeps them, misuse.
local nl = require "numlab"
local nn = require "numlab.nn"
local reference = require "numlab.reference"
local raises = require "tests.lua.raises"

local function close(a, b, rtol, atol)
  local agree, apart = nl.allclose(a, b, { rtol = rtol or 1e-12, atol = atol or 1e-12 })
  assert.is_true(agree, ("max_abs %g"):format(apart.max_abs))
end

-- The layer's forward pass as central differences see it: L = sum(weight * forward(x)) at chosen elements.
local function differences(loss, t, count)
  local flat, out = t:reshape(-1), {}
  for n = 1, t.size, math.max(1, t.size // count) do
    local old = flat[n]
    flat[n] = old + 1e-5
    local above = loss()
    flat[n] = old - 1e-5
    out[#out + 1] = { n, (above - loss()) / 2e-5 }
    flat[n] = old
  end
  return out
end

local function check_gradients(layer, x, count)
  local weight
  local function loss()
    local y = layer:forward(x)
    weight = weight or nl.randn(y.shape, { seed = 9 })
    return y:mul(weight):sum()
  end
  loss()
  local found = { { x, layer:backward(weight) } }
  for _, value, gradient in layer:parameters() do found[#found + 1] = { value, gradient } end
  for i, pair in ipairs(found) do
    assert.same(pair[1].shape, pair[2].shape)
    local flat = pair[2]:reshape(-1)
    for _, d in ipairs(differences(loss, pair[1], count)) do
      assert.is_true(math.abs(flat[d[1]] - d[2]) < 1e-7 * (1 + math.abs(d[2])), ("tensor %d, element %d: %.9g, %.9g")
        :format(i, d[1], flat[d[1]], d[2]))
    end
  end
end

describe("Linear", function()
  it("is y = x W' + b, by hand", function()
    local layer = nn.Linear{ 2, 3 }:set{ weight = { { 1, 2 }, { 3, 4 }, { 5, 6 } }, bias = { 10, 20, 30 } }
    assert.same({ { 13, 27, 41 } }, layer:forward(nl.tensor{ { 1, 1 } }):totable())
    local dx = layer:backward(nl.tensor{ { 1, 0, 2 } })
    assert.same({ { 11, 14 } }, dx:totable())
    assert.same({ { 1, 1 }, { 0, 0 }, { 2, 2 } }, layer.grad.weight:totable())
    assert.same({ 1, 0, 2 }, layer.grad.bias:totable())
    assert.same({ 3 }, layer:forward(nl.tensor{ 1, 1 }).shape)
  end)

  it("has the gradients of central differences, over any leading dimensions", function()
    check_gradients(nn.Linear{ 3, 4, seed = 1 }, nl.randn(5, 3, { seed = 2 }), 100)
    check_gradients(nn.Linear{ 3, 2, bias = false, seed = 1 }, nl.randn(2, 4, 3, { seed = 2 }), 100)
    check_gradients(nn.Linear{ 3, 2, seed = 1 }, nl.randn(3, { seed = 2 }), 100)
    local layer, view = nn.Linear{ 3, 2, seed = 1 }, nl.randn(3, 4, { seed = 2 }).T
    assert.is_true(layer:forward(view) == layer:forward(view:clone():contiguous()))
  end)

  it("starts uniform in +-1/sqrt(in), the same for a seed, in f32 too", function()
    local layer = nn.Linear{ 400, 300, seed = 7 }
    assert.same({ 300, 400 }, layer.weight.shape)
    for _, t in ipairs{ layer.weight, layer.bias } do
      assert.is_true(t:abs():max() <= 0.05 and t:abs():max() > 0.0499 * 0.99 and math.abs(t:mean()) < 0.003)
    end
    assert.is_true(math.abs(layer.weight:pow(2):mean() / (0.05 ^ 2 / 3) - 1) < 0.02)
    assert.is_true(nn.Linear{ 400, 300, seed = 7 }.weight == layer.weight)
    assert.is_true(nn.Linear{ 400, 300, seed = 7, dtype = "f32" }.weight == layer.weight:to("f32"))
    assert.is_false(nn.Linear{ 400, 300 }.weight == nn.Linear{ 400, 300 }.weight)
    -- no two parameters share their numbers
    local module = nn.MultiHeadAttention{ dim = 8, heads = 2, seed = 7 }
    assert.is_false(layer.weight:reshape(-1)("1:300") == layer.bias)
    assert.is_false(module.qkv.weight("1:8", ":") == module.proj.weight)
    assert.is_false(module.qkv.bias("1:8") == module.proj.bias or module.qkv.bias("1:8") == module.proj.weight[1])
  end)

  it("lists its parameters in order, and takes values for them", function()
    local layer, names = nn.Linear{ 2, 3, dtype = "f32" }, {}
    for name, value, gradient in layer:parameters() do
      names[#names + 1] = name
      assert.equal("f32", value.dtype)
      assert.is_nil(gradient)
    end
    assert.same({ "weight", "bias" }, names)
    local W = nl.ones(3, 2)
    layer:set{ weight = W }
    W[1] = 5
    assert.same({ 1, 1 }, layer.weight[1]:totable()) -- a copy
    layer:backward(layer:forward(nl.ones(1, 2, { dtype = "f32" })))
    for _, value, gradient in layer:parameters() do assert.same(value.shape, gradient.shape) end
    names = {}
    for name in nn.Linear{ 2, 3, bias = false }:parameters() do names[#names + 1] = name end
    assert.same({ "weight" }, names)
  end)

  it("tells what is wrong", function()
    local layer = nn.Linear{ 2, 3 }
    raises("nn.Linear: expected {in, out, ..}, got number", nn.Linear, 2)
    raises("out, the second entry, must be a whole number of at least 1, got nil", nn.Linear, { 2 })
    raises("in, the first entry, must be a whole number of at least 1, got 0", nn.Linear, { 0, 2 })
    raises("unknown option 'bais' (did you mean 'bias'?", nn.Linear, { 2, 3, bais = true })
    raises("unknown option '3'", nn.Linear, { 2, 3, 4 })
    raises("dtype is 'f16', expected 'f64' or 'f32'", nn.Linear, { 2, 3, dtype = "f16" })
    raises("Linear:forward: x is 4x3, expected 2 numbers in its last dimension", layer.forward, layer, nl.ones(4, 3))
    raises('x is f32, the layer is f64; convert it with :to("f64")', layer.forward, layer, nl.ones(2, { dtype = "f32" }))
    raises("Linear:forward: x must be a tensor, got table", layer.forward, layer, { 1, 2 })
    raises("Linear:backward: call forward first", layer.backward, layer, nl.ones(1, 3))
    layer:forward(nl.ones(4, 2))
    raises("dy is 5x3, but forward saw x 4x2", layer.backward, layer, nl.ones(5, 3))
    raises("dy is 4x2, expected 3 numbers", layer.backward, layer, nl.ones(4, 2))
    raises("set: unknown parameter 'weigth' (did you mean 'weight'?", layer.set, layer, { weigth = nl.ones(3, 2) })
    raises("set: weight is 2x3, expected 3x2 (out, in)", layer.set, layer, { weight = nl.ones(2, 3) })
    raises("set: bias is 2, expected 3", layer.set, layer, { bias = { 1, 2 } })
  end)
end)

describe("MSE", function()
  it("is mean (y - t)^2 with the gradient 2 (y - t) / size", function()
    local mse = nn.MSE()
    local y, t = nl.tensor{ { 1, 2 }, { 3, 4 } }, nl.tensor{ { 0, 2 }, { 3, 6 } }
    assert.equal(5 / 4, mse:forward(y, t))
    assert.same({ { 0.5, 0 }, { 0, -1 } }, mse:backward():totable())
    raises("y is 2x2 and the target 2, expected one shape", mse.forward, mse, y, nl.ones(2))
    local fresh = nn.MSE()
    raises("call forward first", fresh.backward, fresh)
  end)
end)

describe("MultiHeadAttention", function()
  local CORES = { "standard", "tiled", "flash" }

  it("splits the projection into q, k, v, each head by head, as PyTorch does", function()
    -- q = k = 0: every row sees all rows alike; v = x and an identity behind it: the output is the mean over n
    local layer = nn.MultiHeadAttention{ dim = 4, heads = 2, seed = 1 }
    layer:set{ ["qkv.weight"] = nl.cat{ nl.zeros(8, 4), nl.eye(4) }, ["qkv.bias"] = nl.zeros(12),
      ["proj.weight"] = nl.eye(4), ["proj.bias"] = nl.zeros(4) }
    local x = nl.randn(2, 5, 4, { seed = 2 })
    close(layer:forward(x), nl.zeros(2, 5, 4) + x:mean(2, { keepdim = true }))
  end)

  it("has the gradients of central differences with every core", function()
    for _, impl in ipairs(CORES) do
      local x = nl.randn(2, 5, 6, { seed = 2 })
      check_gradients(nn.MultiHeadAttention{ dim = 6, heads = 3, impl = impl, seed = 1, q_tile = 2, k_tile = 3,
        causal = true, scale = 0.7 }, x, 20)
      check_gradients(nn.MultiHeadAttention{ dim = 6, heads = 2, impl = impl, seed = 1, bias = false, softcap = 3,
        window = { 2, 1 } }, x, 20)
    end
  end)

  local results, taped = nn.gradients, reference.gradients
  local NAMES = { "y", "dx", "qkv.weight", "qkv.bias", "proj.weight", "proj.bias" }

  it("passes the handout's test: B=2, N=256, C=64, 8 heads, tile 128, f64 and f32", function()
    local TOLERANCES = { f64 = { rtol = 1e-5, atol = 1e-7, sharp = 1e-12 },
      f32 = { rtol = 1e-3, atol = 1e-4, sharp = 1e-5 } }
    for dtype, t in pairs(TOLERANCES) do
      local x = nl.randn(2, 256, 64, { seed = 21 }):to(dtype)
      local target = nl.randn(2, 256, 64, { seed = 22 }):to(dtype)
      local found, tape = {}, nil
      for _, impl in ipairs(CORES) do
        local layer = nn.MultiHeadAttention{ dim = 64, heads = 8, impl = impl, q_tile = 128, k_tile = 128, dtype = dtype,
          seed = 1 }
        found[impl] = results(layer, x, target)
        tape = tape or taped(layer, x, target)
      end
      for _, impl in ipairs(CORES) do
        assert.is_true(math.abs(found[impl].loss - tape.loss) < t.sharp)
        for _, name in ipairs(NAMES) do
          local got = found[impl][name]
          assert.equal(dtype, got.dtype)
          close(got, found.standard[name], t.rtol, t.atol) -- the handout's tolerances
          close(got, tape[name], t.rtol, t.atol)
          -- The gradients are small, some below the handout's atol: what counts is the difference against their size.
          local scale = tape[name]:abs():max()
          close(got, found.standard[name], 0, t.sharp * scale)
          close(got, tape[name], 0, t.sharp * scale)
        end
      end
    end
  end)

  it("hands options on: causal, scale", function()
    local x, target = nl.randn(1, 9, 6, { seed = 3 }), nl.randn(1, 9, 6, { seed = 4 })
    for _, impl in ipairs(CORES) do
      local layer = nn.MultiHeadAttention{ dim = 6, heads = 2, impl = impl, causal = true, scale = 0.3, k_tile = 2,
        seed = 5 }
      local got, want = results(layer, x, target), taped(layer, x, target, { causal = true, scale = 0.3 })
      for _, name in ipairs(NAMES) do close(got[name], want[name]) end
    end
  end)

  it("drops other elements in each forward pass, the same from the same seed", function()
    local function layer()
      return nn.MultiHeadAttention{ dim = 4, heads = 2, dropout = 0.5, dropout_seed = 3, seed = 1 }
    end
    local x, a, b = nl.randn(1, 8, 4, { seed = 2 }), layer(), layer()
    local first = a:forward(x)
    assert.is_true(first == b:forward(x))
    assert.is_false(first == a:forward(x))
    b.core.seed = 3
    assert.is_true(first == b:forward(x))
    local function loss() -- backward drops what its forward dropped
      b.core.seed = 3
      return b:forward(x):sum()
    end
    loss()
    local dx = b:backward(nl.ones(1, 8, 4)):reshape(-1)
    for _, d in ipairs(differences(loss, x, 8)) do assert.is_true(math.abs(dx[d[1]] - d[2]) < 1e-8) end
  end)

  it("learns, alike with every core", function()
    local x, target = nl.randn(2, 12, 8, { seed = 31 }), nl.randn(2, 12, 8, { seed = 32 })
    local last = {}
    for i, impl in ipairs(CORES) do
      local layer, mse = nn.MultiHeadAttention{ dim = 8, heads = 2, impl = impl, k_tile = 5, seed = 1 }, nn.MSE()
      local first
      for _ = 1, 20 do
        last[i] = mse:forward(layer:forward(x), target)
        first = first or last[i]
        layer:backward(mse:backward())
        for _, W, dW in layer:parameters() do W:set(W - 0.5 * dW) end
      end
      assert.is_true(last[i] < first)
    end
    assert.is_true(math.abs(last[2] - last[1]) < 1e-12 and math.abs(last[3] - last[1]) < 1e-12)
  end)

  it("lists its parameters in order, and tells what is wrong", function()
    local layer, names = nn.MultiHeadAttention{ dim = 4, heads = 2 }, {}
    for name, value in layer:parameters() do names[#names + 1] = name .. " " .. table.concat(value.shape, "x") end
    assert.same({ "qkv.weight 12x4", "qkv.bias 12", "proj.weight 4x4", "proj.bias 4" }, names)
    raises("dim must be a whole number of at least 1, got nil", nn.MultiHeadAttention)
    raises("heads must be a whole number of at least 1, got 1.5", nn.MultiHeadAttention, { dim = 4, heads = 1.5 })
    raises("dim 4 cannot be divided among 3 heads", nn.MultiHeadAttention, { dim = 4, heads = 3 })
    raises("unknown option 'head' (did you mean 'heads'?", nn.MultiHeadAttention, { dim = 4, head = 2 })
    raises("x is 3x4, expected (B, N, C)", layer.forward, layer, nl.ones(3, 4))
    raises("x is 1x3x5, expected 4 numbers", layer.forward, layer, nl.ones(1, 3, 5))
    raises("call forward first", layer.backward, layer, nl.ones(1, 3, 4))
    raises("set: unknown parameter 'qkv' (did you mean 'qkv.weight'? known: qkv.weight", layer.set, layer, { qkv = 1 })
    raises("impl", layer.forward, nn.MultiHeadAttention{ dim = 4, heads = 2, impl = "flush" }, nl.ones(1, 3, 4))
  end)
end)
