-- FlashAttention's own test grid (tests/test_flash_attn.py and hopper/test_flash_attn.py of Dao-AILab/flash-attention)
-- for what nl.attention has: 16-bit types against f64 under their rule
--
--   max |x - ref| <= rtol max |naive - ref| + atol,   atol = 2 max |(ref + 0.3 - 0.3) - ref| in the type
--
-- with rtol 2 (3 with softcap), ref from impl "standard" in f64 on the same rounded inputs, naive matrix by matrix in the
-- type, K scaled instead of Q. Options take turns over the sizes; NUMLAB_SLOW=1 takes all of them and the large sizes.
local nl = require "numlab"

local slow = os.getenv("NUMLAB_SLOW")
local small = {{1, 1}, {64, 128}, {128, 192}, {239, 1}, {113, 203}, {113, 128}, {128, 217}, {113, 211}, {108, 256}}
local medium = {{256, 256}, {799, 3}, {256, 512}, {384, 256}, {640, 128}, {512, 256}}
local large = {{1024, 1024}, {1023, 1024}, {1024, 1023}, {4096, 4096}, {4224, 4224}}
local dims = {32, 40, 59, 64, 80, 96, 111, 128, 160, 192, 224, 256}
local heads = {{3, 3}, {3, 1}, {6, 2}} -- mha, mqa, gqa
local dtypes = {"bf16", "f16"}

-- --- naive, in the type of its operands; heads of a group lie side by side as rows ------------------------------------

