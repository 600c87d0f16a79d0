--- What `numlab bench` prints: tables for a person, JSON for a program.
---@internal of numlab bench
local json = require "numlab.json"
local rows_of = require "numlab.rows"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

local BUSY = 0.5 -- programs that run: from here on they are seen in the figures

-- Limits as one row each, a column a number of threads.
local function limits_table(limits)
  local out, columns, seen = {}, { { "limit", title = "limits of this machine" } }, {}
  for _, group in ipairs(rows_of.group(limits, { "limit" })) do
    local row = { limit = ("%s, %s"):format(group.key.limit, group.rows[1].unit) }
    for _, one in ipairs(group.rows) do
      local key = "t" .. one.threads
      row[key] = one.value and ("%.3g"):format(one.value) or nil
      if not seen[key] then
        seen[key] = true
        local title = one.threads == 0 and "measured" or one.threads == 1 and "1 thread" or one.threads .. " threads"
        columns[#columns + 1] = { key, title = title, align = "right" }
      end
    end
    out[#out + 1] = row
  end
  return tables.render(out, { columns = columns })
end

-- "45.2 GFLOP/s", "56.1 M/s"
local function rate(value, unit)
  local scale, prefix = 1e6, "M"
  if value >= 1e12 then scale, prefix = 1e12, "T" elseif value >= 1e9 then scale, prefix = 1e9, "G" end
  return ("%.3g %s%s"):format(value / scale, prefix, unit)
end

local function standing_table(rows)
  local out = {}
  for i, r in ipairs(rows) do
    out[i] = { kernel = r.kernel, n = r.n, bound = r.bound, beside = r.beside, share = r.share, ratio = r.ratio,
      rate = r.rate and rate(r.rate, r.unit) or r.code }
  end
  return tables.render(out, { format = { share = "%.2f", ratio = "%.2f" }, columns = { "kernel", "n", "rate",
    { "share", title = "of roof" }, "bound", "beside", "ratio" } })
end

--- For a person, within 80 columns.
---@param facts table[]  {name, value}, the device first, then its name
---@param limits table[]  of bench_machine
---@param rows table[]  of bench_standing
---@param seconds number  it all took
---@return string
function M.text(facts, limits, rows, seconds)
  local line, out = {}, {}
  local function write(...)
    for _, part in ipairs{ ... } do out[#out + 1] = part end
  end
  local load
  for i, fact in ipairs(facts) do
    line[i] = (i > 2 and fact[1] .. " " or "") .. fact[2]
    if fact[1] == "load" then load = tonumber(fact[2]:match("^%S+")) end
  end
  local head = table.concat(line, ", "):gsub("([^,]) ", "%1\u{a0}") -- broken behind commas alone
  write((text.wrap(head, 80):gsub("\u{a0}", " ")), "\n\n", (limits_table(limits)))
  for _, group in ipairs(rows_of.group(rows, { "threads" })) do
    local threads = group.key.threads
    write("\n", threads > 0 and ("with %d thread%s\n"):format(threads, threads == 1 and "" or "s") or "",
      (standing_table(group.rows)))
  end
  local said = {}
  local function note(what)
    if what and not said[what] then write(text.wrap(what, 80, "  ", "    "), "\n") end
    said[what or ""] = true
  end
  write("\n")
  if load and load > BUSY then
    note(("load %.2f when it began: other programs ran as well, these figures are not the machine's best"):format(load))
  end
  for _, one in ipairs(limits) do note(one.message) end
  for _, r in ipairs(rows) do
    note(r.message)
    note(r.beside_message)
  end
  write(("took %s; ratio above 1: numlab is the faster one\n"):format(text.duration(seconds)))
  return table.concat(out)
end

local LIMIT = { "limit", "unit", "threads", "value", "message" }
local KERNEL = { "kernel", "n", "threads", "dtype", "code", "seconds", "seconds_iqr", "repeats", "flops", "bytes", "rate", "unit",
  "intensity", "attainable", "share", "bound", "beside", "beside_seconds", "ratio", "message", "beside_message" }

-- A row a line: its fields of these names.
local function json_rows(rows, names)
  local lines = {}
  for i, row in ipairs(rows) do
    local fields = {}
    for _, name in ipairs(names) do
      if row[name] ~= nil then fields[#fields + 1] = { name, json.value(row[name]) } end
    end
    lines[i] = json.object(fields)
  end
  return "[" .. table.concat(lines, ",\n    ") .. "]"
end

--- The same as JSON; rate in its unit: FLOP/s, or /s for numbers drawn.
function M.json(facts, limits, rows, seconds)
  local about = {}
  for i, fact in ipairs(facts) do about[i] = { fact[1], json.value(fact[2]) } end
  return ('{"machine": %s,\n  "limits": %s,\n  "kernels": %s,\n  "seconds": %s}\n'):format(json.object(about),
    json_rows(limits, LIMIT), json_rows(rows, KERNEL), json.value(seconds))
end

return M
