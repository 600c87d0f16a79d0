-- nl.zip: what is written reads back, in order; misuse raises, files that are none are outcomes.
local nl = require "numlab"

describe("nl.zip", function()
  local path
  before_each(function() path = os.tmpname() end)
  after_each(function() os.remove(path) end)

  local _, _, info = nl.zip.read("/dev/null")
  if info and info.code == "UNAVAILABLE" then
    it("says how to get libzip", function() assert.matches("apt install libzip4", select(2, nl.zip.read(path))) end)
    return
  end

  it("reads back what it wrote, twice the same bytes", function()
    local entries = { { name = "张三.pdf", text = "a\0b" }, { name = "z/run", text = "#!/bin/sh\n", executable = true },
      { name = "a", text = "" } }
    assert(nl.zip.write(path, entries))
    local first = io.open(path, "rb"):read("a")
    local back = assert(nl.zip.read(path))
    assert.equal(3, #back)
    for i, e in ipairs(entries) do
      assert.same({ e.name, e.text, e.executable or false, false, true },
        { back[i].name, back[i].text, back[i].executable, back[i].link, back[i].utf8 })
    end
    assert(nl.zip.write(path, back)) -- what reads can be written
    assert.equal(first, io.open(path, "rb"):read("a"))
  end)

  it("names what is wrong with an entry", function()
    for message, entries in pairs{
      ["entry 1 is a number, expected {name =, text =}"] = { 7 },
      ["entry 1: 'text' must be a string, got nil"] = { { name = "a" } },
      ["entry 2: 'name' must be a string, got true"] = { { name = "a", text = "" }, { name = true, text = "" } },
      ["the name contains a zero byte"] = { { name = "a\0b", text = "" } },
      ["unknown option 'txt' (did you mean 'text'"] = { { name = "a", txt = "" } },
      ["holds at least one file, got none"] = {},
      ["the name of file 1 has 0 bytes"] = { { name = "", text = "" } },
    } do
      local ok, got = pcall(nl.zip.write, path, entries)
      assert.is_false(ok)
      assert.is_truthy(tostring(got):find(message, 1, true), got)
    end
    assert.error_matches(function() nl.zip.read(path, { mots = 1 }) end, "did you mean 'most'")
    assert.error_matches(function() nl.zip.read(path, { most = -1 }) end, "most is %-1")
    assert.error_matches(function() nl.zip.read("a\0b") end, "zero byte")
  end)

  it("returns what files do", function()
    local ok, message, why = nl.zip.write(path, { { name = "a", text = "" }, { name = "a", text = "" } })
    assert.is_nil(ok)
    assert.matches("a: cannot write: File already exists", message)
    assert.equal("IO", why.code)
    assert(nl.zip.write(path, { { name = "a", text = ("x"):rep(1000) } }))
    ok, message = nl.zip.read(path, { most = 999 })
    assert.is_nil(ok)
    assert.matches("holds more than the 999 bytes", message)
    assert.is_nil((nl.zip.read("/nonexistent.zip")))
    assert.is_nil((nl.zip.write("/nonexistent/a.zip", { { name = "a", text = "" } })))
  end)
end)
