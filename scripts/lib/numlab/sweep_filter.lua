--- Part of a sweep, in words: `n=500..,method=gauss,lu` are the points with n of at least 500, for two contestants.
---
--- Conditions stand between commas, and all must hold: name=value,value (one of these), name=from..to (an end may be
--- left out), name!=value, and name>=value, > <= <, which a shell wants in quotes. A name is that of an axis or of the
--- contestants' column; what is no name or no value of it raises with the nearest one.
---@internal of numlab.sweep
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

local function refuse(what, ...) error("sweep.run: filter: " .. what:format(...), 0) end

local COMPARE = {
  [">="] = function(a, b) return a >= b end, ["<="] = function(a, b) return a <= b end,
  [">"] = function(a, b) return a > b end, ["<"] = function(a, b) return a < b end,
}

-- "n>=500" as name, operator, value; nil where there is no operator.
local function split(piece)
  for _, operator in ipairs{ "!=", ">=", "<=", "=", ">", "<" } do
    local name, value = piece:match("^%s*([^=<>!]-)%s*" .. operator .. "%s*(.-)%s*$")
    if name and name ~= "" then return name, operator, value end
  end
end

-- The value of an axis that a word stands for.
local function value_of(axis, word)
  local shown = {}
  for i, value in ipairs(axis.values) do
    shown[i] = tables.cell(value)
    if shown[i] == word or type(value) == "number" and value == tonumber(word) then return value end
  end
  if #shown > 12 then shown = { table.unpack(shown, 1, 11), "..." } end
  error("sweep.run: " .. text.unknown("filter", ("value of '%s'"):format(axis.name), word, shown), 0)
end

-- Two ends of numbers, as a test.
local function between(axis, from, to)
  local low, high = tonumber(from) or from == "" and -math.huge, tonumber(to) or to == "" and math.huge
  if not (low and high and axis.numeric) then return nil end
  return function(value) return value >= low and value <= high end
end

local function condition(axis, operator, word)
  if COMPARE[operator] then
    local bound = tonumber(word)
    if not axis.numeric then refuse("'%s' holds words: it can be = or !=, not %s", axis.name, operator) end
    if not bound then refuse("%s%s wants a number, got '%s'", axis.name, operator, word) end
    return function(value) return COMPARE[operator](value, bound) end
  end
  local from, to = word:match("^(.-)%.%.(.*)$")
  local test = from and between(axis, from, to)
  if not test then
    local wanted = value_of(axis, word)
    test = function(value) return value == wanted end
  end
  if operator == "=" then return test end
  return function(value) return not test(value) end
end

-- Every name that can be filtered by, with its different values.
local function axes_of(points, names, contestant, contestants)
  local axes, list = {}, table.move(names, 1, #names, 1, {})
  for _, name in ipairs(names) do
    local axis, seen = { name = name, values = {}, numeric = true }, {}
    for _, point in ipairs(points) do
      local value = point[name]
      if not seen[value] then axis.values[#axis.values + 1], seen[value] = value, true end
      axis.numeric = axis.numeric and type(value) == "number"
    end
    axes[name] = axis
  end
  list[#list + 1] = contestant
  axes[contestant] = { name = contestant, values = contestants, numeric = false }
  return axes, list
end

--- A test of points and contestants.
---@param words string  "" keeps all
---@param points table[]
---@param names string[]  of the axes
---@param contestant string  the contestants' column
---@param contestants string[]
---@return fun(point: table, contestant: string): boolean
function M.parse(words, points, names, contestant, contestants)
  if words == "" then return function() return true end end
  local axes, known = axes_of(points, names, contestant, contestants)
  local conditions, last = {}, nil -- {name, tests, negated}: several values of = are alternatives, of != all hold
  for piece in (words .. ","):gmatch("([^,]*),") do
    local name, operator, word = split(piece)
    if name then
      if not axes[name] then error("sweep.run: " .. text.unknown("filter", "name", name, known), 0) end
      last = { name = name, operator = operator, tests = { condition(axes[name], operator, word) } }
      conditions[#conditions + 1] = last
    elseif last and (last.operator == "=" or last.operator == "!=") then
      table.insert(last.tests, condition(axes[last.name], last.operator, piece:match("^%s*(.-)%s*$")))
    else
      refuse("'%s' is no condition: it can be name=value,value, name=from..to, or in quotes 'name>=value' (names: %s)",
        piece, table.concat(known, ", "))
    end
  end
  return function(point, name)
    for _, c in ipairs(conditions) do
      local value, any, all = point[c.name], false, true
      if c.name == contestant then value = name end
      for _, test in ipairs(c.tests) do
        local holds = test(value)
        any, all = any or holds, all and holds
      end
      if not (c.operator == "=" and any or c.operator ~= "=" and all) then return false end
    end
    return true
  end
end

return M
