--- A stored run as csv, json or Markdown: the same rows give the same bytes.
---@internal of numlab export
local expect = require "numlab.expect"
local json = require "numlab.json"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

--- What `write` knows.
M.FORMATS = { "csv", "json", "md" }

local function sorted(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- A row with all its fields, those of the csv first, and its samples.
local function json_row(run, i)
  local row, seen, fields, samples = run.rows[i], {}, {}, {}
  local function add(name)
    if not seen[name] and row[name] ~= nil then fields[#fields + 1] = { name, json.value(row[name]) } end
    seen[name] = true
  end
  for _, name in ipairs(run.columns) do add(name) end
  for _, name in ipairs(sorted(row)) do add(name) end
  for _, part in ipairs(sorted(run.samples[i])) do
    samples[#samples + 1] = { part == "" and "seconds" or part .. "_s", json.list(run.samples[i][part]) }
  end
  return json.object{ { "row", json.object(fields) }, { "samples", json.object(samples) } }
end

local function facts_of(run)
  local facts = { { "state", run.state }, { "started", run.started }, { "finished", run.finished } }
  if not run.finished then facts[3] = nil end
  for _, name in ipairs(run.order) do facts[#facts + 1] = { name, run.facts[name] } end
  return facts
end

local function as_json(run)
  local rows, facts = {}, {}
  for i in ipairs(run.rows) do rows[i] = "    " .. json_row(run, i) end
  for i, fact in ipairs(facts_of(run)) do facts[i] = { fact[1], json.value(fact[2]) } end
  return table.concat({ "{", '  "experiment": ' .. json.string(run.experiment) .. ",", ('  "run": %d,'):format(run.id),
    '  "facts": ' .. json.object(facts) .. ",", '  "axes": ' .. json.list(run.axes) .. ",",
    '  "contestant": ' .. json.string(run.contestant) .. ",", '  "columns": ' .. json.list(run.columns) .. ",",
    '  "rows": [', table.concat(rows, ",\n"), "  ]", "}" }, "\n") .. "\n"
end

local function markdown(run)
  local columns = {}
  for _, name in ipairs(run.columns) do
    local some = #run.rows == 0
    for _, row in ipairs(run.rows) do some = some or row[name] ~= nil end
    if some then columns[#columns + 1] = name end
  end
  local out = { ("# %s, run %d"):format(run.experiment, run.id), "",
    (tables.markdown(run.rows, { columns = columns, missing = "" })), "## Where it comes from", "" }
  for _, fact in ipairs(facts_of(run)) do
    local value = fact[2]:gsub("%c+", " ")
    local fence = value:find("`", 1, true) and "``" or "`"
    out[#out + 1] = ("- %s: %s%s%s"):format(fact[1], fence, value, fence)
  end
  return table.concat(out, "\n") .. "\n"
end

--- The run as text.
---@param run table  as of runs.find
---@param format string  one of FORMATS
---@return string
function M.text(run, format)
  if format == "csv" then return tables.csv(run.rows, { columns = run.columns }) end
  if format == "json" then return as_json(run) end
  if format == "md" then return markdown(run) end
  expect.fail(text.unknown("export", "format", format, M.FORMATS))
end

return M
