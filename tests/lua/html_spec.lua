-- The report's parts: escaping, ids of several drawings on one page, functions taken from C sources, the author's notes,
-- the same words in both languages, the same bytes from the same results.
local code = require "numlab.report_code"
local data = require "numlab.report_data"
local html = require "numlab.html"
local notes = require "numlab.report_notes"
local page = require "numlab.report_page"
local say = require "numlab.say"

local function has(s, part) assert.is_truthy(s:find(part, 1, true), ("no %q in %s"):format(part, s)) end
local function lacks(s, part) assert.is_nil(s:find(part, 1, true), part) end

describe("numlab.html", function()
  it("lets no text become a tag or end an attribute", function()
    assert.equal("&lt;b&gt; &amp;amp; &quot;x&quot; &#39;y&#39;", html.escape([[<b> &amp; "x" 'y']]))
    assert.equal("张三 \u{fffd}\u{fffd}x\u{fffd} \n\t", html.escape("张三 \xff\xfex\1 \n\t"))
    assert.equal("\u{fffd}\u{fffd}\u{fffd}", html.escape("\xed\xa0\x80"))
    assert.equal("1.5", html.escape(1.5))
    has(html.table({ { a = "<script>" } }, { columns = { { "a", "<i>" } } }), "<td>&lt;script&gt;</td>")
    has(html.code("if (a < b && c)", "<f>"), "<figcaption>&lt;f&gt;</figcaption>\n<pre><code>if (a &lt; b &amp;&amp; c)")
    has(html.page{ lang = "en", title = "</title>", body = "" }, "<title>&lt;/title&gt;</title>")
    assert.equal('<p class="&quot;">%1</p>', html.element("p", "%1", '"'))
  end)

  it("puts numbers on the right, and says nothing where there is none", function()
    local s = html.table({ { n = 1, m = "x" }, { m = "y" }, { n = 0 / 0 } }, { columns = { { "n" }, { "m", "M" } } })
    has(s, '<th class="number">n</th><th>M</th>')
    has(s, '<tr><td class="number">1</td><td>x</td></tr>\n<tr><td class="number"></td><td>y</td></tr>')
    has(s, '<td class="number">nan</td><td></td>')
  end)

  local SVG = [[<?xml version="1.0"?>
<svg width="760" height="480"><title>Gnuplot</title>
<script>alert(1)</script><g id="gnuplot_canvas"><defs>
  <circle id='gpPt5' stroke='currentColor' cx='0'/>
  <use xlink:href='#gpPt5' id='gpPt6' fill='currentColor' stroke='none'/>
  <clipPath id="clip"/></defs>
<use xlink:href='#gpPt6' transform='scale(2)' color='rgb(1, 2, 3)'/><a xlink:href="#clip" clip-path="url(#clip)"/>
<text><tspan>10</tspan><tspan font-size="11.2" dy="-7.00px">-12</tspan><tspan font-size="14" dy="7.00"></tspan></text>
<text>see id="x" and url(#y)</text></g></svg>
]]

  it("makes the ids of each drawing its own", function()
    local one, two = assert(html.svg(SVG, "f1-", "a < b %1")), assert(html.svg(SVG, "f2-"))
    local seen, count = {}, 0
    for id in (one .. two):gmatch("<[^>]*%sid=['\"]([^'\"]+)") do
      assert.is_nil(seen[id], id)
      seen[id], count = true, count + 1
    end
    assert.equal(4, count)
    for target in (one .. two):gmatch("<[^>]*[f(]=?['\"]?#([^'\")]+)") do assert.is_true(seen[target], target) end
    has(one, 'clip-path="url(#f1-clip)"')
    has(one, 'xlink:href="#f1-clip"')
    has(one, 'see id="x" and url(#y)')
    has(one, '<svg role="img" aria-label="a &lt; b %1" width="760"')
    lacks(one, "script")
  end)

  it("draws points in their colour and exponents as characters", function()
    local drawing = html.svg(SVG, "f1-")
    has(drawing, "<g transform='scale(2)'><g fill='rgb(1, 2, 3)' stroke='none'><circle stroke='rgb(1, 2, 3)' cx='0'/></g></g>")
    has(drawing, ">10⁻¹²</tspan></text>")
    assert.is_nil((html.svg("<svg> half", "a")))
    assert.is_false(html.is_wide(drawing))
    assert.is_true(html.is_wide((drawing:gsub('width="760"', 'width="1320"'))))
    has(html.figure(drawing:gsub('width="760"', 'width="1320"'), "c"), '<figure class="wide">')
  end)
end)

describe("numlab.report_code", function()
  local C = [[
/* The head
 * of the file. */
static int add(int a, int b);
static const int twice[] = {2};

/* Adds,
 * twice. */
static int add(int a,
               int b) {
  if (a) {
    return add(b, 0);
  }
  return a + b; /* } */
}

/* --- part --- */
static int one(void) { return 1; }
void NL_FN(two)(int k) {
  add(k, k);
}
]]
  it("takes a definition with its comment, not a call, a declaration or a table", function()
    local s, first, last = code.extract(C, "add")
    assert.equal("/* Adds,\n * twice. */\nstatic int add(int a,", s:match("^.-\n.-\n[^\n]*"))
    assert.equal("  return a + b; /* } */\n}", s:match("[^\n]*\n[^\n]*$"))
    assert.same({ 6, 14 }, { first, last })
    assert.equal("static int one(void) { return 1; }", (code.extract(C, "one")))
    assert.equal("void NL_FN(two)(int k) {\n  add(k, k);\n}", (code.extract(C, "two")))
    for _, name in ipairs{ "twice", "dd", "missing", "ad", "a.d" } do assert.is_nil((code.extract(C, name)), name) end
    assert.is_nil((code.extract("int cut(void) {\n  x", "cut")))
  end)

  it("finds all that a report shows, and says what it does not find", function()
    for _, list in pairs(page.CODE) do
      for _, one in ipairs(list) do assert(code.find(one[1], one[2])) end
    end
    assert.equal("no function nope in engine/solver/gauss_seidel.c", select(2, code.find("engine/solver/gauss_seidel.c", "nope")))
    has(select(2, code.find("engine/nope.c", "x")), "engine/nope.c")
  end)
end)

describe("numlab.report_notes", function()
  it("cuts notes at ## headings outside code", function()
    local list = notes.parse("\u{feff}# T\nhi\n\n## A b ##\r\nx\n```\n## not\n```\n## C\n")
    assert.same({ { text = "# T\nhi" }, { heading = "A b", text = "x\n```\n## not\n```" }, { heading = "C", text = "" } }, list)
    assert.equal(notes.key("3. Task 1: Method"), notes.key("task 1:method"))
    assert.equal(notes.key("任务一：方法"), notes.key("任务一:方法"))
  end)

  it("understands plain Markdown and lets no HTML through", function()
    assert.equal("<p>a <strong>b</strong> <code>c **d** &lt;</code> &lt;i&gt;</p>\n", notes.html("a **b** `c **d** <` <i>"))
    assert.equal("<p>x\ny</p>\n<ul><li>a\n  b</li>\n<li>c</li></ul>\n<ol><li>d</li></ol>\n<h3>e</h3>\n",
      notes.html("x\ny\n\n- a\n  b\n- c\n1. d\n### e"))
    assert.equal("<pre><code>- a\n\n&lt;b&gt;</code></pre>\n", notes.html("```c\n- a\n\n<b>\n```"))
    assert.equal("", notes.html(""))
  end)
end)

describe("the report", function()
  local function result()
    local rows = { { kind = "dominant", method = "gauss_seidel", code = "OK", n = 2, seconds = 0.5, iterations = 3,
      rel_error = 1e-14 }, { kind = "a|b", method = "gauss", code = "SINGULAR", n = 2, message = "<no>" } }
    return { experiment = data.EXPERIMENTS[2], name = "task1_nondominant", rows = rows, quick = true, title = "T",
      format = data.EXPERIMENTS[2].format, notes = { "a note", say"as predicted" },
      sections = { { say"What it shows", { "DEVIATES & <more>", say("{method} (1e-10)", { method = "n^2" }) } } },
      drawings = { { file = "history", title = say"sweep", series = { { x = { 1, 2 }, y = { 1, 2 }, label = say"density" } } } },
      run = { id = 3, path = "x/task1_nondominant.sqlite", started = "2026-01-02T03:04:05Z", finished = "2026-01-02T03:04:09Z",
        order = { "numlab", "cores", "arguments" }, facts = { numlab = "0.1.0 build x", cores = "<2>", arguments = "n=2" } } }
  end

  it("says the same in both languages, with the same keys", function()
    local function keys(t, prefix, out)
      for k, v in pairs(t) do
        if type(v) == "table" then keys(v, prefix .. k .. ".", out) else
          local _, count = v:gsub("%%[sd]", "")
          out[prefix .. k] = count
        end
      end
      return out
    end
    assert.same(keys(require "numlab.report_text_en", "", {}), keys(require "numlab.report_text_zh", "", {}))
  end)

  it("is the same bytes each time, in both languages", function()
    for lang, own in pairs{ en = { "What it shows", "<strong>DEVIATES</strong> &amp; &lt;more&gt;", "as predicted" },
      zh = { "结果说明了什么", "DEVIATES &amp; &lt;more&gt;", "与预测相同" } } do
      local o = { results = { result() }, tasks = { task1 = true }, lang = lang, notes = "Mine <b>" }
      local first = page.build(o)
      assert.equal(first, page.build(o))
      for _, part in ipairs{ "2026-01-02", "&lt;2&gt;", "Mine &lt;b&gt;", "SINGULAR", "a note", "1.0×10<sup>−14</sup>",
        "n<sup>2</sup> (10<sup>−10</sup>)", "static nl_status eliminate(nl_gauss *g)", "x/task1_nondominant.sqlite",
        table.unpack(own) } do has(first, part) end
      assert.is_nil((first:gsub('xmlns[:%w]*="[^"]*"', "")):find("https?://"))
    end
  end)

  it("draws figures in the report's language, or says why not", function()
    local function built(lang) return (page.build{ results = { result() }, tasks = { task1 = true }, lang = lang }) end
    if require("numlab.gnuplot").available() then
      has(built("en"), ">density<")
      has(built("zh"), ">稀疏度<")
    else
      has(built("en"), "This figure could not be drawn: gnuplot is not here")
    end
  end)

  it("takes title, caption and columns of an experiment that it has no words for from its run", function()
    local new = result()
    new.name, new.columns, new.title = "my_own", { "kind", "method" }, say"sweep"
    local built = page.build{ results = { new }, tasks = { task1 = true }, lang = "zh" }
    has(built, ">2. 迭代次数</h2>")
    has(built, "<th>矩阵</th><th>方法</th></tr>")
  end)

  it("puts the author's words where their headings are, each once", function()
    local own = "# My title\nBefore.\n\n## 任务一：方法\nIn one.\n\n## reflections\nAt last.\n\n## Elsewhere\nLost?\n## Limits\n"
    local built, unplaced = page.build{ results = { result() }, tasks = { task1 = true }, lang = "en", notes = own }
    assert.same({ "Elsewhere" }, unplaced)
    local order, at = { "<h1>My title</h1>", "Before.", 'id="task1_method"', "In one.", 'id="task1_nondominant"', 'id="limits"',
      'id="reflections"', "At last.", 'id="more"', "Elsewhere", "Lost?" }, 1
    for _, part in ipairs(order) do
      local found = built:find(part, at, true)
      assert.is_truthy(found, part)
      at = found
    end
    lacks(built, 'id="intro"')
    local _, count = built:gsub("In one%.", "")
    assert.equal(1, count)
  end)
end)
