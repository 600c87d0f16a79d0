--- What theory says of attention on a GPU where it is another than on the CPU, and the sentences that tell it: kernels there
--- have no workers, and keep neither scores nor tiles of them in the device's memory (numlab.task2_gpu).
---@internal of the experiments of task 2
local findings = require "numlab.findings"
local gpu = require "numlab.task2_gpu"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local text = require "numlab.text"

local M = {}

local flag = findings.flag

--- Powers of n by which memory beside operands and results grows; 0: there is none.
M.MEMORY_EXPONENT = { forward = { standard = 2, tiled = 0, flash = 0 }, backward = { standard = 2, tiled = 1, flash = 1 } }

--- Products of matrices, backward over forward. tiled makes S twice forward; backward it takes flash's way in two passes, seven
--- products, which flash itself takes where it has no sums of dQ.
---@param row table
---@return number? ratio
---@return table? why  said
function M.backward_ratio(row)
  if row.impl == "standard" then return 2, say"P was kept" end
  if row.impl == "tiled" then return 7 / 3, say"S is made twice forward, P again twice backward" end
  if row.impl ~= "flash" then return nil end
  if gpu.dq_tile(row) then return 2.5, say"P is made again from S and lse" end
  return 3.5, say"P is made again, twice"
end

--- Why time departs from n^2, and the ratio of the passes from that of their products.
M.GROWTH = say("DEVIATES: by more than 0.25. Less than 2: launches, and grids too small to fill the GPU, count at small n; "
  .. "more: matrices leave the L2 cache between the sizes")
M.BACKWARD = say("DEVIATES: by more than 40 %. Products count alone where they rule and run on the same units in both passes: "
  .. "standard waits for its matrices in the device's memory, and paths of flash differ in their units")

local function amount(bytes) return bytes == 0 and say"nothing" or text.bytes(bytes) end
local function saving(before, after)
  local more, less = before.forward_extra_bytes, after.forward_extra_bytes
  return { n = after.n, bytes = amount(less), before = amount(more), off = flag(not (less <= more)) }
end

--- What tiling and online softmax save beside operands and results, forward: what each says of the row before and its own.
---@type table<string, fun(before: table, after: table): table>
M.SAVED = {
  tiled = function(before, after)
    return say("tiling at n = {n}: {bytes} in place of {before}, because tiles of scores stay in registers and shared memory; "
      .. "the price is making S twice{off}", saving(before, after))
  end,
  flash = function(before, after)
    return say("online softmax at n = {n}: {bytes} in place of {before}; on a GPU it is not memory that it saves beside tiling "
      .. "but making S the second time{off}", saving(before, after))
  end,
}

--- What the driver counts, at the largest n.
---@param rows table[]  that ended well
---@return table[]
function M.driver(rows)
  local known = rows_of.where(rows, function(r) return r.driver_bytes ~= nil end)
  if #known == 0 then return {} end
  local n = math.max(table.unpack(rows_of.column(known, "n")))
  local span = rows_of.range(rows_of.column(rows_of.where(known, { n = n }), "driver_bytes"), text.bytes)
  return { say("the driver counts {bytes} in use on the whole device after a first turn at n = {n}: operands, what the "
    .. "allocator keeps to hand out again from all turns before, the context, and other programs", { bytes = span, n = n }) }
end

return M
