local nl = require "numlab"
local file = require "numlab.file"
local raises = require "tests.lua.raises"

-- All steps, and the last.
local function walked(...)
  local all = {}
  for s in nl.steps(...) do all[#all + 1] = s end
  return all, all[#all]
end

local function events(all)
  local names = {}
  for i, s in ipairs(all) do
    assert.equal(i, s.number)
    names[i] = s.event
  end
  return table.concat(names, ", ")
end

local function same_bits(expected, got)
  assert.equal(expected.dtype, got.dtype)
  assert.equal(expected, got)
end

describe("nl.steps('gauss')", function()
  it("ends in the bits of nl.solve, across widths of the kernels, in both types, with and without pivoting", function()
    for _, dtype in ipairs{ "f64", "f32" } do
      for _, n in ipairs{ 1, 2, 3, 7, 16, 33, 67 } do
        local A, b = nl.randn(n, n, { dtype = dtype, seed = n }), nl.randn(n, { dtype = dtype, seed = n + 100 })
        for _, pivot in ipairs{ "partial", "none" } do
          local _, last = walked("gauss", A, b, { pivot = pivot })
          assert.equal("OK", last.code)
          same_bits(nl.solve(A, b, { method = "gauss", pivot = pivot }), last.x)
        end
      end
    end
  end)

  it("goes pivot, row operations, back substitution, and shows each state", function()
    local A = nl.tensor{ { 1, 2, 0 }, { 4, 4, 1 }, { 0, 1, 5 } }
    local all = walked("gauss", A, nl.tensor{ 3, 9, 6 })
    assert.equal("pivot, row operation, row operation, pivot, row operation, pivot, "
      .. "back substitution, back substitution, back substitution, outcome", events(all))
    assert.same({ 1, 2, true, 4.0 }, { all[1].column, all[1].row, all[1].exchanged, all[1].value })
    assert.equal(nl.tensor{ { 4, 4, 1 }, { 1, 2, 0 }, { 0, 1, 5 } }, all[1].A)
    assert.equal(nl.tensor{ 9, 3, 6 }, all[1].b)
    assert.same({ 2, 1, 0.25, 1 }, { all[2].row, all[2].pivot_row, all[2].multiplier, all[2].fill })
    assert.equal(nl.tensor{ { 4, 4, 1 }, { 0, 1, -0.25 }, { 0, 1, 5 } }, all[2].A)
    assert.equal(nl.tensor{ 9, 0.75, 6 }, all[2].b)
    assert.is_false(all[4].exchanged) -- of equal candidates the first
    assert.equal(3, all[7].row)
    assert.is_true(all[7].x(1) ~= all[7].x(1) and all[7].x(3) == 1) -- not yet known: nan
    assert.equal(nl.tensor{ 1, 1, 1 }, all[10].x)
    assert.equal(nl.tensor{ { 1, 2, 0 }, { 4, 4, 1 }, { 0, 1, 5 } }, A) -- what was given stays
  end)

  it("takes sparse matrices, as nl.solve does", function()
    local A, b = nl.gallery.poisson1d(6), nl.randn(6, { seed = 3 })
    local _, last = walked("gauss", A, b)
    same_bits(nl.solve(A, b, { method = "gauss" }), last.x)
  end)

  it("ends where nl.solve ends, with its code and message", function()
    local cases = {
      { nl.tensor{ { 1, 2 }, { 2, 4 } }, "partial", "SINGULAR", "pivot, row operation, pivot, outcome" },
      { nl.tensor{ { 0, 1 }, { 1, 0 } }, "none", "SINGULAR", "pivot, outcome" },
      { nl.tensor{ { 1e-200, 1e200 }, { 1e200, 1 } }, "none", "NONFINITE", "pivot, row operation, outcome" },
      { nl.tensor{ { 1e-300, 0 }, { 0, 1 } }, "partial", "NONFINITE", "pivot, row operation, pivot, outcome" },
    }
    for _, case in ipairs(cases) do
      local b = nl.tensor{ 1e100, 1 }
      local all, last = walked("gauss", case[1], b, { pivot = case[2] })
      local x, message, info = nl.solve(case[1], b, { method = "gauss", pivot = case[2] })
      assert.is_nil(x)
      assert.equal(case[3], info.code)
      assert.same({ info.code, message, info.where }, { last.code, last.message, last.where })
      assert.is_nil(last.x)
      assert.equal(case[4], events(all))
    end
  end)
end)

describe("nl.steps('gauss_seidel')", function()
  local A = nl.randn(9, 9, { seed = 5 }) + nl.eye(9):mul(20) -- full rows of rounded products: the order of sums shows
  local b, x0 = nl.randn(9, { seed = 6 }), nl.randn(9, { seed = 7 })
  teardown(function() A, b, x0 = nil, nil, nil end)

  it("has the iterates and the history of nl.solve, bit for bit, dense and sparse, in every direction", function()
    for _, matrix in ipairs{ A, nl.sparse.from(A), (nl.gallery.poisson1d(9)) } do
      for _, sweep in ipairs{ "forward", "backward", "symmetric" } do
        local all = walked("gauss_seidel", matrix, b, { x0 = x0, sweep = sweep, max_iter = 4 })
        for _, s in ipairs(all) do
          if s.event == "sweep" then
            local x, _, info = nl.solve(matrix, b,
              { method = "gauss_seidel", x0 = x0, sweep = sweep, history = true, max_iter = s.sweep })
            same_bits(x or info.x, s.x)
            assert.equal(info.history[s.sweep], s.residual)
          end
        end
        assert.equal("NOT_CONVERGED", all[#all].code)
        assert.equal(4 * (sweep == "symmetric" and 19 or 10) + 1, #all)
      end
    end
  end)

  it("shows each component's update", function()
    local all, last = walked("gauss_seidel", nl.tensor{ { 4, 1 }, { 2, 5 } }, nl.tensor{ 1, 2 }, { max_iter = 1 })
    assert.equal("update, update, sweep, outcome", events(all))
    assert.same({ 2, 0.0, 0.3, 0.5 }, { all[2].row, all[2].old, all[2].value, all[2].sum })
    assert.equal(nl.tensor{ 0.25, 0 }, all[1].x)
    assert.equal(nl.tensor{ 0.25, 0.3 }, last.x)
  end)

  it("ends where nl.solve ends", function()
    local cases = {
      { nl.tensor{ { 0, 1 }, { 1, 0 } }, "ZERO_DIAGONAL" },
      { nl.tensor{ { 1, 9 }, { 9, 1 } }, "DIVERGED" },
      { nl.tensor{ { 4, 1 }, { 2, 5 } }, "OK" },
    }
    for _, case in ipairs(cases) do
      local _, last = walked("gauss_seidel", case[1], nl.ones(2))
      local x, message, info = nl.solve(case[1], nl.ones(2), { method = "gauss_seidel" })
      if x then message, info = nil, message end
      assert.equal(case[2], last.code)
      assert.same({ info.code, message, info.where }, { last.code, last.message, last.where })
      if x then same_bits(x, last.x) end
    end
    local _, last = walked("gauss_seidel", nl.eye(2), nl.zeros(2), { x0 = nl.ones(2) })
    assert.equal(nl.zeros(2), last.x)
  end)
end)

describe("nl.steps('flash')", function()
  local function largest(t) return t:abs():max() end

  it("agrees with nl.attention to rounding, in any tiles, with the mask", function()
    for _, size in ipairs{ { 7, 7 }, { 5, 9 }, { 9, 5 } } do -- 9 queries, 5 keys: causal rows that see none
      local q, k, v = nl.randn(size[1], 4, { seed = 1 }), nl.randn(size[2], 4, { seed = 2 }), nl.randn(size[2], 3, { seed = 3 })
      for _, o in ipairs{ {}, { q_tile = 2, k_tile = 3 }, { q_tile = 3, k_tile = 2, causal = true },
        { k_tile = 1, scale = 2.5, causal = true } } do
        local _, last = walked("flash", q, k, v, o)
        local options = { impl = "flash" }
        for key, value in pairs(o) do options[key] = value end
        local out, aux = nl.attention(q:reshape(1, 1, size[1], 4), k:reshape(1, 1, size[2], 4),
          v:reshape(1, 1, size[2], 3), options)
        out = out:reshape(size[1], 3)
        assert.is_true(largest(last.out - out) <= 1e-14 * largest(out))
        for i = 1, size[1] do
          local expected, got = aux.lse(1, 1, i), last.lse(i)
          assert.is_true(expected == got or math.abs(got - expected) <= 1e-14 * math.max(1, math.abs(expected)))
        end
      end
    end
  end)

  it("carries m, l and O from tile to tile", function()
    local q, k, v = nl.tensor{ { 1.0 } }, nl.tensor{ { 1.0 }, { 3.0 }, { 2.0 } }, nl.tensor{ { 1.0 }, { 2.0 }, { 4.0 } }
    local all, last = walked("flash", q, k, v, { k_tile = 1, scale = 1 })
    assert.equal("tile, tile, tile, normalise, outcome", events(all))
    local second, third = all[2], all[3]
    assert.same({ { 1, 1 }, { 2, 2 } }, { second.q_tile, second.k_tile })
    assert.same({ 3.0, 1.0, 3.0 }, { second.S(1, 1), second.m_before(1), second.m(1) })
    assert.equal(0.0, all[1].rescale(1)) -- from m = -inf
    assert.equal(math.exp(-2), second.rescale(1))
    assert.equal(math.exp(-2) + 1, second.l(1))
    assert.equal(math.exp(-2) + 2, second.O(1, 1))
    assert.equal(1.0, third.rescale(1)) -- the maximum stays
    assert.equal(3 + math.log(third.l(1)), last.lse(1))
    assert.equal(third.O(1, 1) / third.l(1), last.out(1, 1))
  end)

  it("lets NaN through, as nl.attention does", function()
    local q, v = nl.tensor{ { 0 / 0 }, { 1.0 } }, nl.ones(2, 1)
    local _, last = walked("flash", q, nl.ones(2, 1), v)
    local out = nl.attention(q:reshape(1, 1, 2, 1), nl.ones(1, 1, 2, 1), nl.ones(1, 1, 2, 1), { impl = "flash" })
    assert.is_true(last.out:isnan() == out:reshape(2, 1):isnan() and last.out(1, 1) ~= last.out(1, 1))
  end)

  it("passes over the tiles that the mask hides", function()
    local t = nl.randn(1, 1, 4, 2, { seed = 1 })
    assert.equal("tile, normalise, tile, tile, normalise, outcome",
      events((walked("flash", t, t, t, { q_tile = 2, k_tile = 2, causal = true }))))
  end)
end)

describe("a step", function()
  it("prints in 80 columns: what happens, the formula, the state", function()
    local q = nl.randn(20, 20, { seed = 1 })
    for _, all in ipairs{ walked("gauss", q, nl.ones(20)), walked("gauss_seidel", nl.zeros(2, 2), nl.ones(2)),
      walked("flash", q, q, q, { causal = true, k_tile = 8 }) } do
      for _, s in ipairs(all) do
        for line in tostring(s):gmatch("[^\n]+") do assert.is_true(utf8.len(line) <= 80, line) end
      end
    end
    local all = walked("gauss", nl.tensor{ { 2, 1 }, { 1, 1 } }, nl.tensor{ 3, 2 })
    assert.equal("gauss 2, row operation: 0.5 times row 1 is subtracted from row 2: a(2,1) becomes\n  zero.\n"
      .. "  m = a(2,1) / a(1,1) = 1 / 2 = 0.5; row 2 -= m row 1\nA =\n" .. tostring(all[2].A)
      .. "\nb =\n" .. tostring(all[2].b), tostring(all[2]))
  end)

  it("says in words what happens", function()
    local gauss = walked("gauss", nl.tensor{ { 1, 2, 0 }, { 4, 4, 1 }, { 0, 1, 5 } }, nl.tensor{ 3, 9, 6 })
    assert.equal("4 in row 2 is the largest in magnitude left in column 1: rows 1 and 2 are exchanged.", gauss[1].what)
    assert.truthy(gauss[2].what:find("becomes zero; fill-in: 1.", 1, true))
    assert.equal("x_3 = (b_3 - sum_{j>3} a(3,j) x_j) / a(3,3)", gauss[7].formula)
    local seidel = walked("gauss_seidel", nl.tensor{ { 4, 1 }, { 2, 5 } }, nl.tensor{ 1, 2 }, { max_iter = 1 })
    assert.equal("x_2 = (b_2 - sum_{j!=2} a(2,j) x_j) / a(2,2) = (2 - 0.5) / 5", seidel[2].formula)
    local flash = walked("flash", nl.ones(1, 1), nl.tensor{ { 1 }, { 3 }, { 2 } }, nl.ones(3, 1), { k_tile = 1 })
    assert.equal("queries 1 to 1 meet keys 1 to 1: m, l and O begin.", flash[1].what)
    assert.equal("queries 1 to 1 meet keys 2 to 2: m grows in 1 of 1 rows, whose l and O are rescaled.", flash[2].what)
    assert.equal("queries 1 to 1 meet keys 3 to 3: every m stays, nothing is rescaled.", flash[3].what)
  end)

  it("is a figure, what it is about marked", function()
    local figure = walked("gauss", nl.tensor{ { 2, 1 }, { 1, 1 } }, nl.tensor{ 3, 2 })[2]:figure()
    assert.same({ { 2, 1, 3 }, { 0, 0.5, 0.5 } }, figure.heatmap.z)
    assert.same({ "▸ 1", "▸ 2", "b" }, figure.heatmap.x)
    assert.same({ "1", "▸ 2" }, figure.heatmap.y)
    figure = walked("gauss_seidel", nl.tensor{ { 4, 1 }, { 2, 5 } }, nl.tensor{ 1, 2 }, { max_iter = 1 })[2]:figure()
    assert.same({ 0.25, 0.3 }, figure.series[1].y)
    assert.same({ "1", "▸ 2" }, figure.categories)
    local q = nl.randn(2, 1, { seed = 1 })
    assert.is_nil(walked("flash", q, q, q)[2]:figure())
    assert.is_nil(walked("gauss", nl.eye(13), nl.ones(13))[1]:figure().heatmap.format) -- no room for numbers
  end)

  it("is drawn as a numbered figure", function()
    local folder = os.tmpname()
    os.remove(folder)
    finally(function() file.capture("rm -r -- " .. file.quote(folder)) end)
    local files = nl.steps.frames(nl.steps("gauss", nl.tensor{ { 2, 1 }, { 1, 1 } }, nl.tensor{ 3, 2 }), folder)
    assert.equal(6, #files)
    assert.equal(folder .. "/0006", files[6])
    local script = assert(file.read(files[2] .. ".gp"))
    assert.is_truthy(script:find("0.5 times row 1 is subtracted from row 2", 1, true))
    assert.is_truthy(script:find("▸ 2", 1, true))
    for _, name in ipairs(files) do -- one scale for all
      assert.is_truthy(assert(file.read(name .. ".gp")):find("set cbrange [0:3]", 1, true))
    end
    if file.read(files[6] .. ".svg") then
      assert.is_truthy(assert(file.read(folder .. "/index.html")):find('max="6"', 1, true))
    end
    files = nl.steps.frames(nl.steps("gauss_seidel", -nl.eye(2), nl.ones(2), { max_iter = 1 }), folder .. "/bars")
    assert.equal(4, #files)
    assert.is_truthy(assert(file.read(files[1] .. ".gp")):find("set yrange [-1:0]", 1, true))
    local none, why = nl.steps.frames(nl.steps("gauss", nl.eye(1), nl.ones(1)), "/dev/null/frames")
    assert.is_nil(none)
    assert.is_truthy(why:find("/dev/null", 1, true))
    local q = nl.randn(4, 2, { seed = 1 })
    files = nl.steps.frames(nl.steps("flash", q, q, q, { q_tile = 2, k_tile = 2, causal = true }), folder .. "/flash")
    assert.equal(3, #files) -- the tiles; queries and keys keep their numbers
    script = assert(file.read(files[3] .. ".gp"))
    assert.is_truthy(script:find("queries 3 to 4 meet keys 3 to 4", 1, true))
    assert.is_truthy(script:find("'4'", 1, true))
    raises("steps.frames: expected what nl.steps returns, got nil", nl.steps.frames)
    raises("steps.frames: the folder must be a string, got nil", nl.steps.frames, nl.steps("gauss", nl.eye(1), nl.ones(1)))
  end)
end)

describe("misuse of nl.steps", function()
  it("raises at the call, saying what was expected", function()
    local A, b = nl.eye(2), nl.ones(2)
    raises("steps: unknown algorithm 'gaus' (did you mean 'gauss'? known: gauss, gauss_seidel, flash)", nl.steps, "gaus", A, b)
    raises("steps: the algorithm must be a string (gauss, gauss_seidel, flash), got nil", nl.steps)
    raises("A is 2x3, expected a square matrix", nl.steps, "gauss", nl.zeros(2, 3), b)
    raises("A is 2x2, b has 3 rows, expected 2", nl.steps, "gauss_seidel", A, nl.ones(3))
    raises("tensor or sparse matrix expected, got nil", nl.steps, "gauss")
    raises("steps: gauss walks one right-hand side: b is 2x2, expected a vector (2)", nl.steps, "gauss", A, A)
    raises("steps: gauss_seidel walks one right-hand side: b is 2x2", nl.steps, "gauss_seidel", A, A)
    raises("steps: gauss: unknown option 'pivots' (did you mean 'pivot'?", nl.steps, "gauss", A, b, { pivots = "none" })
    raises("steps: gauss: unknown pivot 'rook'", nl.steps, "gauss", A, b, { pivot = "rook" })
    raises("option 'x0' must be a tensor, got number", nl.steps, "gauss_seidel", A, b, { x0 = 5 })
    local ok, message = pcall(function()
      local iterator = nl.steps("gauss", nl.zeros(2, 3), b)
      return iterator
    end)
    assert.is_false(ok) -- the line to blame is the caller's
    assert.equal("tests/lua/steps_spec.lua", message:match("^([^:]+):%d+: solve: A is 2x3"))
    raises("unknown sweep 'up'", nl.steps, "gauss_seidel", A, b, { sweep = "up" })
    raises("steps: flash walks one head: k is 2, expected (N, D) or (1, 1, N, D)", nl.steps, "flash", A, b, A)
    raises("steps: flash walks one head: q must be a tensor, got nil", nl.steps, "flash")
    raises("attention: ", nl.steps, "flash", A, nl.ones(2, 3), A)
    raises("attention: tiles are 0 x 64", nl.steps, "flash", A, A, A, { q_tile = 0 })
  end)
end)
