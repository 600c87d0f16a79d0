-- Help from the annotations: what is read, what a name finds, how it is laid out; the library's own comments too.
local annotations = require "numlab.annotations"
local help = require "numlab.help"
local raises = require "tests.lua.raises"
local text = require "numlab.text"

local function parse(source, library)
  local path = os.tmpname()
  local out = assert(io.open(path, "w"))
  out:write(source)
  out:close()
  local entries = annotations.read(path, "x.lua", library)
  os.remove(path)
  return entries
end

local function names(entries)
  local list = {}
  for i, entry in ipairs(entries) do list[i] = entry.name end
  return table.concat(list, " ")
end

describe("numlab.annotations", function()
  it("reads text, parameters, results, example and place of a function", function()
    local entry = parse([[
---@class nl.Options
---@field tol? number stops there,
--- default 1e-10

---Solve it, as in
---the book. More.
---@param A nl.Tensor|"none" n x n
---@param f fun(x: number, y: {a: string}): number of two
---@param opts? nl.Options
---@return table? x
---@return string message, table info
---@return integer  sweeps done
--- Example:
---     local x = 1
---       + 1
function nl.f(A, f, opts) end
]])
    assert.equal("nl.Options nl.f", names(entry))
    assert.same({ name = "tol", type = "number", text = "stops there, default 1e-10", optional = true },
      entry[1].fields[1])
    local f = entry[2]
    assert.equal("function x.lua:16 Solve it, as in the book.", f.kind .. " " .. f.source .. " " .. f.summary)
    assert.same({ name = "A", type = 'nl.Tensor|"none"', text = "n x n", optional = false }, f.params[1])
    assert.equal("fun(x: number, y: {a: string}): number", f.params[2].type)
    assert.is_true(f.params[3].optional)
    assert.same({ name = "x", type = "table?", text = "" }, f.returns[1])
    assert.same({ type = "string", text = "message, table info" }, f.returns[2])
    assert.same({ type = "integer", text = "sweeps done" }, f.returns[3]) -- two spaces: no name
    assert.same({ "local x = 1", "  + 1" }, f.example.code)
    assert.equal("x.lua:13", f.example.where)
  end)

  it("reads a library: its head, its functions by its own name, nothing that is local", function()
    local entries = parse([[
--- What it is for.
local M = {}

--- Hidden.
local function hidden() end

--- Of a class.
function Job:stop() end

--- Run.
---@param o table?  options
function M.run(o) end

function M.untold() end
return M
]], "numlab.demo")
    assert.equal("numlab.demo demo.Job:stop demo.run", names(entries))
    assert.equal("library", entries[1].kind)
    assert.is_true(entries[3].params[1].optional)
  end)

  it("reads a library that is a function, however it says so", function()
    local text_of = "--- It.\n\n--- Do.\n---@param x any\n"
    for _, rest in ipairs({ "local function demo(x) end\nreturn demo\n", "return function(x)\nend\n",
      "local function walk(_, x) end\nlocal M = {}\nreturn setmetatable(M, { __call = walk })\n" }) do
      local entries = parse(text_of .. rest, "numlab.demo")
      assert.equal("numlab.demo demo", names(entries))
      assert.same({ "x" }, entries[2].words)
    end
  end)

  it("takes from the head of a library that it is internal, and from a function that it alone is", function()
    local entries = parse("--- It.\n---@internal of numlab.other\nlocal M = {}\n\n--- Do.\nfunction M.f() end\nreturn M\n",
      "numlab.demo")
    assert.equal("of numlab.other", entries[1].internal)
    assert.equal("of numlab.other", entries[2].internal)
    entries = parse("--- It.\nlocal M = {}\n\n--- Do.\n---@internal of M\nfunction M.f() end\n--- Be.\nfunction M.g() end\n"
      .. "return M\n", "numlab.demo")
    assert.same({ "of M" }, { entries[2].internal, entries[3].internal })
    assert.is_nil(entries[1].internal)
  end)

  it("ends an example where its indent ends", function()
    local entry = parse("---Do.\n--- Example:\n---     local x = 1\n---\n---     and text\nfunction nl.f() end\n")[1]
    assert.same({ "local x = 1" }, entry.example.code)
    assert.same({ "Do.", "", "    and text" }, entry.lines)
  end)

  it("gives a class called like a function its full name", function()
    local entries = parse("--- It.\nlocal M = {}\n\n---@class numlab.demo.Thing\nlocal Thing = class()\n\n--- Make.\n"
      .. "function M.Thing() end\n\n--- Do.\nfunction Thing:act() end\nreturn M\n", "numlab.demo")
    assert.equal("numlab.demo numlab.demo.Thing demo.Thing demo.Thing:act", names(entries))
  end)

  it("lists the options of a call with their values, those of the class they are built on behind them", function()
    local keys = {}
    for _, option in ipairs(annotations.options "nl.solve") do keys[option.name] = option end
    assert.same({ "partial", "none", "rook", "complete" }, keys.pivot.values)
    assert.equal("auto", keys.method.values[1])
    assert.is_nil(keys.tol.values)
    assert.is_true(keys.tol.optional)
    assert.equal("number", keys.tol.type)
    local list = annotations.options "nl.gallery.pei"
    assert.same({ "alpha", "n", "seed" }, { list[1].name, list[2].name, list[3].name })
    assert.same("keepdim", annotations.options((help.find "t:sum"))[1].name)
    assert.same("keepdim", annotations.options((help.find "A:sum"))[1].name) -- a matrix has a capital name
    assert.same({}, annotations.options "nl.clock")
    assert.same({}, annotations.options "nothing")
  end)

  it("finds a name in its library, or among the bindings, and no other library", function()
    local function has(list, name)
      for _, entry in ipairs(list) do if entry.name == name then return true end end
      return false
    end
    assert.equal("sweep.run", annotations.named("sweep.run").name)
    assert.equal("numlab.sweep", annotations.named("numlab.sweep").name)
    assert.equal(annotations.named "nl.Tensor", annotations.named "Tensor")
    for _, name in ipairs({ "", "nothing", "nothing.at.all", "sweep.nothing", "numlab.nothing" }) do
      assert.is_nil(annotations.named(name))
    end
    local around = annotations.around "numlab.sweep.RunOptions"
    assert.same({ true, false }, { has(around, "sweep.run"), has(around, "nl.solve") })
    around = annotations.around "Tensor:sum"
    assert.same({ true, false }, { has(around, "nl.solve"), has(around, "sweep.run") })
  end)

  it("knows the libraries made for users by a list, and reads no other for them", function()
    local libraries = {}
    for _, entry in ipairs(annotations.entries()) do
      if entry.kind == "library" and not entry.internal then table.insert(libraries, (entry.name:gsub("^numlab%.", ""))) end
    end
    assert.same(libraries, annotations.libraries())
    local public = 0
    for _, entry in ipairs(annotations.entries()) do
      if not entry.internal then
        public = public + 1
        assert.equal(entry, annotations.public()[public])
      end
    end
    assert.equal(public, #annotations.public())
  end)

  it("tells of a file that cannot be read", function()
    local entries, message = annotations.read "no-such.lua"
    assert.is_nil(entries)
    assert.matches("no%-such%.lua: No such file", message)
  end)

  it("drops a comment that no declaration follows", function()
    assert.equal("", names(parse("---Lost.\n\nfunction_like = 1\n")))
  end)
end)

describe("numlab.help", function()
  it("finds a name as people type it", function()
    for typed, name in pairs({ ["nl.solve"] = "nl.solve", solve = "nl.solve", [" solve (A, b) "] = "nl.solve",
      ["numlab.solve"] = "nl.solve", ["Tensor:sum"] = "Tensor:sum", ["nl.Tensor"] = "Tensor", ["t:sum"] = "Tensor:sum",
      ["numlab.sweep"] = "numlab.sweep", sweep = "numlab.sweep", ["sweep.run"] = "sweep.run",
      ["nl.sweep.run"] = "sweep.run", gallery = "nl.gallery", ["nl.gallery.pei"] = "nl.gallery.pei",
      pei = "nl.gallery.pei",
      args = "args", ["nl.args"] = "args", ["numlab.args"] = "numlab.args", ["S:nonsense"] = false, [""] = false }) do
      local entry = help.find(typed)
      assert.equal(name, entry and entry.name or false)
    end
  end)

  it("names what a bare word may mean besides, and nothing where the name is exact", function()
    local _, others = help.find "sum"
    assert.truthy((" " .. table.concat(others, " ") .. " "):find(" grad.Variable:sum ", 1, true))
    _, others = help.find "Tensor:sum"
    assert.same({}, others)
  end)

  it("names the nearest where nothing fits", function()
    local entry, near = help.find "nl.sollve"
    assert.is_nil(entry)
    assert.same({ "nl.solve" }, near)
    entry, near = help.find "qqqqzzzz"
    assert.is_nil(entry)
    assert.same({}, near)
  end)

  it("searches names first, then texts, whatever the case", function()
    local found = help.search "SOFTMAX"
    assert.truthy(found[1].name:find "softmax")
    local all = " " .. names(found) .. " "
    assert.truthy(all:find(" nl.attention ", 1, true), "attention's text speaks of softmax")
    assert.same({}, help.search "qqqqzzzz")
  end)

  it("lists every function under one topic, and every topic has a summary", function()
    local count, listed = 0, 0
    for _, entry in ipairs(help.public()) do
      if entry.kind == "function" or entry.kind == "method" then count = count + 1 end
    end
    for _, topic in ipairs(help.topics()) do
      assert.truthy(topic.summary ~= "", topic.name .. " has no summary")
      listed = listed + #topic.entries
    end
    assert.equal(count, listed)
  end)

  it("offers nothing that is internal, and knows it by its name", function()
    for _, topic in ipairs(help.topics()) do assert.not_equal("numlab.sweep_point", topic.name) end
    assert.equal("numlab.sweep_point", help.find("numlab.sweep_point").name)
    for _, entry in ipairs(help.search "contestant") do assert.is_nil(entry.internal) end
    for _, name in ipairs(help.near "sweep_point.visit") do assert.is_nil(annotations.named(name).internal) end
  end)

  it("lays out a call with its options, those they are built on, results and example", function()
    local told = help.text((help.find "nl.gallery.dominant"))
    for _, part in ipairs({ "nl.gallery.dominant(options)\n\nStrictly",
      "\n\nParameters\n  options  nl.DominantOptions\n\nOptions\n", "\n  ratio    number: above 1, default 1.1\n",
      "\n  seed     integer: of x_true", "\n\nReturns\n  A       nl.Sparse: n x n",
      "\n\nExample\n    local A, b, x_true", "\n\nbindings/gallery.meta.lua:" }) do
      assert.truthy(told:find(part, 1, true), part .. "\nis not in\n" .. told)
    end
    assert.truthy(help.text((help.find "solve")):find("nl.solve(A, b, opts?)", 1, true))
    assert.truthy(help.text((help.find "Tensor")):find("\nTensor:sum  ", 1, true))
    assert.truthy(help.text((help.find "nl.Method")):find('\nValues\n  "auto" ', 1, true))
  end)

  it("keeps to the width, but for code and words that are longer", function()
    for _, width in ipairs({ 80, 40 }) do
      for _, entry in ipairs(help.entries()) do
        for line in help.text(entry, { width = width }):gmatch("[^\n]+") do
          local words = line:match("^%s*(.*)$")
          if text.width(line) > width and not line:find("^  ") and line ~= entry.source then
            assert.falsy(words:find("%S%s+%S"), entry.name .. " at " .. width .. ": " .. line)
          end
        end
        assert.truthy(text.width(help.line(entry, width)) <= width)
      end
    end
  end)

  it("shows a library's example where a function has none and the library's shows it", function()
    assert.equal(annotations.named("numlab.stats").example, annotations.example(annotations.named "stats.median"))
    assert.truthy(help.text(annotations.named "stats.median"):find("stats.median(v) == 4", 1, true))
    assert.truthy(help.text(annotations.named "stats.sd"):find("stats.sd{1, 3}", 1, true))
    assert.equal(annotations.named("numlab.args").example, annotations.example(annotations.named "args"))
    assert.is_nil(annotations.example(annotations.named "nl.SolveOptions"))
    assert.is_nil(annotations.example(annotations.named "numlab.table.Column"))
  end)

  it("colours its heads only when asked to", function()
    local entry = help.find "nl.solve"
    assert.falsy(help.text(entry):find("\27", 1, true))
    assert.truthy(help.text(entry, { color = true }):find("\27[1mExample\27[0m", 1, true))
    raises("help.text: unknown option 'colour' (did you mean 'color'?", help.text, entry, { colour = true })
  end)

  it("answers with an entry, else with lines, else with nil and a message", function()
    assert.truthy(help.answer("t:sum"):find("^Tensor:sum%(dim%?, opts%?%)"))
    assert.truthy(help.answer("dominance"):find("nl.DominanceFacts", 1, true))
    assert.truthy(help.answer("solve", nil, true):find("^[^\n]*solve[^\n]*\n"))
    assert.truthy(help.answer(""):find("^nl  "))
    local told, message = help.answer("nl.sollve")
    assert.is_nil(told)
    assert.equal("nothing is called 'nl.sollve', did you mean 'nl.solve'?", message)
    raises("nothing is called 'qq\\x1bzz' and no text speaks of it", help.show, "qq\27zz")
  end)
end)
