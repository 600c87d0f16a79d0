--- Files and folders for scripts: paths, words for the shell, whole-or-nothing writes.
--- Every function that can fail returns nil and a message that names the file.
local M = {}

--- s as one word of a POSIX shell, whatever it holds.
---@param s string
---@return string
function M.quote(s)
  if s:find("\0", 1, true) then error("file.quote: a file name cannot hold a zero byte", 2) end
  return "'" .. s:gsub("'", "'\\''") .. "'"
end

-- A name that programs cannot mistake for an option.
local function plain(path)
  return path:sub(1, 1) == "-" and "./" .. path or path
end

--- Run a command line; its output (both streams) and its exit status.
---@param command string  every foreign word in it goes through quote
---@return string output, integer status  status 127: no such program
function M.capture(command)
  local pipe, message = io.popen("(" .. command .. ") 2>&1 </dev/null", "r")
  if not pipe then return message or "popen failed", 126 end
  local output = pipe:read("a") or ""
  local _, how, status = pipe:close()
  return output, how == "signal" and 128 + status or status
end

--- Folder and last part of a path.
---@param path string
---@return string folder, string name
function M.split(path)
  local folder, name = path:match("^(.*)/([^/]*)$")
  if not folder then return ".", path end
  return folder == "" and "/" or folder, name
end

--- Make a folder and those above it.
---@param path string
---@return boolean? ok, string? message
function M.make_folder(path)
  local output, status = M.capture("mkdir -p -- " .. M.quote(path))
  if status == 0 then return true end
  return nil, ("cannot make the folder %s: %s"):format(path, (output:match("[^:]*$"):gsub("^%s+", ""):gsub("%s+$", "")))
end

---@param path string
---@return string? contents, string? message
function M.read(path)
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
---@return boolean? ok, string? message
function M.write(path, contents)
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
---@return string[]? names, string? message
function M.list(folder, ending)
  local output, status = M.capture(("find -L %s -maxdepth 1 -type f -print0"):format(M.quote(plain(folder))))
  if status ~= 0 then return nil, ("cannot read the folder %s: %s"):format(folder, (output:gsub("%s+$", ""))) end
  local names = {}
  for path in output:gmatch("[^%z]+") do
    local _, name = M.split(path)
    if name:sub(-#ending) == ending then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

--- Is this stream ("stdout", "stderr") a terminal?
---@param stream string
---@return boolean
function M.is_terminal(stream)
  local number = ({ stdout = 1, stderr = 2 })[stream]
  local ok = os.execute(("test -t %d"):format(number))
  return ok == true
end

return M
