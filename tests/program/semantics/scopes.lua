-- To-be-closed and constant variables, goto, integer loops, closures, multiple results, metamethods.
local function closing(name) return setmetatable({}, { __close = function(_, e) print("close", name, e) end }) end
do
  local a <close> = closing "a"
  local b <close> = closing "b"
  local c <const> = 5
  print(c)
end
print(pcall(function() local x <close> = closing "x" error("reason", 0) end))
print(pcall(function() local x <close> = 42 end))
print(load "local c <const> = 1; c = 2")
for i in (function(_, i) if i < 2 then return i + 1 end end), nil, 0, closing "loop" do print("step", i) end
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto continue end
    io.write(i, j, " ")
    ::continue::
  end
end
print()
print(load "goto nowhere")
print(load "break")
local fs = {}
for i = 1, 3 do fs[i] = function() i = i + 10 return i end end
print(fs[1](), fs[1](), fs[2]())
local function two() return 1, 2 end
print((two()), two(), two(), ({ two(), two() })[3])
local V = {}
V.__index = V
V.__add = function(a, b) return "add" end
V.__eq = function() return true end
V.__lt = function() return true end
V.__le = function() return false end
V.__concat = function(a, b) return "concat" end
V.__len = function() return 77 end
V.__call = function(_, ...) return select("#", ...) end
V.__tostring = function() return "a V" end
V.__name = "V"
V.__idiv = function() return "idiv" end
V.__band = function() return "band" end
V.__unm = function() return "unm" end
V.__newindex = function(t, k, v) rawset(t, k, v * 2) end
V.__pairs = function() return function(_, k) if not k then return 1, "paired" end end end
local v, w = setmetatable({}, V), setmetatable({}, V)
v.x = 4
print(v + 1, v == w, v < w, v <= w, v .. "s", #v, v(1, nil), tostring(v), v // 2, v & 1, -v, v.x)
for k, x in pairs(v) do print(k, x) end
print(pcall(function() return v.y.z end))
print(pcall(function() local t = {} t[nil] = 1 end))
print(pcall(function() local t = {} t[0 / 0] = 1 end))
print(pcall(setmetatable, setmetatable({}, { __metatable = false }), {}))
print(rawequal(v, w), rawlen { 1, 2 }, rawget(v, "x"), getmetatable("").__index == string)
