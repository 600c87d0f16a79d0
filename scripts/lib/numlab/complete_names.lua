--- What a chain of names stands for, without running anything: values are followed by raw access alone, results of calls
--- and fields of numlab's own objects by what the annotations say of them.
---@internal of numlab.complete
local annotations = require "numlab.annotations"
local who = require "numlab.who"

local M = {}

local function is_module(value) return rawequal(value, package.loaded.numlab) end

-- A field of a table by raw access, through __index tables too.
local function raw_field(t, name)
  for _ = 1, 10 do
    local value = rawget(t, name)
    if value ~= nil then return value end
    local meta = debug.getmetatable(t)
    t = type(meta) == "table" and rawget(meta, "__index")
    if type(t) ~= "table" then return nil end
  end
end

-- The class that a type names first: "nl.Tensor" of "nl.Tensor|nil".
local function class_of_type(kind)
  for name in kind:gmatch("[%w_.]+") do
    local entry = annotations.named(name)
    if entry and entry.kind == "class" then return entry.type end
  end
end

-- Of a class, by its full name: how its methods' names begin.
local function owner(class)
  local entry = annotations.named(class)
  return entry and entry.name
end

-- The entry of a function: of a name as it stands ("nl.solve", "nl.sweep.run"), or of a method of a class.
local function entry_of(path)
  return path and (annotations.named(path) or annotations.named((path:gsub("^nl%.", "")))
    or annotations.named((path:gsub("^numlab%.", "nl."))))
end

-- What a function that the user has given another name is called in numlab: solve = nl.solve.
local function known_as(value)
  if type(value) ~= "function" then return nil end
  for name, other in next, package.loaded.numlab or {} do
    if rawequal(value, other) then return "nl." .. tostring(name) end
  end
end

local function required(text)
  local name = text:match("^%(?%s*[\"']numlab%.?([%w_]*)[\"']")
  if name == "" then return { value = package.loaded.numlab, path = "nl" } end
  return name and { value = package.loaded["numlab." .. name], path = "nl." .. name } or {}
end

-- One step from what is known: {value = , path = "nl.solve", class = "nl.Tensor"}, each where it is known.
local function follow(known, link, variables)
  local name = link.name
  if link.op == "" then
    local value = rawget(variables, name)
    return { value = value, path = is_module(value) and "nl" or known_as(value) or name, class = who.class(value) }
  end
  if link.op == "index" then return { class = known.class == "nl.Tensor" and known.class or nil } end -- a row
  if link.op == "call" then
    if known.path == "require" then return required(link.text) end
    if known.class then return { class = known.class == "nl.Tensor" and known.class or nil } end -- t(i, ":")
    local entry = entry_of(known.path)
    return { class = entry and entry.returns[1] and class_of_type(entry.returns[1].type) }
  end
  if known.class then
    local class = annotations.named(known.class)
    for _, field in ipairs(class and annotations.fields(class) or {}) do
      if field.name == name then return { class = class_of_type(field.type) } end
    end
    return { path = ("%s:%s"):format(owner(known.class) or known.class, name) }
  end
  local value = type(known.value) == "table" and raw_field(known.value, name) or nil
  local path = known.path and known.path .. "." .. name
  if value == nil and known.path == "nl" then value = package.loaded["numlab." .. name] end
  return { value = value, path = known_as(value) or path, class = who.class(value) }
end

--- What a chain stands for.
---@param links table[]  of complete_scan.chain
---@param variables table  the globals
---@return table known  {value, path, class}, each where it is known
function M.resolve(links, variables)
  local known = {}
  for _, link in ipairs(links) do known = follow(known, link, variables) end
  return known
end

--- The annotation of what is called.
---@param known table
---@return table? entry
function M.entry(known) return entry_of(known.path) end

local function add_keys(names, t)
  for _ = 1, 10 do
    for key in next, t do
      if type(key) == "string" and key:find("^[%a_][%w_]*$") then names[key] = true end
    end
    local meta = debug.getmetatable(t)
    t = type(meta) == "table" and rawget(meta, "__index")
    if type(t) ~= "table" then return end
  end
end

--- The names that may follow a chain and a "." or a ":".
---@param known table
---@param op string
---@return table<string, boolean> names
function M.members(known, op)
  local names = {}
  if known.class then
    local begin = (owner(known.class) or known.class) .. ":"
    for _, entry in ipairs(annotations.around(known.class)) do
      if entry.name:sub(1, #begin) == begin and not entry.internal then names[entry.name:sub(#begin + 1)] = true end
    end
    local class = op == "." and annotations.named(known.class)
    for _, field in ipairs(class and annotations.fields(class) or {}) do
      if field.name:find("^[%a_]") then names[field.name] = true end
    end
  elseif type(known.value) == "table" then
    add_keys(names, known.value)
  elseif type(known.value) == "string" then
    add_keys(names, string)
  elseif type(known.value) == "userdata" then -- a file, or another library's object
    local meta = debug.getmetatable(known.value)
    local index = type(meta) == "table" and rawget(meta, "__index")
    if type(index) == "table" then add_keys(names, index) end
  elseif known.path then -- a library that is not loaded yet
    local begin = known.path:gsub("^nl%.", "") .. "."
    for _, entry in ipairs(annotations.around(begin)) do
      if entry.name:sub(1, #begin) == begin and entry.kind == "function" then names[entry.name:sub(#begin + 1)] = true end
    end
  end
  if is_module(known.value) and op == "." then
    for _, name in ipairs(annotations.libraries()) do names[name] = true end
  end
  return names
end

return M
