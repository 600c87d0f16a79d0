-- string.pack, unpack and packsize.
local function hex(s) return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end)) end
print(hex(string.pack("<i4 >i4 =I2", 1, 1, 1)), hex(string.pack("<d", math.pi)), hex(string.pack(">f", -1.5)))
print(hex(string.pack("z s1 s4", "ab", "cd", "ef")), hex(string.pack("!8 b i8", 1, 2)), hex(string.pack("<i16", -2)))
print(string.unpack("<i4 z B", string.pack("<i4 z B", -5, "text", 255)))
print(string.packsize "i4 i8 !8 d j n", pcall(string.packsize, "s"))
print(pcall(string.pack, "i1", 200))
print(pcall(string.unpack, "i4", "abc"))
print(string.unpack("<I3", "\1\2\3\4", 2))
