-- What a GPU is asked for, tried on the CPU's device, which keeps to the same contract but for an L2 cache that it can name.
local gpu = require "numlab.task2_gpu"
local nl = require "numlab"

local function with_l2(bytes, fn)
  local device = nl.device
  nl.device = function() return { l2_bytes = bytes } end
  local result = table.pack(pcall(fn))
  nl.device = device
  assert(table.unpack(result, 1, result.n))
end

local function work()
  local w = { shape = { device = "cpu" } }
  for i, name in ipairs{ "q", "k", "v", "dout" } do w[name] = nl.randn(1, 2, 16, 8, { seed = i, dtype = "f32" }) end
  return w
end
local OPERANDS = 4 * 2 * 16 * 8 * 4 -- bytes

describe("numlab.task2_gpu", function()
  it("knows a device, why it is not here, and what cannot be", function()
    assert.equal("cpu", gpu.find("cpu").device)
    assert.is_false(gpu.is("cpu") or gpu.is(nil))
    assert.is_true(gpu.is("cuda:1"))
    if #nl.devices() == 1 then
      local facts, why = gpu.find("cuda")
      assert.is_nil(facts)
      assert.matches("^device 'cuda' is not available: [^\n]+$", why)
    end
    assert.error_matches(function() gpu.find("gpu") end, "unknown device 'gpu'")
  end)

  it("knows the tiles of dQ", function()
    local function tile(dtype, head_dim) return { gpu.dq_tile({ dtype = dtype, head_dim = head_dim }) } end
    assert.same({ 64, 32 }, tile("f32", 8))
    assert.same({ 32, 64 }, tile("f32", 36))
    assert.same({ 32, 128 }, tile("f32", 128))
    assert.same({ 64, 256 }, tile("bf16", 136))
    for _, none in ipairs{ tile("f64", 64), tile("f32", 132), tile("f32", 30), tile("f16", 36), tile("f16", 264) } do
      assert.same({}, none)
    end
  end)

  it("gives back what a pass returned, and raises its failure", function()
    local w = work()
    local out, aux = gpu.need(nl.attention(w.q, w.k, w.v, { impl = "flash" })) -- without p
    gpu.drop(aux, out)
    assert.error(function() return out:sum() end)
    assert.error(function() return aux.lse:sum() end)
    assert.error_matches(function() gpu.need(nil, "interrupted") end, "interrupted")
  end)

  it("copies operands until the L2 cache cannot hold them", function()
    with_l2(2 * OPERANDS, function()
      local w = work()
      gpu.move(w)
      assert.equal(4, #w.sets)
      assert.is_true(nl.allclose(w.sets[4].dout, w.dout))
    end)
    with_l2(0, function()
      local w = work()
      gpu.move(w)
      assert.equal(1, #w.sets)
      assert.equal(1, gpu.sets("cuda", 100))
    end)
  end)

  it("settles the launches of a sample once, and times one of them", function()
    local counts, seen = {}, {}
    local function call(i)
      seen[#seen + 1] = i
      local stop = nl.clock() + 1e-3
      while nl.clock() < stop do end -- luacheck: ignore 542
    end
    local seconds = gpu.seconds(counts, "a", "cpu", call)
    assert.is_true(seconds >= 1e-3)
    assert.is_true(counts.a >= 1 and counts.a <= 20)
    assert.same({ 1, 1, 1 }, { seen[1], seen[2], seen[3] }) -- warm up, once, from the first
    assert.equal(counts.a + 2, #seen)
    gpu.seconds(counts, "a", "cpu", call)
    assert.equal(2 * counts.a + 2, #seen)
  end)

  for _, impl in ipairs{ "standard", "flash" } do
    it("times both passes and keeps nothing: " .. impl, function()
      with_l2(2 * OPERANDS, function()
        local w = work()
        gpu.move(w)
        collectgarbage() collectgarbage()
        local before = nl.memory.live()
        collectgarbage("stop")
        local seconds = gpu.times(w, { impl = impl })
        local after = nl.memory.live()
        collectgarbage("restart")
        assert.is_true(seconds.forward > 0 and seconds.backward > 0)
        assert.equal(before, after)
      end)
    end)
  end
end)
