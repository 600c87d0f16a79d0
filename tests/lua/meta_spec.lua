-- The annotations, of bindings/*.meta.lua and of the Lua libraries, against the live module: every function and method
-- has an entry, every entry a function, arguments are told by their names, named types exist, and every example runs.
local annotations = require "numlab.annotations"
local nl = require "numlab"

local here, meta, files = annotations.folders()
local all = annotations.entries()
local entries, libraries, is_library = {}, {}, {} -- functions and methods of the bindings by name; public libraries
for _, entry in ipairs(all) do
  if entry.kind == "library" then is_library[entry.name] = true end
  if not entry.module and (entry.kind == "function" or entry.kind == "method") then entries[entry.name] = entry end
  if entry.kind == "library" and not entry.internal then libraries[entry.name] = entry end
end

local function source(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

-- The classes by the name their annotations use. Their methods lie in the table behind __index, in a table that a C
-- function there keeps as an upvalue, or in the metatable's field `methods`.
local CLASSES = { Tensor = "numlab.tensor", Sparse = "numlab.sparse", LU = "numlab.lu", Database = "numlab.sqlite" }

local function methods_of(class)
  local metatable = debug.getregistry()[CLASSES[class] or class]
  local index = metatable and metatable.__index
  local methods = {}
  local function take(t)
    for name, value in pairs(t) do
      if type(name) == "string" and type(value) == "function" and not name:find "^__" then methods[name] = value end
    end
  end
  if type(index) == "table" then take(index) end
  if metatable and type(metatable.methods) == "table" then take(metatable.methods) end
  if type(index) == "function" then
    take(metatable)
    for i = 1, 8 do
      local name, value = debug.getupvalue(index, i)
      if not name then break end
      if type(value) == "table" then take(value) end
    end
  end
  return metatable and methods
end

-- No fault is in the list; shown sorted, one a line.
local function none(faults)
  table.sort(faults)
  assert.equal("", table.concat(faults, "\n"))
end

describe("the annotations of the bindings", function()
  it("are Lua", function()
    assert.truthy(#files > 0 and next(entries))
    for _, name in ipairs(files) do assert(loadfile(meta .. "/" .. name)) end
  end)

  it("name every function of the module and every method", function()
    local missing = {}
    local function walk(prefix, t)
      for key, value in pairs(t) do
        local name = prefix .. "." .. tostring(key)
        if not is_library["num" .. name:gsub("^nl", "lab")] then -- the Lua libraries are below
          if type(value) == "function" and not entries[name] then missing[#missing + 1] = name end
          if type(value) == "table" and type(key) == "string" then walk(name, value) end
        end
      end
    end
    walk("nl", nl)
    for class in pairs(CLASSES) do
      for name in pairs(methods_of(class) or {}) do
        if not entries[class .. ":" .. name] then missing[#missing + 1] = class .. ":" .. name end
      end
    end
    none(missing)
  end)

  it("name nothing that is not there", function()
    local stale = {}
    for name, entry in pairs(entries) do
      local value = name:match "^nl%." and nl
      for key in name:gmatch "%.([%w_]+)" do
        if type(value) == "table" then value = value[key] end
      end
      local class, method = name:match "^([%w_]+):([%w_]+)$"
      if class then value = (methods_of(class) or {})[method] end
      if value == nil then stale[#stale + 1] = name .. " (" .. entry.source .. ")" end
    end
    none(stale)
  end)

  it("have an example each", function()
    local faults = {}
    for name, entry in pairs(entries) do if not entry.example then faults[#faults + 1] = name end end
    none(faults)
  end)

  it("name fields that the bindings or the engine know", function()
    local known, faults = {}, {}
    local pipe = io.popen "cat bindings/*.c engine/*/*.c"
    for word in pipe:read "a":gmatch '"([%w_]+)"' do known[word] = true end
    pipe:close()
    for _, entry in ipairs(all) do
      for _, field in ipairs(not entry.module and entry.kind == "class" and entry.fields or {}) do
        if not field.name:find "^%[" and not known[field.name] then faults[#faults + 1] = entry.name .. "." .. field.name end
      end
    end
    none(faults)
  end)
end)

