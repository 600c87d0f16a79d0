--- Axes of a panel as lines of a gnuplot script: scales, ranges, ticks, names. For numlab.plot_panel.
---@internal of numlab.plot
local gnuplot = require "numlab.gnuplot"
local text = require "numlab.text"

local M = {}

--- Pixels of a character, about.
M.CHARACTER = 8

--- Can it be drawn?
function M.finite(v) return type(v) == "number" and v == v and v ~= math.huge and v ~= -math.huge end
local finite = M.finite

-- The least of 1, 2 and 5 times a power of ten that is not below v: so far apart are ticks that do not touch.
local function step(v)
  local unit = 10.0 ^ math.floor(math.log(v, 10))
  for _, times in ipairs{ 1, 2, 5 } do
    if times * unit >= v then return times * unit end
  end
  return 10 * unit
end

--- Label, scale, range and ticks of the axis `name`, "x" or "y".
function M.set(out, name, panel, canvas)
  local ascii, log, range = canvas.ascii, panel[name .. "log"], panel[name .. "range"]
  out[#out + 1] = ("set %slabel %s noenhanced"):format(name, gnuplot.quote(panel[name .. "label"] or ""))
  out[#out + 1] = ("set autoscale %s"):format(name)
  out[#out + 1] = log and ("set logscale %s"):format(name) or ("unset logscale %s"):format(name)
  out[#out + 1] = ("set format %s '%s'"):format(name, log and not ascii and "10^{%L}" or "%g")
  out[#out + 1] = ("set %stics autofreq enhanced norotate"):format(name)
  if range then
    out[#out + 1] = ("set %srange [%s:%s]"):format(name, finite(range[1]) and text.number(range[1]) or "*",
      finite(range[2]) and text.number(range[2]) or "*")
    if name == "x" and not log and not ascii and finite(range[1]) and finite(range[2]) and range[1] < range[2] then
      out[#out + 1] = ("set xtics %g enhanced norotate"):format(step((range[2] - range[1]) / (canvas.width / 80)))
    end
  end
end

--- A log axis with few different values shows just these; its range ends a little beside them.
function M.own_tics(out, panel)
  local seen, values = {}, {}
  for _, s in ipairs(panel.series or {}) do
    for _, x in ipairs(s.x) do
      if finite(x) and x > 0 and not seen[x] then
        seen[x] = true
        values[#values + 1] = x
      end
    end
  end
  table.sort(values)
  if #values == 0 then return end
  local list = {}
  for i, x in ipairs(values) do list[i] = ("'%g' %s"):format(x, text.number(x)) end
  if #values <= 8 then out[#out + 1] = ("set xtics noenhanced (%s)"):format(table.concat(list, ", ")) end
  local space = (values[#values] / values[1]) ^ 0.03 * 1.01
  out[#out + 1] = ("set xrange [%s:%s]"):format(text.number(values[1] / space), text.number(values[#values] * space))
end

--- A name below the axis; one of a sentence's length would push the axis out of its panel.
function M.name_of(label)
  return type(label) == "number" and text.number(label) or text.cut(tostring(label), 24)
end

--- Are the names below the axis slanted: as the panel says, else where neighbours would touch.
function M.is_slanted(panel, canvas)
  local labels = panel.categories or panel.heatmap and panel.heatmap.x
  if canvas.ascii or not labels or panel.slanted ~= nil then return not canvas.ascii and panel.slanted or false end
  local apart = (canvas.width - 110) / (#labels + 0.2) / M.CHARACTER -- characters from one to the next
  for i = 2, #labels do
    if (text.width(M.name_of(labels[i - 1])) + text.width(M.name_of(labels[i]))) / 2 + 1 > apart then return true end
  end
  return false
end

--- Names along an axis, at 1, 2, 3 ...
function M.tics(out, name, labels, margin, slanted)
  local list = {}
  for i, label in ipairs(labels) do list[i] = ("%s %d"):format(gnuplot.quote_tic(M.name_of(label)), i) end
  out[#out + 1] = ("set %stics noenhanced %s (%s)"):format(name, slanted and "rotate by -35" or "norotate",
    table.concat(list, ", "))
  out[#out + 1] = ("set %srange [%g:%g]"):format(name, 1 - margin, #labels + margin)
end

--- Room, in characters, for slanted names that begin below their places and end to the right of the axis.
function M.slanted_margin(labels, width)
  local need = 2
  for i, label in ipairs(labels) do
    local beyond = 0.92 * text.width(M.name_of(label)) - (#labels - i + 0.6) / (#labels + 0.2) * (width / 9 - 12)
    need = math.max(need, beyond + 1)
  end
  return need
end

return M
