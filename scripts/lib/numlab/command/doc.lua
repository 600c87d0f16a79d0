--- numlab doc: what the annotations say of a name, or which of them speak of a word.
local command = require "numlab.command"
local help = require "numlab.help"

return function(...)
  local words = { ... }
  local search = words[1] == "--search"
  if search then table.remove(words, 1) end
  local o, code = command.read(words, {
    name = "doc", usage = "[NAME | --search WORD]", summary = "What NAME does, takes and returns, with an example",
    places = search and { "WORD" } or #words > 0 and { "NAME" } or {},
    help = [[
Without NAME: modules, classes and libraries, each in a line. A NAME that nothing has is looked for as a WORD.
At the prompt `?NAME` does the same.

    numlab doc nl.solve
    numlab doc t:sum
    numlab doc numlab.sweep
    numlab doc --search dominant
]],
  })
  if not o then return code end
  help.show(o.WORD or o.NAME or "", search)
  return 0
end
