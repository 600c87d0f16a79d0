local text = require "numlab.text"

describe("numlab.text", function()
  it("measures the distance of words", function()
    assert.equal(0, text.distance("pivot", "pivot"))
    assert.equal(3, text.distance("kitten", "sitting"))
    assert.equal(4, text.distance("", "four"))
  end)

  it("names the nearest word, and none where all are far", function()
    assert.equal("density", text.nearest("densty", { "n", "density", "sign" }))
    assert.is_nil(text.nearest("zzzzzz", { "density", "sign" }))
  end)

  it("counts a swap of neighbours once, and no case", function()
    assert.equal(1, text.distance("tilte", "title"))
    assert.equal(1, text.distance("pviot", "pivot"))
    assert.equal(0, text.distance("LU", "lu"))
    assert.equal(3, text.distance("ca", "abc")) -- optimal string alignment: no letter is moved twice
    assert.equal("title", text.nearest("tilte", { "file", "title" }))
    assert.equal("mixed", text.nearest("mix", { "fix", "mixed" })) -- the beginning of a word before all
  end)

  it("names the same as the functions in C", function()
    local nl = require "numlab"
    local function said_to(given) return select(2, pcall(nl.solve, nl.eye(2), nl.ones(2), { method = given })) end
    local known, is_known = {}, {}
    for name in said_to("?"):match("known: (.*)%)"):gmatch("[%w_]+") do known[#known + 1], is_known[name] = name, true end
    local function same(given)
      if is_known[given] then return end
      assert.equal(text.nearest(given, known), said_to(given):match("did you mean '(.-)'"), given)
    end
    for _, name in ipairs(known) do
      for i = 1, #name do
        local before, letter, after = name:sub(1, i - 1), name:sub(i, i), name:sub(i + 1)
        same(before .. letter .. "?" .. after)
        same(before .. "?" .. after)
        same(before .. after)
        same(before .. after:sub(1, 1) .. letter .. after:sub(2))
        same(before .. letter)
      end
      same(name:upper())
    end
    same("quite another word")
  end)

  it("counts terminal cells, not bytes", function()
    assert.equal(3, text.width("abc"))
    assert.equal(4, text.width("高斯"))
    assert.equal(1, text.width("é"))
    assert.equal(1, text.width("e\u{301}"))
    assert.equal(2, text.width("\xff\xfe")) -- no UTF-8: a cell a byte
    assert.equal(0, text.width(""))
  end)

  it("pads to cells", function()
    assert.equal("高斯  |", text.pad("高斯", 6) .. "|")
    assert.equal("  ab", text.pad("ab", 4, "right"))
    assert.equal(" ab ", text.pad("ab", 4, "center"))
    assert.equal("abcdef", text.pad("abcdef", 4))
  end)

  it("writes numbers that read back to themselves", function()
    for _, x in ipairs({ 0.1 + 0.2, 1 / 3, 2 ^ 53, 5e-324, 1.7976931348623157e308, -0.0, 3, math.mininteger }) do
      assert.equal(x, tonumber(text.number(x)))
    end
    assert.equal("0.1", text.number(0.1))
    assert.equal("nan", text.number(0 / 0))
    assert.equal("-inf", text.number(-math.huge))
  end)

  it("cuts what takes more cells than there are", function()
    assert.equal("abcd", text.cut("abcd", 4))
    assert.equal("abc…", text.cut("abcde", 4))
    assert.equal("谱…", text.cut("谱半径", 4)) -- two cells a character
    assert.equal("谱半…", text.cut("谱半径", 5))
    assert.equal("…", text.cut("ab", 1))
    assert.equal("", text.cut("", 3))
    assert.equal("\xff\xff…", text.cut("\xff\xff\xff\xff", 3))
  end)

  it("fills paragraphs, and leaves what is indented", function()
    assert.equal("one two\nthree\n\n  as  it is\nfour", text.fill({ "one", "two three", "", "  as  it is", "four" }, 8))
    assert.equal("", text.fill({}, 8))
  end)

  it("says durations and bytes as people do", function()
    assert.equal("12.3 us", text.duration(1.23e-5))
    assert.equal("250 ms", text.duration(0.25))
    assert.equal("2.5 s", text.duration(2.5))
    assert.equal("1 min 05 s", text.duration(65))
    assert.equal("2 h 01 min", text.duration(7290))
    assert.equal("?", text.duration(0 / 0))
    assert.equal("?", text.duration(-1))
    assert.equal("512 B", text.bytes(512))
    assert.equal("30.5 MiB", text.bytes(32000000))
  end)

  it("checks option tables", function()
    local function call(options) text.check_options("f", options, { width = "number", names = "table|string" }, 2) end
    call(nil)
    call({ width = 3, names = "x" })
    assert.error_matches(function() call({ widht = 3 }) end, "f: unknown option 'widht' %(did you mean 'width'%?")
    assert.error_matches(function() call({ width = "3" }) end, "option 'width' must be a number, got string")
    assert.error_matches(function() call({ names = 3 }) end, "must be a table or a string, got number")
    assert.error_matches(function() call(7) end, "options must be a table, got number")
  end)
end)
