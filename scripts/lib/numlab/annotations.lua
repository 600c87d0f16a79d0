--- Reads the documentation that stands in comments: LuaCATS blocks (`---`, @param, @return, @field, examples) of the
--- bindings' *.meta.lua and of the Lua libraries. Help, reference and tests all come from here.
---
---   for _, entry in ipairs(annotations.read("bindings/solve.meta.lua")) do print(entry.name, entry.summary) end
---
--- An entry: name ("nl.solve", "Tensor:sum", "sweep.run"), kind ("function", "method", "class", "alias", "module",
--- "library"), summary (its first sentence), lines (all its text), words (its parameters in order), params, returns and
--- fields ({name, type, text, optional}), example ({where, code}), type (a class by its full name), source (FILE:LINE).
local file = require "numlab.file"

local M = {}

-- A type ends at the first space outside brackets and quotes that does not follow a ':' of `fun(x): number`.
local function split_type(s)
  local depth, quoted = 0, false
  for i = 1, #s do
    local c = s:sub(i, i)
    if c == '"' then quoted = not quoted end
    if not quoted then
      if c:find("[({<%[]") then depth = depth + 1 elseif c:find("[)}>%]]") then depth = depth - 1 end
      if c == " " and depth <= 0 and s:sub(i - 1, i - 1) ~= ":" then
        return s:sub(1, i - 1), (s:sub(i):gsub("^[%s#]+", ""))
      end
    end
  end
  return s, ""
end

local function named(s)
  local name, mark, rest = s:match("^([%w_.]+)(%??)%s*(.*)$")
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
    if kinds then block.lines[#block.lines + 1] = kinds end
  end,
}

-- One comment line, without its dashes.
local function take(block, s, where)
  if block.example and (s:find("^     ") or not s:find("%S")) then
    if s:find("%S") then table.insert(block.example.code, s:sub(6)) end
    return
  end
  local tag, rest = s:match("^%s?@([%a]+)%s*(.*)$")
  local value = s:match("^%s?|%s*(.*)$")
  if s:find("^%s?Example:") then
    block.example, block.last = { where = where, code = {} }, nil
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
    if not name then words = line:match("^return function%s*%((.-)%)") end
    if words and not name then kind, name = "function", "" end
  end
  if name then
    block.words = {}
    for word in words:gmatch("[%w_.]+") do
      if word ~= "_" then table.insert(block.words, word) end
    end
    return name, kind
  end
  if block.class then return line:match("^local ([%w_]+)%s*=%s*{}") or block.class, "class" end
  if block.alias then return block.alias, "alias" end
  name = line:match("^([%w_]+%.[%w_]+)%s*=%s*{}")
  if name and not library then return name, "module" end
  if block.first == 1 and library and #block.lines > 0 then return library, "library" end
end

-- The entries that a library shows, by the names they have outside: `own` is its table, `called` what calling it runs.
local function belonging(entries, library, own, called)
  local short, shown = library:match("[^.]+$"), {}
  for _, entry in ipairs(entries) do
    local name = entry.name
    local table_name, rest = name:match("^([%w_]+)(%..*)$")
    if name == "" or entry.kind == "local" and name == called then
      entry.name, entry.kind = short, "function"
    elseif table_name == own and entry.kind == "function" then
      entry.name = short .. rest
    elseif entry.kind ~= "library" then
      entry.name = short .. "." .. name
    end
    entry.module = library
    if entry.kind ~= "local" and not name:find("__", 1, true) then shown[#shown + 1] = entry end
  end
  return shown
end

--- The entries of a file, in its order. Comments that no declaration follows are left out.
---@param path string
---@param label string?  the file's name in `source`; path
---@param library string?  "numlab.sweep": a Lua library, whose own table is renamed "sweep" and whose head is an entry
---@return table[] entries
function M.read(path, label, library)
  local entries, number, block, own, called = {}, 0, nil, nil, nil
  for line in io.lines(path) do
    number = number + 1
    local where = ("%s:%d"):format(label or path, number)
    local comment = line:match("^%-%-%-(.*)$")
    if comment then
      block = block or { first = number, lines = {}, params = {}, returns = {}, fields = {} }
      take(block, comment, where)
    else
      block = block or not library and line:find("function") and { lines = {}, params = {}, returns = {}, fields = {} }
      local name, kind
      if block then name, kind = target(block, line, library) end
      if name then
        block.name, block.kind, block.source, block.last = name, kind, where, nil
        block.summary, block.type = first_sentence(block.lines), block.class or block.alias
        entries[#entries + 1] = block
      end
      block = nil
    end
    own = line:match("^return ([%a_][%w_]*)%s*$") or line:match("^return setmetatable%(([%w_]+)") or own
    called = line:match("__call = ([%w_]+)") or called
  end
  return library and belonging(entries, library, own, called or own) or entries
end

-- --- where the comments lie -----------------------------------------------------------------------------------

-- In the tree bindings/ lies beside scripts/; installed, meta/ lies in the folder of the scripts.
local function folders()
  local here = file.split(debug.getinfo(1, "S").source:sub(2))
  local root = here:gsub("/?lib/numlab$", "")
  if root == "" then root = "." end
  for _, folder in ipairs({ root .. "/meta", root .. "/../bindings" }) do
    local names = file.list(folder, ".meta.lua")
    if names and #names > 0 then return here, folder, names end
  end
  error(("no *.meta.lua in %s/meta or %s/../bindings; `make install` puts them there"):format(root, root), 0)
end

-- A class may be told in several files: the text beside its fields comes first.
local function merge(class, part)
  local first, second = class.lines, part.lines
  if #part.fields > 0 then
    first, second = second, first
    class.source, class.summary = part.source, part.summary
  end
  if class.summary == "" then class.source, class.summary = part.source, part.summary end
  class.lines = table.move(first, 1, #first, 1, {})
  if #first > 0 and #second > 0 then table.insert(class.lines, "") end
  table.move(second, 1, #second, #class.lines + 1, class.lines)
  table.move(part.fields, 1, #part.fields, #class.fields + 1, class.fields)
end

--- The entries of all bindings, then of all Lua libraries, files by name; a class that several files tell of is one.
---@return table[] entries
function M.all()
  local here, meta, names = folders()
  local all, seen = {}, {}
  local function add(entries)
    for _, entry in ipairs(entries) do
      local before = seen[entry.name]
      if not before then
        seen[entry.name], all[#all + 1] = entry, entry
      elseif entry.kind == "class" then
        merge(before, entry)
      end
    end
  end
  local label = meta:match("[^/]+$")
  for _, name in ipairs(names) do add(M.read(meta .. "/" .. name, label .. "/" .. name)) end
  for _, name in ipairs(assert(file.list(here, ".lua"))) do
    add(M.read(here .. "/" .. name, "lib/numlab/" .. name, "numlab." .. name:gsub("%.lua$", "")))
  end
  return all
end

return M
