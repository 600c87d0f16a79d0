--- What the prompt takes besides Lua: `?NAME` and `?WORD`, `!COMMAND` of the shell, `%time` and `%bench` of an expression,
--- `%help`; and who(), a global there.
---@internal of numlab.repl
local text = require "numlab.text"

local M = {}

local HELP = [[
?NAME        what a function, a class or a library is for: ?nl.solve, ?t:sum
?WORD        the names and texts that speak of a word; ? alone lists all
!COMMAND     run by the shell
%time EXPR   the value, and the time and the memory it took
%bench EXPR  run again and again: median, spread and least time
%help        this list
who()        your variables: type, shape, elements, place, bytes
ans          the first value of the last expression
EXPR;        a `;` at the end keeps the value from being printed
Tab          completes names, methods, options and their values, files
Ctrl-R       searches the history; the arrow keys walk in it
Ctrl-C       interrupts a computation (two within a second end numlab), or
             drops the line
Ctrl-D       ends]]

-- --- commands: functions of the words behind them and of numlab.repl ----------------------------------------------

local function help(words) require("numlab.help").show(words) end

local function shell(words)
  io.stdout:flush()
  local _, how, code = os.execute(words)
  if code ~= 0 then error(("the command ended with %s %d"):format(how == "signal" and "signal" or "exit code", code), 0) end
end

local function list() print(HELP) end

-- The function of an expression, or of statements.
local function parse(name, words, repl)
  if not words:find("%S") then
    error(("%%%s: an expression is missing, as in %%%s nl.rand(500, 500):sum()"):format(name, name), 0)
  end
  local run, kind = repl.parse(words)
  if not run then error(kind, 0) end
  return run, kind
end

local function time(words, repl)
  local nl = require "numlab"
  local run, kind = parse("time", words, repl)
  local seconds, processor
  local peak = nl.memory.peak(function()
    repl.run(function()
      local start, used = nl.clock(), os.clock()
      local results = table.pack(run())
      seconds, processor = nl.clock() - start, os.clock() - used
      return table.unpack(results, 1, results.n)
    end, kind, words)
  end)
  if seconds then
    print(("%s, %s of processor time, peak memory %s"):format(text.duration(seconds),
      text.duration(processor), text.bytes(peak)))
  end
end

-- Calls that take so long together, or one that takes longer, are one sample: the clock's own grain then counts nothing.
local SAMPLE = 1e-3 -- seconds

local function calls_a_sample(run, clock)
  local count = 1
  while true do
    local start = clock()
    for _ = 1, count do run() end
    local seconds = clock() - start
    if seconds >= SAMPLE then return count end
    count = count * math.max(2, math.min(10, math.ceil(SAMPLE / math.max(seconds, 1e-9))))
  end
end

local function bench(words, repl)
  local nl = require "numlab"
  local run = parse("bench", words, repl)
  local count = calls_a_sample(run, nl.clock)
  local result = nl.bench.compare({ width = 0.02, repeats_max = 200, slow = 3, contestants = { { name = words,
    run = function()
      local start = nl.clock()
      for _ = 1, count do run() end
      return { seconds = (nl.clock() - start) / count }
    end } } })[1]
  if result.failed then error(result.message, 0) end
  local interval = result.seconds_width and (" +- %.2g %%"):format(100 * result.seconds_width) or ""
  print(("median %s%s, least %s; %d sample%s of %d call%s%s"):format(text.duration(result.seconds), interval,
    text.duration(result.seconds_min), result.repeats, result.repeats == 1 and "" or "s", count,
    count == 1 and "" or "s", result.outliers > 0 and (", %d far out"):format(result.outliers) or ""))
end

local PERCENT = { time = time, bench = bench, help = list }

--- The names behind `%`, sorted.
---@return string[]
function M.names()
  local names = {}
  for name in pairs(PERCENT) do names[#names + 1] = name end
  table.sort(names)
  return names
end

local function unknown(name)
  return function() error(text.unknown("prompt", "command", "%" .. name, { "%bench", "%help", "%time" }), 0) end
end

--- The command that a line is, and the words behind it.
---@param typed string
---@return function? command  of (words, numlab.repl); nil: the line is Lua
---@return string? words
function M.find(typed)
  local mark, words = typed:match("^%s*([?!])(.*)$")
  if mark then return mark == "?" and help or shell, words end
  local name, rest = typed:match("^%s*%%(%a*)%s*(.*)$")
  if name then return PERCENT[name] or unknown(name), rest end
end

--- Set the globals of the prompt: who().
function M.start()
  local before = {}
  _G.who = function()
    local who = require "numlab.who"
    print(who.render(who.rows(_G, before)))
  end
  for name, value in next, _G do before[name] = value end
end

return M
