--- Says more about errors that Lua itself raises where a name of numlab is not there, or a nil is passed on: the nearest
--- name, what NumPy's, Torch's or MATLAB's name is called here, what the call that gave the nil had said. The program
--- adds it to every message; elsewhere it is a message handler.
---
--- Example:
---     local _, message = xpcall(function()
---       local A = nl.eye(2)
---       return A:summ()
---     end, nl.explain)
---     assert(message:find("did you mean 'sum'?", 1, true))
local expect = require "numlab.expect"
local file = require "numlab.file"
local names = require "numlab.explain_names"
local text = require "numlab.text"

local FIELDS = { shape = true, dtype = true, device = true, ndim = true, size = true, T = true, nnz = true }

-- --- what the failed line spoke of -----------------------------------------------------------------------------

-- The values of the function at `level` of the caller's stack: its variables by name, and all its registers in order.
local function registers(level)
  local variables, all = {}, {}
  for number = 1, math.huge do
    local name, value = debug.getlocal(level + 1, number)
    if not name then return variables, all end
    local is_variable = name:find("^[%a_]") ~= nil
    all[number] = { value = value, is_variable = is_variable }
    if is_variable then variables[name] = value end
  end
end

-- What NAME stands for in that function: a local, an upvalue, a global.
local function value_of(name, variables, fn)
  if variables[name] ~= nil then return variables[name] end
  local globals = _G
  for number = 1, math.huge do
    local upvalue, value = debug.getupvalue(fn, number)
    if not upvalue then break end
    if upvalue == name then return value end
    if upvalue == "_ENV" then globals = value end
  end
  return type(globals) == "table" and rawget(globals, name) or nil
end

-- The source of a function: a file, what load was given, what was typed last (numlab.repl and `numlab -e` keep it).
local function source_of(info)
  local source = info.source
  if source:find("^@") then return file.read(source:sub(2)) end
  if source:find("^=") then return info.what == "main" and debug.getregistry()["numlab.typed" .. source] or nil end
  return source
end

-- The text of the line that failed, where the source can be read.
local function line_of(info)
  local all, number = source_of(info), info.currentline
  if not all or number < 1 then return nil end
  for line in (all .. "\n"):gmatch("(.-)\n") do
    number = number - 1
    if number == 0 then return line end
  end
end

-- The object whose field `name` was called, and what it is called: the words before `.name` on the failed line, looked up.
local function holder(name, info, variables)
  for path in (line_of(info) or ""):gmatch("([%a_][%w_.]*)%." .. name .. "%f[^%w_]") do
    local object
    for word in path:gmatch("[^.]+") do
      if object == nil then object = value_of(word, variables, info.func)
      elseif type(object) == "table" then object = rawget(object, word)
      else object = nil end
      if object == nil then break end
    end
    if object ~= nil then return object, path end
  end
end

-- The object before the colon: it lies behind the missing method, among the temporary values of the call. nil where
-- arguments, a nil and an object of another kind behind it, look the same.
local function receiver(all)
  local found
  for number = 1, #all - 1 do
    local register, object = all[number], all[number + 1].value
    if register.value == nil and not register.is_variable and (type(object) == "userdata" or type(object) == "table") then
      if found ~= nil and debug.getmetatable(found) ~= debug.getmetatable(object) then return nil end
      found = object
    end
  end
  return found
end

-- --- what to say ----------------------------------------------------------------------------------------------

local function methods_of(object)
  local meta = debug.getmetatable(object)
  if type(meta) ~= "table" then return nil end
  local methods = meta.methods or meta.__index
  return type(methods) == "table" and methods or nil, rawget(meta, "__name") and expect.type_of(object)
end

