--- What the sensitivity experiments share: the points of all designs measured in one resumable sweep, then the table of
--- indices, the figures, and the sentences.
---
---   local lab = require "numlab.sensitivity_lab"
---   local case = lab.case{ name = "all methods", factors = factors, base = base, n = 64, seed = 1,
---     outputs = { { "seconds", "solve time" } } }
---   local rows = lab.sweep{ name = "x", out = "reports/x", cases = { case }, columns = {...}, prepare = ..., run = ... }
---   lab.rows{ case }   lab.drawings{ case }   lab.sections{ case }
---
--- Outputs span decades, so Morris' and Sobol's indices are those of log10 y: an elementary effect of 1 is a factor of
--- ten, and a factor's share is that of the spread of orders of magnitude.
---
--- A factor `replicate` (other random entries, nothing else) is the yardstick: what another factor does beyond it is no
--- accident of the entries or of the clock.
---@internal of the sensitivity experiments
local file = require "numlab.file"
local findings = require "numlab.sensitivity_findings"
local say = require "numlab.say"
local sensitivity = require "numlab.sensitivity"
local sweep = require "numlab.sweep"
local tables = require "numlab.table"

local M = {}

--- The factor that changes nothing but the random numbers.
M.REPLICATE = "replicate"

--- One set of factors with its three designs.
---@param o table  name, factors (those with one value stay fixed), base, outputs = {{column, words}}, n (rows
--- of Sobol's design), trajectories (Morris' base points), levels, seed
---@return table case
function M.case(o)
  local case, factors, base = { name = o.name, outputs = o.outputs, fixed = {} }, {}, {}
  for _, f in ipairs(o.factors) do -- one value moves nothing: it stays where it is
    if type(f[2]) == "table" and #f[2] == 1 then
      case.fixed[f[1]] = f[2][1]
    else
      factors[#factors + 1], base[f[1]] = f, (o.base or {})[f[1]]
    end
  end
  case.designs = {
    sensitivity.oat{ factors = factors, base = base, levels = o.levels },
    sensitivity.morris{ factors = factors, n = o.trajectories, seed = o.seed },
    sensitivity.sobol{ factors = factors, n = o.n, seed = o.seed },
  }
  for _, design in ipairs(case.designs) do
    for _, point in ipairs(design.points) do
      for name, value in pairs(case.fixed) do point[name] = value end
    end
  end
  return case
end

--- Measure every different point of the cases once (as sweep.run does, so a broken run goes on), and analyse. All cases
--- have the same factors, moving or fixed.
---@param o table  cases, columns, what (the contestant's name), prepare(point), run(point, context) -> row, and options of
--- sweep.run: name, out, seed, repeats, arguments, cost, quiet
---@return table[] rows  one a point; each case gets `found` = {oat =, morris =, sobol =}
function M.sweep(o)
  local designs, names = {}, {}
  for _, case in ipairs(o.cases) do for _, design in ipairs(case.designs) do designs[#designs + 1] = design end end
  local points, places = sensitivity.distinct(designs)
  for name in pairs(points[1]) do names[#names + 1] = name end
  table.sort(names)
  local rows = sweep.run{ name = o.name, out = o.out, seed = o.seed, repeats = o.repeats, arguments = o.arguments,
    columns = table.move(o.columns, 1, #o.columns, 2, { "what" }), axes = { { names = names, points = points } },
    contestants = { o.what }, contestant = "what", pause = 0.001, quiet = o.quiet, cost = o.cost, prepare = o.prepare,
    run = function(point, _, context) return o.run(point, context) end }
  local values, d = {}, 0
  for i, row in ipairs(rows) do -- a row a point, in the order of the points
    values[i] = row.code == "OK" and row or { failed = ("%s, %s"):format(row.code, row.message or "no message") }
  end
  for _, case in ipairs(o.cases) do
    local columns = {}
    case.found, case.runs = {}, 0
    for i, output in ipairs(case.outputs) do columns[i] = output[1] end
    for _, design in ipairs(case.designs) do
      d = d + 1
      local results = {}
      for i, at in ipairs(places[d]) do results[i] = values[at] end
      case.found[design.method] = sensitivity.analyse(design, results, { outputs = columns, log = true })
      case.runs = case.runs + #design.points
    end
  end
  return rows
end

M.COLUMNS = { "case", "output", "factor", "mu", "mu_star", "mu_star_low", "mu_star_high", "sigma", "sigma_low",
  "sigma_high", "S1", "S1_low", "S1_high", "ST", "ST_low", "ST_high", "elasticity", "low", "low_at", "high", "high_at",
  "ratio", "morris_used", "morris_of", "sobol_used", "sobol_of" }

--- Those of them that a table for people shows.
M.SHOWN = { "case", "output", "factor", "mu", "mu_star", "sigma", "S1", "S1_low", "S1_high", "ST", "ST_low", "ST_high",
  "elasticity", "ratio" }

--- How the indices read in a table for people.
M.FORMAT = { low = "%.3g", high = "%.3g", ratio = "%.3g", elasticity = "%.2f" }
for _, name in ipairs{ "mu", "mu_star", "mu_star_low", "mu_star_high", "sigma", "sigma_low", "sigma_high", "S1", "S1_low",
  "S1_high", "ST", "ST_low", "ST_high" } do M.FORMAT[name] = "%.3f" end

--- The indices, a row a case, output and factor.
---@param cases table[]
---@return table[]
function M.rows(cases)
  local out = {}
  for _, case in ipairs(cases) do
    for _, output in ipairs(case.outputs) do
      for i, f in ipairs(case.designs[1].factors) do
        local row = { case = case.name, output = output[1], quantity = output[2], factor = f.name }
        for _, found in pairs(case.found) do
          local own = found.outputs[output[1]].factors[i]
          for _, name in ipairs(M.COLUMNS) do if own[name] ~= nil then row[name] = row[name] or own[name] end end
          if found.method ~= "oat" then row[found.method .. "_used"], row[found.method .. "_of"] = own.used, own.of end
        end
        out[#out + 1] = row
      end
    end
  end
  return out
end

--- Write the indices beside the rows: OUT/NAME_indices.csv.
---@return string path
function M.write(cases, out, name)
  local path = ("%s/%s_indices.csv"):format(out, name)
  local ok, message = file.write(path, tables.csv(say.read(M.rows(cases)), { columns = M.COLUMNS }))
  if not ok then error(message, 0) end
  return path
end

local function each(case, method, fn)
  local panels = {}
  for _, output in ipairs(case.outputs) do
    panels[#panels + 1] = fn(case.found[method].outputs[output[1]], output[2], output[1])
  end
  return panels
end

local function morris_panel(output, words)
  local series, top = {}, 0
  for i, own in ipairs(output.factors) do
    series[i] = { x = { own.mu_star }, y = { own.sigma }, style = "points", label = own.factor, color = i,
      xlow = { own.mu_star_low }, xhigh = { own.mu_star_high }, low = { own.sigma_low }, high = { own.sigma_high } }
    for _, name in ipairs{ "mu_star", "mu_star_high", "sigma", "sigma_high" } do
      if own[name] > top then top = own[name] end -- not nan
    end
  end
  top = top > 0 and 1.05 * top or 1
  series[#series + 1] = { x = { 0, top }, y = { 0, top }, style = "lines", dash = true, color = 7, label = "sigma = mu*" }
  return { title = words, xlabel = say"mu*: decades, over the factor's range", ylabel = "sigma", xrange = { 0, top },
    yrange = { 0, top }, series = series }
end

local function sobol_panel(output, words)
  local names, bars, low, high = {}, {}, 0, 1
  for b, index in ipairs{ "S1", "ST" } do
    local bar = { y = {}, low = {}, high = {}, style = "bars", color = b == 1 and 2 or 1,
      label = index == "S1" and say"S1: alone" or say"ST: with the others" }
    for i, own in ipairs(output.factors) do
      names[i], bar.y[i], bar.low[i], bar.high[i] = own.factor, own[index], own[index .. "_low"], own[index .. "_high"]
      if bar.low[i] < low then low = bar.low[i] end
      if bar.high[i] > high then high = bar.high[i] end
    end
    bars[b] = bar
  end
  return { title = words, ylabel = say"share of the variance", categories = names,
    yrange = { 1.05 * low, 1.05 * high }, series = bars, lines = { { y = 0 } } }
end

local function oat_panel(output, words, factors)
  local series = {}
  for i, own in ipairs(output.factors) do
    local line = { x = {}, y = {}, label = own.factor, color = i }
    line.style = factors[i].numeric and "linespoints" or "points"
    for k, place in ipairs(own.line) do
      line.x[k], line.y[k] = factors[i]:unit(place.value), place.y or 0 / 0
    end
    series[i] = line
  end
  return { title = words, xlabel = say"place in the factor's range", xrange = { 0, 1 }, ylog = true,
    series = series }
end

--- The figures of the cases: Morris' plane, Sobol's bars, one at a time.
---@param cases table[]  a case's `file` stands in the names of its figures
---@return table[]  drawings for experiment.finish
function M.drawings(cases)
  local out = {}
  for _, case in ipairs(cases) do
    local mark, own = case.file and "_" .. case.file or "", { case = case.name }
    local function draw(name, title, panels) -- side by side, so that two figures fill a page that lies
      out[#out + 1] = { file = name .. mark, title = title, panels = panels, columns = #panels, height = 380,
        width = 1320 }
    end
    draw("morris", say("Elementary effects on log10 of the outputs: {case}", own), each(case, "morris", morris_panel))
    draw("sobol", say("Shares of the variance of log10 of the outputs: {case}", own), each(case, "sobol", sobol_panel))
    draw("oat", say("One factor at a time: {case}", own), each(case, "oat", function(output, words)
      return oat_panel(output, words, case.designs[1].factors)
    end))
  end
  return out
end

--- The first output's shares as a figure for the terminal.
function M.text(case)
  local words = case.outputs[1]
  local panel = sobol_panel(case.found.sobol.outputs[words[1]], nil)
  panel.title = say("{output}, {case}: shares of the variance, alone (S1) | with the others (ST)", { output = words[2],
    case = case.name })
  panel.key = false
  return panel
end

--- The base point in words: "n = 200, sign = mixed".
function M.base(case)
  local parts = {}
  for i, f in ipairs(case.designs[1].factors) do
    local value = case.designs[1].base[f.name]
    parts[i] = ("%s = %s"):format(f.name, type(value) == "number" and ("%.3g"):format(value) or tostring(value))
  end
  return table.concat(parts, ", ")
end

--- Sections of a page: what moves each output, by how much, how sure, and what failed.
---@param cases table[]
---@return table[]  {{title, lines}, ...}
function M.sections(cases)
  local out = {}
  for _, case in ipairs(cases) do
    for _, section in ipairs(findings.sections(case, M.base(case))) do out[#out + 1] = section end
  end
  return out
end

return M
