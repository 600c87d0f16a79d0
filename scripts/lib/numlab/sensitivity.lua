--- Which parameter moves a result, and by how much: designs of points, and what their results say.
---
--- Example:
---     local sensitivity = require "numlab.sensitivity"
---     local design = sensitivity.sobol{ n = 64, seed = 1, factors = {
---       { "n", 50, 500, log = true, integer = true }, { "sign", { "mixed", "negative" } } } }
---     local found = sensitivity.run(design, function(point) return { bytes = 8 * point.n^2 } end)
---     assert(found.outputs.bytes.factors.n.ST > 0.9 and math.abs(found.outputs.bytes.factors.sign.ST) < 0.01)
---
--- Three questions, from cheap to dear (k factors):
---   oat     around one base point: range of the result along each factor, elasticity d ln y / d ln x; 1 + 4k runs
---   morris  over the whole space: elementary effects EE = (y(x + step) - y(x)) / step; mu (mean), mu* (mean of |EE|:
---           how much), sigma (how unevenly: curved, or with other factors); n (k + 1) runs
---   sobol   shares of the variance: S1 = V(E(y | x_i)) / V(y) of a factor alone, ST = 1 - V(E(y | all others)) / V(y) with
---           all it does together with others; n (k + 2) runs
--- Sources: M. D. Morris, Technometrics 33, 1991; Campolongo, Saltelli, Cariboni, Comput. Phys. Commun. 182, 2011 (mu*,
--- radial steps); T. Homma and A. Saltelli, Reliab. Eng. Syst. Safety 52, 1996 (ST); M. J. W. Jansen, Comput. Phys.
--- Commun. 117, 1999; A. Saltelli et al., Comput. Phys. Commun. 181, 2010. The estimators: sensitivity_indices.lua.
---
--- A point may fail: what needs it leaves the estimate, and how many did is said (`used` of `of`, `missing`, `failures`).
--- Where failing depends on the factors, the indices speak of the part that does not fail.
local bench = require "numlab.bench"
local expect = require "numlab.expect"
local factor = require "numlab.factor"
local indices = require "numlab.sensitivity_indices"
local sample = require "numlab.sample"
local text = require "numlab.text"

local M = {}

local COMMON = { factors = "table", n = "number", seed = "number", sampling = "string" }

local function refuse(what, ...) expect.fail(what:format(...)) end

-- Options of a design: factors that can move, a count, a seed, a kind of points.
local function check(what, o, known, n)
  text.check_options(what, o, known)
  if not o or not o.factors then expect.fail(what .. ": option 'factors' is needed") end
  local factors = factor.list(o.factors, what)
  for _, f in ipairs(factors) do
    if f.count == 1 then
      expect.fail(("%s: factor '%s' has one value, %s; it cannot move anything"):format(what, f.name, f:words()))
    end
  end
  for _, f in ipairs(factors) do factors[f.name] = f end
  local out = { factors = factors, n = o.n or n, seed = o.seed or 1, sampling = o.sampling or "sobol", points = {} }
  if out.n and (math.type(out.n) ~= "integer" or out.n < 2) then
    expect.fail(("%s: n must be a whole number of at least 2, got %s"):format(what, factor.show(out.n)))
  end
  if math.type(out.seed) ~= "integer" then
    expect.fail(("%s: seed must be a whole number, got %s"):format(what, factor.show(out.seed)))
  end
  local found = false
  for _, kind in ipairs(sample.KINDS) do found = found or kind == out.sampling end
  if not found then expect.fail(text.unknown(what, "sampling", out.sampling, sample.KINDS)) end
  return out
end

-- n points of the cube with these coordinates.
local function cube(what, o, names)
  if o.sampling == "sobol" and #names > sample.SOBOL_DIMENSIONS then
    expect.fail(("%s: %d coordinates, the Sobol' sequence here has %d; use sampling = 'lhs'"):format(what, #names,
      sample.SOBOL_DIMENSIONS))
  end
  return sample.points(o.sampling, o.n, names, o.seed)
end

