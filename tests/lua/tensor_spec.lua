-- Elements, rows, slices and views, against plain Lua tables.
local nl = require "numlab"
local raises = require "tests.lua.raises"

-- A table of m rows of n numbers that tell their place.
local function grid(m, n)
  local rows = {}
  for i = 1, m do
    rows[i] = {}
    for j = 1, n do rows[i][j] = 10 * i + j end
  end
  return rows
end

describe("a tensor", function()
  it("tells its shape and type", function()
    local A = nl.tensor(grid(2, 3))
    assert.same({2, 3}, A.shape)
    assert.equal("f64", A.dtype)
    assert.equal("cpu", A.device)
    assert.equal(2, A.ndim)
    assert.equal(6, A.size)
    assert.equal(2, #A)
    assert.is_nil(A.no_such_field)
    raises("t(1, 2)", function() return A[{ 1, 2 }] end)
  end)

  it("gives elements, rows and tables back", function()
    local rows = grid(3, 4)
    local A = nl.tensor(rows)
    for i = 1, 3 do
      for j = 1, 4 do
        assert.equal(rows[i][j], A(i, j))
        assert.equal(rows[i][j], A[i][j])
        assert.equal(rows[i][j], A(i - 4, j - 5))
      end
    end
    assert.same(rows, A:totable())
  end)

  it("ends ipairs and pairs after the last row", function()
    local seen = {}
    for i, v in ipairs(nl.tensor{5, 6, 7}) do seen[i] = v end
    assert.same({5, 6, 7}, seen)
    local count = 0
    for i, row in pairs(nl.tensor(grid(3, 2))) do
      count = count + 1
      assert.equal(10 * i + 2, row(2))
    end
    assert.equal(3, count)
    for _ in pairs(nl.zeros(0)) do error "no rows" end
  end)

  it("raises outside, but for the row after the last", function()
    local A = nl.tensor(grid(2, 3))
    assert.is_nil(A[3])
    raises("index 4 is outside dimension 1 of size 2", function() return A[4] end)
    raises("index 0 is outside dimension 1 of size 2 (indices count from 1)", function() return A[0] end)
    raises("index -3 is outside dimension 1 of size 2", function() return A[-3] end)
    raises("index 4 is outside dimension 2 of size 3", A, 1, 4)
    raises("3 indices for a tensor of 2 dimensions", A, 1, 1, 1)
    raises("must be a whole number or a slice", A, 1.5, 1)
    raises("must be a whole number or a slice", A, {}, 1)
    raises("is not a whole number", function() return A[1.5] end)
    raises("a scalar tensor has no rows", function() return #nl.tensor(3) end)
  end)

  it("slices as a Lua loop with the same bounds counts", function()
    local n = 6
    local x = nl.arange(1, n)
    for first = 1, n do
      for last = 1, n do
        for _, step in ipairs{-3, -2, -1, 1, 2, 3} do
          local expected = {}
          for i = first, last, step do expected[#expected + 1] = i end
          local got = x(("%d:%d:%d"):format(first, last, step)):totable()
          assert.same(expected, got)
          assert.same(expected, x(("%d:%d:%d"):format(first - n - 1, last - n - 1, step)):totable())
        end
      end
    end
    assert.same({1, 2, 3}, x(":3"):totable())
    assert.same({5, 6}, x("5:"):totable())
    assert.same({6, 4, 2}, x("::-2"):totable())
    assert.same({}, nl.zeros(0)(":"):totable())
  end)

  it("refuses slices that leave it or are not slices", function()
    local x = nl.arange(1, 4)
    raises("slice '0:2' leaves dimension 1 of size 4", x, "0:2")
    raises("slice '2:5' leaves dimension 1 of size 4", x, "2:5")
    raises("slice '-5:2' leaves dimension 1 of size 4", x, "-5:2")
    raises("the step must not be 0", x, "1:2:0")
    for _, bad in ipairs{"", "x", "1", "1:2:3:4", "1:x", "1.5:2"} do raises("slice '" .. bad .. "' is not", x, bad) end
  end)

  it("shares its elements with views", function()
    local A = nl.tensor(grid(3, 4))
    local view, row, column = A("2:3", "::2"), A[2], A.T[1]
    A:set(-1, 2, 1)
    assert.equal(-1, view(1, 1))
    assert.equal(-1, row(1))
    assert.equal(-1, column(2))
    view:set(7, 1, 2)
    assert.equal(7, A(2, 3))
    assert.is_true(A:clone() == A)
    A:clone():set(0)
    assert.equal(7, A(2, 3))
  end)

  it("sets what the indices select, broadcasting", function()
    local A = nl.zeros(2, 3)
    A[1] = 5
    A[2] = nl.tensor{1, 2, 3}
    assert.same({{5, 5, 5}, {1, 2, 3}}, A:totable())
    assert.equal(A, A:set(9, ":", 2))
    assert.same({{5, 9, 5}, {1, 9, 3}}, A:totable())
    A:set(A.T("1:2", ":"), ":", "1:2") -- overlapping
    assert.same({{5, 1, 5}, {9, 9, 3}}, A:totable())
    raises("does not broadcast", A.set, A, nl.zeros(4), 1)
    raises("the tensors are f64 and f32", A.set, A, nl.zeros(3, {dtype = "f32"}), 1)
    raises("got string", A.set, A, "1", 1, 1)
    raises("no settable field 'name'", function() A.name = 1 end)
  end)

  it("keeps whole numbers whole and booleans boolean", function()
    local big = nl.tensor({math.maxinteger, math.mininteger}, {dtype = "i64"})
    assert.equal(math.maxinteger, big[1])
    assert.equal(math.mininteger, big(2))
    assert.equal("integer", math.type(nl.tensor({3}, {dtype = "i32"})[1]))
    assert.equal(true, nl.tensor{true, false}[1])
    raises("does not fit the type i64", big.set, big, 0.5, 1)
    raises("does not fit the type u8", nl.tensor, {256}, {dtype = "u8"})
    raises("does not fit the type i16", nl.full, 2, 0/0, {dtype = "i16"})
  end)

  it("reshapes and transposes", function()
    local A = nl.arange(1, 24):reshape(2, 3, 4)
    assert.equal(24, A(2, 3, 4))
    assert.same({4, 3, 2}, A:transpose(1, 3).shape)
    assert.equal(A(2, 1, 3), A:transpose(-1, 1)(3, 1, 2))
    assert.same({2, 12}, A:reshape({2, -1}).shape)
    assert.equal(A(1, 2, 3), A:transpose(1, 2):reshape(-1)(2 * 4 * 1 + 3))
    assert.same(A[1].T:totable(), A[1].T:contiguous():totable())
    raises("24 elements and cannot become 5x-1", A.reshape, A, 5, -1)
    raises("more than one size is -1", A.reshape, A, -1, -1)
    raises("dimension 4 is outside", A.transpose, A, 1, 4)
    raises("use :transpose(i, j)", function() return A.T end)
  end)

  it("changes its type", function()
    local x = nl.tensor{1.7, -300, 0/0}
    assert.same({1, 0, 0}, x:to("u8"):totable())
    assert.same({true, true, true}, x:to("bool"):totable())
    assert.equal(x.dtype, x:to("cpu").dtype)
    assert.equal(nl.tensor{1.7}:to("f32")[1], string.unpack("f", string.pack("f", 1.7)))
    assert.same({1, 0, 0}, x:to("cpu", "u8"):totable())
    raises("device 'cuda:99' is not", x.to, x, "cuda:99")
    raises("unknown dtype 'f46'", x.to, x, "f46")
  end)

  it("can be closed, twice, and says so afterwards", function()
    local before = nl.memory.live()
    local t = nl.zeros(1000)
    t:close()
    t:free()
    assert.is_true(nl.memory.live() <= before)
    assert.equal("closed tensor", tostring(t))
    for _, use in ipairs{function() return t[1] end, function() return t.shape end, function() return #t end,
      function() return t + 1 end, function() return t(1) end, function() return t:sum() end,
      function() t[1] = 1 end} do raises("this tensor was closed", use) end
    do local u <close> = nl.zeros(1000) assert.equal(1000, #u) end
    assert.is_true(nl.memory.live() <= before)
  end)

  it("gives one element, or says how many there are", function()
    assert.equal(7, nl.tensor{{7}}:item())
    raises("shape 2x2 has 4 elements", nl.eye(2).item, nl.eye(2))
    raises("dimension 1 of size 3000000000 is more than a Lua table", nl.zeros(3e9, 0).totable, nl.zeros(3e9, 0))
  end)

  it("names what it is not", function()
    raises("tensor expected, got number", nl.eye(1).sum, 3)
    raises("tensor expected", nl.eye(1).T.clone, {})
  end)
end)
