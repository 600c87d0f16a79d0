--- numlab verify: an archive that is handed in, held against the handout.
local command = require "numlab.command"
local verify = require "numlab.verify"

local SPEC = {
  name = "verify", usage = "ZIP", places = { "ZIP" },
  summary = "Check an archive that is handed in: names, layout, a build in a temporary folder, sampled rows of both tasks",
  help = [[
Builds and runs what the archive holds, as you: verify only what you would run. Its folder is removed afterwards.
Prints a line for each row of the handout: passed, failed or not checked, with the reason. Exit code 0 when none failed,
1 otherwise.

    numlab verify 张三_12345678_Exp2_v1.zip
]],
}

return function(...)
  local o, code = command.read({ ... }, SPEC)
  if not o then return code end
  local results, message = verify.archive(o.ZIP, function(line) io.stderr:write(line, " ...\n") end)
  if not results then error("verify: " .. message, 0) end
  local lines, good = verify.show(results)
  io.stdout:write(lines)
  return good and 0 or 1
end
