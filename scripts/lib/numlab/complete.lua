--- Completion at the prompt: of a line and a place in it, what may stand there. Globals and keywords, fields, methods of
--- tensors and other objects, libraries, options of a known call and their values, names of files in strings, topics of
--- help. Nothing of the user's runs: tables are read raw, all else is known from the annotations (numlab.annotations).
---
---   complete.at("nl.solve(A, b, {me", 19) --> 17, {"method"}
---@internal of numlab.repl
local annotations = require "numlab.annotations"
local commands = require "numlab.repl_commands"
local names = require "numlab.complete_names"
local nl = require "numlab"
local scan = require "numlab.complete_scan"
local text = require "numlab.text"

local M = {}

local KEYWORDS = {}
for word in ("and break do else elseif end false for function goto if in local nil not or repeat return then true until while")
  :gmatch("%a+") do KEYWORDS[word] = true end

-- --- candidates ---------------------------------------------------------------------------------------------------

-- Those of a set or a list that begin so, sorted.
local function beginning(prefix, known)
  local list, seen = {}, {}
  for key, value in next, known do
    local name = type(key) == "number" and value or key
    if type(name) == "string" and name:sub(1, #prefix) == prefix and not seen[name] then
      seen[name] = true
      list[#list + 1] = name
    end
  end
  table.sort(list)
  return list
end

-- Names of files that begin so; folders end in "/", hidden ones come only when asked for.
local function files(typed)
  local folder, begin = typed:match("^(.*/)([^/]*)$")
  folder, begin = folder or "", begin or typed
  local where = folder == "" and "." or folder
  local list = {}
  for _, name in ipairs(nl.folder(where) or {}) do
    local hidden = name:find("^%.") and not begin:find("^%.")
    if name:sub(1, #begin) == begin and not hidden then list[#list + 1] = folder .. name end
  end
  table.sort(list)
  return list
end

local function topics(prefix)
  local whole, parts = {}, {}
  local placed = prefix:find("^[%w_]+[.:]") and not prefix:find("^numlab%.") -- what stands beside it is enough
  for _, entry in ipairs(placed and annotations.around(prefix) or annotations.public()) do
    if not entry.internal then
      whole[entry.name] = true
      parts[entry.name:match("[^.:]+$")] = true
    end
  end
  local list = beginning(prefix, whole)
  return #list > 0 and list or beginning(prefix, parts)
end

-- --- what the cursor stands in ------------------------------------------------------------------------------------

-- The call whose table of options the innermost brace is: its entry. f{...} and f(a, b, {...}).
local function options_call(line, place, variables)
  local brace = place.open[#place.open]
  if not brace or brace.char ~= "{" then return nil end
  local links = scan.chain(line, place, brace.at)
  if #links == 0 then
    local call = place.open[#place.open - 1]
    if not call or call.char ~= "(" or line:sub(call.item, brace.at - 1):find("%S") then return nil end
    links = scan.chain(line, place, call.at)
  end
  return #links > 0 and names.entry(names.resolve(links, variables)) or nil
end

-- The strings that may be the value of an option, after `key = `.
local function option_values(line, place, stop, variables)
  local brace = place.open[#place.open]
  local key = brace and brace.char == "{" and line:sub(brace.item, stop):match("^%s*([%a_][%w_]*)%s*=%s*$")
  local entry = key and options_call(line, place, variables)
  for _, option in ipairs(entry and annotations.options(entry) or {}) do
    if option.name == key then return option.values, option.type:find("^boolean") ~= nil end
  end
end

-- The strings that an argument may be: nl.steps("gauss"), t:to("f32").
local function argument_values(line, place, variables)
  local call = place.open[#place.open]
  if not call or call.char ~= "(" or line:sub(call.item, place.string - 1):find("%S") then return nil end
  local entry = names.entry(names.resolve(scan.chain(line, place, call.at), variables))
  local param = entry and (entry.params[call.number] or entry.params[#entry.params])
  if not param then return nil end
  local list = {}
  for kind in param.type:gmatch("[^|]+") do
    for _, value in ipairs(annotations.values(kind) or {}) do list[#list + 1] = value end
  end
  return #list > 0 and list or nil
end

local function is_require(line, place)
  return line:sub(1, place.string - 1):find("%f[%w_]require%s*%(?%s*$") ~= nil
end

local function in_string(line, place, variables)
  local typed = place.quoted
  local from = place.string + 1
  if is_require(line, place) then
    local list = beginning(typed, { "numlab" })
    for _, name in ipairs(annotations.libraries()) do
      if ("numlab." .. name):sub(1, #typed) == typed and typed:find(".", 1, true) then list[#list + 1] = "numlab." .. name end
    end
    return from, list, typed:find(".", 1, true) ~= nil
  end
  local values = option_values(line, place, place.string - 1, variables) or argument_values(line, place, variables)
  if values then return from, beginning(typed, values), true end
  return from, files(typed), true
end

-- A name: an option's, or a field's, or a global's.
local function name(line, place, variables)
  local typed = line:match("[%a_][%w_]*$") or ""
  local from = #line - #typed + 1
  local before = line:sub(1, from - 1)
  local op = before:match("([.:])%s*$")
  if op and not before:find("%.%.%s*$") then
    local at = before:find("[.:]%s*$")
    local links = scan.chain(line, place, at)
    if #links == 0 then return from, {} end
    return from, beginning(typed, names.members(names.resolve(links, variables), op))
  end
  if before:find("%d$") then return from, {} end -- the e of 1e5
  local values, is_boolean = option_values(line, place, from - 1, variables)
  if is_boolean then return from, beginning(typed, { "true", "false" }) end
  if values and typed == "" then
    for i, value in ipairs(values) do values[i] = '"' .. value .. '"' end
    return from, values
  end
  local brace = place.open[#place.open]
  local at_key = brace and brace.char == "{" and not line:sub(brace.item, from - 1):find("%S")
  local entry = at_key and options_call(line, place, variables)
  if entry then
    local keys = {}
    for i, option in ipairs(annotations.options(entry)) do keys[i] = option.name end
    local list = beginning(typed, keys)
    if #list > 0 then return from, list end
  end
  if typed == "" then return from, {} end
  local list = beginning(typed, variables)
  for _, word in ipairs(beginning(typed, KEYWORDS)) do list[#list + 1] = word end
  table.sort(list)
  return from, list
end

--- What may stand at a place.
---@param line string  all that was typed
---@param cursor integer  bytes before the cursor
---@param variables table?  the globals: _G
---@return integer from  where the word begins that the candidates are for
---@return string[] candidates
---@return boolean? quoted  they are whole strings: a quote may close them
function M.at(line, cursor, variables)
  line, variables = line:sub(1, cursor), variables or _G
  local help = line:match("^%s*%?%s*()")
  if help then return help, topics(line:sub(help)) end
  if line:find("^%s*!") then
    local from = line:match("()[^%s!]*$")
    return from, files(line:sub(from))
  end
  local percent = line:match("^%s*%%()%a*$")
  if percent then return percent, beginning(line:sub(percent), commands.names()) end
  local place = scan.scan(line)
  if place.comment then return cursor + 1, {} end
  if place.string then return in_string(line, place, variables) end
  return name(line, place, variables)
end

-- --- for the editor -----------------------------------------------------------------------------------------------

-- What all candidates begin with, in whole characters.
local function common(candidates)
  local prefix = candidates[1] or ""
  for _, candidate in ipairs(candidates) do
    while candidate:sub(1, #prefix) ~= prefix do prefix = prefix:sub(1, -2) end
  end
  while not utf8.len(prefix) and utf8.len(candidates[1]) do prefix = prefix:sub(1, -2) end
  return prefix
end

local MOST = 300

-- Candidates in columns, read downwards.
local function list(candidates, columns)
  local shown, widest = {}, 0
  for i = 1, math.min(#candidates, MOST) do
    shown[i] = candidates[i]:match("([^/]*/?)$")
    widest = math.max(widest, text.width(shown[i]))
  end
  if #candidates > MOST then shown[#shown + 1] = ("... %d more"):format(#candidates - MOST) end
  local across = math.max(1, (columns + 1) // (widest + 2))
  local down = (#shown + across - 1) // across
  local lines = {}
  for row = 1, down do
    local cells = {}
    for i = row, #shown, down do cells[#cells + 1] = text.pad(shown[i], widest) end
    lines[row] = table.concat(cells, "  "):gsub("%s+$", "")
  end
  return table.concat(lines, "\n")
end

--- What Tab does.
---@param line string
---@param cursor integer  bytes before it
---@param columns integer  of the window
---@return string? insertion
---@return string? listing  where several candidates are left and nothing can be inserted
function M.tab(line, cursor, columns)
  local from, candidates, quoted = M.at(line, cursor)
  if #candidates == 0 then return nil end
  local insertion = common(candidates):sub(cursor - from + 2)
  if #candidates > 1 then
    if insertion ~= "" then return insertion end
    return nil, list(candidates, columns)
  end
  local quote = line:sub(from - 1, from - 1)
  local open = quoted and not candidates[1]:find("/$") and line:sub(cursor + 1, cursor + 1) ~= quote
  return insertion .. (open and quote or "")
end

return M
