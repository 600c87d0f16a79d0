--- What the rows of task 2 show, in sentences computed from the rows; what departs from theory is flagged.
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local stats = require "numlab.stats"
local text = require "numlab.text"

local M = {}

local flag, range = findings.flag, rows_of.range
local PASSES = { "forward", "backward" }
local OWN = { "standard", "tiled", "flash" }

--- As people call a pass.
M.PASS = { forward = say"forward", backward = say"backward" }

--- Powers of n: what grows of the memory beside operands and results (flash keeps one number a row, D, in its backward
--- pass), and time.
M.MEMORY_EXPONENT = { forward = { standard = 2, tiled = 1, flash = 0 }, backward = { standard = 2, tiled = 1, flash = 1 } }
M.TIME_EXPONENT = 2

--- Products of matrices, backward over forward: standard keeps P (4 to 2), the others make it again (5 to 2); flash takes
--- 7 where it goes over the tiles twice, once for dK and dV, once for dQ: 16-bit types, or fewer than 8 heads in all.
---@return number? ratio, table? why  said
function M.backward_ratio(row)
  if row.impl == "standard" then return 2, say"P was kept" end
  if row.impl == "tiled" then return 2.5, say"P is made again from S and lse" end
  if row.impl ~= "flash" then return nil end
  local one_pass = (row.dtype == "f64" or row.dtype == "f32") and row.batch * row.heads >= 8
  if one_pass then return 2.5, say"P is made again from S and lse" end
  return 3.5, say"P is made again, twice"
end

local function fine(rows) return rows_of.where(rows, { code = "OK" }) end
local function tiles(row) return row.q_tile and ("%dx%d"):format(row.q_tile, row.k_tile) or say"whole" end

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
        others[i - 1] = say("{impl} ({tiles}) takes {times:%.2f} times as long", { impl = ranked[i].impl,
          tiles = tiles(ranked[i]), times = ranked[i][metric] / ranked[1][metric] })
      end
      out[#out + 1] = say("n = {n}, {pass}: {impl} ({tiles}) in {time}, {rate:%.3g} GFLOP/s{others}", { n = group.key.n,
        pass = M.PASS[pass], impl = ranked[1].impl, tiles = tiles(ranked[1]), time = text.duration(ranked[1][metric]),
        rate = M.flops(ranked[1], pass) / ranked[1][metric] / 1e9,
        others = #others > 0 and say("; {others}", { others = say.list(others) }) or "" })
    end
  end
  return out
end

--- The power of n that a column follows for one implementation at one pair of tiles; nil below two sizes.
function M.exponent(rows, column)
  local known = rows_of.where(rows, function(r) return (r[column] or 0) > 0 end)
  if #rows_of.distinct(known, "n") < 2 then return nil end
  return stats.power_fit(rows_of.column(known, "n"), rows_of.column(known, column)).exponent
end

--- The power of n by which a column grows beside what is constant in it; nil below three sizes.
function M.growing(rows, column)
  local known = rows_of.where(rows, function(r) return (r[column] or 0) > 0 end)
  if #rows_of.distinct(known, "n") < 3 then return nil end
  return stats.growth_exponent(rows_of.column(known, "n"), rows_of.column(known, column))
end

-- Over all tiles of an implementation, `fit` of a column.
local function exponents(rows, impl, column, fit)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(fine(rows), { impl = impl }), { "contestant" })) do
    out[#out + 1] = fit(group.rows, column)
  end
  return out
end

--- Time as a power of n, all tiles, theory's exponent beside it.
function M.growth(rows)
  local out, any = {}, false
  for _, impl in ipairs(rows_of.distinct(fine(rows), "impl")) do
    local forward, low, high = range(exponents(rows, impl, "forward_s", M.exponent), "%.2f")
    local backward, low_back, high_back = range(exponents(rows, impl, "backward_s", M.exponent), "%.2f")
    if low <= high then
      local off = math.max(math.abs(low - 2), math.abs(high - 2), math.abs(low_back - 2), math.abs(high_back - 2))
      any = any or not (off <= 0.25)
      out[#out + 1] = say("{impl}: forward ~ n^p with p = {forward}, backward p = {backward}, theory {theory}{off}", {
        impl = impl, forward = forward, backward = backward, theory = M.TIME_EXPONENT, off = flag(not (off <= 0.25)) })
    end
  end
  if any then
    out[#out + 1] = say("DEVIATES: by more than 0.25. Less than 2: what does not grow with n^2 (starting, packing, results) "
      .. "counts at small n; more: matrices leave the caches between the sizes")
  end
  return out
end

local function at_largest(rows, impl, column)
  local own, most = rows_of.where(fine(rows), { impl = impl }), nil
  for _, r in ipairs(own) do
    if r[column] and (not most or r.n > most.n) then most = r end -- the first pair of tiles of the largest size
  end
  return most
end

--- Memory beside operands and results: exponents beside theory's, measured beside predicted, what each step saves.
function M.memory(rows)
  local out, used = {}, {}
  for _, impl in ipairs(OWN) do
    local own = rows_of.where(fine(rows), { impl = impl })
    for _, pass in ipairs(PASSES) do
      local column, ratios = pass .. "_extra_bytes", {}
      local fitted, low, high = range(exponents(own, impl, column, M.growing), "%.2f")
      local theory = M.MEMORY_EXPONENT[pass][impl]
      for i, r in ipairs(own) do ratios[i] = (r[column] or 0 / 0) / (r["predicted_" .. column] or 0 / 0) end
      local span, least, most = range(ratios, "%.3f")
      if least <= most then
        local known = low <= high
        out[#out + 1] = say("{impl}, {pass}: beside operands and results, measured over predicted bytes {ratios}{off}{growth}", {
          impl = impl, pass = M.PASS[pass], ratios = span,
          off = flag(not (least >= 0.95 and most <= 1.05), say"by more than 5 %"),
          growth = known and say("; what grows of them grows as n^p, p = {fitted}, theory {theory}{off}", { fitted = fitted,
            theory = theory, off = flag(not (low >= theory - 0.05 and high <= theory + 0.05),
              say"by more than 0.05: at small n what a matrix product packs counts too") }) or "" })
      end
    end
    used[impl] = at_largest(rows, impl, "forward_extra_bytes")
  end
  local s, t, f = used.standard, used.tiled, used.flash
  local function saving(before, after)
    local times = before.forward_extra_bytes / after.forward_extra_bytes
    return { n = after.n, tiles = tiles(after), bytes = text.bytes(after.forward_extra_bytes),
      before = text.bytes(before.forward_extra_bytes), times = times, off = flag(not (times > 1)) }
  end
  if s and t then
    out[#out + 1] = say("tiling at n = {n} (tiles {tiles}): {bytes} in place of {before}, {times:%.0f} times less, because a "
      .. "tile of queries keeps its own score rows alone{off}", saving(s, t))
  end
  if t and f then
    out[#out + 1] = say("online softmax at n = {n} (tiles {tiles}): {bytes} in place of {before}, another {times:%.1f} times "
      .. "less, because a score tile is used up before the next one is made{off}", saving(t, f))
  end
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
      theory = theory and say(", by the count of matrix products {ratio} ({why})", { ratio = theory, why = why }) or "",
      off = flag(off) })
  end
  if any then
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
