-- Every operation of the tensor surface under a memory limit that grows until it succeeds: each failure is the error it should
-- be and leaves no bytes behind.
local nl = require "numlab"
local starves = require "tests.lua.starves"

describe("out of memory", function()
  local A, B, mask
  before_each(function()
    A, B = nl.rand(6, 7, {seed = 1}), nl.rand(7, 5, {seed = 2})
    mask = A:gt(0.5)
  end)
  after_each(function() A, B, mask = nil, nil, nil end)

  local cases = {
    tensor = function() return nl.tensor{{1, 2}, {3, 4}} end,
    zeros = function() return nl.zeros(9) end,
    full = function() return nl.full(9, 3) end,
    eye = function() return nl.eye(4) end,
    arange = function() return nl.arange(1, 9) end,
    rand = function() return nl.rand(3, 4) end,
    clone = function() return A:clone() end,
    to = function() return A:to("f32") end,
    reshape = function() return A.T:reshape(-1) end,
    set = function() return A:set(A(1, ":"), 2) end,
    add = function() return A + A end,
    number = function() return 2 * A - 1 end,
    exp = function() return A:exp() end,
    product = function() return A * B end,
    inner = function() return A[1] * A[2] end,
    sum = function() return A:sum() end,
    sum_rows = function() return A:sum(1) end,
    argmax = function() return A:argmax(2) end,
    norm = function() return A:norm(3) end,
    where = function() return nl.where(mask, A, 0) end,
    cat = function() return nl.cat({A, A}, 2) end,
    softmax = function() return A:softmax(1) end,
    equal = function() return A == A:clone() end,
    allclose = function() return nl.allclose(A, 1) end,
  }
  for name, run in pairs(cases) do
    it("raises and loses nothing: " .. name, function()
      run() -- what is made once, such as the thread pool, is not this operation's
      starves(run, 1 << 16, 32)
    end)
  end
end)
