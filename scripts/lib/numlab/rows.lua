--- Questions to rows of results (records, as a sweep returns them): choose, group, name the winners.
--- Example:
---     local of, rows = require "numlab.rows", { {n = 1, method = "lu", seconds = 2}, {n = 1, method = "cg", seconds = 1},
---       {n = 2, method = "lu", seconds = 3} }
---     assert(#of.where(rows, {method = "lu"}) == 2 and #of.group(rows, {"n"}) == 2)
---     assert(of.column(rows, "seconds")[3] == 3 and of.distinct(rows, "method")[2] == "cg")
---     local first = of.winners(rows, {"n"})[1]
---     assert(first.winner == "cg" and first.factor == 2)
local expect = require "numlab.expect"
local say = require "numlab.say"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

--- The rows whose fields equal those of `where`; or for which a function returns true.
---@param rows table[]
---@param where table<string, any>|fun(row: table): boolean
---@return table[] chosen
function M.where(rows, where)
  expect("rows.where", "where", where, "table|function")
  expect("rows.where", "rows", rows, type(where) == "table" and "records" or "list") -- a function may choose from any list
  local out = {}
  for _, row in ipairs(rows) do
    local fits = true
    if type(where) == "function" then
      fits = where(row)
    else
      for key, value in pairs(where) do fits = fits and row[key] == value end
    end
    if fits then out[#out + 1] = row end
  end
  return out
end

--- The values of one field, in order; absent ones are nan, so that lists of several fields stay side by side.
---@param rows table[]
---@param name string
---@return number[]
function M.column(rows, name)
  expect("rows.column", "rows", rows, "records")
  expect("rows.column", "name", name, "string")
  local out = {}
  for i, row in ipairs(rows) do out[i] = row[name] == nil and 0 / 0 or row[name] end
  return out
end

--- From the smallest to the largest of a list, in words: "2 to 5", "2" where they read alike, "none"; nan is left out.
---@param list number[]
---@param format (string|function)?  default: as a table shows them
---@return table said
---@return number low
---@return number high
--- Example:
---     local said, low, high = nl.rows.range{3, 1, 2}
---     assert(nl.say.read(said) == "1 to 3" and low == 1 and high == 3)
function M.range(list, format)
  expect("rows.range", "list", list, "list")
  local low, high = math.huge, -math.huge
  for _, v in ipairs(list) do
    if v == v then low, high = math.min(low, v), math.max(high, v) end
  end
  if low > high then return say"none", low, high end
  local first, last = tables.cell(low, format), tables.cell(high, format)
  return first == last and say.list{ first } or say("{low} to {high}", { low = first, high = last }), low, high
end

--- The different values of a field, in the order of first sight.
---@param rows table[]
---@param name string
---@return any[]
function M.distinct(rows, name)
  expect("rows.distinct", "rows", rows, "records")
  expect("rows.distinct", "name", name, "string")
  local seen, out = {}, {}
  for _, row in ipairs(rows) do
    local value = row[name]
    if value ~= nil and not seen[value] then
      seen[value] = true
      out[#out + 1] = value
    end
  end
  return out
end

--- Rows with the same values of the named fields together, in the order of first sight.
---@param rows table[]
---@param names string[]
---@return table[] groups  {key = {name = value}, rows = {...}}
function M.group(rows, names)
  expect("rows.group", "rows", rows, "records")
  expect("rows.group", "names", names, "list")
  local found, groups = {}, {}
  for _, row in ipairs(rows) do
    local key, parts = {}, {}
    for i, name in ipairs(names) do
      key[name] = row[name]
      parts[i] = type(row[name]) == "number" and text.number(row[name]) or tostring(row[name])
    end
    local id = table.concat(parts, "\0")
    if not found[id] then
      found[id] = { key = key, rows = {} }
      groups[#groups + 1] = found[id]
    end
    table.insert(found[id].rows, row)
  end
  return groups
end

---@class numlab.rows.WinnersOptions
---@field metric? string  the field that is smallest for a winner, "seconds"
---@field contestant? string  the field that names who ran, "method"

--- Who is fastest in each group, and by what factor before the next.
---@param rows table[]
---@param by string[]  fields that make a group
---@param options numlab.rows.WinnersOptions?  rows without a finite metric do not compete
---@return table[] winners  {the group's fields, winner, best, second, factor}; factor nil for a single contestant
function M.winners(rows, by, options)
  expect("rows.winners", "rows", rows, "records")
  expect("rows.winners", "by", by, "list")
  text.check_options("rows.winners", options, { metric = "string", contestant = "string" })
  local metric, contestant = options and options.metric or "seconds", options and options.contestant or "method"
  local out = {}
  for _, group in ipairs(M.group(rows, by)) do
    local ranked = M.where(group.rows, function(row)
      return type(row[metric]) == "number" and row[metric] >= 0 and row[metric] < math.huge
    end)
    table.sort(ranked, function(a, b)
      if a[metric] ~= b[metric] then return a[metric] < b[metric] end
      return tostring(a[contestant]) < tostring(b[contestant])
    end)
    if ranked[1] then
      local entry = group.key
      entry.winner, entry.best = ranked[1][contestant], ranked[1][metric]
      if ranked[2] then
        entry.second = ranked[2][contestant]
        entry.factor = ranked[2][metric] / ranked[1][metric]
      end
      out[#out + 1] = entry
    end
  end
  return out
end

return M
