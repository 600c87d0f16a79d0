--- The results that a report tells of: of each experiment the last finished run, its rows, and the page and figures that
--- were made of exactly these rows.
local check = require "numlab.task2_check"
local file = require "numlab.file"
local findings = require "numlab.findings"
local runs = require "numlab.runs"
local storage = require "numlab.store"
local tables = require "numlab.table"
local task1 = require "numlab.task1"
local task2 = require "numlab.task2"
local task2_findings = require "numlab.task2_findings"
local text = require "numlab.text"

local M = {}

local MODULE = { loss = "%.9f", max_abs_err = "%.1e", grad_max_abs_err = "%.1e" }
for _, name in ipairs{ "forward_s", "forward_iqr", "backward_s", "backward_iqr" } do MODULE[name] = text.duration end
for _, name in ipairs{ "peak_forward_bytes", "peak_backward_bytes" } do MODULE[name] = text.bytes end

--- What a report of a task is made of. findings: sentences from the rows; where there is none, those of the page.
M.EXPERIMENTS = {
  { name = "task1_sweep", task = "task1", format = task1.FORMAT, findings = findings.sweep },
  { name = "task1_nondominant", task = "task1", format = task1.FORMAT },
  { name = "task2_verify", task = "task2", format = check.FORMAT, findings = check.findings },
  { name = "task2_sweep", task = "task2", format = task2.FORMAT, findings = task2_findings.sweep },
  { name = "task2_module", task = "task2", format = MODULE },
}

local OTHERS = { Figures = true, Results = true, ["How it was made"] = true, Notes = true }

local function plain(s) return (s:gsub("\\(%p)", "%1")) end

--- The page of an experiment (numlab.report writes it) taken apart.
---@param page string
---@return table  {sections = {{title, lines}, ...}, figures = {names}, columns, lines (of the table), arguments, facts, notes}
function M.parse_page(page)
  local out = { sections = {}, figures = {}, columns = {}, lines = {}, facts = {}, notes = {} }
  local heading
  for line in page:gmatch("[^\n]+") do
    local title, item = line:match("^## (.*)"), line:match("^%- (.*)")
    if title then
      heading = title
      if not OTHERS[title] then out.sections[#out.sections + 1] = { title, {} } end
    elseif heading == "Figures" then
      out.figures[line:match("^!%[.*%]%((.*)%.svg%)$") or ""] = true
    elseif heading == "Results" and line:find("^|") then
      out.lines[#out.lines + 1] = line
    elseif item and heading == "How it was made" then
      local name, value = item:match("^(.-): (.*)$")
      if name == "arguments" then out.arguments = value:gsub("^`", ""):gsub("`$", "")
      elseif name then out.facts[#out.facts + 1] = { name, value } end
    elseif item and heading == "Notes" then
      out.notes[#out.notes + 1] = item
    elseif heading and not OTHERS[heading] then
      table.insert(out.sections[#out.sections][2], item or line)
    end
  end
  for cell in ((out.lines[1] or ""):match("^| (.*) |$") or ""):gmatch("[^|]+") do
    out.columns[#out.columns + 1] = plain(cell:match("^%s*(.-)%s*$"))
  end
  table.remove(out.lines, 1)
  table.remove(out.lines, 1)
  return out
end

-- The rows that the page's table shows, in its order; nil where the page was made of others.
local function rows_on(page, rows, format)
  local by = {}
  for _, row in ipairs(rows) do
    local line = tables.markdown({ row }, { columns = page.columns, format = format, missing = "" }):match("([^\n]+)\n$")
    by[line] = by[line] or {}
    table.insert(by[line], row)
  end
  local out = {}
  for i, line in ipairs(page.lines) do
    local row = by[line] and table.remove(by[line], 1)
    if not row then return nil end
    out[i] = row
  end
  return #out > 0 and out or nil
end

local function is_quick(arguments) return ((" " .. (arguments or "") .. " "):find(" quick=true ", 1, true)) ~= nil end

-- The last finished run of a store; nil where there is no store, no SQLite or no such run.
local function last_run(path)
  if not file.read(path) then return nil end
  local store = storage.open(path, { readonly = true })
  if not store then return nil end
  local all, found = store:runs(), nil
  for _, run in ipairs(all or {}) do
    if run.state == "finished" then found = run end
  end
  found = found and store:read(found.id)
  store:close()
  return found
end

--- What is stored of an experiment.
---@param experiment table  of EXPERIMENTS
---@param quick boolean  is a quick run good enough?
---@return table? result  {experiment, folder, page, rows, all, run (nil: no store), arguments, quick, sections}
---@return string? why  there is none to use
function M.stored(experiment, quick)
  local folder = runs.FOLDER .. "/" .. experiment.name
  local source = file.read(("%s/%s.md"):format(folder, experiment.name))
  local run = last_run(("%s/%s.sqlite"):format(folder, experiment.name))
  local csv = not run and file.read(("%s/%s.csv"):format(folder, experiment.name))
  if not source or not (run or csv) then return nil, "no finished run is stored in " .. folder end
  local page = M.parse_page(source)
  local all = run and run.rows or tables.parse_csv(csv)
  local rows = rows_on(page, all, experiment.format)
  if not rows then return nil, ("the page in %s was made of other rows than its last finished run"):format(folder) end
  local arguments = run and run.facts.arguments or page.arguments
  if is_quick(arguments) and not quick then return nil, ("the last run in %s is a quick one"):format(folder) end
  if run then all = rows end -- a csv may hold more than the page shows
  return { experiment = experiment, name = experiment.name, folder = folder, page = page, rows = rows, run = run,
    arguments = arguments, quick = is_quick(arguments),
    sections = experiment.findings and experiment.findings(all) or page.sections }
end

-- This very program.
local function program()
  local path = file.capture("readlink /proc/$PPID/exe"):match("^[^\n]+")
  return path or "numlab"
end

--- Run an experiment; its words go to standard error.
---@return integer code
local function run(experiment, quick)
  local _, how, code = os.execute(("%s run experiments/%s.lua%s </dev/null >/dev/null"):format(file.quote(program()),
    experiment.name, quick and " quick=true" or ""))
  return how == "signal" and 128 + code or code
end

--- The results of some tasks; what is not stored is measured first.
---@param o table  tasks = {task1 = true}, quick, tell = function of a line
---@return table[]? results, string? message, integer? code  of the experiment that failed
function M.collect(o)
  local out = {}
  for _, experiment in ipairs(M.EXPERIMENTS) do
    if o.tasks[experiment.task] then
      local result, why = M.stored(experiment, o.quick)
      if not result then
        o.tell(("%s: %s; running it%s"):format(experiment.name, why, o.quick and " (quick)" or ""))
        local code = run(experiment, o.quick)
        if code == 130 then return nil, "interrupted", code end
        result, why = M.stored(experiment, o.quick)
        if not result then return nil, ("%s ended with exit code %d: %s"):format(experiment.name, code, why), code end
        if code ~= 0 then
          o.tell(("%s ended with exit code %d; its results are told as they are"):format(experiment.name, code))
        end
      end
      out[#out + 1] = result
    end
  end
  return out
end

return M
