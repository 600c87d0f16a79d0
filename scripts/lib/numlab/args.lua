--- The words after a script's name, as `key=value`, read with the types of their defaults.
---
---   local o = nl.args({ n = 2000, sizes = { 100, 500 }, quick = false, out = "reports/x" },
---                     { n = "unknowns", quick = "small sizes, at most a minute" })
---
--- `n=500`, `sizes=100,200`, `quick=true` (or `quick` alone) and `--n=500` all work; `help` or `--help` prints
--- the keys with their defaults and ends the program with 0. Unknown keys and wrong values raise.
local text = require "numlab.text"

local YES = { ["true"] = true, yes = true, on = true, ["1"] = true }
local NO = { ["false"] = true, no = true, off = true, ["0"] = true }

local function kind_of(value)
  if type(value) == "number" then return math.type(value) == "integer" and "whole number" or "number" end
  if type(value) == "table" then return "list" end
  return type(value) == "boolean" and "true or false" or "string"
end

--- One word read like an example value; nil and what was expected when it does not fit.
local function read(word, example)
  local kind = kind_of(example)
  if kind == "string" then return word end
  if kind == "true or false" then
    if YES[word] then return true elseif NO[word] then return false end
    return nil, kind
  end
  if kind == "list" then
    local list = {}
    for part in (word .. ","):gmatch("([^,]*),") do
      local value, expected = read(part:match("^%s*(.-)%s*$"), example[1] == nil and "" or example[1])
      if value == nil then return nil, "list of " .. expected .. "s, with commas between" end
      if not (value == "" and word == "") then list[#list + 1] = value end
    end
    return list
  end
  local value = tonumber(word)
  if value and value ~= value then value = nil end
  if kind == "whole number" then
    value = value and math.tointeger(value)
    return value, kind
  end
  return value and value + 0.0, kind
end

local function show(value)
  if type(value) ~= "table" then return type(value) == "number" and text.number(value) or tostring(value) end
  local parts = {}
  for i, v in ipairs(value) do parts[i] = show(v) end
  return table.concat(parts, ",")
end

local function sorted_keys(t)
  local keys = {}
  for key in pairs(t) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

local function help(defaults, docs, script)
  local lines = { ("usage: numlab run %s [key=value ...]"):format(script) }
  local keys, longest = sorted_keys(defaults), 0
  for _, key in ipairs(keys) do longest = math.max(longest, text.width(key .. "=" .. show(defaults[key]))) end
  for _, key in ipairs(keys) do
    local line = "  " .. text.pad(key .. "=" .. show(defaults[key]), longest)
    lines[#lines + 1] = (line .. "   " .. (docs[key] or kind_of(defaults[key]))):gsub("%s+$", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

--- Read the script's words.
---@param defaults table<string, number|boolean|string|table>  name -> default; its type is the option's type
---@param docs table<string, string>?  name -> one line for --help
---@param words string[]?  default: the global `arg`
---@return table  name -> value, a fresh table (lists are fresh too)
---@return table<string, boolean>  name -> true for what the words gave: quick settings leave those alone
local function args(defaults, docs, words)
  if type(defaults) ~= "table" then
    error(("args: expected a table of defaults, got %s"):format(type(defaults)), 2)
  end
  docs, words = docs or {}, words or rawget(_G, "arg") or {}
  local keys = sorted_keys(defaults)
  for key in pairs(docs) do
    if defaults[key] == nil then error(text.unknown("args", "key in the help texts", key, keys), 2) end
  end
  local out = {}
  for key, value in pairs(defaults) do
    local known = { number = true, boolean = true, string = true, table = true }
    if type(key) ~= "string" or not known[type(value)] then
      error(("args: default of '%s' must be a number, boolean, string or list, got %s")
        :format(tostring(key), type(value)), 2)
    end
    out[key] = type(value) == "table" and table.move(value, 1, #value, 1, {}) or value
  end
  local seen = {}
  for _, word in ipairs(words) do
    if word == "--help" or word == "-h" or (word == "help" and defaults.help == nil) then
      io.stdout:write(help(defaults, docs, words[0] or "SCRIPT"))
      os.exit(0, true)
    end
    local key, value = word:match("^%-*([^=]+)=(.*)$")
    if not key then key = word:match("^%-*(.*)$") end
    if defaults[key] == nil then error(text.unknown("args", "key", key, keys), 2) end
    if value == nil then
      if type(defaults[key]) ~= "boolean" then
        error(("args: '%s' needs a value, as in %s=%s"):format(key, key, show(defaults[key])), 2)
      end
      value = "true"
    end
    if seen[key] then error(("args: '%s' is given twice"):format(key), 2) end
    seen[key] = true
    local got, expected = read(value, defaults[key])
    if got == nil then error(("args: %s must be a %s, got '%s'"):format(key, expected, value), 2) end
    out[key] = got
  end
  return out, seen
end

return args
