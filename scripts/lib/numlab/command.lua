--- What commands written in Lua share: their words, their help, their complaints.
---
---   -- numlab/command/NAME.lua: a function of the words behind NAME that returns the exit code (nothing: 0)
---   local o, code = command.read(words, { name = "pack", usage = "name=NAME id=ID", keys = { name = "yours" } })
---   if not o then return code end
---
--- Wrong usage is one line on standard error and exit code 2; what fails later is an error(message, 0), which ends
--- the program with 1.
---@internal of the commands
local text = require "numlab.text"

local M = {}

local SPEC = { name = "string", usage = "string", summary = "string", keys = "table", places = "table", help = "string" }

--- Say what is wrong with the words.
---@param name string  of the command
---@param message string
---@return integer code  2
function M.usage(name, message)
  io.stderr:write(("numlab %s: %s (numlab %s --help)\n"):format(name, message, name))
  return 2
end

local function sorted(keys)
  local names = {}
  for key in pairs(keys) do names[#names + 1] = key end
  table.sort(names)
  return names
end

local function unknown(kind, word, keys)
  return (text.unknown("", kind, word, sorted(keys)):gsub("^: ", ""))
end

local WIDTH = 72 -- of help: the manual page, which has the same lines, indents them further

local function help(spec)
  local usage = text.wrap(spec.usage, WIDTH, ("usage: numlab %s "):format(spec.name), "    ")
  local lines = { spec.summary .. ".", "" }
  local longest, names = 0, sorted(spec.keys)
  for _, name in ipairs(names) do longest = math.max(longest, #name) end
  for _, name in ipairs(names) do
    lines[#lines + 1] = text.wrap(spec.keys[name], WIDTH, ("    %s   "):format(text.pad(name .. "=", longest + 1)),
      (" "):rep(longest + 8))
  end
  if #names > 0 then lines[#lines + 1] = "" end
  for line in (spec.help or ""):gmatch("([^\n]*)\n") do lines[#lines + 1] = line end
  io.stdout:write(usage, "\n\n", text.fill(lines, WIDTH), "\n")
end

--- A word as it may stand in a message: one line of UTF-8 and not long, other bytes shown as \xHH.
---@param word string
---@return string
function M.show(word)
  local odd = utf8.len(word) and "%c" or "[%c\128-\255]"
  local shown = word:gsub(odd, function(c) return ("\\x%02x"):format(c:byte()) end)
  if #shown > 200 then shown = shown:sub(1, utf8.offset(shown, 0, 200) - 1) .. "..." end
  return "'" .. shown .. "'"
end

--- The words of a command by their keys, and those at a place by the place's name.
---@param words string[]
---@param spec table  name, usage, summary, keys = {key = what it is}, places = {"ZIP"}, help = more about it
---@return table<string, string>? values  nil: help was asked for, or the words are wrong, which has been said
---@return integer? code  0 or 2
function M.read(words, spec)
  text.check_options("command.read", spec, SPEC)
  local keys, places, values, next_place = spec.keys or {}, spec.places or {}, {}, 1
  spec = setmetatable({ keys = keys }, { __index = spec })
  for _, word in ipairs(words) do
    local key, value = word:match("^%-*([%a_]+)=(.*)$")
    if not next(keys) then key = nil end -- then a '=' is a part of a name
    if word == "--help" or word == "-h" then
      help(spec)
      return nil, 0
    elseif key then
      if not keys[key] then
        return nil, M.usage(spec.name, unknown("key", key, keys))
      end
      if values[key] then return nil, M.usage(spec.name, ("'%s' is given twice"):format(key)) end
      values[key] = value
    elseif word:sub(1, 1) == "-" then
      return nil, M.usage(spec.name, ("unknown option %s%s"):format(M.show(word),
        text.nearest(word, { "--help" }) and ", did you mean '--help'?" or ""))
    elseif keys[word] then
      return nil, M.usage(spec.name, ("'%s' needs a value, as in %s=%s"):format(word, word, word:upper()))
    elseif places[next_place] then
      values[places[next_place]], next_place = word, next_place + 1
    elseif next(keys) then
      return nil, M.usage(spec.name, unknown("word", M.show(word):sub(2, -2), keys))
    else
      return nil, M.usage(spec.name, ("one %s at a time, got %s too"):format(places[1] or "word", M.show(word)))
    end
  end
  if places[next_place] then return nil, M.usage(spec.name, places[next_place] .. " is missing") end
  return values
end

return M
