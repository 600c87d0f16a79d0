-- The prompt without a terminal: what a line is taken for, how values are shown, the history, who(), its commands.
local commands = require "numlab.repl_commands"
local file = require "numlab.file"
local history = require "numlab.history"
local nl = require "numlab"
local repl = require "numlab.repl"
local show = require "numlab.repl_show"
local who = require "numlab.who"

describe("numlab.repl", function()
  it("tells expressions, silenced ones and statements apart", function()
    for typed, kind in pairs({ ["1 + 1"] = "expression", ["=1"] = "expression", ["1, 2"] = "expression", [""] = "expression",
      ["f(x)"] = "expression", ["x -- not silenced;"] = "expression", ["'a;'"] = "expression", ["{1; 2}"] = "expression",
      ["1;"] = "silenced", ["1; -- why"] = "silenced", ["f('--');"] = "silenced",
      ["1 ; ;"] = "silenced", ["f(x);"] = "silenced", ["'a';"] = "silenced", ["x = 1"] = "statement",
      ["x = 1;"] = "statement", ["x == 1"] = "expression", ["do end;"] = "statement", ["a = 1 b = 2"] = "statement" }) do
      local run, got = repl.parse(typed)
      assert.equal("function", type(run), typed)
      assert.equal(kind, got, typed)
    end
    assert.same({ 1, 2 }, { repl.parse("1, 2;")() })
  end)

  it("asks for more where more can complete it, and only there", function()
    for _, typed in ipairs({ "for i = 1, 2 do", "x = {", "f(", "1 +", "x = [[", "function f()", "{{1, 2},", "if x then" }) do
      local run, message, incomplete = repl.parse(typed)
      assert.is_nil(run)
      assert.equal("string", type(message))
      assert.is_true(incomplete, typed)
    end
    for _, typed in ipairs({ "x = = 1", "for for", ") + (", "1) + (2", "end", "x = 'a" }) do
      local run, message, incomplete = repl.parse(typed)
      assert.is_nil(run, typed)
      assert.matches("^stdin:1: ", message)
      assert.falsy(incomplete, typed)
    end
  end)

  it("knows its commands, and names the nearest of those it does not know", function()
    for typed, words in pairs({ ["?solve"] = "solve", ["  ?  t:sum"] = "  t:sum", ["!ls -l"] = "ls -l", ["%time 1 + 1"] = "1 + 1",
      ["%help"] = "" }) do
      local command, got = commands.find(typed)
      assert.equal("function", type(command), typed)
      assert.equal(words, got)
    end
    for _, typed in ipairs({ "x = 5 % 3", "'?'", "x != y", "" }) do assert.is_nil((commands.find(typed))) end
    local fine, message = pcall((commands.find "%tiem 1"), "1", repl)
    assert.is_false(fine)
    assert.matches("unknown command '%tiem' (did you mean '%time'?", message, 1, true)
    fine, message = pcall((commands.find "%bench"), "", repl)
    assert.is_false(fine)
    assert.matches("an expression is missing", message, 1, true)
    assert.same({ "bench", "help", "time" }, commands.names())
  end)
end)

