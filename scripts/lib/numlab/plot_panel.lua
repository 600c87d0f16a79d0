--- One panel of a figure as lines of a gnuplot script: axes, series or a heat map, legend. For numlab.plot, which checks
--- the options first.
---
--- A panel leaves gnuplot's settings as it needs them, and each sets all that another could have changed.
---@internal of numlab.plot
local axis = require "numlab.plot_axis"
local gnuplot = require "numlab.gnuplot"
local text = require "numlab.text"

local M = {}

local finite = axis.finite

-- Okabe and Ito's colours, told apart by colour-blind readers; with them shapes and dashes.
local COLORS = { "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31" }
local SHAPES = { 7, 5, 9, 13, 11, 15, 6, 4 }

-- What a dashed line (theory, mostly) is drawn in: darker, so that it is seen on top of the line it agrees with.
local DARKER = {}
for i, color in ipairs(COLORS) do
  DARKER[i] = color:gsub("%x%x", function(byte) return ("%02x"):format(tonumber(byte, 16) * 11 // 20) end)
end

--- Styles of a series, by gnuplot's names.
M.STYLES = { lines = "lines", points = "points", linespoints = "linespoints", bars = "boxes", steps = "steps" }

-- One series as a data block: x y low high, and where it has whiskers along x: xlow xhigh. How many points it has and
-- how many were left out.
local function data_block(name, s, panel, shift)
  local lines, kept, dropped = { ("%s << %s"):format(name, "NUMLAB_DATA") }, 0, 0
  local function can_be(v, along) return finite(v) and not (panel[along .. "log"] and v <= 0) end
  local function ends(along, at, i) -- a whisker's end that cannot be drawn is the point itself
    local low, high = s.low, s.high
    if along == "x" then low, high = s.xlow, s.xhigh end
    return low and can_be(low[i], along) and low[i] or at, high and can_be(high[i], along) and high[i] or at
  end
  for i = 1, #s.x do
    local x, y = s.x[i], s.y[i]
    if finite(x) then x = x + shift end
    if can_be(x, "x") and can_be(y, "y") then
      local point = { x, y, ends("y", y, i) }
      if s.xlow then point[5], point[6] = ends("x", x, i) end
      for k, v in ipairs(point) do point[k] = text.number(v) end
      lines[#lines + 1] = table.concat(point, " ")
      kept = kept + 1
    else
      if kept > 0 then lines[#lines + 1] = "" end -- the line breaks where a point is missing
      dropped = dropped + 1
    end
  end
  lines[#lines + 1] = "NUMLAB_DATA"
  return table.concat(lines, "\n"), kept, dropped
end

-- Smallest and largest number that can be drawn: a logarithm must be there where the colours follow it.
local function extent(z, measure)
  local lowest, highest = math.huge, -math.huge
  for _, row in pairs(z) do
    for _, value in pairs(row) do
      if finite(value) and finite(measure(value)) then lowest, highest = math.min(lowest, value), math.max(highest, value) end
    end
  end
  return lowest, highest
end

-- The scale of the colours. Where the cells say their values its two ends are enough.
local function color_scale(out, h, lowest, highest)
  local room = lowest < highest and 0 or math.max(math.abs(lowest) / 10, 1e-300)
  out[#out + 1] = h.log and "set logscale cb\nset format cb '10^{%L}'" or "unset logscale cb\nset format cb '%g'"
  out[#out + 1] = ("set cbrange [%s:%s]"):format(text.number(lowest - room), text.number(highest + room))
  out[#out + 1] = "set cbtics autofreq"
  if h.format then
    local function said(v) return ("%s %s"):format(gnuplot.quote_tic(M.cell(h, v)), text.number(v)) end
    out[#out + 1] = ("set cbtics noenhanced (%s%s)"):format(said(lowest),
      lowest < highest and ", " .. said(highest) or "")
  end
end

--- What stands in a cell of a heat map.
function M.cell(h, z) return type(h.format) == "function" and h.format(z) or h.format:format(z) end

local function heat_panel(out, panel, number, canvas)
  local h = panel.heatmap
  local measure = h.log and function(v) return v > 0 and math.log(v) end or function(v) return v end
  local lowest, highest = table.unpack(h.range or { extent(h.z, measure) })
  local name, kept, dropped = ("$panel%d_cells"):format(number), 0, 0
  local lines = { name .. " << NUMLAB_DATA" }
  for r = 1, #h.y do
    for c = 1, #h.x do
      local z = (h.z[r] or {})[c]
      if finite(z) and measure(z) then
        lines[#lines + 1] = ("%d %d %s"):format(c, r, text.number(z))
        if h.format then -- white on the dark half of the palette
          local share = (measure(z) - measure(lowest)) / (measure(highest) - measure(lowest))
          out[#out + 1] = ("set label %s at %d,%d center front noenhanced tc rgb '%s'"):format(
            gnuplot.quote(M.cell(h, z)), c, r, (share > 0.6 or lowest == highest) and "#000000" or "#ffffff")
        end
        kept = kept + 1
      elseif z ~= nil then
        dropped = dropped + 1
      end
    end
  end
  if kept == 0 then return nil, dropped end
  lines[#lines + 1] = "NUMLAB_DATA"
  out[#out + 1] = table.concat(lines, "\n")
  axis.tics(out, "x", h.x, 0.5, axis.is_slanted(panel, canvas))
  axis.tics(out, "y", h.y, 0.5)
  out[#out + 1] = ("set yrange [%g:0.5]"):format(#h.y + 0.5) -- the first row on top, as in a table
  out[#out + 1] = ("set cblabel %s noenhanced"):format(gnuplot.quote(h.label or ""))
  color_scale(out, h, lowest, highest)
  out[#out + 1] = "set colorbox\nunset grid\nset key off"
  return ("plot %s using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
    .. "fillcolor palette fillstyle solid noborder"):format(name), dropped
end

-- How series i looks: the words after `with`, and its colour.
local function look(s, i, ascii)
  local style, color = M.STYLES[s.style or "linespoints"], math.tointeger(s.color) or i
  color = (color - 1) % #COLORS + 1
  local rgb = (s.dash and DARKER or COLORS)[color]
  if style == "boxes" then return ("boxes fs solid 0.85 noborder lc rgb '%s'"):format(rgb), rgb, style end
  local pointed = style == "points" or style == "linespoints"
  if ascii then return ("%s lc %d%s"):format(style, color, pointed and " pt " .. i or ""), rgb, style end
  local shape = (" pt %d ps 0.9"):format(SHAPES[(math.tointeger(s.shape) or color - 1) % #SHAPES + 1])
  return ("%s lc rgb '%s' lw 2%s%s"):format(style, rgb, pointed and shape or "", s.dash and " dt 2" or ""), rgb, style
end

local function line_look(ascii) return ascii and "lines lc 7" or "lines lc rgb '#777777' lw 1.5 dt 4" end

--- What the legend of a panel says: {label =, look = gnuplot's words} each.
---@param panel table
---@param ascii boolean?
---@return table[]
function M.legend(panel, ascii)
  local entries = {}
  if panel.key == false or panel.heatmap then return entries end
  for i, s in ipairs(panel.series or {}) do
    if s.label then entries[#entries + 1] = { label = s.label, look = (look(s, i, ascii)) } end
  end
  for _, line in ipairs(panel.lines or {}) do
    if line.label then entries[#entries + 1] = { label = line.label, look = line_look(ascii) } end
  end
  return entries
end

--- Columns and lines of a legend that is `width` wide: columns as wide as the longest entry.
---@param entries table[]  of legend
---@param width number  pixels
---@return integer columns
---@return integer lines
function M.legend_layout(entries, width)
  local longest = 0
  for _, entry in ipairs(entries) do longest = math.max(longest, text.width(entry.label)) end
  local columns = math.max(1, math.min(#entries, math.floor((width * 0.85) / (axis.CHARACTER * (longest + 7)))))
  return columns, (#entries + columns - 1) // columns
end

-- What gnuplot draws for one series, lines of a plot command.
local function series_plots(plots, name, s, i, canvas)
  local words, rgb, style = look(s, i, canvas.ascii)
  local title = s.label and not canvas.shared and "title " .. gnuplot.quote(s.label) or "notitle"
  local own = ("%s using 1:2 with %s %s"):format(name, words, title)
  if style == "boxes" then plots[#plots + 1] = own end
  if s.low and s.band then
    plots[#plots + 1] = ("%s using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' notitle")
      :format(name, rgb)
  end
  local whisker = not canvas.ascii and ("with vectors nohead lc rgb '%s' lw 2 notitle"):format(
    style == "boxes" and "#444444" or rgb)
  if whisker and s.low and not s.band then
    plots[#plots + 1] = ("%s using 1:3:(0):($4-$3) %s"):format(name, whisker)
  end
  if whisker and s.xlow then plots[#plots + 1] = ("%s using 5:2:($6-$5):(0) %s"):format(name, whisker) end
  if style ~= "boxes" then plots[#plots + 1] = own end
end

local function reference_lines(out, plots, panel, canvas)
  for i, line in ipairs(panel.lines or {}) do
    local title = line.label and not canvas.shared and "title " .. gnuplot.quote(line.label) or "notitle"
    local words = line_look(canvas.ascii)
    if line.y then
      plots[#plots + 1] = ("%s with %s %s"):format(text.number(line.y + 0.0), words, title)
    elseif line.x then
      out[#out + 1] = ("set arrow %d from first %s, graph 0 to first %s, graph 1 nohead %s back"):format(i,
        text.number(line.x), text.number(line.x), (words:gsub("^lines ", "")))
      if line.label then plots[#plots + 1] = ("NaN with %s %s"):format(words, title) end
    end
  end
end

local function series_panel(out, panel, number, canvas)
  local series, plots, dropped_all, bars, bar = panel.series or {}, {}, 0, 0, 0
  for _, s in ipairs(series) do if s.style == "bars" then bars = bars + 1 end end
  local slanted = axis.is_slanted(panel, canvas)
  if panel.categories then axis.tics(out, "x", panel.categories, 0.6, slanted) end
  if slanted then
    out[#out + 1] = ("set rmargin %g"):format(axis.slanted_margin(panel.categories, canvas.width))
  end
  local width = 0.8 / math.max(1, bars)
  if bars > 0 then
    out[#out + 1] = ("set boxwidth %g"):format(width * 0.92)
    if not panel.ylog and not panel.yrange then out[#out + 1] = "set yrange [*<0:0<*]" end
  end
  if panel.xlog and not panel.xrange and not panel.categories then axis.own_tics(out, panel) end
  for i, s in ipairs(series) do
    local shift = 0
    if s.style == "bars" then
      bar = bar + 1
      shift = (bar - (bars + 1) / 2) * width
    end
    local name = ("$panel%d_series%d"):format(number, i)
    local block, kept, dropped = data_block(name, s, panel, shift)
    dropped_all = dropped_all + dropped
    if kept > 0 then
      out[#out + 1] = block
      series_plots(plots, name, s, i, canvas)
    end
  end
  if #plots == 0 then return nil, dropped_all end
  reference_lines(out, plots, panel, canvas)
  return "plot " .. table.concat(plots, ", \\\n     "), dropped_all
end

-- The legend stands below the panel, or inside where `key` says so, or beside it where characters draw.
local function key(out, panel, canvas)
  local entries = M.legend(panel, canvas.ascii)
  if #entries == 0 or canvas.shared then
    out[#out + 1] = "set key off"
  elseif canvas.ascii then
    out[#out + 1] = "set key on outside right top vertical Left noreverse width 1"
  elseif type(panel.key) == "string" then
    out[#out + 1] = ("set key on inside %s vertical"):format(panel.key:match("^[a-z ]+$") or "")
  else
    local columns, lines = M.legend_layout(entries, canvas.width)
    local names = 0
    for _, name in ipairs(axis.is_slanted(panel, canvas) and panel.categories or {}) do
      names = math.max(names, text.width(axis.name_of(name)))
    end
    out[#out + 1] = ("set key on bmargin center horizontal maxcols %d\nset bmargin %g"):format(columns,
      2.8 + (panel.xlabel and 1.4 or 0) + 1.25 * lines + 0.3 * names)
  end
end

--- Append a panel to the script.
---@param out string[]
---@param panel table  its options, checked
---@param number integer  a panel's place in its figure
---@param canvas table  {width = pixels, ascii = drawn with characters, shared = its legend stands elsewhere}
---@return integer dropped  points left out
---@return boolean empty  nothing was left to draw
function M.script(out, panel, number, canvas)
  out[#out + 1] = "unset label\nunset arrow\nunset colorbox\nset bmargin -1\nset rmargin -1\n"
    .. (canvas.ascii and "unset grid" or "set grid")
  out[#out + 1] = ("set title %s noenhanced"):format((gnuplot.quote_lines(not canvas.ascii and panel.title or "",
    canvas.width / axis.CHARACTER)))
  axis.set(out, "x", panel, canvas)
  axis.set(out, "y", panel, canvas)
  key(out, panel, canvas)
  local plot, dropped
  if panel.heatmap then
    plot, dropped = heat_panel(out, panel, number, canvas)
  else
    plot, dropped = series_panel(out, panel, number, canvas)
  end
  out[#out + 1] = plot or "unset logscale\nset xtics norotate autofreq\nset ytics autofreq\nset xrange [0:1]\nset yrange [0:1]\n"
    .. "set label 'no data' at graph 0.5,0.5 center\nset key off\nplot NaN notitle"
  return dropped, plot == nil
end

return M
