-- Attention on a GPU: every way of computing it against the CPU's standard one in f64.
local nl = require "numlab"
local raises = dofile "tests/lua/raises.lua"

local devices, why = nl.devices()
if #devices == 1 then
  describe("attention on a GPU", function()
    it("was not tested: " .. tostring(why):gsub("%s+", " "), function() assert.is_truthy(why) end)
  end)
  return
end

local PATHS = nl.attention_impls("cuda")
local BOUND = { f64 = 1e-12, f32 = 1e-5 }

local function drawn(dtype, ...)
  local shape = { ... }
  local seed = shape[#shape]
  shape[#shape] = nil
  return nl.randn(shape, { seed = seed, dtype = dtype })
end

local function distance(a, b) -- of b from a, where a is finite
  local x, y = a:to("cpu", "f64"), b:to("cpu", "f64")
  assert.same(x.shape, y.shape)
  local finite = x:abs():lt(1 / 0)
  assert.equal(0, nl.where(finite, nl.zeros(1), nl.where(x:eq(y), nl.zeros(1), nl.ones(1))):sum()) -- the same infinities
  local zero = nl.zeros(1)
  x, y = nl.where(finite, x, zero), nl.where(finite, y, zero)
  local scale = x:norm()
  return (x - y):norm() / (scale > 0 and scale or 1)
end

-- How far the CPU's own standard implementation of this type is from f64: what low precision must be near.
local function bound(dtype, own)
  return BOUND[dtype] or 2 * own + 2 * (dtype == "f16" and 2.0 ^ -11 or 2.0 ^ -8)
end

local CASES = {
  { name = "plain", q = { 2, 3, 65, 32 }, k = { 2, 3, 97 } },
  { name = "causal", q = { 1, 4, 130, 64 }, k = { 1, 4, 130 }, causal = true },
  { name = "grouped, longer keys", q = { 2, 6, 64, 40 }, k = { 2, 2, 150 }, causal = true },
  { name = "handout's heads", q = { 2, 8, 200, 8 }, k = { 2, 8, 200 } },
  { name = "wide", q = { 1, 2, 70, 128 }, k = { 1, 1, 90 }, causal = true },
  { name = "widest", q = { 1, 1, 33, 256 }, k = { 1, 1, 65 } },
  { name = "odd head size", q = { 1, 2, 31, 20 }, k = { 1, 2, 45 } },
  { name = "window", q = { 1, 2, 100, 64 }, k = { 1, 2, 140 }, window = { 20, 5 } },
  { name = "rows that see nothing", q = { 1, 2, 80, 32 }, k = { 1, 2, 20 }, causal = true },
  { name = "softcap", q = { 1, 2, 50, 32 }, k = { 1, 2, 60 }, softcap = 3 },
  { name = "scale", q = { 1, 2, 50, 32 }, k = { 1, 2, 60 }, scale = 0.7 },
  { name = "bias a head", q = { 2, 2, 30, 32 }, k = { 2, 2, 40 }, bias = { 2, 1, 40 } },
  { name = "bias whole", q = { 2, 2, 30, 32 }, k = { 2, 2, 40 }, bias = { 2, 2, 30, 40 } },
  { name = "dropout", q = { 2, 2, 70, 32 }, k = { 2, 2, 90 }, dropout = 0.3, seed = 11 },
  { name = "lengths", q = { 1, 2, 100, 32 }, k = { 1, 2, 90 }, causal = true, cu_seqlens_q = { 0, 40, 40, 100 },
    cu_seqlens_k = { 0, 30, 60, 90 } },
  { name = "one key", q = { 1, 1, 3, 64 }, k = { 1, 1, 1 } },
}

local function options(case, impl, dtype, device)
  local o = { impl = impl }
  for _, key in ipairs{ "causal", "window", "softcap", "scale", "dropout", "seed", "cu_seqlens_q", "cu_seqlens_k" } do
    o[key] = case[key]
  end
  if case.bias then o.bias = nl.randn(case.bias, { seed = 5, dtype = dtype }):to(device) end
  return o
end

local function run(case, impl, dtype, device, exact)
  local q = nl.randn(case.q, { seed = 1, dtype = dtype })
  local k = drawn(dtype, case.k[1], case.k[2], case.k[3], case.q[4], 2)
  local v = drawn(dtype, case.k[1], case.k[2], case.k[3], case.q[4], 3)
  local dout = nl.randn(case.q, { seed = 4, dtype = dtype })
  local o = options(case, impl, dtype, "cpu")
  if exact then -- the same rounded numbers, computed with in f64
    q, k, v, dout = q:to("f64"), k:to("f64"), v:to("f64"), dout:to("f64")
    o.bias = o.bias and o.bias:to("f64")
  end
  o.bias = o.bias and o.bias:to(device)
  q, k, v, dout = q:to(device), k:to(device), v:to(device), dout:to(device)
  local ok, out, aux = pcall(nl.attention, q, k, v, o)
  if not ok then return nil, out end
  local fine, dq, dk, dv, more = pcall(nl.attention_backward, dout, q, k, v, out, aux, o)
  if not fine then return { out = out, lse = aux.lse }, dq end
  return { out = out, lse = aux.lse, dq = dq, dk = dk, dv = dv, dbias = more.dbias }
end

describe("attention on a GPU", function()
  for _, dtype in ipairs{ "f64", "f32", "f16", "bf16" } do
    for _, path in ipairs(PATHS) do
      it(("%s in %s agrees with the CPU"):format(path, dtype), function()
        local ran = 0
        for _, case in ipairs(CASES) do
          local got, message = run(case, path, dtype, "cuda")
          if message then -- the path has not all options; it says which
            assert.is_truthy(message:find("does not do this", 1, true), case.name .. ": " .. tostring(message))
          end
          if got then
            ran = ran + 1
            local exact = run(case, "standard", dtype, "cpu", true)
            local naive = run(case, "standard", dtype, "cpu")
            for name, value in pairs(got) do
              local far, own = distance(exact[name], value), distance(exact[name], naive[name])
              assert.is_true(far <= bound(dtype, own),
                ("%s %s: %s is off by %g, expected at most %g"):format(path, case.name, name, far, bound(dtype, own)))
            end
          end
          collectgarbage()
        end
        if path == "flash_simt" or path == "standard" then assert.equal(#CASES, ran) end
      end)
    end
  end

  it("gives the same bits each time where that was asked for", function()
    for _, dtype in ipairs{ "f32", "bf16" } do
      local q = nl.randn(2, 4, 300, 64, { seed = 1, dtype = dtype, device = "cuda" })
      local out, aux = nl.attention(q, q, q, { causal = true })
      local first = { nl.attention_backward(out, q, q, q, out, aux, { causal = true, deterministic = true }) }
      for _ = 1, 20 do
        local again = { nl.attention_backward(out, q, q, q, out, aux, { causal = true, deterministic = true }) }
        for i = 1, 3 do assert.is_true(first[i] == again[i]) end
        collectgarbage()
      end
    end
  end)

  it("reads views without asking", function()
    local x = nl.randn(2, 50, 3, 4, 16, { seed = 1, device = "cuda" }) -- batch, row, q|k|v, head, dim
    local parts = {}
    for i = 1, 3 do parts[i] = x(":", ":", i, ":", ":"):transpose(2, 3) end
    local out = nl.attention(parts[1], parts[2], parts[3])
    local plain = nl.attention(parts[1]:contiguous(), parts[2]:contiguous(), parts[3]:contiguous())
    assert.is_true(distance(plain, out) < 1e-14)
    local turned = parts[1]:transpose(3, 4):contiguous():transpose(3, 4) -- gaps in the last dimension
    assert.is_true(distance(plain, nl.attention(turned, parts[2], parts[3])) < 1e-14)
  end)

  it("refuses what cannot be", function()
    local q = nl.ones(1, 1, 2, 4, { device = "cuda" })
    raises("the tensors are on cuda:0 and cpu", nl.attention, q, nl.ones(1, 1, 2, 4), q)
    raises("unknown impl 'flesh'", nl.attention, q, q, q, { impl = "flesh" })
    raises("path 'flash_mma' on cuda:0 does not do this", nl.attention, q, q, q, { impl = "flash_mma" })
    raises("unknown impl 'flash_simt'", nl.attention, nl.ones(1, 1, 2, 4), nl.ones(1, 1, 2, 4), nl.ones(1, 1, 2, 4),
      { impl = "flash_simt" })
    local long = nl.zeros(1, 64, 65536, 8, { device = "cuda", dtype = "f32" })
    raises("impl 'standard' keeps S and P", nl.attention, long, long, long, { impl = "standard" })
  end)

  it("flash keeps lse and little else", function()
    local q = nl.randn(2, 8, 4096, 64, { seed = 1, device = "cuda", dtype = "bf16" })
    nl.attention(q, q, q)
    collectgarbage() collectgarbage()
    local bytes = nl.memory.peak(function() return (nl.attention(q, q, q)) end, "cuda")
    local out_and_lse = 2 * 8 * 4096 * (64 * 2 + 4)
    assert.is_true(bytes <= out_and_lse + (4 << 20), ("%d bytes beyond out and lse"):format(bytes - out_and_lse))
  end)
end)
