--- Takes LuaCATS comments apart: one file into the entries that numlab.annotations describes.
---@internal of numlab.annotations
local file = require "numlab.file"

local M = {}

local DEPTH = { ["("] = 1, ["{"] = 1, ["<"] = 1, ["["] = 1, [")"] = -1, ["}"] = -1, [">"] = -1, ["]"] = -1 }

-- A type ends at the first space outside brackets and quotes that does not follow a ':' of `fun(x): number`.
local function split_type(s)
  local depth, at = 0, s:find('[%s"(){}<>%[%]]')
  while at do
    local c = s:sub(at, at)
    if c == '"' then
      at = s:find('"', at + 1, true) or #s
    elseif c ~= " " then
      depth = depth + (DEPTH[c] or 0)
    elseif depth <= 0 and s:sub(at - 1, at - 1) ~= ":" then
      return s:sub(1, at - 1), (s:sub(at):gsub("^[%s#]+", ""))
    end
    at = s:find('[%s"(){}<>%[%]]', at + 1)
  end
  return s, ""
end

local function named(s)
  local name, mark, rest = s:match("^([%w_.]+)(%??)%s*(.*)$")
  if not name then name, mark, rest = s:match("^(%[[^%]]+%])(%??)%s*(.*)$") end -- a field [1] or [integer]
  if not name then return nil end
  local kind, words = split_type(rest)
  return { name = name, type = kind, text = words, optional = mark == "?" or kind:find("%?$") ~= nil }
end

