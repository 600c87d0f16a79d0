-- A stack overflow: the middle of a long traceback is left out.
local function f() return 1 + f() end
f()
