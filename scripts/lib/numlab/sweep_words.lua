--- Words that every experiment with a sweep understands beside its own: nl.args takes them apart as soon as the script
--- has loaded numlab.sweep, and sweep.run obeys them. A script's own word of the same name goes first.
---@internal of numlab.sweep
local M = {}

--- Name -> default, whose type is the word's.
M.DEFAULTS = { ["dry-run"] = false, ["only-failed"] = false, filter = "", jobs = 1, width = 0.02, slow = 5.0 }

--- Name -> one line for --help.
M.DOCS = {
  ["dry-run"] = "say what would run, what is there and how long it may take; measure and write nothing",
  ["only-failed"] = "run again what failed in the last run of these settings",
  filter = "run only this part, the rest stays for later: n=500..,method=gauss,lu or 'n>=500'",
  jobs = "processes that share the points, where nothing is timed",
  width = "instead of a number of repeats: until the 95 % interval of the median is as narrow, +- 0.02 of it",
  slow = "seconds after which a contestant repeats no more at a point",
}

--- What the command line gave, by the names of sweep.run's options; filled by nl.args.
M.given = {}

--- Take over what nl.args read.
---@param values table<string, any>  those that were given
function M.take(values)
  M.given = {}
  for name, value in pairs(values) do M.given[name:gsub("-", "_")] = value end
end

local function joined(a, b)
  local out = {}
  for name, value in pairs(a) do out[name] = value end
  for name, value in pairs(b) do out[name] = value end
  return out
end

--- The options of a sweep with what the command line gave over them. Words that change what is measured count among the
--- arguments that tell runs apart.
---@param o table
---@return table
function M.over(o)
  local out, given = joined(o, M.given), M.given
  if given.width or given.slow then
    local arguments = type(o.arguments) == "table" and o.arguments or { o.arguments }
    out.arguments = joined(arguments, { width = given.width, slow = given.slow })
  end
  return out
end

return M
