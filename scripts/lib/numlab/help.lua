--- Help from the annotations: of the bindings (*.meta.lua) and of the Lua libraries, as `?name` at the prompt and
--- `numlab doc NAME` show it.
---
---   print(help.answer("nl.solve"))
---   for _, entry in ipairs(help.search("softmax")) do print(help.line(entry)) end
---
--- Names are what one types: nl.solve or solve, Tensor:sum or t:sum, numlab.sweep, sweep.run or nl.sweep.run.
---@internal of numlab doc and the prompt
local annotations = require "numlab.annotations"
local command = require "numlab.command"
local file = require "numlab.file"
local text = require "numlab.text"

local M = {}

local WIDTH = 80

--- All entries (numlab.annotations says what one holds): bindings first, files by name.
M.entries = annotations.entries

--- Those that are not internal to numlab.
M.public = annotations.public

-- The module that an entry is listed under: "nl", "nl.gallery", "Tensor", "numlab.sweep".
local function module_of(entry)
  return entry.module or entry.name:match("^(.+)[.:][^.:]+$") or entry.name
end

--- The modules, classes with methods and libraries that are made for users, each with what it holds, in the order of the
--- files.
---@param entries table[]?  others than the public ones
---@return table[] topics  {name, summary, entries, entry = what tells of the whole}
function M.topics(entries)
  local topics, by_name = {}, {}
  local function topic(name)
    if not by_name[name] then
      by_name[name] = { name = name, summary = "", entries = {} }
      topics[#topics + 1] = by_name[name]
    end
    return by_name[name]
  end
  entries = entries or M.public()
  for _, entry in ipairs(entries) do
    if entry.kind == "function" or entry.kind == "method" then
      table.insert(topic(module_of(entry)).entries, entry)
    elseif entry.kind == "library" then
      topic(entry.name)
    end
  end
  for _, entry in ipairs(entries) do
    local told = by_name[entry.name]
    if told then told.summary, told.entry = entry.summary, entry end
  end
  return topics
end

-- --- finding ------------------------------------------------------------------------------------------------------

local function last_part(name) return name:match("[^.:]+$") end

-- The names that what people type may stand for, the most exact first.
local function spellings(name)
  local short = name:match("^nl%.(.+)$") or name:match("^numlab%.(.+)$") or name
  return { name, short, "nl." .. short, "numlab." .. short, "Tensor:" .. short }
end

--- The entry of a name. A bare word (sum, t:sum) may fit several: the first, and the names of the others.
---@param name string
---@return table? entry  nil: nothing is called so
---@return string[] names  that fit as well; where nothing fits, the nearest known ones, if any is near
function M.find(name)
  name = name:gsub("%s*%(.*$", ""):gsub("%s", "")
  local method = not annotations.named(name) and name:match("^%a%w*:([%w_]+)$") -- t:sum, A:sum: of a variable
  local best, others = nil, {}
  local function fits(entry)
    if not best then best = entry elseif best ~= entry then others[#others + 1] = entry.name end
  end
  for _, spelling in ipairs(spellings(method or name)) do
    for _, entry in ipairs(M.entries()) do
      local called_so = entry.name == name or entry.name == spelling or entry.type == spelling
      if not best and called_so and (not method or entry.kind == "method") then best = entry end
    end
  end
  if method or not name:find("[.:]") then
    for _, entry in ipairs(M.public()) do
      if last_part(entry.name) == (method or name) and (not method or entry.kind == "method") then fits(entry) end
    end
  end
  if best then return best, others end
  return nil, M.near(name)
end

--- Known names near to one that is not known: the nearest whole name, and what the nearest last part stands for.
---@param name string
---@return string[] names
function M.near(name)
  local whole, parts = {}, {}
  for i, entry in ipairs(M.public()) do whole[i], parts[i] = entry.name, last_part(entry.name) end
  local names, part = { text.nearest(name, whole) }, text.nearest(last_part(name) or name, parts)
  local stands_for = part and M.find(part).name
  if stands_for ~= names[1] then names[#names + 1] = stands_for end
  return names
end

--- The entries that speak of a word: in their names first, then in their texts. Case does not matter.
---@param word string
---@return table[] entries
function M.search(word)
  local wanted = word:lower()
  local by_name, by_text = {}, {}
  for _, entry in ipairs(M.public()) do
    if entry.name:lower():find(wanted, 1, true) then
      by_name[#by_name + 1] = entry
    else
      local said = { table.concat(entry.lines, " ") }
      for _, list in ipairs({ entry.params, entry.returns, entry.fields }) do
        for _, item in ipairs(list) do said[#said + 1] = (item.name or "") .. " " .. item.type .. " " .. item.text end
      end
      if table.concat(said, " "):lower():find(wanted, 1, true) then by_text[#by_text + 1] = entry end
    end
  end
  return table.move(by_text, 1, #by_text, #by_name + 1, by_name)
end

-- --- laying out ---------------------------------------------------------------------------------------------------

--- An entry (or a topic) in one line: its name and the beginning of its summary, or the names of its fields.
---@param entry table
---@param width integer?  80
---@param column integer?  where the summary begins; 28
---@return string
function M.line(entry, width, column)
  local name = text.pad(entry.name, (column or 28) - 2) .. "  "
  local summary = entry.summary
  if summary == "" and entry.fields then
    local names = {}
    for i, field in ipairs(annotations.fields(entry)) do names[i] = field.name end
    summary = table.concat(names, ", ")
  end
  return (text.cut(name .. summary, width or WIDTH):gsub("%s+$", ""))
end

local function items(list, width, out, indent)
  local longest = 0
  for _, item in ipairs(list) do longest = math.max(longest, #(item.name or "")) end
  longest = math.min(longest, 20)
  for _, item in ipairs(list) do
    local alias = annotations.values(item.type) -- nl.Method: its names are what one wants to know
    local kind = alias and '"' .. table.concat(alias, '" | "') .. '"' or item.type
    local first = indent .. text.pad(item.name or "", longest) .. (longest > 0 and "  " or "")
    if #kind > width // 2 then kind = kind:gsub("([^%s])|", "%1 | ") end -- one word would not be broken
    local colon = kind ~= "" and item.text ~= "" and ": " or ""
    out[#out + 1] = text.wrap(kind .. colon .. item.text, width, first, indent .. (" "):rep(longest + 2))
  end
end

--- An entry as people read it: how it is called, what it does, parameters, options, results, example, where it stands;
--- a module or class with a line for each function.
---@param entry table
---@param layout {color?: boolean, width?: integer}?  no colour, 80 columns
---@return string
function M.text(entry, layout)
  text.check_options("help.text", layout, { color = "boolean", width = "number" })
  layout = layout or {}
  local width, out = layout.width or WIDTH, {}
  local function head(words)
    if #out > 0 and out[#out]:find("%S") then out[#out + 1] = "" end
    out[#out + 1] = layout.color and ("\27[1m%s\27[0m"):format(words) or words
  end
  head(text.wrap(annotations.signature(entry), width, "", "    "))
  out[#out + 1] = ""
  out[#out + 1] = text.fill(entry.lines, width)
  local function section(title, list)
    if #list == 0 then return end
    head(text.wrap(title, width, "", "  "))
    items(list, width, out, "  ")
  end
  section("Parameters", entry.params)
  local classes = annotations.option_classes(entry)
  for _, class in ipairs(classes) do
    section("Options" .. (#classes > 1 and " (" .. class.type .. ")" or ""), annotations.fields(class))
  end
  section("Returns", entry.returns)
  section(entry.kind == "alias" and "Values" or "Fields", annotations.fields(entry))
  local example = annotations.example(entry)
  if example then
    head("Example")
    for _, line in ipairs(example.code) do out[#out + 1] = "    " .. line end
  end
  for _, topic in ipairs(M.topics(M.entries())) do
    if topic.name == entry.name and #topic.entries > 0 then
      head("Functions")
      for _, each in ipairs(topic.entries) do out[#out + 1] = M.line(each, width) end
    end
  end
  if out[#out]:find("%S") then out[#out + 1] = "" end
  out[#out + 1] = entry.source
  return table.concat(out, "\n")
end

--- What is told about words at the prompt or after `numlab doc`: the entry called so, or else a line for each that
--- speaks of them.
---@param words string  nothing: the topics
---@param layout {color?: boolean, width?: integer}?
---@param search boolean?  only the lines
---@return string? told  nil: nothing fits
---@return string? message  with the nearest names
function M.answer(words, layout, search)
  local width = layout and layout.width or WIDTH
  words = words:gsub("^%s+", ""):gsub("%s+$", "")
  local entry, names
  if words ~= "" and not search then entry, names = M.find(words) end
  if entry then
    local also = #names > 0 and "\n" .. text.wrap("also: " .. table.concat(names, ", "), width, "", "      ") or ""
    return M.text(entry, layout) .. also
  end
  local lines = {}
  for _, each in ipairs(words == "" and M.topics() or M.search(words)) do lines[#lines + 1] = M.line(each, width) end
  if #lines > 0 then return table.concat(lines, "\n") end
  names = names or M.near(words)
  return nil, ("nothing is called %s%s"):format(command.show(words), #names > 0
    and (", did you mean '%s'?"):format(table.concat(names, "' or '")) or " and no text speaks of it")
end

--- Print the answer, in colour on a terminal unless NO_COLOR is set or the terminal is dumb. Raises where nothing fits.
---@param words string
---@param search boolean?
function M.show(words, search)
  local told, message = M.answer(words, { color = file.takes_color("stdout") }, search)
  if not told then error(message, 0) end
  print(told)
end

return M
