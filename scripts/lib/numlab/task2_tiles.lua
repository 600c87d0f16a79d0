--- Tiles against caches: the bytes a tile works on by formula, and which tile the caches make the best. A step of flash
--- attention on r queries and c keys moves 2 c D numbers of K and V and 2 r D of the sums O (read and written), for r c
--- scores: 2 D (1/r + 1/c) a score, so the larger the tile the better, as long as what a step works on stays in the cache.
--- The same holds for LU: panels of w columns mean n/w passes over the rest of the matrix, as long as a panel stays there.
---@internal of the experiments of task 2
local rows_of = require "numlab.rows"
local task2 = require "numlab.task2"
local text = require "numlab.text"

local M = {}

local STORED = { f64 = 8, f32 = 4, bf16 = 2, f16 = 2 }

--- Bytes that one step of flash attention works on, from the workspace of a worker (task2.predicted) and the rows of q, k, v
--- and, backward, of dout, dq, dk, dv that it reads and writes.
---@param spec table  {q_tile, k_tile}
---@param s table  {n, head_dim, dtype}
---@return integer forward
---@return integer backward
function M.working_set(spec, s)
  local one = setmetatable({ batch = 1, heads = 1, threads = 1 }, { __index = s })
  local own = task2.predicted({ impl = "flash", q_tile = spec.q_tile, k_tile = spec.k_tile }, one)
  local stored, compute = STORED[s.dtype], s.dtype == "f64" and 8 or 4
  local rows, keys = math.min(spec.q_tile, s.n) * s.head_dim, math.min(spec.k_tile, s.n) * s.head_dim
  return own.forward_extra + (rows + 2 * keys) * stored,
    own.backward_extra - s.n * compute + 2 * (rows + keys) * stored + (rows + 2 * keys) * stored
end

--- The smallest cache that holds so many bytes: "L1", "L2", "L3", or "memory".
---@param bytes integer
---@param caches table<integer, integer>  bytes by level, of roofline.caches
---@return string
function M.level(bytes, caches)
  for level = 1, 3 do
    if caches[level] and bytes <= caches[level] then return "L" .. level end
  end
  return "memory"
end

--- Of rows of one case, what the L2 cache makes the best: least moved among those whose working set it holds, and of
--- those the least working set.
---@param rows table[]  with `moved`
---@param set string  the column of the working set
---@param caches table<integer, integer>
---@return table? row  nil: none fits
function M.predicted(rows, set, caches)
  local best
  for _, r in ipairs(rows_of.where(rows, { code = "OK" })) do
    local fits = caches[2] and r[set] <= caches[2]
    if fits and (not best or r.moved < best.moved or r.moved == best.moved and r[set] < best[set]) then best = r end
  end
  return best
end

M.COLUMNS = {}
for _, name in ipairs(task2.COLUMNS) do M.COLUMNS[#M.COLUMNS + 1] = name end
M.COLUMNS[#M.COLUMNS + 1] = "moved"
for _, pass in ipairs{ "forward", "backward" } do
  for _, name in ipairs{ "_set_bytes", "_level", "_relative" } do M.COLUMNS[#M.COLUMNS + 1] = pass .. name end
end
M.LU_COLUMNS = { "n", "block", "method", "threads", "repeats", "seconds", "seconds_min", "seconds_iqr", "relative", "moved",
  "set_bytes", "level", "backward_error", "seed", "code", "message" }
M.FORMAT = setmetatable({ forward_set_bytes = text.bytes, backward_set_bytes = text.bytes, set_bytes = text.bytes,
  moved = "%.3g", forward_relative = "%.2f", backward_relative = "%.2f", relative = "%.2f" }, { __index = task2.FORMAT })

--- Beside each time, what it is of the least of its case.
---@param rows table[]
---@param case string  the column that tells cases apart
---@param metric string  "forward_min"
---@param into string
function M.relate(rows, case, metric, into)
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { case })) do
    local least = math.min(table.unpack(rows_of.column(group.rows, metric)))
    for _, r in ipairs(group.rows) do r[into] = r[metric] / least end
  end
end

return M
