-- The host side of devices, on any machine: the program beside a plugin made of host memory (tests/engine/device/fake.c).
local file = require "numlab.file"

local fake = os.getenv("BUILD") .. "/tests/engine/device/fake.so"

-- What the program prints on this chunk, with the fake told to be `what`.
local function told(what, chunk)
  local output = file.capture(("NUMLAB_CUDA=%s FAKE_DEVICE=%s %s -e %s 2>&1"):format(file.quote(fake), what,
    file.quote(os.getenv("NUMLAB")), file.quote("local nl = require 'numlab' " .. chunk)))
  return (output:gsub("%s+$", ""))
end

-- Whole floats count as integers.
local function says(expected, what, chunk) assert.equal(expected, (told(what, chunk):gsub("%.0%f[%D]", ""))) end
local function complains(part, what, chunk)
  local got = told(what, chunk)
  assert.is_truthy(got:find(part, 1, true), "got: " .. got)
end

describe("a plugin", function()
  it("is found, opened and described", function()
    says("cpu cuda:0 cuda:1", "here", "print(table.concat(nl.devices(), ' '))")
    says("host memory\t9\tcuda:1", "here", "local d = nl.device'cuda:1' print(d.name, d.capability, d.device)")
    says("0.25\tx", "here", "print(nl.device_time(function() return 'x' end, 'cuda'))")
  end)

  it("that has no device, is of another build or is not there says why", function()
    says("cpu\tthe fake device was told not to be here", "none", "local d, why = nl.devices() print(d[1], why)")
    complains("it was built from other headers", "other", "print(select(2, nl.devices()))")
    complains("its table is of another size than this program's", "short", "print(select(2, nl.devices()))")
    complains("device 'cuda' is not available", "other", "nl.ones(2, {device = 'cuda'})")
    complains("device 'cuda:2' is not here", "here", "nl.ones(2, {device = 'cuda:2'})")
    local nowhere = file.capture(("NUMLAB_CUDA=/no/such.so %s -e %s"):format(file.quote(os.getenv("NUMLAB")),
      file.quote("print(select(2, require 'numlab'.devices()))")))
    assert.is_truthy(nowhere:find("NUMLAB_CUDA names /no/such.so, which cannot be read", 1, true))
    local off = file.capture(("NUMLAB_CUDA=off %s -e %s"):format(file.quote(os.getenv("NUMLAB")),
      file.quote("print(select(2, require 'numlab'.devices()))")))
    assert.equal("switched off by NUMLAB_CUDA\n", off)
  end)

  it("holds tensors that never are read by address", function()
    says("6\t2\t4\tcuda:0", "here", [[
      local a = nl.tensor({{1, 2}, {3, 4}}, {device = "cuda"})
      local b = (a + a)(1, ":") -- a view
      print(b:sum(), b:totable()[1], a.T(2, 1) + 2, b.device)]])
    says("f64 tensor 2 on cuda:0", "here", "print(tostring(nl.ones(2, {device = 'cuda'})):match('f64.*'))")
    says("5\t7\t1", "here", [[
      local a = nl.ones(3, {device = "cuda"})
      a:set(5, 1) a[2] = 7
      print(a[1], a[2], a[3])]])
    says("true", "here", "print((nl.allclose(nl.ones(3, {device = 'cuda'}), nl.ones(3))))")
    says("2\t3", "here", [[
      local a = nl.tensor{1, 2, 3}:to("cuda:1")
      print(a:to("cuda:0"):to("cpu")[2], nl.cat({a, a}, 1)(6))]])
    says("800\t0", "here", [[
      local a = nl.ones(100, {device = "cuda"})
      local held = nl.memory.live("cuda")
      a:close()
      print(held, nl.memory.live("cuda"))]])
    says("1600", "here", "print((nl.memory.peak(function() return nl.ones(200, {device = 'cuda'}) end, 'cuda')))")
  end)

  it("is asked for what it lacks, and the engine says so", function()
    complains("exp: cuda:0 does not do this; move the operands with :to('cpu')", "here",
      "nl.ones(2, {device = 'cuda'}):exp()")
    complains("matmul: cuda:0 does not do this", "here", "local a = nl.ones(2, 2, {device = 'cuda'}) print(a * a)")
    complains("rand: cuda:0 does not do this", "here", "nl.rand(2, {device = 'cuda'})")
    complains("a tensor on cuda:0, and this works on the CPU; move it with :to('cpu')", "here",
      "local a = nl.ones(2, 2, {device = 'cuda'}) nl.solve(a, a)")
    complains("add: the tensors are on cuda:0 and cuda:1; move one with :to", "here",
      "print(nl.ones(2, {device = 'cuda'}) + nl.ones(2, {device = 'cuda:1'}))")
    complains("out of GPU memory: 8000000 bytes wanted", "poor", "nl.ones(1000000, {device = 'cuda'})")
    says("1", "poor", [[
      for i = 1, 50 do local t = nl.ones(100000, {device = "cuda"}) end -- each dropped one is collected when room ends
      print(1)]])
  end)

  it("computes attention by paths of its own", function()
    local operands = [[
      local q = nl.ones(1, 2, 3, 4, {device = "cuda"})
      local k = nl.ones(1, 2, 4, 5, {device = "cuda"}):transpose(3, 4) -- rows with gaps
      ]]
    says("1\t3\tfake_first", "here", operands .. [[
      local out, aux = nl.attention(q, k, k)
      print(out(1, 1, 1, 1), aux.lse(1, 1, 1), aux.impl)]])
    says("2\tfake_second\t4\t5\t6\t7", "here", operands .. [[
      local bias = nl.ones(2, 1, 5, {device = "cuda"})
      local o = {impl = "fake_second", bias = bias}
      local out, aux = nl.attention(q, k, k, o)
      local dq, dk, dv, more = nl.attention_backward(out, q, k, k, out, aux, o)
      print(out(1, 2, 3, 4), aux.impl, dq(1, 1, 1, 1), dk(1, 1, 1, 1), dv(1, 1, 1, 1), more.dbias(2, 1, 5))]])
    says("9", "here", operands .. "print(select(2, nl.attention(q, k, k, {impl = 'standard'})).p(1, 1, 1, 1))")
    says("standard tiled flash decode fake_first fake_second", "here",
      "print(table.concat(nl.attention_impls('cuda'), ' '))")
    complains("unknown impl 'fake_third' (did you mean 'fake_first'?", "here", operands
      .. "nl.attention(q, k, k, {impl = 'fake_third'})")
    complains("attention: path 'fake_first' has no softcap", "here", operands .. "nl.attention(q, k, k, {softcap = 2})")
    complains("attention: the tensors are on cuda:0 and cpu", "here", operands .. "nl.attention(q, k, nl.ones(1, 2, 5, 4))")
    complains("impl 'standard' keeps S and P", "here", [[
      local q = nl.ones(1, 1, 1000, 1, {device = "cuda"})
      nl.attention(q, q, q, {impl = "standard"})]])
    complains("a tensor on cuda:0", "here", operands
      .. "nl.attention(q, k, k, {cu_seqlens_q = nl.zeros(2, {device = 'cuda', dtype = 'i64'})})")
  end)
end)
