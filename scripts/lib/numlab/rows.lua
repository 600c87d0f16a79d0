--- Questions to rows of results (records, as a sweep returns them): choose, group, name the winners.
local say = require "numlab.say"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

--- The rows whose fields equal those of `where`; or for which a function returns true.
---@param rows table[]
---@param where table|function
---@return table[]
function M.where(rows, where)
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
  local out = {}
  for i, row in ipairs(rows) do out[i] = row[name] == nil and 0 / 0 or row[name] end
  return out
end

--- From the smallest to the largest of a list, in words: "2 to 5", "2" where they read alike, "none"; nan is left out.
---@param list number[]
---@param format string|function?  default: as a table shows them
---@return table said, number low, number high
function M.range(list, format)
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

--- Who is fastest in each group, and by what factor before the next.
---@param rows table[]
---@param by string[]  fields that make a group
---@param options table?  {metric = "seconds", contestant = "method"}; rows without a finite metric do not compete
---@return table[]  {the group's fields, winner, best, second, factor}; factor nil for a single contestant
function M.winners(rows, by, options)
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
