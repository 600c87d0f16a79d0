--- Functions of numlab's own sources, by their names, as they stand there now.
---@internal of numlab report
local file = require "numlab.file"
local pack = require "numlab.pack"

local M = {}

local function lines_of(source)
  local lines = {}
  for line in (source .. "\n"):gmatch("(.-)\r?\n") do lines[#lines + 1] = line end
  return lines
end

-- Where the head of a definition that begins at line i ends: the line of its brace. nil: a declaration, a table, no head.
local function brace_of(lines, i)
  for k = i, math.min(i + 8, #lines) do
    local brace, stop = lines[k]:find("{", 1, true), lines[k]:find("[;=]")
    if brace and not (stop and stop < brace) then return k end
    if stop then return nil end
  end
end

--- The definition of a function in a C source, with the comment right above it. Definitions begin and end in the first
--- column, as clang-format leaves them; NL_FN(name), which is compiled for each type, counts as name.
---@param source string
---@param name string
---@return string? text
---@return integer? first
---@return integer? last  lines; nil: not there
function M.extract(source, name)
  local lines = lines_of(source)
  local plain = name:gsub("%p", "%%%0")
  for i, line in ipairs(lines) do
    local head = line:find("^[%a_]")
      and (line:find("[%s*]" .. plain .. "%(") or line:find("NL_FN%(" .. plain .. "%)%("))
    local brace = head and brace_of(lines, i)
    if brace then
      local last = brace
      if not lines[brace]:find("}%s*$") then
        repeat last = last + 1 until not lines[last] or lines[last]:find("^}")
      end
      if not lines[last] then return nil end
      local first = i
      if i > 1 and lines[i - 1]:find("%*/%s*$") then
        local above = i - 1
        while above > 1 and not lines[above]:find("^/%*") do above = above - 1 end
        if lines[above]:find("^/%*") and not lines[above]:find("^/%* %-%-%-") then first = above end
      end
      return table.concat(lines, "\n", first, last), first, last
    end
  end
end

--- A function of the tree that this numlab runs from.
---@param path string  below the top folder
---@param name string
---@return string? text
---@return string where  "engine/x.c, lines 3-9"; or nil and why
function M.find(path, name)
  local root, message = pack.root()
  if not root then return nil, message end
  local source, why = file.read(root .. "/" .. path)
  if not source then return nil, why end
  local found, first, last = M.extract(source, name)
  if not found then return nil, ("no function %s in %s"):format(name, path) end
  return found, ("%s, %s, lines %d-%d"):format(path, name, first, last)
end

return M
