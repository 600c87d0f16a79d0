-- Devices: what every machine must say, and on a GPU every op against the CPU.
local nl = require "numlab"
local raises = dofile "tests/lua/raises.lua"

local devices, why = nl.devices()

describe("devices", function()
  it("begin with the CPU and say why there is no other", function()
    assert.equal("cpu", devices[1])
    assert.is_true(#devices > 1 or (type(why) == "string" and #why > 0))
    assert.equal("cpu", nl.ones(2).device)
    assert.equal("cpu", nl.device("cpu").device)
    nl.synchronize("cpu")
  end)

  it("are asked for by name", function()
    raises("unknown device 'gpu'", nl.device, "gpu")
    raises("unknown device 'cuda0'", nl.device, "cuda0")
    raises("device 'cuda:99' is not", nl.memory.live, "cuda:99")
    raises("device 'cuda:x' is not", nl.memory.peak, function() end, "cuda:x")
    raises("device 'cuda:99' is not", nl.attention_impls, "cuda:99")
  end)

  it("measure time and memory on the CPU as everywhere", function()
    local seconds, a, b = nl.device_time(function() return 1, "x" end, "cpu")
    assert.is_true(seconds >= 0)
    assert.same({ 1, "x" }, { a, b })
    raises("inside", nl.device_time, function() error("inside") end)
    assert.equal(nl.memory.live(), nl.memory.live("cpu"))
  end)
end)

if #devices == 1 then
  describe("a GPU", function()
    it("was not tested: " .. tostring(why):gsub("%s+", " "), function() assert.is_truthy(why) end)
  end)
  return
end

local TYPES = { "f64", "f32", "f16", "bf16", "i64", "i32", "bool" }
local FLOATS = { "f64", "f32", "f16", "bf16" }
local EPS = { f64 = 2.0 ^ -52, f32 = 2.0 ^ -23, f16 = 2.0 ^ -10, bf16 = 2.0 ^ -7 }

-- Seeded values with signs and some special ones, of any type.
local function values(dtype, ...)
  local x = nl.randn({ ... }, { seed = 7 }):mul(20)
  return dtype == "bool" and x:gt(0) or x:to(dtype)
end

local function same(cpu, gpu) -- bit for bit, NaN counting as itself
  assert.equal("cuda:0", gpu.device)
  assert.equal(cpu.dtype, gpu.dtype)
  assert.same(cpu.shape, gpu.shape)
  local a, b = cpu:to("f64"), gpu:to("cpu"):to("f64")
  local differ = a:ne(b)
  local nans = a:isnan():mul(b:isnan()):gt(0)
  assert.equal(0, nl.where(nans, nl.zeros(1):gt(1), differ):sum())
end

local function near(cpu, gpu, tolerance, what)
  assert.equal("cuda:0", gpu.device)
  assert.same(cpu.shape, gpu.shape)
  local a, b = cpu:to("f64"), gpu:to("cpu"):to("f64")
  local scale = a:norm()
  local err = (a - b):norm() / (scale > 0 and scale or 1)
  assert.is_true(err <= tolerance, ("%s: relative error %g, expected at most %g"):format(what or "", err, tolerance))
end

describe("tensors on a GPU", function()
  it("go there and come back", function()
    for _, dtype in ipairs(TYPES) do
      local x = values(dtype, 5, 7)
      local there = x:to("cuda")
      assert.equal("cuda:0", there.device)
      assert.is_true(there:to("cpu") == x, dtype)
      same(x.T, there.T)
      same(x("2:4", "::2"), there("2:4", "::2"))
      same(x:reshape(7, 5), there:reshape(7, 5))
    end
    local x = nl.randn(3, 4)
    assert.is_true(x:to("cuda", "f32"):to("cpu") == x:to("f32"))
    assert.equal(0, nl.zeros(0, 3, { device = "cuda" }).size)
  end)

  it("read, write, print element by element", function()
    local t = nl.tensor({ { 1, 2 }, { 3, 4 } }, { device = "cuda" })
    assert.equal(3, t(2, 1))
    assert.equal(4, t[2][2])
    t:set(7, 1, 2)
    t[1] = nl.tensor({ 5, 6 }, { device = "cuda" })
    t:set(nl.tensor{ 8, 9 }, 2, ":") -- from the CPU
    assert.same({ { 5, 6 }, { 8, 9 } }, t:totable())
    assert.equal(5, t(1, ":")(1))
    assert.is_truthy(tostring(t):find("f64 tensor 2x2 on cuda:0", 1, true))
    assert.equal(3, nl.full({ 1 }, 3, { device = "cuda" }):item())
  end)

  it("cast between all types", function()
    local x = nl.tensor{ 0, -0.0, 1.5, -1.5, 2.5, 300, -300, 1e9, 1e20, -1e20, 1 / 0, -1 / 0, 0 / 0, 6e-8, 65520 }
    for _, from in ipairs(FLOATS) do
      for _, to in ipairs(TYPES) do same(x:to(from):to(to), x:to(from):to("cuda"):to(to)) end
    end
    local whole = nl.tensor({ 0, 1, -1, 127, 128, 255, 256, 1 << 40, -(1 << 40) }, { dtype = "i64" })
    for _, to in ipairs(TYPES) do same(whole:to(to), whole:to("cuda"):to(to)) end
  end)

  it("hold the CPU's random numbers", function()
    for _, dtype in ipairs(FLOATS) do
      for _, n in ipairs{ 1, 2, 1001, 65537 } do
        same(nl.rand(n, { seed = 3, dtype = dtype }), nl.rand(n, { seed = 3, dtype = dtype, device = "cuda" }))
        same(nl.randn(n, { seed = 3, dtype = dtype }), nl.randn(n, { seed = 3, dtype = dtype, device = "cuda" }))
      end
    end
  end)

  it("compute elementwise as the CPU does", function()
    for _, dtype in ipairs{ "f64", "f32", "f16", "bf16", "i64", "i32" } do
      local a, b = values(dtype, 33, 17), values(dtype, 17)
      for _, op in ipairs{ "add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne" } do
        same(a[op](a, b), a:to("cuda")[op](a:to("cuda"), b:to("cuda")))
        same(a[op](a, 3), a:to("cuda")[op](a:to("cuda"), 3))
      end
      local eps = EPS[dtype] or EPS.f64
      near(a:div(b:abs():add(1)), a:to("cuda"):div(b:to("cuda"):abs():add(1)), 2 * eps, dtype .. " div")
      near(a:abs():add(1):pow(0.5), a:to("cuda"):abs():add(1):pow(0.5), 4 * eps, dtype .. " pow")
      for _, op in ipairs{ "exp", "tanh", "sin", "cos" } do
        local small = a:div(20)
        near(small[op](small), small:to("cuda")[op](small:to("cuda")), 4 * eps, dtype .. " " .. op)
      end
      for _, op in ipairs{ "abs", "floor", "isnan" } do same(a[op](a), a:to("cuda")[op](a:to("cuda"))) end
      same(-a, -a:to("cuda"))
      same(nl.where(a:gt(0), a, b), nl.where(a:to("cuda"):gt(0), a:to("cuda"), b:to("cuda")))
      same(nl.cat({ a, a }, 2), nl.cat({ a:to("cuda"), a:to("cuda") }, 2))
    end
  end)

  it("reduce as the CPU does", function()
    for _, dtype in ipairs{ "f64", "f32", "f16", "bf16", "i64" } do
      for _, shape in ipairs{ { 1, 1 }, { 37, 5 }, { 3, 70001 }, { 5000, 3 } } do
        local x = values(dtype, table.unpack(shape))
        local y = x:to("cuda")
        local tolerance = 8 * (EPS[dtype] or 0)
        for dim = 1, 2 do
          near(x:sum(dim), y:sum(dim), tolerance, dtype .. " sum")
          near(x:mean(dim), y:mean(dim), 8 * (EPS[dtype] or EPS.f64), dtype .. " mean")
          for _, op in ipairs{ "max", "min", "argmax", "argmin", "any", "all" } do
            if x[op] then same(x[op](x, dim), y[op](y, dim)) end
          end
        end
        for _, op in ipairs{ "max", "min", "argmax", "any", "all" } do assert.equal(x[op](x), y[op](y)) end
        assert.is_true(math.abs(x:sum() - y:sum()) <= 1e-12 * (1 + x:abs():sum()))
        for _, p in ipairs{ 1, 2, 1 / 0 } do
          assert.is_true(math.abs(x:norm(p) - y:norm(p)) <= 1e-12 * (1 + x:norm(p)))
        end
      end
    end
    local with_nan = nl.tensor({ 1, 0 / 0, 3, 3 })
    assert.equal(with_nan:argmax(), with_nan:to("cuda"):argmax())
    assert.equal(3, nl.tensor({ 1, 2, 3, 3 }, { device = "cuda" }):argmax())
    raises("no elements", nl.zeros(0, { device = "cuda" }).max, nl.zeros(0, { device = "cuda" }))
    raises("works on the CPU alone", nl.ones(2, { device = "cuda" }).norm, nl.ones(2, { device = "cuda" }), 3)
  end)

  it("take softmax along any dimension", function()
    for _, dtype in ipairs(FLOATS) do
      local x = values(dtype, 6, 301, 3)
      for dim = 1, 3 do near(x:softmax(dim), x:to("cuda"):softmax(dim), 4 * EPS[dtype], dtype) end
    end
    local masked = nl.tensor{ { -1 / 0, 0, 1 }, { -1 / 0, -1 / 0, -1 / 0 } }
    same(masked:softmax(-1):isnan(), masked:to("cuda"):softmax(-1):isnan())
  end)

  it("multiply matrices", function()
    for _, dtype in ipairs(FLOATS) do
      for _, s in ipairs{ { 1, 1, 1 }, { 17, 33, 5 }, { 128, 128, 128 }, { 130, 67, 259 }, { 5, 0, 4 }, { 600, 512, 700 } } do
        local m, k, n = table.unpack(s)
        local a, b = nl.randn(m, k, { seed = 1, dtype = dtype }), nl.randn(k, n, { seed = 2, dtype = dtype })
        near(a * b, a:to("cuda") * b:to("cuda"), 4 * EPS[dtype], ("%s %dx%dx%d"):format(dtype, m, k, n))
        local at, bt = a:to("cuda").T:contiguous().T, b:to("cuda").T:contiguous().T
        near(a * b, at * bt, 4 * EPS[dtype], dtype .. " transposed")
      end
      local a, b = nl.randn(3, 1, 9, 20, { seed = 1, dtype = dtype }), nl.randn(4, 20, 8, { seed = 2, dtype = dtype })
      near(a * b, a:to("cuda") * b:to("cuda"), 4 * EPS[dtype], dtype .. " batched")
    end
    local x = nl.randn(50, { seed = 4 })
    assert.is_true(math.abs(x * x - x:to("cuda") * x:to("cuda")) < 1e-12)
    raises("does not multiply i64", function()
      return nl.ones(2, 2, { dtype = "i64", device = "cuda" }) * nl.ones(2, 2, { dtype = "i64", device = "cuda" })
    end)
  end)

  it("do not mix with those of the CPU unasked", function()
    local a, b = nl.ones(2, 2), nl.ones(2, 2, { device = "cuda" })
    raises("add: the tensors are on cpu and cuda:0; move one with :to", function() return a + b end)
    raises("matmul: the tensors are on cuda:0 and cpu", function() return b * a end)
    raises("a tensor on cuda:0, and this works on the CPU; move it with :to('cpu')", nl.diagnose, b)
    raises("cat: the tensors are on", nl.cat, { a, b })
    assert.is_true(nl.allclose(a, b))
  end)

  it("count their bytes", function()
    collectgarbage() collectgarbage()
    local before = nl.memory.live("cuda")
    local bytes, t = nl.memory.peak(function()
      local big = nl.ones(1000, 1000, { device = "cuda" })
      big:close()
      return nl.ones(100, { device = "cuda" })
    end, "cuda")
    assert.is_true(bytes >= 8e6 and bytes < 9e6)
    assert.equal(800, nl.memory.live("cuda") - before)
    t:close()
    assert.equal(before, nl.memory.live("cuda"))
    local counts = nl.memory.counts("cuda")
    assert.is_true(counts.total > 1e9 and counts.free <= counts.total)
    raises("out of GPU memory", nl.zeros, 1 << 24, 1 << 20, { device = "cuda" })
    assert.equal(2, nl.ones(2, { device = "cuda" }):sum()) -- goes on afterwards
  end)

  it("tell how long the device took", function()
    local x = nl.randn(1000, 1000, { device = "cuda", dtype = "f32" })
    local seconds, y = nl.device_time(function() return x * x end, "cuda")
    assert.is_true(seconds > 0 and seconds < 1)
    assert.same({ 1000, 1000 }, y.shape)
    local facts = nl.device("cuda")
    assert.is_true(#facts.name > 0 and facts.processors > 0 and facts.memory_bytes > 1e9)
  end)
end)
