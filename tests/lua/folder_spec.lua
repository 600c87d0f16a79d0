-- nl.folder: names of files and folders, what is neither, folders that cannot be read.
local file = require "numlab.file"
local nl = require "numlab"

describe("nl.folder", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder .. "/within"))
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)

  local function names()
    local list = assert(nl.folder(folder))
    table.sort(list)
    return table.concat(list, " ")
  end

  it("lists files, and folders with a slash; follows links", function()
    assert(file.write(folder .. "/数据.csv", ""))
    assert(file.write(folder .. "/.hidden", ""))
    file.capture(("cd %s && ln -s within linked && ln -s .hidden also && ln -s nowhere lost && mkfifo pipe")
      :format(file.quote(folder)))
    assert.equal(".hidden also linked/ within/ 数据.csv", names())
    assert.same({}, nl.folder(folder .. "/within"))
    assert.same(nl.folder(folder .. "/within"), nl.folder(folder .. "/linked/"))
  end)

  it("lists many more names than one read of the system holds", function()
    file.capture(("cd %s/within && touch $(seq 3000)"):format(file.quote(folder)))
    local list, seen = assert(nl.folder(folder .. "/within")), {}
    for _, name in ipairs(list) do seen[name] = true end
    assert.equal(3000, #list)
    for i = 1, 3000 do assert.is_true(seen[tostring(i)]) end
  end)

  it("says why it cannot", function()
    assert(file.write(folder .. "/plain", ""))
    assert.same({ n = 2, nil, ("cannot read the folder %s/none: No such file or directory"):format(folder) },
      table.pack(nl.folder(folder .. "/none")))
    assert.matches("plain: Not a directory", select(2, nl.folder(folder .. "/plain")))
  end)

  it("leaves no folder open", function()
    local function open_files() return #nl.folder("/proc/self/fd") end
    local before = open_files()
    for _ = 1, 50 do
      nl.folder(folder)
      nl.folder(folder .. "/none")
    end
    assert.equal(before, open_files())
  end)

  it("raises for what is no path", function()
    assert.has_error(function() nl.folder() end, "bad argument #1 to 'folder' (string expected, got no value)")
    assert.has_error(function() nl.folder("a\0b") end,
      "bad argument #1 to 'folder' (a path must not contain a zero byte)")
  end)
end)
