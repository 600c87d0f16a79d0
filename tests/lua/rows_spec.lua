local rows_of = require "numlab.rows"

describe("numlab.rows", function()
  local rows = {
    { n = 1, method = "a", seconds = 2 }, { n = 1, method = "b", seconds = 1 }, { n = 1, method = "c" },
    { n = 2, method = "a", seconds = 3 }, { n = 2, method = "b", seconds = 12.0 }, { n = 3, method = "a", seconds = 5 },
    { n = 4, method = "a", seconds = 0 / 0 },
  }

  it("chooses rows", function()
    assert.equal(2, #rows_of.where(rows, { n = 2 }))
    assert.equal(1, #rows_of.where(rows, { n = 2, method = "b" }))
    assert.equal(3, #rows_of.where(rows, function(r) return r.n > 1 and r.seconds == r.seconds end))
    assert.same({}, rows_of.where(rows, { n = 9 }))
    assert.same({ "b" }, rows_of.where({ "a", "b" }, function(s) return s ~= "a" end)) -- any list, by a function
  end)

  it("takes columns with nan for what is absent", function()
    local c = rows_of.column(rows_of.where(rows, { n = 1 }), "seconds")
    assert.equal(3, #c)
    assert.is_true(c[3] ~= c[3])
  end)

  it("says from where to where", function()
    local said, low, high = rows_of.range({ 2.5, 0 / 0, 1 })
    assert.same({ "1 to 2.5", 1, 2.5 }, { tostring(said), low, high })
    assert.equal("2.50", tostring(rows_of.range({ 2.501, 2.499 }, "%.2f")))
    assert.equal("<1> to <2>", tostring(rows_of.range({ 1, 2 }, function(v) return ("<%d>"):format(v) end)))
    assert.equal("none", tostring(rows_of.range({ 0 / 0 })))
  end)

  it("groups in the order of first sight", function()
    assert.same({ 1, 2, 3, 4 }, rows_of.distinct(rows, "n"))
    local groups = rows_of.group(rows, { "method" })
    assert.same({ method = "a" }, groups[1].key)
    assert.equal(4, #groups[1].rows)
    assert.equal(3, #groups)
  end)

  it("names winners and their factor", function()
    local w = rows_of.winners(rows, { "n" })
    assert.equal(3, #w) -- n = 4 has nobody with a finite time
    assert.same({ n = 1, winner = "b", best = 1, second = "a", factor = 2.0 }, w[1])
    assert.same({ n = 2, winner = "a", best = 3, second = "b", factor = 4.0 }, w[2])
    assert.same({ n = 3, winner = "a", best = 5 }, w[3])
    assert.error_matches(function() rows_of.winners(rows, { "n" }, { metrik = "x" }) end, "did you mean 'metric'")
  end)
end)