local function add(design, point)
  design.points[#design.points + 1] = point
  return #design.points
end

local function changed(point, name, value)
  local out = {}
  for k, v in pairs(point) do out[k] = v end
  out[name] = value
  return out
end

local function point_of(factors, u)
  local point = {}
  for i, f in ipairs(factors) do point[f.name] = f:at(u[i]) end
  return point
end

local function names_of(factors, mark)
  local out = {}
  for i, f in ipairs(factors) do out[i] = f.name .. (mark or "") end
  return out
end

---@class numlab.sensitivity.OatOptions
---@field factors table[]  {name, low, high, log=, integer=, origin=} or {name, {values}}
---@field base? table<string, any>  name -> value; what it leaves out stands in the middle
---@field levels? integer  values of a range, 5
---@field seed? integer  1

---@class numlab.sensitivity.MorrisOptions
---@field factors table[]  {name, low, high, log=, integer=, origin=} or {name, {values}}
---@field n? integer  base points (morris: 20), rows of A (sobol: 128; a power of two keeps the Sobol' sequence balanced)
---@field seed? integer  1
---@field sampling? "sobol"|"lhs"|"random"  "sobol"

---@class numlab.sensitivity.SobolOptions: numlab.sensitivity.MorrisOptions

---@class numlab.sensitivity.AnalyseOptions
---@field outputs? string[]  default: all numbers seen
---@field log? string[]|boolean  outputs (true: all) whose log10 is analysed, not for oat
---@field resamples? integer  of the bootstrap, 1000
---@field level? number  of the intervals, 0.95

--- One at a time: the base point, and from it each factor alone through its values (a list: all; a range: `levels` of
--- them evenly spaced on its scale, the ends among them).
---@param o numlab.sensitivity.OatOptions
---@return table design
--- Example:
---     local design = nl.sensitivity.oat{ factors = { {"n", 50, 500, log = true}, {"sign", {"mixed", "negative"}} } }
---     assert(#design.points > 2 and design.base.n > 50)
function M.oat(o)
  local known = { factors = "table", base = "table", levels = "number", seed = "number" }
  local d = check("sensitivity.oat", o, known)
  local levels = o.levels or 5
  if math.type(levels) ~= "integer" or levels < 2 then
    refuse("sensitivity.oat: levels must be a whole number of at least 2, got %s", factor.show(levels))
  end
  d.method, d.base, d.lines = "oat", {}, {}
  for _, f in ipairs(d.factors) do d.base[f.name] = f:at(0.5) end
  for name, value in pairs(o.base or {}) do
    if d.base[name] == nil then refuse("%s", text.unknown("sensitivity.oat: base", "factor", name, names_of(d.factors))) end
    d.base[name] = value
  end
  for _, f in ipairs(d.factors) do
    if not f:unit(d.base[f.name]) then
      refuse("sensitivity.oat: the base has %s = %s, the factor takes %s", f.name, factor.show(d.base[f.name]), f:words())
    end
  end
  local base = add(d, d.base)
  for i, f in ipairs(d.factors) do
    local values, seen, own = f.values or {}, {}, d.base[f.name]
    if not f.values then
      values = { own }
      for k = 0, levels - 1 do values[#values + 1] = f:at(k / (levels - 1)) end
      table.sort(values)
    end
    local line = {}
    for _, value in ipairs(values) do
      if not seen[value] then
        line[#line + 1] = { value = value, at = value == own and base or add(d, changed(d.base, f.name, value)) }
      end
      seen[value] = true
    end
    d.lines[i] = line
  end
  return d
end

-- Where the step of an elementary effect leads, and its length on the factor's scale: half the range on a range and
-- through the ranks of a list of numbers, whichever way there is room; any other value of a list of names, where the
-- length is 1 and its sign that of the order in the list.
local function step(f, u, choice)
  if f.values then
    local m = #f.values
    local j = math.min(m, math.floor(u * m) + 1)
    if f.numeric then
      local to = j + (u < 0.5 and 1 or -1) * (m // 2)
      return f.values[to], (to - j) / (m - 1)
    end
    local to = math.min(m - 1, math.floor(choice * (m - 1)) + 1)
    if to >= j then to = to + 1 end
    return f.values[to], to > j and 1 or -1
  end
  local from, to = f:at(u), f:at(u < 0.5 and u + 0.5 or u - 0.5)
  return to, f:unit(to) - f:unit(from)
end

--- Morris' elementary effects in a radial design: from each of n base points every factor steps alone.
---@param o numlab.sensitivity.MorrisOptions
---@return table design
--- Example:
---     local design = nl.sensitivity.morris{ n = 4, factors = { {"n", 50, 500, log = true}, {"sign", {"mixed", "negative"}} } }
---     assert(#design.points <= 4 * (2 + 1))
function M.morris(o)
  local d = check("sensitivity.morris", o, COMMON, 20)
  d.method, d.effects = "morris", {}
  local u = cube("sensitivity.morris", d, names_of(d.factors))
  local choices = sample.points("random", d.n, names_of(d.factors, "\nstep"), d.seed)
  for r = 1, d.n do
    local point = point_of(d.factors, u[r])
    local from = add(d, point)
    d.effects[r] = {}
    for i, f in ipairs(d.factors) do
      local value, length = step(f, u[r][i], choices[r][i])
      d.effects[r][i] = { from = from, to = add(d, changed(point, f.name, value)), step = length }
    end
  end
  return d
end

--- Saltelli's design: two samples A and B, and for each factor A with that factor's values taken from B.
---@param o numlab.sensitivity.SobolOptions
---@return table design
function M.sobol(o)
  local d = check("sensitivity.sobol", o, COMMON, 128)
  d.method, d.rows = "sobol", {}
  local names = names_of(d.factors)
  for _, name in ipairs(names_of(d.factors, "\nB")) do names[#names + 1] = name end
  local u, k = cube("sensitivity.sobol", d, names), #d.factors
  for r = 1, d.n do
    local a, b = point_of(d.factors, u[r]), point_of(d.factors, table.move(u[r], k + 1, 2 * k, 1, {}))
    local row = { a = add(d, a), b = add(d, b), ab = {} }
    for i, f in ipairs(d.factors) do row.ab[i] = add(d, changed(a, f.name, b[f.name])) end
    d.rows[r] = row
  end
  return d
end

--- The different points of one design or several; factors with few values make many points alike.
---@param list table[]  designs
---@return table[] points
---@return integer[][] places  places[d][i]: where point i of design d stands in points
--- Example:
---     local sensitivity = require "numlab.sensitivity"
---     local design = sensitivity.oat{ factors = { {"sign", {"mixed", "negative"}} } }
---     local points, places = sensitivity.distinct{design, design}
---     assert(#points == 2 and #places == 2)
function M.distinct(list)
  expect("sensitivity.distinct", "list", list, "records")
  local points, places, seen = {}, {}, {}
  for d, design in ipairs(list) do
    places[d] = {}
    for i, point in ipairs(design.points) do
      local parts = {}
      for name, value in pairs(point) do parts[#parts + 1] = name .. "=" .. type(value) .. factor.show(value) end
      table.sort(parts)
      local id = table.concat(parts, "\0")
      if not seen[id] then
        points[#points + 1] = point
        seen[id] = #points
      end
      places[d][i] = seen[id]
    end
  end
  return points, places
end

--- What the results say.
---@param design table
---@param results table  at [i] of point i: a table of numbers (other fields are passed over), a number (output "y"),
--- {failed = message}, or nil
---@param options numlab.sensitivity.AnalyseOptions?
---@return table found  {method, points, failures = {count, groups = {{message, count, point}}}, outputs = {name = ...},
--- names = outputs in order}; an output: {factors = {[i] and [name] = indices}, missing, mean, variance ...}
--- Example:
---     local sensitivity, results = require "numlab.sensitivity", {}
---     local design = sensitivity.oat{ factors = { {"n", 1, 9, integer = true} } }
---     for i, point in ipairs(design.points) do results[i] = 3 * point.n end
---     local found = sensitivity.analyse(design, results)
---     assert(found.outputs.y.factors.n and found.failures.count == 0)
function M.analyse(design, results, options)
  expect("sensitivity.analyse", "design", design, "table")
  expect("sensitivity.analyse", "results", results, "table")
  text.check_options("sensitivity.analyse", options,
    { outputs = "table", log = "table|boolean", resamples = "number", level = "number" })
  local o = { resamples = 1000, level = 0.95 }
  for key, value in pairs(options or {}) do o[key] = value end
  if not (o.level > 0 and o.level < 1) then refuse("sensitivity.analyse: level must lie between 0 and 1") end
  local found = { method = design.method, points = #design.points, outputs = {}, names = {},
    failures = { count = 0, groups = {} } }
  local known, groups = {}, {}
  for i, point in ipairs(design.points) do
    local got = results[i]
    if type(got) == "number" then got = { y = got } end
    if got == nil or got.failed then
      local message = got and tostring(got.failed) or "no result"
      if not groups[message] then
        groups[message] = { message = message, count = 0, point = point }
        table.insert(found.failures.groups, groups[message])
      end
      groups[message].count = groups[message].count + 1
      found.failures.count = found.failures.count + 1
    else
      for name, value in pairs(got) do known[name] = known[name] or type(value) == "number" end
    end
  end
  for name, is_number in pairs(known) do if is_number then table.insert(found.names, name) end end
  table.sort(found.names)
  found.names = o.outputs or found.names
  local logs = {}
  for _, name in ipairs(o.log == true and found.names or o.log or {}) do logs[name] = true end
  for _, name in ipairs(found.names) do
    local y, missing = {}, 0
    for i = 1, #design.points do
      local got = results[i]
      local value = type(got) == "number" and name == "y" and got or type(got) == "table" and not got.failed and got[name]
      if logs[name] and design.method ~= "oat" then value = type(value) == "number" and value > 0 and math.log(value, 10) end
      if type(value) == "number" and value - value == 0 then y[i] = value else missing = missing + 1 end
    end
    local output = indices[design.method](design, y, o)
    output.missing, output.log = missing, logs[name] or false
    for i, f in ipairs(design.factors) do
      output.factors[i].factor = f.name
      output.factors[f.name] = output.factors[i]
    end
    found.outputs[name] = output
  end
  return found
end

--- Evaluate a function at the points of a design, the same point once, and analyse.
---@param design table
---@param fn function  point -> number, table of numbers, or nil and a message; what it raises is a failure too
---@param options numlab.sensitivity.AnalyseOptions?
---@return table found  as analyse; found.evaluations: calls of fn
function M.run(design, fn, options)
  expect("sensitivity.run", "design", design, "table")
  expect("sensitivity.run", "fn", fn, "function")
  local points, places = M.distinct({ design })
  local values, results = {}, {}
  for i, point in ipairs(points) do
    local fine, value, message, info = pcall(fn, point)
    if not fine and bench.is_interrupt(value) or bench.is_interrupt(info) then error("interrupted", 0) end
    values[i] = not fine and { failed = value } or value == nil and { failed = message or "no result" } or value
  end
  for i, at in ipairs(places[1]) do results[i] = values[at] end
  local found = M.analyse(design, results, options)
  found.evaluations = #points
  return found
end

return M
