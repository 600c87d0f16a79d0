--- Numbers and formulas that programs write with plain letters, as print has them: 1.5e-10, n^2, (D - L)^-1, 64x128, 3 us.
---@internal of numlab.report and numlab report
local M = {}

local function power(base, exponent)
  return ("%s<sup>%s</sup>"):format(base, (exponent:gsub("^%-", "−"):gsub("^%+", "")))
end

local function scientific(digits, sign, exponent)
  return (tonumber(digits) == 1 and not digits:find(".", 1, true) and "" or digits .. "×") .. power("10", sign .. exponent)
end

--- As HTML.
---@param s string  escaped
---@return string html
function M.html(s)
  s = s:gsub("%f[%w.](%d+%.?%d*)e([-+]?)0*(%d+)%f[%W]", scientific)
  s = s:gsub("([%w%)])%^(%-?[%w.]*%w)", power)
  s = s:gsub("%f[%w](%d+)x(%d+)%f[%W]", "%1×%2"):gsub("(%d) us%f[%W]", "%1 µs")
  return (s:gsub("^%-(%d)", "−%1"):gsub("([ (])%-(%d)", "%1−%2"):gsub(" = ", "&nbsp;=&nbsp;"))
end

--- Words that are to be seen at once.
---@param s string  escaped
---@param words string[]
---@return string html
function M.stress(s, words)
  for _, word in ipairs(words) do s = s:gsub(word, "<strong>%0</strong>") end
  return s
end

return M
