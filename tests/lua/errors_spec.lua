-- Every message of misuse, function by function: tests/lua/errors/*.lua are tables {function = {{code, message}, ...}}, the
-- message whole, `...` for what differs from machine to machine. Each code runs as line 7 of a chunk, so that a message
-- that points anywhere else fails; numlab.explain hears what Lua itself raises, as in the program.
local nl = require "numlab"
local annotations = require "numlab.annotations"
local explain = require "numlab.explain"
local file = require "numlab.file"

local FOLDER = "tests/lua/errors"

-- What the codes speak of, made when first spoken of.
local MAKE = {
  A = function() return nl.tensor{ { 1, 2 }, { 3, 4 } } end,
  b = function() return nl.ones(2) end,
  t = function() return nl.ones(2, 2) end,
  S = function() return nl.sparse.from(nl.eye(2)) end,
  Z = function() return nl.zeros(2, 2) end, -- singular
  F = function() return nl.lu(nl.eye(2)) end,
  q = function() return nl.ones(1, 2, 4, 8) end,
  aux = function() return (select(2, nl.attention(nl.ones(1, 2, 4, 8), nl.ones(1, 2, 4, 8), nl.ones(1, 2, 4, 8)))) end,
  x = function() return nl.grad.variable(nl.ones(2, 2)) end,
  layer = function() return nl.nn.Linear{ 2, 3 } end,
  heads = function() return nl.nn.MultiHeadAttention{ dim = 4, heads = 2 } end,
  loss = function() return nl.nn.MSE() end,
  db = function() return nl.sqlite(":memory:") end,
  store = function() return nl.store.open(":memory:") end,
  run = function()
    return nl.store.open(":memory:"):begin{ key = "k", shared = {}, facts = {}, columns = { "n" }, axes = { "n" },
      contestant = "n" }
  end,
  solved = function() return (nl.solve(nl.zeros(2, 2), nl.ones(2))) end, -- nil
}
for name, make in pairs{ closed = MAKE.t, closed_S = MAKE.S, closed_F = MAKE.F } do
  MAKE[name] = function()
    local object = make()
    object:close()
    return object
  end
end

local function environment()
  local env = setmetatable({ nl = nl }, { __index = function(env, name)
    local value = _G[name]
    if MAKE[name] then value = MAKE[name]() end
    rawset(env, name, value)
    return value
  end })
  debug.getregistry()["numlab.outcome"] = nil
  return env
end

-- A whole message as a pattern: letter for letter, `...` for anything. One that is told to who typed a command has no place.
local function pattern(row)
  local place = row.placeless and "" or ("[string \"...\"]:7: "):gsub("%p", "%%%0")
  return "^" .. place .. row[2]:gsub("%p", "%%%0"):gsub("%%%.%%%.%%%.", ".-") .. "$"
end

local function message_of(code)
  local env, above = environment(), ("\n"):rep(6)
  -- no `return CODE`: a tail call leaves no line
  local fn = load(above .. "local it = " .. code .. " return it", nil, "t", env)
    or assert(load(above .. code, nil, "t", env))
  local ok, message = xpcall(fn, explain)
  return not ok and tostring(message) or "no error"
end

local themes = assert(file.list(FOLDER, ".lua"))
for i, name in ipairs(themes) do themes[i] = { name = name, functions = dofile(FOLDER .. "/" .. name) } end

describe("messages of misuse", function()
  for _, theme in ipairs(themes) do
    it("say what is wrong and where: " .. theme.name, function()
      local wrong = {}
      for _, rows in pairs(theme.functions) do
        for _, row in ipairs(rows) do
          local message = message_of(row[1])
          if not message:find(pattern(row)) then
            wrong[#wrong + 1] = ("%s\n  said      %s\n  expected  %s"):format(row[1], message, row[2])
          end
        end
      end
      assert.equal("", table.concat(wrong, "\n"))
    end)
  end

  it("are there for every public function, and for nothing else", function()
    local spoken, entries, missing = {}, {}, {}
    for _, theme in ipairs(themes) do
      for name, rows in pairs(theme.functions) do spoken[name] = #rows > 0 end
    end
    for _, entry in ipairs(annotations.entries()) do
      entries[entry.name] = true
      local public = (entry.kind == "function" or entry.kind == "method") and not entry.internal
      if public and not spoken[entry.name] then missing[#missing + 1] = entry.name end
    end
    for name, value in pairs(nl) do
      if type(value) == "function" and not spoken["nl." .. name] and not spoken[name] then missing[#missing + 1] = name end
    end
    table.sort(missing)
    assert.equal("", table.concat(missing, " "))
    for name in pairs(spoken) do assert.is_true(entries[name], name .. " is no public name") end
  end)
end)
