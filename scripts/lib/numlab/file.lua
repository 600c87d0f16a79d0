--- Files and folders for scripts: paths, words for the shell, whole-or-nothing writes.
--- Every function that can fail returns nil and a message that names the file.
--- Example:
---     local file = require "numlab.file"
---     local path = os.tmpname()
---     assert(file.write(path, "whole or not at all"))
---     assert(file.read(path) == "whole or not at all")
---     assert(file.capture("cat " .. file.quote(path)) == "whole or not at all")
---     os.remove(path)
local expect = require "numlab.expect"
local M = {}

--- s as one word of a POSIX shell, whatever it holds.
---@param s string
---@return string
function M.quote(s)
  expect("file.quote", "s", s, "string")
  if s:find("\0", 1, true) then expect.fail("file.quote: a file name cannot hold a zero byte") end
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

--- Run a command line; its output (both streams) and its exit status.
---@param command string  every foreign word in it goes through quote
---@return string output
---@return integer status  status 127: no such program
function M.capture(command)
  expect("file.capture", "command", command, "string")
  local pipe, message = io.popen("(" .. command .. ") 2>&1 </dev/null", "r")
  if not pipe then return message or "popen failed", 126 end
  local output = pipe:read("a") or ""
  local _, how, status = pipe:close()
  return output, how == "signal" and 128 + status or status
end

--- Folder and last part of a path.
---@param path string
---@return string folder
---@return string name
--- Example:
---     local folder, name = nl.file.split "reports/x/time.svg"
---     assert(folder == "reports/x" and name == "time.svg" and nl.file.split "time.svg" == ".")
function M.split(path)
  expect("file.split", "path", path, "string")
  local folder, name = path:match("^(.*)/([^/]*)$")
  if not folder then return ".", path end
  return folder == "" and "/" or folder, name
end

--- Make a folder and those above it.
---@param path string
---@return boolean? ok
---@return string? message
--- Example:
---     local folder = os.tmpname()
---     os.remove(folder)
---     assert(nl.file.make_folder(folder .. "/deep") and #nl.file.list(folder .. "/deep", ".svg") == 0)
---     os.execute("rm -r " .. folder)
function M.make_folder(path)
  expect("file.make_folder", "path", path, "string")
  local output, status = M.capture("mkdir -p -- " .. M.quote(path))
  if status == 0 then return true end
  return nil, ("cannot make the folder %s: %s"):format(path, (output:match("[^:]*$"):gsub("^%s+", ""):gsub("%s+$", "")))
end

--- All bytes of a file.
---@param path string
---@return string? contents
---@return string? message
function M.read(path)
  expect("file.read", "path", path, "string")
  local f, message = io.open(path, "rb")
  if not f then return nil, message end
  local contents, why = f:read("a")
  f:close()
  if not contents then return nil, ("%s: %s"):format(path, why) end
  return contents
end

--- Write a file whole or not at all: to a name beside it first, renamed when everything is on it.
---@param path string
---@param contents string
---@return boolean? ok
---@return string? message
function M.write(path, contents)
  expect("file.write", "path", path, "string")
  expect("file.write", "contents", contents, "string")
  local part = path .. ".part"
  local f, message = io.open(part, "wb")
  if not f then return nil, ("cannot write %s"):format((message:gsub("%.part", "", 1))) end
  local ok, why = f:write(contents)
  if ok then ok, why = f:flush() end
  local closed, why_closed = f:close()
  if ok and closed then
    ok, why = os.rename(part, path)
    if ok then return true end
  end
  os.remove(part)
  return nil, ("cannot write %s: %s"):format(path, why or why_closed)
end

--- The files of a folder whose names end so, sorted.
---@param folder string
---@param ending string  ".mtx"
---@return string[]? names
---@return string? message
--- Example:
---     local names, message = nl.file.list("no-such-folder", ".mtx")
---     assert(names == nil and message:find "no%-such%-folder")
function M.list(folder, ending)
  expect("file.list", "folder", folder, "string")
  expect("file.list", "ending", ending, "string")
  local all, message = require("numlab").folder(folder)
  if not all then return nil, message end
  local names = {}
  for _, name in ipairs(all) do
    if name:sub(-#ending) == ending and name:sub(-1) ~= "/" then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- Is this stream ("stdout", "stderr") a terminal?
---@param stream string
---@return boolean
--- Example:
---     print(nl.file.is_terminal "stdout" and "a person looks" or "into a file or a pipe")
function M.is_terminal(stream)
  local number = ({ stdout = 1, stderr = 2 })[stream]
  if not number then
    expect.fail(("file.is_terminal: stream must be 'stdout' or 'stderr', got %s"):format(expect.describe(stream)))
  end
  local ok = os.execute(("test -t %d"):format(number))
  return ok == true
end

--- Does this stream take colours: a terminal that is not dumb, and NO_COLOR is not set.
---@param stream string
---@return boolean
--- Example:
---     print(nl.file.takes_color "stdout" and "\27[1mbold\27[0m" or "plain")
function M.takes_color(stream)
  local able = M.is_terminal(stream)
  return able and (os.getenv("NO_COLOR") or "") == "" and os.getenv("TERM") ~= "dumb"
end

return M
