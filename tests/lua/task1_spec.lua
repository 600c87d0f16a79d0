local nl = require "numlab"
local task1 = require "numlab.task1"

describe("numlab.task1", function()
  local A, b, x = nl.gallery.dominant{ n = 60, density = 0.1, sign = "negative", ratio = 1.05, seed = 3 }
  local system = task1.predict(A)
  system.A, system.b, system.x = A, b, x

  it("predicts Gauss-Seidel by its spectral radius", function()
    assert.is_true(system.radius > 0.8 and system.radius < 1)
    assert.equal(math.ceil(math.log(1e-10) / math.log(system.radius)), system.predicted)
    assert.is_string(system.reason)
  end)

  it("measures a solve as a row", function()
    local row = assert(task1.measure(system, "gauss"))
    assert.is_true(row.seconds > 0 and row.rel_error < 1e-12 and row.peak_bytes >= 8 * 60 * 60)
    assert.equal(8 * 60 * 60, row.predicted_bytes)
    assert.equal(A.nnz, row.nnz)
    row = assert(task1.measure(system, "gauss_seidel", { tol = 1e-8 }))
    assert.equal(system.predicted, row.predicted_iterations)
    assert.is_true(row.iterations >= 50 and math.abs(row.rate / row.radius - 1) < 0.02)
    assert.is_true(row.relative_residual <= 1e-8)
  end)

  it("keeps what is known of a failure", function()
    local row, message, info = task1.measure(system, "gauss_seidel", { max_iter = 3 })
    assert.is_nil(row)
    assert.is_string(message)
    assert.equal("NOT_CONVERGED", info.code)
    assert.equal(3, info.row.iterations)
    assert.equal(system.radius, info.row.radius)
  end)

  it("knows its methods", function()
    task1.check({ methods = { "gauss none", "csparse" }, n = { 1, 5 }, repeats = 1 })
    assert.error_matches(function() task1.check({ methods = { "guass" } }) end, "did you mean 'gauss'")
    assert.error_matches(function() task1.check({ methods = {}, n = { 5, -5 } }) end, "n is %-5, expected at least 1")
    assert.error_matches(function() task1.check({ methods = {}, repeats = 0 }) end, "repeats is 0, expected at least 1")
  end)
end)
