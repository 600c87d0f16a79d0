--- What the rows of task 2 show, in sentences computed from the rows; what departs from theory is flagged.
---@internal of the experiments of task 2
local findings = require "numlab.findings"
local gpu = require "numlab.task2_gpu"
local on_gpu = require "numlab.task2_gpu_findings"
local powers = require "numlab.powers"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local text = require "numlab.text"

local M = {}

local flag, range = findings.flag, rows_of.range
local PASSES = { "forward", "backward" }
local OWN = { "standard", "tiled", "flash" }

--- As people call a pass.
M.PASS = { forward = say"forward", backward = say"backward" }

local MEMORY_EXPONENT = { forward = { standard = 2, tiled = 1, flash = 0 }, backward = { standard = 2, tiled = 1, flash = 1 } }

--- The power of n by which memory beside operands and results grows (flash keeps one number a row, D, in its backward pass).
---@param row table  {impl, device}
---@param pass string
---@return integer?
function M.memory_exponent(row, pass)
  return (gpu.is(row.device) and on_gpu.MEMORY_EXPONENT or MEMORY_EXPONENT)[pass][row.impl]
end

--- The power of n by which time grows.
M.TIME_EXPONENT = 2

--- Products of matrices, backward over forward: standard keeps P (4 to 2), the others make it again (5 to 2); flash takes
--- 7 where it goes over the tiles twice, once for dK and dV, once for dQ: 16-bit types, or fewer than 8 heads in all.
---@return number? ratio
---@return table? why  said
function M.backward_ratio(row)
  if gpu.is(row.device) then return on_gpu.backward_ratio(row) end
  if row.impl == "standard" then return 2, say"P was kept" end
  if row.impl == "tiled" then return 2.5, say"P is made again from S and lse" end
  if row.impl ~= "flash" then return nil end
  local one_pass = (row.dtype == "f64" or row.dtype == "f32") and row.batch * row.heads >= 8
  if one_pass then return 2.5, say"P is made again from S and lse" end
  return 3.5, say"P is made again, twice"
end

local function fine(rows) return rows_of.where(rows, { code = "OK" }) end
local function tiles(row) return row.q_tile and ("%dx%d"):format(row.q_tile, row.k_tile) or say"whole" end

-- An implementation with its tiles; on a GPU with the path that served its forward pass.
local function who(row, pass)
  if not gpu.is(row.device) then return say("{impl} ({how})", { impl = row.impl, how = tiles(row) }) end
  if pass == "backward" or not row.path or row.path == row.impl then return row.impl end
  return say("{impl} ({how})", { impl = row.impl, how = row.path })
end

local function is_peer(row) return row.impl:find("^torch") ~= nil end

--- Multiplications and additions as FlashAttention counts them: two matrix products forward, five backward; a causal mask
--- leaves half.
---@param row table
---@param pass string  "forward" or "backward"
function M.flops(row, pass)
  return (pass == "forward" and 4.0 or 10.0) * row.batch * row.heads * row.n ^ 2 * row.head_dim / (row.causal and 2 or 1)
end

