-- The chapters of docs/: what they show is run, and prints what they say. Each chapter runs as one program in a
-- temporary folder, as a reader would try it, made from the Markdown line by line so that errors name the file's lines:
--   ```lua      runs; the blocks of a chapter share globals
--   ```sh       its lines that begin with build/numlab run with the program under test and must exit with 0
--   ```text     what the block before printed (stderr aside); `...` alone on a line stands for any lines. A block
--               without one prints nothing
--   | .. | `x` |  in a table whose last column is numlab: the last cell runs, and is not nil
--   <!-- needs: gnuplot -->  the chapter waits where this command or borrowed library is not
local nl = require "numlab"

local PRELUDE = table.concat({
  'io.stdout:setvbuf "no"',
  'local function numlab(words) assert(os.execute(os.getenv "NUMLAB" .. words), "build/numlab" .. words) end',
  'local function cell(code) local got = table.pack(assert(load("return " .. code))())',
  'local absent = type(got[3]) == "table" and got[3].code == "UNAVAILABLE"',
  'assert(got.n == 0 or got[1] ~= nil or absent, code .. ": " .. tostring(got[2])) end',
}, " ")
local END = "\1" -- ends a block's output

local function trim(text) return (text:gsub("[ \t]+\n", "\n"):gsub("%s+$", "")) end

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch "(.-)\n" do lines[#lines + 1] = line end
  return lines
end

-- The program of a chapter, and its blocks: {line, expected}.
local function translate(path)
  local program, blocks, fence, cells = {}, {}, nil, false
  for line in io.lines(path) do
    local number = #program + 1
    local opened, out = line:match "^```(%a*)$", ""
    if fence and opened == "" then
      if fence == "lua" then out = "end " end
      if fence == "lua" or fence == "sh" then out = out .. ("io.write %q"):format(END) end
      fence = nil
    elseif opened and not fence then
      fence = opened
      if fence == "lua" then out = "do" end
      if fence == "lua" or fence == "sh" then blocks[#blocks + 1] = { line = number, expected = "" } end
    elseif fence == "lua" then
      out = line
    elseif fence == "sh" then
      local words = line:match "^build/numlab(.*)$"
      if words then out = ("numlab[==[%s]==]"):format(words) end
    elseif fence == "text" then
      blocks[#blocks].expected = blocks[#blocks].expected .. line .. "\n"
    elseif not fence then
      cells = line:find "| numlab |$" and true or cells and line:find "^|" ~= nil
      local code = cells and line:match "| `([^`]*)` |$"
      if code then out = ("cell[==[%s]==]"):format(code) end
      assert(code or not cells or line:find "| numlab |$" or line:find "%-%-%- |$",
        ("%s:%d: the last cell has no `code`"):format(path, number))
    end
    program[number] = number == 1 and PRELUDE or out
  end
  assert(not fence, path .. ": a ``` block is not closed")
  return table.concat(program, "\n"), blocks
end

-- Whether lines a[i..] are the pattern p[k..], in which "..." stands for any lines.
local function agree(a, p, i, k)
  i, k = i or 1, k or 1
  if k > #p then return i > #a end
  if p[k] == "..." then return agree(a, p, i, k + 1) or i <= #a and agree(a, p, i + 1, k) end
  return a[i] == p[k] and agree(a, p, i + 1, k + 1)
end

local function read(path)
  local file = assert(io.open(path))
  local text = file:read "a"
  file:close()
  return text
end

-- What a chapter needs and does not find here.
local function absent(path)
  local name = read(path):match "\n<!%-%- needs: (%w+) %-%->\n"
  if not name or os.execute(("command -v %s >/dev/null"):format(name)) then return nil end
  for _, library in ipairs(nl.facts().libraries) do
    if library.name == name and library.found then return nil end
  end
  return name
end

-- Runs a chapter; nil and what is wrong, where.
local function try(path)
  local name, program, blocks = path:match "[^/]+$", translate(path)
  local folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder))
  local file = assert(io.open(folder .. "/" .. name, "w"))
  file:write(program)
  file:close()
  local ran = os.execute(("cd %s && unset DISPLAY && NO_COLOR=1 COLUMNS=80 LC_ALL=C.UTF-8 $NUMLAB run %s >out 2>err")
    :format(folder, name))
  local printed, failed = read(folder .. "/out"), read(folder .. "/err")
  os.execute("rm -r " .. folder)

  local n = 0
  for got in printed:gmatch("([^" .. END .. "]*)" .. END) do
    n = n + 1
    got = trim(got)
    local expected = trim(blocks[n].expected)
    if not agree(lines_of(got), lines_of(expected)) then
      return nil, ("%s:%d: expected to print\n%s\n-- got\n%s"):format(path, blocks[n].line, expected, got)
    end
  end
  if not ran then return nil, ("%s: %s%s"):format(path, failed, printed:match("[^" .. END .. "]*$")) end
  return true
end

describe("the tutorial", function()
  local readme = read "docs/README.md"
  local list = io.popen "ls docs/*.md"
  for path in list:lines() do
    it("does what it says: " .. path, function()
      local missing = absent(path)
      if missing then return pending(missing .. " is not installed") end
      assert(try(path))
    end)
    it("shows pictures that are there: " .. path, function()
      for picture in read(path):gmatch "!%b[]%(([^)]+)%)" do assert.truthy(io.open("docs/" .. picture), picture) end
    end)
    if path ~= "docs/README.md" then
      it("is listed in docs/README.md: " .. path, function()
        assert.truthy(readme:find("(" .. path:match "[^/]+$" .. ")", 1, true))
      end)
    end
  end
  list:close()

  describe("is checked by a runner that", function()
    local function chapter(text)
      local path = os.tmpname()
      local file = assert(io.open(path, "w"))
      file:write(text)
      file:close()
      local ok, why = try(path)
      os.remove(path)
      return ok, why, path
    end

    it("passes what is true", function()
      assert(chapter "# t\n```lua\nx = 1\nprint(x)\nprint(2)\nprint(3)\n```\n```text\n1\n...\n3\n```\n```lua\ny = x\n```\n")
      assert(chapter "# t\n```sh\nbuild/numlab -e 'print(1)'\n```\n```text\n1\n```\n")
    end)
    it("names the line of a block that prints something else", function()
      local ok, why, path = chapter "# t\n\n```lua\nprint(1)\n```\n```text\n2\n```\n"
      assert.is_nil(ok)
      assert.truthy(why:find(path .. ":3: expected to print\n2\n-- got\n1", 1, true))
    end)
    it("refuses output that is not shown", function()
      assert.is_nil((chapter "# t\n```lua\nprint(1)\n```\n"))
    end)
    it("names the line of an error, of a command and of a cell that fail", function()
      for _, text in ipairs{ "# t\n```lua\n\nerror 'no'\n```\n", "# t\n```sh\n\nbuild/numlab -e 'os.exit(1)'\n```\n",
        "# t\n| Torch | numlab |\n| --- | --- |\n| `x` | `error()` |\n",
        "# t\n| Torch | numlab |\n| --- | --- |\n| `x` | `nothing` |\n" } do
        local ok, why, path = chapter(text)
        assert.is_nil(ok)
        assert.truthy(why:find(path:match "[^/]+$" .. ":4:", 1, true), why)
      end
    end)
    it("keeps the locals of a block to it", function()
      assert.is_nil((chapter "# t\n```lua\nlocal x = 1\n```\n```lua\nassert(x)\n```\n"))
    end)
  end)
end)
