--- The two ends of an experiment: settings that cannot be are refused before anything is measured; afterwards table,
--- figures and page, and the list of what was written.
local file = require "numlab.file"
local plot = require "numlab.plot"
local report = require "numlab.report"
local say = require "numlab.say"
local tables = require "numlab.table"
local telling = require "numlab.telling"
local text = require "numlab.text"

local M = {}

local function each(value) return type(value) == "table" and value or { value } end

-- Blames the caller of the function that checks its settings here.
local function check_words(key, words, known)
  for _, word in ipairs(each(words)) do
    local found = false
    for _, name in ipairs(known) do found = found or name == word end
    if not found then error(text.unknown(key, key:gsub("s$", ""), word, known), 4) end
  end
end

--- Raise unless every named setting holds known words and numbers large enough, one or several in a list; `formats`
--- is checked wherever it is.
---@param o table  what nl.args returned
---@param words table<string, string[]>  key -> the words it may hold
---@param least table<string, number>  key -> the smallest number it may hold
function M.check(o, words, least)
  for key, known in pairs(words) do check_words(key, o[key], known) end
  check_words("formats", o.formats, plot.FORMATS)
  for key, smallest in pairs(least) do
    for _, value in ipairs(each(o[key])) do
      if not (value >= smallest) then
        error(("%s is %s, expected at least %s"):format(key, text.number(value), text.number(smallest)), 3)
      end
    end
  end
end

--- Print rows as people read them.
---@param rows table[]
---@param columns table
---@param format table?  column -> format, as for table.render
function M.print(rows, columns, format)
  io.write(tables.render(rows, { columns = columns, format = format }))
end

--- Print a plot with characters; where gnuplot is missing, say so.
---@param drawing table  the options of plot.text
function M.show(drawing)
  local color = file.is_terminal("stdout") and not os.getenv("NO_COLOR")
  local picture, message = plot.text(say.read(drawing), { color = color })
  if picture then io.write("\n", picture) else io.stderr:write("note: ", message, "\n") end
end

--- The end of a run: figures, page, the list of what was written. Figures that cannot be drawn are said and the
--- run goes on.
---@param o table  the options of report.page, and out, name, drawings = list of plot.figure options whose `file` is a
--- name below out, formats. What people read in it may be said (numlab.say): here it is English, and the store of the
--- sweep keeps it for reports in any language.
---@return string[] files
function M.finish(o)
  local _, trouble = telling.keep(("%s/%s.sqlite"):format(o.out, o.name), { title = o.title, question = o.question,
    rows = o.rows, columns = o.columns, format = o.format, drawings = o.drawings, sections = o.sections, notes = o.notes })
  o = say.read(o)
  local written, figures, notes = { o.out .. "/" .. o.name .. ".csv" }, {}, o.notes or {}
  notes[#notes + 1] = trouble and "no report can be made of this run: " .. trouble
  for _, drawing in ipairs(o.drawings) do
    drawing.file, drawing.formats = o.out .. "/" .. drawing.file, o.formats
    local done, message = plot.figure(drawing)
    if not done then error(message, 0) end
    written[#written + 1] = done.gp
    for _, path in ipairs(done.files) do
      written[#written + 1] = path
      if path:find("%.svg$") then figures[#figures + 1] = path end
    end
    for _, note in ipairs(done.notes) do if notes[#notes] ~= note then notes[#notes + 1] = note end end
  end
  for _, note in ipairs(notes) do io.stderr:write("note: ", note, "\n") end
  local path = o.out .. "/" .. o.name .. ".md"
  local ok, message = report.write{ path = path, title = o.title, question = o.question, arguments = o.arguments,
    rows = o.rows, columns = o.columns, format = o.format, figures = figures, sections = o.sections, notes = notes }
  if not ok then error(message, 0) end
  written[#written + 1] = path
  for _, section in ipairs(o.sections) do
    io.write("\n", section[1], "\n")
    for _, line in ipairs(section[2]) do io.write(text.wrap("- " .. line, 100, "  ", "    "), "\n") end
  end
  io.write("\nwritten:\n  ", table.concat(written, "\n  "), "\n")
  return written
end

return M
