--- Figures from a table of options, drawn by gnuplot. The script with its data stays beside the figure.
---
---   local plot = require "numlab.plot"
---   plot.figure{ file = "reports/x/time", title = "time against n", xlabel = "n", ylabel = "seconds",
---     xlog = true, ylog = true, series = { {x = n, y = t, low = t_min, high = t_max, label = "lu"} } }
---
--- A figure is one panel, or several in `panels`. Points that cannot be drawn (not finite, or not positive on a
--- log axis) are left out, counted and said.
local text = require "numlab.text"
local file = require "numlab.file"
local gnuplot = require "numlab.gnuplot"

local M = {}

-- Okabe and Ito's colours, told apart by colour-blind readers; with them shapes and dashes.
M.COLORS = { "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#8C6D31" }
local SHAPES = { 7, 5, 9, 13, 11, 15, 6, 4 }

--- Kinds of files a figure can be drawn as.
M.FORMATS = { "svg", "png", "pdf" }

local PANEL = { title = "string", xlabel = "string", ylabel = "string", xlog = "boolean", ylog = "boolean",
  xrange = "table", yrange = "table", series = "table", lines = "table", categories = "table", heatmap = "table",
  key = "boolean|string", slanted = "boolean" }
local FIGURE = { file = "string", formats = "table", width = "number", height = "number", columns = "number",
  panels = "table", caption = "string" }
local SERIES = { x = "table", y = "table", low = "table", high = "table", label = "string", style = "string",
  band = "boolean", color = "number", dash = "boolean", shape = "number" }
local HEATMAP = { x = "table", y = "table", z = "table", log = "boolean", label = "string",
  format = "string|function" }
local LINE = { x = "number", y = "number", label = "string" }
local STYLES = { lines = "lines", points = "points", linespoints = "linespoints", bars = "boxes", steps = "steps" }
for key, kind in pairs(PANEL) do FIGURE[key] = kind end

local function finite(v) return type(v) == "number" and v == v and v ~= math.huge and v ~= -math.huge end