--- The fastest row of each implementation at each n: what tuning its tiles gives.
---@param rows table[]
---@param metric string  "forward_s"
---@return table[]
function M.best(rows, metric)
  local out = {}
  for _, group in ipairs(rows_of.group(fine(rows), { "n", "impl" })) do
    local best = group.rows[1]
    for _, row in ipairs(group.rows) do if row[metric] < best[metric] then best = row end end
    out[#out + 1] = best
  end
  return out
end

--- Who is fastest at each size, each with its best tiles, and how far behind the others are.
function M.winners(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(fine(rows), { "n" })) do
    for _, pass in ipairs(PASSES) do
      local metric = pass .. "_s"
      local ranked, others = M.best(group.rows, metric), {}
      table.sort(ranked, function(a, b) return a[metric] < b[metric] end)
      for i = 2, #ranked do
        others[i - 1] = say("{who} takes {times:%.2f} times as long", { who = who(ranked[i], pass),
          times = ranked[i][metric] / ranked[1][metric] })
      end
      local rate, unit = M.flops(ranked[1], pass) / ranked[1][metric] / 1e9, "GFLOP/s"
      if rate >= 1e4 then rate, unit = rate / 1e3, "TFLOP/s" end
      out[#out + 1] = say("n = {n}, {pass}: {who} in {time}, {rate:%.3g} {unit}{others}", { n = group.key.n,
        pass = M.PASS[pass], who = who(ranked[1], pass), time = text.duration(ranked[1][metric]), rate = rate, unit = unit,
        others = #others > 0 and say("; {others}", { others = say.list(others) }) or "" })
    end
  end
  return out
end

--- Time as a power of n, all tiles, theory's exponent beside it.
function M.growth(rows)
  local out, any = {}, false
  for _, impl in ipairs(rows_of.distinct(fine(rows), "impl")) do
    local own = rows_of.where(fine(rows), { impl = impl })
    local forward, low, high = range(powers.each(own, "forward_s", powers.exponent), "%.2f")
    local backward, low_back, high_back = range(powers.each(own, "backward_s", powers.exponent), "%.2f")
    if low <= high then
      local off = math.max(math.abs(low - 2), math.abs(high - 2), math.abs(low_back - 2), math.abs(high_back - 2))
      any = any or not (off <= 0.25)
      out[#out + 1] = say("{impl}: forward ~ n^p with p = {forward}, backward p = {backward}, theory {theory}{off}", {
        impl = impl, forward = forward, backward = backward, theory = M.TIME_EXPONENT, off = flag(not (off <= 0.25)) })
    end
  end
  if any and gpu.is(rows[1].device) then
    out[#out + 1] = on_gpu.GROWTH
  elseif any then
    out[#out + 1] = say("DEVIATES: by more than 0.25. Less than 2: what does not grow with n^2 (starting, packing, results) "
      .. "counts at small n; more: matrices leave the caches between the sizes")
  end
  return out
end

-- Rows of two implementations at the largest n that both have, each at its first pair of tiles; nil: there is none.
local function pair(rows, before, after)
  local one, other
  for _, r in ipairs(rows_of.where(rows, { impl = after })) do
    local match = rows_of.where(rows, { impl = before, n = r.n })[1]
    if match and (not other or r.n > other.n) then one, other = match, r end
  end
  return one, other
end

-- One pass of one implementation: measured bytes over predicted ones, and what of them grows; nil where nothing is known.
local function beside_theory(rows, pass)
  local column, ratios, beyond = pass .. "_extra_bytes", {}, {} -- beyond: where theory says nothing
  local own = rows_of.where(rows, function(r) return r[column] and r["predicted_" .. column] end)
  for _, r in ipairs(own) do
    local list, theory = ratios, r["predicted_" .. column]
    if theory == 0 then list, theory = beyond, 1 end
    list[#list + 1] = r[column] / theory
  end
  if #own == 0 then return nil end
  local words = { impl = own[1].impl, pass = M.PASS[pass] }
  if #beyond > 0 then
    local bytes = math.max(table.unpack(beyond))
    if bytes == 0 then return say("{impl}, {pass}: nothing beside operands and results, as predicted", words) end
    words.bytes, words.off = text.bytes(bytes), flag(true)
    return say("{impl}, {pass}: beside operands and results {bytes}, where nothing is predicted{off}", words)
  end
  local span, least, most = range(ratios, "%.3f")
  words.ratios, words.off, words.growth = span, flag(not (least >= 0.95 and most <= 1.05), say"by more than 5 %"), ""
  local fitted, low, high = range(powers.each(own, column, powers.growing), "%.2f")
  local theory = M.memory_exponent(own[1], pass)
  if low <= high then
    words.growth = say("; what grows of them grows as n^p, p = {fitted}, theory {theory}{off}", { fitted = fitted,
      theory = theory, off = flag(not (low >= theory - 0.05 and high <= theory + 0.05), gpu.is(own[1].device)
        and say"by more than 0.05" or say"by more than 0.05: at small n what a matrix product packs counts too") })
  end
  return say("{impl}, {pass}: beside operands and results, measured over predicted bytes {ratios}{off}{growth}", words)
end

-- What tiling and online softmax save on the CPU.
local function saving(before, after)
  local times = before.forward_extra_bytes / after.forward_extra_bytes
  return { n = after.n, tiles = tiles(after), bytes = text.bytes(after.forward_extra_bytes),
    before = text.bytes(before.forward_extra_bytes), times = times, off = flag(not (times > 1)) }
end
local SAVED = {
  tiled = function(before, after)
    return say("tiling at n = {n} (tiles {tiles}): {bytes} in place of {before}, {times:%.0f} times less, because a tile of "
      .. "queries keeps its own score rows alone{off}", saving(before, after))
  end,
  flash = function(before, after)
    return say("online softmax at n = {n} (tiles {tiles}): {bytes} in place of {before}, another {times:%.1f} times less, "
      .. "because a score tile is used up before the next one is made{off}", saving(before, after))
  end,
}

--- Memory beside operands and results: exponents beside theory's, measured beside predicted, what each step saves; on a GPU
--- what the driver says.
function M.memory(rows)
  local out, good = {}, fine(rows)
  for _, impl in ipairs(OWN) do
    for _, pass in ipairs(PASSES) do out[#out + 1] = beside_theory(rows_of.where(good, { impl = impl }), pass) end
  end
  local there = #good > 0 and gpu.is(good[1].device)
  for i, impl in ipairs{ "tiled", "flash" } do
    local before, after = pair(good, OWN[i], impl)
    if after then out[#out + 1] = (there and on_gpu.SAVED or SAVED)[impl](before, after) end
  end
  for _, line in ipairs(there and on_gpu.driver(good) or {}) do out[#out + 1] = line end
  return out
end

--- The best tiles, and what the worst cost.
function M.tiles(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(fine(rows), function(r) return r.q_tile ~= nil end),
    { "impl", "n" })) do
    local parts = {}
    for i, pass in ipairs(PASSES) do
      local metric, ranked = pass .. "_s", table.move(group.rows, 1, #group.rows, 1, {})
      table.sort(ranked, function(a, b) return a[metric] < b[metric] end)
      local best, worst = ranked[1], ranked[#ranked]
      parts[i] = say("{pass} best with {best}, worst with {worst} ({times:%.2f} times as long)", { pass = M.PASS[pass],
        best = tiles(best), worst = tiles(worst), times = worst[metric] / best[metric] })
    end
    if #group.rows > 1 then
      out[#out + 1] = say("{impl}, n = {n}: {parts}", { impl = group.key.impl, n = group.key.n, parts = say.list(parts, "; ") })
    end
  end
  return out
end

--- Backward over forward beside the ratio of their matrix products.
function M.backward(rows)
  local out, any = {}, false
  for _, impl in ipairs(rows_of.distinct(fine(rows), "impl")) do
    local own, ratios = rows_of.where(fine(rows), { impl = impl }), {}
    for i, r in ipairs(own) do ratios[i] = r.backward_s / r.forward_s end
    local span, low, high = range(ratios, "%.2f")
    local theory, why = M.backward_ratio(own[1])
    local off = theory and not (low >= theory / 1.4 and high <= theory * 1.4)
    any = any or off
    out[#out + 1] = say("{impl}: backward takes {ratio} times as long as forward{theory}{off}", { impl = impl, ratio = span,
      theory = theory and say(", by the count of matrix products {ratio:%.3g} ({why})", { ratio = theory, why = why }) or "",
      off = flag(off) })
  end
  if any and gpu.is(rows[1].device) then
    out[#out + 1] = on_gpu.BACKWARD
  elseif any then
    out[#out + 1] = say("DEVIATES: by more than 40 %. The forward pass has an exponential and two sums a score beside its "
      .. "products, the backward pass more products for each of them: products count alone where they rule")
  end
  return out
end

--- Largest differences from the f64 standard implementation.
function M.accuracy(rows)
  local out = {}
  for _, impl in ipairs(rows_of.distinct(fine(rows), "impl")) do
    local own = rows_of.where(fine(rows), { impl = impl })
    out[#out + 1] = say("{impl} in {dtype}: largest error of an output {output}, of a gradient {gradient}", { impl = impl,
      dtype = own[1].dtype, output = range(rows_of.column(own, "max_abs_err"), "%.1e"),
      gradient = range(rows_of.column(own, "grad_max_abs_err"), "%.1e") })
  end
  return out
end

-- One pass of a peer beside the best of ours.
local function beside_peer(peer, ours, flash, pass)
  local metric, best, factors = pass .. "_s", ours[1], {}
  for _, r in ipairs(ours) do if r[metric] < best[metric] then best = r end end
  for k, r in ipairs(flash) do factors[k] = peer[metric] / r[metric] end
  local factor = peer[metric] / best[metric]
  local what = { pass = M.PASS[pass], peer = text.duration(peer[metric]), best = best.contestant,
    times = factor > 1 and factor or 1 / factor, time = text.duration(best[metric]),
    flash = #flash > 1 and say(", flash at all tiles {times} times as fast", { times = range(factors, "%.2f") }) or "" }
  return factor > 1 and say("{pass} {peer}, {best} {times:%.2f} times faster ({time}){flash}", what)
    or say("{pass} {peer}, {best} {times:%.2f} times slower ({time}){flash}", what)
end

--- Ours beside each peer: the best tiles, all tiles of flash (the best of many noisy medians flatters), and memory.
function M.peers(rows)
  local out = {}
  for _, peer in ipairs(rows_of.where(fine(rows), is_peer)) do
    local ours = rows_of.where(fine(rows), function(r) return r.n == peer.n and not is_peer(r) end)
    local flash, parts = rows_of.where(ours, { impl = "flash" }), {}
    for i, pass in ipairs(#ours > 0 and PASSES or {}) do parts[i] = beside_peer(peer, ours, flash, pass) end
    if peer.rss_forward_bytes and peer.rss_backward_bytes then
      parts[#parts + 1] = say("it adds {forward} forward and {backward} backward to the resident set{flash}", {
        forward = text.bytes(peer.rss_forward_bytes), backward = text.bytes(peer.rss_backward_bytes), flash = flash[1]
        and say(", {flash} takes {forward} and {backward}, results included", { flash = flash[1].contestant,
          forward = text.bytes(flash[1].peak_forward_bytes), backward = text.bytes(flash[1].peak_backward_bytes) }) or "" })
    end
    out[#out + 1] = say("n = {n}, {peer}: {parts}", { n = peer.n, peer = peer.impl, parts = say.list(parts, "; ") })
  end
  return out
end

local function failures(rows) return findings.failures(rows, "contestant") end

--- All of it, for the sweep.
---@param rows table[]
---@return table[]  {{title, lines}, ...}
function M.sweep(rows)
  return findings.sections(rows, { { say"Who is fastest", M.winners }, { say"Memory", M.memory },
    { say"Best tiles", M.tiles }, { say"How time grows", M.growth }, { say"Backward and forward", M.backward },
    { say"Accuracy", M.accuracy }, { say"Beside PyTorch", M.peers }, { say"Failures", failures } })
end

return M
