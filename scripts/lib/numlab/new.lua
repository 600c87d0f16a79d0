--- A new experiment: NAME.lua in the current folder, from scripts/lib/numlab/template/experiment.lua, which runs as it is.
---
---   local path = assert(require("numlab.new").write("heat", "."))
---
--- What can fail returns nil and a message.
local command = require "numlab.command"
local file = require "numlab.file"
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
---@return string? contents, string? message
function M.contents(name)
  local here = file.split(debug.getinfo(1, "S").source:sub(2))
  local template, message = file.read(here .. "/template/experiment.lua")
  if not template then return nil, message end
  -- files of results keep to ASCII, so that gnuplot and every other tool find them
  local rows = name:find("[\128-\255]") and "experiment" or name
  return (template:gsub("my_experiment", name):gsub("my_rows", rows))
end

--- Write it. A file of that name stays as it is, whoever makes it and when: the shell's noclobber opens with O_EXCL.
---@param name string  as `check` returns it
---@param folder string
---@return string? path, string? message
function M.write(name, folder)
  local contents, message = M.contents(name)
  if not contents then return nil, message end
  local path = folder .. "/" .. name .. ".lua"
  local _, there = file.capture(("test -e %s || test -L %s"):format(file.quote(path), file.quote(path)))
  if there == 0 then return nil, ("%s.lua is there already and stays as it is: take another NAME"):format(name) end
  local quoted = file.quote(path)
  local pipe, why = io.popen(("{ set -C; true > %s || exit 3; cat >> %s || { rm -f %s; exit 4; }; } 2>/dev/null")
    :format(quoted, quoted, quoted), "w")
  if not pipe then return nil, ("cannot write %s.lua: %s"):format(name, why) end
  local written = pipe:write(contents)
  local closed, _, status = pipe:close()
  if not written or not closed then
    return nil, ("cannot write %s.lua: %s"):format(name, status == 4 and "no room" or "the folder lets you make no file")
  end
  return path
end

return M