local function check_panel(panel)
  text.check_options("plot", panel, PANEL, 4)
  for i, s in ipairs(panel.series or {}) do
    text.check_options(("plot: series %d"):format(i), s, SERIES, 4)
    if not s.x and panel.categories then
      s = setmetatable({ x = {} }, { __index = s })
      for k = 1, #panel.categories do s.x[k] = k end
      panel.series[i] = s
    end
    if not s.x or not s.y then error(("plot: series %d needs x and y, two lists"):format(i), 4) end
    for _, name in ipairs({ "y", "low", "high" }) do
      if s[name] and #s[name] ~= #s.x then
        error(("plot: series %d has %d values of x and %d of %s"):format(i, #s.x, #s[name], name), 4)
      end
    end
    if (s.low == nil) ~= (s.high == nil) then error(("plot: series %d: low and high go together"):format(i), 4) end
    if s.style and not STYLES[s.style] then
      error(text.unknown(("plot: series %d"):format(i), "style", s.style,
        { "lines", "points", "linespoints", "bars", "steps" }), 4)
    end
  end
  for i, line in ipairs(panel.lines or {}) do text.check_options(("plot: line %d"):format(i), line, LINE, 4) end
  text.check_options("plot: heatmap", panel.heatmap, HEATMAP, 4)
end

-- One series as a data block; how many points it has and how many were left out.
local function data_block(name, s, panel, shift)
  local lines, kept, dropped = { ("%s << %s"):format(name, "NUMLAB_DATA") }, 0, 0
  for i = 1, #s.x do
    local x, y = s.x[i], s.y[i]
    if finite(x) then x = x + shift end
    if finite(x) and finite(y) and not (panel.xlog and x <= 0) and not (panel.ylog and y <= 0) then
      local low, high = y, y
      if s.low then
        if finite(s.low[i]) and not (panel.ylog and s.low[i] <= 0) then low = s.low[i] end
        if finite(s.high[i]) then high = s.high[i] end
      end
      lines[#lines + 1] = ("%s %s %s %s"):format(text.number(x), text.number(y), text.number(low), text.number(high))
      kept = kept + 1
    else
      if kept > 0 then lines[#lines + 1] = "" end -- the line breaks where a point is missing
      dropped = dropped + 1
    end
  end
  lines[#lines + 1] = "NUMLAB_DATA"
  return table.concat(lines, "\n"), kept, dropped
end

local function axis(out, name, panel, ascii)
  local log, range = panel[name .. "log"], panel[name .. "range"]
  out[#out + 1] = ("set %slabel %s noenhanced"):format(name, gnuplot.quote(panel[name .. "label"] or ""))
  out[#out + 1] = ("set autoscale %s"):format(name)
  out[#out + 1] = log and ("set logscale %s"):format(name) or ("unset logscale %s"):format(name)
  out[#out + 1] = ("set format %s '%s'"):format(name, log and not ascii and "10^{%L}" or "%g")
  out[#out + 1] = ("set %stics autofreq enhanced norotate"):format(name)
  if range then
    out[#out + 1] = ("set %srange [%s:%s]"):format(name, finite(range[1]) and text.number(range[1]) or "*",
      finite(range[2]) and text.number(range[2]) or "*")
  end
end

-- A log axis with few different values shows just these; its range ends a little beside them.
local function own_tics(out, panel)
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

local function tics(out, name, labels, margin, slanted)
  local list = {}
  for i, label in ipairs(labels) do
    if type(label) == "number" then label = text.number(label) end
    list[i] = ("%s %d"):format(gnuplot.quote_tic(label), i)
  end
  out[#out + 1] = ("set %stics noenhanced %s (%s)"):format(name, slanted and "rotate by -35" or "norotate",
    table.concat(list, ", "))
  out[#out + 1] = ("set %srange [%g:%g]"):format(name, 1 - margin, #labels + margin)
end

-- Smallest and largest number that can be drawn, through `measure` (log where the colours are).
local function extent(z, measure)
  local lowest, highest = math.huge, -math.huge
  for _, row in pairs(z) do
    for _, value in pairs(row) do
      local v = finite(value) and measure(value)
      if finite(v) then lowest, highest = math.min(lowest, v), math.max(highest, v) end
    end
  end
  return lowest, highest
end

local function heat_panel(out, panel, number)
  local h = panel.heatmap
  local measure = h.log and function(v) return v > 0 and math.log(v) end or function(v) return v end
  local lowest, highest = extent(h.z, measure)
  local name, kept, dropped = ("$panel%d_cells"):format(number), 0, 0
  local lines = { name .. " << NUMLAB_DATA" }
  for r = 1, #h.y do
    for c = 1, #h.x do
      local z = (h.z[r] or {})[c]
      if finite(z) and measure(z) then
        lines[#lines + 1] = ("%d %d %s"):format(c, r, text.number(z))
        if h.format then -- white on the dark half of the palette
          out[#out + 1] = ("set label %s at %d,%d center front noenhanced tc rgb '%s'"):format(
            gnuplot.quote(type(h.format) == "function" and h.format(z) or h.format:format(z)), c, r,
            measure(z) - lowest > 0.6 * (highest - lowest) and "#000000" or "#ffffff")
        end
        kept = kept + 1
      elseif z ~= nil then
        dropped = dropped + 1
      end
    end
  end
  lines[#lines + 1] = "NUMLAB_DATA"
  out[#out + 1] = table.concat(lines, "\n")
  tics(out, "x", h.x, 0.5, panel.slanted)
  tics(out, "y", h.y, 0.5)
  out[#out + 1] = ("set yrange [%g:0.5]"):format(#h.y + 0.5) -- the first row on top, as in a table
  out[#out + 1] = ("set cblabel %s noenhanced"):format(gnuplot.quote(h.label or ""))
  out[#out + 1] = h.log and "set logscale cb\nset format cb '10^{%L}'" or "unset logscale cb\nset format cb '%g'"
  out[#out + 1] = "set colorbox\nunset grid\nset key off"
  local plot = kept > 0 and ("plot %s using 1:2:($1-0.5):($1+0.5):($2-0.5):($2+0.5):3 with boxxyerror "
    .. "fillcolor palette fillstyle solid noborder"):format(name)
  return plot, dropped
end

local function series_panel(out, panel, number, ascii)
  local series, plots, dropped_all, bars, bar = panel.series or {}, {}, 0, 0, 0
  for _, s in ipairs(series) do if s.style == "bars" then bars = bars + 1 end end
  if panel.categories then tics(out, "x", panel.categories, 0.6, panel.slanted and not ascii) end
  local width = 0.8 / math.max(1, bars)
  if panel.slanted and not ascii then out[#out + 1] = "set rmargin 7" end
  if bars > 0 then
    out[#out + 1] = ("set boxwidth %g"):format(width * 0.92)
    if not panel.ylog and not panel.yrange then out[#out + 1] = "set yrange [0:*]" end
  end
  if panel.xlog and not panel.xrange and not panel.categories then own_tics(out, panel) end
  for i, s in ipairs(series) do
    local style, shift = STYLES[s.style or "linespoints"], 0
    if style == "boxes" then
      bar = bar + 1
      shift = (bar - (bars + 1) / 2) * width
    end
    local name = ("$panel%d_series%d"):format(number, i)
    local block, kept, dropped = data_block(name, s, panel, shift)
    dropped_all = dropped_all + dropped
    if kept > 0 then
      out[#out + 1] = block
      local color = math.tointeger(s.color) or i
      color = (color - 1) % #M.COLORS + 1
      local look = ("lc rgb '%s' lw 2"):format(M.COLORS[color])
      local shape = (" pt %d ps 0.9"):format(SHAPES[(math.tointeger(s.shape) or color - 1) % #SHAPES + 1])
      if ascii then look, shape = ("lc %d"):format(color), (" pt %d"):format(i) end
      local dash = s.dash and not ascii and " dt 2" or ""
      local title = s.label and "title " .. gnuplot.quote(s.label) or "notitle"
      if s.low and s.band then
        plots[#plots + 1] = ("%s using 1:3:4 with filledcurves fs transparent solid 0.18 noborder lc rgb '%s' notitle")
          :format(name, M.COLORS[color])
      elseif s.low and not ascii then
        plots[#plots + 1] = ("%s using 1:3:(0):($4-$3) with vectors nohead lc rgb '%s' lw 2 notitle")
          :format(name, style == "boxes" and "#444444" or M.COLORS[color])
      end
      if style == "boxes" then
        table.insert(plots, s.low and not ascii and #plots or #plots + 1,
          ("%s using 1:2 with boxes fs solid 0.85 noborder lc rgb '%s' %s"):format(name, M.COLORS[color], title))
      else
        plots[#plots + 1] = ("%s using 1:2 with %s %s%s%s %s"):format(name, style, look,
          (style == "lines" or style == "steps") and "" or shape, dash, title)
      end
    end
  end
  if #plots == 0 then return nil, dropped_all end
  for i, line in ipairs(panel.lines or {}) do
    local title = line.label and "title " .. gnuplot.quote(line.label) or "notitle"
    local look = ascii and "lc 7" or "lc rgb '#777777' lw 1.5 dt 4"
    if line.y then
      plots[#plots + 1] = ("%s with lines %s %s"):format(text.number(line.y + 0.0), look, title)
    elseif line.x then
      out[#out + 1] = ("set arrow %d from first %s, graph 0 to first %s, graph 1 nohead %s back"):format(i,
        text.number(line.x), text.number(line.x), look)
      if line.label then plots[#plots + 1] = ("NaN with lines %s %s"):format(look, title) end
    end
  end
  return "plot " .. table.concat(plots, ", \\\n     "), dropped_all
end

-- The legend stands below the panel, in columns as wide as its longest entry.
local function key_layout(panel, width)
  local count, longest = 0, 0
  for _, list in ipairs({ panel.series or {}, panel.lines or {} }) do
    for _, s in ipairs(list) do
      if s.label then count, longest = count + 1, math.max(longest, text.width(s.label)) end
    end
  end
  local columns = math.max(1, math.min(count, math.floor((width * 0.85) / (8 * (longest + 7)))))
  return columns, (count + columns - 1) // columns
end

local function panel_script(out, panel, number, ascii, width)
  out[#out + 1] = "unset label\nunset arrow\nunset colorbox\nset bmargin -1\nset rmargin -1\n"
    .. (ascii and "unset grid" or "set grid")
  out[#out + 1] = ("set title %s noenhanced"):format(gnuplot.quote(not ascii and panel.title or ""))
  axis(out, "x", panel, ascii)
  axis(out, "y", panel, ascii)
  local labelled = 0
  for _, s in ipairs(panel.series or {}) do if s.label then labelled = labelled + 1 end end
  for _, l in ipairs(panel.lines or {}) do if l.label then labelled = labelled + 1 end end
  if panel.key == false or labelled == 0 then
    out[#out + 1] = "set key off"
  elseif ascii then
    out[#out + 1] = "set key on outside right top vertical Left noreverse width 1"
  elseif type(panel.key) == "string" then
    out[#out + 1] = ("set key on inside %s vertical"):format(panel.key:match("^[a-z ]+$") or "")
  else
    local columns, lines = key_layout(panel, width)
    out[#out + 1] = ("set key on bmargin center horizontal maxcols %d\nset bmargin %g"):format(columns,
      2.8 + (panel.xlabel and 1.4 or 0) + 1.25 * lines)
  end
  local plot, dropped
  if panel.heatmap then
    plot, dropped = heat_panel(out, panel, number)
  else
    plot, dropped = series_panel(out, panel, number, ascii)
  end
  if not plot then
    out[#out + 1] = "set label 'no data' at graph 0.5,0.5 center\nset xrange [0:1]\nset yrange [0:1]"
    plot = "set key off\nplot NaN notitle"
  end
  out[#out + 1] = plot
  return dropped
end

local THEME = [[
set encoding utf8
set border 3 lc rgb '#444444' lw 1
set tics nomirror out scale 0.6 tc rgb '#222222'
set grid lc rgb '#dddddd' lw 1 lt 1
set key noenhanced reverse Left samplen 2.5 spacing 1.15
set palette defined (0 '#440154', 1 '#3b528b', 2 '#21918c', 3 '#5ec962', 4 '#fde725')
set errorbars small
set bars small]]

local function layout(figure)
  local panels = figure.panels or { figure }
  local columns = math.tointeger(figure.columns) or (#panels > 1 and 2 or 1)
  return panels, columns, (#panels + columns - 1) // columns
end

local function check_figure(options)
  text.check_options("plot", options, FIGURE, 4)
  if not options then error("plot: expected a table of options", 3) end
  if options.panels then
    for _, panel in ipairs(options.panels) do check_panel(panel) end
  else
    local own = {}
    for key in pairs(PANEL) do own[key] = options[key] end
    check_panel(own)
    options = setmetatable({ panels = { own } }, { __index = options })
  end
  return options
end

--- The gnuplot script of a figure, and how many points it leaves out.
---@param options table
---@return string script, integer dropped
function M.script(options)
  local figure = check_figure(options)
  local panels, columns, rows = layout(figure)
  local width, height = figure.width or (columns == 1 and 760 or 520 * columns), figure.height or
    (rows == 1 and 480 or 400 * rows)
  local _, base = file.split(figure.file or "figure")
  local out = {
    ("# Written by numlab. `gnuplot FILE.gp` draws %s.svg; `gnuplot -c FILE.gp NAME png` (or pdf) another kind.")
      :format((base:gsub("%c", " "))),
    "kind = exists('ARG2') && strlen(ARG2) ? ARG2 : 'svg'",
    ("if (kind eq 'svg') set terminal svg size %d,%d font 'Helvetica,14' background '#ffffff'"):format(width, height),
    ("if (kind eq 'png') set terminal pngcairo size %d,%d font 'sans,11' background '#ffffff'"):format(width, height),
    ("if (kind eq 'pdf') set terminal pdfcairo size %gin,%gin font 'sans,11'"):format(width / 96, height / 96),
    ("set output (exists('ARG1') && strlen(ARG1) ? ARG1 : %s)"):format(gnuplot.quote(base .. ".svg")),
    THEME,
  }
  if #panels > 1 then
    out[#out + 1] = ("set multiplot layout %d,%d title %s noenhanced"):format(rows, columns,
      gnuplot.quote(options.title or ""))
  end
  local dropped = 0
  for i, panel in ipairs(panels) do dropped = dropped + panel_script(out, panel, i, false, width / columns) end
  if #panels > 1 then out[#out + 1] = "unset multiplot" end
  out[#out + 1] = "unset output"
  return table.concat(out, "\n") .. "\n", dropped
end

-- How a complete file ends: gnuplot does not notice that a disk is full.
local ENDS = { svg = "</svg>", png = "IEND", pdf = "%%EOF" }

local function is_whole(path, kind)
  local contents = file.read(path)
  return contents ~= nil and contents:sub(-16):find(ENDS[kind], 1, true) ~= nil
end

--- Draw a figure: FILE.gp always, FILE.svg (and FILE.png, FILE.pdf by `formats`) where gnuplot is.
---@param options table  file (path without ending), formats = {"svg"}, width, height (pixels), title, and a
--- panel's own keys or panels = {...}, columns; see the head of this file
---@return table? done  {files = paths written, gp = path, dropped = points left out, notes = what to tell}
---@return string? message
function M.figure(options)
  local script, dropped = M.script(options)
  if not options.file then error("plot.figure: option 'file' is needed: a path without ending", 2) end
  for _, kind in ipairs(options.formats or {}) do
    if kind ~= "svg" and kind ~= "png" and kind ~= "pdf" then
      error(text.unknown("plot.figure", "format", kind, M.FORMATS), 2)
    end
  end
  local gp = options.file .. ".gp"
  local ok, message = file.write(gp, script)
  if not ok then return nil, message end
  local done = { files = {}, gp = gp, dropped = dropped, notes = {} }
  local _, base = file.split(options.file)
  if dropped > 0 then
    done.notes[1] = ("%s: %d point%s not finite, or not positive on a log axis, left out"):format(base, dropped,
      dropped == 1 and " is" or "s are")
  end
  for _, kind in ipairs(options.formats or { "svg" }) do
    local part = base .. ".part." .. kind
    local folder = file.split(options.file)
    local output, why = gnuplot.run(gp, part, kind)
    if output and not is_whole(folder .. "/" .. part, kind) then
      output, why = nil, ("%s.%s could not be written whole: is the disk full?"):format(options.file, kind)
    end
    if output then
      local path = options.file .. "." .. kind
      ok, why = os.rename(folder .. "/" .. part, path)
      if ok then done.files[#done.files + 1] = path end
    end
    if #done.files == 0 or why then
      os.remove(folder .. "/" .. part)
      done.notes[#done.notes + 1] = why
      if why == gnuplot.MISSING then break end
    end
  end
  return done
end

--- Draw the figure's first panel with characters: a string ready to print, or nil and why not.
---@param options table  as for figure; width and height count characters here
---@param terminal table?  {color = boolean}
---@return string? picture, string? message
function M.text(options, terminal)
  local figure = check_figure(options)
  local columns, lines = gnuplot.window()
  columns = math.tointeger(figure.width) or math.min(columns - 1, 110)
  lines = math.tointeger(figure.height) or math.max(12, math.min(lines - 6, 26))
  local panel = figure.panels[1]
  local out = {
    ("set terminal dumb noenhanced size %d,%d %s"):format(columns, lines,
      terminal and terminal.color and "ansi256" or "mono"),
    "set encoding utf8\nset border 3\nset tics nomirror scale 0.5\nset key noenhanced",
  }
  panel_script(out, panel, 1, true)
  local path = os.tmpname()
  local ok, message = file.write(path, table.concat(out, "\n") .. "\n")
  if not ok then return nil, message end
  local picture, why = gnuplot.run(path)
  os.remove(path)
  if not picture then return nil, why end
  picture = picture:gsub("\f", ""):gsub("[ \t]+\n", "\n"):gsub("^\n+", ""):gsub("\n+$", "\n")
  local title = figure.title or panel.title
  title = title and title:gsub("%c+", " ")
  return (title and text.pad("", math.max(0, (columns - text.width(title)) // 2)) .. title .. "\n" or "") .. picture
end

return M