local TAGS = {
  param = function(block, s) return named(s), block.params end,
  field = function(block, s) return named(s), block.fields end,
  ["return"] = function(block, s)
    local kind, rest = split_type(s)
    local name, words
    if s:sub(#kind + 1, #kind + 2) ~= "  " then name, words = rest:match("^([%a_][%w_]*)%f[%s\0]%s*(.*)$") end
    if not name then name, words = rest:match("^(%.%.%.)%s*(.*)$") end
    return { name = name, type = kind, text = words or rest }, block.returns
  end,
  class = function(block, s) block.class = s:match("^[%w_.]+") block.parent = s:match(":%s*([%w_.]+)") end,
  alias = function(block, s)
    block.alias = s:match("^[%w_.]+")
    local kinds = s:match("^[%w_.]+%s+(.+)$")
    if kinds then block.lines[#block.lines + 1], block.kinds = kinds, kinds end
  end,
  internal = function(block, s) block.internal = s end,
}

-- One comment line, without its dashes; `label` and `number` say where it stands.
local function take(block, s, label, number)
  if block.coding and s:find("^     ") then
    table.insert(block.example.code, s:sub(6))
    return
  end
  block.coding = false -- an example ends where its indent does
  local tag, rest = s:match("^%s?@([%a]+)%s*(.*)$")
  local value = s:match("^%s?|%s*(.*)$")
  if s:find("^%s?Example:") then
    block.example, block.coding, block.last = { where = label .. ":" .. number, code = {} }, true, nil
  elseif tag then
    local into
    block.last = nil
    if TAGS[tag] then block.last, into = TAGS[tag](block, rest) end
    if block.last then into[#into + 1] = block.last end
  elseif block.alias and value then
    local name, words = value:match("^(%S+)%s*#?%s*(.*)$")
    block.fields[#block.fields + 1] = { name = name, type = "", text = words }
  elseif block.last and s:find("%S") then -- goes on with the tag above
    block.last.text = block.last.text .. " " .. s:match("^%s*(.*)$")
  else
    block.lines[#block.lines + 1] = s:gsub("^ ", "")
  end
end

local function first_sentence(lines)
  local all = {}
  for _, line in ipairs(lines) do
    if not line:find("%S") or line:find("^  ") then break end
    all[#all + 1] = line
  end
  local s = table.concat(all, " ")
  return s:match("^(.-%.)%s") or s
end

-- What the line below a block declares: a function, a method, a class with its table, a module. A local function of a
-- library counts only where the library is that function (`return args`, `__call = walk`); `read` sees at the end.
local function target(block, line, library)
  local name, words = line:match("^function%s+([%w_.:]+)%s*%((.-)%)")
  local kind = name and name:find(":", 1, true) and "method" or "function"
  if not name then name, words = line:match("^([%w_.:]+)%s*=%s*function%s*%((.-)%)") end
  if library and not name then
    kind, name, words = "local", line:match("^local function%s+([%w_]+)%s*%((.-)%)")
    if not name then
      words = line:match("^return function%s*%((.-)%)") or line:match("^setmetatable%(.*__call = function%s*%((.-)%)")
    end
    if words and not name then kind, name = "function", "" end
  end
  if name then
    block.words = {}
    for word in words:gmatch("[%w_.]+") do
      if word ~= "_" then table.insert(block.words, word) end
    end
    return name, kind
  end
  if block.class then return line:match("^local ([%w_]+)%s*=") or block.class, "class" end
  if block.alias then return block.alias, "alias" end
  name = line:match("^([%w_]+%.[%w_]+)%s*=%s*{}")
  if name and not library then return name, "module" end
  if block.first == 1 and library and #block.lines > 0 then return library, "library" end
end

-- The entries that a library shows, by the names they have outside: `own` is its table, `called` what calling it runs.
-- What its head says of its being internal holds for all of them. A class called like a function (nn.Linear makes an
-- nn.Linear) goes by its full name.
local function belonging(entries, library, own, called)
  local short, shown = library:match("[^.]+$"), {}
  local internal = entries[1] and entries[1].kind == "library" and entries[1].internal
  for _, entry in ipairs(entries) do
    local name = entry.name
    local table_name, rest = name:match("^([%w_]+)(%..*)$")
    if name == "" or entry.kind == "local" and name == called then
      entry.name, entry.kind = short, "function"
    elseif table_name == own and entry.kind == "function" then
      entry.name = short .. rest
    elseif entry.kind ~= "library" and name ~= entry.class and name ~= entry.alias then
      entry.name = short .. "." .. name
    end
    entry.module, entry.internal = library, entry.internal or internal or nil
    if entry.kind ~= "local" and not name:find("__", 1, true) then shown[#shown + 1] = entry end
  end
  local functions = {}
  for _, entry in ipairs(shown) do functions[entry.name] = entry.kind == "function" end
  for _, entry in ipairs(shown) do
    if entry.kind == "class" and functions[entry.name] then entry.name = entry.class end
  end
  return shown
end

local function fresh(line) return { first = line, lines = {}, params = {}, returns = {}, fields = {} } end

-- The line that begins at a position, and where its line break is.
local function line_at(s, at)
  local stop = s:find("\n", at, true) or #s + 1
  return s:sub(at, stop - 1), stop
end

-- Lines that end from one position to another.
local function lines_within(s, from, to)
  local count, at = 0, s:find("\n", from, true)
  while at and at <= to do
    count, at = count + 1, s:find("\n", at + 1, true)
  end
  return count
end

-- The name of a library's own table, and what calling it runs.
local function shape_of(s)
  local result = s:match(".*\nreturn ([^\n]*)") or ""
  local own = result:match("^([%a_][%w_]*)%s*$") or result:match("^setmetatable%(([%w_]+)")
  return own, s:find("__call = ", 1, true) and s:match("__call = ([%w_]+)") or own
end

--- The entries of a file, in its order. Comments that no declaration follows are left out.
---@param path string
---@param label string?  the file's name in `source`; path
---@param library string?  "numlab.sweep": a Lua library, whose own table is renamed "sweep" and whose head is an entry
---@return table[]? entries
---@return string? message  the file cannot be read
function M.read(path, label, library)
  local s, message = file.read(path)
  if not s then return nil, message end
  s, label = "\n" .. s .. "\n", label or path
  local entries, at, number = {}, 1, 1 -- the line break before a line, and the number of the line
  local first = s:find("\n---", at, true)
  while first do
    number = number + lines_within(s, at + 1, first)
    local block, line, stop = fresh(number), line_at(s, first + 1)
    while line:sub(1, 3) == "---" do
      take(block, line:sub(4), label, number)
      at, number = stop, number + 1
      line, stop = line_at(s, at + 1)
    end
    local name, kind = target(block, line, library)
    if name then
      block.name, block.kind, block.source = name, kind, label .. ":" .. number
      block.last, block.coding = nil, nil
      block.summary, block.type = first_sentence(block.lines), block.class or block.alias
      entries[#entries + 1] = block
    end
    first = s:find("\n---", at, true)
  end
  return library and belonging(entries, library, shape_of(s)) or entries
end

return M
