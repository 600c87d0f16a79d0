-- docs/features.md: its tables are whole, and what numlab's column names is there.
local nl = require "numlab"

local function read(path)
  local file <close> = assert(io.open(path))
  return file:read "a"
end

local page = read "docs/features.md"

describe("the feature table", function()
  it("has a cell for every program in every row", function()
    local rows = 0
    for line in page:gmatch "\n(|[^\n]*)" do
      local _, bars = line:gsub("|", "")
      assert.equal(8, bars, line)
      rows = rows + 1
    end
    assert.is_true(rows > 40)
  end)

  it("begins each cell with a word its head explains", function()
    local known = { yes = true, part = true, no = true, ["?"] = true }
    local section = page:match "## The prompt.-## The program"
    for line in section:gmatch "\n(| %w[^\n]*)" do
      for cell in line:match("^|[^|]*|(.*)"):gmatch " ([^|]*) |" do
        local word = cell:match "^[%a?]+"
        assert.is_true(known[word] or line:find("element types", 1, true) ~= nil, line)
      end
    end
  end)

  it("names what numlab has", function()
    local names = 0
    for name in page:gmatch "`nl%.([%w_]+)`" do
      assert.is_not_nil(nl[name], "nl." .. name)
      names = names + 1
    end
    assert.is_true(names > 10)
  end)

  it("names commands of the program", function()
    local help = io.popen((os.getenv "NUMLAB") .. " --help"):read "a"
    local names = 0
    for name in page:gmatch "`numlab (%l+)`" do
      assert.truthy(help:find("\n    numlab " .. name .. " ", 1, true), name)
      names = names + 1
    end
    assert.is_true(names >= 6)
  end)
end)
