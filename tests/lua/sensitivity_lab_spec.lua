local file = require "numlab.file"
local findings = require "numlab.sensitivity_findings"
local lab = require "numlab.sensitivity_lab"
local plot = require "numlab.plot"
local say = require "numlab.say"
local tables = require "numlab.table"

-- A made-up solver: seconds = size^3 / 10 on "slow", a hundredth on "fast"; what is above 90 with "fast" fails.
local function solve(p)
  if p.size > 90 and p.kind == "fast" then return nil, "no room", { code = "OUT_OF_MEMORY" } end
  return { time = p.size ^ 3 / (p.kind == "slow" and 10 or 1000), steps = p.size, flat = 2, fixed = p.fixed }
end

describe("numlab.sensitivity_lab", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
  end)
  after_each(function() os.execute("rm -rf " .. file.quote(folder)) end)

  local function made(counter, seed)
    local case = lab.case{ name = "both", n = 64, trajectories = 12, seed = 1, base = { kind = "slow" },
      factors = { { "size", 10, 100, log = true, integer = true }, { "kind", { "slow", "fast" } }, { "fixed", { 7 } },
        { lab.REPLICATE, 1, 9, integer = true } },
      outputs = { { "time", "the time" }, { "steps", "the steps" }, { "flat", "what stays" } } }
    local rows = lab.sweep{ name = "made", out = folder, seed = seed or 1, cases = { case }, what = "solve", arguments = {},
      columns = { "size", "kind", "fixed", "replicate", "time", "steps", "flat", "code", "message", "seed" }, repeats = 1,
      quiet = true, prepare = function() return {} end,
      run = function(p)
        counter.calls = counter.calls + 1
        return solve(p)
      end }
    return case, rows
  end

  it("measures each different point once and analyses all designs", function()
    local counter = { calls = 0 }
    local case, rows = made(counter)
    local seen = {}
    for _, row in ipairs(rows) do
      local id = row.size .. row.kind .. row.replicate
      assert.is_nil(seen[id])
      seen[id] = true
      assert.equal(7, row.fixed)
    end
    local time = case.found.sobol.outputs.time.factors
    assert.is_true(time.size.ST > 0.3 and time.kind.ST > 0.3 and time.replicate.ST == 0)
    assert.is_true(math.abs(case.found.oat.outputs.time.factors.size.elasticity - 3) < 1e-9)
    assert.is_true(case.found.sobol.failures.count > 0)
    local on_disk = tables.parse_csv(file.read(folder .. "/made.csv"))
    assert.equal(#rows, #on_disk)
  end)

  it("says what moves what, how sure that is, and what failed", function()
    local case = made{ calls = 0 }
    local words = {}
    for _, section in ipairs(say.read(lab.sections{ case })) do
      words[#words + 1] = "## " .. section[1]
      for _, line in ipairs(section[2]) do words[#words + 1] = line end
    end
    words = table.concat(words, "\n")
    for _, expected in ipairs{ "## In short: both", "the time: moved by .-size %(ST = ",
      "## Shares of the variance %(Sobol%): both", "the time %(standard deviation [%d.]+ decades%): ",
      "what stays: no shares %(it is the same at all points%)", "the base: size = 3%d, kind = slow, replicate = 5",
      "it goes as size%^3.00 there", "sobol: %d+ of %d+ points without a result: OUT_OF_MEMORY, no room",
      "the steps: .-size 1%d times .- up; not at all by .-kind" } do
      assert.is_truthy(words:find(expected), expected .. " in:\n" .. words)
    end
    assert.equal(#findings.failures(case), #case.found.morris.failures.groups + 1)
  end)

  it("keeps the indices as rows and draws them", function()
    local case = made{ calls = 0 }
    local rows = lab.rows{ case }
    assert.equal(3 * 3, #rows)
    assert.same({ "both", "time", "size" }, { rows[1].case, rows[1].output, rows[1].factor })
    assert.is_true(rows[1].S1_low <= rows[1].S1 and rows[1].S1 <= rows[1].S1_high and rows[1].sobol_used < rows[1].sobol_of)
    assert.equal(#rows, #tables.parse_csv(file.read(lab.write({ case }, folder, "made"))))
    local drawings = lab.drawings{ case }
    assert.equal(3, #drawings)
    for _, drawing in ipairs(drawings) do assert.is_truthy(plot.script(say.read(drawing)):find("plot ", 1, true)) end
    assert.is_truthy(plot.script(say.read(lab.text(case))))
  end)
end)
