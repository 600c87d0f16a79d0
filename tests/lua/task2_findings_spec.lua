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

-- Rows of a GPU that follow theory: D and the sums of dQ are what flash keeps, 4 (1 + 64) bytes a row.
local function gpu_rows()
  local out = {}
  for _, n in ipairs{ 512, 1024, 2048 } do
    local rest = { standard = { 64 * n * n, 32 * n * n, 2, "standard" }, tiled = { 0, 32 * n, 7 / 3, "tiled" },
      flash = { 0, 32 * n * 65, 2.5, "flash_tf32" } }
    for _, impl in ipairs{ "standard", "tiled", "flash" } do
      local forward, backward, ratio, path = table.unpack(rest[impl])
      local r = row(impl, n, nil, { device = "cuda", path = path, forward_extra_bytes = forward,
        predicted_forward_extra_bytes = forward, backward_extra_bytes = backward, predicted_backward_extra_bytes = backward,
        driver_bytes = (1 << 30) + n })
      r.forward_s = r.forward_s / 100
      r.backward_s = ratio * r.forward_s
      out[#out + 1] = r
    end
  end
  return out
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

  it("compares memory where both ended well, with what nothing is predicted for", function()
    local some = { row("standard", 512), row("tiled", 512, 64), row("tiled", 1024, 64) }
    has(findings.memory(some), "tiling at n = 512 (tiles 64x64): 2.98 KiB in place of 2 MiB, 688 times less")
    some[3].predicted_forward_extra_bytes = 0
    has(findings.memory({ some[3] }), "tiled, forward: beside operands and results 4.98 KiB, where nothing is predicted - "
      .. "DEVIATES")
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

  it("says of a GPU what is so there", function()
    local there = gpu_rows()
    has(findings.winners(there), "n = 2048, forward: flash (flash_tf32) in 41.9 us, 205 TFLOP/s; tiled takes 2.00 times as "
      .. "long, standard takes 4.00 times as long")
    has(findings.winners(there), "n = 2048, backward: flash in 105 us")
    local lines = findings.memory(there)
    as_theory(lines)
    has(lines, "standard, forward: beside operands and results, measured over predicted bytes 1.000; what grows of them grows "
      .. "as n^p, p = 2.00, theory 2")
    has(lines, "tiled, forward: nothing beside operands and results, as predicted\ntiled, backward: ")
    has(lines, "flash, backward: beside operands and results, measured over predicted bytes 1.000; what grows of them grows as "
      .. "n^p, p = 1.00, theory 1")
    has(lines, "tiling at n = 2048: nothing in place of 256 MiB, because tiles of scores stay in registers")
    has(lines, "online softmax at n = 2048: nothing in place of nothing; on a GPU it is not memory that it saves")
    has(lines, "the driver counts 1 GiB in use on the whole device after a first turn at n = 2048")
    lines = findings.backward(there)
    as_theory(lines)
    has(lines, "tiled: backward takes 2.33 times as long as forward, by the count of matrix products 2.33 (S is made twice "
      .. "forward, P again twice backward)")
    has(lines, "flash: backward takes 2.50 times as long as forward, by the count of matrix products 2.5 (P is made again from")
    assert.equal(3.5, (findings.backward_ratio(row("flash", 512, nil, { device = "cuda", dtype = "f64" }))))
    assert.same({}, findings.tiles(there))
    assert.same({ 2, 0, 1 }, { findings.memory_exponent({ impl = "standard", device = "cuda" }, "forward"),
      findings.memory_exponent({ impl = "tiled", device = "cuda" }, "forward"),
      findings.memory_exponent({ impl = "tiled", device = "cpu" }, "forward") })
  end)

  it("flags a GPU off theory, and says nothing of the CPU there", function()
    local there = gpu_rows()
    for _, r in ipairs(there) do
      r.backward_s, r.forward_extra_bytes = 1e-4, r.forward_extra_bytes + 4096 * r.n
      r.backward_extra_bytes = 2 * r.backward_extra_bytes + r.n ^ 3
    end
    local said = table.concat(say.read(findings.memory(there)), "\n")
    assert.matches("flash, forward: beside operands and results 8 MiB, where nothing is predicted - DEVIATES", said, 1, true)
    assert.matches("theory 2 - DEVIATES: by more than 0.05\n", said, 1, true)
    has(findings.growth(there), "DEVIATES: by more than 0.25. Less than 2: launches")
    has(findings.backward(there), "DEVIATES: by more than 40 %. Products count alone where they rule and run on the same units")
    for _, lang in ipairs{ "en", "zh" } do
      for _, section in ipairs(say.read(findings.sweep(there), lang)) do
        local lines = table.concat(section[2], "\n")
        for _, word in ipairs{ "pack", "thread", "(whole)", "64x64", "inf", "nan", "打包", "线程", "不分块" } do
          assert.is_nil(lines:find(word, 1, true), ("'%s' in: %s"):format(word, lines))
        end
      end
    end
  end)

  it("tells a GPU's in Chinese", function()
    local said = {}
    for _, section in ipairs(say.read(findings.sweep(gpu_rows()), "zh")) do said[#said + 1] = table.concat(section[2], "\n") end
    said = table.concat(said, "\n")
    for _, part in ipairs{ "n = 2048，前向传播：flash（flash_tf32）最快，用时 41.9 us，达 205 TFLOP/s；tiled 用时为其 2.00 倍",
      "flash，前向传播：除输入和结果以外不占内存，与理论一致", "额外显存为无，原为 256 MiB", "首轮之后驱动程序报告整个设备已用 1 GiB" } do
      assert.matches(part, said, 1, true)
    end
  end)

  it("puts the sections together and leaves empty ones out", function()
    local names = {}
    for i, section in ipairs(findings.sweep(rows)) do names[i] = tostring(section[1]) end
    assert.same({ "Who is fastest", "Memory", "Best tiles", "How time grows", "Backward and forward", "Accuracy" }, names)
    assert.same({}, findings.sweep({}))
  end)
end)
