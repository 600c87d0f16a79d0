-- nl.attention and its gradient: results against the definition in plain Lua, options, misuse, views, memory.
local nl = require "numlab"
local raises = require "tests.lua.raises"
local starves = require "tests.lua.starves"

local impls = nl.attention_impls()

-- One row i of one head by definition, from plain lists: out, lse. sees(i, j) and bias(i, j) as functions.
local function row(q, K, V, i, o)
  local s, most, sum, out = {}, -math.huge, 0, {}
  for j = 1, #K do
    if o.sees(i, j) then
      local x = 0
      for c = 1, #q do x = x + q[c] * K[j][c] end
      x = x * (o.scale or 1 / math.sqrt(#q))
      if o.softcap then
        local e = math.exp(2 * x / o.softcap)
        x = o.softcap * (e - 1) / (e + 1)
      end
      s[j] = x + (o.bias and o.bias(i, j) or 0)
      most = math.max(most, s[j])
    end
  end
  for c = 1, #V[1] do out[c] = 0 end
  for j, x in pairs(s) do
    sum = sum + math.exp(x - most)
    for c = 1, #out do out[c] = out[c] + math.exp(x - most) * V[j][c] end
  end
  if sum == 0 then return out, -math.huge end
  for c = 1, #out do out[c] = out[c] / sum end
  return out, most + math.log(sum)
end

local function everything() return true end

-- Every row of every head.
local function assert_defined(out, aux, q, k, v, o)
  local group = q.shape[2] // k.shape[2]
  for b = 1, q.shape[1] do
    for h = 1, q.shape[2] do
      local K, V = k(b, (h - 1) // group + 1):totable(), v(b, (h - 1) // group + 1):totable()
      for i = 1, q.shape[3] do
        local want, lse = row(q(b, h, i):totable(), K, V, i, o)
        for c = 1, #want do assert.is_true(math.abs(out(b, h, i, c) - want[c]) < 1e-12) end
        assert.is_true(aux.lse(b, h, i) == lse or math.abs(aux.lse(b, h, i) - lse) < 1e-12)
      end
    end
  end
end

local function inputs(o)
  o = o or {}
  local B, H, Nq, Nk, D = o.B or 2, o.H or 4, o.Nq or 5, o.Nk or 7, o.D or 3
  local Hkv = o.Hkv or H
  return nl.randn(B, H, Nq, D, {seed = 1, dtype = o.dtype}), nl.randn(B, Hkv, Nk, D, {seed = 2, dtype = o.dtype}),
    nl.randn(B, Hkv, Nk, o.Dv or D, {seed = 3, dtype = o.dtype})
end

local function same(a, b) return (nl.allclose(a, b, {rtol = 0, atol = 0})) end
local function close(a, b) return (nl.allclose(a, b, {rtol = 1e-11, atol = 1e-13})) end

describe("nl.attention", function()
  it("lists its implementations", function()
    assert.same({"standard", "tiled", "flash", "decode"}, impls)
    assert.same(impls, nl.attention_impls("cpu"))
    raises("device 'gpu'", nl.attention_impls, "gpu")
  end)

  for _, impl in ipairs(impls) do
    it("is the definition: " .. impl, function()
      local q, k, v = inputs{Hkv = 2, Dv = 2}
      local bias = nl.randn(5, 7, {seed = 4})
      local cases = {
        {sees = everything},
        {sees = function(i, j) return j <= i + 2 end, causal = true},
        {sees = function(i, j) return math.abs(j - (i + 2)) <= 1 end, window = {1, 1}},
        {sees = function(i, j) return j >= i end, window = {2, -1}, scale = -0.3},
        {sees = everything, softcap = 1.5, bias = function(i, j) return bias(i, j) end},
        {sees = function(i, j) return j <= i + 2 and j >= i + 1 end, causal = true, window = {1, 6}, softcap = 3,
          scale = 2, bias = function(i, j) return bias(i, j) end},
      }
      for n, o in ipairs(cases) do
        local out, aux = nl.attention(q, k, v, {impl = impl, causal = o.causal, window = o.window, scale = o.scale,
          softcap = o.softcap, bias = o.bias and bias, q_tile = n, k_tile = 4 - n % 3})
        assert.same({2, 4, 5, 2}, out.shape)
        assert.same({2, 4, 5}, aux.lse.shape)
        assert.equal(impl, aux.impl)
        assert.equal(impl == "standard", aux.p ~= nil)
        assert_defined(out, aux, q, k, v, o)
      end
    end)

    it("gives nothing to rows that see no key: " .. impl, function()
      local q, k, v = inputs{Nq = 7, Nk = 3}
      local out, aux = nl.attention(q, k, v, {impl = impl, causal = true})
      assert.equal(0, out(":", ":", "1:4", ":"):abs():max())
      assert.equal(-math.huge, aux.lse(":", ":", "1:4"):max())
      assert.is_false(out(":", ":", "5:7", ":"):eq(0):any())
      local dq = nl.attention_backward(nl.ones(2, 4, 7, 3), q, k, v, out, aux, {causal = true})
      assert.equal(0, dq(":", ":", "1:4", ":"):abs():max())
    end)

    it("keeps NaN in the rows that see it: " .. impl, function()
      local q, k, v = inputs{B = 1, H = 1, Nq = 7}
      local clean = nl.attention(q, k, v, {impl = impl, causal = true})
      k:set(0 / 0, 1, 1, 4, 2)
      local out, aux = nl.attention(q, k, v, {impl = impl, causal = true, k_tile = 3})
      assert.is_true(close(clean(1, 1, "1:3"), out(1, 1, "1:3")))
      assert.is_true(out(1, 1, "4:7"):isnan():all())
      assert.is_true(aux.lse(1, 1, "4:7"):isnan():all())
      assert.is_false(aux.lse(1, 1, "1:3"):isnan():any())
    end)

    it("reads views: " .. impl, function()
      local q, k, v = inputs{Hkv = 2}
      local o = {impl = impl, window = {3, 1}}
      local out, aux = nl.attention(q, k, v, o)
      local wide = nl.zeros(2, 10, 4, 6)
      local view = wide(":", "10:2:-2", ":", "2:6:2"):transpose(2, 3)
      view:set(q)
      local other, other_aux = nl.attention(view, k:transpose(3, 4):clone():transpose(3, 4), v(":", ":", "7:1:-1")(":",
        ":", "7:1:-1"), o)
      assert.is_true(close(out, other))
      assert.is_true(close(aux.lse, other_aux.lse))
      local dout = nl.randn(2, 5, 4, 3, {seed = 5}):transpose(2, 3)
      local dq, dk, dv = nl.attention_backward(dout, q, k, v, out, aux, o)
      local dq2, dk2, dv2 = nl.attention_backward(dout:clone(), view, k, v, other, other_aux, o)
      assert.is_true(close(dq, dq2) and close(dk, dk2) and close(dv, dv2))
    end)

    it("has gradients that finite differences find: " .. impl, function()
      local q, k, v = inputs{B = 1, H = 2, Hkv = 1, Nq = 3, Nk = 4, D = 2}
      local bias, dout = nl.randn(2, 1, 4, {seed = 6}), nl.randn(1, 2, 3, 2, {seed = 7})
      local o = {causal = true, softcap = 2, bias = bias, impl = impl, seed = 11, dropout = impl ~= "tiled" and 0.3 or 0}
      local function f() return nl.attention(q, k, v, o):mul(dout):sum() end
      local out, aux = nl.attention(q, k, v, o)
      local dq, dk, dv, more = nl.attention_backward(dout, q, k, v, out, aux, o)
      local h = 1e-5
      for x, dx in pairs{[q] = dq, [k] = dk, [v] = dv, [bias] = more.dbias} do
        assert.same(x.shape, dx.shape)
        local flat, got = x:reshape(-1), dx:reshape(-1)
        for e = 1, #flat do
          local here = flat(e)
          flat:set(here + h, e)
          local up = f()
          flat:set(here - h, e)
          local down = f()
          flat:set(here, e)
          assert.is_true(math.abs(got(e) - (up - down) / (2 * h)) < 1e-8)
        end
      end
    end)

    it("takes sequences of their own lengths: " .. impl, function()
      local q, k, v = inputs{B = 1, Nq = 9, Nk = 11, Hkv = 2}
      local dout = nl.randn(1, 4, 9, 3, {seed = 5})
      local Q, K = {0, 4, 4, 9}, {0, 3, 8, 11}
      for _, kind in ipairs{"list", "i64", "i32"} do
        local o = {impl = impl, causal = true, cu_seqlens_q = Q, cu_seqlens_k = K}
        if kind ~= "list" then
          o.cu_seqlens_q, o.cu_seqlens_k = nl.tensor(Q, {dtype = kind}), nl.tensor(K, {dtype = kind})
        end
        local out, aux = nl.attention(q, k, v, o)
        local dq, dk, dv, more = nl.attention_backward(dout, q, k, v, out, aux, o)
        assert.is_nil(more.dbias)
        assert.equal(0, dk(":", ":", "4:8", ":"):abs():max()) -- no row of the second sequence
        for s = 1, 3, 2 do
          local rows, keys = Q[s] + 1 .. ":" .. Q[s + 1], K[s] + 1 .. ":" .. K[s + 1]
          local a, b, c = q(":", ":", rows), k(":", ":", keys), v(":", ":", keys)
          local part, part_aux = nl.attention(a, b, c, {impl = impl, causal = true})
          assert.is_true(close(part, out(":", ":", rows)))
          assert.is_true(close(part_aux.lse, aux.lse(":", ":", rows)))
          local dq1, dk1, dv1 = nl.attention_backward(dout(":", ":", rows), a, b, c, part, part_aux, {causal = true})
          assert.is_true(close(dq1, dq(":", ":", rows)))
          assert.is_true(close(dk1, dk(":", ":", keys)) and close(dv1, dv(":", ":", keys)))
        end
      end
    end)

    it("gives the same bits at any number of threads: " .. impl, function()
      local before = nl.threads()
      local q, k, v = inputs{Nq = 40, Nk = 300, Hkv = 2, dtype = "f32"}
      local bias = nl.randn(300, {seed = 8, dtype = "f32"})
      local o, want = {impl = impl, bias = bias, q_tile = 16, k_tile = 32}, nil
      for threads = 1, 4 do
        nl.threads(threads)
        local out, aux = nl.attention(q, k, v, o)
        local dq, dk, dv, more = nl.attention_backward(out, q, k, v, out, aux, o)
        local got = {out, aux.lse, dq, dk, dv, more.dbias}
        want = want or got
        for i = 1, 6 do assert.is_true(same(want[i], got[i])) end
      end
      nl.threads(before)
    end)

    it("raises without memory and loses nothing: " .. impl, function()
      local q, k, v = inputs{dtype = "bf16", Hkv = 2}
      local o = {impl = impl, bias = nl.zeros(7, {dtype = "bf16"}), softcap = 3}
      local out, aux = nl.attention(q, k, v, o)
      starves(function() return nl.attention(q, k, v, o) end, 1 << 20, 200)
      starves(function() return nl.attention_backward(out, q, k, v, out, aux, o) end, 1 << 20, 400)
      starves(function() return nl.attention_merge(out, aux.lse, out, aux.lse) end, 1 << 14, 64)
    end)
  end

  it("chooses decode for few rows of many keys, else flash", function()
    assert.equal("flash", select(2, nl.attention(inputs())).impl)
    assert.equal("decode", select(2, nl.attention(inputs{Nq = 1, Nk = 3000})).impl)
  end)

  it("drops the same elements in every implementation that drops", function()
    local q, k, v = inputs()
    local o = {dropout = 0.4, seed = 1 << 40 | 7, impl = "standard"}
    local want = nl.attention(q, k, v, o)
    for _, impl in ipairs{"flash", "decode"} do
      o.impl = impl
      assert.is_true(close(want, (nl.attention(q, k, v, o))))
    end
    o.seed = 7
    assert.is_false(close(want, (nl.attention(q, k, v, o))))
    o.seed = -1 -- any integer is a seed
    nl.attention(q, k, v, o)
  end)

  it("keeps the type of its input and lse in the type it computes in", function()
    for dtype, compute in pairs{f64 = "f64", f32 = "f32", f16 = "f32", bf16 = "f32"} do
      local q, k, v = inputs{dtype = dtype}
      local out, aux = nl.attention(q, k, v, {impl = "standard"})
      assert.same({dtype, compute, compute}, {out.dtype, aux.lse.dtype, aux.p.dtype})
      local dq, dk, dv = nl.attention_backward(out, q, k, v, out, aux)
      assert.same({dtype, dtype, dtype}, {dq.dtype, dk.dtype, dv.dtype})
    end
  end)

  it("leaves its options as they were", function()
    local q, k, v = inputs()
    local o = {window = {1, 2}, causal = true}
    local out, aux = nl.attention(q, k, v, o)
    nl.attention_backward(out, q, k, v, out, aux, o)
    assert.same({window = {1, 2}, causal = true}, o)
  end)
end)

describe("nl.attention_merge", function()
  it("gives the whole from any parts, in any order", function()
    local q, k, v = inputs{Hkv = 2}
    local whole, aux = nl.attention(q, k, v)
    local function part(keys) return nl.attention(q, k(":", ":", keys), v(":", ":", keys)) end
    local o1, a1 = part("1:2")
    local o2, a2 = part("3:3")
    local o3, a3 = part("4:7")
    local o12, l12 = nl.attention_merge(o1, a1.lse, o2, a2.lse)
    local out, lse = nl.attention_merge(o3, a3.lse, o12, l12)
    assert.is_true(close(whole, out) and close(aux.lse, lse))
    local empty = nl.full({2, 4, 5, 3}, 0 / 0)
    out, lse = nl.attention_merge(empty, nl.full({2, 4, 5}, -math.huge), whole, aux.lse)
    assert.is_true(same(whole, out) and same(aux.lse, lse))
  end)

  it("raises on what does not fit", function()
    local o, l = nl.ones(2, 3, 4), nl.ones(2, 3)
    raises("out1 is 2x3x4, out2 is 2x3x5", nl.attention_merge, o, l, nl.ones(2, 3, 5), l)
    raises("lse2 is 3x2", nl.attention_merge, o, l, o, nl.ones(3, 2))
    raises("out1 is f64, out2 is f32", nl.attention_merge, o, l, o:to("f32"), l)
    raises("tensor expected", nl.attention_merge, o, l, o)
    raises("tensor expected", nl.attention_merge, o, 1, o, l)
  end)
end)

describe("misuse of nl.attention", function()
  local q, k, v
  before_each(function() q, k, v = inputs{Hkv = 2} end)
  after_each(function() q, k, v = nil, nil, nil end)

  local function bad(text, o)
    raises(text, nl.attention, q, k, v, o)
    local out, aux = nl.attention(q, k, v)
    raises(text, nl.attention_backward, out, q, k, v, out, aux, o)
  end

  it("names operands, what they are and what they should be", function()
    raises("tensor expected, got number", nl.attention, 1, k, v)
    raises("tensor expected", nl.attention, q, k)
    raises("q is 5x3, expected 4 dimensions", nl.attention, q(1, 1), k, v)
    raises("the batches differ: q is 1x4x5x3, k is 2x2x7x3", nl.attention, q("1:1"), k, v)
    raises("head dimension", nl.attention, q(":", ":", ":", "1:2"), k, v)
    raises("the keys differ: v is 2x2x6x3, k is 2x2x7x3", nl.attention, q, k, v(":", ":", "1:6"))
    raises("q has 3 heads and k has 2", nl.attention, q(":", "1:3"), k, v)
    raises("q is f64, k is f32, v is f64", nl.attention, q, k:to("f32"), v)
    raises("q is i64, expected f64, f32, f16 or bf16", nl.attention, q:to("i64"), k:to("i64"), v:to("i64"))
  end)

  it("names options", function()
    bad("unknown option 'casual' (did you mean 'causal'?", {casual = true})
    bad("unknown option 'tile_q'", {tile_q = 4})
    bad("unknown impl 'flsh' (did you mean 'flash'?", {impl = "flsh"})
    bad("unknown impl 'auto'", {impl = "auto"})
    bad("option 'impl' must be a string", {impl = 3})
    bad("option 'causal' must be true or false", {causal = 1})
    bad("option 'scale' must be a number", {scale = "big"})
    bad("option 'scale' is NaN", {scale = 0 / 0})
    bad("scale is inf, expected a finite number", {scale = math.huge})
    bad("softcap is -1", {softcap = -1})
    bad("softcap is ", {softcap = 0 / 0})
    bad("dropout is 1, expected 0 <= p < 1", {dropout = 1})
    bad("option 'seed' must be a whole number", {seed = 1.5})
    bad("tiles are 0 x 64, expected at least 1", {q_tile = 0})
    bad("option 'k_tile' must be a whole number", {k_tile = 2.5})
    bad("options must be a table, got string", "flash")
  end)

  it("names windows", function()
    bad("option 'window' must be {left, right}", {window = 3})
    bad("option 'window' must be {left, right}", {window = {1}})
    bad("option 'window' must be {left, right}", {window = {1, 2, 3}})
    bad("option 'window' must be {left, right}", {window = {left = 1, right = 2}})
    bad("option 'window' must hold whole numbers, got 1.5", {window = {1, 1.5}})
    bad("option 'window' must hold whole numbers", {window = {1, "wide"}})
    bad("option 'window' must hold whole numbers", {window = {"1", "2"}})
    bad("window is {-2, 0}", {window = {-2, 0}})
  end)

  it("names biases", function()
    bad("option 'bias' must be a tensor, got 1", {bias = 1})
    bad("bias is 3, expected a shape that broadcasts to (B, H, Nq, Nk) = 2x4x5x7", {bias = nl.ones(3)})
    bad("bias is f32, q is f64", {bias = nl.ones(7, {dtype = "f32"})})
    local closed = nl.ones(7)
    closed:close()
    bad("closed", {bias = closed})
  end)

  it("names sequences", function()
    bad("cu_seqlens_q is given without cu_seqlens_k", {cu_seqlens_q = {0, 5}})
    bad("cu_seqlens_k is given without cu_seqlens_q", {cu_seqlens_k = {0, 7}})
    bad("q has 2 batches, expected 1", {cu_seqlens_q = {0, 5}, cu_seqlens_k = {0, 7}})
    q, k, v = inputs{Hkv = 2, B = 1}
    bad("cu_seqlens_q has 2 offsets, cu_seqlens_k has 3", {cu_seqlens_q = {0, 5}, cu_seqlens_k = {0, 3, 7}})
    bad("cu_seqlens_q starts with 1, expected 0", {cu_seqlens_q = {1, 5}, cu_seqlens_k = {0, 7}})
    bad("cu_seqlens_k falls from 4 to 3", {cu_seqlens_q = {0, 2, 5, 5}, cu_seqlens_k = {0, 4, 3, 7}})
    bad("cu_seqlens_k ends with 6, expected 7", {cu_seqlens_q = {0, 5}, cu_seqlens_k = {0, 6}})
    bad("cu_seqlens_q is empty", {cu_seqlens_q = {}, cu_seqlens_k = {}})
    bad("option 'cu_seqlens_q' must hold whole numbers", {cu_seqlens_q = {0, 2.5, 5}, cu_seqlens_k = {0, 3, 7}})
    bad("option 'cu_seqlens_q' must hold whole numbers", {cu_seqlens_q = {"0", "5"}, cu_seqlens_k = {0, 7}})
    bad("option 'cu_seqlens_k' must be a list or a tensor", {cu_seqlens_q = {0, 5}, cu_seqlens_k = 7})
    bad("option 'cu_seqlens_q' is a f64 tensor", {cu_seqlens_q = nl.tensor{0, 5}, cu_seqlens_k = {0, 7}})
    bad("tensor of 2 dimensions", {cu_seqlens_q = nl.tensor({{0, 5}}, {dtype = "i64"}), cu_seqlens_k = {0, 7}})
  end)

  it("lists all that an implementation does not do", function()
    q, k, v = inputs{Hkv = 2, B = 1}
    local o = {impl = "tiled", dropout = 0.5}
    bad("impl 'tiled' does not do this: dropout must be 0", o)
    o.bias, o.cu_seqlens_q, o.cu_seqlens_k = nl.zeros(7), {0, 5}, {0, 7}
    bad("dropout must be 0 (standard, flash and decode have it); bias cannot be combined with cu_seqlens", o)
    bad("bias cannot be combined with cu_seqlens",
      {bias = nl.zeros(7), cu_seqlens_q = {0, 5}, cu_seqlens_k = {0, 7}})
  end)

  it("takes options from a plain table only", function()
    local options = setmetatable({}, {__index = function() q:close() end})
    raises("options must be a plain table", nl.attention, q, k, v, options)
    assert.equal(2, q.shape[1])
  end)

  it("names what the backward pass lacks", function()
    local out, aux = nl.attention(q, k, v)
    local back = nl.attention_backward
    raises("dout is 2x4x5x2, expected 2x4x5x3", back, out(":", ":", ":", "1:2"), q, k, v, out, aux)
    raises("dout is f32, expected f64", back, out:to("f32"), q, k, v, out, aux)
    raises("out is 2x4x4x3, expected 2x4x5x3", back, out, q, k, v, out(":", ":", "1:4"), aux)
    raises("lse is 2x4x4, expected 2x4x5", back, out, q, k, v, out, {lse = aux.lse(":", ":", "1:4")})
    raises("aux must be the table nl.attention returned behind out, got nil", back, out, q, k, v, out)
    raises("aux.lse is missing", back, out, q, k, v, out, {})
    raises("aux.lse must be a tensor, got 1", back, out, q, k, v, out, {lse = 1})
    raises("unknown impl 'flush' (did you mean 'flash'?", back, out, q, k, v, out, {lse = aux.lse, impl = "flush"})
    raises("impl 'standard' takes p from a forward pass of impl 'standard'", back, out, q, k, v, out, aux,
      {impl = "standard"})
    local lse = aux.lse:clone()
    lse:close()
    raises("closed", back, out, q, k, v, out, {lse = lse})
  end)
end)
