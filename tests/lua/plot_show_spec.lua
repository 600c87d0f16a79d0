-- nl.plot(...): what is drawn at once, with characters or in a window. The program is run, with a gnuplot of ours where a
-- window would open.
local file = require "numlab.file"
local gnuplot = require "numlab.gnuplot"
local nl = require "numlab"
local raises = require "tests.lua.raises"

describe("nl.plot", function()
  local folder
  before_each(function()
    folder = os.tmpname()
    os.remove(folder)
    assert(file.make_folder(folder))
  end)
  after_each(function() file.capture("rm -rf -- " .. file.quote(folder)) end)

  -- What the program prints for this code, in this environment.
  local function run(environment, code)
    return (file.capture(("env -u DISPLAY -u WAYLAND_DISPLAY %s %s -e %s"):format(environment,
      file.quote(os.getenv "NUMLAB"), file.quote('local nl = require "numlab" ' .. code))))
  end

  it("draws lists and tensors with characters", function()
    if not gnuplot.available() then return pending("gnuplot is not installed") end
    local expected = run("", "nl.plot({1, 2, 3}, {1, 4, 9})")
    assert.matches(" 9 %+", expected)
    for _, code in ipairs({ "nl.plot{1, 4, 9}", "nl.plot(nl.tensor{1, 4, 9})", "nl.plot(nl.arange(1, 3), {1, 4, 9})",
      "nl.plot{series = {{x = {1, 2, 3}, y = nl.tensor{1, 4, 9}}}}" }) do
      assert.equal(expected, run("", code), code)
    end
    assert.matches("^ +squares\n", run("", "nl.plot{title = 'squares', series = {{x = {1, 2}, y = {1, 4}}}}"))
    assert.equal("0\n", run("", "print(select('#', nl.plot{1, 2}))"):match("[^\n]*\n$"))
  end)

  it("says when it cannot", function()
    assert.matches("^nil\tgnuplot is not here", run("NUMLAB_GNUPLOT=/no/such/gnuplot", "print(nl.plot{1, 2})"))
    raises("unknown option 'tilte' (did you mean 'title'?", nl.plot, { tilte = "x" })
    raises("options must be a table, got number", nl.plot, 3)
  end)

  it("opens a window where there is a display and gnuplot has one", function()
    local fake = folder .. "/gnu plot"
    assert(file.write(fake, ([[#!/bin/sh
case "$*" in *GPVAL_TERMINALS*) echo "dumb svg x11 qt"; exit ;; esac
cp "$3" %s/part
mv %s/part %s/script
sh -c "$(sed -n 's/^system("\(.*\)")$/\1/p' "$3")"
]]):format(folder, folder, folder)))
    file.capture("chmod +x -- " .. file.quote(fake))
    local told = run("DISPLAY=:7 NUMLAB_GNUPLOT=" .. file.quote(fake), "nl.plot{1, 4, 9}")
    assert.equal("", told)
    local script
    for _ = 1, 200 do -- it is drawn in the background
      script = file.read(folder .. "/script")
      if script then break end
      file.capture("sleep 0.05")
    end
    assert.matches("\nset terminal qt size %d+,%d+ persist\n", script)
    assert.matches("\n3 9", script)
    local path = script:match("rm %-f %-%- '([^']+)'")
    for _ = 1, 200 do
      if not file.read(path) then break end
      file.capture("sleep 0.05")
    end
    assert.is_nil((file.read(path)))
  end)
end)
