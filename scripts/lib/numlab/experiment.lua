--- The two ends of an experiment: settings that cannot be are refused before anything is measured; afterwards table,
--- figures and page, and the list of what was written. `numlab new NAME` writes an experiment that shows its use.
--- Example:
---     local experiment = require "numlab.experiment"
---     experiment.check({methods = {"lu", "cg"}, n = 100}, {methods = {"lu", "cg", "gmres"}}, {n = 2})
---     local ok, message = pcall(experiment.check, {methods = "lu", n = 1}, {}, {n = 2})
---     assert(not ok and message:find("n", 1, true))
local expect = require "numlab.expect"
local file = require "numlab.file"
local plot = require "numlab.plot"
local report = require "numlab.report"
local say = require "numlab.say"
local tables = require "numlab.table"
local telling = require "numlab.telling"
local text = require "numlab.text"

local M = {}

-- what `finish` takes; titles and the like may be said (numlab.say)
local FINISH = { out = "string", name = "string", title = "any", question = "any", arguments = "table", rows = "table",
  columns = "table", format = "table", drawings = "table", formats = "table", sections = "table", notes = "table" }

local function each(value) return type(value) == "table" and value or { value } end

-- What is wrong with the words behind a script's name is told to who typed them, without a place: the script is no part of it.
local function check_words(key, words, known)
  for _, word in ipairs(each(words)) do
    local found = false
    for _, name in ipairs(known) do found = found or name == word end
    if not found then error(text.unknown(key, key:gsub("s$", ""), word, known), 0) end
  end
end

--- Raise unless every named setting holds known words and numbers large enough, one or several in a list; `formats`
--- is checked wherever it is.
---@param o table  what nl.args returned
---@param words table<string, string[]>  key -> the words it may hold
---@param least table<string, number>  key -> the smallest number it may hold
function M.check(o, words, least)
  expect("experiment.check", "o", o, "table")
  expect("experiment.check", "words", words, "table")
  expect("experiment.check", "least", least, "table")
  for key, known in pairs(words) do check_words(key, o[key], known) end
  check_words("formats", o.formats, plot.FORMATS)
  for key, smallest in pairs(least) do
    for _, value in ipairs(each(o[key])) do
      if not (value >= smallest) then
        error(("%s is %s, expected at least %s"):format(key, text.number(value), text.number(smallest)), 0)
      end
    end
  end
end

--- Print rows as people read them.
---@param rows table[]
---@param columns (string|numlab.table.Column)[]
---@param format table<string, string|function>?  column -> format, as for table.render
--- Example:
---     nl.experiment.print({{n = 1, seconds = 0.25}}, {"n", "seconds"}, {seconds = "%.1f"})
function M.print(rows, columns, format)
  expect("experiment.print", "rows", rows, "records")
  expect("experiment.print", "columns", columns, "list?")
  io.write(tables.render(rows, { columns = columns, format = format }))
end

--- Print a plot with characters; where gnuplot is missing, say so.
---@param drawing numlab.plot.FigureOptions
--- Example:
---     nl.experiment.show{ylabel = "y", series = {{x = {1, 2, 3}, y = {1, 4, 9}, label = "x^2"}}}
function M.show(drawing)
  expect("experiment.show", "drawing", drawing, "table")
  local picture, message = plot.text(say.read(drawing), { color = file.takes_color("stdout") })
  if picture then io.write("\n", picture) else io.stderr:write("note: ", message, "\n") end
end

---@class numlab.experiment.FinishOptions
---@field out string  folder
---@field name string  of the files in it: OUT/NAME.csv, .md, .sqlite
---@field title string
---@field question string
---@field arguments? table<string, any>  the settings the run had
---@field rows table[]
---@field columns (string|numlab.table.Column)[]  of the table in the page
---@field format? table<string, string|function>  column -> format, as for table.render
---@field drawings numlab.plot.FigureOptions[]  `file` is a name below out
---@field formats? string[]  of the figures, {"svg"}
---@field sections table[]  {title, {"a finding", ...}}
---@field notes? string[]

--- The end of a run: figures, page, the list of what was written. Figures that cannot be drawn are said and the
--- run goes on. What people read in it may be said (numlab.say): here it is English, and the store of the sweep keeps it
--- for reports in any language.
---@param o numlab.experiment.FinishOptions
---@return string[] files
--- Example:
---     local out = os.tmpname()
---     os.remove(out)
---     local rows = nl.sweep.run{name = "demo", out = out, quiet = true, times = false, axes = {{"n", {1, 2}}},
---       contestants = {"square"}, columns = {"n", "method", "y"}, run = function(point) return {y = point.n^2} end}
---     local files = nl.experiment.finish{out = out, name = "demo", title = "Squares", question = "How do they grow?",
---       rows = rows, columns = {"n", "y"}, sections = {{"What it shows", {"y = n^2"}}}, drawings = {
---         {file = "y", series = {{x = nl.rows.column(rows, "n"), y = nl.rows.column(rows, "y")}}}}}
---     assert(files[1] == out .. "/demo.csv" and nl.file.read(out .. "/demo.md"):find("# Squares", 1, true))
---     os.execute("rm -r " .. out)
function M.finish(o)
  text.check_options("experiment.finish", o, FINISH)
  expect("experiment.finish", "o", o, "table")
  for _, name in ipairs{ "name", "out", "title", "question" } do expect("experiment.finish", name, o[name], "string|table") end
  for _, name in ipairs{ "rows", "drawings", "sections" } do expect("experiment.finish", name, o[name], "list") end
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
