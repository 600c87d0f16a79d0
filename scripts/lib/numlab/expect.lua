--- Checks of arguments in the Lua libraries. A message names function, argument, what was got and what was expected, and
--- points at the user's line: the first one up the stack that is not numlab's own.
---
---   expect("rows.where", "rows", rows, "table")       --> demo.lua:7: rows.where: rows must be a table, got nil
---@internal of the libraries that take arguments
local M = {}

local here = debug.getinfo(1, "S").source:match("^(.*[/\\])") or "@"

-- What a kind is called in a message; a type of Lua's stands for itself.
local WORDS = {
  list = "a list", records = "a list of records", tensor = "a tensor", matrix = "a tensor or a sparse matrix",
  count = "a whole number of at least 1", whole = "a whole number", finite = "a finite number",
  boolean = "true or false",
}

-- "tensor", "sparse matrix", "variable" ... of an object; nil of what has no class.
local function class_of(value)
  local meta = (type(value) == "userdata" or type(value) == "table") and debug.getmetatable(value)
  local name = type(meta) == "table" and rawget(meta, "__name")
  return name and name:match("^numlab%..-([^.]+)$") and name:match("[^.]+$"):lower() or name or nil
end

local FITS = {
  list = function(v) return type(v) == "table" end,
  records = function(v) return type(v) == "table" and (v[1] == nil or type(v[1]) == "table") end,
  tensor = function(v) return class_of(v) == "tensor" end,
  matrix = function(v) return class_of(v) == "tensor" or class_of(v) == "sparse matrix" end,
  whole = function(v) return math.tointeger(v) ~= nil and type(v) == "number" end,
  count = function(v) return type(v) == "number" and math.tointeger(v) ~= nil and v >= 1 end,
  finite = function(v) return type(v) == "number" and v - v == 0 end,
}

--- Is this function, of debug.getinfo, one of numlab's own?
---@param info table
---@return boolean
function M.is_own(info)
  return info.what ~= "C" and info.source:sub(1, #here) == here
end

-- The level above the caller at which the user's line lies; nil where there is none, or C in between: who writes
-- pcall(stats.mean, x) gets the message alone, as from a function of Lua's own.
local function user_level(level)
  local below
  for above = level + 1, math.huge do
    local info = debug.getinfo(above, "S")
    if not info then return nil end
    if info.what ~= "C" and not M.is_own(info) then return below ~= "C" and above - 1 or nil end
    below = info.what
  end
end

--- "FILE:LINE: " of the user's line, above `level` of the caller's stack; "" where there is none.
---@param level integer
---@return string
function M.where(level)
  level = user_level(level + 1)
  local info = level and debug.getinfo(level, "Sl")
  return info and ("%s:%d: "):format(info.short_src, info.currentline) or ""
end

--- Raise a message at the user's line.
---@param message string
function M.fail(message)
  error(message, user_level(2) or 0)
end

--- The type of a value, its class where numlab has one.
---@param value any
---@return string
function M.type_of(value)
  return class_of(value) or type(value)
end

--- What the last call that gave nil in place of a value had said, once: a second nil hardly comes from it.
---@return string?
function M.outcome()
  local registry = debug.getregistry()
  local said = registry["numlab.outcome"]
  registry["numlab.outcome"] = nil
  return said and "the last call that gave nil said: " .. said
end

--- What a value is, for a message: a number, a truth and a short string themselves, of all else the type. Behind a nil, what
--- the last call that gave one had said.
---@param value any
---@return string
function M.describe(value)
  local kind = type(value)
  if kind == "nil" then
    local outcome = M.outcome()
    return outcome and "nil; " .. outcome or "nil"
  end
  if kind == "number" or kind == "boolean" then return tostring(value) end
  if kind == "string" then return #value <= 40 and ("'%s'"):format(value) or "a long string" end
  return "a " .. M.type_of(value)
end

local function fits(value, kinds)
  for kind in kinds:gmatch("[^|]+") do
    local test = FITS[kind]
    if test and test(value) or not test and type(value) == kind then return true end
  end
  return false
end

--- The type of a value, for a message that names types only; behind a nil, what the last call that gave one had said.
---@param value any
---@return string
function M.got(value)
  return value == nil and M.describe(nil) or M.type_of(value)
end

--- The kinds as words: "a table or a string".
---@param kinds string
---@return string
function M.words(kinds)
  local words = {}
  for kind in kinds:gmatch("[^|]+") do words[#words + 1] = WORDS[kind] or "a " .. kind end
  return table.concat(words, " or ")
end

--- Raise unless value is of a kind: a type of Lua's, "list", "records" (a list of tables),
--- "tensor", "matrix", "whole", "count" (from 1), "finite", or several of them as in "table|string"; "?" at the end lets
--- nil pass.
---@param what string  the function
---@param name string  the argument
---@param value any
---@param kinds string
local function check(_, what, name, value, kinds)
  if value == nil and kinds:sub(-1) == "?" then return end
  kinds = kinds:gsub("%?$", "")
  if fits(value, kinds) then return end
  local mend = kinds == "list" and class_of(value) == "tensor" and "; t:totable() makes one" or ""
  M.fail(("%s: %s must be %s, got %s%s"):format(what, name, M.words(kinds), M.describe(value), mend))
end

return setmetatable(M, { __call = check })
