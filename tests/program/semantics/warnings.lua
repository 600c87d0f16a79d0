-- warn: off until "@on", pieces, control messages that nobody knows.
warn "not seen"
warn "@on"
warn("seen ", "in pieces")
warn "@unknown"
warn "@off"
warn "not seen either"
warn "@on"
setmetatable({}, { __gc = function() error "in a finaliser" end })
collectgarbage()
print(pcall(warn))
print(pcall(warn, {}))
