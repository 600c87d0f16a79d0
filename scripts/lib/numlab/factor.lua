--- A factor: a name with the values it may take, a range or a list, seen through u in [0, 1].
---
---   local factor = require "numlab.factor"
---   factor.new{ "n", 50, 2000, log = true, integer = true }    -- every size, small ones as often as large ones
---   factor.new{ "ratio", 1.01, 2, log = true, origin = 1 }     -- even in log(ratio - 1)
---   factor.new{ "sign", { "mixed", "negative" } }              -- a list: numbers in order, or names
---
--- A range: x(u) = low + u (high - low); with `log` and t = x - origin, t(u) = t_low (t_high / t_low)^u. With `integer`
--- each whole number takes the share of [0, 1] that rounds to it, the ends included: the range is widened by 1/2 on
--- both sides first. A list of m values: u in [(j-1)/m, j/m) is value j.
---@internal of numlab.sensitivity
local expect = require "numlab.expect"
local text = require "numlab.text"

local M = {}

local Factor = {}
Factor.__index = Factor

local function refuse(what, ...) expect.fail(what:format(...)) end

local function is_finite(x) return type(x) == "number" and x - x == 0 end

-- A value as a message names it.
local function show(v) return type(v) == "number" and text.number(v) or tostring(v) end
M.show = show

local function check_list(what, name, values)
  if #values == 0 then refuse("%s: factor '%s' has no values", what, name) end
  local seen = {}
  for i, v in ipairs(values) do
    if not (is_finite(v) or type(v) == "string" or type(v) == "boolean") then
      refuse("%s: value %d of factor '%s' is %s; numbers, strings and booleans can be", what, i, name,
        type(v) == "number" and show(v) or "a " .. expect.got(v))
    end
    if seen[v] then refuse("%s: factor '%s' has the value %s twice", what, name, show(v)) end
    seen[v] = true
  end
end

local function check_range(what, f)
  local name = f.name
  if not (is_finite(f.low) and is_finite(f.high)) then
    refuse("%s: factor '%s' must be {name, low, high} or {name, {values}}, got bounds %s and %s", what, name,
      show(f.low), show(f.high))
  end
  if not (f.low < f.high) then
    refuse("%s: factor '%s' runs from %s to %s; low must be below high", what, name, show(f.low), show(f.high))
  end
  if f.integer and not (math.tointeger(f.low) and math.tointeger(f.high)) then
    refuse("%s: factor '%s' is integer, its bounds %s and %s must be whole numbers", what, name, show(f.low),
      show(f.high))
  end
  if f.log and not (f.low > f.origin) then
    refuse("%s: factor '%s' is on a log scale, its bounds must lie above %s, got %s", what, name, show(f.origin),
      show(f.low))
  end
end

--- A factor from its words.
---@param spec table  {name, low, high, log=, integer=, origin=} or {name, {values}}; a factor is given back as it is
---@param what string?  who asks, for messages
---@return table factor  {name, values | low, high, log, integer, origin, count (values; nil for a continuum)}
function M.new(spec, what)
  what = what or "factor.new"
  if getmetatable(spec) == Factor then return spec end
  if type(spec) ~= "table" or type(spec[1]) ~= "string" then
    refuse("%s: a factor is {name, low, high} or {name, {values}}, got a %s", what,
      type(spec) == "table" and "table that does not begin with a name" or expect.got(spec))
  end
  local options = {}
  for key, value in pairs(spec) do if type(key) ~= "number" then options[key] = value end end
  text.check_options(("%s: factor '%s'"):format(what, spec[1]), options,
    { log = "boolean", integer = "boolean", origin = "number" })
  local f = setmetatable({ name = spec[1] }, Factor)
  if type(spec[2]) == "table" then
    if spec[3] ~= nil or next(options) then
      refuse("%s: factor '%s' is a list; low, high, log, integer, origin belong to ranges", what, f.name)
    end
    check_list(what, f.name, spec[2])
    f.values, f.count = table.move(spec[2], 1, #spec[2], 1, {}), #spec[2]
    f.numeric = true
    for _, v in ipairs(f.values) do f.numeric = f.numeric and type(v) == "number" end
    return f
  end
  f.low, f.high, f.log, f.integer, f.origin = spec[2], spec[3], options.log, options.integer, options.origin or 0
  f.numeric = true
  check_range(what, f)
  if f.integer then
    f.low, f.high = math.tointeger(f.low), math.tointeger(f.high)
    f.count = f.high - f.low + 1
  end
  return f
end

--- Factors from a list of their words: at least one, no name twice.
---@param list table[]
---@param what string
---@return table[] factors
function M.list(list, what)
  if type(list) ~= "table" or #list == 0 then
    refuse("%s: expected a list of factors {{name, low, high}, {name, {values}}, ...}, got %s", what,
      type(list) == "table" and "an empty one" or "a " .. expect.got(list))
  end
  local out, seen = {}, {}
  for i, spec in ipairs(list) do
    out[i] = M.new(spec, what)
    if seen[out[i].name] then refuse("%s: factor '%s' stands twice", what, out[i].name) end
    seen[out[i].name] = true
  end
  return out
end

-- The ends of the scale on which u is even; whole numbers get half a step more on both sides, down to the origin's
-- side no further than half the way (log of 0 has no place).
local function ends(f)
  local low, high = f.low, f.high
  if f.integer then
    low, high = low - 0.5, high + 0.5
    if f.log and not (low > f.origin) then low = (f.low + f.origin) / 2 end
  end
  if f.log then return math.log(low - f.origin), math.log(high - f.origin) end
  return low, high
end

--- The value at u in [0, 1].
---@param u number
function Factor:at(u)
  if self.values then return self.values[math.min(#self.values, math.floor(u * #self.values) + 1)] end
  if u <= 0 or u >= 1 then return u <= 0 and self.low or self.high end -- exact, whatever exp rounds to
  local a, b = ends(self)
  local x = a + u * (b - a)
  if self.log then x = self.origin + math.exp(x) end
  if self.integer then x = math.floor(x + 0.5) end
  return math.min(self.high, math.max(self.low, x))
end

--- Where a value lies: the u in the middle of what gives it; nil for a value the factor does not take.
---@param value any
---@return number?
function Factor:unit(value)
  if self.values then
    for j, v in ipairs(self.values) do if v == value then return (j - 0.5) / #self.values end end
    return nil
  end
  if not (is_finite(value) and value >= self.low and value <= self.high) then return nil end
  if self.integer and not math.tointeger(value) then return nil end
  local a, b = ends(self)
  return ((self.log and math.log(value - self.origin) or value) - a) / (b - a)
end

--- In words: "50 to 2000, log, whole", "mixed, negative".
function Factor:words()
  if not self.values then
    return ("%s to %s%s%s"):format(show(self.low), show(self.high),
      self.log and (self.origin == 0 and ", log" or (", log of the distance to %s"):format(show(self.origin))) or "",
      self.integer and ", whole" or "")
  end
  local words = {}
  for i, v in ipairs(self.values) do words[i] = show(v) end
  return table.concat(words, ", ")
end

return M
