--- Axes and designs of a sweep: lists of values that are multiplied out, and points of several axes chosen together.
---
--- Example:
---     local axes, signs = require "numlab.axes", {"mixed", "negative"}
---     local function count(list) return #axes.expand(list) end
---     assert(count{ {"n", axes.pow2(64, 1024)}, {"density", axes.logspace(0.01, 0.3, 4)} } == 5 * 4)
---     assert(count{ axes.zip{ {"n", {100, 200}}, {"tol", {1e-6, 1e-8}} }, {"sign", signs} } == 2 * 2)
---     assert(count{ axes.lhs(50, 1, { {"n", 50, 2000, log = true, integer = true}, {"sign", signs} }) } == 50)
---
--- A list of axes holds {name, {values}} and designs, {names = {...}, points = {{name = value}, ...}}; `expand` makes
--- points of both. Ranges for random points are the factors of numlab.factor. What cannot be raises: an empty axis, a
--- value twice, more points than there are.
local expect = require "numlab.expect"
local factor = require "numlab.factor"
local sample = require "numlab.sample"
local text = require "numlab.text"

local M = {}

--- More points than this are a mistake, not a sweep.
M.LIMIT = 1000000

local show = factor.show

local function refuse(what, ...) expect.fail(("axes.%s"):format(what:format(...))) end

local function check_finite(what, ...)
  for i = 1, select("#", ...), 2 do
    local name, value = select(i, ...)
    expect("axes." .. what, name, value, "finite")
  end
end

local function check_count(what, n, most)
  expect("axes." .. what, "n", n, "count")
  if n > (most or M.LIMIT) then refuse("%s: %d points, the most is %d", what, n, most or M.LIMIT) end
end

local function check_seed(what, seed)
  expect("axes." .. what, "seed", seed, "whole")
end

