--- Chinese for numlab.say: the templates with their counterparts, what stands between the parts of a list, spaces.
---@internal of numlab.say
local M = { said = {}, between = { [", "] = "、", ["; "] = "；", [""] = "" } }

for _, part in ipairs{ "task1", "task2", "sensitivity", "figures", "roofline", "theory", "ladder" } do
  for english, chinese in pairs(require("numlab.say_zh." .. part)) do
    assert(not M.said[english] or M.said[english] == chinese, english)
    M.said[english] = chinese
  end
end

local HAN, MARK = "[\xe4-\xe9][\x80-\xbf][\x80-\xbf]", "[\xe3\xef][\x80\xbc\xbd][\x80-\xbf]" -- U+4E00 on; 、 。 （ ， ：

--- One space between Chinese characters and Latin letters or digits, none beside Chinese punctuation.
---@param s string
---@return string
function M.typeset(s)
  s = s:gsub("(" .. HAN .. ")([%w])", "%1 %2"):gsub("([%w%%])(" .. HAN .. ")", "%1 %2")
  s = s:gsub("(" .. HAN .. ") +(" .. HAN .. ")", "%1%2"):gsub("(" .. MARK .. ") +", "%1"):gsub(" +(" .. MARK .. ")", "%1")
  return s
end

return M
