--- The documentation that stands in comments: LuaCATS blocks (`---`, @param, @return, @field, examples) of the bindings'
--- *.meta.lua and of the Lua libraries. Help, completion, reference and tests all come from here.
---
---   for _, entry in ipairs(annotations.entries()) do print(entry.name, entry.summary) end
---   for _, option in ipairs(annotations.options("nl.solve")) do print(option.name, option.type, option.text) end
---
--- An entry: name ("nl.solve", "Tensor:sum", "sweep.run"), kind ("function", "method", "class", "alias", "module",
--- "library"), summary (its first sentence), lines (all its text), words (its parameters in order), params, returns and
--- fields ({name, type, text, optional}), example ({where, code}), type (a class by its full name), source (FILE:LINE),
--- module (the library it is of), internal (a text: made for other parts of numlab, not for those who use it; the tag
--- is `---@internal of WHAT`, and in a library's head it holds for the whole library).
---
--- A class whose name ends in Options is an option table: its fields are the keys of the calls that take it.
---@internal of numlab.help
local file = require "numlab.file"
local parse = require "numlab.annotations_parse"

local M = { read = parse.read }

-- --- where the comments lie -----------------------------------------------------------------------------------

local here = file.split(debug.getinfo(1, "S").source:sub(2))

--- The folder of the Lua libraries, and that of the bindings' annotations: in the tree bindings/ lies beside scripts/;
--- installed, meta/ lies in the folder of the scripts.
---@return string libraries
---@return string meta
---@return string[] names  of the files in meta
function M.folders()
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

-- A class may be told in several files; of anything else the first word stands.
local function add(part, entries)
  for _, entry in ipairs(entries) do
    local before = part.by_name[entry.name]
    if not before then
      table.insert(part.entries, entry)
      part.by_name[entry.name] = entry
      if entry.type then part.by_name[entry.type] = entry end
    elseif entry.kind == "class" then
      merge(before, entry)
    end
  end
  return part
end

-- --- what has been read -----------------------------------------------------------------------------------------
-- A part, {entries, by_name}, is read when first asked for and kept: all bindings are one, each Lua library is one. The
-- name tells which: a library's entries begin with its own, "sweep.run", "numlab.sweep.RunOptions".

local bindings_part
local library_parts = {}

local function bindings()
  if not bindings_part then
    local _, meta, names = M.folders()
    local label = meta:match("[^/]+$")
    bindings_part = { entries = {}, by_name = {} }
    for _, name in ipairs(names) do add(bindings_part, assert(M.read(meta .. "/" .. name, label .. "/" .. name))) end
  end
  return bindings_part
end

-- That of "sweep"; nil: no library is called so.
local function library(name)
  local part = library_parts[name]
  if part == nil then
    local entries = M.read(("%s/%s.lua"):format(here, name), ("lib/numlab/%s.lua"):format(name), "numlab." .. name)
    part = entries and add({ entries = {}, by_name = {} }, entries) or false
    library_parts[name] = part
  end
  return part or nil
end

local function part_of(name) return library(name:gsub("^numlab%.", ""):match("^[%w_]*")) or bindings() end

--- The entries among which a name belongs: all of its library ("sweep.run", "numlab.sweep"), or else of the bindings.
---@param name string
---@return table[] entries
function M.around(name) return part_of(name).entries end

--- The entry of exactly this name: "nl.solve", "Tensor:sum"; of a class or an alias also its type, "nl.Tensor".
---@param name string
---@return table? entry
function M.named(name) return part_of(name).by_name[name] end

local function together(names)
  local all = table.move(bindings().entries, 1, #bindings().entries, 1, {})
  for _, name in ipairs(names) do
    local entries = library(name).entries
    table.move(entries, 1, #entries, #all + 1, all)
  end
  return all
end

local every, public

--- The entries of all bindings, then of all Lua libraries, files by name; a class that several files tell of is one.
---@return table[] entries
function M.entries()
  if not every then
    local names = assert(file.list(here, ".lua"))
    for i, name in ipairs(names) do names[i] = name:gsub("%.lua$", "") end
    every = together(names)
  end
  return every
end

--- The libraries that users require, as tree.meta.lua lists them: "sweep" of numlab.sweep.
---@return string[] names
function M.libraries()
  local _, meta = M.folders()
  local names = {}
  for name in assert(file.read(meta .. "/tree.meta.lua")):gmatch('\nnl%.([%w_]+) = require') do
    names[#names + 1] = name
  end
  return names
end

--- Those that are not internal to numlab: what is offered to people who look around. The others answer to their names.
---@return table[] entries
function M.public()
  if not public then
    public = {}
    for _, entry in ipairs(together(M.libraries())) do
      if not entry.internal then public[#public + 1] = entry end
    end
  end
  return public
end

--- How an entry is called: "nl.solve(A, b, opts?)"; of a class or an alias its type.
---@param entry table
---@return string
function M.signature(entry)
  if not entry.words then return entry.type or entry.name end
  local optional, words = {}, {}
  for _, param in ipairs(entry.params) do optional[param.name] = param.optional end
  for i, word in ipairs(entry.words) do words[i] = word .. (optional[word] and "?" or "") end
  return ("%s(%s)"):format(entry.name, table.concat(words, ", "))
end

--- The example of an entry: its own, or that of its library where it shows this function.
---@param entry table
---@return table? example  {where, code}
function M.example(entry)
  if entry.example or not entry.module then return entry.example end
  local example = (M.named(entry.module) or {}).example
  local last = entry.name:match("[.:]([%w_]+)$")
  local shown = example and table.concat(example.code, "\n") or ""
  return (not last or shown:find("[.:]" .. last .. "%f[^%w_]")) and example or nil
end

-- --- classes and option tables ------------------------------------------------------------------------------------

--- The fields of a class, those of the class it is built on behind them.
---@param class table
---@return table[] fields
function M.fields(class)
  local fields, parent = table.move(class.fields, 1, #class.fields, 1, {}), class.parent and M.named(class.parent)
  if parent then
    for _, field in ipairs(M.fields(parent)) do fields[#fields + 1] = field end
  end
  return fields
end

--- The option tables that an entry takes: those its parameters' types name.
---@param entry table
---@return table[] classes
function M.option_classes(entry)
  local found, seen = {}, {}
  for _, param in ipairs(entry.params) do
    for name in param.type:gmatch("[%w_.]+Options%f[^%w_]") do
      local class = not seen[name] and M.named(name)
      seen[name] = true
      if class then found[#found + 1] = class end
    end
  end
  return found
end

--- The strings that a type lists, in its order: {"f64", "f32"} for `"f64"|"f32"` or an alias of it; nil where it lists
--- none.
---@param kind string
---@return string[]? values
function M.values(kind)
  local list, alias = {}, M.named((kind:gsub("%?$", "")))
  if alias and alias.kind == "alias" then
    for _, value in ipairs(alias.fields) do list[#list + 1] = value.name:match('^"(.*)"$') end
    kind = alias.kinds or ""
  end
  for value in kind:gmatch('"([^"]*)"') do list[#list + 1] = value end
  return #list > 0 and list or nil
end

--- The keys that a call knows in its table of options.
---@param call string|table  "nl.solve", "Tensor:sum", or an entry
---@return table[] options  {name, type, text, optional, values}: values are the strings that the type lists; in the
--- order they are told. Empty: it has no options, or nothing is called so.
function M.options(call)
  local entry, options = type(call) == "table" and call or M.named(call), {}
  for _, class in ipairs(entry and M.option_classes(entry) or {}) do
    for _, field in ipairs(M.fields(class)) do
      options[#options + 1] = { name = field.name, type = field.type, text = field.text, optional = field.optional,
        values = M.values(field.type) }
    end
  end
  return options
end

return M
