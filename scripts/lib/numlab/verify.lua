--- Does an archive that is handed in hold what the handout asks for? Names, layout, a build in a temporary folder, sampled
--- rows of both tasks and the gradient check, all by the program that was just built. What it runs is the archive's own
--- code: verify only what you would run.
---
---   local results = require("numlab.verify").archive("张三_12345678_Exp2_v1.zip")
---   for _, r in ipairs(results) do print(r.state, r.row, r.what) end     -- passed, failed, not checked
---@internal of numlab pack and numlab verify
local command = require "numlab.command"
local file = require "numlab.file"
local pack = require "numlab.pack"
local tables = require "numlab.table"
local text = require "numlab.text"
local trial = require "numlab.trial"

local M = {}

--- The states of a row.
M.PASSED, M.FAILED, M.NOT_CHECKED = "passed", "failed", "not checked"

-- What no archive holds: what was built, and what other tools put beside it.
local STRAY = { "%.o$", "%.so$", "%.a$", "^scripts/build", "/%.git/", "/reports/", "__MACOSX", "%.DS_Store$" }

--- Can the names of an archive be files below one folder, everywhere, and nothing else?
---@param entries table[]  of nl.zip.read
---@return boolean? ok
---@return string? why
function M.safe_names(entries)
  local seen = {}
  for _, e in ipairs(entries) do
    local name = e.name:gsub("/$", "")
    local shown = command.show(e.name)
    if e.link then return nil, ("%s is a symbolic link, which may lead anywhere"):format(shown) end
    if name:find("^/") then return nil, ("%s begins at the root of the file system"):format(shown) end
    for part in (name .. "/"):gmatch("([^/]*)/") do
      if part == ".." or part == "." then return nil, ("%s leads out of its folder"):format(shown) end
      local ok, why = pack.check_part(part)
      if not ok then return nil, ("the name %s %s"):format(shown, why) end
    end
    local folded = name:lower()
    if seen[folded] then return nil, ("%s is there twice"):format(shown) end
    seen[folded] = true
  end
  return true
end

