--- What sensitivity indices say, in sentences (numlab.say) computed from them. A case is that of numlab.sensitivity_lab after its
--- sweep: its outputs, its factors and what oat, morris and sobol found.
---
---   for _, section in ipairs(findings.sections(case)) do print(section[1], #section[2]) end
---@internal of the sensitivity experiments
local indices = require "numlab.sensitivity_indices"
local say = require "numlab.say"
local tables = require "numlab.table"

local M = {}

local REPLICATE = "replicate"

local function is_number(v) return v ~= nil and v == v end

-- Factors with an index, the largest first.
local function ranked(output, index)
  local list = {}
  for _, own in ipairs(output.factors) do if is_number(own[index]) then list[#list + 1] = own end end
  table.sort(list, function(a, b) return a[index] > b[index] or a[index] == b[index] and a.factor < b.factor end)
  return list
end

local function listed(list, fn, between)
  local parts = {}
  for i, own in ipairs(list) do parts[i] = fn(own) end
  return #parts > 0 and say.list(parts, between) or say"none"
end

-- 10^decades as people say it: "1.3 times", "640 times".
local function times(decades)
  local t = 10 ^ decades
  return say("{factor} times", { factor = t < 10 and ("%.2g"):format(t) or t < 1e4 and ("%.0f"):format(t)
    or ("10^%.1f"):format(decades) })
end

local function name_of(own) return own.factor end

-- x^p as a person writes it, the distance to the origin where the factor counts from one.
local function power(case, own)
  local origin = case.designs[1].factors[own.factor].origin
  if (origin or 0) == 0 then return ("%s^%.2f"):format(own.factor, own.elasticity) end
  return ("(%s - %g)^%.2f"):format(own.factor, origin, own.elasticity)
end

-- A factor that moves an output: its share, by how much over its range, as what power.
local function moving_by(case, output, own)
  local effect = case.found.morris.outputs[output].factors[own.factor]
  local around = case.found.oat.outputs[output].factors[own.factor]
  local range = ""
  if is_number(effect.mu_star) then
    local t = { times = times(effect.mu_star) }
    range = case.designs[1].factors[own.factor].numeric and say("; {times} over its range", t)
      or say("; {times} between two of its values", t)
  end
  return say("{factor} (ST = {ST:%.2f}{range}{power})", { factor = own.factor, ST = own.ST, range = range,
    power = is_number(around.elasticity) and say(", as {power} at the base", { power = power(case, around) }) or "" })
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
      out[#out + 1] = say("{output}: moved by {moving}{little}{unsure}{chance}", { output = words[2],
        moving = listed(moving, function(own) return moving_by(case, words[1], own) end),
        little = #little > 0 and say("; hardly by {factors}", { factors = listed(little, name_of) }) or "",
        unsure = #unsure > 0 and say("; not shown to be more than chance: {factors}", { factors = listed(unsure, name_of) })
          or "",
        chance = chance and is_number(chance.ST) and say("; chance itself: ST = {ST:%.2f}", { ST = chance.ST }) or "" })
    end
  end
  return out
end

-- The shares of one output, and what of them is settled.
local function shares(out, words, output)
  local list, own, noise, alone, shared = ranked(output, "ST"), output.factors[REPLICATE], {}, 0, {}
  if #list == 0 then
    out[#out + 1] = say("{output}: no shares ({why})", { output = words,
      why = output.variance == 0 and say"it is the same at all points" or say"too few results" })
    return
  end
  out[#out + 1] = say("{output} (standard deviation {deviation:%.2f} decades): {shares}", { output = words,
    deviation = math.sqrt(output.variance), shares = listed(list, function(f)
      return say("{factor} ST = {ST:%.2f} ({low:%.2f} to {high:%.2f}), S1 = {alone:%.2f}", { factor = f.factor, ST = f.ST,
        low = f.ST_low, high = f.ST_high, alone = f.S1 })
    end, "; ") })
  for _, f in ipairs(list) do
    alone = alone + f.S1
    if f.shared_low > 0 and f.ST - f.S1 >= 0.03 and f ~= own then shared[#shared + 1] = f end
    if own and f ~= own and not indices.is_above(f, own) then noise[#noise + 1] = f end
  end
  out[#out + 1] = say("{output}: the shares of the factors alone (S1) add up to {alone:%.2f}; interplay {interplay}", {
    output = words, alone = alone, interplay = #shared == 0 and say("is not shown by {rows} rows", { rows = output.rows })
      or say("shows for {factors}", { factors = listed(shared, function(f)
        return say("{factor} (ST - S1 = {more:%.2f}, {low:%.2f} to {high:%.2f})", { factor = f.factor, more = f.ST - f.S1,
          low = f.shared_low, high = f.shared_high })
      end) }) })
  if list[2] and not indices.is_above(list[1], list[2]) then
    out[#out + 1] = say("{output}: which of {first} and {second} moves it more is not settled by {rows} rows", {
      output = words, first = list[1].factor, second = list[2].factor, rows = output.rows })
  end
  if #noise > 0 then
    out[#out + 1] = say("{output}: not above the replicate (ST = {ST:%.2f}: other random entries, the clock): {factors}", {
      output = words, ST = own.ST, factors = listed(noise, name_of) })
  end
