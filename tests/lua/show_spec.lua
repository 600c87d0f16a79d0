-- How tensors print.
local nl = require "numlab"

describe("tostring", function()
  local function shows(lines, t) assert.equal(table.concat(lines, "\n"), tostring(t)) end

  it("aligns whole numbers", function()
    shows({"   1   2", "   3  -4", "f64 tensor 2x2"}, nl.tensor{{1, 2}, {3, -4}})
    shows({"  1  2", "u8 tensor 2"}, nl.tensor({1, 2}, {dtype = "u8"}))
    shows({"  9223372036854775807", "i64 tensor 1"}, nl.tensor({math.maxinteger}, {dtype = "i64"}))
    shows({"   true  false", "bool tensor 2"}, nl.tensor{true, false})
  end)

  it("writes fractions with four decimals and exact zeros as 0", function()
    shows({"   0.5000        0  -1.2500", "f64 tensor 3"}, nl.tensor{0.5, 0, -1.25})
    shows({"  1.5000     nan     inf    -inf", "f32 tensor 4"},
      nl.tensor({1.5, 0/0, math.huge, -math.huge}, {dtype = "f32"}))
  end)

  it("takes out a common factor", function()
    shows({"1e+08 *", "  1.2500  0.5000", "f64 tensor 2"}, nl.tensor{1.25e8, 0.5e8 + 0.25})
    shows({"1e-06 *", "  2.5000", "f64 tensor 1"}, nl.tensor{2.5e-6})
    assert.truthy(tostring(nl.tensor{5e-324}):find "f64 tensor 1")
    assert.truthy(tostring(nl.tensor{1.5e308}):find "1.5000")
  end)

  it("elides what is long and heads the slabs", function()
    local text = tostring(nl.arange(1, 10000):reshape(100, 100))
    for line in text:gmatch "[^\n]+" do assert.is_true(#line <= 80) end
    assert.truthy(text:find("...", 1, true))
    assert.equal(18, select(2, text:gsub("\n", "\n")) + 1)
    shows({"(1, :, :)", "  1  2", "(2, :, :)", "  3  4", "f64 tensor 2x1x2"}, nl.arange(1, 4):reshape(2, 1, 2))
    shows({"  3", "f64 tensor scalar"}, nl.tensor(3))
    shows({"f64 tensor 0x3"}, nl.zeros(0, 3))
  end)
end)
