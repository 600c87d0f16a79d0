-- Patterns, substitution, utf8, bytes beyond ASCII, byte order of comparison.
print(("key = value"):match "^(%w+)%s*=%s*(%w+)$", ("a,b,,c"):gsub(",", ";"), ("THE (quick) fox"):find "%((%a+)%)")
print(("hello"):gsub("l", { l = "L" }), ("abc"):gsub("%w", "%0%0"), ("x^2"):gsub("%^", "%%"), ("abc"):gsub("", "-"))
print(("f(a(b)c)d"):match "%b()", ("  trim "):match "^%s*(.-)%s*$", ("one two"):gsub("%f[%w]%w+", string.upper))
print(pcall(string.gsub, "a", "(", "b"))
print(pcall(string.rep, "x", 1 << 40))
print(("x"):rep(3, ","), ("abc"):byte(1, -1), ("abcdef"):sub(-3, -2), #"\u{10FFFF}", ("%s"):rep(0) == "")
print(utf8.char(228, 20013, 128512), utf8.len "äb中", utf8.len "\xff", utf8.codepoint("中", 1), utf8.offset("a中b", 3))
for p, c in utf8.codes "aä中" do io.write(p, ":", c, " ") end
print(("Ä\xe4"):upper(), ("\xe4"):find "%a", "a" < "b", "Z" < "a", "" < "\0", "ä" > "z", ("é"):len())
print(table.concat({ 1, 2.5, "x" }, "-"), pcall(table.concat, { {} }), table.unpack({ 1, 2, 3 }, 2))
local t = { 5, 2, 9 }
table.sort(t, function(x, y) return x > y end)
print(t[1], t[3], select(-1, table.unpack(t)), table.pack(nil, nil).n, next {}, #table.move({ 1, 2 }, 1, 2, 3, {}))
print(pcall(table.sort, { 3, 1, "x" }))
print(os.date("!%Y-%m-%d %H:%M:%S", 86400), os.time { year = 2000, month = 1, day = 1, hour = 12 } - os.time { year = 2000, month = 1, day = 1, hour = 11 })
