--- A stored run as csv, json or Markdown: the same rows give the same bytes.
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

--- What `write` knows.
M.FORMATS = { "csv", "json", "md" }

local function json_string(s)
  if not utf8.len(s) then s = s:gsub("[\128-\255]+", "\u{fffd}") end
  return '"' .. s:gsub('[%c"\\\127]', function(c)
    return (c == '"' or c == "\\") and "\\" .. c or ("\\u%04x"):format(c:byte())
  end) .. '"'
end

-- JSON has no nan and no infinity: they are the words the csv has for them.
local function json_value(value)
  if value == nil then return "null" end
  if type(value) == "boolean" then return tostring(value) end
  if type(value) ~= "number" then return json_string(tostring(value)) end
  return value - value == 0 and text.number(value) or json_string(text.number(value))
end

local function json_list(values, one)
  local out = {}
  for i, value in ipairs(values) do out[i] = (one or json_value)(value) end
  return "[" .. table.concat(out, ", ") .. "]"
end

-- {"name": value, ...} of a list of {name, json}.
local function json_object(pairs_of)
  local out = {}
  for i, pair in ipairs(pairs_of) do out[i] = json_string(pair[1]) .. ": " .. pair[2] end
  return "{" .. table.concat(out, ", ") .. "}"
end

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
    if not seen[name] and row[name] ~= nil then fields[#fields + 1] = { name, json_value(row[name]) } end
    seen[name] = true
  end
  for _, name in ipairs(run.columns) do add(name) end
  for _, name in ipairs(sorted(row)) do add(name) end
  for _, part in ipairs(sorted(run.samples[i])) do
    samples[#samples + 1] = { part == "" and "seconds" or part .. "_s", json_list(run.samples[i][part]) }
  end
  return json_object{ { "row", json_object(fields) }, { "samples", json_object(samples) } }
end

local function facts_of(run)
  local facts = { { "state", run.state }, { "started", run.started }, { "finished", run.finished } }
  if not run.finished then facts[3] = nil end
  for _, name in ipairs(run.order) do facts[#facts + 1] = { name, run.facts[name] } end
  return facts
end

local function json(run)
  local rows, facts = {}, {}
  for i in ipairs(run.rows) do rows[i] = "    " .. json_row(run, i) end
  for i, fact in ipairs(facts_of(run)) do facts[i] = { fact[1], json_value(fact[2]) } end
  return table.concat({ "{", '  "experiment": ' .. json_string(run.experiment) .. ",", ('  "run": %d,'):format(run.id),
    '  "facts": ' .. json_object(facts) .. ",", '  "axes": ' .. json_list(run.axes) .. ",",
    '  "contestant": ' .. json_string(run.contestant) .. ",", '  "columns": ' .. json_list(run.columns) .. ",",
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
  if format == "json" then return json(run) end
  if format == "md" then return markdown(run) end
  error(text.unknown("export", "format", format, M.FORMATS), 2)
end

return M
