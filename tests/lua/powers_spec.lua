local powers = require "numlab.powers"

local function rows(contestant, f)
  local out = {}
  for i, n in ipairs{ 100, 200, 400 } do out[i] = { n = n, contestant = contestant, y = f(n) } end
  return out
end
local function near(expected, got) assert.is_true(math.abs(got - expected) < 1e-6, ("%s, got %s"):format(expected, got)) end

describe("numlab.powers", function()
  it("finds the power of a column, and that of what grows beside a constant", function()
    near(2, powers.exponent(rows("a", function(n) return 3 * n ^ 2 end), "y"))
    near(2, powers.growing(rows("a", function(n) return 1e6 + 3 * n ^ 2 end), "y"))
    near(0, powers.growing(rows("a", function() return 500 end), "y"))
  end)

  it("finds none where there is nothing, or too few sizes", function()
    local zero = rows("a", function() return 0 end)
    assert.is_nil(powers.exponent(zero, "y"))
    assert.is_nil(powers.growing(zero, "y"))
    local some = rows("a", function(n) return n > 100 and n or nil end)
    near(1, powers.exponent(some, "y"))
    assert.is_nil(powers.growing(some, "y"))
    assert.is_nil(powers.exponent({ some[3] }, "y"))
    assert.is_nil(powers.exponent(some, "z"))
  end)

  it("takes contestants one by one", function()
    local both = rows("a", function(n) return n end)
    for _, r in ipairs(rows("b", function(n) return n ^ 3 end)) do both[#both + 1] = r end
    local each = powers.each(both, "y", powers.exponent)
    assert.equal(2, #each)
    near(1, each[1])
    near(3, each[2])
    assert.same({}, powers.each(both, "z", powers.exponent))
  end)
end)
