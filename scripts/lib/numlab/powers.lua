--- Powers of n that a column of rows follows.
---@internal of the experiments of task 1
local rows_of = require "numlab.rows"
local stats = require "numlab.stats"

local M = {}

-- n and column of the rows that have a logarithm; nil below so many sizes.
local function known(rows, column, sizes)
  local own = rows_of.where(rows, function(r) return (r[column] or 0) > 0 end)
  if #rows_of.distinct(own, "n") < sizes then return nil end
  return rows_of.column(own, "n"), rows_of.column(own, column)
end

--- The power of n that a column follows; nil below two sizes.
---@param rows table[]  of one contestant
---@param column string
---@return number?
function M.exponent(rows, column)
  local n, y = known(rows, column, 2)
  return n and stats.power_fit(n, y).exponent
end

--- The power of n by which a column grows beside what is constant in it; nil below three sizes.
---@param rows table[]  of one contestant, n rising
---@param column string
---@return number?
function M.growing(rows, column)
  local n, y = known(rows, column, 3)
  return n and stats.growth_exponent(n, y)
end

--- Of each contestant the power that `fit` finds.
---@param rows table[]
---@param column string
---@param fit function  M.exponent or M.growing
---@return number[]
function M.each(rows, column, fit)
  local out = {}
  for _, group in ipairs(rows_of.group(rows, { "contestant" })) do out[#out + 1] = fit(group.rows, column) end
  return out
end

return M