--- The values of a list, checked: at least one, none twice, numbers, strings or booleans.
---@param values any[]
---@return any[]
--- Example:
---     assert(#nl.axes.list{1, 2, 4} == 3 and not pcall(nl.axes.list, {1, 1}))
function M.list(values)
  if type(values) ~= "table" then refuse("list: expected a list, got a %s", expect.got(values)) end
  return factor.new({ "list", values }, "axes.list").values
end

--- a, a + step, ..., b where the steps meet it (to within a millionth of a step). Whole numbers stay whole.
---@param a number
---@param b number
---@param step number?  1
---@return number[]
--- Example:
---     assert(#nl.axes.range(0, 1, 0.25) == 5 and nl.axes.range(2, 4)[3] == 4)
function M.range(a, b, step)
  step = step or 1
  check_finite("range", "a", a, "b", b, "step", step)
  if step == 0 or (b - a) / step < 0 then refuse("range: steps of %s do not lead from %s to %s", show(step), show(a), show(b)) end
  local count, out = math.floor((b - a) / step + 1e-6) + 1, {}
  check_count("range", count)
  for i = 1, count do out[i] = a + (i - 1) * step end
  return out
end

--- n values from a to b, evenly spaced, both ends exact.
---@param a number
---@param b number
---@param n integer
---@return number[]
--- Example:
---     assert(nl.axes.linspace(0, 1, 3)[2] == 0.5)
function M.linspace(a, b, n)
  check_finite("linspace", "a", a, "b", b)
  check_count("linspace", n)
  if n > 1 and a == b then refuse("linspace: %d values from %s to %s would be equal", n, show(a), show(b)) end
  local out = { a }
  for i = 2, n do out[i] = i == n and b or a + (b - a) * (i - 1) / (n - 1) end
  return out
end

---@class numlab.axes.LogspaceOptions
---@field integer? boolean  rounded to whole numbers, which must be n different ones

--- n values from a to b (the values, not their exponents), each the same factor above the last, both ends exact.
---@param a number
---@param b number
---@param n integer
---@param options numlab.axes.LogspaceOptions?
---@return number[]
function M.logspace(a, b, n, options)
  text.check_options("axes.logspace", options, { integer = "boolean" })
  check_finite("logspace", "a", a, "b", b)
  check_count("logspace", n)
  if not (a > 0 and b > 0) then refuse("logspace: the ends must be positive, got %s and %s", show(a), show(b)) end
  if n > 1 and a == b then refuse("logspace: %d values from %s to %s would be equal", n, show(a), show(b)) end
  local out, last, whole = {}, nil, 0
  for i = 1, n do
    local x = i == 1 and a or i == n and b or a * (b / a) ^ ((i - 1) / (n - 1))
    if options and options.integer then x = math.floor(x + 0.5) end
    out[i] = x
    if x ~= last then last, whole = x, whole + 1 end
  end
  if whole < n then
    refuse("logspace: %d whole numbers asked for from %s to %s, rounding leaves %d different ones", n, show(a), show(b),
      whole)
  end
  return out
end

--- The powers of two from a to b, both counted in: pow2(64, 1024) is 64, 128, ..., 1024.
---@param a integer
---@param b integer
---@return integer[]
function M.pow2(a, b)
  check_finite("pow2", "a", a, "b", b)
  local out, p = {}, 1
  while p <= b and p < 2 ^ 62 do
    if p >= a then out[#out + 1] = p end
    p = 2 * p
  end
  if #out == 0 then refuse("pow2: there is no power of two from %s to %s", show(a), show(b)) end
  return out
end

local function is_design(entry) return type(entry) == "table" and entry.points ~= nil and entry.names ~= nil end

-- An entry of a list of axes as a design: {name, values} has one point a value.
local function as_design(what, entry, i)
  if is_design(entry) then
    if #entry.points == 0 then expect.fail(("axes.%s: design %d has no points"):format(what, i)) end
    return entry
  end
  if type(entry) ~= "table" or type(entry[1]) ~= "string" or type(entry[2]) ~= "table" then
    expect.fail(("axes.%s: axis %d must be {name, {values, ...}} or a design (zip, product, random, lhs)"):format(what, i))
  end
  if #entry[2] == 0 then expect.fail(("axes.%s: axis '%s' is empty"):format(what, entry[1])) end
  local f = factor.new({ entry[1], entry[2] }, "axes." .. what)
  local points = {}
  for j, value in ipairs(f.values) do points[j] = { [f.name] = value } end
  return { names = { f.name }, points = points }
end

local function designs(what, list)
  if type(list) ~= "table" or #list == 0 then
    expect.fail(("axes.%s: expected a list of axes, got %s"):format(what, type(list) == "table" and "an empty one"
      or "a " .. expect.got(list)))
  end
  local out, names, seen = {}, {}, {}
  for i, entry in ipairs(list) do
    out[i] = as_design(what, entry, i)
    for _, name in ipairs(out[i].names) do
      if seen[name] then expect.fail(("axes.%s: axis '%s' stands twice"):format(what, name)) end
      seen[name], names[#names + 1] = true, name
    end
  end
  return out, names
end

local function joined(...)
  local point = {}
  for _, part in ipairs{ ... } do for name, value in pairs(part) do point[name] = value end end
  return point
end

-- Every combination of the designs, the last fastest.
local function multiply(what, list)
  local parts, names = designs(what, list)
  local count, sizes = 1, {}
  for i, part in ipairs(parts) do count, sizes[i] = count * (#part.points + 0.0), ("%d"):format(#part.points) end
  if count > M.LIMIT then
    expect.fail(("axes.%s: %s = %.0f points, the most is %d"):format(what, table.concat(sizes, " x "), count, M.LIMIT))
  end
  local points = { {} }
  for _, part in ipairs(parts) do
    local longer = {}
    for _, point in ipairs(points) do
      for _, more in ipairs(part.points) do longer[#longer + 1] = joined(point, more) end
    end
    points = longer
  end
  return { names = names, points = points }
end

--- Axes (or designs) side by side: the i-th values of all make point i. All have the same length.
---@param list table[]  {name, {values}} and designs
---@return table design
function M.zip(list)
  local parts, names = designs("zip", list)
  local lengths, points = {}, {}
  for i, part in ipairs(parts) do
    lengths[i] = ("%s has %d"):format(table.concat(part.names, ", "), #part.points)
    if #part.points ~= #parts[1].points then
      refuse("zip: the axes must be of one length, but %s and %s", lengths[1], lengths[i])
    end
  end
  for i = 1, #parts[1].points do
    points[i] = {}
    for _, part in ipairs(parts) do points[i] = joined(points[i], part.points[i]) end
  end
  return { names = names, points = points }
end

--- Every combination of axes and designs, the last fastest: a design to zip, or to write out.
---@param list table[]  {name, {values}} and designs
---@return table design
--- Example:
---     local design = nl.axes.product{ {"n", {1, 2}}, {"sign", {"mixed", "negative"}} }
---     assert(#design.points == 4 and design.points[2].n == 1 and design.points[2].sign == "negative")
function M.product(list) return multiply("product", list) end

--- The points of a sweep's axes.
---@param list table[]  axes {name, {values}} and designs
---@return table[] points
---@return string[] names
function M.expand(list)
  local design = multiply("expand", list)
  return design.points, design.names
end

-- Points of a sample, through the factors; nil where two fall together (possible only when all factors are finite).
local function drawn(factors, u, distinct)
  local points, seen = {}, {}
  for _, row in ipairs(u) do
    local point, id = {}, {}
    for j, f in ipairs(factors) do
      point[f.name] = f:at(row[j])
      id[j] = tostring(point[f.name])
    end
    id = table.concat(id, "\0")
    if not seen[id] then points[#points + 1] = point elseif not distinct then return nil end
    seen[id] = true
  end
  return points
end

-- How many different points factors have (nil: no end to them), and that in words.
local function size_of(factors)
  local count, words = 1.0, {}
  for i, f in ipairs(factors) do
    if not f.count then return nil end
    count, words[i] = count * f.count, ("%s (%d value%s)"):format(f.name, f.count, f.count == 1 and "" or "s")
  end
  return count, table.concat(words, " x ")
end

local function prepare(what, n, seed, bounds)
  check_count(what, n)
  check_seed(what, seed)
  local factors, names = factor.list(bounds, "axes." .. what), {}
  for j, f in ipairs(factors) do names[j] = f.name end
  local size, words = size_of(factors)
  if size and n > size then refuse("%s: %d points asked for, but %s hold %.0f", what, n, words, size) end
  return factors, names, size
end

--- n different random points. More points from the same seed begin with these; another axis keeps the others' values.
---@param n integer
---@param seed integer
---@param bounds table[]  factors: {name, low, high, log=, integer=, origin=} or {name, {values}}
---@return table design
--- Example:
---     local design = nl.axes.random(10, 1, { {"n", 50, 2000, log = true, integer = true} })
---     assert(#design.points == 10 and design.points[1].n >= 50)
function M.random(n, seed, bounds)
  local factors, names, size = prepare("random", n, seed, bounds)
  local tries, points = n
  repeat -- of a finite set some fall together: a longer sample holds more different ones
    points = drawn(factors, sample.points("random", tries, names, seed), true)
    tries = 2 * tries
  until #points >= n or not size
  return { names = names, points = table.move(points, 1, n, 1, {}) }
end

--- n points of a Latin hypercube: each axis is cut into n strata of equal share, and each stratum is hit once.
---@param n integer
---@param seed integer
---@param bounds table[]  as for random
---@return table design
function M.lhs(n, seed, bounds)
  local factors, names = prepare("lhs", n, seed, bounds)
  local points = drawn(factors, sample.points("lhs", n, names, seed))
  for try = 1, 200 do -- on finite axes two points may fall together: other permutations
    points = points or drawn(factors, sample.points("lhs", n, names, sample.derive(seed, "try " .. try)))
  end
  if not points then
    local size, words = size_of(factors)
    refuse("lhs: found no way to spread %d points over the %.0f of %s without one twice; take fewer, or axes.random", n,
      size, words)
  end
  return { names = names, points = points }
end

--- The seed of a point: it depends on the run's seed and on what the point is, not on where in the sweep it stands or
--- what else is swept.
---@param run_seed integer
---@param point table<string, number|string|boolean>
---@return integer seed  0 to 2^53 - 1
--- Example:
---     local seed = nl.axes.seed(1, {n = 100, method = "lu"})
---     assert(seed == nl.axes.seed(1, {method = "lu", n = 100}) and seed ~= nl.axes.seed(1, {n = 200, method = "lu"}))
function M.seed(run_seed, point)
  check_seed("seed", run_seed)
  if type(point) ~= "table" then refuse("seed: expected a point {name = value}, got a %s", expect.got(point)) end
  local parts = {}
  for name, value in pairs(point) do
    if type(name) ~= "string" or type(value) == "table" or type(value) == "function" then
      refuse("seed: a point is {name = number, string or boolean}, got %s = a %s", tostring(name), expect.got(value))
    end
    local shown = show(value)
    parts[#parts + 1] = ("%d:%s=%s %d:%s"):format(#name, name, type(value), #shown, shown)
  end
  table.sort(parts)
  return sample.derive(run_seed, table.concat(parts, "\n"))
end

return M
