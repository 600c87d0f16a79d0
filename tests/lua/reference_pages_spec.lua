-- The reference as Markdown, HTML and manual pages: whole, well formed, and of what the program and the annotations say.
local annotations = require "numlab.annotations"
local help = require "numlab.help"
local outline = require "numlab.reference_outline"

local MAKERS = {
  markdown = function() return require "numlab.reference_markdown"() end,
  html = function() return require "numlab.reference_html"() end,
  man = function() return require "numlab.reference_man".program() end,
  man3 = function() return require "numlab.reference_man".library() end,
}

-- The program that the outline asks is the one that runs: here the tests' own.
local made = {}
local function page(form)
  made[form] = made[form] or MAKERS[form]()
  return made[form]
end

describe("numlab.reference_outline", function()
  it("cuts a text into paragraphs and what stays as it is, without its margin", function()
    assert.same({ { text = "a b" }, { code = true, text = "x\n  y" }, { text = "c" }, { text = "d" } },
      outline.blocks { "a", "b", "", "   x", "     y", "c", "", "d" })
    assert.same({}, outline.blocks { "", "" })
  end)

  it("has every public function and method once, and types apart from the options of calls", function()
    local seen, count = {}, 0
    for _, section in ipairs(outline.sections()) do
      for _, entry in ipairs(section.entries) do
        assert.is_nil(seen[entry])
        seen[entry] = section.name
      end
    end
    for _, entry in ipairs(help.public()) do
      if entry.words then
        count = count + 1
        assert.truthy(seen[entry], entry.name)
      end
    end
    assert.truthy(count > 250)
    assert.equal("Types", seen[annotations.named "nl.SolveInfo"])
    assert.is_nil(seen[annotations.named "nl.SolveOptions"]) -- with nl.solve
  end)

  it("lists parameters, options, results of a call, and the values of an alias", function()
    local titles = {}
    for i, part in ipairs(outline.parts(annotations.named "nl.solve")) do titles[i] = part.title end
    assert.same({ "Parameters", "Options", "Returns" }, titles)
    assert.equal("Values", outline.parts(annotations.named "nl.Method")[1].title)
    titles = {}
    for i, part in ipairs(outline.parts(annotations.named "steps")) do titles[i] = part.title end
    assert.equal("Options (numlab.steps.GaussOptions)", titles[2])
  end)

  it("asks the program for its commands, settings and exit codes", function()
    local program = outline.program()
    local usage, told = {}, {}
    for _, command in ipairs(program.commands) do usage[command.name] = command end
    assert.equal("numlab run FILE [words ...]", usage.run.usage)
    assert.equal("Run a Lua script.", usage.run.summary)
    assert.truthy(usage["-e"] and usage.pack.lines[1]:find "experiment=")
    for _, item in ipairs(program.environment) do told[#told + 1] = item.name end
    assert.truthy(table.concat(told, " "):find "NUMLAB_THREADS")
    assert.equal("130", program.codes[#program.codes].name)
    assert.equal(require "numlab".version, program.version)
  end)
end)

describe("the reference", function()
  for form in pairs(MAKERS) do
    it("has all there is: " .. form, function()
      local text = page(form):gsub("\\%-", "-"):gsub("&#39;", "'"):gsub("\\%(aq", "'"):gsub("\\_", "_")
      if form ~= "man" then
        for _, entry in ipairs(help.public()) do
          if entry.words then assert.truthy(text:find(entry.name .. "(", 1, true), entry.name) end
        end
        for _, word in ipairs{ "max_iter", "gauss_seidel", "nl.SolveInfo", "keepdim" } do
          assert.truthy(text:find(word, 1, true), word)
        end
      end
      if form ~= "man3" then
        for _, command in ipairs(outline.program().commands) do
          assert.truthy(text:find(command.usage:gsub("[&<>]", {}), 1, true), command.usage)
        end
        assert.truthy(text:find("NUMLAB_MEMORY", 1, true))
      end
    end)
  end

  it("in Markdown closes what it opens, and has a heading for every link", function()
    local text, open = page "markdown", false
    local anchors = {}
    for line in text:gmatch "[^\n]*" do
      if line:find "^```" then
        assert.equal(open, line == "```", line)
        open = not open
      elseif not open and line:find "^##? " then
        anchors["#" .. line:gsub("^#+ ", ""):lower():gsub("[^%w_ -]", ""):gsub(" ", "-")] = true
      end
    end
    assert.is_false(open)
    for target in text:match "^.-\n## ":gmatch "%]%((#[^)]*)%)" do assert.truthy(anchors[target], target) end
    assert.truthy(text:find("a\\_ii = ratio", 1, true), "a formula is no emphasis")
  end)

  it("as HTML stands by itself: every link has its place, every tag its end, and it is for phones and the dark", function()
    local text, ids, stack = page "html", {}, {}
    for id in text:gmatch ' id="([^"]*)"' do
      assert.is_nil(ids[id], id .. " is there twice")
      ids[id] = true
    end
    for target in text:gmatch 'href="([^"]*)"' do
      assert.truthy(ids[target:match "^#(.*)$"], target)
    end
    local body = text:gsub("<!DOCTYPE html>", ""):gsub("<meta [^>]*>", ""):gsub("<style>.-</style>", "")
    for slash, tag in body:gmatch "<(/?)(%a%w*)[^>]*>" do
      if slash == "" then stack[#stack + 1] = tag else assert.equal(table.remove(stack), tag) end
    end
    assert.equal(0, #stack)
    assert.is_nil(text:find "src=" or text:find "@import" or text:find "url%(")
    assert.truthy(text:find('name="viewport"', 1, true) and text:find("prefers-color-scheme: dark", 1, true))
    assert.truthy(text:find('<a href="#nl.SolveInfo">nl.SolveInfo</a>', 1, true))
    assert.truthy(text:find("0 &lt; omega &lt; 2", 1, true))
  end)

  it("as manual pages has no line that roff could take for its own, and a day that can be fixed", function()
    for _, form in ipairs{ "man", "man3" } do
      for line in page(form):gmatch "[^\n]+" do
        assert.falsy(line:find "[\128-\255]" or line:find "^'", line)
        local request = line:match "^%.(.*)"
        if request then
          assert.truthy(request:find "^%u%u?%f[%W]" or request:find "^[nf][fi]$" or request:find "^ad [lb]$", line)
        end
      end
    end
    assert.truthy(page "man":find('^%.TH NUMLAB 1 %d%d%d%d%-%d%d%-%d%d "numlab '))
    assert.truthy(page "man3":find('(D + L)\\(ha\\-1 U', 1, true))
  end)
end)
