--- Where the cursor stands in unfinished Lua: in a comment, a string, which brackets are open around it, and the chain of
--- names and calls before a place (`nl.zeros(2, 3):su`). Text alone is looked at; nothing is run.
---@internal of numlab.complete
local M = {}

-- The end of a long bracket, or the position behind the text where it is not closed; nil where none opens at `at`.
local function long_end(s, at)
  local level = s:match("^%[(=*)%[", at)
  if not level then return nil end
  local _, stop = s:find("]" .. level .. "]", at, true)
  return stop or #s + 1
end

-- The closing quote of a string that opens at `at`; nil where it is not closed.
local function quote_end(s, at)
  local quote, i = s:sub(at, at), at + 1
  while i <= #s do
    local c = s:sub(i, i)
    if c == quote then return i end
    i = i + (c == "\\" and 2 or 1)
  end
end

local OPEN, CLOSE = { ["("] = true, ["{"] = true, ["["] = true }, { [")"] = true, ["}"] = true, ["]"] = true }

--- Walk over the text before the cursor.
---@param s string
---@return table place  open = {{char, at, item = where its last item begins, number = of that item}, ...}, outermost
--- first; string = where the string begins that the cursor stands in, quoted = its text so far; comment = true;
--- starts[i] = where the bracket or string begins that ends at i
function M.scan(s)
  local place, i = { open = {}, starts = {} }, 1
  local open = place.open
  while i <= #s do
    local c = s:sub(i, i)
    local top = open[#open]
    if s:sub(i, i + 1) == "--" then
      local stop = long_end(s, i + 2) or s:find("\n", i, true) or #s + 1
      place.comment = stop > #s
      i = stop + 1
    elseif c == "'" or c == '"' then
      local stop = quote_end(s, i)
      if not stop then
        place.string, place.quoted = i, s:sub(i + 1)
        return place
      end
      place.starts[stop], i = i, stop + 1
    elseif c == "[" and long_end(s, i) then
      local stop = long_end(s, i)
      if stop > #s then place.comment = true end -- a long string: nothing is known of it either
      place.starts[stop], i = i, stop + 1
    else
      if OPEN[c] then
        open[#open + 1] = { char = c, at = i, item = i + 1, number = 1 }
      elseif CLOSE[c] and top then
        place.starts[i] = top.at
        open[#open] = nil
      elseif (c == "," or c == ";") and top then
        top.item, top.number = i + 1, top.number + 1
      end
      i = i + 1
    end
  end
  return place
end

--- The chain of names, fields, calls and indices that ends just before position `stop`.
---@param s string
---@param place table  of scan
---@param stop integer
---@return table[] links  {op = "", ".", ":", "call" or "index", name =, text = what stands between a call's brackets};
--- empty: no chain
function M.chain(s, place, stop)
  local links, at = {}, stop - 1
  while at >= 1 do
    while s:find("^%s", at) do at = at - 1 end
    local begin = place.starts[at]
    if begin and (s:sub(at, at) ~= "}" or begin > 1) then
      local index = s:sub(begin, begin) == "["
      table.insert(links, 1, { op = index and "index" or "call", text = s:sub(begin, at) })
      at = begin - 1
    else
      local name = s:sub(1, at):match("[%a_][%w_]*$")
      if not name then return {} end
      at = at - #name
      while s:find("^%s", at) and s:sub(1, at):find("[.:]%s*$") do at = at - 1 end
      local op = s:sub(at, at)
      if (op == "." or op == ":") and s:sub(at - 1, at) ~= ".." then
        table.insert(links, 1, { op = op, name = name })
        at = at - 1
      else
        table.insert(links, 1, { op = "", name = name })
        return links
      end
    end
  end
  return {}
end

return M
