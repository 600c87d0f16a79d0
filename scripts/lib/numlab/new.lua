--- A new experiment: NAME.lua in the current folder, from scripts/lib/numlab/template/experiment.lua, which runs as it is;
--- and .luarc.json, which tells editors of numlab.
---
---   local path = assert(require("numlab.new").write("heat", "."))
---
--- What can fail returns nil and a message.
---@internal of numlab new
local annotations = require "numlab.annotations"
local command = require "numlab.command"
local file = require "numlab.file"
local json = require "numlab.json"
local pack = require "numlab.pack"

local M = {}

local LONGEST = 100 -- bytes; a folder and files of results are called after it

--- A name as a file, a folder of results and a text in Lua can have it: letters of any language, digits, _ and -.
---@param name string  with or without .lua
---@return string? name  without .lua
---@return string? message
function M.check(name)
  local stem = name:gsub("%.lua$", "")
  local ok, why = pack.check_part(stem)
  if ok and stem:find("^-") then ok, why = nil, "begins with '-'" end
  local odd = stem:match("[^%w_\128-\255-]")
  if ok and odd then ok, why = nil, ("holds '%s'"):format(odd) end
  if ok and #stem > LONGEST then ok, why = nil, ("has %d bytes, expected at most %d"):format(#stem, LONGEST) end
  if ok then return stem end
  return nil, ("NAME %s %s; it is made of letters, digits, _ and -, as in my_experiment"):format(command.show(name), why)
end

--- The text of a new experiment.
---@param name string  as `check` returns it
---@return string? contents
---@return string? message
function M.contents(name)
  local here = file.split(debug.getinfo(1, "S").source:sub(2))
  local template, message = file.read(here .. "/template/experiment.lua")
  if not template then return nil, message end
  -- files of results keep to ASCII, so that gnuplot and every other tool find them
  local rows = name:find("[\128-\255]") and "experiment" or name
  return (template:gsub("my_experiment", name):gsub("my_rows", rows))
end

-- Makes a file that is not there yet, whoever else makes it and when: the shell's noclobber opens with O_EXCL. nil, and
-- what is wrong, where it cannot.
local function create(path, name, contents)
  local quoted = file.quote(path)
  local _, there = file.capture(("test -e %s || test -L %s"):format(quoted, quoted))
  if there == 0 then return nil, ("%s is there already and stays as it is"):format(name), true end
  local pipe, why = io.popen(("{ set -C; true > %s || exit 3; cat >> %s || { rm -f %s; exit 4; }; } 2>/dev/null")
    :format(quoted, quoted, quoted), "w")
  if not pipe then return nil, ("cannot write %s: %s"):format(name, why) end
  local written = pipe:write(contents)
  local closed, _, status = pipe:close()
  if written and closed then return true end
  return nil, ("cannot write %s: %s"):format(name, status == 4 and "no room" or "the folder lets you make no file")
end

--- Write it. A file of that name stays as it is.
---@param name string  as `check` returns it
---@param folder string
---@return string? path
---@return string? message
function M.write(name, folder)
  local contents, message = M.contents(name)
  if not contents then return nil, message end
  local path = folder .. "/" .. name .. ".lua"
  local ok, why, there = create(path, name .. ".lua", contents)
  if not ok then return nil, there and why .. ": take another NAME" or why end
  return path
end

-- --- for the editor ---------------------------------------------------------------------------------------------

-- A folder as editors want it: whole, without links and "..".
local function absolute(folder)
  local path, status = file.capture("CDPATH= cd " .. file.quote(folder) .. " && pwd -P")
  return status == 0 and (path:gsub("\n$", "")) or folder
end

--- The settings that lua-language-server reads in the folder of a script: which Lua, and where numlab's annotations lie,
--- so that an editor completes nl.* with its options and shows what they are for.
---@return string
function M.settings()
  local libraries, meta = annotations.folders()
  return ('{\n  "runtime.version": "Lua 5.4",\n  "workspace.library": %s,\n  "workspace.checkThirdParty": false\n}\n')
    :format(json.list{ absolute(meta), absolute((file.split(libraries))) })
end

--- Write them as .luarc.json. One that is there stays as it is.
---@param folder string
---@return string? path
---@return string? message
function M.write_settings(folder)
  local path = folder .. "/.luarc.json"
  local ok, message = create(path, ".luarc.json", M.settings())
  if not ok then return nil, message end
  return path
end

return M