describe("numlab.repl_show", function()
  local function shows(expected, value) assert.equal(expected, show.value(value)) end
  after_each(function() show.width = 80 end)

  it("ends tensors with type, shape, place and bytes", function()
    shows("  1  2\nf64 tensor 2 on cpu, 16 B", nl.tensor{ 1, 2 })
    shows("  1\nbf16 tensor 1x1 on cpu, 2 B", nl.ones(1, 1, { dtype = "bf16" }))
    assert.matches("f32 tensor 200x300 on cpu, 234 KiB$", show.value(nl.ones(200, 300, { dtype = "f32" })))
    local closed = nl.ones(2)
    closed:close()
    shows("closed tensor", closed)
  end)

  it("shows what is in a table, tensors in it in short", function()
    shows("{}", {})
    shows('{1, 2.5, "x", [10] = 2, a = true, ["b c"] = 1}', { 1, 2.5, "x", a = true, ["b c"] = 1, [10] = 2 })
    shows('{A = f64 tensor 2x3, S = f64 sparse 2x2, f = function}',
      { A = nl.ones(2, 3), S = nl.sparse.from(nl.eye(2)), f = print })
    shows("{{1, {...}}, {}}", { { 1, { 2 } }, {} })
    shows('{"a\\nb"}', { "a\nb" })
    local circle = {}
    circle[1] = circle
    shows("{{{...}}}", circle)
    assert.matches("... 60 more}?$", (show.value(nl.arange(1, 100):totable()):gsub("\n}", "")))
  end)

  it("breaks a long one between its entries, within the window", function()
    local long = {}
    for i = 1, 20 do long["name" .. i] = i end
    for _, width in ipairs({ 80, 40 }) do
      show.width = width
      local said = show.value(long)
      for line in said:gmatch("[^\n]+") do
        assert.is_true(#line <= width)
        assert.falsy(line:find("= *$"))
      end
      assert.matches("name20 = 20", said, 1, true)
    end
  end)

  it("leaves to __tostring what has one", function()
    shows("mine", setmetatable({}, { __tostring = function() return "mine" end }))
    shows("text", "text")
    shows("nil", nil)
    shows("0.1", 0.1)
  end)
end)

describe("numlab.who", function()
  it("lists what is new, with shape, elements, place and bytes", function()
    local variables = { old = 1, x = nl.ones(3, 4, { dtype = "f32" }), S = nl.sparse.from(nl.eye(3)), s = "text", n = 1,
      f = print }
    local rows = who.rows(variables, { old = 1, n = 2 })
    assert.same({ { name = "S", type = "sparse", shape = "3x3", dtype = "f64", device = "cpu", bytes = 60 },
      { name = "f", type = "function" }, { name = "n", type = "integer" }, { name = "s", type = "string", bytes = 4 },
      { name = "x", type = "tensor", shape = "3x4", dtype = "f32", device = "cpu", bytes = 48 } }, rows)
    assert.matches("\nx  +tensor  +3x4  +f32  +cpu  +48\n5 variables, 112 B$", who.render(rows))
    assert.equal("no variables of yours yet", who.render({}))
    assert.falsy(who.render({ { name = "n", type = "integer" } }):find("shape"))
  end)

  it("asks nothing of other people's objects", function()
    local value = setmetatable({}, { __index = function() error "asked" end, __name = "numlab.tensor" })
    assert.same({ type = "table" }, who.facts(value))
    assert.is_nil(who.class(io.stdout))
    assert.equal("FILE*", who.facts(io.stdout).type)
    local closed = nl.ones(2)
    closed:close()
    assert.equal("closed tensor", who.facts(closed).type)
  end)
end)

describe("numlab.history", function()
  local folder, path
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    path = folder .. "/it's/history"
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)

  it("lies where the environment says", function()
    local getenv, env = os.getenv, {}
    os.getenv = function(name) return env[name] end -- luacheck: ignore 122
    local function at(expected, given)
      env = given
      assert.equal(expected, history.path())
    end
    local fine, message = pcall(function()
      at("/h/.local/state/numlab/history", { HOME = "/h" })
      at("/s/numlab/history", { HOME = "/h", XDG_STATE_HOME = "/s" })
      at("/h/.local/state/numlab/history", { HOME = "/h", XDG_STATE_HOME = "relative" })
      at("/own", { HOME = "/h", NUMLAB_HISTORY = "/own" })
      at(nil, { HOME = "/h", NUMLAB_HISTORY = "" })
      at(nil, {})
    end)
    os.getenv = getenv -- luacheck: ignore 122
    assert(fine, message)
  end)

  it("keeps entries of several lines, none twice, for the owner alone", function()
    local entries = assert(history.load(path))
    assert.same({}, entries)
    for _, typed in ipairs({ "a = 1", "for i = 1, 2 do\n  print(i)\nend", "s = 'a\\nb'", "数 = 1", "a = 1", "  ", "b = 2  " }) do
      entries = history.add(entries, typed, path)
    end
    local expected = { "for i = 1, 2 do\n  print(i)\nend", "s = 'a\\nb'", "数 = 1", "a = 1", "b = 2" }
    assert.same(expected, entries)
    assert.same(expected, history.load(path))
    assert.equal("600\n", (file.capture("stat -c %a -- " .. file.quote(path))))
    assert.equal("700\n", (file.capture("stat -c %a -- " .. file.quote(folder .. "/it's"))))
  end)

  it("drops the oldest of many, and shrinks its file", function()
    assert(history.load(path))
    local lines = {}
    for i = 1, 2500 do lines[i] = "x = " .. i end
    assert(file.write(path, table.concat(lines, "\n") .. "\n"))
    local entries = history.load(path)
    assert.equal(1000, #entries)
    assert.equal("x = 1501", entries[1])
    assert.equal(1000, select(2, assert(file.read(path)):gsub("\n", "")))
    assert.equal("600\n", (file.capture("stat -c %a -- " .. file.quote(path))))
  end)

  it("reads the end of a file that is too long, and no more of one without an end", function()
    assert(history.load(path))
    local long = ("y"):rep(1 << 20) .. "\n"
    assert(file.write(path, long:rep(5) .. "x = 1\nx = 2\n"))
    local entries = history.load(path)
    assert.same({ "x = 1", "x = 2" }, { table.unpack(entries, #entries - 1) })
    assert.equal(3, #entries)
    assert.equal("table", type(history.load("/dev/zero")))
    local none, message = history.load("/dev")
    assert.is_nil(none)
    assert.matches("cannot read the history in /dev: ", message, 1, true)
  end)

  it("says where it cannot be kept, and goes on without a file", function()
    local entries, message = history.load("/dev/null/numlab/history")
    assert.is_nil(entries)
    assert.matches("cannot keep the history in /dev/null/numlab/history: ", message, 1, true)
    entries, message = history.add({ "a" }, "b", "/dev/null/x")
    assert.same({ "a", "b" }, entries)
    assert.matches("cannot keep the history in /dev/null/x: ", message, 1, true)
    assert.same({ "a", "b" }, (history.add({ "a" }, "b")))
  end)
end)
