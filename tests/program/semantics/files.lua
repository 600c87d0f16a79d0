-- Standard input, files, modes, positions, failures, children.
print(io.read "n", io.read "l", io.read(3), io.read "L", io.read "l")
print(io.read(0), io.read "a", io.read "a", io.read "l", io.read(0))
local name = os.tmpname()
local f = assert(io.open(name, "w"))
print(io.type(f), f:write("one\n", 2, "\n", 3.5, "\nlast"), f:seek "cur", f:seek("set", 1), f:close(), io.type(f))
print(pcall(f.write, f, "x"))
for line, n in io.lines(name, "l", 0) do io.write(line, "|", tostring(n), " ") end
print()
for a, b in io.lines(name, 2, 2) do io.write(a, "-", b or "", " ") end
print()
f = io.open(name, "a+")
f:write "\nappended"
f:seek "set"
print(#f:read "a", f:read "a", f:read "l", f:setvbuf("full", 1024))
f:close()
print(io.open("/no/such/file"))
print(pcall(io.open, name, "rz"))
print(pcall(io.lines, "/no/such/file"))
io.output(name):write "through output"
io.close()
io.output(io.stdout)
io.input(name)
print(io.read "a")
io.close(io.input())
io.input(io.stdin)
print(os.remove(name), select("#", os.remove(name)), select(3, os.remove(name)))
print(os.rename("/no/such/file", "/no/such/other"))
local p = io.popen("cat; echo child >&2; exit 3", "w")
p:write "to the child\n"
print(p:close())
print(io.popen("printf 'a\\nb\\n'"):read "a")
print(os.execute "exit 4", os.execute "true", os.execute() ~= nil)
print(os.execute "kill -9 $$")
print(os.getenv "NO_SUCH_VARIABLE", type(os.getenv "PATH"), os.setlocale(nil, "numeric"))
io.stderr:write("to the error stream ", 1, "\n")
print(tostring(io.stdout):match "^file %(", pcall(io.close, io.stdout) and "closed" or "kept")
