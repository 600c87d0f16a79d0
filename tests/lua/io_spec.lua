local nl = require "numlab"
local starves = require "tests.lua.starves"

describe("load and save", function()
  local path
  before_each(function() path = os.tmpname() .. ".mtx" end)
  after_each(function() os.remove(path); os.remove((path:gsub("%.mtx$", ""))) end)

  it("keep a matrix and a vector (as one column)", function()
    local A = nl.tensor({{0.1, -2}, {3, 1e-300}})
    assert.is_true(nl.save(path, A))
    assert.is_true(nl.allclose(nl.load(path), A, {rtol = 0, atol = 0}))
    assert.is_true(nl.save(path, nl.tensor({1, 2, 3})))
    assert.same({3, 1}, nl.load(path).shape)
  end)

  it("write matrices without elements at once, however many rows they count", function()
    assert(nl.save(path, nl.zeros(math.maxinteger, 0)))
    assert(nl.save(path, nl.zeros(0, math.maxinteger)))
    local x, message = nl.load(path)
    assert.is_nil(x)
    assert.is_string(message) -- no file of a few bytes justifies so many columns
  end)

  it("return nil, message and the code for a file that fails", function()
    local x, message, info = nl.load("missing.mtx")
    assert.is_nil(x)
    assert.equal("missing.mtx: cannot read: No such file or directory", message)
    assert.equal("IO", info.code)
    local done, why, more = nl.save("no-such-folder/a.mtx", nl.eye(2))
    assert.is_nil(done)
    assert.truthy(why:find("no-such-folder/a.mtx: cannot write: No such file or directory", 1, true))
    assert.equal("IO", more.code)
  end)

  it("raise on misuse, naming what is known", function()
    assert.error_matches(function() nl.load("a.mxt") end,
      "unknown file extension 'mxt' %(did you mean 'mtx'%? known: mtx, npy, npz, csv")
    assert.error_matches(function() nl.load("a\0.mtx") end, "zero byte")
    assert.error_matches(function() nl.save(path, nl.eye(2), {symetry = "general"}) end, "did you mean 'symmetry'")
    assert.error_matches(function() nl.save(path, 3) end, "tensor or sparse matrix expected")
    assert.error_matches(function() nl.save(path, nl.zeros(2, 2, 2)) end, "holds a matrix or a vector, got shape 2x2x2")
    assert.error_matches(function() nl.save(path, nl.tensor({{1, 2}, {3, 4}}), {symmetry = "symmetric"}) end,
      "the matrix is not symmetric: element %(1, 2%) is 2, %(2, 1%) is 3")
  end)

  it("keep arrays of every type and rank as .npy", function()
    local npy = path:gsub("mtx$", "npy")
    finally(function() os.remove(npy) end)
    for _, dtype in ipairs{"f64", "f32", "f16", "i64", "i32", "i16", "u8", "bool"} do
      local x = nl.tensor({{{1, 0, 1}, {0, 1, 1}}}, {dtype = dtype})
      assert.is_true(nl.save(npy, x))
      local y = nl.load(npy)
      assert.equal(dtype, y.dtype)
      assert.same({1, 2, 3}, y.shape)
      assert.same(x:totable(), y:totable())
    end
    assert.error_matches(function() nl.save(npy, nl.zeros(2, {dtype = "bf16"})) end, "no element type for bf16")
    local A = nl.sparse.from(nl.eye(2))
    assert.error_matches(function() nl.save(npy, A) end, "cannot hold a sparse matrix; use .mtx")
    assert.error_matches(function() nl.save(npy, nl.eye(2), {symmetry = "general"}) end, "unknown option 'symmetry'")
    assert.error_matches(function() nl.load(npy, {dtype = "f32"}) end, "unknown option 'dtype'")
    assert.same({1, 2, 3}, nl.load(npy).shape) -- what was refused left the file alone
    local x, message, info = nl.load("missing.npy")
    assert.is_nil(x)
    assert.equal("missing.npy: cannot read: No such file or directory", message)
    assert.equal("IO", info.code)
  end)

  it("keep tables of numbers and their names as .csv", function()
    local csv = path:gsub("mtx$", "csv")
    finally(function() os.remove(csv) end)
    local x = nl.tensor({{0.1, -1e300}, {0 / 0, 3}, {1 / 0, 2 ^ 53}})
    assert.is_true(nl.save(csv, x, {names = {"a, b", '"t"'}}))
    local y, names = nl.load(csv)
    assert.same({"a, b", '"t"'}, names)
    assert.same({3, 2}, y.shape)
    for _, at in ipairs{{1, 1}, {1, 2}, {2, 2}, {3, 1}, {3, 2}} do
      assert.equal(x(table.unpack(at)), y(table.unpack(at)))
    end
    assert.is_true(y(2, 1) ~= y(2, 1))
    assert.is_true(nl.save(csv, nl.tensor({2 ^ 53 | 0, 7}, {dtype = "i64"})))
    y, names = nl.load(csv)
    assert.is_nil(names)
    assert.same({{2 ^ 53}, {7}}, y:totable())
    assert.same({"9007199254740992"}, select(2, nl.load(csv, {header = true})))
    local z, message, info = nl.load(csv:gsub("csv$", "x.csv"), nil)
    assert.is_nil(z)
    assert.truthy(message:find("No such file", 1, true))
    assert.equal("IO", info.code)
  end)

  it("take a header line as told", function()
    local csv = path:gsub("mtx$", "csv")
    finally(function() os.remove(csv) end)
    local function write(text) local f = assert(io.open(csv, "wb")); f:write(text); f:close() end
    write "1990,1991\n1,2\n"
    assert.same({2, 2}, nl.load(csv).shape)
    assert.same({{1, 2}}, nl.load(csv, {header = true}):totable())
    write "x,y\n1,2\n"
    assert.same({{1, 2}}, nl.load(csv):totable())
    local z, message = nl.load(csv, {header = false})
    assert.is_nil(z)
    assert.equal(csv .. ":1: column 1: 'x' is not a number", message)
  end)

  it("refuse what a .csv cannot hold", function()
    local csv = path:gsub("mtx$", "csv")
    local A = nl.eye(2)
    local S = nl.sparse.from(A)
    assert.error_matches(function() nl.save(csv, nl.zeros(0, 2)) end, "without names holds at least one row")
    assert.error_matches(function() nl.save(csv, S) end, "an .csv file cannot hold a sparse matrix; use .mtx")
    assert.error_matches(function() nl.save(csv, nl.zeros(2, 2, 2)) end, "got shape 2x2x2 %(use .npy%)")
    assert.error_matches(function() nl.save(csv, A, {names = {"a"}}) end, "1 names for 2 columns")
    assert.error_matches(function() nl.save(csv, A, {names = "a"}) end, "'names' is a string, expected a table")
    assert.error_matches(function() nl.save(csv, A, {names = {"a", 2}}) end, "name 2 is a number, expected a string")
    assert.error_matches(function() nl.save(csv, A, {names = {"a", "\0"}}) end, "name 2 contains a zero byte")
    assert.error_matches(function() nl.save(csv, A, {name = {}}) end, "did you mean 'names'")
    assert.error_matches(function() nl.load(csv, {header = 1}) end, "header")
    assert.is_nil(io.open(csv))
  end)

  local probe, why = nl.load("missing.npz")
  local libzip = probe == nil and not why:find("libzip is not available", 1, true)
  it("keep tables of tensors as .npz" .. (libzip and "" or " (skipped: no libzip)"), function()
    if not libzip then return end
    local npz = path:gsub("mtx$", "npz")
    finally(function() os.remove(npz) end)
    local A, b = nl.tensor({{1, 2}, {3, 4}}), nl.tensor({5, 6}, {dtype = "i16"})
    for _, compress in ipairs{false, true} do
      assert.is_true(nl.save(npz, {A = A, b = b, ["\u{3b1}"] = nl.zeros(0)}, {compress = compress}))
      local z = nl.load(npz)
      local keys = 0
      for _ in pairs(z) do keys = keys + 1 end
      assert.equal(3, keys)
      assert.same(A:totable(), z.A:totable())
      assert.same("i16", z.b.dtype)
      assert.same({5, 6}, z.b:totable())
      assert.same({0}, z["\u{3b1}"].shape)
    end
    local S = nl.sparse.from(A)
    assert.error_matches(function() nl.save(npz, {S = S}) end, "'S' is a sparse matrix; an .npz file holds tensors")
    assert.error_matches(function() nl.save(npz, {x = 3}) end, "'x' is a number, expected a tensor")
    assert.error_matches(function() nl.save(npz, {A}) end, "a key of the table is a number, expected a name")
    assert.error_matches(function() nl.save(npz, {["a\0"] = A}) end, "a name contains a zero byte")
    assert.error_matches(function() nl.save(npz, A) end, "table expected")
    assert.error_matches(function() nl.save(npz, {}) end, "holds at least one array, got none")
    assert.error_matches(function() nl.save(npz, {A = A}, {compres = true}) end, "did you mean 'compress'")
    assert.same({5, 6}, nl.load(npz).b:totable()) -- what was refused left the file alone
    local x, message, info = nl.load(path:gsub("mtx$", "x.npz"), nil)
    assert.is_nil(x)
    assert.truthy(message:find("No such file", 1, true))
    assert.equal("IO", info.code)
  end)

  it("say what is missing without libzip", function()
    local process = assert(io.popen("NUMLAB_EXTERNAL=libzip " .. (os.getenv "NUMLAB" or "build/numlab") ..
      [[ -e 'local x, m, i = require "numlab".load "a.npz"; print(x, m, i.code)' 2>&1]]))
    local text = process:read "a"
    process:close()
    assert.truthy(text:find("^nil\tlibzip is not available"))
    assert.truthy(text:find("apt install libzip4\tUNAVAILABLE", 1, true))
  end)

  for _, extension in ipairs{"mtx", "npy", "npz", "csv"} do
    it("raise and lose nothing without memory: " .. extension, function()
      if extension == "npz" and not libzip then return end
      local file = path:gsub("mtx$", extension)
      finally(function() os.remove(file) end)
      local x = nl.tensor({{1, 2}, {3, 4}}).T
      if extension == "npz" then x = {a = x, b = x} end
      assert(nl.save(file, x))
      starves(function() return (assert(nl.load(file))) end, 1 << 18, 512)
      starves(function() return assert(nl.save(file, x)) end, 1 << 18, 512)
    end)
  end

  local numpy = os.execute "python3 -c 'import numpy' 2>/dev/null"
  it("agree with NumPy about .npy, both ways" .. (numpy and "" or " (skipped: python3 has no numpy)"), function()
    if not numpy then return end
    local names = {f64 = "f8", f32 = "f4", f16 = "f2", i64 = "i8", i32 = "i4", i16 = "i2", u8 = "u1", bool = "b1"}
    local theirs, ours, files = {"import numpy as np"}, {"import numpy as np"}, {}
    finally(function() for _, file in ipairs(files) do os.remove(file) end end)
    for dtype, name in pairs(names) do
      for _, order in ipairs{"C", "F"} do
        for endian, byte_order in pairs{low = "<", high = ">"} do
          local file = ("%s-%s%s%s.npy"):format(path, name, order, endian)
          table.insert(files, file)
          files[file] = dtype
          table.insert(theirs, ("np.save(%q, np.arange(6).reshape(2, 3).astype(%q, order=%q))")
            :format(file, byte_order .. name, order))
          table.insert(ours, ("a = np.load(%q); assert a.dtype.str[1:] == %q"):format(file, name))
          table.insert(ours, ("assert (a == np.arange(6).reshape(2, 3).astype(%q)).all()"):format(name))
        end
      end
    end
    local function python(lines) assert.is_true(os.execute("python3 -c '" .. table.concat(lines, "\n") .. "'")) end
    python(theirs)
    for _, file in ipairs(files) do
      local x = nl.load(file)
      assert.equal(files[file], x.dtype)
      local wanted = nl.tensor({{0, 1, 2}, {3, 4, 5}}, {dtype = files[file]})
      assert.same(wanted:totable(), x:totable())
      assert.is_true(nl.save(file, x))
    end
    python(ours)
  end)

  it("agree with NumPy about .npz, both ways" .. (numpy and libzip and "" or " (skipped: no NumPy or no libzip)"), function()
    if not (numpy and libzip) then return end
    local npz = path:gsub("mtx$", "npz")
    finally(function() os.remove(npz) end)
    for _, how in ipairs{"savez", "savez_compressed"} do
      assert.is_true(os.execute(("python3 -c 'import numpy as np; np.%s(%q, x=np.arange(3), y=np.eye(2))'")
        :format(how, npz)))
      local z = nl.load(npz)
      assert.same({0, 1, 2}, z.x:totable())
      assert.same({{1, 0}, {0, 1}}, z.y:totable())
      assert.is_true(nl.save(npz, z, {compress = how ~= "savez"}))
      assert.is_true(os.execute(("python3 -c 'import numpy as np; z = np.load(%q); " ..
        "assert sorted(z) == [\"x\", \"y\"] and z[\"x\"].tolist() == [0, 1, 2] and (z[\"y\"] == np.eye(2)).all()'")
        :format(npz)))
    end
  end)
end)
