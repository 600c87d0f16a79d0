-- What debug says of functions, lines, names and locals.
local function f(a, ...)
  local b = a
  local info = debug.getinfo(1, "nSlutf")
  print(info.name, info.namewhat, info.what, info.currentline, info.linedefined, info.nups, info.nparams, info.isvararg, info.func == f)
  print(debug.getlocal(1, 1), debug.getlocal(1, 2), debug.getlocal(1, -1))
  return b
end
f(1, "extra")
print(debug.getinfo(1, "S").source:match "[^/]*$", debug.getinfo(print).what, debug.getinfo(1, "l").currentline)
local lines = {}
debug.sethook(function(_, l) lines[#lines + 1] = l end, "l")
local y = 1
y = y + 1
debug.sethook()
print(#lines, lines[2] - lines[1])
print((debug.traceback("message", 1):gsub("[^\n%s]*/", "")))
print(debug.traceback { 1 } ~= nil, debug.getmetatable("").__name, debug.upvalueid(f, 1) ~= nil)
print(pcall(function() local t = nil; return t.x end))
print(pcall(function() return undefined.field end))
print(pcall(function() local t = {} t.a.b.c = 1 end))
print(pcall(function() return ("x"):nomethod() end))
print(pcall(function() return math.floor "a" end))
print(pcall(function() return #5 end))
print(pcall(string.rep))
print(pcall(ipairs))
print(select(2, xpcall(function() error "handled" end, function(m) return "handler: " .. m:match "[^:]*$" end)))
print(select("#", xpcall(function(...) return ... end, print, 1, nil, 3)))
