--- JSON text of values, lists and objects whose fields keep the order they are given in.
---@internal of commands that write JSON
local text = require "numlab.text"

local M = {}

--- A text; bytes that are no UTF-8 become U+FFFD.
---@param s string
---@return string
function M.string(s)
  if not utf8.len(s) then s = s:gsub("[\128-\255]+", "\u{fffd}") end
  return '"' .. s:gsub('[%c"\\\127]', function(c)
    return (c == '"' or c == "\\") and "\\" .. c or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

--- JSON has no nan and no infinity: they are the words the csv has for them.
---@param value any
---@return string
function M.value(value)
  if value == nil then return "null" end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" then return M.string(tostring(value)) end
  return value - value == 0 and text.number(value) or M.string(text.number(value))
end

--- [one(value), ...]
---@param values any[]
---@param one function?  M.value
---@return string
function M.list(values, one)
  local out = {}
  for i, value in ipairs(values) do out[i] = (one or M.value)(value) end
  return "[" .. table.concat(out, ", ") .. "]"
end

--- {"name": json, ...}
---@param fields table[]  of {name, json}
---@return string
function M.object(fields)
  local out = {}
  for i, pair in ipairs(fields) do out[i] = M.string(pair[1]) .. ": " .. pair[2] end
  return "{" .. table.concat(out, ", ") .. "}"
end

return M
