local nl = require "numlab"
local file = require "numlab.file"
local peers = require "numlab.peers"

describe("numlab.peers", function()
  -- A stand-in for python3: a shell script that plays each outcome.
  local function with(body, call)
    local python, script = os.tmpname(), os.tmpname()
    assert(file.write(python, "#!/bin/sh\n" .. body .. "\n"))
    file.capture("chmod +x " .. python)
    assert(file.write(script, ([[
      package.path = %q
      local peers = require "numlab.peers"
      local r, message, info = %s
      print(r and (r.seconds or r.forward_s), r and r.version, message, info and info.code)]])
      :format(package.path, call or 'peers.scipy("A.mtx", "b b.mtx", "x.mtx", { method = "spsolve", repeats = 3 })')))
    local said = file.capture(("NUMLAB_PYTHON=%s lua5.4 %s"):format(python, script))
    os.remove(python)
    os.remove(script)
    return said
  end

  it("hands over files and method, and reads the answer", function()
    local said = with([=[[ "$3" = "b b.mtx" ] && [ "$5 $6" = "spsolve 3" ] && printf 'seconds=0.25\nversion=SciPy 1']=])
    assert.equal("0.25\tSciPy 1\tnil\tnil\n", said)
    said = with([=[[ "$2" = "a b" ] && [ "$3 $4 $5 $6 $7 $8" = "backend=math dtype=f64 causal=1 threads=2 repeats=4 scale=0.5" ] \
      && printf 'forward_s=0.5\nversion=PyTorch 2']=],
      'peers.torch("a b", { backend = "math", dtype = "f64", causal = true, threads = 2, repeats = 4, scale = 0.5 })')
    assert.equal("0.5\tPyTorch 2\tnil\tnil\n", said)
  end)

  it("says what is missing", function()
    assert.matches("python3 has no SciPy %(apt install python3%-scipy%)\tUNAVAILABLE", with("exit 3"))
    assert.matches("no python3 here .*\tUNAVAILABLE", with("exit 127"))
    assert.matches("SciPy failed %(spsolve%): singular\tERROR", with("echo trace; echo singular; exit 1"))
    assert.matches("PyTorch rows are left out: python3 has no PyTorch %(pip .*NUMLAB_PYTHON.*\tUNAVAILABLE",
      with("exit 3", 'peers.torch("d")'))
    assert.matches("nil\tnil\tPyTorch rows are left out", with("exit 3", "peers.torch_version()"))
    assert.matches("PyTorch failed %(flash%): boom\tERROR", with("echo boom; exit 1", 'peers.torch("d")'))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() peers.scipy("a", "b", "x", { method = "solv" }) end, "did you mean 'solve'")
    assert.error_matches(function() peers.torch("d", { backend = "falsh" }) end, "did you mean 'flash'")
    assert.error_matches(function() peers.torch("d", { dtype = "f8" }) end, "peers.torch: unknown dtype 'f8'")
  end)

  it("computes attention with PyTorch where it is", function()
    local version, why = peers.torch_version()
    if not version then
      print("# skipped: " .. why) -- a note in TAP; without PyTorch there is nothing to compare with
      return
    end
    local folder = os.tmpname()
    os.remove(folder)
    local x = {}
    for i, name in ipairs{ "q", "k", "v", "dout" } do x[name] = nl.randn(1, 2, 12, 8, { seed = i }) end
    peers.torch_begin(folder, x)
    local P = (x.q * x.k:transpose(3, 4) * 0.5):softmax(-1)
    for _, backend in ipairs{ "flash", "math" } do
      local r = assert(peers.torch(folder, { backend = backend, dtype = "f64", scale = 0.5, repeats = 2 }))
      assert.equal(version, r.version)
      assert.is_true(r.forward_s > 0 and r.backward_min > 0 and r.repeats == 2 and r.threads == 1)
      local got = peers.torch_results(folder)
      local function near(name, expected)
        assert.is_true(nl.allclose(got[name], expected, { rtol = 1e-12, atol = 1e-13 }), name)
      end
      near("out", P * x.v)
      near("dv", P:transpose(3, 4) * x.dout)
      local dP = x.dout * x.v:transpose(3, 4)
      near("dq", P:mul(dP - P:mul(dP):sum(4, { keepdim = true })) * x.k * 0.5)
    end
    peers.torch_end(folder)
    assert.is_nil(file.read(folder .. "/q.npy"))
  end)
end)
