--- numlab list: the runs that are stored.
local command = require "numlab.command"
local runs = require "numlab.runs"
local tables = require "numlab.table"

return function(...)
  local words = { ... }
  local o, code = command.read(words, {
    name = "list", usage = "[DIR|FILE]", summary = "The stored runs below DIR, or in the store FILE; below reports/ "
      .. "where neither is given", places = #words > 0 and { "DIR" } or {},
    help = [[
A run is called NAME:3, after its store and number; NAME:-1 and NAME are the last. Where several stores have one name,
the store's file stands for it: reports/other/NAME.sqlite:3. A run that was broken off is unfinished: the command that
began it goes on with it.

    numlab list
    numlab show task1_sweep:1
    numlab compare task1_sweep:1 task1_sweep:2
]],
  })
  if not o then return code end
  local paths, message = runs.stores(o.DIR)
  if not paths then error("list: " .. message, 0) end
  local found, faults = runs.all(paths)
  if #found == 0 and #faults == 0 then
    io.stderr:write(("no stored runs %s\n"):format(o.DIR and "in " .. o.DIR or "below " .. runs.FOLDER .. "/ here"))
    return 0
  end
  local rows, stores, names = {}, {}, {}
  for _, run in ipairs(found) do -- the same name twice: by file
    local name = run.name:match("^(.*):")
    if stores[name] and stores[name] ~= run.path then names[name] = true end
    stores[name] = run.path
  end
  for i, run in ipairs(found) do
    rows[i] = { run = names[run.name:match("^(.*):")] and run.path .. run.name:match(":%d+$") or run.name,
      state = run.state, started = run.started, took = runs.took(run), rows = run.rows,
      commit = run.facts.commit, threads = tonumber(run.facts.threads) or run.facts.threads, level = run.facts.level }
  end
  if #rows > 0 then
    io.write(tables.render(rows, { columns = { "run", "state", "started", { "took", align = "right" }, "rows", "commit",
      "threads", "level" } }))
  end
  for _, fault in ipairs(faults) do io.stderr:write("numlab: list: ", fault, "\n") end
  return #faults > 0 and 1 or 0
end
