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
    complains("softmax: cuda:0 does not do this; move the operands with :to('cpu')", "here",
      "nl.ones(2, {device = 'cuda'}):softmax(1)")
    complains("where: cuda:0 does not do this", "here", [[
      local a = nl.ones(2, {device = "cuda"})
      nl.where(nl.ones(2):gt(0):to("cuda"), a, a)]])
    complains("rand: cuda:0 does not do this", "here", "nl.rand(2, {device = 'cuda'})")
    complains("a tensor on cuda:0, and this works on the CPU; move it with :to('cpu')", "here",
      "nl.diagnose(nl.ones(2, 2, {device = 'cuda'}))")
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

describe("a linear system on a device", function()
  local system = [[
    local A, X = nl.randn(23, 23, {seed = 1}), nl.randn(23, 3, {seed = 2})
    local there, b = A:to("cuda"), (A * X):to("cuda")
    local function near(x, y) return nl.allclose(x:to("cpu"), y, {rtol = 1e-11, atol = 1e-12}) end
    ]]

  it("is solved there, with what the CPU's lu says of it", function()
    for _, method in ipairs{ "lu", "cusolver", "auto" } do
      says("cuda:0\ttrue\ttrue\tOK\ttrue\ttrue", "here", system .. ([[
        local x, info = nl.solve(there, b, {method = "%s"})
        local y, own = nl.solve(there, b(":", 2), {method = "%s"})
        print(x.device, near(x, X), near(y, X(":", 2)), own.code, info.backward_error < 1e-15, info.seconds > 0)]])
        :format(method, method))
    end
    says("true", "here", system .. [[
      local _, a = nl.solve(there, b, {method = "lu"})
      local _, c = nl.solve(A, A * X, {method = "lu"})
      local same = true
      for _, key in ipairs{"growth", "rcond", "smallest_pivot", "backward_error"} do
        same = same and math.abs(a[key] - c[key]) <= (key == "backward_error" and 1e-15 or 1e-12 * c[key])
      end
      print(same and a.exchanges == c.exchanges and a.nnz_factor == c.nnz_factor)]])
    says("dense, on cuda:0: lu, our own elimination\tnil", "here", system
      .. "local _, info = nl.solve(there, b) print(info.reason, info.error_bound)")
  end)

  it("leaves A and b as they are, whatever their strides", function()
    says("true\ttrue\ttrue", "here", system .. [[
      local T, c = A.T:contiguous():to("cuda").T, (A * X).T:contiguous():to("cuda").T
      local first = near(nl.solve(T, c, {method = "cusolver"}), X)
      print(first and near(nl.solve(T, c, {method = "lu"}), X), near(T, A), (near(c, A * X)))]])
  end)

  it("is refined", function()
    says("true\ttrue", "here", [[
      local W = nl.eye(40) -- 1 on the diagonal and in the last column, -1 below: entries grow to 2^39
      for i = 1, 40 do for j = 1, i - 1 do W:set(-1, i, j) end W:set(1, i, 40) end
      local b = (W * nl.randn(40, {seed = 3})):to("cuda")
      local _, plain = nl.solve(W:to("cuda"), b, {method = "lu"})
      local _, fine = nl.solve(W:to("cuda"), b, {method = "lu", refine = true})
      print(plain.growth == 2.0 ^ 39 and plain.backward_error > 1e-10, fine.refinements > 0 and fine.backward_error < 1e-15)]])
  end)

  it("whose A is singular names the column", function()
    for _, method in ipairs{ "lu", "cusolver" } do
      says(("nil\t%s: A is singular, column 2 has no nonzero pivot\tSINGULAR\t2"):format(method), "here", ([[
        local A = nl.tensor({{1, 2, 3}, {2, 4, 7}, {1, 2, 5}}, {device = "cuda"})
        local x, message, info = nl.solve(A, nl.ones(3, {device = "cuda"}), {method = "%s"})
        print(x, message, info.code, info.where)]]):format(method))
    end
  end)

  it("must be finite, and its solution too", function()
    says("solve: A(2,3) is inf\tNONFINITE", "here", system .. [[
      there:set(1 / 0, 2, 3)
      local _, message, info = nl.solve(there, b) print(message, info.code)]])
    complains("solve: b(4,1) is", "here", system .. "b:set(0 / 0, 4, 1) print(select(2, nl.solve(there, b)))")
    complains("solve: x0(23,3) is -inf", "here", system
      .. "X:set(-1 / 0, 23, 3) print(select(2, nl.solve(there, b, {x0 = X:to('cuda')})))")
    says("NONFINITE\tlu: the solution overflows", "here", [[
      local _, m, info = nl.solve(nl.tensor({{1e-300}}, {device = "cuda"}), nl.tensor({1e300}, {device = "cuda"}),
        {method = "lu"}) print(info.code, m)]])
    says("NONFINITE\tsolve: cusolver overflowed, its result is not finite", "here", [[ -- in the first of two columns
      local _, m, info = nl.solve(nl.tensor({{1e-300}}, {device = "cuda"}), nl.tensor({{1e300, 1}}, {device = "cuda"}),
        {method = "cusolver"}) print(info.code, m)]])
    says("NONFINITE\tlu: overflow in U (scaling A may help)", "here", [[
      local A = nl.tensor({{1, 1e308}, {-1, 1e308}}, {device = "cuda"})
      local _, m, info = nl.solve(A, nl.ones(2, {device = "cuda"}), {method = "lu"}) print(info.code, m)]])
  end)

  it("keeps to one device, and to the methods that are there", function()
    local function refuses(message, call) complains(message, "here", system .. call) end
    refuses("solve: A is on cuda:0, b is on cpu; move one with :to", "nl.solve(there, A)")
    refuses("solve: A is on cpu, b is on cuda:0; move one with :to", "nl.solve(A, b)")
    refuses("solve: A is on cuda:0, b is on cuda:1; move one with :to", "nl.solve(there, b:to('cuda:1'))")
    refuses("solve: A is on cuda:0, x0 is on cpu; move one with :to", "nl.solve(there, b, {x0 = X})")
    for _, method in ipairs{ "gauss", "lapack", "klu", "gauss_seidel", "gmres" } do
      refuses(("solve: method '%s' takes no dense A on cuda:0; there are lu, cusolver, or move A and b with :to('cpu')")
        :format(method), ("nl.solve(there, b, {method = '%s'})"):format(method))
    end
    refuses("method 'gauss' takes no dense A on cuda:0", "nl.solve(there, b, {pivot = 'rook'})")
    refuses("method 'lu' takes no option 'pivot'", "nl.solve(there, b, {method = 'lu', pivot = 'rook'})")
    refuses("method 'lu' takes no sparse A on cuda:0; there are", [[
      nl.solve(nl.sparse.from(A):to("cuda"), b, {method = "lu"})]])
    complains("cusolver: the fake was told to have none", "bare", system
      .. "local x, message, info = nl.solve(there, b, {method = 'cusolver'}) assert(info.code == 'UNAVAILABLE') print(message)")
    says("lu", "bare", system .. "print(select(2, nl.solve(there, b)).method)")
  end)

  it("of a sparse A is given to an iteration that suits it, or auto says that there is none", function()
    says("true\ttrue", "here", [[
      local A, b, x = nl.gallery.dominant{n = 40, density = 0.2, seed = 1}
      local y, info = nl.solve(A:to("cuda"), b:to("cuda"))
      print(nl.allclose(y:to("cpu"), x), info.reason == "sparse, on cuda:0, dominant by rows: gauss_seidel")]])
    complains("solve: auto finds no iteration for this sparse A on cuda:0", "here", system
      .. "nl.solve(nl.sparse.from(A):to('cuda'), b)")
  end)

  it("runs out of the device's memory at any step without a trace", function()
    for _, method in ipairs{ "lu", "cusolver" } do
      says("true\ttrue\ttrue", "poor", ([[
        local A, b = nl.randn(60, 60, {seed = 1}):to("cuda"), nl.ones(60, 2, {device = "cuda"})
        local function live()
          collectgarbage() collectgarbage()
          return nl.memory.live("cuda"), nl.memory.live()
        end
        local failures, clean, solved = 0, true, 0
        for floats = 110000, 124000, 250 do -- of the 125000 that the device has room for
          local ballast = nl.zeros(floats - 3720, {device = "cuda"})
          local there, here = live()
          local ok, message = pcall(nl.solve, A, b, {method = "%s", refine = true})
          if ok then solved = solved + 1
          else
            failures = failures + 1
            clean = clean and message:find("out of GPU memory", 1, true) ~= nil
          end
          message = nil
          local there_now, here_now = live()
          clean = clean and there_now == there and here_now == here
          ballast:close()
        end
        print(solved > 0, failures > 10, clean)]]):format(method))
    end
  end)
end)

