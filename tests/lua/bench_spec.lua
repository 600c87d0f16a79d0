local bench = require "numlab.bench"

describe("numlab.bench", function()
  -- A clock that only moves when a contestant says so: every number below is exact.
  local now, order
  local function clock()
    now = now + 1 / 1024
    return now
  end
  local function contestant(name, seconds, extra)
    local c = { name = name, run = function()
      order[#order + 1] = name
      return { seconds = type(seconds) == "function" and seconds() or seconds }
    end }
    for k, v in pairs(extra or {}) do c[k] = v end
    return c
  end
  before_each(function() now, order = 0, {} end)
  local function compare(list, extra)
    local o = { contestants = list, clock = clock, pause = 0 }
    for k, v in pairs(extra or {}) do o[k] = v end
    return bench.compare(o)
  end

  it("takes turns, warms up, keeps every sample", function()
    local k = 0
    local r = compare({ contestant("a", function() k = k + 1; return k * 0.01 end), contestant("b", 0.5 / 4) },
      { repeats = 3 })
    assert.equal("abababab", table.concat(order))
    assert.same({ 0.02, 0.03, 0.04 }, r[1].samples)
    assert.equal(0.03, r[1].seconds)
    assert.equal(0.02, r[1].seconds_min)
    assert.equal(3, r[1].repeats)
    assert.equal(0.01, r[1].first.seconds)
    assert.equal(0, r[2].seconds_iqr)
  end)

  it("keeps the samples of parts beside those of the whole", function()
    local k = 0
    local r = compare({ { name = "x", run = function()
      k = k + 1
      return { seconds = 3 * k, parts = { forward = k, backward = 2 * k } }
    end }, contestant("y", 0.1) }, { repeats = 3, slow = 100 })
    assert.same({ 3, 6, 9 }, r[1].samples) -- the first turn was long enough to count
    assert.same({ samples = { 2, 4, 6 }, seconds = 4, seconds_min = 2, seconds_iqr = 2.0, repeats = 3 },
      r[1].parts.backward)
    assert.equal(2, r[1].parts.forward.seconds)
    assert.is_nil(r[2].parts)
  end)

  it("keeps a long first run and repeats less where a contestant is slow", function()
    local r = compare({ contestant("slow", 3), contestant("quick", 0.001) }, { repeats = 5, slow = 5 })
    assert.equal(2, r[1].repeats)
    assert.equal(5, r[2].repeats)
    assert.equal("slowquick", order[1] .. order[2])
  end)

  it("takes the clock where a result has no time of its own", function()
    local r = compare({ { name = "x", run = function() now = now + 0.25 return true end } }, { repeats = 2 })
    assert.equal(0.25 + 1 / 1024, r[1].seconds)
  end)

  it("goes on without one that fails, raises, or is wrong", function()
    local r = compare({
      { name = "nil", run = function() return nil, "singular", { code = "SINGULAR" } end },
      { name = "raise", run = function() error("boom", 0) end },
      contestant("wrong", 0.1, { check = function() return false, "x is off" end }),
      contestant("good", 0.1, { check = function(x) return x.seconds == 0.1 end }),
    }, { repeats = 1 })
    assert.equal("SINGULAR", r[1].info.code)
    assert.is_nil(r[1].raised)
    assert.equal("boom", r[2].message)
    assert.is_true(r[2].raised)
    assert.equal("x is off", r[3].message)
    assert.equal(1, r[4].repeats)
    assert.equal("wronggoodgood", table.concat(order)) -- the wrong one is never timed
  end)

  it("ends at once when interrupted", function()
    assert.error_matches(function()
      compare({ { run = function() error("interrupted!") end } })
    end, "^interrupted$")
    assert.error_matches(function()
      compare({ { run = function() return nil, "stopped", { code = "INTERRUPTED" } end } })
    end, "^interrupted$")
  end)

  it("tells after each turn", function()
    local told = {}
    compare({ contestant("a", 0.1) }, { repeats = 2, on_turn = function(r, s, round)
      told[#told + 1] = ("%s %g %d %s"):format(r.name, s, round, r.done)
    end })
    assert.same({ "a 0.1 0 false", "a 0.1 1 false", "a 0.1 2 true" }, told)
  end)

  it("pauses by the clock", function()
    bench.pause(0.5, clock)
    assert.is_true(now >= 0.5 and now < 0.51)
    assert.same({ seconds = 2.0, seconds_min = 1, seconds_iqr = 1.0, repeats = 3 }, bench.summary({ 1, 2, 3 }))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() bench.compare({}) end, "contestants is empty")
    assert.error_matches(function() bench.compare() end, "contestants is empty")
    assert.error_matches(function() compare({ { name = "x" } }) end, "contestant 1 has no run function")
    assert.error_matches(function() compare({ contestant("x", 1) }, { repeats = 0 }) end, "repeats must be at least 1")
    assert.error_matches(function() compare({ contestant("x", 1) }, { repeat_ = 1 }) end, "did you mean 'repeats'")
  end)
end)
