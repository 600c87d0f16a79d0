-- bindings/*.meta.lua against the live module: every function and method has an entry, every entry a function,
-- and every example runs.
local annotations = require "numlab.annotations"
local nl = require "numlab"

local entries, examples = {}, {}
local list = io.popen "ls bindings/*.meta.lua 2>/dev/null"
for path in list:lines() do
  for _, entry in ipairs(annotations.read(path)) do
    if entry.kind == "function" or entry.kind == "method" then entries[entry.name] = entry end
    if entry.example then examples[#examples + 1] = entry.example end
  end
end
list:close()

-- The classes by the name their annotations use. Their methods lie in the table behind __index, in a table that a C
-- function there keeps as an upvalue, or in the metatable's field `methods`.
local CLASSES = { Tensor = "numlab.tensor", Sparse = "numlab.sparse", lu = "numlab.lu",
  sqlite = "numlab.sqlite" }

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

describe("the annotations", function()
  it("were found", function() assert.truthy(next(entries) and #examples > 0) end)

  for _, example in ipairs(examples) do
    it("run: " .. example.where, function()
      local env = setmetatable({ nl = nl }, { __index = _G })
      assert(load(table.concat(example.code, "\n"), "=" .. example.where, "t", env))()
    end)
  end

  it("name every function of the module and every method", function()
    local missing = {}
    local function walk(prefix, t)
      for key, value in pairs(t) do
        local name = prefix .. "." .. tostring(key)
        -- required libraries are pure Lua and carry their annotations themselves
        if package.loaded["numlab." .. tostring(key)] ~= value then
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
    table.sort(missing)
    assert.equal("", table.concat(missing, " "))
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
    table.sort(stale)
    assert.equal("", table.concat(stale, " "))
  end)

  it("say what each does, and tell of each argument by its name", function()
    local faults = {}
    for name, entry in pairs(entries) do
      local told = {}
      for i, param in ipairs(entry.params) do told[i] = param.name end
      if entry.summary == "" then faults[#faults + 1] = name .. ": no text (" .. entry.source .. ")" end
      if table.concat(told, " ") ~= table.concat(entry.words, " ") then
        faults[#faults + 1] = ("%s(%s): @param %s (%s)"):format(name, table.concat(entry.words, ", "),
          table.concat(told, ", "), entry.source)
      end
    end
    table.sort(faults)
    assert.equal("", table.concat(faults, "\n"))
  end)
end)
