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
    assert.same({ samples = { 2, 4, 6 }, seconds = 4, seconds_min = 2, seconds_iqr = 2.0, repeats = 3, outliers = 0 },
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

  it("repeats until the interval of the median is narrow", function()
    local noise, k = { 1, 1.3, 0.8, 1.2, 0.9, 1.1 }, 0 -- settles on 1 after six turns
    local r = compare({ contestant("a", function() k = k + 1 return (noise[k] or 1) / 64 end), contestant("b", 0.5 / 64) },
      { repeats = 2, width = 0.02, slow = 100 })
    assert.equal(6, r[2].repeats) -- the least that gives a 95 % interval, though repeats says 2
    assert.equal(0, r[2].seconds_width)
    assert.is_true(r[1].repeats > 6 and r[1].repeats < 100)
    assert.is_true(r[1].seconds_width <= 0.02)
    local before = bench.summary({ table.unpack(r[1].samples, 1, r[1].repeats - 1) })
    assert.is_true(before.seconds_width > 0.02) -- not one more than it takes
  end)

  it("repeats no more than allowed, nor beyond its time, where the interval stays wide", function()
    local function restless()
      local k = 0
      return function() k = k + 1 return (1 + k % 2) / 64 end
    end
    local r = compare({ contestant("a", restless()) }, { width = 0.01, repeats_max = 9, slow = 100 })
    assert.equal(9, r[1].repeats)
    assert.is_true(r[1].seconds_width > 0.01)
    r = compare({ contestant("a", restless()) }, { width = 0.01, slow = 0.25 })
    assert.equal(10, r[1].repeats) -- 2/64 to warm up, then 1/64 and 2/64 in turn: 16/64 at the tenth
    r = compare({ contestant("a", restless()) }, { width = 0.01, slow = 0.05 })
    assert.is_nil(r[1].seconds_width) -- too few samples for any interval
  end)

  it("counts what lies beyond Tukey's far fence and keeps it", function()
    local samples = { 1, 1.25, 1.5, 1.75, 2, 4, -1 } -- quartiles 1.125 and 1.875: fences at -1.125 and 4.125
    assert.equal(0, bench.summary(samples).outliers)
    samples[6], samples[7] = 4.25, -1.25
    assert.equal(2, bench.summary(samples).outliers)
    assert.equal(7, bench.summary(samples).repeats)
  end)

  it("takes one turn", function()
    local got = bench.turn(contestant("a", 0.25), clock)
    assert.same({ 0.25, 0.25 }, { got.seconds, got.value.seconds })
    got = bench.turn({ run = function() now = now + 0.5 return 3 end }, clock)
    assert.same({ 0.5 + 1 / 1024, 3 }, { got.seconds, got.value })
    got = bench.turn({ run = function() return nil, "no", { code = "SHAPE" } end }, clock)
    assert.same({ failed = true, message = "no", info = { code = "SHAPE" } }, got)
    got = bench.turn({ run = function() error("boom", 0) end }, clock)
    assert.same({ failed = true, message = "boom", raised = true }, got)
    assert.error_matches(function() bench.turn({ run = function() error("interrupted!") end }, clock) end, "^interrupted$")
  end)

  it("takes the clock where a result has no time of its own", function()
    local r = compare({ { name = "x", run = function() now = now + 0.25 return true end } }, { repeats = 2 })
    assert.equal(0.25 + 1 / 1024, r[1].seconds)
    assert.is_true(r[1].spent > 3 * 0.25 and r[1].spent < 3 * 0.27) -- warming up and pausing too
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
    assert.same({ seconds = 2.0, seconds_min = 1, seconds_iqr = 1.0, repeats = 3, outliers = 0 }, bench.summary({ 1, 2, 3 }))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() bench.compare({}) end, "contestants is empty")
    assert.error_matches(function() bench.compare() end, "contestants is empty")
    assert.error_matches(function() compare({ { name = "x" } }) end, "contestant 1 has no run function")
    assert.error_matches(function() compare({ contestant("x", 1) }, { repeats = 0 }) end, "repeats must be at least 1")
    assert.error_matches(function() compare({ contestant("x", 1) }, { width = 0 }) end, "width must be above 0")
    assert.error_matches(function() compare({ contestant("x", 1) }, { width = 0 / 0 }) end, "width must be above 0")
    assert.error_matches(function() compare({ contestant("x", 1) }, { repeats_max = 0 }) end, "repeats_max must be at least")
    assert.error_matches(function() compare({ contestant("x", 1) }, { repeat_ = 1 }) end, "did you mean 'repeats'")
  end)
end)
