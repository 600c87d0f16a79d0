-- An error value that speaks.
error(setmetatable({}, { __tostring = function() return "told by the object" end }))
