local experiment = require "numlab.experiment"
local file = require "numlab.file"

-- What f prints, and what it returns.
local function printed(f)
  local write, said = io.write, {}
  io.write = function(...) said[#said + 1] = table.concat({ ... }) end -- luacheck: ignore 122
  local ok, result = pcall(f)
  io.write = write -- luacheck: ignore 122
  assert(ok, result)
  return table.concat(said), result
end

describe("numlab.experiment", function()
  it("leaves experiments no more than 150 lines and no plumbing", function()
    local names = assert(file.list("scripts/experiments", ".lua"))
    assert.is_true(#names >= 9)
    for _, name in ipairs(names) do
      local code = assert(file.read("scripts/experiments/" .. name))
      local _, lines = code:gsub("\n", "")
      assert.is_true(lines <= 150, ("%s has %d lines"):format(name, lines))
      for _, plumbing in ipairs{ "io%.open", "io%.popen", "os%.execute", "os%.exit", "numlab%.store",
        "nl%.sqlite", "numlab%.sweep_", "gnuplot" } do
        assert.is_nil(code:find(plumbing), ("%s has %s in it"):format(name, plumbing))
      end
    end
  end)

  it("refuses settings that cannot be", function()
    local words, least = { methods = { "gauss", "lu" }, dtype = { "f64" } }, { n = 1, tol = 0.5 }
    local function check(o) experiment.check(o, words, least) end
    check({ methods = { "lu", "gauss" }, n = { 1, 5 }, tol = 0.5, dtype = "f64", formats = { "svg", "pdf" } })
    check({})
    assert.error_matches(function() check({ methods = { "guass" } }) end,
      "methods: unknown method 'guass' %(did you mean 'gauss'")
    assert.error_matches(function() check({ dtype = "f65" }) end, "dtype: unknown dtype 'f65'")
    assert.error_matches(function() check({ formats = { "svgg" } }) end, "unknown format 'svgg' .*did you mean 'svg'")
    assert.error_matches(function() check({ n = { 5, -5 } }) end, "n is %-5, expected at least 1")
    assert.error_matches(function() check({ tol = 0 / 0 }) end, "tol is nan, expected at least 0.5")
  end)

  it("prints rows by their formats", function()
    assert.matches("\n1  0%.50\n$", (printed(function()
      experiment.print({ { n = 1, t = 0.5 } }, { "n", "t" }, { t = "%.2f" })
    end)))
  end)

  it("ends a run with figures and a page", function()
    local out = os.tmpname()
    os.remove(out)
    assert(file.make_folder(out))
    local said, files = printed(function()
      return experiment.finish{ out = out, name = "t", title = "T", question = "Q?", arguments = {},
        rows = { { n = 1.5 } }, columns = { "n" }, format = { n = "%.3f" }, sections = { { "S", { "a finding" } } },
        drawings = { { file = "f", series = { { x = { 1, 2 }, y = { 1, 2 } } } } } }
    end)
    assert.is_truthy(file.read(out .. "/f.gp"))
    local page = assert(file.read(out .. "/t.md"))
    assert.matches("# T", page)
    assert.matches("1.500", page, 1, true)
    assert.matches("a finding", said)
    assert.equal(out .. "/t.md", files[#files])
    file.capture("rm -rf -- " .. file.quote(out))
  end)
end)
