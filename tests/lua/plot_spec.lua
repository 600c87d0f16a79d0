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

  it("draws panels without any point", function()
    if not here then return end
    for _, series in ipairs({ {}, { { x = {}, y = {} } }, { { x = { 1 }, y = { 0 / 0 } } } }) do
      local done = assert(plot.figure{ file = path("none"), series = series })
      assert.equal(1, #done.files)
      assert.matches("no data", file.read(done.files[1]))
    end
    local done = plot.figure{ file = path("none2"), heatmap = { x = { 1 }, y = { 1 }, z = { {} } } }
    assert.equal(1, #done.files)
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
    assert.is_truthy(file.read(path("m.gp")))
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
    misuse({ file = path("x"), series = { { x = { 1 }, y = { 1 }, style = "line" } } }, "did you mean 'lines'")
    misuse({ file = path("x"), formats = { "jpg" } }, "unknown format 'jpg'")
    misuse({ file = path("x"), panels = { { heatmp = {} } } }, "did you mean 'heatmap'")
    assert.equal(2, select(2, plot.script{ ylog = true, series = { { x = { 1, 2, 3 }, y = { 1, 0, -1 } } } }))
  end)
end)
