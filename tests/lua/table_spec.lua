local tables = require "numlab.table"

describe("numlab.table", function()
  local rows = {
    { n = 100, method = "gauss", t = 0.00123, note = "高斯" },
    { n = 2000, method = "lapack", t = 12.5, note = "a|b" },
    { n = 5, method = "x" },
  }

  it("finds the columns", function()
    assert.same({ "method", "n", "note", "t" }, tables.columns(rows))
    assert.same({}, tables.columns({}))
  end)

  it("writes values as people read them", function()
    assert.equal("3", tables.cell(3.0))
    assert.equal("2.5e-17", tables.cell(2.5e-17))
    assert.equal("1.235", tables.cell(1.23456))
    assert.equal("0.50", tables.cell(0.5, "%.2f"))
    assert.equal("<1>", tables.cell(1, function(v) return "<" .. v .. ">" end))
    assert.equal("nan", tables.cell(0 / 0, "%.1e"))
    assert.equal("-inf", tables.cell(-math.huge))
    assert.equal("a b", tables.cell("a\n\27b"))
    assert.equal("", tables.cell(nil))
  end)

  it("aligns on the decimal point and on cells", function()
    assert.equal(table.concat({
      "   n         t  Note  m",
      ("─"):rep(28),
      " 100   0.00123  高斯  gauss",
      "2000  12.5      a|b   lapack",
      "   5   -        -     x",
    }, "\n") .. "\n", tables.render(rows, {
      columns = { "n", "t", { "note", title = "Note" }, { "method", title = "m" } } }))
  end)

  it("writes Markdown in which cells stay cells", function()
    assert.equal("| n | note |\n| ---: | --- |\n| 100 | 高斯 |\n| 2000 | a\\|b |\n| 5 |  |\n",
      tables.markdown(rows, { columns = { "n", "note" } }))
    assert.matches("\\<script\\>", tables.markdown({ { a = "<script>" } }), 1, true)
  end)

  it("writes csv that reads back exactly", function()
    local wild = {
      { a = 0.1 + 0.2, b = "x,y", c = true, d = 'say "hi"', e = "1" },
      { a = -math.huge, b = "two\nlines", c = false, d = "", e = " pad " },
      { a = 2 ^ 53 + 0.0, b = "nan", d = "高斯" },
    }
    local names = { "a", "b", "c", "d", "e" }
    local back, header, fault = tables.parse_csv(tables.csv(wild, { columns = names }))
    assert.is_nil(fault)
    assert.same(names, header)
    assert.equal(wild[1].a, back[1].a)
    assert.equal("x,y", back[1].b)
    assert.is_true(back[1].c)
    assert.equal('say "hi"', back[1].d)
    assert.equal("1", back[1].e)
    assert.same(wild[2], back[2])
    assert.equal("nan", back[3].b)
    assert.is_nil(back[3].c)
    assert.equal("a,b\n", tables.csv_header({ "a", "b" }) .. "\n")
    assert.equal('1,"x,y"', tables.csv_line({ a = 1, b = "x,y" }, { "a", "b" }))
  end)

  it("leaves out a line cut short and says so", function()
    local rows_read, _, fault = tables.parse_csv("a,b\n1,2\n3,")
    assert.equal(1, #rows_read)
    assert.equal("the last line does not end", fault)
    rows_read, _, fault = tables.parse_csv('a,b\n1,2\n3,"x')
    assert.equal(1, #rows_read)
    assert.equal("a quoted field does not end", fault)
    rows_read, _, fault = tables.parse_csv("a,b\n1\n")
    assert.equal(0, #rows_read)
    assert.equal("line 2 has 1 fields, the header has 2", fault)
    assert.same({}, (tables.parse_csv("")))
    assert.same({ { a = 1, b = 2 } }, (tables.parse_csv("a,b\r\n1,2\r\n")))
    assert.same({ { a = 1 } }, (tables.parse_csv("a,b\n1,\n")))
  end)

  it("raises on misuse", function()
    assert.error_matches(function() tables.render(3) end, "table.render: rows must be a list of records, got number")
    assert.error_matches(function() tables.csv(rows, { colums = {} }) end, "did you mean 'columns'")
    assert.error_matches(function() tables.markdown(rows, { columns = { 3 } }) end, "column 1 must be a name or")
  end)
end)
