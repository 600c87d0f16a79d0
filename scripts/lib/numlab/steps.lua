--- The algorithm microscope: an algorithm step by step, for those who must explain what happens.
---
--- Example:
---     local A, b = nl.tensor{{4, 1}, {2, 5}}, nl.tensor{6, 12}
---     for s in nl.steps("gauss", A, b) do print(s) end
---     for s in nl.steps("gauss_seidel", A, b, { max_iter = 3 }) do print(s.number, s.what) end
---     local q = nl.randn(4, 2)
---     for s in nl.steps("flash", q, q, q, { q_tile = 2, k_tile = 2 }) do print(s.event, s.formula) end
---
--- `nl.plot(s:figure())` draws a step, `nl.steps.frames` all of them. Every step has `number`, `algorithm`, `event`,
--- `what` (a sentence), `formula`, and copies of the state as tensors; the last is the event "outcome", with the result,
--- `code` and, where the method did not get there, the `message` of nl.solve. The numbers are those of the engine, bit for
--- bit (gauss, gauss_seidel) or to rounding (flash). The events and what each holds: `numlab doc numlab.steps_gauss`,
--- `numlab.steps_gauss_seidel`, `numlab.steps_flash`.
local expect = require "numlab.expect"
local text = require "numlab.text"

local WIDTH = 80
local READABLE = 12 -- columns whose numbers have room in a heat map
local NAMES = { "gauss", "gauss_seidel", "flash" }

---@class numlab.steps.GaussOptions
---@field pivot? "partial"|"none"  "partial"

---@class numlab.steps.GaussSeidelOptions
---@field x0? nl.Tensor  first iterate, zero
---@field sweep? "forward"|"backward"|"symmetric"  "forward"
---@field max_iter? integer  10000
---@field tol? number  1e-10

---@class numlab.steps.FlashOptions
---@field q_tile? integer  64
---@field k_tile? integer  64
---@field causal? boolean
---@field scale? number  1 / sqrt(D)

---@class numlab.steps.Step
---@field number integer from 1
---@field algorithm "gauss"|"gauss_seidel"|"flash"
---@field event string
---@field what string one sentence
---@field formula string
---@field shows string[] names of the fields that print: tensors
---@field draws string? name of the field that is drawn: a matrix as a heat map, a vector as bars
---@field marks table? {rows = {first, last}, columns = {first, last}} of it: the pivot, what changes
---@field corner integer[]? row and column of its first element, where it is a tile
---@field code string? of the outcome: "OK", or as nl.solve
---@field message string? of the outcome
local Step = {}
Step.__index = Step
Step.__name = "step"

