--- numlab pack: the archive that is handed in.
local command = require "numlab.command"
local file = require "numlab.file"
local pack = require "numlab.pack"
local text = require "numlab.text"

local SPEC = {
  name = "pack", usage = "name=NAME id=ID experiment=EXP version=V report=PDF [out=DIR] [replace=true]",
  summary = "Make the archive that is handed in: NAME_ID_EXP_vV.zip with NAME_ID_EXP.pdf and scripts/",
  keys = { name = "yours, as in 张三", id = "student number, as in 12345678", experiment = "as in Exp2",
    version = "number of this submission, as in 1", report = "the PDF; none packs without it",
    out = "folder to write into (default: the current one)", replace = "true: over an archive of the same name" },
  help = [[
scripts/ holds the sources of numlab with its experiments, tests and your own scripts: those below scripts/ and
the .lua files in the top folder of the sources. What was built, results and what git ignores stay out.
The same inputs make the same bytes. Names are UTF-8 and flagged so; every unzip shows them right.

    numlab pack name=张三 id=12345678 experiment=Exp2 version=1 \
      report=report.pdf
    numlab verify 张三_12345678_Exp2_v1.zip
]],
}

-- What is missing before anything can be packed, all at once.
local function missing(o)
  local keys = {}
  for _, key in ipairs{ "name", "id", "experiment", "version" } do
    if not o[key] then keys[#keys + 1] = key .. "=" end
  end
  if #keys > 0 then return table.concat(keys, ", ") .. (#keys > 1 and " are" or " is") .. " missing" end
end

local function how_to_report(names)
  local has_report = package.searchpath("numlab.command.report", package.path)
  return ("report= is missing: the archive holds your report as %s. Make it (%s), then give report=FILE.pdf; "
    .. "report=none packs without it"):format(names.pdf, has_report and "numlab report --help"
    or "any text printed to PDF; the experiments leave tables and figures in reports/")
end

return function(...)
  local o, code = command.read({ ... }, SPEC)
  if not o then return code end
  local lacks = missing(o)
  if lacks then return command.usage("pack", lacks) end
  if o.replace and o.replace ~= "true" and o.replace ~= "false" then
    return command.usage("pack", ("replace must be true or false, got %s"):format(command.show(o.replace)))
  end
  if o.out == "" then return command.usage("pack", "out is empty, expected a folder") end
  local names, message = pack.names(o)
  if not names then return command.usage("pack", message) end
  if not o.report or o.report == "" then return command.usage("pack", how_to_report(names)) end
  local out = o.out or "."
  if out:sub(1, 1) == "-" then out = "./" .. out end
  local done, why = pack.write{ names = names, out = out, report = o.report ~= "none" and o.report or nil,
    replace = o.replace == "true" }
  if not done then error("pack: " .. why, 0) end
  if done.note then io.stderr:write("note: ", done.note, "\n") end
  io.stdout:write(done.path, "\n")
  io.stderr:write(("%s, scripts/ with %d files of %s. Next: numlab verify %s\n"):format(
    o.report ~= "none" and names.pdf or "NO REPORT: the handout wants " .. names.pdf .. " in it", done.files,
    text.bytes(done.bytes), file.quote(done.path)))
end