end

--- Sobol: who holds the variance, together with whom, how sure.
function M.variance(case)
  local out = {}
  for _, words in ipairs(case.outputs) do shares(out, words[2], case.found.sobol.outputs[words[1]]) end
  return out
end

local function way(own)
  if own.mu > 0.9 * own.mu_star then return say" up" end
  if own.mu < -0.9 * own.mu_star then return say" down" end
  return say" up and down"
end

--- Morris: by how much a walk through a factor's range moves each output.
function M.effects(case)
  local out, lists = {}, {}
  for _, f in ipairs(case.designs[1].factors) do lists[f.name] = f.values and not f.numeric end
  for _, words in ipairs(case.outputs) do
    local output = case.found.morris.outputs[words[1]]
    local shown, still, uneven = {}, {}, {}
    for _, own in ipairs(ranked(output, "mu_star")) do
      local list = own.mu_star < 0.002 and still or shown -- less than half a percent
      list[#list + 1] = own
    end
    out[#out + 1] = say("{output}: over its range, or between two of its names, a factor moves it by (mean): {effects}{still}", {
      output = words[2], effects = #shown == 0 and say"nothing" or listed(shown, function(own)
        return say("{factor} {times} ({low:%.2g} to {high:%.2g}){way}", { factor = own.factor, times = times(own.mu_star),
          low = 10 ^ own.mu_star_low, high = 10 ^ own.mu_star_high,
          way = (lists[own.factor] or own.mu_star < 0.01) and "" or way(own) })
      end), still = #still > 0 and say("; not at all by {factors}", { factors = listed(still, name_of) }) or "" })
    for _, own in ipairs(shown) do
      if own.sigma > own.mu_star and own.mu_star > 0.01 and own.factor ~= REPLICATE and not lists[own.factor] then
        uneven[#uneven + 1] = own
      end
    end
    if #uneven > 0 then
      out[#out + 1] = say("{output}: how much depends on where one stands (sigma above mu*) for {factors}", {
        output = words[2], factors = listed(uneven, name_of) })
    end
  end
  return out
end

--- One at a time: exponents and ranges around the base point.
function M.around(case, base)
  local out = { say("the base: {base}", { base = base }) }
  for _, words in ipairs(case.outputs) do
    local output = case.found.oat.outputs[words[1]]
    local powers, format = {}, case.formats and case.formats[words[1]]
    for _, own in ipairs(output.factors) do
      if is_number(own.elasticity) and own.factor ~= REPLICATE then powers[#powers + 1] = own end
    end
    out[#out + 1] = say("{output}: highest over lowest along {ratios}{powers}", { output = words[2],
      ratios = listed(ranked(output, "ratio"), function(own)
        return say("{factor} {ratio:%.3g} ({low} to {high})", { factor = own.factor, ratio = own.ratio,
          low = tables.cell(own.low, format), high = tables.cell(own.high, format) })
      end), powers = #powers > 0 and say("; it goes as {powers} there", { powers = listed(powers, function(own)
        return power(case, own)
      end) }) or "" })
  end
  return out
end

--- Points without results, and what was estimated from fewer.
function M.failures(case)
  local out = {}
  for _, method in ipairs{ "oat", "morris", "sobol" } do
    local found = case.found[method]
    for _, group in ipairs(found.failures.groups) do
      out[#out + 1] = say("{method}: {count} of {points} points without a result: {message}; what needs them is left out, the "
        .. "indices speak of the others", { method = method, count = group.count, points = found.points,
        message = (group.message:gsub("%s+", " ")) })
    end
    for _, words in ipairs(case.outputs) do
      local less = found.outputs[words[1]].missing - found.failures.count
      if less > 0 then
        out[#out + 1] = say("{method}: {output} is absent or not positive at {count} of {points} points with a result; they are "
          .. "left out", { method = method, output = words[2], count = less, points = found.points - found.failures.count })
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
  local out, name = {}, { case = case.name }
  for _, section in ipairs{ { say("In short: {case}", name), M.short(case) },
    { say("Shares of the variance (Sobol): {case}", name), M.variance(case) },
    { say("Effects over the ranges (Morris): {case}", name), M.effects(case) },
    { say("Around a base point: {case}", name), M.around(case, base) },
    { say("Points without a result: {case}", name), M.failures(case) } } do
    if #section[2] > 0 then out[#out + 1] = section end
  end
  return out
end

return M