local function functions_in(t)
  local list = {}
  for name, value in pairs(t) do
    if type(name) == "string" and type(value) == "function" then list[#list + 1] = name end
  end
  table.sort(list)
  return list
end

local function did_you_mean(name, list)
  local near = text.nearest(name, list)
  return near and (" (did you mean '%s'?)"):format(near) or ""
end

-- What nl has: functions, parts such as nl.memory, and the libraries that are loaded when first asked for.
local function names_in_numlab()
  local nl = package.loaded.numlab
  local list = functions_in(nl)
  for _, library in ipairs(require("numlab.annotations").libraries()) do list[#list + 1] = library end
  for name, part in pairs(nl) do
    if type(part) == "table" then list[#list + 1] = name end
  end
  return list
end

-- The classes whose users look for what NumPy, Torch and MATLAB have, or call a function of numlab as a method.
local MATRICES = { tensor = true, ["sparse matrix"] = true, ["lu factor"] = true }

local function missing_method(name, object)
  local nl, methods, class = package.loaded.numlab, methods_of(object)
  if not methods then return nil end
  if not class then
    local near = text.nearest(name, functions_in(methods))
    return near and ("did you mean '%s'?"):format(near)
  end
  local said = ("a %s has no method '%s'"):format(class, name)
  if MATRICES[class] then
    if names[name] then return said .. ": " .. names[name] end
    if type(rawget(nl, name)) == "function" then return said .. (": it is a function, nl.%s(..)"):format(name) end
  end
  if class == "sparse matrix" and debug.getregistry()["numlab.tensor"].methods[name] then
    return said .. ": S:dense() makes a tensor, which has it"
  end
  return said .. did_you_mean(name, functions_in(methods))
end

local function missing_field(name, object, path)
  local nl = package.loaded.numlab
  if type(object) ~= "table" then return methods_of(object) and missing_method(name, object) end
  if object == nl then
    local methods = debug.getregistry()["numlab.tensor"].methods
    local said = ("%s has no '%s'"):format(path, name)
    if names[name] then return said .. ": " .. names[name] end
    if methods[name] then return said .. (": it is a method, t:%s(..)"):format(name) end
    return said .. did_you_mean(name, names_in_numlab())
  end
  local ours = false -- a library, or a part of nl such as nl.memory
  for library, loaded in pairs(package.loaded) do
    ours = ours or rawequal(loaded, object) and tostring(library):find("^numlab%.") ~= nil
  end
  for _, part in pairs(nl) do ours = ours or part == object end
  return ours and ("%s has no '%s'"):format(path, name) .. did_you_mean(name, functions_in(object)) or nil
end

-- The global that was meant where the name is a slip of its: a letter in three at the most, and not the last alone, as x1 and
-- x2 are two variables.
local function misspelt(name)
  local list = {}
  for known in next, _G do list[#list + 1] = type(known) == "string" and known or nil end
  table.sort(list)
  local near = #name > 3 and text.nearest(name, list)
  local slip = near and text.distance(name, near) <= #name // 3 and near:sub(1, -2) ~= name:sub(1, -2)
  return slip and ("did you mean '%s'?"):format(near) or nil
end

-- Names elsewhere that nobody means when a global is missing: other people's variables, and Lua's own functions.
local NEVER_GLOBAL = { t = true, print = true, type = true }

local function missing_global(name)
  local nl = package.loaded.numlab
  if type(rawget(nl, name)) == "function" then return ("it is nl.%s"):format(name) end
  if debug.getregistry()["numlab.tensor"].methods[name] then return ("it is a method of tensors: t:%s(..)"):format(name) end
  return not NEVER_GLOBAL[name] and names[name] or misspelt(name)
end

-- What to add to a message of Lua's; nil where there is nothing to say.
local function hint(message, info, variables, all)
  local kind, what, name = message:match("attempt to call a (%a+) value %((%a+) '([^']+)'%)$")
  if kind == "nil" then
    if what == "method" then
      local object = receiver(all)
      return object ~= nil and missing_method(name, object)
    elseif what == "global" then
      return missing_global(name)
    elseif what == "field" then
      local object, path = holder(name, info, variables)
      return object ~= nil and missing_field(name, object, path)
    end
  elseif FIELDS[name] and kind ~= "nil" then
    return ("%s is a field: write it without parentheses"):format(name)
  end
  local field = message:match("attempt to index a nil value %(field '([^']+)'%)$")
  if field then
    local object, path = holder(field, info, variables)
    if object ~= nil and object == package.loaded.numlab then return missing_field(field, object, path) end
  end
  if message:find("attempt to [%a ]+ a nil value") then
    local global = message:match("%(global '([^']+)'%)$")
    return expect.outcome() or global and misspelt(global)
  end
  if message:find("attempt to perform arithmetic on a sparse matrix value", 1, true) then
    return "sparse matrices have +, -, * and / by a number; S:dense() makes a tensor"
  end
end

--- The message with what mends the error behind it, where that is known. Other values than strings are left alone.
---@param message any  as xpcall hands it to its handler
---@return any
local function explain(message)
  if type(message) ~= "string" or not package.loaded.numlab then return message end
  if message:find("']' expected near ','", 1, true) then -- t[1, 2], which load refuses
    return message .. '; an element of a tensor is t(1, 2), a slice t("2:5", 1)'
  end
  if not message:find("attempt to ", 1, true) then return message end
  local level, info = 2, debug.getinfo(2, "Slf")
  while info and info.what == "C" do level, info = level + 1, debug.getinfo(level + 1, "Slf") end
  if not info then return message end
  local called = debug.getinfo(level, "n").name
  if called and expect.is_own(info) and message:find("(local 'self')", 1, true) then
    return ("%s%s: a method takes a colon: object:%s(..)"):format(expect.where(level), called, called)
  end
  local _, said = pcall(hint, message, info, registers(level))
  return said and ("%s; %s"):format(message, said) or message
end

return explain
