-- What is promised of attention on a GPU beside its speed, measured: prints a line a promise, ends with 1 where one is broken.
--   build/numlab run tests/gpu/bars.lua          (tables of reports/evidence/05-cuda.md)
local nl = require "numlab"

local broken = false
local function promise(kept, what, ...)
  broken = broken or not kept
  print(kept and "ok    " or "BROKEN", what:format(...))
end

local function drawn(seed, dtype, ...) return nl.randn({ ... }, { seed = seed, dtype = dtype, device = "cuda" }) end

-- A deterministic backward pass gives the same bits each time.
for _, case in ipairs{ { "f32" }, { "bf16" }, { "f64" }, { "f32", "flash_simt" } } do
  local dtype, o = case[1], { causal = true, deterministic = true, impl = case[2] }
  local q, k, v = drawn(1, dtype, 2, 4, 300, 64), drawn(2, dtype, 2, 2, 333, 64), drawn(3, dtype, 2, 2, 333, 64)
  local out, aux = nl.attention(q, k, v, o)
  local first, differ = { nl.attention_backward(out, q, k, v, out, aux, o) }, 0
  for run = 1, 1000 do
    local again = { nl.attention_backward(out, q, k, v, out, aux, o) }
    for i = 1, 3 do differ = differ + (first[i] == again[i] and 0 or 1) end
    if run % 50 == 0 then collectgarbage() end
  end
  promise(differ == 0, "1000 backward runs, %s, %s: %d results differ", dtype, aux.impl, differ)
end

-- Flash takes lse and at most 4 MiB beyond out; standard two N x N matrices.
for _, case in ipairs{ { "f32", 8 }, { "f32", 64 }, { "bf16", 64 } } do
  local dtype, d = table.unpack(case)
  local q, lse, kept = drawn(1, dtype, 2, 8, 4096, d), 4 * 2 * 8 * 4096, 2 * 8 * 4096 * d * (dtype == "f32" and 4 or 2)
  for _, impl in ipairs{ "flash", "tiled", "standard" } do
    local o = { impl = impl }
    local bytes, out, aux = nl.memory.peak(function() return nl.attention(q, q, q, o) end, "cuda")
    local back = nl.memory.peak(function() return nl.attention_backward(q, q, q, q, out, aux, o) end, "cuda")
    local most = lse + (impl == "standard" and 2 * 4 * 2 * 8 * 4096 ^ 2 or 4 << 20)
    promise(bytes - kept <= most, "%s D=%d %s: %.2f MiB beyond out, backward %.2f beyond the gradients", dtype, d, impl,
      (bytes - kept) / 2 ^ 20, (back - 3 * kept) / 2 ^ 20)
    out, aux = nil, nil -- luacheck: ignore 311
    collectgarbage() collectgarbage()
  end
end

-- The handout's gradient check on the device, against the CPU's standard implementation in f64.
local operands = {}
for i = 1, 4 do operands[i] = nl.randn(2, 4, 512, 32, { seed = i }) end
local function gradients(dtype, device, o)
  local x = {}
  for i = 1, 4 do x[i] = operands[i]:to(device, dtype) end
  local out, aux = nl.attention(x[1], x[2], x[3], o)
  return { nl.attention_backward(x[4], x[1], x[2], x[3], out, aux, o) }, aux.impl
end
local want = gradients("f64", "cpu", { impl = "standard" })
for dtype, tolerance in pairs{ f64 = { atol = 1e-7, rtol = 1e-5 }, f32 = { atol = 1e-4, rtol = 1e-3 } } do
  local got, impl = gradients(dtype, "cuda", { q_tile = 32, k_tile = 32 })
  for i, name in ipairs{ "dq", "dk", "dv" } do
    local agree, facts = nl.allclose(got[i]:to("cpu", "f64"), want[i], tolerance)
    promise(agree, "the handout's %s in %s, %s: largest difference %.1e", name, dtype, impl, facts.max_abs)
  end
end

os.exit(broken and 1 or 0, true)