describe("the annotations of the libraries", function()
  it("are listed in bindings/tree.meta.lua, all that are public and no other", function()
    local listed, faults = source(meta .. "/tree.meta.lua"), {}
    for name in pairs(libraries) do
      local line = ('nl.%s = require "%s"\n'):format(name:match "[^.]+$", name)
      if not listed:find(line, 1, true) then
        faults[#faults + 1] = name .. " is not there; if it is no library for users, its head ends with ---@internal of .."
      end
    end
    for name in listed:gmatch 'require "(numlab%.[%w_]+)"\n' do
      if not libraries[name] then faults[#faults + 1] = name .. " is there and not public" end
    end
    none(faults)
  end)

  it("name every function that a public library shows, and every method written down in it", function()
    local faults = {}
    for name in pairs(libraries) do
      local short = name:match "[^.]+$"
      local told = {}
      for _, entry in ipairs(all) do if entry.module == name then told[entry.name] = entry end end
      local library = require(name)
      local callable = type(library) == "function" or (getmetatable(library) or {}).__call
      for key, value in pairs(type(library) == "table" and library or {}) do
        local full = short .. "." .. tostring(key)
        if type(value) == "function" and not told[full] then faults[#faults + 1] = full .. " has no entry" end
      end
      for class, method in source(here .. "/" .. short .. ".lua"):gmatch "\nfunction (%u[%w_]+):([%l][%w_]*)" do
        local full = ("%s.%s:%s"):format(short, class, method)
        if not told[full] then faults[#faults + 1] = full .. " has no entry" end
      end
      for full, entry in pairs(told) do
        local key = full:match "^[%w_]+%.([%w_]+)$"
        if entry.kind == "function" and not (key and library[key] or full == short and callable) then
          faults[#faults + 1] = full .. " is not there"
        end
      end
      for full, entry in pairs(told) do
        if entry.words and not entry.internal and not annotations.example(entry) then
          faults[#faults + 1] = full .. " has no example, nor does the library's show it"
        end
      end
      if callable and not told[short] then faults[#faults + 1] = short .. "(..) has no entry" end
      if not libraries[name].example then faults[#faults + 1] = name .. " has no example" end
    end
    none(faults)
  end)

  it("name fields that the libraries know", function()
    local code, faults = {}, {}
    local pipe = io.popen("cat " .. here .. "/*.lua")
    for line in pipe:lines() do
      if not line:find "^%s*%-%-" then
        for word in line:gmatch "[%a_][%w_]*" do code[word] = true end
      end
    end
    pipe:close()
    for _, entry in ipairs(all) do
      for _, field in ipairs(entry.module and entry.kind == "class" and entry.fields or {}) do
        if not field.name:find "^%[" and not code[field.name] then faults[#faults + 1] = entry.name .. "." .. field.name end
      end
    end
    none(faults)
  end)
end)

describe("all annotations", function()
  it("say what each function does, and tell of each argument by its name", function()
    local faults = {}
    for _, entry in ipairs(all) do
      local told, words = {}, " " .. table.concat(entry.words or {}, " ") .. " "
      for i, param in ipairs(entry.params) do told[i] = param.name end
      if entry.summary == "" and (entry.words or entry.kind == "library") then
        faults[#faults + 1] = entry.name .. ": no text (" .. entry.source .. ")"
      end
      local names, whole = table.concat(told, " "), not entry.internal
      for _, name in ipairs(told) do -- those of internal functions may be left out where the text says enough
        whole = whole or not words:find(" " .. name .. " ", 1, true)
      end
      if whole and " " .. names .. " " ~= words and names ~= table.concat(entry.words or {}, " ") then
        faults[#faults + 1] = ("%s(%s): @param %s (%s)"):format(entry.name, words, names, entry.source)
      end
    end
    none(faults)
  end)

  it("name types that exist", function()
    local known, faults = {}, {}
    for word in ("nil any boolean string number integer function table thread userdata fun self"):gmatch "%a+" do
      known[word] = true
    end
    for _, entry in ipairs(all) do if entry.type then known[entry.type] = true end end
    for _, entry in ipairs(all) do
      local kinds = { entry.parent }
      for _, list in ipairs{ entry.params, entry.returns, entry.fields } do
        for _, item in ipairs(list) do kinds[#kinds + 1] = item.type end
      end
      for _, kind in ipairs(kinds) do
        for name in kind:gsub('"[^"]*"', ""):gsub("[%w_]+%??:", ""):gmatch "[%a_][%w_.]*[%w_]" do
          if not known[name] then faults[#faults + 1] = ("%s: %s in %s (%s)"):format(entry.name, name, kind, entry.source) end
        end
      end
    end
    none(faults)
  end)

  local examples = 0
  for _, entry in ipairs(all) do
    local example = entry.example
    if example then
      examples = examples + 1
      it("run: " .. example.where, function()
        local function print(...)
          for _, value in ipairs{ ... } do io.write(tostring(value), "\n") end
        end
        local env = setmetatable({ nl = nl, print = print }, { __index = _G })
        local run = assert(load(table.concat(example.code, "\n"), "=" .. example.where, "t", env))
        io.output "/dev/null"
        finally(function() io.output(io.stdout) end)
        run()
      end)
    end
  end
  it("hold examples", function() assert.truthy(examples > 150) end)
end)
