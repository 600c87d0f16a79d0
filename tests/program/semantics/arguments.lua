-- arg, ..., and the program that runs this, below them all.
print(select("#", ...), ...)
print(#arg, arg[0], arg[1], arg[2], arg[3], arg[4])
local lowest = 0
while arg[lowest - 1] do lowest = lowest - 1 end
print(lowest < 0, arg[lowest]:match "lua5%.4$" ~= nil or arg[lowest]:match "numlab$" ~= nil)
local function count(...) return select("#", ...), (...) end
print(count(...), count(nil, nil))
