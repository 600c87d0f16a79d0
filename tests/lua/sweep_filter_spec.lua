local filter = require "numlab.sweep_filter"

describe("numlab.sweep_filter", function()
  local points = {}
  for _, n in ipairs{ 100, 500, 2000 } do
    for _, sign in ipairs{ "mixed", "it's 1..2" } do
      for _, causal in ipairs{ true, false } do points[#points + 1] = { n = n, sign = sign, causal = causal } end
    end
  end
  local NAMES, METHODS = { "n", "sign", "causal" }, { "gauss", "gauss none", "lu" }
  local function parse(words) return filter.parse(words, points, NAMES, "method", METHODS) end
  -- "100 500/gauss": the different n and contestants that pass.
  local function left(words)
    local passes, n, methods, seen = parse(words), {}, {}, {}
    for _, point in ipairs(points) do
      for _, method in ipairs(METHODS) do
        if passes(point, method) then
          if not seen[point.n] then n[#n + 1] = point.n end
          if not seen[method] then methods[#methods + 1] = method end
          seen[point.n], seen[method] = true, true
        end
      end
    end
    return table.concat(n, " ") .. "/" .. table.concat(methods, ",")
  end
  local ALL = "/gauss,gauss none,lu"

  it("keeps everything without words", function() assert.equal("100 500 2000" .. ALL, left("")) end)

  it("takes values, one or several", function()
    assert.equal("500" .. ALL, left("n=500"))
    assert.equal("500" .. ALL, left("n=5e2"))
    assert.equal("100 2000/lu", left("n=100,2000,method=lu"))
    assert.equal("100 500 2000/gauss none,lu", left(" method = gauss none , lu "))
    assert.equal("100 2000" .. ALL, left("n!=500"))
    assert.equal("2000" .. ALL, left("n!=500,100"))
  end)

  it("takes ranges and comparisons", function()
    assert.equal("500 2000" .. ALL, left("n=500.."))
    assert.equal("100 500" .. ALL, left("n=..500"))
    assert.equal("100 500" .. ALL, left("n=100..999"))
    assert.equal("100 2000" .. ALL, left("n=..100,1000.."))
    assert.equal("100 2000" .. ALL, left("n!=101..999"))
    assert.equal("500 2000" .. ALL, left("n>=500"))
    assert.equal("2000" .. ALL, left("n>500"))
    assert.equal("100" .. ALL, left("n<500"))
    assert.equal("500" .. ALL, left("n<=500,n>=101"))
  end)

  it("takes truths and strings as they are", function()
    local passes = parse("causal=false,sign=it's 1..2")
    assert.is_true(passes({ n = 1, sign = "it's 1..2", causal = false }, "lu"))
    assert.is_false(passes({ n = 1, sign = "it's 1..2", causal = true }, "lu"))
    assert.is_false(passes({ n = 1, sign = "mixed", causal = false }, "lu"))
  end)

  it("refuses what is not there, naming the nearest", function()
    local function refused(words, why)
      assert.error_matches(function() parse(words) end, "^sweep.run: filter: " .. why)
    end
    refused("size=1", "unknown name 'size' %(did you mean 'sign'%? known: n, sign, causal, method%)")
    refused("n=501", "unknown value of 'n' '501' %(did you mean '500'%? known: 100, 500, 2000%)")
    refused("method=guass", "unknown value of 'method' 'guass' %(did you mean 'gauss'")
    refused("n", "'n' is no condition: it can be name=value,value, name=from..to, or in quotes")
    refused(",", "'' is no condition")
    refused("n=", "unknown value of 'n' ''")
    refused("=5", "'=5' is no condition")
    refused("sign>3", "'sign' holds words: it can be = or !=, not >")
    refused("n>=many", "n>= wants a number, got 'many'")
    refused("n>=100,500", "'500' is no condition")
    refused("sign=1..2", "unknown value of 'sign'")
  end)
end)