--- Names and layout, by the handout's rule: problems, each a line.
---@param zip string  the archive's name without its folder
---@param entries table[]
---@return string[] names
---@return string[] layout
---@return string[] report  empty lists where all is right
function M.layout(zip, entries)
  local names, layout, report, have = {}, {}, {}, {}
  local parts, message = pack.parse(zip)
  if not parts then names[1] = message end
  local pdf = parts and pack.names(parts).pdf
  for _, e in ipairs(entries) do
    local top = e.name:match("^[^/]*")
    have[e.name] = e
    if not e.utf8 then names[#names + 1] = command.show(e.name) .. " is not flagged as UTF-8: Windows shows another name" end
    if top ~= "scripts" and e.name ~= pdf and (pdf or not e.name:find("^[^/]+%.pdf$")) then
      layout[#layout + 1] = command.show(e.name) .. " is neither the report nor below scripts/"
    end
    for _, pattern in ipairs(STRAY) do
      if e.name:find(pattern) then
        layout[#layout + 1] = command.show(e.name) .. " is no source"
        break
      end
    end
  end
  for _, needed in ipairs(pack.NEEDED) do
    local found = have["scripts/" .. needed]
    for name in pairs(have) do found = found or name:sub(1, #needed + 9) == "scripts/" .. needed .. "/" end
    if not found then layout[#layout + 1] = ("scripts/%s is missing"):format(needed) end
  end
  if pdf and not have[pdf] then
    report[1] = pdf .. " is missing"
  elseif pdf and not (have[pdf].text:find("^%%PDF%-") and have[pdf].text:sub(-1024):find("%%EOF", 1, true)) then
    report[1] = pdf .. " is not a whole PDF"
  end
  return names, layout, report
end

-- A few lines of many.
local function some(problems)
  local shown = table.concat(problems, "; ", 1, math.min(3, #problems))
  return #problems > 3 and ("%s; and %d more"):format(shown, #problems - 3) or shown
end

-- A folder of its own that goes when the variable that holds it does.
local function temporary_folder()
  local path, status = file.capture("mktemp -d \"${TMPDIR:-/tmp}/numlab-verify-XXXXXX\"")
  path = path:gsub("\n$", "")
  if status ~= 0 then error("verify: cannot make a temporary folder: " .. path, 0) end
  return setmetatable({ path = path }, { __close = function() file.capture("rm -rf -- " .. file.quote(path)) end })
end

--- Write the files of an archive whose names are safe below a folder.
---@param entries table[]
---@param folder string
---@return boolean? ok
---@return string? message
function M.extract(entries, folder)
  local made = {}
  for _, e in ipairs(entries) do
    local path = folder .. "/" .. e.name
    local parent = e.name:sub(-1) == "/" and path or file.split(path)
    if not made[parent] then
      local ok, message = file.make_folder(parent)
      if not ok then return nil, message end
      made[parent] = true
    end
    if e.name:sub(-1) ~= "/" then
      local f, message = io.open(path, "wb") -- straight, for a name beside it may be another entry's
      if not f then return nil, message end
      local ok, why = f:write(e.text)
      local closed, why_closed = f:close()
      if not (ok and closed) then return nil, ("%s: %s"):format(path, why or why_closed) end
      if e.executable then file.capture("chmod +x -- " .. file.quote(path)) end
    end
  end
  return true
end

--- Check an archive.
---@param path string
---@param tell fun(line: string)?  what is being done, as it is
---@return {row: string, state: string, what: string}[]? results  in the order of the handout's rows
---@return string? message  where the archive cannot be read
function M.archive(path, tell)
  local nl = require "numlab"
  tell = tell or function() end
  local entries, message = nl.zip.read(path)
  if not entries then return nil, message end
  local _, zip = file.split(path)
  local results = {}
  local function add(row, state, what) results[#results + 1] = { row = row, state = state, what = what } end
  local function judge(row, problems, fine)
    add(row, #problems == 0 and M.PASSED or M.FAILED, #problems == 0 and fine or some(problems))
  end

  local names, layout, report = M.layout(zip, entries)
  local safe, danger = M.safe_names(entries)
  if not safe then table.insert(layout, 1, danger) end
  judge("3.2", names, "the archive's name, and its files' names for every tool")
  judge("3.2", layout, ("the report and scripts/ with %d files, nothing else"):format(math.max(0, #entries - 1)))
  if #report > 0 then -- what a whole one says is not for a program to judge
    judge("3.1", report)
  elseif pack.parse(zip) then
    add("3.1", M.NOT_CHECKED, "a whole PDF is there; reading it is left to you")
  else
    add("3.1", M.NOT_CHECKED, "which file is the report follows from the archive's name")
  end

  local folder <close> = temporary_folder()
  local built
  if not safe then
    add("3.2", M.NOT_CHECKED, "builds: not unpacked, because " .. danger)
  else
    local ok, why = M.extract(entries, folder.path)
    if not ok then error("verify: " .. why, 0) end
    tell("building what it holds")
    built, why = trial.build(folder.path .. "/scripts")
    add("3.2", built and M.PASSED or M.FAILED, built and "make builds it, in " .. text.duration(built) or why)
  end
  for _, r in ipairs(trial.rows(built and folder.path .. "/scripts", folder.path .. "/out", tell)) do
    add(r.row, r.state, r.what)
  end
  for i, r in ipairs(results) do
    local task, number = r.row:match("(%d+)%.(%d+)")
    r.place = task * 1000000 + number * 1000 + i
  end
  table.sort(results, function(a, b) return a.place < b.place end)
  return results
end

--- Results as people read them, and whether none failed.
---@param results table[]
---@return string lines
---@return boolean good
function M.show(results)
  local count = { [M.PASSED] = 0, [M.FAILED] = 0, [M.NOT_CHECKED] = 0 }
  for _, r in ipairs(results) do count[r.state] = count[r.state] + 1 end
  return tables.render(results, { columns = { { "state", title = "" }, { "row", align = "left" }, "what" } })
    .. ("\n%d passed, %d failed, %d not checked\n"):format(count[M.PASSED], count[M.FAILED], count[M.NOT_CHECKED]),
    count[M.FAILED] == 0
end

return M
