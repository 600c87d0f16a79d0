--- numlab doc: what the annotations say of a name, or which of them speak of a word; all of it as a reference.
local command = require "numlab.command"
local file = require "numlab.file"
local help = require "numlab.help"
local text = require "numlab.text"

-- A form of the reference: its file's name, and what makes it.
local FORMATS = {
  markdown = { "reference.md", function() return require("numlab.reference_markdown")() end },
  html = { "reference.html", function() return require("numlab.reference_html")() end },
  man = { "numlab.1", function() return require("numlab.reference_man").program() end },
  man3 = { "numlab.3lua", function() return require("numlab.reference_man").library() end },
}

local function spec(words, search)
  return {
    name = "doc", usage = "[NAME | --search WORD | --format=F [--out=DIR]]",
    summary = "What NAME does, takes and returns, with an example",
    places = search and { "WORD" } or #words > 0 and not words[1]:find("=", 1, true) and { "NAME" } or {},
    keys = { format = "the reference instead, as markdown, html, man (the program) or man3 (what scripts call)",
      out = "folder to write it into, as reference.md, reference.html, numlab.1, numlab.3lua" },
    help = [[
Without NAME: modules, classes and libraries, each in a line. A NAME that nothing has is looked for as a WORD.
At the prompt `?NAME` does the same.

    numlab doc nl.solve
    numlab doc t:sum
    numlab doc numlab.sweep
    numlab doc --search dominant
    numlab doc --format=html --out=.
    numlab doc --format=man | man -l -
]],
  }
end

-- The reference to standard output or into a folder.
local function write(form, folder)
  local name, make = table.unpack(form)
  if not folder then return io.stdout:write(make()) and 0 end
  local path = folder .. "/" .. name
  local ok, message = file.make_folder(folder)
  if ok then ok, message = file.write(path, make()) end
  if not ok then error("doc: " .. message, 0) end
  io.stdout:write(path, "\n")
  return 0
end

return function(...)
  local words = { ... }
  local search = words[1] == "--search"
  if search then table.remove(words, 1) end
  local o, code = command.read(words, spec(words, search))
  if not o then return code end
  if o.format then
    if not FORMATS[o.format] then
      return command.usage("doc", (text.unknown("", "format", o.format, { "markdown", "html", "man", "man3" }):gsub("^: ", "")))
    end
    return write(FORMATS[o.format], o.out)
  elseif o.out then
    return command.usage("doc", "out= goes with format=")
  end
  help.show(o.WORD or o.NAME or "", search)
  return 0
end
