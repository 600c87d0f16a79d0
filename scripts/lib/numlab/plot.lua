--- Figures from a table of options, drawn by gnuplot. The script with its data stays beside the figure.
---
--- Example:
---     local plot = require "numlab.plot"
---     local n, t = {100, 200, 400}, {0.01, 0.08, 0.64}
---     local drawing = { title = "time against n", xlabel = "n", ylabel = "seconds", xlog = true, ylog = true,
---       series = { {x = n, y = t, low = {0.009, 0.07, 0.6}, high = {0.011, 0.09, 0.7}, label = "lu"} } }
---     print(plot.text(drawing) or "gnuplot is missing")
---     drawing.file = os.tmpname()
---     local done = assert(plot.figure(drawing)) -- FILE.gp, and FILE.svg where gnuplot is
---     assert(done.gp == drawing.file .. ".gp" and done.dropped == 0)
---     for _, path in ipairs(done.files) do os.remove(path) end
---     os.remove(done.gp) os.remove(drawing.file)
---
--- A figure is one panel, or several in `panels`; panels with the same legend share one. A series has whiskers from
--- `low` to `high`, and along x from `xlow` to `xhigh`. Points that cannot be drawn (not finite, or not positive on a log
--- axis) are left out, counted and said.
local expect = require "numlab.expect"
local text = require "numlab.text"
local file = require "numlab.file"
local gnuplot = require "numlab.gnuplot"
local panels_of = require "numlab.plot_panel"
local axis = require "numlab.plot_axis"

local M = {}

--- Kinds of files a figure can be drawn as.
M.FORMATS = { "svg", "png", "pdf" }

---@class numlab.plot.Series
---@field x? number[]  default, over categories: 1, 2, ...
---@field y number[]
---@field low? number[]  lower ends of whiskers; with high
---@field high? number[]
---@field xlow? number[]  ends of whiskers along x; with xhigh
---@field xhigh? number[]
---@field label? string  in the legend; none: not in it
---@field style? "lines"|"points"|"linespoints"|"bars"|"steps"  "linespoints"
---@field band? boolean  low and high as a shaded band
---@field color? integer  1 to 8: told apart by colour-blind readers; default: its number
---@field dash? boolean  dashed and darker: theory, mostly
---@field shape? integer  of the points, 1 to 8; default: as color

---@class numlab.plot.Heatmap
---@field x string[]|number[]  what the columns are called
---@field y string[]|number[]  what the rows are called
---@field z number[][]  z[row][column]
---@field log? boolean  colours by the logarithm
---@field label? string  of the colour scale
---@field range? number[]  {low, high} of the colours; none: of the cells
---@field format? string|fun(z: number): string  of the number in each cell

---@class numlab.plot.Line
---@field x? number  a vertical line here
---@field y? number  a horizontal line here
---@field label? string

---@class numlab.plot.PanelOptions
---@field title? string
---@field xlabel? string
---@field ylabel? string
---@field xlog? boolean
---@field ylog? boolean
---@field xrange? number[]  {low, high}; an end that is not finite is free
---@field yrange? number[]
---@field series? numlab.plot.Series[]
---@field lines? numlab.plot.Line[]
---@field categories? string[]  names along x instead of numbers
---@field heatmap? numlab.plot.Heatmap  in place of series
---@field key? boolean|string  where the legend stands, in gnuplot's words ("left top"); false: none
---@field slanted? boolean  names along x written slanted

---@class numlab.plot.FigureOptions: numlab.plot.PanelOptions
---@field file? string  path without ending; plot.figure needs it
---@field formats? string[]  of "svg", "png", "pdf"; {"svg"}
---@field width? integer  pixels; characters in plot.text
---@field height? integer
---@field panels? numlab.plot.PanelOptions[]  several, in place of a panel's own keys
---@field columns? integer  of panels beside each other

---@class numlab.plot.TerminalOptions
---@field color? boolean  colours of the terminal

local PANEL = { title = "string", xlabel = "string", ylabel = "string", xlog = "boolean", ylog = "boolean",
  xrange = "table", yrange = "table", series = "table", lines = "table", categories = "table", heatmap = "table",
  key = "boolean|string", slanted = "boolean" }
local FIGURE = { file = "string", formats = "table", width = "number", height = "number", columns = "number",
  panels = "table" }
local SERIES = { x = "table", y = "table", low = "table", high = "table", xlow = "table", xhigh = "table",
  label = "string", style = "string", band = "boolean", color = "number", dash = "boolean", shape = "number" }
local HEATMAP = { x = "table", y = "table", z = "table", log = "boolean", label = "string",
  range = "table", format = "string|function" }
local LINE = { x = "number", y = "number", label = "string" }
for key, kind in pairs(PANEL) do FIGURE[key] = kind end

