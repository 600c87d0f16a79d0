local findings = require "numlab.task2_findings"
local say = require "numlab.say"

-- Rows that follow theory: time ~ n^2, memory 8 n^2, 4 n + 1000, 500 bytes; flash twice as fast as tiled.
local function row(impl, n, tile, extra)
  local seconds = n * n * 1e-9 * (impl == "standard" and 4 or impl == "tiled" and 2 or 1) * (tile == 128 and 1.5 or 1)
  local forward = impl == "standard" and 8 * n * n or impl == "tiled" and 4 * n + 1000 or 500
  local backward = impl == "standard" and 4 * n * n or impl == "tiled" and 8 * n + 1000 or 4 * n + 500
  local r = { n = n, impl = impl, contestant = tile and ("%s %dx%d"):format(impl, tile, tile) or impl, q_tile = tile,
    k_tile = tile, dtype = "f32", batch = 2, heads = 4, head_dim = 64, code = "OK", forward_s = seconds,
    backward_s = (impl == "standard" and 2 or 2.5) * seconds, forward_extra_bytes = forward,
    predicted_forward_extra_bytes = forward, backward_extra_bytes = backward, predicted_backward_extra_bytes = backward,
    peak_forward_bytes = forward + 1024, peak_backward_bytes = backward + 1024, max_abs_err = 1e-7,
    grad_max_abs_err = 2e-7 }
  for key, value in pairs(extra or {}) do r[key] = value end
  return r
end
local rows = {}
for _, n in ipairs{ 512, 1024, 2048 } do
  rows[#rows + 1] = row("standard", n)
  for _, impl in ipairs{ "tiled", "flash" } do
    for _, tile in ipairs{ 64, 128 } do rows[#rows + 1] = row(impl, n, tile) end
  end
end

describe("numlab.task2_findings", function()
  local function has(lines, part) assert.matches(part, table.concat(say.read(lines), "\n"), 1, true) end
  local function as_theory(lines) assert.is_nil(table.concat(say.read(lines)):find("DEVIATES", 1, true)) end

  it("ranks the implementations, each with its best tiles", function()
    has(findings.winners(rows), "n = 2048, forward: flash (64x64) in 4.19 ms, 2.05e+03 GFLOP/s; tiled (64x64) takes 2.00 "
      .. "times as long, "
      .. "standard (whole) takes 4.00 times as long")
    assert.equal(9, #findings.best(rows, "forward_s"))
  end)

  it("counts operations", function()
    local shape = { batch = 2, heads = 3, n = 10, head_dim = 8 }
    assert.equal(4 * 2 * 3 * 100 * 8, findings.flops(shape, "forward"))
    shape.causal = true
    assert.equal(5 * 2 * 3 * 100 * 8, findings.flops(shape, "backward"))
  end)

  it("sets memory beside theory and says what each step saves", function()
    local lines = findings.memory(rows)
    as_theory(lines)
    has(lines, "standard, forward: beside operands and results, measured over predicted bytes 1.000; what grows of them "
      .. "grows as n^p, p = 2.00, theory 2")
    has(lines, "tiled, forward: beside operands and results, measured over predicted bytes 1.000; what grows of them grows "
      .. "as n^p, p = 1.00, theory 1")
    has(lines, "p = 0.00, theory 0")
    has(lines, "tiling at n = 2048 (tiles 64x64): 8.98 KiB in place of 32 MiB, 3650 times less")
    has(lines, "online softmax at n = 2048 (tiles 64x64): 500 B in place of 8.98 KiB, another 18.4 times less")
  end)

  it("flags memory off theory", function()
    local off = {}
    for i, n in ipairs{ 512, 1024, 2048 } do off[i] = row("flash", n, 64, { forward_extra_bytes = 4 * n }) end
    local lines = findings.memory(off)
    has(lines, "p = 1.00, theory 0 - DEVIATES: by more than 0.05")
    has(lines, " - DEVIATES: by more than 5 %")
  end)

  it("names the best tiles", function()
    has(findings.tiles(rows), "flash, n = 512: forward best with 64x64, worst with 128x128 (1.50 times as long)")
  end)

  it("fits how time grows", function()
    local lines = findings.growth(rows)
    as_theory(lines)
    has(lines, "flash: forward ~ n^p with p = 2.00, backward p = 2.00, theory 2")
    local slow = {}
    for i, n in ipairs{ 512, 1024 } do slow[i] = row("flash", n, 64, { forward_s = n ^ 3 }) end
    has(findings.growth(slow), "p = 3.00, backward p = 2.00, theory 2 - DEVIATES\nDEVIATES: by more than 0.25")
  end)

  it("sets backward over forward beside the count of products", function()
    local lines = findings.backward(rows)
    as_theory(lines)
    has(lines, "standard: backward takes 2.00 times as long as forward, by the count of matrix products 2 (P was kept)")
    has(lines, "flash: backward takes 2.50 times")
    assert.equal(3.5, (findings.backward_ratio(row("flash", 512, 64, { dtype = "bf16" }))))
    assert.equal(3.5, (findings.backward_ratio(row("flash", 512, 64, { batch = 1 }))))
    has(findings.backward({ row("tiled", 512, 64, { backward_s = 1, forward_s = 1 }) }), "DEVIATES: by more than 40 %")
  end)

  it("tells errors and failures", function()
    has(findings.accuracy(rows), "flash in f32: largest error of an output 1.0e-07, of a gradient 2.0e-07")
    local failed = { row("standard", 4096, nil, { code = "NOMEM", message = "out of memory" }) }
    assert.same({ { "Failures", { "standard: 1 point ends with NOMEM, out of memory" } } }, say.read(findings.sweep(failed)))
  end)

  it("sets the best of ours beside a peer", function()
    local lines = findings.peers({ row("flash", 1024, 64), row("torch sdpa", 1024, nil, { forward_s = 1024 ^ 2 * 2e-9,
      backward_s = 1024 ^ 2 * 1.25e-9, rss_forward_bytes = 4096, rss_backward_bytes = 8192 }) })
    has(lines, "n = 1024, torch sdpa: forward 2.1 ms, flash 64x64 2.00 times faster (1.05 ms); backward 1.31 ms, "
      .. "flash 64x64 2.00 times slower (2.62 ms); it adds 4 KiB forward and 8 KiB backward to the resident set, flash 64x64 "
      .. "takes 1.49 KiB and 5.49 KiB, results included")
    lines = findings.peers({ row("flash", 1024, 64), row("flash", 1024, 128), row("torch sdpa", 1024, nil,
      { forward_s = 1024 ^ 2 * 2e-9 }) })
    has(lines, "flash 64x64 2.00 times faster (1.05 ms), flash at all tiles 1.33 to 2.00 times as fast; backward")
    assert.same({}, findings.peers(rows))
  end)

  it("puts the sections together and leaves empty ones out", function()
    local names = {}
    for i, section in ipairs(findings.sweep(rows)) do names[i] = tostring(section[1]) end
    assert.same({ "Who is fastest", "Memory", "Best tiles", "How time grows", "Backward and forward", "Accuracy" }, names)
    assert.same({}, findings.sweep({}))
  end)
end)
