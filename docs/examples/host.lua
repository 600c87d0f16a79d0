-- A plain Lua program, run by the interpreter of the system, that uses numlab as a module.
--     lua5.4 host.lua [n]
local nl = require "numlab"

local n = math.tointeger(arg[1] or 50)
assert(n and n >= 2, "n is a whole number from 2 on")

local A, b, x_true = nl.gallery.dominant{ n = n, density = 0.1, seed = 1 }
for _, method in ipairs{ "gauss", "gauss_seidel" } do
  local x, message = nl.solve(A, b, { method = method })
  if not x then error(message, 0) end
  print(("%s, n = %d: %s"):format(method, n, nl.allclose(x, x_true) and "the known solution" or "something else"))
end