describe("a factor on a device", function()
  it("is made there and solves there", function()
    says("cuda:0 cuda:0 cuda:0\ttrue\ttrue\ttrue", "here", [[
      local A = nl.randn(17, 17, {seed = 4})
      local F, C = nl.lu(A:to("cuda")), nl.lu(A)
      local b = nl.randn(17, 2, {seed = 5})
      print(F.L.device .. " " .. F.U.device .. " " .. F.p.device,
        F.p:to("cpu") == C.p and nl.allclose(F.L:to("cpu"), C.L) and nl.allclose(F.U:to("cpu"), C.U),
        nl.allclose(F:solve(b:to("cuda")):to("cpu"), C:solve(b)) and nl.allclose(F:solve(b(":", 1):to("cuda")):to("cpu"),
          C:solve(b(":", 1))),
        math.abs(F.info.rcond - C.info.rcond) <= 1e-12 * C.info.rcond)]])
    says("lu factor of a 2x2 f64 matrix, 0 exchanges on cuda:0", "here", "print(nl.lu(nl.eye(2):to('cuda')))")
  end)

  it("says what is wrong", function()
    complains("lu: the factor is on cuda:0, b is on cpu; move b with :to", "here",
      "nl.lu(nl.eye(2):to('cuda')):solve(nl.ones(2))")
    complains("lu: A(2,1) is", "here", "print(select(2, nl.lu(nl.tensor({{1, 2}, {0 / 0, 4}}, {device = 'cuda'}))))")
    says("SINGULAR\t2\t0\tlu: A is singular, column 2 has no nonzero pivot", "here", [[
      local F = nl.lu(nl.tensor({{1, 2}, {2, 4}}, {device = "cuda"}))
      local _, message = F:solve(nl.ones(2, {device = "cuda"}))
      print(F.info.code, F.info.where, F.info.rcond, message)]])
    complains("move it with :to('cpu')", "here", "nl.lu(nl.sparse.from(nl.eye(3)):to('cuda'))")
  end)
end)
