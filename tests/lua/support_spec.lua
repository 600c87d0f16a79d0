-- The module as a whole: what `require "numlab"` gives.
local nl = require "numlab"

describe("the numlab module", function()
  it("is one table however often it is required", function()
    assert.equal(nl, require "numlab")
  end)

  it("names its version as three numbers", function()
    assert.truthy(nl.version:match "^%d+%.%d+%.%d+$")
  end)

  it("gives nil for a name it does not know", function()
    assert.is_nil(nl.no_such_name)
    assert.is_nil(nl[1])
    assert.is_nil(nl["../numlab"])
  end)
end)
