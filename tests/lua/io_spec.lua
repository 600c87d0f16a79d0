local nl = require "numlab"

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
    assert.error_matches(function() nl.load("a.mxt") end, "unknown file extension 'mxt' %(known: mtx%)")
    assert.error_matches(function() nl.load("a\0.mtx") end, "zero byte")
    assert.error_matches(function() nl.save(path, nl.eye(2), {symetry = "general"}) end, "did you mean 'symmetry'")
    assert.error_matches(function() nl.save(path, 3) end, "tensor or sparse matrix expected")
    assert.error_matches(function() nl.save(path, nl.zeros(2, 2, 2)) end, "holds a matrix or a vector, got shape 2x2x2")
    assert.error_matches(function() nl.save(path, nl.tensor({{1, 2}, {3, 4}}), {symmetry = "symmetric"}) end,
      "the matrix is not symmetric: element %(1, 2%) is 2, %(2, 1%) is 3")
  end)

  local folder = os.getenv "NUMLAB_MATRICES"
  it("refuse a complex matrix" .. (folder and "" or " (skipped: NUMLAB_MATRICES is unset)"), function()
    if not folder then return end
    local x, message = nl.load(folder .. "/young1c.mtx")
    assert.is_nil(x)
    assert.truthy(message:find("young1c.mtx:1: complex matrices are not supported", 1, true))
  end)
end)
