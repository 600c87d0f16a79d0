local findings = require "numlab.findings"
local say = require "numlab.say"

-- Rows made by formulas, so that every sentence has a known answer.
local function row(n, density, sign, method, seconds, more)
  local r = { n = n, density = density, sign = sign, method = method, seconds = seconds, code = "OK",
    nnz = n * n * density, iterations = 0, rel_error = 1e-14, relative_residual = 1e-15, backward_error = n * 2.0 ^ -53,
    peak_bytes = 16 * n * n, predicted_bytes = 8 * n * n }
  for k, v in pairs(more or {}) do r[k] = v end
  return r
end

local rows = {}
for _, n in ipairs({ 100, 1000 }) do
  for _, sign in ipairs({ "mixed", "negative" }) do
    local sweeps, radius = 10, 0.1
    if sign == "negative" then sweeps, radius = 500, 0.98 end
    rows[#rows + 1] = row(n, 0.1, sign, "lapack", 1e-9 * n ^ 3)
    rows[#rows + 1] = row(n, 0.1, sign, "csparse", 2e-9 * n ^ 3, { nnz_factor = n * n // 2, peak_bytes = 0 })
    rows[#rows + 1] = row(n, 0.1, sign, "gauss_seidel", 1e-9 * sweeps * n * n * 0.1, { iterations = sweeps,
      predicted_iterations = sign == "mixed" and 10 or 1140, radius = radius,
      rate = sign == "negative" and 0.981 or nil,
      relative_residual = 1e-10, error_bound = 1e-9 })
  end
end
rows[#rows + 1] = row(1000, 0.1, "mixed", "lu", nil, { code = "SINGULAR", message = "a zero pivot in column 3" })

describe("numlab.findings", function()
  local function has(lines, part)
    assert.matches(part, table.concat(say.read(lines), "\n"), 1, true)
  end

  it("names the winners with their factors", function()
    has(findings.winners(rows), "n = 100, signs mixed: gauss_seidel at density 0.1 (100.0 times faster than the next)")
    has(findings.winners(rows), "n = 1000, signs negative: gauss_seidel")
  end)

  it("fits exponents and flags those off theory", function()
    local lines = findings.growth(rows)
    has(lines, "lapack: time ~ n^p with p = 3.00 over the densities and signs, theory for large n: 3")
    has(lines, "gauss_seidel: time ~ n^p with p = 2.00")
    has(lines, "a Gauss-Seidel sweep costs 1 ns an entry")
    assert.is_nil(table.concat(say.read(lines)):find("DEVIATES", 1, true))
    local slow = {}
    for i, n in ipairs({ 10, 100 }) do slow[i] = row(n, 0.1, "mixed", "lapack", 1e-3 * n) end
    has(findings.growth(slow), "DEVIATES")
  end)

  it("sets sweeps beside their prediction", function()
    local lines = findings.iterations(rows)
    has(lines, "signs mixed: 10 sweeps, spectral radius 0.1000; measured over predicted 1.00")
    has(lines, "DEVIATES: 2 of these 2 cases by more than 25 % and 3 sweeps (0.44 of the prediction)")
    has(lines, "rate: in all 2 cases of 50 sweeps and more, the last 20 sweeps shrink the residual by the spectral "
      .. "radius to within 0.1 %")
    has(lines, "negative entries need 50 times the sweeps")
  end)

  it("flags a rate off the radius by more than 2 %", function()
    has(findings.iterations({ row(9, 0.1, "mixed", "gauss_seidel", 1, { iterations = 60, predicted_iterations = 60,
      radius = 0.5, rate = 0.6 }) }), "- DEVIATES: beyond 2 %")
  end)

  it("compares sparse with dense and counts fill", function()
    has(findings.sparsity(rows), "n = 100, density 0.1: csparse is 2.0 times slower than lapack; its factor holds 5000 "
      .. "entries, 5.0 times those of A and 50 % of a full matrix")
  end)

  it("sets errors beside the bound of rounding theory", function()
    local lines = findings.accuracy(rows)
    has(lines, "lapack: relative error 1.0e-14, relative residual 1.0e-15, backward error at most 0.5 n eps")
    has(lines, "gauss_seidel: relative error 1.0e-14, relative residual 1.0e-10 (it stops at its tolerance")
    has(lines, "rigorous bound of the error at most 1.0e-09")
    has(findings.accuracy({ row(10, 0.1, "mixed", "lu", 1, { backward_error = 1e-9 }) }), "DEVIATES")
  end)

  it("sets memory beside theory's", function()
    local lines = findings.memory(rows)
    has(lines, "lapack: at most 15.3 MiB (n = 1000, density 0.1), 2.00 times theory's 7.63 MiB")
    has(lines, "csparse: at most 0 B (n = 100, density 0.1), 0.00 times theory's 78.1 KiB (what the borrowed library")
  end)

  it("tells failures", function()
    has(findings.failures(rows), "lu: 1 point ends with SINGULAR, a zero pivot in column 3")
    assert.same({}, findings.failures({}))
  end)

  it("puts the sections together and leaves empty ones out", function()
    local sections = findings.sweep(rows)
    assert.equal(7, #sections)
    assert.equal("Who is fastest", tostring(sections[1][1]))
    assert.same({}, findings.sweep({}))
  end)
end)
