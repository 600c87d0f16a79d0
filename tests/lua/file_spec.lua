local file = require "numlab.file"

describe("numlab.file", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder))
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)

  it("quotes for the shell whatever a name holds", function()
    for _, s in ipairs({ "plain", "two words", "it's", '"$HOME" `id` $(id)', "-n", "a\nb", "高斯", "" }) do
      assert.equal(s, (file.capture("printf %s " .. file.quote(s))))
    end
    assert.error_matches(function() file.quote("a\0b") end, "cannot hold a zero byte")
  end)

  it("captures both streams and the status", function()
    local output, status = file.capture("echo out; echo err >&2; exit 3")
    assert.equal("out\nerr\n", output)
    assert.equal(3, status)
    assert.equal(127, select(2, file.capture("no-such-program-here")))
  end)

  it("splits paths", function()
    assert.same({ "a/b", "c.x" }, { file.split("a/b/c.x") })
    assert.same({ ".", "c.x" }, { file.split("c.x") })
    assert.same({ "/", "c" }, { file.split("/c") })
  end)

  it("makes folders with wild names, and says why it cannot", function()
    assert(file.make_folder(folder .. "/it's a/-x/$(id)"))
    assert(file.make_folder(folder))
    assert(file.write(folder .. "/plain", "x"))
    local ok, message = file.make_folder(folder .. "/plain/below")
    assert.is_nil(ok)
    assert.matches("cannot make the folder .*plain/below: Not a directory", message)
  end)

  it("writes whole or not at all", function()
    local path = folder .. "/a b"
    assert(file.write(path, "one"))
    assert(file.write(path, "two"))
    assert.equal("two", file.read(path))
    assert.is_nil(io.open(path .. ".part"))
    local ok, message = file.write(folder .. "/none/x", "y")
    assert.is_nil(ok)
    assert.matches("cannot write .*/none/x: No such file", message)
    assert.is_nil((file.read(folder .. "/missing")))
    assert.matches("No such file", select(2, file.read(folder .. "/missing")))
  end)

  it("lists files by ending, sorted", function()
    for _, name in ipairs({ "b.mtx", "a'1.mtx", "c.txt", "new\nline.mtx" }) do
      assert(file.write(folder .. "/" .. name, ""))
    end
    assert.same({ "a'1.mtx", "b.mtx", "new\nline.mtx" }, file.list(folder, ".mtx"))
    local names, message = file.list(folder .. "/none", ".mtx")
    assert.is_nil(names)
    assert.matches("cannot read the folder .*/none", message)
  end)

  it("knows a pipe from a terminal", function()
    assert.is_boolean(file.is_terminal("stdout"))
  end)
end)