local function check_panel(panel)
  text.check_options("plot", panel, PANEL)
  for i, s in ipairs(panel.series or {}) do
    text.check_options(("plot: series %d"):format(i), s, SERIES)
    if not s.x and panel.categories then
      s = setmetatable({ x = {} }, { __index = s })
      for k = 1, #panel.categories do s.x[k] = k end
      panel.series[i] = s
    end
    if not s.x or not s.y then expect.fail(("plot: series %d needs x and y, two lists"):format(i)) end
    for _, name in ipairs({ "y", "low", "high", "xlow", "xhigh" }) do
      if s[name] and #s[name] ~= #s.x then
        expect.fail(("plot: series %d has %d values of x and %d of %s"):format(i, #s.x, #s[name], name))
      end
    end
    for _, pair in ipairs({ { "low", "high" }, { "xlow", "xhigh" } }) do
      if (s[pair[1]] == nil) ~= (s[pair[2]] == nil) then
        expect.fail(("plot: series %d: %s and %s go together"):format(i, pair[1], pair[2]))
      end
    end
    if s.xlow and s.style == "bars" then expect.fail(("plot: series %d: bars have no whiskers along x"):format(i)) end
    if s.style and not panels_of.STYLES[s.style] then
      expect.fail(text.unknown(("plot: series %d"):format(i), "style", s.style,
        { "lines", "points", "linespoints", "bars", "steps" }))
    end
  end
  for i, line in ipairs(panel.lines or {}) do text.check_options(("plot: line %d"):format(i), line, LINE) end
  text.check_options("plot: heatmap", panel.heatmap, HEATMAP)
  local range = panel.heatmap and panel.heatmap.range
  if range and not (type(range[1]) == "number" and type(range[2]) == "number" and range[1] <= range[2]) then
    expect.fail("plot: heatmap: range must be two numbers, {low, high}")
  end
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

-- Chinese labels: a viewer of svg takes the first font of the list that it has, and of each character the first that has
-- it; png and pdf get what fontconfig finds for a character (gnuplot.run asks for Chinese forms).
local SVG_FONT = "Helvetica, Arial, Noto Sans CJK SC, Source Han Sans SC, PingFang SC, Microsoft YaHei, WenQuanYi Micro Hei, "
  .. "sans-serif,14"
local LINE_HEIGHT = 19 -- pixels

-- Pixels of a figure of so many columns and rows: with three and more it is printed lying (html.figure), and letters
-- must not shrink below what can be read there.
local function size(figure, columns, rows)
  return figure.width or (columns == 1 and 760 or columns == 2 and 1000 or 1320),
    figure.height or (rows == 1 and 480 or 400 * rows)
end

-- The legend that all panels have in common; nil where they differ, or where one has none or wants it inside.
local function shared_legend(panels)
  local first
  for i, panel in ipairs(panels) do
    local legend, words = panels_of.legend(panel), {}
    for k, entry in ipairs(legend) do words[k] = entry.label .. "\0" .. entry.look end
    words = table.concat(words, "\0")
    if #panels < 2 or #legend == 0 or type(panel.key) == "string" or i > 1 and words ~= first then return nil end
    first = words
  end
  return panels[1] and panels_of.legend(panels[1])
end

-- A strip at the foot of the figure, an empty plot whose legend is all there is to see.
local function legend_strip(out, legend, columns, share)
  local plots = {}
  for i, entry in ipairs(legend) do plots[i] = ("NaN with %s title %s"):format(entry.look, gnuplot.quote(entry.label)) end
  out[#out + 1] = ("set origin 0,0\nset size 1,%.4f\nset margins 0,0,0,0\nset title ''\nset xlabel ''\nset ylabel ''\n"
    .. "unset label\nunset arrow\nunset colorbox\nunset logscale\nunset tics\nunset border\nunset grid\nset xrange [0:1]\n"
    .. "set yrange [0:1]\nset key on inside center center horizontal maxcols %d"):format(share, columns)
  out[#out + 1] = "plot " .. table.concat(plots, ", \\\n     ")
end

-- Panels row by row under the title, the legend that they share below them.
local function draw_panels(out, figure, width, height, columns, rows)
  local panels, dropped, empty = figure.panels, 0, 0
  local legend = shared_legend(panels)
  local key_columns, key_lines = panels_of.legend_layout(legend or {}, width)
  local foot = legend and (key_lines * 1.25 + 0.8) * LINE_HEIGHT / height or 0
  local title, title_lines = gnuplot.quote_lines(figure.title or "", width / axis.CHARACTER)
  local head = #panels > 1 and title_lines > 0 and (title_lines + 0.6) * LINE_HEIGHT / height or 0
  local w, h = 1 / columns, (1 - foot - head) / rows
  if #panels > 1 then out[#out + 1] = ("set multiplot title %s noenhanced"):format(title) end
  for i, panel in ipairs(panels) do
    if #panels > 1 then
      out[#out + 1] = ("set origin %.4f,%.4f\nset size %.4f,%.4f"):format((i - 1) % columns * w,
        1 - head - ((i - 1) // columns + 1) * h, w, h)
    end
    local missing, nothing = panels_of.script(out, panel, i, { width = width / columns, shared = legend ~= nil })
    dropped, empty = dropped + missing, empty + (nothing and 1 or 0)
  end
  if legend then legend_strip(out, legend, key_columns, foot) end
  if #panels > 1 then out[#out + 1] = "unset multiplot" end
  return dropped, empty
end

local function check_figure(options)
  text.check_options("plot", options, FIGURE)
  if not options then expect.fail("plot: expected a table of options") end
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

-- Where a script draws: in a window, or into the file and as the kind that its words name.
local function target(base, width, height, window)
  if window then return ("set terminal %s size %d,%d persist"):format(window, width, height) end
  return ([[
kind = exists('ARG2') && strlen(ARG2) ? ARG2 : 'svg'
if (kind eq 'svg') set terminal svg size %d,%d font '%s' background '#ffffff'
if (kind eq 'png') set terminal pngcairo size %d,%d font 'sans,11' background '#ffffff'
if (kind eq 'pdf') set terminal pdfcairo size %gin,%gin font 'sans,11'
set output (exists('ARG1') && strlen(ARG1) ? ARG1 : %s)]]):format(width, height, SVG_FONT, width, height, width / 96,
    height / 96, gnuplot.quote(base .. ".svg"))
end

--- The gnuplot script of a figure, how many points it leaves out, and how many panels have none.
---@param options numlab.plot.FigureOptions
---@param window string?  gnuplot's terminal to show it in, in place of files: "qt"
---@return string script
---@return integer dropped
---@return integer empty
--- Example:
---     local script, dropped = nl.plot.script{title = "squares", series = {{x = {1, 2, 3}, y = {1, 4, 0 / 0}}}}
---     assert(script:find("squares", 1, true) and dropped == 1)
function M.script(options, window)
  local figure = check_figure(options)
  local columns = math.tointeger(figure.columns) or (#figure.panels > 1 and 2 or 1)
  local rows = (#figure.panels + columns - 1) // columns
  local width, height = size(figure, columns, rows)
  local _, base = file.split(figure.file or "figure")
  local out = {
    ("# Written by numlab. `gnuplot FILE.gp` draws %s.svg; `gnuplot -c FILE.gp NAME png` (or pdf) another kind.")
      :format((base:gsub("%c", " "))),
    target(base, width, height, window),
    THEME,
  }
  local dropped, empty = draw_panels(out, figure, width, height, columns, rows)
  out[#out + 1] = "unset output"
  return table.concat(out, "\n") .. "\n", dropped, empty
end

-- How a complete file ends: gnuplot does not notice that a disk is full.
local ENDS = { svg = "</svg>", png = "IEND", pdf = "%%EOF" }

local function is_whole(path, kind)
  local contents = file.read(path)
  return contents ~= nil and contents:sub(-16):find(ENDS[kind], 1, true) ~= nil
end

--- Draw a figure: FILE.gp always, FILE.svg (and FILE.png, FILE.pdf by `formats`) where gnuplot is.
---@param options numlab.plot.FigureOptions
---@return table? done  {files = paths written, gp = path, dropped = points left out, notes = what to tell}
---@return string? message
function M.figure(options)
  local script, dropped, empty = M.script(options)
  if not options.file then expect.fail("plot.figure: option 'file' is needed: a path without ending") end
  for _, kind in ipairs(options.formats or {}) do
    if kind ~= "svg" and kind ~= "png" and kind ~= "pdf" then
      expect.fail(text.unknown("plot.figure", "format", kind, M.FORMATS))
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
  if empty > 0 then
    done.notes[#done.notes + 1] = ("%s: %s, drawn as 'no data'"):format(base, #(options.panels or { 1 }) == 1
      and "there is no point to draw" or ("%d of %d panels have no point to draw"):format(empty, #options.panels))
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
---@param options numlab.plot.FigureOptions
---@param terminal numlab.plot.TerminalOptions?
---@return string? picture
---@return string? message
function M.text(options, terminal)
  text.check_options("plot.text: terminal", terminal, { color = "boolean" })
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
  panels_of.script(out, panel, 1, { width = columns, ascii = true })
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

--- Show a figure at once: in a window where there is a display and gnuplot can open one, else with characters.
---@param x numlab.plot.FigureOptions|number[]|nl.Tensor  a figure, whose series may hold tensors; or values: of y over 1,
--- 2, ..., or of x
---@param y? number[]|nl.Tensor  where x holds values
---@return nil
---@return string? message  it could not be shown
local function show(_, x, y) return require("numlab.plot_show")(M, x, y) end

return setmetatable(M, { __call = show })
