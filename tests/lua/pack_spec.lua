-- Names of what is handed in, the layout of the archive, names of new experiments, words of commands.
local command = require "numlab.command"
local file = require "numlab.file"
local new = require "numlab.new"
local pack = require "numlab.pack"
local verify = require "numlab.verify"

local function field(key, value)
  local o = { name = "张三", id = "12345678", experiment = "Exp2", version = "1" }
  o[key] = value
  return pack.names(o)
end

describe("numlab.pack", function()
  it("makes the handout's names letter for letter, and reads them again", function()
    local names = assert(field("version", "1"))
    assert.same({ zip = "张三_12345678_Exp2_v1.zip", pdf = "张三_12345678_Exp2.pdf" }, names)
    assert.same({ name = "张三", id = "12345678", experiment = "Exp2", version = "1" }, pack.parse(names.zip))
    assert.equal("a_b", pack.parse("a_b_1_Exp2_v1.2.zip").name)
    for _, wrong in ipairs{ "a.zip", "a_1_Exp2.zip", "a_1_Exp2_1.zip", "a_1_Exp2_v.zip", "_1_Exp2_v1.zip", "a_1_Exp2_v1.ZIP",
      "a_1_Exp2_vx.zip", "CON_1_E_v1.zip" } do
      assert.is_nil((pack.parse(wrong)), wrong)
    end
  end)

  it("lets names be what file systems can hold", function()
    for _, good in ipairs{ "San Zhang", "O'Neil", "`id`", "$(id)", "a_b", "Ünal", "a.b", "Conny", ("x"):rep(200), "张·三" } do
      assert(field("name", good))
    end
    for bad, why in pairs{ [""] = "is empty", ["a/b"] = "holds '/'", ["a\\b"] = "holds '\\'", ["a:b"] = "holds ':'",
      ['a"b'] = "holds '\"'", ["a|b"] = "holds '|'", ["a\nb"] = "U+000A", ["a\127"] = "U+007F", ["a\u{202E}b"] = "U+202E",
      ["\u{FEFF}a"] = "U+FEFF", [" a"] = "space", ["a "] = "space", ["a."] = "with a dot", [".."] = "with a dot",
      [".a"] = "begins with '.'", ["-a"] = "begins with '-'", CON = "device", ["nul.x"] = "device", Lpt1 = "device",
      ["\xff"] = "is not UTF-8", ["\xed\xa0\x80"] = "is not UTF-8", [("x"):rep(241)] = "has 241 bytes" } do
      local names, message = field("name", bad)
      assert.is_nil(names, bad)
      assert.is_truthy(message:find(why, 1, true), message)
      assert.is_truthy(utf8.len(message) and not message:find("%c"), message)
    end
    assert.matches("the archive's name .* has 2%d%d bytes", select(2, field("name", ("x"):rep(230))))
    assert.matches("holds '_'", select(2, field("id", "1_2")))
    for _, version in ipairs{ "v1", "1..2", "one", "1.", "-1", ".1" } do assert.is_nil((field("version", version)), version) end
    assert(field("version", "1.10"))
  end)

  it("takes sources along, and neither results nor what was built", function()
    local root = assert(pack.root())
    local files, have = assert(pack.sources(root)), {}
    for i, f in ipairs(files) do
      have[f.name] = f
      if i > 1 then assert.is_true(files[i - 1].name < f.name) end
      assert.is_nil(f.name:find("^reports/") or f.name:find("^build") or f.name:find("%.so?$") or f.name:find("^%.git/"),
        f.name)
    end
    for _, name in ipairs{ "Makefile", "engine/core/status.c", "bindings/main.c", "scripts/experiments/task1_sweep.lua",
      "tests/run.sh", ".ci/deps", "scripts/lib/numlab/pack.lua" } do
      assert.is_truthy(have[name], name)
    end
    assert.is_true(have[".ci/run"].executable)
    assert.is_false(have.Makefile.executable)
  end)

  it("takes whole PDFs only", function()
    local path = os.tmpname()
    assert.is_nil((pack.pdf(path .. ".none")))
    for contents, why in pairs{ ["<html>"] = "is not a PDF", ["%PDF-1.7 cut short"] = "is not whole" } do
      assert(file.write(path, contents))
      local bytes, message = pack.pdf(path)
      assert.is_nil(bytes)
      assert.is_truthy(message:find(why, 1, true), message)
    end
    assert(file.write(path, "%PDF-1.7\n%%EOF\n"))
    assert.equal("%PDF-1.7\n%%EOF\n", pack.pdf(path))
    os.remove(path)
  end)
end)

