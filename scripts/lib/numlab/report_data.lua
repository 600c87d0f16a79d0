--- The results that a report tells of: of each experiment the last finished run of full size and what it tells, which its
--- store keeps (numlab.telling). A quick run stands in where there is no other.
---@internal of numlab report
local accuracy = require "numlab.accuracy"
local check = require "numlab.task2_check"
local file = require "numlab.file"
local poisson = require "numlab.poisson"
local runs = require "numlab.runs"
local sensitivity = require "numlab.sensitivity_lab"
local storage = require "numlab.store"
local task1 = require "numlab.task1"
local task2 = require "numlab.task2"
local telling = require "numlab.telling"
local text = require "numlab.text"
local tiles = require "numlab.task2_tiles"

local M = {}

local MODULE = { loss = "%.9f", max_abs_err = "%.1e", grad_max_abs_err = "%.1e" }
for _, name in ipairs{ "forward_s", "forward_iqr", "backward_s", "backward_iqr" } do MODULE[name] = text.duration end
for _, name in ipairs{ "peak_forward_bytes", "peak_backward_bytes" } do MODULE[name] = text.bytes end

local function giga(rate) return ("%.3g"):format(rate / 1e9) end
local ROOFLINE = { seconds = text.duration, intensity = "%.3g", rate = giga, attainable = giga, share = "%.2f" }

--- What a report of a task, or of either, is made of, in its order. format: how the columns of its rows read; further:
--- told where a run is stored, else left out.
M.EXPERIMENTS = {
  { name = "task1_sweep", task = "task1", format = task1.FORMAT },
  { name = "task1_nondominant", task = "task1", format = task1.FORMAT },
  { name = "task1_sensitivity", task = "task1", format = sensitivity.FORMAT },
  { name = "task1_poisson", task = "task1", format = poisson.FORMAT, further = true },
  { name = "task2_verify", task = "task2", format = check.FORMAT },
  { name = "task2_sweep", task = "task2", format = task2.FORMAT },
  { name = "task2_module", task = "task2", format = MODULE },
  { name = "task2_sensitivity", task = "task2", format = sensitivity.FORMAT },
  { name = "task2_tiles_cache", task = "task2", format = tiles.FORMAT, further = true },
  { name = "accuracy_condition", task = "either", format = accuracy.FORMAT, further = true },
  { name = "machine_roofline", task = "either", format = ROOFLINE, further = true },
}

local function is_quick(run) return ((" " .. (run.facts.arguments or "") .. " "):find(" quick=true ", 1, true)) ~= nil end

-- The run of a store that tells most: finished, of full size before quick, the last of these; and what it tells.
local function best_run(path)
  local store = storage.open(path, { readonly = true })
  if not store then return nil end
  local best
  for _, run in ipairs(store:runs() or {}) do
    run.quick, run.path = is_quick(run), path
    if run.state == "finished" and not (best and run.quick and not best.quick) then
      run.told = telling.of(store, run.id)
      if run.told then best = run end
    end
  end
  store:close()
  return best
end

-- Which of two runs a report tells of.
local function better(a, b)
  if not a or not b then return a or b end
  if a.quick ~= b.quick then return a.quick and b or a end
  return a.finished < b.finished and b or a
end

--- What is stored of an experiment.
---@param experiment table  of EXPERIMENTS
---@param stores string[]?  where to look; default: reports/NAME/NAME.sqlite
---@return table? result  {experiment, name, run, quick, title, rows, columns, format, drawings, sections, notes}
---@return string? why  there is none
function M.stored(experiment, stores)
  local run
  for _, path in ipairs(stores or { ("%s/%s/%s.sqlite"):format(runs.FOLDER, experiment.name, experiment.name) }) do
    local _, name = file.split(path)
    if name == experiment.name .. ".sqlite" then run = better(run, best_run(path)) end
  end
  if not run then
    return nil, stores and "no finished run is stored there" or ("no finished run is stored in %s/%s"):format(runs.FOLDER,
      experiment.name)
  end
  local told = run.told
  return { experiment = experiment, name = experiment.name, run = run, quick = run.quick, title = told.title, rows = told.rows,
    columns = told.columns, format = experiment.format or told.format or {}, drawings = told.drawings, sections = told.sections,
    notes = told.notes or {} }
end

-- This very program.
local function program()
  local path = file.capture("readlink /proc/$PPID/exe"):match("^[^\n]+")
  return path or "numlab"
end

-- Run an experiment; its words go to standard error.
local function run(experiment, quick)
  local _, how, code = os.execute(("%s run experiments/%s.lua%s </dev/null >/dev/null"):format(file.quote(program()),
    experiment.name, quick and " quick=true" or ""))
  return how == "signal" and 128 + code or code
end

-- The stores in and below some folders.
local function stores_in(folders)
  local out = {}
  for _, folder in ipairs(folders) do
    local found, message = runs.stores(folder)
    if not found then return nil, message end
    table.move(found, 1, #found, #out + 1, out)
  end
  return out
end

-- An experiment whose run is missing, or stored only quick where full size is wanted, is run.
local function measure(experiment, o, why)
  o.tell(("%s: %s; running it%s"):format(experiment.name, why or "only quick runs are stored", o.quick and " (quick)" or ""))
  local code = run(experiment, o.quick)
  if code == 130 then return nil, "interrupted", code end
  local result = M.stored(experiment)
  if result and code ~= 0 then
    o.tell(("%s ended with exit code %d; its results are told as they are"):format(experiment.name, code))
  end
  return result, code == 0 and experiment.name .. " stored no run: a report is made of stored runs, which takes SQLite "
    .. "(apt install libsqlite3-0)" or ("%s ended with exit code %d and stored no run"):format(experiment.name, code), code
end

--- The results of some tasks; what is not stored is measured first, below reports/.
---@param o table  tasks = {task1 = true}, quick = is a quick run good enough?, from = folders or stores, tell = function of
--- a line
---@return table[]? results
---@return string? message
---@return integer? code  of the experiment that failed
function M.collect(o)
  local stores, trouble
  if #(o.from or {}) > 0 then stores, trouble = stores_in(o.from) end
  if trouble then return nil, trouble, 1 end
  local out = {}
  for _, experiment in ipairs(M.EXPERIMENTS) do
    if o.tasks[experiment.task] or experiment.task == "either" then
      local result, why = M.stored(experiment, stores)
      local enough = result and (not result.quick or o.quick or stores)
      if not enough and not experiment.further then
        local code
        result, why, code = measure(experiment, o, why)
        if not result then return nil, why, code end
      end
      if result and result.quick and not o.quick then
        o.tell(("%s: there is no run of full size, a quick one is told"):format(experiment.name))
      end
      out[#out + 1] = result
    end
  end
  return out
end

return M
