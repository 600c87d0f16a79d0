--- Sentences that can be read in several languages. What is said is an English template with named places and what stands
--- in them; the template itself is the key to its counterpart in another language (say_zh.lua and what it collects).
---
--- Example:
---     local say = require "numlab.say"
---     local said = say("{method} is {factor:%.1f} times as fast at n = {n}", { method = "lu", factor = 2.54, n = 100 })
---     assert(say.read(said) == "lu is 2.5 times as fast at n = 100" and tostring(said) == say.read(said, "en"))
---
--- Where say_zh.lua or what it collects has the template's counterpart, say.read(said, "zh") is Chinese.
--- A place holds a number (shown by its format, or as tables show it), a string, or something said, "" for nothing.
--- Templates stand in the sources as they are, not composed at run time: tests/lua/say_spec.lua looks them all up.
local expect = require "numlab.expect"
local tables = require "numlab.table"
local text = require "numlab.text"

local Said, Listed = {}, {} -- metatables: a sentence {template, place = value}, a list {[0] = between, part, ...}

local M = { LANGUAGES = { "en", "zh" } }

local PLACE = "{([%a_]+):?([^}]*)}"

local function say(template, values)
  expect("nl.say", "template", template, "string")
  expect("nl.say", "values", values, "table?")
  local said, known = { template }, {}
  for name in template:gmatch(PLACE) do
    known[name], said[name] = true, (values or {})[name]
    if said[name] == nil then expect.fail(("say: nothing for {%s} in '%s'"):format(name, template)) end
  end
  for name in pairs(values or {}) do
    if not known[name] then expect.fail(("say: no place {%s} in '%s'"):format(name, template)) end
  end
  return setmetatable(said, Said)
end

--- Say something. Raises where the template and the values do not name the same places.
---@param template string  English, with places {name} or {name:%.1f}
---@param values table<string, any>?  what stands in them
---@return table said
setmetatable(M, { __call = function(_, template, values) return say(template, values) end })

--- Several parts, one behind another.
---@param parts table  strings and what was said
---@param between string?  ", " or "; "
---@return table said
--- Example:
---     local say = require "numlab.say"
---     assert(say.read(say.list{say("{n} rows", {n = 3}), "no more"}) == "3 rows, no more")
function M.list(parts, between)
  expect("say.list", "parts", parts, "list")
  local list = table.move(parts, 1, #parts, 1, {})
  list[0] = between or ", "
  return setmetatable(list, Listed)
end

--- Whether it was said, and how: "sentence", "list", or nil.
---@param value any
---@return string? kind
--- Example:
---     local say = require "numlab.say"
---     assert(say.kind(say("{n} rows", {n = 3})) == "sentence" and say.kind "text" == nil)
function M.kind(value)
  local mark = getmetatable(value)
  return mark == Said and "sentence" or mark == Listed and "list" or nil
end

--- A table again what it was: for those who keep what was said.
---@param value table
---@param kind string  of say.kind
---@return table said
--- Example:
---     local say = require "numlab.say"
---     assert(say.read(say.again({"{n} rows", n = 3}, "sentence")) == "3 rows")
function M.again(value, kind)
  expect("say.again", "value", value, "table")
  return setmetatable(value, kind == "list" and Listed or Said)
end

local function language(lang)
  if lang ~= "en" and lang ~= "zh" then expect.fail(text.unknown("say.read", "language", lang, M.LANGUAGES)) end
  return lang ~= "en" and require("numlab.say_" .. lang) or nil
end

local function words(value, own)
  local kind = M.kind(value)
  if kind == "list" then
    local parts = {}
    for i, part in ipairs(value) do parts[i] = words(part, own) end
    return table.concat(parts, own and own.between[value[0]] or value[0])
  elseif kind == "sentence" then
    local formats, template = {}, own and own.said[value[1]] or value[1]
    for name, format in value[1]:gmatch(PLACE) do formats[name] = format ~= "" and format or nil end
    return (template:gsub(PLACE, function(name)
      local inner = value[name]
      return type(inner) == "table" and words(inner, own) or tables.cell(inner, formats[name])
    end))
  end
  return tables.cell(value)
end

--- What was said, in a language; in a table, everything said in it (the rest stays, in a fresh table).
---@param value any
---@param lang ("en"|"zh")?  "en"
---@return any read
function M.read(value, lang)
  local own = language(lang or "en")
  local function each(v)
    if M.kind(v) then return own and own.typeset(words(v, own)) or words(v) end
    if type(v) ~= "table" then return v end
    local out = {}
    for key, inner in pairs(v) do out[key] = each(inner) end
    return out
  end
  return each(value)
end

--- A sentence in English.
function Said:__tostring() return words(self) end
Listed.__tostring = Said.__tostring

return M
