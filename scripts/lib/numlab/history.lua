--- The prompt's history: a file with one entry a line, the newest last, none twice, for its owner alone (mode 0600).
--- NUMLAB_HISTORY names another file ("" keeps none); else it is $XDG_STATE_HOME/numlab/history, ~/.local/state/numlab/
--- history where that is not set.
---
---   local list, message = history.load(path)
---   list = history.add(list, "x = 1", path)
---@internal of numlab.repl
local file = require "numlab.file"

local M = {}

-- Entries that are kept; the file may grow to twice as many before the oldest are dropped from it.
local MOST = 1000
-- What is read of a file that grew without end, and of one that has no end.
local MOST_BYTES = 4 << 20

--- Where the history lies.
---@return string? path  nil: nowhere
function M.path()
  local own = os.getenv("NUMLAB_HISTORY")
  if own then return own ~= "" and own or nil end
  local state, home = os.getenv("XDG_STATE_HOME"), os.getenv("HOME")
  if (state or ""):sub(1, 1) ~= "/" then -- the specification: other paths are to be ignored
    if (home or "") == "" then return nil end
    state = home .. "/.local/state"
  end
  return state .. "/numlab/history"
end

-- An entry on one line: "\n" for its line breaks, "\\" for a backslash.
local function encode(entry) return (entry:gsub("[\\\n]", { ["\\"] = "\\\\", ["\n"] = "\\n" })) end
local function decode(line)
  return line:find("\\", 1, true) and line:gsub("\\(.)", { ["\\"] = "\\", n = "\n" }) or line
end

-- The last of each, in their order; the newest MOST of them.
local function unique(entries)
  local seen, newest = {}, {}
  for i = #entries, 1, -1 do
    local entry = entries[i]
    if not seen[entry] and #newest < MOST then seen[entry], newest[#newest + 1] = true, entry end
  end
  local list = {}
  for i = #newest, 1, -1 do list[#list + 1] = newest[i] end
  return list
end

-- Make the file, or make it anew with these entries, readable by its owner alone from its first byte on.
local function create(path, entries)
  local folder = file.split(path)
  local part = path .. ".part"
  local output, status = file.capture(("umask 077 && mkdir -p -- %s && : > %s"):format(file.quote(folder), file.quote(part)))
  if status ~= 0 then return nil, ("cannot keep the history in %s: %s"):format(path, (output:gsub("%s+$", ""))) end
  local lines = {}
  for i, entry in ipairs(entries) do lines[i] = encode(entry) .. "\n" end
  local out, message = io.open(part, "wb")
  local ok = out and out:write(table.concat(lines))
  if out then ok = out:close() and ok end
  if ok then ok, message = os.rename(part, path) end
  if ok then return true end
  return nil, ("cannot keep the history in %s: %s"):format(path, message or "it could not be written whole")
end

--- The entries of a history, the oldest first. A file that is not there is made.
---@param path string
---@return string[]? entries
---@return string? message
function M.load(path)
  local handle = io.open(path, "rb")
  if not handle then
    local ok, message = create(path, {})
    if not ok then return nil, message end
    return {}
  end
  local skip = math.max((handle:seek("end") or 0) - MOST_BYTES, 0)
  handle:seek("set", skip)
  local contents, message = handle:read(MOST_BYTES)
  handle:close()
  if message then return nil, ("cannot read the history in %s: %s"):format(path, message) end
  contents = contents or ""
  if skip > 0 then contents = contents:match("\n(.*)") or "" end -- the first line is the end of one
  local entries = {}
  for line in contents:gmatch("[^\n]+") do entries[#entries + 1] = decode(line) end
  local kept = unique(entries)
  if #entries > 2 * MOST then create(path, kept) end
  return kept
end

--- The list with an entry at its end, and nowhere else in it; the file, where there is one, gets a line more.
---@param entries string[]
---@param entry string  blank ones are left out
---@param path string?
---@return string[] entries
---@return string? message  the file could not be written
function M.add(entries, entry, path)
  entry = entry:gsub("%s+$", "")
  if entry == "" then return entries end
  local list = table.move(entries, 1, #entries, 1, {})
  list[#list + 1] = entry
  list = unique(list)
  if not path then return list end
  local out, message = io.open(path, "ab")
  local ok = out and out:write(encode(entry), "\n")
  if out then ok = out:close() and ok end
  return list, not ok and ("cannot keep the history in %s: %s"):format(path, message or "disk full?") or nil
end

return M
