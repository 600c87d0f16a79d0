local file = require "numlab.file"
local peers = require "numlab.peers"

describe("numlab.peers", function()
  -- A stand-in for python3: a shell script that plays each outcome.
  local function with(body)
    local python, script = os.tmpname(), os.tmpname()
    assert(file.write(python, "#!/bin/sh\n" .. body .. "\n"))
    file.capture("chmod +x " .. python)
    assert(file.write(script, ([[
      package.path = %q
      local r, message, info = require("numlab.peers").scipy("A.mtx", "b b.mtx", "x.mtx",
        { method = "spsolve", repeats = 3 })
      print(r and r.seconds, r and r.version, message, info and info.code)]]):format(package.path)))
    local said = file.capture(("NUMLAB_PYTHON=%s lua5.4 %s"):format(python, script))
    os.remove(python)
    os.remove(script)
    return said
  end

  it("hands over files and method, and reads the answer", function()
    local said = with([=[[ "$3" = "b b.mtx" ] && [ "$5 $6" = "spsolve 3" ] && printf 'seconds=0.25\nversion=SciPy 1']=])
    assert.equal("0.25\tSciPy 1\tnil\tnil\n", said)
  end)

  it("says what is missing", function()
    assert.matches("python3 has no SciPy %(apt install python3%-scipy%)\tUNAVAILABLE", with("exit 3"))
    assert.matches("no python3 here .*\tUNAVAILABLE", with("exit 127"))
    assert.matches("SciPy failed %(spsolve%): singular\tERROR", with("echo trace; echo singular; exit 1"))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() peers.scipy("a", "b", "x", { method = "solv" }) end, "did you mean 'solve'")
  end)
end)
