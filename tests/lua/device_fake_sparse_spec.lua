-- Sparse matrices and iterations of the host side of devices, on any machine: the specs of a GPU beside a plugin made
-- of host memory (tests/engine/device/fake.c).
local file = require "numlab.file"

local fake = os.getenv("BUILD") .. "/tests/engine/device/fake.so"

local function run(what, words)
  return file.capture(("NUMLAB_CUDA=%s FAKE_DEVICE=%s %s %s 2>&1"):format(file.quote(fake), what,
    file.quote(os.getenv("NUMLAB")), words))
end

describe("sparse matrices on a device of host memory", function()
  it("pass what they must pass on a GPU", function()
    local output = run("here",
      "run /usr/bin/busted -o TAP --helper=tests/lua/helper.lua tests/lua/sparse_device_spec.lua")
    assert.is_truthy(output:find("\nok 5", 1, true), output)
    assert.is_nil(output:find("not ok", 1, true), output)
  end)

  it("do not fit where there is no room", function()
    local output = run("poor", "-e " .. file.quote[[
      local nl = require "numlab"
      local S = nl.gallery.poisson2d(130)
      print(pcall(S.to, S, "cuda"))
      local T, b = nl.gallery.poisson2d(100):to("cuda"), nl.ones(10000, {device = "cuda"})
      print(pcall(nl.solve, T, b, {method = "gauss_seidel"}))
      T:close() b:close()
      print(nl.memory.live("cuda"))]])
    local upload, solve, live = output:match("(.-)\n(.-)\n(%d+)")
    assert.is_truthy(upload:find("out of GPU memory", 1, true), output)
    assert.is_truthy(solve:find("out of GPU memory", 1, true), output)
    assert.equal("0", live)
  end)
end)
