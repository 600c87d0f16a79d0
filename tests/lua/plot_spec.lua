local file = require "numlab.file"
local gnuplot = require "numlab.gnuplot"
local plot = require "numlab.plot"

local HOSTILE = "`touch pwned` $(touch pwned) ' ; system('touch pwned') \n!touch pwned\n"
  .. "set output '|touch pwned' \" @x %s %d"

describe("numlab.plot", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder .. "/it's a folder"))
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)
  local function path(name) return folder .. "/it's a folder/" .. name end
  local here = gnuplot.available()
  if not here then print("# gnuplot is not here: figures are not drawn in these tests") end

  it("quotes foreign text so that it stays text", function()
    assert.equal("'it''s `id` @x'", gnuplot.quote("it's `id` @x"))
    assert.equal("'a b'", gnuplot.quote("a\nb"))
    assert.equal("'??'", gnuplot.quote("\xff\xfe"))
    assert.equal("'50%%'", gnuplot.quote_tic("50%"))
    assert.same({ "'it''s'.\"\\n\".'`id`'", 2 }, { gnuplot.quote_lines("it's `id`", 5) })
    assert.same({ "''", 0 }, { gnuplot.quote_lines("", 5) })
  end)

  it("writes svg, png, pdf and the script beside them", function()
    local done = assert(plot.figure{ file = path("a b"), formats = { "svg", "png", "pdf" }, title = "t", xlabel = "x",
      ylabel = "y", series = { { x = { 1, 2, 3 }, y = { 1, 4, 9 }, label = "squares" } } })
    assert.equal(path("a b") .. ".gp", done.gp)
    assert.matches("1 1 1 1\n2 4 4 4\n3 9 9 9\n", assert(file.read(done.gp)), 1, true)
    if not here then return end
    assert.equal(3, #done.files)
    assert.matches("^<%?xml", file.read(path("a b.svg")))
    assert.matches("squares", file.read(path("a b.svg")))
    assert.equal("\x89PNG", file.read(path("a b.png")):sub(1, 4))
    assert.equal("%PDF", file.read(path("a b.pdf")):sub(1, 4))
    assert.same({}, done.notes)
    local parts = file.list(folder .. "/it's a folder", "")
    for _, name in ipairs(parts) do assert.is_nil(name:find(".part", 1, true)) end
  end)

  it("draws the kept script by itself", function()
    if not here then return end
    assert(plot.figure{ file = path("x"), series = { { x = { 1, 2 }, y = { 1, 2 } } } })
    os.remove(path("x.svg"))
    assert.equal("", (file.capture("cd " .. file.quote(folder .. "/it's a folder") .. " && gnuplot -d x.gp")))
    assert.is_truthy(file.read(path("x.svg")))
  end)

  it("never runs foreign text, wherever it stands", function()
    if not here then return end
    local done = assert(plot.figure{ file = path("h`touch pwned`"), title = HOSTILE, panels = {
      { title = HOSTILE, xlabel = HOSTILE, ylabel = HOSTILE, categories = { HOSTILE, "50%" },
        series = { { y = { 1, 2 }, style = "bars", label = HOSTILE } }, lines = { { y = 1, label = HOSTILE } } },
      { heatmap = { x = { HOSTILE, "b" }, y = { HOSTILE }, z = { { 1, 2 } }, label = HOSTILE, format = "%g" } },
      { xlog = true, series = { { x = { 1, 2 }, y = { 1, 2 }, label = HOSTILE, low = { 0, 1 }, high = { 2, 3 } } } },
    } })
    assert.same({}, done.notes)
    assert.equal(1, #done.files)
    assert.is_truthy(plot.text{ title = HOSTILE, xlabel = HOSTILE, series = { { x = { 1, 2 }, y = { 1, 2 },
      label = HOSTILE } } })
    local svg = assert(file.read(done.files[1]))
    assert.matches("`touch pwned`", svg, 1, true) -- shown as it came
    assert.matches("<text>50%</text>", svg, 1, true)
    assert.is_nil(file.read(path("pwned")))
    assert.is_nil(file.read("pwned"))
  end)

  it("counts and says what it leaves out", function()
    local done = assert(plot.figure{ file = path("log"), xlog = true, ylog = true,
      series = { { x = { 1, 0, 3, 4, 5 }, y = { 1, 2, -3, 0 / 0, math.huge } } } })
    assert.equal(4, done.dropped)
    assert.matches("log: 4 points are not finite, or not positive on a log axis, left out", done.notes[1])
  end)

  it("draws panels without any point, and says so", function()
    if not here then return end
    local nan = 0 / 0
    for _, panel in ipairs({ { series = {} }, { series = { { x = {}, y = {} } } }, { series = { { x = { 1 }, y = { nan } } } },
      { xlog = true, ylog = true, series = { { x = { nan, 2 }, y = { 1, nan }, low = { nan, nan }, high = { nan, nan } } } },
      { categories = { "a", "b" }, series = { { y = { nan, nan }, style = "bars", label = "bar" } } },
      { series = { { x = { nan }, y = { 1 }, xlow = { nan }, xhigh = { nan }, label = "l" } },
        lines = { { y = 1, label = "r" } } },
      { heatmap = { x = { 1, 2 }, y = { 1 }, z = { { nan, nan } }, format = "%g" } },
      { heatmap = { x = { 1 }, y = { 1 }, z = { { -1 } }, log = true, label = "h" } },
      { heatmap = { x = { 1 }, y = { 1 }, z = { {} } } } }) do
      panel.file, panel.formats = path("none"), { "svg", "png", "pdf" }
      local done = assert(plot.figure(panel))
      assert.equal(3, #done.files)
      assert.matches("no data", file.read(done.files[1]))
      assert.equal("none: there is no point to draw, drawn as 'no data'", done.notes[#done.notes])
      assert.equal(done.dropped > 0 and 2 or 1, #done.notes)
      panel.file, panel.formats = nil, nil
      assert.matches("no data", assert(plot.text(panel)))
    end
    local done = assert(plot.figure{ file = path("some"), panels = { { series = { { x = { 1 }, y = { 1 }, label = "l" } } },
      { series = { { x = { 1 }, y = { nan }, label = "l" } } } } })
    assert.equal("some: 1 of 2 panels have no point to draw, drawn as 'no data'", done.notes[2])
  end)

  it("gives panels with the same legend one, below them all", function()
    if not here then return end
    local function count(panels, what)
      local done = assert(plot.figure{ file = path("legend"), title = "Several panels", panels = panels })
      assert.same({}, done.notes)
      local _, times = file.read(done.files[1]):gsub("<text[^>]*>" .. what .. "</text>", "")
      return times
    end
    local function panel(label, extra)
      local p = { title = "panel", series = { { x = { 1, 2 }, y = { 1, 2 }, label = label },
        { x = { 1, 2 }, y = { 2, 1 }, label = "lapack", style = "points" } }, lines = { { y = 1, label = "theory" } } }
      for k, v in pairs(extra or {}) do p[k] = v end
      return p
    end
    assert.equal(1, count({ panel("gauss"), panel("gauss"), panel("gauss") }, "gauss"))
    assert.equal(1, count({ panel("gauss"), panel("gauss"), panel("gauss") }, "theory"))
    assert.equal(3, count({ panel("gauss"), panel("lu"), panel("gauss") }, "lapack")) -- labels differ: one each
    assert.equal(2, count({ panel("gauss"), panel("gauss", { key = "top left" }) }, "gauss"))
    assert.equal(1, count({ panel("gauss"), panel("gauss", { key = false }) }, "gauss"))
    local other = panel("gauss")
    other.series[1].color = 5
    assert.equal(2, count({ panel("gauss"), other }, "gauss")) -- the same word for another look
    assert.equal(2, count({ panel("gauss"), panel("gauss"), { heatmap = { x = { 1 }, y = { 1 }, z = { { 1 } } } } }, "gauss"))
    assert.equal(1, count({ panel("gauss") }, "gauss"))
  end)

  it("draws whiskers along both axes", function()
    local script = plot.script{ xlog = true, series = { { x = { 1, 4 }, y = { 2, 3 }, xlow = { 0.5, -1 }, xhigh = { 2, 5 },
      low = { 1, 0 / 0 }, high = { 3, 4 }, style = "points" } } }
    assert.matches("\n1 2 1 3 0.5 2\n4 3 3 4 4 5\n", script, 1, true) -- what cannot be an end is the point
    assert.matches("using 5:2:($6-$5):(0) with vectors nohead", script, 1, true)
    assert.matches("using 1:3:(0):($4-$3) with vectors nohead", script, 1, true)
    if not here then return end
    local done = assert(plot.figure{ file = path("both"), series = { { x = { 1 }, y = { 1 }, xlow = { 0 }, xhigh = { 2 } } } })
    assert.same({}, done.notes)
  end)

  it("slants names that would touch, cuts long ones, wraps long titles", function()
    local function script(names, slanted)
      return (plot.script{ title = ("many words "):rep(20), categories = names, slanted = slanted,
        series = { { y = { 1, 2, 3, 4, 5, 6 }, style = "bars" } } })
    end
    local short, long = { "a", "b", "c", "d", "e", "f" }, {}
    for i = 1, 6 do long[i] = "a rather long name " .. i end
    assert.matches("set xtics noenhanced norotate ('a' 1,", script(short), 1, true)
    assert.matches("set xtics noenhanced rotate by -35 ('a rather long name 1' 1,", script(long), 1, true)
    assert.matches("set xtics noenhanced norotate (", script(long, false), 1, true)
    assert.matches("set xtics noenhanced rotate by -35 (", script(short, true), 1, true)
    long[6] = ("x"):rep(30)
    assert.matches("'" .. ("x"):rep(23) .. "…' 6", script(long), 1, true)
    assert.matches("set title 'many words [%a ]+'%.\"\\n\"%.'[%a ]+'%.", script(short))
  end)

  it("keeps the ticks of a narrow panel apart", function()
    local function step(width, to)
      local script = plot.script{ width = width, xrange = { 0, to }, series = { { x = { 0 }, y = { 1 } } } }
      return tonumber(script:match("\nset xtics ([%d.e-]+) enhanced"))
    end
    assert.same({ 0.5, 0.2, 0.1, 50, 2e-3 }, { step(330, 1.7), step(760, 1.7), step(960, 1), step(330, 170), step(330, 0.008) })
    assert.is_nil(step(330, 0))
  end)

  it("names fonts that have Chinese characters, and keeps theory visible on top of what it predicts", function()
    local script = plot.script{ title = "谱半径", series = { { x = { 1 }, y = { 1 }, label = "残差", color = 1 },
      { x = { 1 }, y = { 1 }, dash = true, color = 1, style = "lines" } } }
    assert.matches("set title '谱半径' noenhanced", script, 1, true)
    assert.matches("lines lc rgb '#003e61' lw 2 dt 2", script, 1, true) -- 0x72 * 11 // 20 = 0x3e
    if not here then return end
    local done = assert(plot.figure{ file = path("中文"), formats = { "svg", "png", "pdf" }, title = "谱半径",
      series = { { x = { 1 }, y = { 1 }, label = "残差" } } })
    assert.same({}, done.notes)
    local svg = assert(file.read(path("中文.svg")))
    assert.matches('font%-family="Helvetica, [^"]*Noto Sans CJK SC, [^"]*sans%-serif"', svg)
    assert.matches("<text[^>]*>谱半径</text>", svg)
  end)

  it("draws every style", function()
    if not here then return end
    local x = { 1, 2, 3 }
    for _, style in ipairs({ "lines", "points", "linespoints", "bars", "steps" }) do
      local done = assert(plot.figure{ file = path(style), series = {
        { x = x, y = { 1, 2, 3 }, low = { 0.5, 1, 2 }, high = { 2, 3, 4 }, style = style, label = "l" },
        { x = x, y = { 3, 2, 1 }, low = { 2, 1, 0 }, high = { 4, 3, 2 }, band = true, dash = true } },
        lines = { { x = 2, label = "here" }, { y = 2 } }, xrange = { 0, 4 }, yrange = { 0 }, key = "top left" })
      assert.same({}, done.notes)
      assert.equal(1, #done.files)
    end
  end)

  it("stands bars on zero, also those below it", function()
    if not here then return end
    local function bars(y) return assert(plot.text{ categories = { "a", "b" }, series = { { y = y, style = "bars" } } }) end
    assert.matches("\n +%-2 %+", bars{ 1, -2 })
    assert.matches("\n +0 %+", bars{ 1, 2 })
    assert.matches("^ +0 %+", bars{ -1, -2 })
  end)

  it("shows a plot with characters, sized and titled", function()
    if not here then return end
    local picture = assert(plot.text{ title = "seconds", xlabel = "n", xlog = true, width = 60, height = 15,
      series = { { x = { 100, 1000 }, y = { 1, 2 }, label = "lu" } } })
    assert.matches("^ +seconds\n", picture)
    assert.matches("lu", picture)
    assert.is_nil(picture:find("\27", 1, true))
    for line in picture:gmatch("[^\n]+") do assert.is_true(#line <= 60) end
    assert.matches("\27%[", (plot.text({ series = { { x = { 1, 2 }, y = { 1, 2 } } } }, { color = true })))
    local columns, lines = gnuplot.window()
    assert.is_true(columns > 0 and lines > 0)
  end)

  it("keeps the script and says what to do where gnuplot is missing", function()
    local script = folder .. "/m.lua"
    assert(file.write(script, ([[
      package.path = %q
      local plot = require "numlab.plot"
      local done = plot.figure{ file = %q, formats = { "svg", "png" }, series = { { x = { 1 }, y = { 1 } } } }
      print(#done.files, #done.notes, done.notes[1])
      print(plot.text{ series = { { x = { 1 }, y = { 1 } } } })]]):format(package.path, path("m"))))
    local said = file.capture("NUMLAB_GNUPLOT=/nowhere/gnuplot lua5.4 " .. file.quote(script))
    assert.matches("^0\t1\tgnuplot is not here.*apt install gnuplot%-nox", said)
    assert.matches("\nnil\tgnuplot is not here", said)
    assert.matches("\n1 1 1 1\n", assert(file.read(path("m.gp"))), 1, true) -- the data too
    assert.is_nil(file.read(path("m.svg")))
  end)

  it("reports gnuplot's own words on an error", function()
    if not here then return end
    assert(file.write(folder .. "/bad.gp", "plot oops(\n"))
    local output, message = gnuplot.run(folder .. "/bad.gp")
    assert.is_nil(output)
    assert.matches("gnuplot could not draw .*bad.gp: .*line 1: invalid expression", message)
  end)

  it("says where it cannot write", function()
    local done, message = plot.figure{ file = folder .. "/none/x", series = {} }
    assert.is_nil(done)
    assert.matches("cannot write .*/none/x.gp: No such file", message)
  end)

  it("raises on misuse", function()
    local function misuse(options, message) assert.error_matches(function() plot.figure(options) end, message) end
    misuse(nil, "plot: expected a table of options")
    misuse({ file = path("x"), titel = "x" }, "did you mean 'title'")
    misuse({ series = {} }, "option 'file' is needed")
    misuse({ file = path("x"), series = { { x = { 1 } } } }, "series 1 needs x and y")
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1, 2 } } } }, "series 1 has 1 values of x and 2 of y")
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1 }, low = { 1 } } } }, "low and high go together")
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1 }, xhigh = { 1 } } } }, "xlow and xhigh go together")
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1 }, xlow = { 1, 2 }, xhigh = { 1 } } } },
      "series 1 has 1 values of x and 2 of xlow")
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1 }, xlow = { 1 }, xhigh = { 1 }, style = "bars" } } },
      "bars have no whiskers along x")
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1 }, style = "line" } } }, "did you mean 'lines'")
    misuse({ file = path("x"), formats = { "jpg" } }, "unknown format 'jpg'")
    misuse({ file = path("x"), panels = { { heatmp = {} } } }, "did you mean 'heatmap'")
    assert.equal(2, select(2, plot.script{ ylog = true, series = { { x = { 1, 2, 3 }, y = { 1, 0, -1 } } } }))
  end)
end)
