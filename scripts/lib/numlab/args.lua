--- The words after a script's name, as `key=value`, read with the types of their defaults.
---
--- Example:
---     local o, given = nl.args({ n = 2000, sizes = { 100, 500 }, quick = false, out = "reports/x" },
---       { n = "unknowns", quick = "small sizes, at most a minute" }, { "n=500", "quick" })
---     assert(o.n == 500 and o.quick and o.sizes[2] == 500 and given.n and not given.out)
---
--- `n=500`, `sizes=100,200`, `quick=true` (or `quick` alone) and `--n=500` all work; `help` or `--help` prints
--- the keys with their defaults and ends the program with 0. Unknown keys and wrong values raise.
---
--- Where the script has loaded numlab.sweep, the words of every sweep (numlab.sweep_words: --dry-run, --filter=...) are
--- known too; they go to the sweep and are not among what is returned.
local expect = require "numlab.expect"
local sweep_words = require "numlab.sweep_words"
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

local WIDTH, COLUMN = 80, 30 -- of the help, of its keys

-- Each key, and beside it what it is, below it where the value is long; `mark` stands before the key.
local function lines_of(defaults, docs, mark)
  local lines, keys, longest = {}, sorted_keys(defaults), 0
  local function shown(key)
    return mark ~= "" and type(defaults[key]) == "boolean" and mark .. key or mark .. key .. "=" .. show(defaults[key])
  end
  for _, key in ipairs(keys) do longest = math.max(longest, text.width(shown(key))) end
  longest = math.min(longest, COLUMN)
  for _, key in ipairs(keys) do
    local word, below = shown(key), (" "):rep(longest + 5)
    local beside = "  " .. text.pad(word, longest) .. "   "
    if text.width(word) > longest then lines[#lines + 1], beside = "  " .. word, below end
    lines[#lines + 1] = text.wrap(docs[key] or kind_of(defaults[key]), WIDTH, beside, below):gsub("%s+$", "")
  end
  return table.concat(lines, "\n") .. "\n"
end

local function help(defaults, docs, script, common)
  return ("usage: numlab run %s [key=value ...]\n"):format(script) .. lines_of(defaults, docs, "")
    .. (next(common) and "as every sweep:\n" .. lines_of(common, sweep_words.DOCS, "--") or "")
end

-- The words of every sweep, without those that the script has for itself.
local function common_words(defaults)
  local out = {}
  for key, value in pairs(package.loaded["numlab.sweep"] and sweep_words.DEFAULTS or {}) do
    if defaults[key] == nil then out[key] = value end
  end
  return out
end

-- The key and the text of word i, its default, and the place of the last word it took.
local function take(words, i, defaults, common, known)
  local word = words[i]
  local key, value = word:match("^%-*([^=]+)=(.*)$")
  if not key then key = word:match("^%-*(.*)$") end
  local default = defaults[key]
  if default == nil then default = common[key] end
  if default == nil and sweep_words.DEFAULTS[key] ~= nil then
    expect.fail(("args: '%s' is a word of sweeps; this script has none, or loads it (require \"numlab.sweep\") after nl.args")
      :format(word))
  end
  if default == nil then expect.fail(text.unknown("args", "key", key, known)) end
  if value then return key, value, default, i end
  if type(default) == "boolean" then return key, "true", default, i end
  if word:find("^%-%-") and words[i + 1] then return key, words[i + 1], default, i + 1 end -- --n 500
  expect.fail(("args: '%s' needs a value, as in %s=%s"):format(key, key, show(default)))
end

--- Read the script's words.
---@param defaults table<string, number|boolean|string|table>  name -> default; its type is the option's type
---@param docs table<string, string>?  name -> one line for --help
---@param words string[]?  default: the global `arg`
---@return table values  name -> value, a fresh table (lists are fresh too)
---@return table<string, boolean> given  name -> true for what the words gave: quick settings leave those alone
local function args(defaults, docs, words)
  if type(defaults) ~= "table" then
    expect.fail(("args: expected a table of defaults, got %s"):format(expect.got(defaults)))
  end
  expect("args", "docs", docs, "table?")
  expect("args", "words", words, "list?")
  docs, words = docs or {}, words or rawget(_G, "arg") or {}
  local keys = sorted_keys(defaults)
  for key in pairs(docs) do
    if defaults[key] == nil then expect.fail(text.unknown("args", "key in the help texts", key, keys)) end
  end
  local out = {}
  for key, value in pairs(defaults) do
    local known = { number = true, boolean = true, string = true, table = true }
    if type(key) ~= "string" or not known[type(value)] then
      expect.fail(("args: default of '%s' must be a number, boolean, string or list, got %s")
        :format(tostring(key), expect.got(value)))
    end
    out[key] = type(value) == "table" and table.move(value, 1, #value, 1, {}) or value
  end
  local common, given, common_given = common_words(defaults), {}, {}
  local known, i = { table.unpack(keys) }, 0
  for _, key in ipairs(sorted_keys(common)) do known[#known + 1] = key end
  while i < #words do
    i = i + 1
    local word = words[i]
    if word == "--help" or word == "-h" or (word == "help" and defaults.help == nil) then
      io.stdout:write(help(defaults, docs, words[0] or "SCRIPT", common))
      os.exit(0, true)
    end
    local key, value, default
    key, value, default, i = take(words, i, defaults, common, known)
    if given[key] or common_given[key] ~= nil then expect.fail(("args: '%s' is given twice"):format(key)) end
    local got, expected = read(value, default)
    if got == nil then expect.fail(("args: %s must be a %s, got '%s'"):format(key, expected, value)) end
    if defaults[key] ~= nil then out[key], given[key] = got, true else common_given[key] = got end
  end
  if next(common) then sweep_words.take(common_given) end
  return out, given
end

return args
