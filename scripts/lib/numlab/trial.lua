--- A numlab in a folder of its own, built and tried: each row of the handout that a minute can judge, by the csv files
--- its experiments write. For verify; the folder's code runs as the user.
---@internal of numlab pack and numlab verify
local command = require "numlab.command"
local file = require "numlab.file"
local rows_of = require "numlab.rows"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

-- What the caller's make, shell or Lua was told must not change what is built and run.
local CLEAN = "env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL -u MAKEOVERRIDES -u BUILD -u SAN -u OPT -u LUA_PATH -u LUA_PATH_5_4 "
  .. "-u LUA_CPATH -u LUA_CPATH_5_4 -u LUA_INIT -u LUA_INIT_5_4 "

-- Run it there; its output, or nil and the last it said. --foreground: Ctrl-C reaches it.
local function attempt(folder, seconds, line)
  local output, status = file.capture(("cd %s && %s timeout --foreground -k 5 %d %s"):format(file.quote(folder), CLEAN,
    seconds, line))
  if status == 0 then return output end
  if status == 124 then return nil, ("not done after %d s"):format(seconds) end
  local last = {}
  for said in output:gmatch("[^\n]+") do last[#last + 1] = said end
  return nil, ("exit code %d: %s"):format(status, table.concat(last, " | ", math.max(1, #last - 2)))
end

--- Build it.
---@param folder string
---@return number? seconds
---@return string? why
function M.build(folder)
  local nl = require "numlab"
  local begin = nl.clock()
  local ok, why = attempt(folder, 1200, "make BUILD=build -j\"$(nproc || echo 1)\" all")
  if not ok then return nil, "make does not build it: " .. why end
  return nl.clock() - begin
end

-- The rows an experiment wrote, or nil and why there are none.
local function experiment(t, name, words, csv)
  local out = t.out .. "/" .. name
  t.tell("running " .. name)
  local ok, why = attempt(t.folder, 300, ("build/numlab run experiments/%s.lua %s out=%s"):format(name, words, file.quote(out)))
  local contents = file.read(out .. "/" .. (csv or name) .. ".csv")
  if not contents then return nil, ("%s wrote no results: %s"):format(name, why or "no csv") end
  local rows, _, fault = tables.parse_csv(contents)
  if fault then return nil, ("%s: its csv is broken: %s"):format(name, fault) end
  return rows, not ok and ("%s: %s"):format(name, why) or nil
end

local function below(value, bound) return type(value) == "number" and value <= bound end

-- Every solve of one method at the handout's rule for accuracy; what to say of it.
local function solves(rows, method, bound)
  local mine, worst = rows_of.where(rows, { method = method }), 0
  if #mine == 0 then return "failed", method .. " has no row" end
  for _, row in ipairs(mine) do
    if row.code == "UNAVAILABLE" then return "not checked", tostring(row.message) end
    if row.code ~= "OK" or not below(row.rel_error, bound) then
      return "failed", ("%s at n = %s, density %s: %s, relative error %s, allowed %.0e"):format(method, row.n, row.density,
        row.code, tables.cell(row.rel_error), bound)
    end
    worst = math.max(worst, row.rel_error)
  end
  return "passed", ("%s solves %d systems of 100 unknowns, relative errors up to %.1e"):format(method, #mine, worst)
end

local function task1(t, add)
  local rows, why = experiment(t, "task1_sweep", "n=100 density=0.01,0.05,0.1 repeats=1 quick=true")
  if not rows then
    for _, row in ipairs{ "1.1", "1.2", "1.3", "1.4", "1.5", "1.6" } do add(row, "failed", why) end
  else
    add("1.1", solves(rows, "gauss", 1e-8))
    add("1.2", solves(rows, "gauss_seidel", 1e-6))
    add("1.3", solves(rows, "lapack", 1e-8))
    local complete, dominant = true, true
    for _, row in ipairs(rows_of.where(rows, { code = "OK" })) do
      complete = complete and below(row.rel_error, 1) and below(row.relative_residual, 1) and below(row.seconds, 300)
      dominant = dominant and below(1, row.ratio) and row.ratio > 1
    end
    add("1.4", dominant and "passed" or "failed", "strictly dominant sparse systems with known solution")
    add("1.5", complete and "passed" or "failed", "relative error, relative residual and seconds in every row")
    add("1.6", why and "failed" or "not checked",
      why or "n = 100 alone was tried; all sizes: numlab run experiments/task1_sweep.lua")
  end
  rows, why = experiment(t, "task1_nondominant", "n=100 repeats=1")
  local state, said, converging, diverging = "passed", nil, 0, 0
  for _, row in ipairs(rows and rows_of.where(rows, { method = "gauss_seidel" }) or {}) do
    local converges = below(row.radius, 1) and row.radius < 1
    if converges ~= (row.code == "OK") then
      state, said = "failed", ("%s: spectral radius %s, but %s"):format(row.kind, row.radius, row.code)
    end
    converging, diverging = converging + (converges and 1 or 0), diverging + (converges and 0 or 1)
  end
  if why or converging == 0 or diverging == 0 then
    state, said = "failed", why or "Gauss-Seidel was not seen to converge and to diverge"
  end
  add("1.7", state, said or "Gauss-Seidel converges where the spectral radius is below 1, and only there")
end

-- The handout's own check, by the handout's own names; the script is this numlab's, the program that runs it is not.
local function handout(t, add)
  local here = debug.getinfo(1, "S").source:match("^@(.*)/[^/]*$") or "."
  t.tell("running the gradient check")
  local output, why = attempt(t.folder, 300, "build/numlab run " .. file.quote(here .. "/verify/handout.lua"))
  local found = {}
  for name, worst, close in (output or ""):gmatch("(%a+)\t(%S+)\t(%a+)\n") do
    found[name] = { worst = tonumber(worst), close = close == "true" }
  end
  local function say(row, names, what)
    local largest = 0
    for _, name in ipairs(names) do
      local f = found[name]
      if not f or not f.close then
        return add(row, "failed", f and ("%s is off by %.1e"):format(name, f.worst) or why or name .. " was not told")
      end
      largest = math.max(largest, f.worst)
    end
    add(row, "passed", ("%s, off by at most %.1e"):format(what, largest))
  end
  say("2.1", { "standard" }, "standard attention beside the formula")
  say("2.2", { "tiled" }, "tiled attention without online softmax")
  say("2.3", { "flash" }, "flash attention, forward")
  say("2.4", { "dq", "dk", "dv" }, "float64 gradients beside central differences, rtol 1e-5, atol 1e-7")
end

local function all_close(rows, why, what)
  if not rows or #rows == 0 or why then return "failed", why or "no rows" end
  for _, row in ipairs(rows) do
    if row.allclose ~= true then
      return "failed", ("%s %s beside %s: not close"):format(row.impl, row.dtype, row.against)
    end
  end
  return "passed", ("%d comparisons, %s"):format(#rows, what)
end

local function task2(t, add)
  handout(t, add)
  local rows, why = experiment(t, "task2_module", "quick=true repeats=1", "task2_module_agreement")
  local state, said = all_close(rows, why, "attention in a module, all gradients")
  add("2.5", state, said)
  rows, why = experiment(t, "task2_verify", "cases=handout dtype=f64,f32")
  state, said = all_close(rows, why, "every implementation in f64 and f32, forward and gradients")
  add("2.6", state, said)
  rows, why = experiment(t, "task2_sweep", "n=512 q_tile=64 k_tile=64 heads=2 repeats=1 impls=standard,tiled,flash")
  local peak = {}
  for _, row in ipairs(rows or {}) do peak[row.impl] = row.peak_forward_bytes end
  local known = peak.standard and peak.tiled and peak.flash
  local saves = known and peak.standard > peak.tiled and peak.tiled > peak.flash
  add("2.7", (why or not known) and "failed" or "not checked", why or not known and "task2_sweep lacks a row"
    or "n = 512 alone was tried; all sizes: numlab run experiments/task2_sweep.lua")
  add("2.8", "not checked", "the peers: numlab run experiments/task2_sweep.lua peers=true, where PyTorch is")
  add("2.9", saves and "passed" or "failed", known
    and ("peak bytes forward at n = 512: standard %s, tiled %s, flash %s"):format(text.bytes(peak.standard),
      text.bytes(peak.tiled), text.bytes(peak.flash))
    or why or "task2_sweep lacks a row")
  add("2.10", "not checked", "optional; wants a GPU")
end

--- The handout's rows of both tasks.
---@param folder (string|boolean)?  where it was built; nothing: nothing was
---@param out string  a folder for results
---@param tell fun(line: string)
---@return {row: string, state: string, what: string}[]
function M.rows(folder, out, tell)
  local rows = {}
  local function add(row, state, what)
    local shown = command.show(tostring(what)):sub(2, -2)
    rows[#rows + 1] = { row = row, state = state, what = shown }
  end
  if folder then
    local t = { folder = folder, out = out, tell = tell }
    task1(t, add)
    task2(t, add)
    return rows
  end
  for i = 1, 7 do add("1." .. i, "not checked", "there is no program to try it with") end
  for i = 1, 10 do add("2." .. i, "not checked", "there is no program to try it with") end
  return rows
end

return M
