-- Borrowed solvers on real matrices: the .mtx files in the folder NUMLAB_MATRICES names.
local nl = require "numlab"

local folder = os.getenv "NUMLAB_MATRICES"
-- what each file is: positive definite or not
local files = {["494_bus"] = true, bcsstk13 = true, west0479 = false, watt_2 = false}

local function hpl(A, x, b)
  local r = (b - A * x):abs():max()
  local dense = A:dense()
  local norm = dense:abs():sum(2):max()
  return r / (2 ^ -52 * (norm * x:abs():max() + b:abs():max()) * A.shape[1])
end

describe("borrowed solvers on real matrices", function()
  if not folder then
    it("are not tested: NUMLAB_MATRICES names no folder", function() end)
    return
  end
  for name, definite in pairs(files) do
    for _, method in ipairs {"auto", "lapack", "csparse", "klu", "umfpack", "cholmod"} do
      it(("%s by %s"):format(name, method), function()
        local A = assert(nl.load(("%s/%s.mtx"):format(folder, name)))
        local b = A * nl.ones(A.shape[2])
        local x, message, info = nl.solve(A, b, {method = method})
        if not x and info.code == "UNAVAILABLE" then return end
        if method == "cholmod" and not definite then
          assert.is_nil(x)
          assert.equal("NOT_POSITIVE_DEFINITE", info.code)
          assert.matches("is not symmetric", message)
          return
        end
        assert(x, message)
        assert.is_true(hpl(A, x, b) < 16)
      end)
    end
  end
  it("rectangular ash219 is misuse", function()
    local A = assert(nl.load(folder .. "/ash219.mtx"))
    for _, method in ipairs {"auto", "klu", "lapack"} do
      assert.error_matches(function() nl.solve(A, nl.ones(219), {method = method}) end, "219x85")
    end
    local x, info = nl.lstsq(A:dense(), nl.ones(219))
    assert.equal(85, info.rank)
    assert.is_true((A.T * (nl.ones(219) - A * x)):abs():max() < 1e-12)
  end)
end)
