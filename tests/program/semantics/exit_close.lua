-- os.exit closes the state when asked to.
finaliser = setmetatable({}, { __gc = function() print "collected" end })
local c <close> = setmetatable({}, { __close = function() print "closed" end })
os.exit(true, true)
