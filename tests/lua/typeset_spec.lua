local typeset = require "numlab.typeset"

describe("numlab.typeset", function()
  it("raises exponents and sets signs", function()
    for plain, html in pairs{ ["1.5e-10"] = "1.5×10<sup>−10</sup>", ["1e-07,"] = "10<sup>−7</sup>,",
      ["2e+05"] = "2×10<sup>5</sup>",
      ["n^2 + n^p"] = "n<sup>2</sup> + n<sup>p</sup>", ["(D - L)^-1"] = "(D - L)<sup>−1</sup>", ["head_dim^0.66）"] =
      "head_dim<sup>0.66</sup>）", ["flash 64x128"] = "flash 64×128", ["3 us"] = "3 µs", ["-3"] = "−3",
      ["p = -0.5"] = "p&nbsp;=&nbsp;−0.5", ["0.5 (-1)"] = "0.5 (−1)" } do
      assert.equal(html, typeset.html(plain))
    end
  end)

  it("leaves words as they are", function()
    for _, s in ipairs{ "gauss_seidel", "1 user", "box", "f32-f16", "a1e5", "x64x", "&lt;b&gt;" } do
      assert.equal(s, typeset.html(s))
    end
  end)

  it("stresses", function()
    assert.equal("a - <strong>DEVIATES</strong>: b", typeset.stress("a - DEVIATES: b", { "DEVIATES", "FAILED" }))
  end)
end)
