--- What a sweep would run, told instead of done: for --dry-run.
---@internal of numlab.sweep
local text = require "numlab.text"

local M = {}

local function count(n, word) return ("%d %s%s"):format(n, word, n == 1 and "" or "s") end

-- What is known of the items' times: seconds, and the cost of the rows they are of; and the cost of the others.
local function known(items, took)
  local seconds, cost, other = 0.0, 0.0, 0.0
  for _, item in ipairs(items) do
    for i, id in ipairs(item.ids) do
      if took[id] then seconds, cost = seconds + took[id], cost + item.costs[i] else other = other + item.costs[i] end
    end
  end
  return seconds, cost, other
end

-- Seconds for what is to do: what its rows took before; those never measured by their cost beside all that were. nil
-- where nothing is known.
local function estimate(o)
  local seconds, _, other = known(o.todo, o.found.took)
  local all_seconds, all_cost = known(o.all, o.found.took)
  if not (all_cost > 0) then return nil end
  return seconds + other * all_seconds / all_cost
end

--- A sweep's plan as text.
---@param o table  name, points, contestants, todo = {{words = of the point, names, ids, costs}, ...}, all (the same of
--- every row), found (ledger.peek)
---@return string
function M.text(o)
  local rows, runs = #o.points * #o.contestants, 0
  for _, item in ipairs(o.todo) do runs = runs + #item.names end
  local place = o.found.run and (" (run %d)"):format(o.found.run) or ""
  local lines = { ("%s: %s x %s = %s; %d there%s, %d to run"):format(o.name, count(#o.points, "point"),
    count(#o.contestants, "contestant"), count(rows, "row"), #o.found.rows, place, runs) }
  for _, item in ipairs(o.todo) do
    lines[#lines + 1] = ("  %s: %s"):format(item.words, table.concat(item.names, ", "))
  end
  local seconds = estimate(o)
  if seconds and runs > 0 then
    lines[#lines + 1] = ("about %s, by what such points took before"):format(text.duration(seconds))
  end
  lines[#lines + 1] = "a dry run: nothing was measured, nothing written"
  return table.concat(lines, "\n") .. "\n"
end

return M