describe("numlab.verify", function()
  it("unpacks only names that stay below the folder and mean one file", function()
    assert(verify.safe_names{ { name = "scripts/" }, { name = "scripts/it's `a` $(b).lua" }, { name = "张三.pdf" } })
    for name, why in pairs{ ["/etc/x"] = "root of the file system", ["scripts/../../x"] = "leads out", ["./x"] = "leads out",
      ["a//b"] = "is empty", ["a\\..\\b"] = "holds '\\'", ["a\nb"] = "U+000A", ["C:/x"] = "holds ':'", ["aux.c"] = "device" } do
      local ok, message = verify.safe_names{ { name = name } }
      assert.is_nil(ok, name)
      assert.is_truthy(message:find(why, 1, true), message)
    end
    assert.matches("symbolic link", select(2, verify.safe_names{ { name = "a", link = true } }))
    assert.matches("is there twice", select(2, verify.safe_names{ { name = "a/B" }, { name = "a/b" } }))
  end)

  it("holds the layout against the handout", function()
    local function archive(change)
      local entries = { { name = "a_1_E.pdf", text = "%PDF-1.7\n%%EOF", utf8 = true } }
      for _, needed in ipairs(pack.NEEDED) do
        local name = "scripts/" .. needed .. (needed:find("[.M L]") and "" or "/x")
        entries[#entries + 1] = { name = name, text = "", utf8 = true }
      end
      if change then change(entries) end
      return entries
    end
    local names, layout, report, _ = verify.layout("a_1_E_v1.zip", archive())
    assert.same({ {}, {}, {} }, { names, layout, report })
    names = verify.layout("b.zip", archive())
    assert.matches("is not NAME_ID_EXPERIMENT", names[1])
    names = verify.layout("a_1_E_v1.zip", archive(function(e) e[1].utf8 = false end))
    assert.matches("not flagged as UTF%-8", names[1])
    _, layout, report = verify.layout("a_1_E_v2.zip", archive(function(e) e[1].name = "b_1_E.pdf" end))
    assert.matches("neither the report nor", layout[1])
    assert.matches("a_1_E.pdf is missing", report[1])
    report = select(3, verify.layout("a_1_E_v1.zip", archive(function(e) e[1].text = "%PDF-" end)))
    assert.matches("not a whole PDF", report[1])
    _, layout = verify.layout("a_1_E_v1.zip", archive(function(e) e[2].name = "scripts/build/a.o" end))
    assert.same({ "'scripts/build/a.o' is no source", "scripts/Makefile is missing" }, layout)
  end)
end)

describe("numlab.new", function()
  it("takes names that are a file's and a folder's", function()
    for given, name in pairs{ heat = "heat", ["heat.lua"] = "heat", ["a-b_2"] = "a-b_2", ["高斯"] = "高斯" } do
      assert.equal(name, new.check(given))
    end
    for _, bad in ipairs{ "", ".lua", "..", "../x", "/x", "a b", "a'b", 'a"b', "`id`", "$(id)", "a\nb", "-x", ".x", "a.b", "a%b",
      "NUL", "\xff", ("x"):rep(101) } do
      local name, message = new.check(bad)
      assert.is_nil(name, bad)
      assert.is_truthy(message:find("as in my_experiment", 1, true) and utf8.len(message) and not message:find("%c"), message)
    end
  end)

  it("writes Lua, called after its name everywhere", function()
    local contents = assert(new.contents("heat"))
    assert(load(contents))
    assert.is_nil(contents:find("my_experiment", 1, true))
    assert.is_truthy(contents:find('name = "heat"', 1, true) and contents:find('out = "reports/heat"', 1, true))
    assert.is_truthy(new.contents("高斯"):find('name = "experiment"', 1, true))
    local _, lines = contents:gsub("\n", "")
    assert.is_true(lines <= 70)
  end)
end)

describe("numlab.command", function()
  -- what it returned and what it said
  local function read(words, spec)
    local said, stderr = {}, io.stderr
    io.stderr = { write = function(_, ...) for _, s in ipairs{ ... } do said[#said + 1] = s end end } -- luacheck: ignore 122
    local ok, o, code = pcall(command.read, words, spec)
    io.stderr = stderr -- luacheck: ignore 122
    assert(ok, o)
    return o, code, table.concat(said)
  end
  local KEYS = { name = "x", usage = "", summary = "", keys = { name = "", out = "" } }
  local PLACE = { name = "x", usage = "", summary = "", places = { "ZIP" } }

  it("reads keys and places", function()
    assert.same({ name = "a=b", out = "" }, (read({ "name=a=b", "--out=" }, KEYS)))
    assert.same({ ZIP = "a=b.zip" }, (read({ "a=b.zip" }, PLACE)))
  end)

  it("says in one line what is wrong", function()
    for _, case in ipairs{
      { { "nmae=x" }, KEYS, "unknown key 'nmae' (did you mean 'name'?" }, { { "nam" }, KEYS, "did you mean 'name'?" },
      { { "name" }, KEYS, "'name' needs a value, as in name=NAME" }, { { "name=a", "name=b" }, KEYS, "given twice" },
      { { "--hlep" }, KEYS, "did you mean '--help'" }, { { "a\nb" }, KEYS, "unknown word 'a\\x0ab'" },
      { {}, PLACE, "ZIP is missing" }, { { "a", "b" }, PLACE, "one ZIP at a time, got 'b' too" },
      { { "-x" }, PLACE, "unknown option '-x'" }, { { "--$(id)\xff" }, PLACE, "unknown option '--$(id)\\xff'" },
    } do
      local o, code, said = read(case[1], case[2])
      assert.is_nil(o)
      assert.equal(2, code)
      assert.is_truthy(said:find(case[3], 1, true), said)
      assert.matches("^numlab x: [^\n]*%(numlab x %-%-help%)\n$", said)
    end
  end)
end)
