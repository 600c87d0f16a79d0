--- numlab export: a stored run as csv, json or Markdown.
local command = require "numlab.command"
local export = require "numlab.export"
local file = require "numlab.file"
local runs = require "numlab.runs"
local text = require "numlab.text"

return function(...)
  local o, code = command.read({ ... }, {
    name = "export", usage = "RUN format=csv|json|md [out=FILE]", summary = "A stored run in another form",
    keys = { format = "csv: the rows; json: rows, samples, facts; md: a table and facts",
      out = "file to write instead of the standard output" },
    places = { "RUN" }, help = [[
RUN is as for `numlab show`. The same rows give the same bytes. Numbers are written so that they read back exactly; JSON
knows no nan and no infinity: they are the strings "nan", "inf", "-inf".

    numlab export task1_sweep format=json out=run.json
]],
  })
  if not o then return code end
  local known = false
  for _, format in ipairs(export.FORMATS) do known = known or o.format == format end
  if not o.format then return command.usage("export", "format= is missing: csv, json or md") end
  if not known then
    return command.usage("export", (text.unknown("", "format", o.format, export.FORMATS):gsub("^: ", "")))
  end
  local run, message = runs.find(o.RUN)
  if not run then error("export: " .. message, 0) end
  local contents = export.text(run, o.format)
  if not o.out then
    io.write(contents)
    return 0
  end
  local ok, why = file.write(o.out, contents)
  if not ok then error("export: " .. why, 0) end
  return 0
end
