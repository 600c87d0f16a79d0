local file = require "numlab.file"
local report = require "numlab.report"

describe("numlab.report", function()
  it("says what the numbers were measured on, without a host name", function()
    local lines = table.concat(report.machine(), "\n")
    assert.matches("processor: .+", lines)
    assert.matches("lua: Lua 5.4", lines)
    assert.matches("commit: ", lines)
    local host = (file.capture("uname -n")):gsub("%s+$", "")
    if #host > 3 then assert.is_nil(lines:find(host, 1, true)) end
  end)

  it("names the commit or nothing", function()
    local commit = report.commit()
    assert.is_true(commit == nil or commit:find("^%x+%+?$") ~= nil)
  end)

  local page = { title = "T", question = "Why?", rows = { { n = 1, t = 0.5 } }, columns = { "n", "t" },
    arguments = { n = { 1, 2 }, quick = true, causal = { false, true } }, figures = { "a/b/time.svg" }, notes = { "a note" },
    sections = { { "Findings", { "one\ntwo", "three" } }, { "Prose", "text" } } }

  it("composes the page", function()
    local text = report.page(page)
    assert.matches("^# T\n\n%*%*Question.%*%* Why%?\n\n## Findings\n\n%- one two\n%- three\n\n## Prose\n\ntext\n", text)
    assert.matches("!%[time%]%(time.svg%)", text)
    assert.matches("| n | t |\n| ---: | ---: |\n| 1 | 0.5 |", text, 1, true)
    assert.matches("- arguments: `causal=false,true n=1,2 quick=true`", text, 1, true)
    assert.matches("## Notes\n\n%- a note", text)
  end)

  it("writes it, or says why not", function()
    page.path = os.tmpname()
    assert(report.write(page))
    assert.equal(report.page(page), file.read(page.path))
    os.remove(page.path)
    page.path = "/nonexistent/x.md"
    local ok, message = report.write(page)
    assert.is_nil(ok)
    assert.matches("cannot write /nonexistent/x.md: No such file", message)
    page.path = nil
    assert.error_matches(function() report.write(page) end, "option 'path' is needed")
    assert.error_matches(function() report.page({ titel = "x" }) end, "did you mean 'title'")
  end)
end)
