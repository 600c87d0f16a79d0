--- The rounds of `numlab repl`: what is typed, run and printed. The editor that reads lines is the program's
--- (bindings/program_edit.c); a test may hand in a table with the same methods.
---
--- An expression prints its values, a `;` at its end silences them, `ans` is the first of them. `?` asks for help, `!`
--- runs a shell command, `%` a command of the prompt (numlab.repl_commands); all else is Lua.
---@internal of the program
local commands = require "numlab.repl_commands"
local explain = require "numlab.explain"
local history = require "numlab.history"
local show = require "numlab.repl_show"

local M = {}

-- --- what was typed -----------------------------------------------------------------------------------------------

-- The function that returns the values of a list of expressions; nil where it is none. Only a list of expressions can
-- stand between the brackets of a call: a `;` behind it cannot.
local function expression(typed)
  return load("return f(" .. typed .. "\n)") and load("return " .. typed, "=stdin", "t")
end

-- More lines may complete it: the parser met the end of the text, and not within a string that a line must end.
local function is_incomplete(message)
  return message:find("<eof>", -5, true) ~= nil and not message:find("unfinished string near", 1, true)
end

--- The function that typed text stands for.
---@param typed string
---@return function? run
---@return string kind  "expression", "silenced" or "statement"; without a function the parser's message
---@return boolean? incomplete  without a function: more lines may complete it
function M.parse(typed)
  typed = typed:gsub("^%s*=", "") -- as older Lua wanted it
  local run = expression(typed)
  if run then return run, "expression" end
  for _, code in ipairs({ typed, (typed:gsub("%-%-[^\n]*$", "")) }) do -- a comment may stand behind the `;`
    local bare = code:match("^(.-)[;%s]*$")
    run = bare ~= code and expression(bare)
    if run then return run, "silenced" end
  end
  local message, other
  run, message = load(typed, "=stdin", "t")
  if run then return run, "statement" end
  run, other = load("return " .. typed, "=stdin", "t")
  return nil, message, is_incomplete(message) or not run and is_incomplete(other)
end

-- --- running it ---------------------------------------------------------------------------------------------------

-- The line of what was typed that a message speaks of, where there are several.
local function failed_line(message, typed)
  local wanted = math.tointeger(tonumber(message:match("^stdin:(%d+):")))
  if not wanted or not typed:find("\n") then return "" end
  for line in (typed .. "\n"):gmatch("(.-)\n") do
    wanted = wanted - 1
    if wanted == 0 then return "\n    " .. line:gsub("^%s+", "") end
  end
  return ""
end

local function complain(message, typed)
  if type(message) ~= "string" then message = show.value(message) end
  io.stdout:flush()
  io.stderr:write(message, failed_line(message, typed), "\n")
end

--- Run a function; its values are printed unless they are to be silenced. Errors are told on standard error.
---@param run function
---@param kind string  as parse tells it
---@param typed string  the text it came from
function M.run(run, kind, typed)
  debug.getregistry()["numlab.typed=stdin"] = typed -- for numlab.explain
  local results = table.pack(xpcall(run, explain))
  if not results[1] then return complain(results[2], typed) end
  if results.n == 1 then return end
  _G.ans = results[2]
  if kind ~= "silenced" then show.print(table.unpack(results, 2, results.n)) end
end

-- Read on until the text is a chunk; nil where Ctrl-C dropped it.
local function read_chunk(session, typed)
  local run, kind, incomplete = M.parse(typed)
  while incomplete do
    session.pending = typed .. "\n"
    local line = session.editor:read(">> ")
    session.pending = ""
    if line == false then return nil end
    if line == nil then break end -- the message tells what is missing
    typed = typed .. "\n" .. line
    run, kind, incomplete = M.parse(typed)
  end
  return typed, run, kind
end

-- --- the session --------------------------------------------------------------------------------------------------

local session

local function remember(typed)
  local entries, message = history.add(session.entries, typed, session.path)
  if message then
    io.stderr:write(message, "; it is forgotten when numlab ends\n")
    session.path = nil
  end
  session.entries = entries
  session.editor:history(entries)
end

local function open_history()
  session.path = history.path()
  local entries, message
  if session.path then entries, message = history.load(session.path) end
  if message then
    io.stderr:write(message, "; it is forgotten when numlab ends\n")
    session.path = nil
  end
  session.entries = entries or {}
  session.editor:history(session.entries)
end

-- Tab, loaded at the first one.
local function complete(line, cursor, columns)
  return require("numlab.complete").tab(session.pending .. line, #session.pending + cursor, columns)
end

--- Begin a session: the globals of the prompt, its history, its greeting.
---@param editor table  read, history, on_tab, edits, is_terminal, columns
function M.start(editor)
  local nl = require "numlab"
  _G.nl = nl
  session = { editor = editor, pending = "", entries = {} }
  commands.start()
  if not editor:is_terminal() then return end
  print(("numlab %s, %s. nl is loaded. An expression prints its values, a `;` at\n"
    .. "its end silences them, ans is the last value. ?NAME helps, as in ?solve; %%help\n"
    .. "lists what else the prompt takes. Ctrl-C interrupts, Ctrl-D ends."):format(nl.version, _VERSION))
  if not editor:edits() then return end
  open_history()
  editor:on_tab(complete)
end

--- One round: read, run, print.
---@param editor table
---@return boolean more  false at the end of the input
function M.round(editor)
  local typed = editor:read("> ")
  if not typed then return typed == false end
  local command, words = commands.find(typed)
  local run, kind
  if not command then
    typed, run, kind = read_chunk(session, typed)
    if not typed then return true end
  end
  if editor:edits() then remember(typed) end
  show.width = editor:columns()
  if command then
    local fine, message = xpcall(command, explain, words, M)
    if not fine then complain(message, typed) end
  elseif run then
    if editor:is_terminal() and typed:find("^%s*local%s") and not typed:find("\n") then
      io.stderr:write("(a local lives for this line only: leave out 'local' to keep it)\n")
    end
    M.run(run, kind, typed)
  else
    complain(explain(kind), typed)
  end
  return true
end

return M
