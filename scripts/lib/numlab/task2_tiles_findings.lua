--- What the rows of task2_tiles_cache show, in sentences computed from the rows; what departs from theory is flagged.
---@internal of the experiments of task 2
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local stats = require "numlab.stats"
local text = require "numlab.text"
local tiles = require "numlab.task2_tiles"

local M = {}

--- A tile that takes more than this times the best one's time is not as good.
M.AS_GOOD = 1.1
M.UNDECIDED = say"the cache alone does not decide"

local range, flag = rows_of.range, findings.flag

M.PASS = { forward = say"forward", backward = say"backward" }

local function fine(rows) return rows_of.where(rows, { code = "OK" }) end
local function least(rows, metric)
  local best = rows[1]
  for _, r in ipairs(rows) do if r[metric] < best[metric] then best = r end end
  return best
end

--- The machine's caches in words.
---@param caches table
function M.machine(caches)
  local parts = {}
  for level = 1, 3 do
    if caches[level] then parts[#parts + 1] = ("L%d %s"):format(level, text.bytes(caches[level])) end
  end
  return #parts > 0 and { say("data caches of a core: {parts}", { parts = say.list(parts) }) }
    or { say"the system does not tell the sizes of its caches: nothing can be predicted" }
end

--- The best tile of each head dimension and pass, beside the one that L2 predicts.
---@param rows table[]
---@param caches table
function M.best(rows, caches)
  local out = {}
  for _, group in ipairs(rows_of.group(fine(rows), { "head_dim" })) do
    for _, pass in ipairs{ "forward", "backward" } do
      local best, theory = least(group.rows, pass .. "_relative"), tiles.predicted(group.rows, pass .. "_set_bytes", caches)
      local slower = theory and theory[pass .. "_relative"]
      out[#out + 1] = say("head dimension {dim}, {pass}: best {q}x{k} (queries x keys), a working set of {set}, which {level} "
        .. "holds{theory}", { dim = group.key.head_dim, pass = M.PASS[pass], q = best.q_tile, k = best.k_tile,
        set = text.bytes(best[pass .. "_set_bytes"]), level = best[pass .. "_level"],
        theory = theory and say("; the largest that L2 holds, {q}x{k}, takes {times:%.2f} times as long{off}", {
          q = theory.q_tile, k = theory.k_tile, times = slower, off = flag(not (slower <= M.AS_GOOD), M.UNDECIDED) }) or "" })
    end
  end
  return out
end

--- Times by the cache that holds the working set.
---@param rows table[]
function M.levels(rows)
  local out = {}
  for _, pass in ipairs{ "forward", "backward" } do
    for _, group in ipairs(rows_of.group(fine(rows), { "head_dim" })) do
      local parts, medians = {}, {}
      for _, level in ipairs{ "L1", "L2", "L3", "memory" } do
        local own = rows_of.where(group.rows, { [pass .. "_level"] = level })
        if #own > 0 then
          local times = rows_of.column(own, pass .. "_relative")
          medians[level] = stats.median(times)
          parts[#parts + 1] = say("{level}: {median:%.2f} ({times}; tiles: {count})", { level = level, median = medians[level],
            times = range(times, "%.2f"), count = #own })
        end
      end
      local outside = medians.L3 or medians.memory
      out[#out + 1] = say("head dimension {dim}, {pass}, median time over the best by the cache that holds the working set: "
        .. "{parts}{off}", { dim = group.key.head_dim, pass = M.PASS[pass], parts = say.list(parts, "; "),
        off = flag(medians.L2 and outside and outside < medians.L2, say"larger working sets than L2 are not slower") })
    end
  end
  return out
end

--- How far the numbers moved a score explain the times of tiles that L2 holds: time = a + b moved, theory for one price of
--- arithmetic and one of moving.
---@param rows table[]
function M.moved(rows)
  local out = {}
  for _, pass in ipairs{ "forward", "backward" } do
    for _, group in ipairs(rows_of.group(fine(rows), { "head_dim" })) do
      local own = rows_of.where(group.rows, function(r) return r[pass .. "_level"] == "L1" or r[pass .. "_level"] == "L2" end)
      if #rows_of.distinct(own, "moved") >= 3 then
        local fit = stats.fit(rows_of.column(own, "moved"), rows_of.column(own, pass .. "_relative"))
        out[#out + 1] = say("head dimension {dim}, {pass}: time / best = {a:%.2f} + {b:%.3f} times the numbers moved a score "
          .. "explains {share:%.0f} % of the variance over {count} tiles that L2 holds{off}", { dim = group.key.head_dim,
          pass = M.PASS[pass], a = fit.intercept, b = fit.slope, share = 100 * fit.r2, count = #own,
          off = flag(not (fit.slope > 0 and fit.r2 >= 0.5), say"not even half: something else decides") })
      end
    end
  end
  return out
end

--- What the numbers of queries and of keys in a tile cost.
---@param rows table[]
function M.axes(rows)
  local out = {}
  for _, axis in ipairs{ "q_tile", "k_tile" } do
    for _, pass in ipairs{ "forward", "backward" } do
      local parts = {}
      for _, group in ipairs(rows_of.group(fine(rows), { axis })) do
        parts[#parts + 1] = ("%d: %.2f"):format(group.key[axis], stats.median(rows_of.column(group.rows, pass .. "_relative")))
      end
      out[#out + 1] = say("{pass}, median time over the best by {axis}: {parts}", { pass = M.PASS[pass],
        axis = axis == "q_tile" and say"queries in a tile" or say"keys in a tile", parts = say.list(parts) })
    end
  end
  return out
end

--- Panels of LU: the best width, beside the one that L2 predicts.
---@param rows table[]
---@param caches table
function M.panels(rows, caches)
  local out = {}
  for _, group in ipairs(rows_of.group(fine(rows), { "n" })) do
    local best, theory = least(group.rows, "relative"), tiles.predicted(group.rows, "set_bytes", caches)
    out[#out + 1] = say("LU, n = {n}: panels of {block} columns are best ({set}, held by {level}); the slowest width takes "
      .. "{worst:%.2f} times as long{theory}", { n = group.key.n, block = best.block, set = text.bytes(best.set_bytes),
      level = best.level, worst = math.max(table.unpack(rows_of.column(group.rows, "relative"))),
      theory = theory and say("; the widest that L2 holds, {block}, takes {times:%.2f} times as long{off}", {
        block = theory.block, times = theory.relative, off = flag(not (theory.relative <= M.AS_GOOD), M.UNDECIDED) }) or "" })
  end
  return out
end

--- All of it.
---@param rows table[]  of attention
---@param lu table[]
---@param caches table
---@return table[]  {{title, lines}, ...}
function M.sections(rows, lu, caches)
  return findings.sections(rows, { { say"Caches", function() return M.machine(caches) end },
    { say"Best tiles", function() return M.best(rows, caches) end }, { say"Working sets and caches", M.levels },
    { say"What is moved", M.moved }, { say"What each side of a tile costs", M.axes },
     { say"Panels of LU", function() return M.panels(lu, caches) end },
    { say"Failures", function() return findings.failures(rows, "contestant") end } })
end

return M
