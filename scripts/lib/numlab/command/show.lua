--- numlab show: one stored run, where it comes from and its rows.
local command = require "numlab.command"
local runs = require "numlab.runs"
local tables = require "numlab.table"
local text = require "numlab.text"

return function(...)
  local o, code = command.read({ ... }, {
    name = "show", usage = "RUN", summary = "A stored run: code, machine and settings it was made with, its rows",
    places = { "RUN" }, help = [[
RUN is NAME:3, NAME:-1 or NAME (the last) of `numlab list`, or a store's file or folder in place of NAME.
What is the same in all rows is told once, above the table.

    numlab show task1_sweep
    numlab show reports/task1_sweep/task1_sweep.sqlite:2
]],
  })
  if not o then return code end
  local run, message = runs.find(o.RUN)
  if not run then error("show: " .. message, 0) end
  local took = runs.took(run)
  io.write(("%s, %s\n"):format(run.name, run.state))
  local lines = { { "store", run.path }, { "started", run.started },
    { "finished", run.finished and ("%s%s"):format(run.finished, took and ", " .. took or "") } }
  for _, name in ipairs(run.order) do lines[#lines + 1] = { name, run.facts[name] } end
  local samples = 0
  for _, parts in ipairs(run.samples) do samples = samples + #(parts[""] or {}) end
  lines[#lines + 1] = { "rows", ("%d, from %d samples of time"):format(#run.rows, samples) }
  local columns, constant = runs.columns(run)
  for _, pair in ipairs(constant) do
    local value = tables.cell(pair[2])
    if run.facts[pair[1]] ~= value then lines[#lines + 1] = { pair[1], value } end
  end
  local longest = 0
  for _, line in ipairs(lines) do longest = math.max(longest, text.width(line[1])) end
  for _, line in ipairs(lines) do
    if line[2] then io.write(text.wrap(line[2], 100, "  " .. text.pad(line[1], longest + 2), (" "):rep(longest + 4)), "\n") end
  end
  if #run.rows > 0 then io.write("\n", (tables.render(run.rows, { columns = columns }))) end
  return 0
end
