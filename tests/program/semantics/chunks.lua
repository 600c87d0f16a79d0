-- load with pieces, environments and modes; require and its searchers.
local env = { print = print }
print(load("x = 1 return x", "=chunk", "t", env)(), env.x, x)
local parts = { "return ", "1 + ", "1", nil }
local i = 0
print(load(function() i = i + 1 return parts[i] end)())
print(load "return +")
print(load("return 1", "@name.lua", "b"))
print(load(string.dump(function() return 9 end), "binary", "t"))
print(load(string.dump(function() return 9 end), "binary", "b")())
print(pcall(load, 5))
print(dofile(arg[0]:gsub("[^/]*$", "") .. "module/twice.lua"))
package.path = arg[0]:gsub("[^/]*$", "") .. "module/?.lua;" .. package.path
local m, where = require "twice"
print(m, where == arg[0]:gsub("[^/]*$", "") .. "module/twice.lua", package.loaded.twice, require "twice" == m)
package.preload.made = function(name, extra) return name .. " " .. extra end
print(require "made")
print(package.config:sub(1, 1), #package.searchers, type(package.searchpath), package.searchpath("nowhere", "./?.x;./?.y"))
local ok, why = pcall(require, "no.such.module")
print(ok, why:match "^[^\n]*", select(2, why:gsub("\n\tno file '", "")) >= 8)
print(_VERSION, _ENV == _G, _G._G == _G, type(_G.arg))
local function names(t)
  local out = {}
  for k in pairs(t) do out[#out + 1] = tostring(k) end
  table.sort(out)
  return table.concat(out, " ")
end
print(names(_G))
for _, library in ipairs { "coroutine", "debug", "io", "math", "os", "package", "string", "table", "utf8" } do
  print(library, names(_G[library]))
end
local loaded = names(package.loaded)
print(loaded)
