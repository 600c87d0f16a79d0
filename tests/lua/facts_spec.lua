local file = require "numlab.file"
local nl = require "numlab"

describe("nl.facts", function()
  it("tells the code: version, build, compiler, flags", function()
    local facts = nl.facts()
    assert.equal(nl.version, facts.version)
    assert.equal(facts.build, nl.facts().build)
    assert.matches("^%x*$", facts.build)
    assert.matches("^gcc ", facts.compiler)
    assert.matches("-std=c11", facts.flags, 1, true)
    assert.matches(_VERSION, facts.lua, 1, true)
    local notes, status = file.capture("readelf -n /proc/$PPID/exe") -- this program, the parent of that shell
    local id = status == 0 and notes:match("Build ID: (%x+)")
    if id then assert.equal(id, facts.build) end
  end)

  it("tells the level of the kernels and every borrowed library", function()
    local facts = nl.facts()
    for _, what in ipairs({ "detected", "level", "kernels" }) do assert.matches("^[%a%d]+$", facts.cpu[what]) end
    local names = {}
    for i, library in ipairs(facts.libraries) do
      names[i] = library.name
      assert.equal(library.found, library.problem == "")
      assert.equal(library.found, library.path ~= "")
    end
    assert.equal("openblas cxsparse klu umfpack cholmod libzip sqlite libedit", table.concat(names, " "))
  end)
end)
