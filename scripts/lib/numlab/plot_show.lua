--- A figure shown at once: in a window where there is a display and a gnuplot that opens windows, else with characters
--- on standard output.
---@internal of numlab.plot
local file = require "numlab.file"
local gnuplot = require "numlab.gnuplot"

-- gnuplot's terminals that are windows, the better first.
local WINDOWS = { "qt", "wxt", "x11" }

-- The one to draw in; nil: none can be opened here.
local function window()
  if (os.getenv("DISPLAY") or "") == "" and (os.getenv("WAYLAND_DISPLAY") or "") == "" then return nil end
  local known = gnuplot.terminals()
  for _, name in ipairs(WINDOWS) do
    if known[name] then return name end
  end
end

local function list_of(values)
  return type(values) == "userdata" and values:totable() or values
end

-- Options as plot.figure takes them: of x and y, of y alone over 1, 2, ..., of options with tensors in them.
local function options_of(x, y)
  if y ~= nil then return { series = { { x = list_of(x), y = list_of(y) } } } end
  if type(x) == "userdata" or type(x) == "table" and x[1] ~= nil then
    local values, numbers = list_of(x), {}
    for i = 1, #values do numbers[i] = i end
    return { series = { { x = numbers, y = values } } }
  end
  if type(x) ~= "table" then return x end
  local options = {}
  for key, value in pairs(x) do options[key] = value end
  for i, s in ipairs(type(x.series) == "table" and x.series or {}) do
    if i == 1 then options.series = {} end
    options.series[i] = s
    if type(s) == "table" then
      options.series[i] = {}
      for key, value in pairs(s) do options.series[i][key] = list_of(value) end
    end
  end
  return options
end

-- gnuplot goes on by itself while the window is open, and takes its script away once it has read it.
local function draw(script)
  local path = os.tmpname()
  local ok, message = file.write(path, script .. ("system(\"rm -f -- %s\")\n"):format(file.quote(path)))
  if not ok then return nil, message end
  os.execute(("%s -d -p %s </dev/null >/dev/null 2>&1 &"):format(file.quote(gnuplot.program()), file.quote(path)))
end

--- Show it.
---@param plot table  numlab.plot
---@param x any
---@param y any
---@return nil
---@return string? message  it could not be shown
return function(plot, x, y)
  local options, terminal = options_of(x, y), window()
  if terminal then return draw((plot.script(options, terminal))) end
  local picture, message = plot.text(options, { color = file.takes_color("stdout") })
  if not picture then return nil, message end
  io.stdout:write(picture)
end