function Step.__tostring(s)
  local lines = { text.wrap(("%s %d, %s: %s"):format(s.algorithm, s.number, s.event, s.what), WIDTH, "", "  "),
    text.wrap(s.formula, WIDTH, "  ", "  ") }
  for _, name in ipairs(s.shows) do
    lines[#lines + 1] = name .. " ="
    lines[#lines + 1] = tostring(s[name])
  end
  return table.concat(lines, "\n")
end

-- first, first + 1 ... as n labels, those of a marked range with a pointer before them.
local function labels(n, first, range)
  local out = {}
  for i = first, first + n - 1 do
    out[#out + 1] = (range and i >= range[1] and i <= range[2] and "▸ " or "") .. i
  end
  return out
end

--- The step as a figure: gauss [A | b] and flash the tile's scores as a heat map, gauss_seidel x as bars; what the step
--- is about is marked on the axes.
---@return numlab.plot.FigureOptions? options  nil: this step has nothing to draw
--- Example:
---     local first = nl.steps("gauss", nl.tensor{{1, 2}, {3, 4}}, nl.tensor{3, 7})()
---     nl.plot(first:figure())
function Step:figure()
  if not self.draws then return nil end
  local z, marks, corner = self[self.draws]:totable(), self.marks or {}, self.corner or { 1, 1 }
  local title = ("%s %d: %s"):format(self.algorithm, self.number, self.what)
  if type(z[1]) == "number" then
    return { title = title, ylabel = self.draws, categories = labels(#z, 1, marks.rows),
      series = { { y = z, style = "bars" } } }
  end
  local columns, name = labels(#z[1], corner[2], marks.columns), self.draws
  if self.b then
    columns[#columns + 1], name = "b", ("[%s | b]"):format(name)
    for i, row in ipairs(z) do row[#row + 1] = self.b(i) end
  end
  return { title = title, xlabel = self.corner and "key" or "column", ylabel = self.corner and "query" or "row",
    heatmap = { x = columns, y = labels(#z, corner[1], marks.rows), z = z, label = name,
      format = #columns <= READABLE and "%.3g" or nil } }
end

local steps = {}

--- Walk an algorithm. Arguments are checked at once, by nl.solve or nl.attention; misuse raises.
---@param algorithm "gauss"|"gauss_seidel"|"flash"
---@param ... nl.Tensor|numlab.steps.GaussOptions|numlab.steps.GaussSeidelOptions|numlab.steps.FlashOptions  A, b, options;
--- q, k, v, options
---@return fun(): numlab.steps.Step? each
--- Example:
---     local last
---     for s in nl.steps("gauss", nl.tensor{{1, 2}, {3, 4}}, nl.tensor{3, 7}) do last = s end
---     assert(last.code == "OK" and last.x == nl.tensor{1, 1})
local function walk(_, algorithm, ...)
  if type(algorithm) ~= "string" then
    expect.fail(("steps: the algorithm must be a string (%s), got %s"):format(table.concat(NAMES, ", "), expect.got(algorithm)))
  end
  local known = false
  for _, name in ipairs(NAMES) do known = known or name == algorithm end
  if not known then expect.fail(text.unknown("steps", "algorithm", algorithm, NAMES)) end
  local ok, run = pcall(require("numlab.steps_" .. algorithm), ...)
  if not ok then -- the line to blame is the caller's, not that of our call of nl.solve, and so is the argument
    expect.fail(type(run) == "string" and run:gsub("^[^\n]-:%d+: ", "", 1):gsub("^bad argument #(%d+) to '[%w_]+'",
      function(which) return ("bad argument #%d to 'steps'"):format(which + 1) end) or run)
  end
  local number = 0
  local thread = coroutine.create(run)
  local function emit(s)
    number = number + 1
    s.number, s.algorithm = number, algorithm
    coroutine.yield(setmetatable(s, Step))
  end
  return function()
    if coroutine.status(thread) == "dead" then return nil end
    local went_on, step = coroutine.resume(thread, emit)
    if not went_on then error(step, 0) end
    return step
  end
end

--- Draw the steps as numbered figures (numlab.steps.Step:figure), all on one scale, and make index.html, which plays
--- them. Without gnuplot there are the scripts with their data alone.
---@param iterator fun(): numlab.steps.Step?
---@param folder string  made where it is not there
---@return string[]? files  without extension
---@return string? message  a file could not be written
--- Example:
---     local folder = os.tmpname()
---     os.remove(folder)
---     local files = nl.steps.frames(nl.steps("gauss", nl.tensor{{1, 2}, {3, 4}}, nl.tensor{3, 7}), folder)
---     assert(files[1] == folder .. "/0001") -- .gp, and .svg where gnuplot is
---     os.execute("rm -r " .. folder)
function steps.frames(iterator, folder)
  if type(iterator) ~= "function" then
    expect.fail(("steps.frames: expected what nl.steps returns, got %s"):format(expect.got(iterator)))
  end
  if type(folder) ~= "string" then
    expect.fail(("steps.frames: the folder must be a string, got %s"):format(expect.got(folder)))
  end
  return require("numlab.steps_frames")(iterator, folder)
end

return setmetatable(steps, { __call = walk })
