--- The rungs of the ladder (gpu/ladder/ladder.cuh) and what each must do by count: bytes it moves, products it computes, room
--- it takes. Nq = Nk = n, as many heads of k and v as of q.
---
--- Bytes are counted twice. `least`: every kernel reads its operands once and writes its results once, as if the L2 cache
--- held all that is wanted again. `requested`: what blocks ask for beyond registers and shared memory, as Dao et al. (2022,
--- section 3.2) count it, without any cache. The device's memory sees something between.
---
--- For a tile of queries from row i0 on, r rows, the keys seen end at n, under a causal mask at i0 + r; whole tiles of keys
--- are fetched, as far as there are keys. Over all tiles of queries let
---   F = keys fetched,  E = sum of r times the keys fetched,  G = rows of Q fetched, a tile of them for each tile of keys,
---   V = entries of S that are seen: n^2, causal n (n + 1) / 2,
--- and e be the bytes a number; S and P are f32.
---@internal of the experiments of task 2
local M = {}

--- From the bottom.
M.RUNGS = { "ladder_naive", "ladder_fused", "ladder_online", "ladder_tensor", "ladder_partition", "ladder_pipeline" }

M.KEYS = 64 -- in a tile, on every rung
M.ROUNDING = { f16 = 2.0 ^ -11, bf16 = 2.0 ^ -8 } -- largest relative error of one rounding

local BYTES = { f16 = 2, bf16 = 2 }

--- Rows of queries in a tile: 64, but that rung 4, whose warps all hold the output of all rows, has fewer at D = 128.
---@param rung string
---@param head_dim integer
---@return integer
function M.rows(rung, head_dim) return rung == "ladder_tensor" and 4096 // head_dim or 64 end

--- F, E, G, V of one head.
---@param s table  {n, head_dim, causal}
---@param rows integer  of queries in a tile
---@return table  {keys, entries, queries, seen}
function M.fetched(s, rows)
  local t = { keys = 0, entries = 0, queries = 0, seen = s.causal and s.n * (s.n + 1) // 2 or s.n * s.n }
  for i0 = 0, s.n - 1, rows do
    local r = math.min(rows, s.n - i0)
    local tiles = ((s.causal and i0 + r or s.n) + M.KEYS - 1) // M.KEYS
    local keys = math.min(s.n, tiles * M.KEYS)
    t.keys, t.entries, t.queries = t.keys + keys, t.entries + r * keys, t.queries + r * tiles
  end
  return t
end

-- Bytes of one head in kernels other than those of rung 1: Q read and O written once, K and V as often as said; lse.
local function fused(t, s, e, k_passes, v_passes)
  return { least = e * 4 * s.n * s.head_dim + 4 * s.n,
    requested = e * s.head_dim * (2 * s.n + (k_passes + v_passes) * t.keys) + 4 * s.n }
end

local COUNT = {
  -- Q K': Q, K -> S of whole tiles. Softmax: S -> P in place, lse; a row is read for its maximum, its sum, its weights, and
  -- only the first time from memory. P V: P, V -> O.
  ladder_naive = function(t, s, e)
    local n, d = s.n, s.head_dim
    return { least = e * 4 * n * d + 4 * (t.entries + 3 * t.seen) + 4 * n,
      requested = e * d * (t.queries + 2 * t.keys + n) + 4 * (t.entries + 5 * t.seen) + 4 * n }
  end,
  ladder_fused = function(t, s, e) return fused(t, s, e, 2, 1) end, -- K for the maxima, K and V for the sums
}

--- Bytes moved, all heads together.
---@param rung string
---@param s table  {n, head_dim, batch, heads, dtype, causal}
---@return table  {least, requested}
function M.bytes(rung, s)
  local t, e, units = M.fetched(s, M.rows(rung, s.head_dim)), BYTES[s.dtype], s.batch * s.heads
  local head = COUNT[rung] and COUNT[rung](t, s, e) or fused(t, s, e, 1, 1)
  return { least = units * head.least, requested = units * head.requested }
end

--- FLOPs of the products that a rung computes, whole tiles: 2 D an entry and product; rung 2 computes S twice. (Speeds are
--- told by FlashAttention's formula, 4 n^2 D a head, causal half of it: numlab.task2_findings.)
---@param rung string
---@param s table
---@return integer
function M.flops(rung, s)
  local products = rung == "ladder_fused" and 3 or 2
  return s.batch * s.heads * products * 2 * s.head_dim * M.fetched(s, M.rows(rung, s.head_dim)).entries
end

--- Bytes of memory beside operands and results: one matrix, first S and then P, or nothing.
---@param rung string
---@param s table
---@return integer
function M.extra(rung, s) return rung == "ladder_naive" and 4 * s.batch * s.heads * s.n * s.n or 0 end

return M
