local nl = require "numlab"
local findings = require "numlab.task2_tiles_findings"
local task2 = require "numlab.task2"
local tiles = require "numlab.task2_tiles"

local CACHES = { [1] = 32768, [2] = 1048576, [3] = 33554432 }

describe("numlab.task2_tiles", function()
  it("counts the bytes of a step", function()
    -- q, out: 64 x 32; k, v: 16 x 32; m, l: 64; S: 64 x 16; packed: k (16 columns of 32), v alike
    local s = { n = 512, head_dim = 32, dtype = "f32" }
    local forward, backward = tiles.working_set({ q_tile = 64, k_tile = 16 }, s)
    assert.equal(4 * (2 * 64 * 32 + 2 * 16 * 32 + 2 * 64 + 64 * 16 + 64 * 32), forward) -- the packed one: dK's, 64 x 32
    -- q, dout, dq: 64 x 32; k, v, dk, dv: 16 x 32; P, dS
    assert.equal(4 * (3 * 64 * 32 + 4 * 16 * 32 + 2 * 64 * 16 + 64 * 32), backward)
    assert.equal(forward, (tiles.working_set({ q_tile = 64, k_tile = 16 }, { n = 1024, head_dim = 32, dtype = "f32" })))
    assert.is_true(tiles.working_set({ q_tile = 64, k_tile = 16 }, { n = 512, head_dim = 32, dtype = "f64" }) == 2 * forward)
    -- tiles end with the sequence
    assert.equal(tiles.working_set({ q_tile = 32, k_tile = 32 }, { n = 32, head_dim = 8, dtype = "f32" }),
      (tiles.working_set({ q_tile = 512, k_tile = 512 }, { n = 32, head_dim = 8, dtype = "f32" })))
  end)

  it("agrees with the workspace that attention takes", function()
    local work = task2.prepare({ batch = 1, heads = 1, head_dim = 32, dtype = "f32", causal = false, threads = 1, seed = 1 }, 256)
    local before = nl.threads(1) -- of one worker
    local row = assert(task2.turn(work, { impl = "flash", q_tile = 64, k_tile = 32 }))
    nl.threads(before)
    local forward = tiles.working_set({ q_tile = 64, k_tile = 32 }, work.shape)
    local operands = 4 * (64 + 2 * 32) * 32 -- what it reads where it lies
    local ratio = row.forward_workspace_bytes / (forward - operands)
    assert.is_true(ratio > 0.9 and ratio < 1.1, tostring(ratio))
  end)

  it("knows which cache holds them", function()
    assert.equal("L1", tiles.level(32768, CACHES))
    assert.equal("L2", tiles.level(32769, CACHES))
    assert.equal("memory", tiles.level(1e9, CACHES))
    assert.equal("memory", tiles.level(1, {}))
  end)

  it("predicts the largest tile that L2 holds", function()
    local rows = { { moved = 4, set = 1000, code = "OK" }, { moved = 2, set = 5000, code = "OK" },
      { moved = 2, set = 4000, code = "OK" }, { moved = 1, set = 9000, code = "OK" }, { moved = 0.5, set = 1, code = "ERROR" } }
    assert.equal(rows[3], tiles.predicted(rows, "set", { [2] = 8000 }))
    assert.equal(rows[4], tiles.predicted(rows, "set", { [2] = 9000 }))
    assert.is_nil(tiles.predicted(rows, "set", { [2] = 10 }))
    assert.is_nil(tiles.predicted(rows, "set", {}))
  end)

  it("relates times to the best of each case", function()
    local rows = { { n = 1, t = 2, code = "OK" }, { n = 1, t = 3, code = "OK" }, { n = 2, t = 5, code = "OK" },
      { n = 2, code = "NOMEM" } }
    tiles.relate(rows, "n", "t", "relative")
    assert.same({ 1, 1.5, 1 }, { rows[1].relative, rows[2].relative, rows[3].relative })
    assert.is_nil(rows[4].relative)
  end)
end)

describe("numlab.task2_tiles_findings", function()
  -- times of a machine that follows theory: a price of arithmetic, one of moving, and three times that beyond L2
  local function made(price)
    local rows = {}
    for _, q in ipairs{ 16, 64, 256, 1024 } do
      for _, k in ipairs{ 16, 64, 256, 1024 } do
        local row = { head_dim = 64, q_tile = q, k_tile = k, moved = 128 * (1 / q + 1 / k), code = "OK",
          contestant = ("flash %dx%d"):format(q, k) }
        local f, b = tiles.working_set(row, { n = 4096, head_dim = 64, dtype = "f32" })
        row.forward_set_bytes, row.backward_set_bytes = f, b
        for pass, set in pairs{ forward = f, backward = b } do
          row[pass .. "_level"] = tiles.level(set, CACHES)
          row[pass .. "_s"] = price(row, set)
        end
        rows[#rows + 1] = row
      end
    end
    for _, pass in ipairs{ "forward", "backward" } do tiles.relate(rows, "head_dim", pass .. "_s", pass .. "_relative") end
    return rows
  end
  local function said(rows, lu)
    local out = {}
    for _, section in ipairs(findings.sections(rows, lu or {}, CACHES)) do
      for _, line in ipairs(section[2]) do out[#out + 1] = tostring(line) end
    end
    return table.concat(out, "\n")
  end

  it("finds theory confirmed where times follow it", function()
    local words = said(made(function(r, set) return 1 + 0.05 * r.moved + (set > CACHES[2] and 3 or 0) end))
    assert.is_nil(words:find("DEVIATES"), words)
    assert.is_truthy(words:find("data caches of a core: L1 32 KiB, L2 1 MiB, L3 32 MiB", 1, true), words)
    assert.is_truthy(words:find("forward: best 256x256", 1, true), words)
  end)

  it("flags what departs from it", function()
    local words = said(made(function(r) return 1 + 0.01 * r.q_tile end))
    assert.is_truthy(words:find("DEVIATES: the cache alone does not decide", 1, true), words)
    assert.is_truthy(words:find("DEVIATES: not even half", 1, true), words)
    words = said(made(function(_, set) return 1 / set end))
    assert.is_truthy(words:find("DEVIATES: larger working sets than L2 are not slower", 1, true), words)
  end)

  it("says which panels are best", function()
    local lu = {}
    for i, block in ipairs{ 8, 32, 128 } do
      lu[i] = { n = 500, block = block, seconds = 1 + 8 / block, moved = 500 / block, set_bytes = 4000 * block, code = "OK" }
      lu[i].level = tiles.level(lu[i].set_bytes, CACHES)
    end
    tiles.relate(lu, "n", "seconds", "relative")
    assert.is_truthy(said({}, lu):find("LU, n = 500: panels of 128 columns are best (500 KiB, held by L2)", 1, true))
  end)

  it("says that caches are not known", function()
    assert.is_truthy(tostring(findings.machine({})[1]):find("does not tell", 1, true))
  end)
end)
