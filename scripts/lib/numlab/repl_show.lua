--- How the prompt prints values: tensors with a footer that tells all (type, shape, device, bytes), tables with what is
--- in them, other values as print does.
---@internal of numlab.repl
local cell = require("numlab.table").cell
local text = require "numlab.text"
local who = require "numlab.who"

local M = {}

--- Columns of the window.
M.width = 80

local MOST = 40 -- entries of a table that are shown
local DEEP = 2  -- tables in tables in tables are told by their length

local value_in

-- "name" or ["odd name"] or [1.5] before an entry.
local function key_of(key)
  if type(key) == "string" and key:find("^[%a_][%w_]*$") then return key .. " = " end
  return "[" .. (type(key) == "string" and ("%q"):format(key) or tostring(key)) .. "] = "
end

local function sorted_keys(t, length)
  local keys = {}
  for key in next, t do
    if not (math.type(key) == "integer" and key >= 1 and key <= length) then keys[#keys + 1] = key end
  end
  table.sort(keys, function(a, b)
    if type(a) == type(b) and (type(a) == "number" or type(a) == "string") then return a < b end
    return type(a) == type(b) and tostring(a) < tostring(b) or type(a) < type(b)
  end)
  return keys
end

-- A table's entries: those of its list first, then the others by name.
local function entries_of(t, depth)
  local entries, length = {}, rawlen(t)
  local keys = sorted_keys(t, length)
  for i = 1, math.min(length, MOST) do entries[i] = value_in(rawget(t, i), depth) end
  for i = 1, math.min(#keys, MOST - #entries) do
    entries[#entries + 1] = key_of(keys[i]) .. value_in(rawget(t, keys[i]), depth)
  end
  local left = length + #keys - #entries
  if left > 0 then entries[#entries + 1] = ("... %d more"):format(left) end
  return entries
end

-- A value among others.
function value_in(value, depth)
  if type(value) == "string" then return ("%q"):format(text.cut(value, 60)):gsub("\\\n", "\\n") end
  local facts = who.facts(value)
  if facts.shape then return ("%s %s %s"):format(facts.dtype or "", facts.type, facts.shape):gsub("^ ", "") .. "" end
  if type(value) == "number" then return cell(value) end
  if type(value) ~= "table" then return type(value) == "boolean" and tostring(value) or facts.type end
  if next(value) == nil then return "{}" end
  if depth >= DEEP then return "{...}" end
  return "{" .. table.concat(entries_of(value, depth + 1), ", ") .. "}"
end

local function of_table(t)
  if next(t) == nil then return "{}" end
  local entries = entries_of(t, 1)
  local line = "{" .. table.concat(entries, ", ") .. "}"
  if text.width(line) <= M.width and not line:find("\n") then return line end
  local lines = { " " }
  for i, entry in ipairs(entries) do
    entry = entry .. (i < #entries and "," or "")
    if text.width(lines[#lines]) + 1 + text.width(entry) > M.width and lines[#lines] ~= " " then
      lines[#lines + 1] = " "
    end
    lines[#lines] = lines[#lines] .. " " .. entry
  end
  return "{\n" .. table.concat(lines, "\n") .. "\n}"
end

--- A value as text.
---@param value any
---@return string
function M.value(value)
  local meta = debug.getmetatable(value)
  if type(value) == "table" and not (type(meta) == "table" and (rawget(meta, "__tostring") or rawget(meta, "__name"))) then
    return of_table(value)
  end
  local said, facts = tostring(value), who.facts(value)
  if facts.type ~= "tensor" then return said end
  if not said:find(" on [^\n]*$") then said = said .. " on " .. facts.device end
  return said .. ", " .. text.bytes(facts.bytes)
end

--- Print values: side by side as print does, below one another where one takes several lines.
---@param ... any
function M.print(...)
  local said, several = table.pack(...), false
  for i = 1, said.n do
    said[i] = M.value(said[i])
    several = several or said[i]:find("\n") ~= nil
  end
  io.stdout:write(table.concat(said, several and "\n" or "\t"), "\n")
end

return M