local function group(x, Hkv) -- (B, H, N, D) -> (B, Hkv, H/Hkv N, D)
  return x:reshape(x.shape[1], Hkv, x.shape[2] // Hkv * x.shape[3], x.shape[4])
end

local function visible(Nq, Nk, o)
  local i, j = nl.arange(0, Nq - 1, 1):reshape(Nq, 1), nl.arange(0, Nk - 1, 1)
  local from = (j - i) - (Nk - Nq)
  local seen = nl.ones(Nq, Nk):gt(0)
  local left, right = o.window and o.window[1] or -1, o.causal and 0 or o.window and o.window[2] or -1
  if left >= 0 then seen = nl.where(from:ge(-left), seen, nl.zeros(Nq, Nk):gt(0)) end
  if right >= 0 then seen = nl.where(from:le(right), seen, nl.zeros(Nq, Nk):gt(0)) end
  return seen
end

-- keep: 1 where an element is not dropped; nil without dropout
local function naive(q, k, v, dout, o, keep)
  local B, H, Nq, D, Hkv, Nk = q.shape[1], q.shape[2], q.shape[3], q.shape[4], k.shape[2], k.shape[3]
  local scaled = k * (1 / math.sqrt(D))
  local S, t = (group(q, Hkv) * scaled:transpose(3, 4)):reshape(B, H, Nq, Nk), nil
  if o.softcap then
    t = (S / o.softcap):tanh()
    S = t * o.softcap
  end
  local seen = visible(Nq, Nk, o)
  local P = nl.where(seen, S, -math.huge):softmax(-1)
  P = nl.where(P:isnan(), 0, P) -- rows without keys
  local rest = 1 / (1 - (o.dropout or 0))
  local function drop(x) return keep and nl.where(keep, x * rest, 0) or x end
  local dropped = group(drop(P), Hkv)
  local out = (dropped * v):reshape(B, H, Nq, v.shape[4])
  local dO = group(dout, Hkv)
  local dv = dropped:transpose(3, 4) * dO
  local dP = drop((dO * v:transpose(3, 4)):reshape(B, H, Nq, Nk)):to("f32")
  local P32 = P:to("f32") -- the derivative of a softmax is one step, rounded once
  local dS = P32:mul(dP - P32:mul(dP):sum(4, {keepdim = true})):to(q.dtype)
  if t then dS = dS:mul(1 - t:mul(t)) end
  dS = group(dS, Hkv)
  local dk = dS:transpose(3, 4) * group(q, Hkv) * (1 / math.sqrt(D))
  return {out, (dS * scaled):reshape(B, H, Nq, D), dk, dv}
end

-- --- the rule ------------------------------------------------------------------------------------------------------------

local function furthest(a, b)
  if a.size == 0 then return 0 end
  return (a:to("f64") - b):abs():max()
end

local function assert_rule(what, got, ref, rough, o)
  local names = {"out", "dq", "dk", "dv"}
  for n = 1, 4 do
    local r = ref[n]
    local rounded = r:to(got[n].dtype)
    -- dS of a row with one key is 0 but for the rounding of D, which comes from the rounded out
    local atol = 2 * furthest((rounded + 0.3) - 0.3, rounded:to("f64")) + 1e-5 + (n > 1 and o.softcap and 3e-4 or 0)
    local error, bar = furthest(got[n], r), (o.softcap and 3 or 2) * furthest(rough[n], r) + atol
    assert.is_true(error <= bar, string.format("%s: %s is %g off, allowed %g", what, names[n], error, bar))
  end
end

local function with(o, impl, tile)
  local copy = {impl = impl, q_tile = tile, k_tile = tile}
  for key, value in pairs(o) do copy[key] = value end
  return copy
end

local function both(q, k, v, dout, o)
  local out, aux = nl.attention(q, k, v, o)
  local dq, dk, dv = nl.attention_backward(dout, q, k, v, out, aux, o)
  return {out, dq, dk, dv}
end

local turn = 0 -- which of the options is next
local function next_of(list)
  turn = turn + 1
  return list[turn % #list + 1]
end

local function f64(...)
  local all = {...}
  for n, x in ipairs(all) do all[n] = x:to("f64") end
  return table.unpack(all)
end

local function check(what, batch, h, Nq, Nk, d, dv, dtype, o)
  local function made(H, N, D) turn = turn + 1 return nl.randn(batch, H, N, D, {seed = turn, dtype = dtype}) end
  local q, k, v, dout = made(h[1], Nq, d), made(h[2], Nk, d), made(h[2], Nk, dv), made(h[1], Nq, dv)
  if o.softcap then q = q * (o.softcap / 4) end -- so that the cap bites
  local q64, k64, v64, dout64 = f64(q, k, v, dout)
  local keep
  if o.dropout then -- with V the unit matrix, out is the mask times P
    local eye = nl.zeros(batch, h[2], Nk, Nk) + nl.eye(Nk)
    keep = nl.attention(q64, k64, eye, with(o, "standard")):gt(0)
  end
  local ref, rough = both(q64, k64, v64, dout64, with(o, "standard")), naive(q, k, v, dout, o, keep)
  for _, impl in ipairs{"flash", "tiled", "decode"} do
    if not (impl == "tiled" and o.dropout) then
      local text = string.format("%s %s %s b%d h%d/%d %dx%d d%d/%d", impl, what, dtype, batch, h[1], h[2], Nq, Nk, d, dv)
      assert_rule(text, both(q, k, v, dout, with(o, impl, next_of{64, 128, 48})), ref, rough, o)
    end
  end
end

-- kind: causal, local (a window drawn from the sizes) or neither
local function options(kind, Nk, softcap, dropout)
  local o = {softcap = softcap, dropout = dropout, seed = turn}
  if kind == "causal" then o.causal = true end
  if kind == "local" then o.window = {turn * 7919 % Nk, turn * 104729 % Nk} end
  return o
end

local function grid(sizes, batch)
  for _, size in ipairs(sizes) do
    local Nq, Nk = size[1], size[2]
    for _, kind in ipairs{"full", "causal", "local"} do
      for _, dtype in ipairs(slow and dtypes or {next_of(dtypes)}) do
        local few = Nk > 2000 or not slow and Nq * Nk > 30000 -- heads of those that take long
        for _, h in ipairs(few and {next_of{{2, 2}, {2, 1}, {4, 2}}} or slow and heads or {next_of(heads)}) do
          local softcap = next_of{false, 15, false, 50} or nil
          local d = Nk * Nq > 20000 and not slow and next_of{32, 40, 59, 64} or next_of(dims)
          check(kind, batch, h, Nq, Nk, d, next_of{d, d, 64}, dtype, options(kind, Nk, softcap))
        end
      end
    end
  end
end

describe("FlashAttention's grid", function()
  it("small sizes", function() grid(small, slow and 2 or 1) end)
  it("medium sizes", function() grid(medium, 1) end)
  if slow then
    it("large sizes", function() grid(large, 1) end)
  end

  it("dropout", function()
    for _, size in ipairs{{64, 128}, {113, 203}, {128, 217}, {108, 256}} do
      for _, kind in ipairs{"full", "causal", "local"} do
        check(kind .. " dropout", 1, next_of(heads), size[1], size[2], next_of{32, 59, 64}, 32, next_of(dtypes),
          options(kind, size[2], nil, 0.17))
      end
    end
  end)

  -- A few rows against a cache of keys: split into pieces, merged by lse.
  it("decoding", function()
    local sizes = {{1, 128}, {1, 339}, {3, 1024}, {64, 800}, {64, 256}, {3, 799}, {16, 2048}}
    if slow then for _, size in ipairs{{64, 2048}, {16, 20000}, {1, 131072}} do table.insert(sizes, size) end end
    for _, size in ipairs(sizes) do
      for _, kind in ipairs{"causal", "local"} do
        check(kind .. " decoding", 1, next_of(heads), size[1], size[2], next_of{32, 59, 64}, 64, next_of(dtypes),
          options(kind, size[2]))
      end
    end
  end)

  -- Padding cut away: lengths drawn at random, from a third on, or full; some sequences empty on one side or both.
  it("variable lengths", function()
    local function offsets(n, mode, salt)
      local cu = {0}
      for s = 1, 6 do
        local length = mode == "full" and n or mode == "third" and n // 3 + (s * salt * 31) % (n - n // 3 + 1)
          or (s * salt * 17 + s) % (n + 1)
        if mode == "zero" and s % 2 == 0 then length = 0 end
        cu[s + 1] = cu[s] + length
      end
      return cu
    end
    for n, size in ipairs{{64, 64}, {33, 70}, {97, 31}, {1, 80}} do
      for m, mode in ipairs{"random", "third", "full", "zero"} do
        local h, d, dtype = next_of(heads), next_of{32, 59, 64}, next_of(dtypes)
        local Q, K = offsets(size[1], mode, n + 1), offsets(size[2], mode == "zero" and "random" or mode, m + n)
        local q, dout = nl.randn(1, h[1], Q[7], d, {seed = n, dtype = dtype}),
          nl.randn(1, h[1], Q[7], d, {seed = m, dtype = dtype})
        local k, v = nl.randn(1, h[2], K[7], d, {seed = n + 9, dtype = dtype}),
          nl.randn(1, h[2], K[7], d, {seed = m + 9, dtype = dtype})
        local o = options(next_of{"full", "causal", "local"}, size[2])
        local q64, k64, v64, dout64 = f64(q, k, v, dout)
        local lengths = with(o, "standard")
        lengths.cu_seqlens_q, lengths.cu_seqlens_k = Q, K
        local ref = both(q64, k64, v64, dout64, lengths)
        local rough = {q64 * 0, q64 * 0, k64 * 0, v64 * 0}
        for s = 1, 6 do
          if Q[s + 1] > Q[s] and K[s + 1] > K[s] then
            local rows, keys = Q[s] + 1 .. ":" .. Q[s + 1], K[s] + 1 .. ":" .. K[s + 1]
            local part = naive(q(":", ":", rows):clone(), k(":", ":", keys):clone(), v(":", ":", keys):clone(),
              dout(":", ":", rows):clone(), o)
            for x = 1, 4 do rough[x](":", ":", x < 3 and rows or keys):set(part[x]:to("f64")) end
          end
        end
        for _, impl in ipairs{"flash", "tiled", "decode"} do
          lengths.impl = impl
          assert_rule(impl .. " lengths " .. mode, both(q, k, v, dout, lengths), ref, rough, o)
        end
      end
    end
  end)
end)
