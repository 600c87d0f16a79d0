-- Weak tables, finalisers and their order, also at the end of the program.
local weak = setmetatable({}, { __mode = "k" })
weak[{}] = 1
collectgarbage()
print(next(weak), type(collectgarbage "count"), collectgarbage "isrunning")
print(pcall(collectgarbage, "nonsense"))
local log = {}
for i = 1, 3 do setmetatable({}, { __gc = function() log[#log + 1] = i end }) end
collectgarbage()
print(table.concat(log, " "))
kept = setmetatable({}, { __gc = function() print "at the end" end })
local x <close> = setmetatable({}, { __close = function() print "closed at the end" end })
