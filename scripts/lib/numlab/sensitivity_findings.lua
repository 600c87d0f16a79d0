--- What sensitivity indices say, in sentences computed from them. A case is that of numlab.sensitivity_lab after its
--- sweep: its outputs, its factors and what oat, morris and sobol found.
---
---   for _, section in ipairs(findings.sections(case)) do print(section[1], #section[2]) end
local indices = require "numlab.sensitivity_indices"
local tables = require "numlab.table"

local M = {}

local REPLICATE = "replicate"

local function add(out, format, ...) out[#out + 1] = format:format(...) end
local function is_number(v) return v ~= nil and v == v end

-- Factors with an index, the largest first.
local function ranked(output, index)
  local list = {}
  for _, own in ipairs(output.factors) do if is_number(own[index]) then list[#list + 1] = own end end
  table.sort(list, function(a, b) return a[index] > b[index] or a[index] == b[index] and a.factor < b.factor end)
  return list
end

local function listed(list, fn)
  local parts = {}
  for i, own in ipairs(list) do parts[i] = fn(own) end
  return #parts > 0 and table.concat(parts, ", ") or "none"
end

-- 10^decades as people say it: "1.3 times", "640 times".
local function times(decades)
  local t = 10 ^ decades
  if t < 10 then return ("%.2g times"):format(t) end
  return t < 1e4 and ("%.0f times"):format(t) or ("10^%.1f times"):format(decades)
end

local function name_of(own) return own.factor end

-- x^p as a person writes it, the distance to the origin where the factor counts from one.
local function power(case, own)
  local origin = case.designs[1].factors[own.factor].origin
  if (origin or 0) == 0 then return ("%s^%.2f"):format(own.factor, own.elasticity) end
  return ("(%s - %g)^%.2f"):format(own.factor, origin, own.elasticity)
end

--- In short: each output with the factors that hold at least a twentieth of its variance, more than chance does.
function M.short(case)
  local out = {}
  for _, words in ipairs(case.outputs) do
    local output, moving, little, unsure = case.found.sobol.outputs[words[1]], {}, {}, {}
    local chance = output.factors[REPLICATE]
    for _, own in ipairs(ranked(output, "ST")) do
      if own ~= chance then
        local list = own.ST < 0.05 and little or (not chance or indices.is_above(own, chance)) and moving or unsure
        list[#list + 1] = own
      end
    end
    if #moving > 0 then
      add(out, "%s: moved by %s%s%s%s", words[2], listed(moving, function(own)
        local effect = case.found.morris.outputs[words[1]].factors[own.factor]
        local around = case.found.oat.outputs[words[1]].factors[own.factor]
        local between = case.designs[1].factors[own.factor].numeric and " over its range" or " between two of its values"
        return ("%s (ST = %.2f%s%s)"):format(own.factor, own.ST,
          is_number(effect.mu_star) and "; " .. times(effect.mu_star) .. between or "",
          is_number(around.elasticity) and ", as " .. power(case, around) .. " at the base" or "")
      end), #little > 0 and "; hardly by " .. listed(little, name_of) or "",
        #unsure > 0 and "; not shown to be more than chance: " .. listed(unsure, name_of) or "",
        chance and is_number(chance.ST) and ("; chance itself: ST = %.2f"):format(chance.ST) or "")
    end
  end
  return out
end

--- Sobol: who holds the variance, together with whom, how sure.
function M.variance(case)
  local out = {}
  for _, words in ipairs(case.outputs) do
    local output = case.found.sobol.outputs[words[1]]
    local list, own, noise = ranked(output, "ST"), output.factors[REPLICATE], {}
    if #list == 0 then
      add(out, "%s: no shares (%s)", words[2], output.variance == 0 and "it is the same at all points" or "too few results")
    else
      add(out, "%s (standard deviation %.2f decades): %s", words[2], math.sqrt(output.variance), listed(list, function(f)
        return ("%s ST = %.2f (%.2f to %.2f), S1 = %.2f"):format(f.factor, f.ST, f.ST_low, f.ST_high, f.S1)
      end))
      local alone, shared = 0, {}
      for _, f in ipairs(list) do
        alone = alone + f.S1
        if f.shared_low > 0 and f.ST - f.S1 >= 0.03 and f ~= own then shared[#shared + 1] = f end
      end
      add(out, "%s: the shares of the factors alone (S1) add up to %.2f; interplay %s", words[2], alone, #shared == 0
        and ("is not shown by %d rows"):format(output.rows) or "shows for " .. listed(shared, function(f)
          return ("%s (ST - S1 = %.2f, %.2f to %.2f)"):format(f.factor, f.ST - f.S1, f.shared_low, f.shared_high)
        end))
      for _, f in ipairs(list) do
        if own and f ~= own and not indices.is_above(f, own) then noise[#noise + 1] = f end
      end
      if list[2] and not indices.is_above(list[1], list[2]) then
        add(out, "%s: which of %s and %s moves it more is not settled by %d rows", words[2], list[1].factor, list[2].factor,
          output.rows)
      end
      if #noise > 0 then
        add(out, "%s: not above the replicate (ST = %.2f: other random entries, the clock): %s", words[2], own.ST,
          listed(noise, name_of))
      end
    end
  end
  return out
end

local function way(own)
  if own.mu > 0.9 * own.mu_star then return "up" end
  if own.mu < -0.9 * own.mu_star then return "down" end
  return "up and down"
end

--- Morris: by how much a walk through a factor's range moves each output.
function M.effects(case)
  local out, lists = {}, {}
  for _, f in ipairs(case.designs[1].factors) do lists[f.name] = f.values and not f.numeric end
  for _, words in ipairs(case.outputs) do
    local output = case.found.morris.outputs[words[1]]
    local shown, still = {}, {}
    for _, own in ipairs(ranked(output, "mu_star")) do
      local list = own.mu_star < 0.002 and still or shown -- less than half a percent
      list[#list + 1] = own
    end
    add(out, "%s: over its range, or between two of its names, a factor moves it by (mean): %s%s", words[2], #shown == 0
      and "nothing" or
      listed(shown, function(own)
        return ("%s %s (%.2g to %.2g)%s"):format(own.factor, times(own.mu_star), 10 ^ own.mu_star_low, 10 ^ own.mu_star_high,
          (lists[own.factor] or own.mu_star < 0.01) and "" or " " .. way(own))
      end), #still > 0 and "; not at all by " .. listed(still, name_of) or "")
    local uneven = {}
    for _, own in ipairs(shown) do
      if own.sigma > own.mu_star and own.mu_star > 0.01 and own.factor ~= REPLICATE and not lists[own.factor] then
        uneven[#uneven + 1] = own
      end
    end
    if #uneven > 0 then
      add(out, "%s: how much depends on where one stands (sigma above mu*) for %s", words[2], listed(uneven, name_of))
    end
  end
  return out
end

--- One at a time: exponents and ranges around the base point.
function M.around(case, base)
  local out = { "the base: " .. base }
  for _, words in ipairs(case.outputs) do
    local output = case.found.oat.outputs[words[1]]
    local powers = {}
    for _, own in ipairs(output.factors) do
      if is_number(own.elasticity) and own.factor ~= REPLICATE then powers[#powers + 1] = own end
    end
    add(out, "%s: highest over lowest along %s%s", words[2], listed(ranked(output, "ratio"), function(own)
      return ("%s %.3g (%s to %s)"):format(own.factor, own.ratio, tables.cell(own.low, case.formats and case.formats[words[1]]),
        tables.cell(own.high, case.formats and case.formats[words[1]]))
    end), #powers > 0 and ("; it goes as %s there"):format(listed(powers, function(own)
      return power(case, own)
    end)) or "")
  end
  return out
end

--- Points without results, and what was estimated from fewer.
function M.failures(case)
  local out = {}
  for _, method in ipairs{ "oat", "morris", "sobol" } do
    local found = case.found[method]
    for _, group in ipairs(found.failures.groups) do
      add(out, "%s: %d of %d points %s no result: %s; what needs them is left out, the indices speak of the others", method,
        group.count, found.points, group.count == 1 and "has" or "have", (group.message:gsub("%s+", " ")))
    end
    for _, words in ipairs(case.outputs) do
      local less = found.outputs[words[1]].missing - found.failures.count
      if less > 0 then
        add(out, "%s: %s is absent or not positive at %d of %d points with a result; they are left out", method, words[2], less,
          found.points - found.failures.count)
      end
    end
  end
  return out
end

--- All of it.
---@param case table
---@param base string  the base point in words
---@return table[]  {{title, lines}, ...}
function M.sections(case, base)
  local out = {}
  for _, section in ipairs{ { "In short", M.short(case) }, { "Shares of the variance (Sobol)", M.variance(case) },
    { "Effects over the ranges (Morris)", M.effects(case) }, { "Around a base point", M.around(case, base) },
    { "Points without a result", M.failures(case) } } do
    if #section[2] > 0 then out[#out + 1] = section end
  end
  return out
end

return M
