--- numlab new: an experiment of one's own.
local command = require "numlab.command"
local new = require "numlab.new"

local SPEC = {
  name = "new", usage = "NAME", places = { "NAME" },
  summary = "Write NAME.lua into the current folder: an experiment that runs as it is, to be changed",
  help = [[
It has settings, a sweep of two axes, a table, a figure, a page and its own test, each with a comment that says what to
change. A file of that name is never overwritten. NAME: letters, digits, _ and -.
Where the folder has none yet, .luarc.json goes beside it: with it lua-language-server, in whatever editor, completes
nl.* with its options and shows what they are for.

    numlab new heat
    numlab run heat.lua quick=true
]],
}

return function(...)
  local o, code = command.read({ ... }, SPEC)
  if not o then return code end
  local name, message = new.check(o.NAME)
  if not name then return command.usage("new", message) end
  local path, why = new.write(name, ".")
  if not path then error("new: " .. why, 0) end
  io.stdout:write(name, ".lua\n")
  if new.write_settings(".") then io.stderr:write(".luarc.json tells editors where numlab's annotations are.\n") end
  io.stderr:write(([[
Next:
    numlab run %s.lua quick=true     a few seconds; results in reports/%s/
    numlab run %s.lua --help         its settings
Then change it: the axes and what `run` does with a point, the series of the figure, the test at its end.
Kept in the top folder of numlab's sources or below scripts/, it goes into the archive of numlab pack.
]]):format(name, name, name))
end
