--- gnuplot as a program: where it is, how its words are quoted, how a script of ours is run.
---
--- Foreign text reaches gnuplot only between single quotes (where backticks, @ and $ are inert), with quotes
--- doubled and control characters gone, and never enhanced: it cannot become a command. Scripts are run as
--- files (gnuplot then stops at the first error), with -d (no start-up files), its stdout captured.
---@internal of numlab.plot
local file = require "numlab.file"
local text = require "numlab.text"

local M = {}

--- What is lost without gnuplot, and how to get it.
M.MISSING = "gnuplot is not here: figures are kept as .gp scripts with their data, but not drawn "
  .. "(apt install gnuplot-nox, then: gnuplot NAME.gp)"

--- A gnuplot string that holds this text and nothing else.
---@param s any
---@return string
function M.quote(s)
  s = tostring(s)
  if not utf8.len(s) then s = s:gsub("[\128-\255]", "?") end
  return "'" .. s:gsub("[%c\127]+", " "):gsub("'", "''") .. "'"
end

--- The same in lines of at most so many cells (longer words stay whole), and how many lines.
---@param s any
---@param width number
---@return string expression
---@return integer lines
function M.quote_lines(s, width)
  local lines = {}
  for line in text.wrap(tostring(s), math.floor(width)):gmatch("[^\n]+") do lines[#lines + 1] = M.quote(line) end
  return #lines > 0 and table.concat(lines, ".\"\\n\".") or "''", #lines
end

--- The same for a tic label, where gnuplot reads % as a number format.
---@param s any
---@return string
function M.quote_tic(s)
  return (M.quote(s):gsub("%%", "%%%%"))
end

--- The gnuplot that is run: NUMLAB_GNUPLOT names another one.
---@return string
function M.program()
  return os.getenv("NUMLAB_GNUPLOT") or "gnuplot"
end

--- Is there a gnuplot?
---@return boolean
function M.available()
  local _, status = file.capture("command -v " .. file.quote(M.program()))
  return status == 0
end

--- The kinds of output it was built with: {svg = true, ...}; none where it is not.
---@return table<string, boolean>
function M.terminals()
  local known = {}
  local output, status = file.capture(file.quote(M.program()) .. " -d -e 'print GPVAL_TERMINALS'")
  for name in (status == 0 and output or ""):gmatch("%S+") do known[name] = true end
  return known
end

--- Run a script file within its folder, so that names in it are short and need no quoting. Han characters take their
--- Chinese forms where fonts have several.
---@param script string  path
---@param ... string  ARG1, ARG2 ... of the script
---@return string? output
---@return string? message  what it printed, or what went wrong
function M.run(script, ...)
  local folder, name = file.split(script)
  local words = { file.quote(M.program()), "-d", "-c", file.quote("./" .. name) }
  for _, word in ipairs({ ... }) do words[#words + 1] = file.quote(word) end
  local output, status = file.capture(("cd -- %s && PANGO_LANGUAGE=en:zh-cn %s"):format(file.quote(folder),
    table.concat(words, " ")))
  if status == 0 then return output end
  if status == 127 then return nil, M.MISSING end
  local shown = output:gsub("%c*$", ""):gsub("^%s+", "")
  return nil, ("gnuplot could not draw %s: %s"):format(script, shown ~= "" and shown or "exit status " .. status)
end

--- Columns and lines of the terminal window; 80 x 24 where nothing says.
---@return integer columns
---@return integer lines
function M.window()
  local output, status = file.capture("stty size </dev/tty")
  local lines, columns = output:match("^(%d+) (%d+)")
  if status ~= 0 or not columns or columns == "0" then
    columns, lines = os.getenv("COLUMNS"), os.getenv("LINES")
  end
  return math.tointeger(tonumber(columns)) or 80, math.tointeger(tonumber(lines)) or 24
end

return M
