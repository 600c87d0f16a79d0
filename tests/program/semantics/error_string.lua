-- An error nobody catches: message, position, traceback through Lua and C functions.
local function inner(x) error("not " .. x) end
local t = { method = function(_, x) inner(x) end }
print "before"
table.sort({ 1, 2 }, function() t:method "good" end)
