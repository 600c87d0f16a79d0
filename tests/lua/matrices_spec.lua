-- Every .mtx file in the folder NUMLAB_MATRICES names: what nl.load makes of it against a reader of a few lines
-- of Lua, and what comes back after nl.save.
local nl = require "numlab"

local folder = os.getenv "NUMLAB_MATRICES"
-- entries of both triangles: twice what the file stores, less the diagonal
local counts = {jagmesh7 = 7450, karate = 156, LFAT5 = 46}

-- The entries by "i j", and the banner's words.
local function read(path)
  local lines = io.lines(path)
  local field, symmetry = lines():lower():match("^%%%%matrixmarket%s+matrix%s+coordinate%s+(%S+)%s+(%S+)")
  local entries, m, n = {}, nil, nil
  for line in lines do
    local words = {}
    for word in line:gmatch("%S+") do table.insert(words, word) end
    if line:sub(1, 1) == "%" or #words == 0 then goto continue end
    if not m then
      m, n = math.tointeger(words[1]), math.tointeger(words[2])
    else
      local value = tonumber(words[3] or 1)
      entries[words[1] .. " " .. words[2]] = value
      if symmetry ~= "general" then
        entries[words[2] .. " " .. words[1]] = symmetry == "symmetric" and value or -value
      end
    end
    ::continue::
  end
  return {m = m, n = n, field = field, symmetry = symmetry, entries = entries}
end

local function assert_equal(wanted, A)
  local i, j, a = A:coo()
  local left = {}
  for key, value in pairs(wanted.entries) do left[key] = value end
  i, j, a = i:totable(), j:totable(), a:totable()
  for k = 1, #a do
    local key = ("%d %d"):format(i[k], j[k])
    if left[key] ~= a[k] then error(("entry %s is %s, expected %s"):format(key, a[k], left[key])) end
    left[key] = nil
  end
  assert.is_nil(next(left))
  assert.same({wanted.m, wanted.n}, A.shape)
end

describe("the matrices of NUMLAB_MATRICES", function()
  if not folder then
    it("are not tested: NUMLAB_MATRICES names no folder", function() end)
    return
  end
  local list = assert(io.popen(("ls '%s'"):format(folder)))
  local seen = 0
  for file in list:lines() do
    local name = file:match("^(.*)%.mtx$")
    if not name then goto continue end
    seen = seen + 1
    it(name .. " is read, written and read again", function()
      local path, copy = folder .. "/" .. file, os.tmpname()
      finally(function() os.remove(copy); os.remove(copy .. ".mtx") end)
      local wanted = read(path)
      if wanted.field == "complex" then
        local A, message, info = nl.load(path)
        assert.is_nil(A)
        assert.equal("IO", info.code)
        assert.truthy(message:find(file .. ":1: complex matrices are not supported", 1, true))
        return
      end
      local A = assert(nl.load(path))
      assert_equal(wanted, A)
      if counts[name] then assert.equal(counts[name], A.nnz) end
      local field = wanted.field == "pattern" and "pattern" or "real"
      for _, symmetry in ipairs{"general", wanted.symmetry} do
        assert(nl.save(copy .. ".mtx", A, {symmetry = symmetry, field = field}))
        assert_equal(wanted, assert(nl.load(copy .. ".mtx")))
        assert.equal(symmetry, read(copy .. ".mtx").symmetry)
      end
    end)
    ::continue::
  end
  list:close()
  it("are there", function() assert.is_true(seen > 0, folder .. " holds no .mtx file") end)
end)
