--- What the rows of task1_poisson show, in sentences computed from the rows; what departs from theory is flagged.
---@internal of the experiments of task 1
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local text = require "numlab.text"

local M = {}

--- How far a measured rate may be off its radius, a count off its prediction (relative), an exponent and a damping off
--- theory's, before it is flagged: theory is for h -> 0.
M.RATE, M.COUNT, M.EXPONENT, M.SYMBOL = 0.02, 0.1, 0.25, 0.01

local range, flag = rows_of.range, findings.flag

local function fine(rows) return rows_of.where(rows, { code = "OK" }) end

-- The rows of each dimension's finest grid, and those by method.
local function finest(rows)
  local out = {}
  for i, group in ipairs(rows_of.group(fine(rows), { "dim" })) do
    local points, by = math.max(table.unpack(rows_of.column(group.rows, "points"))), {}
    local own = rows_of.where(group.rows, { points = points })
    for _, r in ipairs(own) do by[r.method] = r end
    out[i] = { dim = group.key.dim, points = points, rows = own, by = by }
  end
  return out
end

--- The last sweeps against the spectral radius, counts against what it predicts.
function M.rates(rows)
  local out = {}
  local sharp = rows_of.where(fine(rows), function(r)
    return r.rate and not r.is_bound and r.exponent > 0 and r.iterations >= 50
  end)
  for _, group in ipairs(rows_of.group(sharp, { "method" })) do
    local worst, counts = 0, {}
    for i, r in ipairs(group.rows) do
      worst = math.max(worst, math.abs(r.rate / r.predicted_rate - 1))
      counts[i] = r.iterations / r.predicted_iterations
    end
    local ratios, low, high = range(counts, "%.3f")
    out[#out + 1] = say("{method}: spectral radii {radii} in {count} cases; what the last sweeps leave of the residual is "
      .. "theory's rate to within {worst:%.2g} %{off}; the sweeps needed are {ratios} of those predicted{far}", {
      method = group.key.method, radii = range(rows_of.column(group.rows, "radius"), "%.4f"), count = #group.rows,
      worst = 100 * worst, ratios = ratios,
      off = flag(not (worst <= M.RATE), say("more than {limit} %{why}", { limit = 100 * M.RATE,
        why = group.key.method == "sor" and say": with the best omega all modes have that rate, so none soon rules" or "" })),
      far = flag(not (low >= 1 - M.COUNT and high <= 1 + M.COUNT), say("more than {limit} %", { limit = 100 * M.COUNT })) })
  end
  return out
end

--- Bounds, of the error for every right-hand side (cg) or of the radius: none may be broken; how near the counts come.
function M.bounds(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(fine(rows), { is_bound = true }), { "method" })) do
    local shares, over = {}, 0
    for i, r in ipairs(group.rows) do
      shares[i] = r.iterations / r.predicted_iterations
      if not (r.iterations <= r.predicted_iterations) then over = over + 1 end
    end
    local kappa = group.rows[1].kappa and range(rows_of.column(group.rows, "kappa"), "%.4g")
    out[#out + 1] = say("{method}{kappa}: {shares} of the iterations that the bound allows{off}", {
      method = group.key.method, kappa = kappa and say(" (condition at most {kappa})", { kappa = kappa }) or "",
      shares = range(shares, "%.2f"), off = flag(over > 0, say("{over} counts are above it", { over = over })) })
  end
  return out
end

--- The power of 1/h by which the iterations grow between the two finest grids.
---@return number? exponent  nil below two grids
function M.exponent(rows)
  local coarse, last = rows[#rows - 1], rows[#rows]
  if not coarse then return nil end
  return math.log(last.iterations / coarse.iterations) / math.log((last.points + 1) / (coarse.points + 1))
end

--- Exponents beside theory's.
function M.growth(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(fine(rows), { "method" })) do
    local parts, off, theory = {}, {}, group.rows[1].exponent
    for _, by in ipairs(rows_of.group(group.rows, { "dim" })) do
      local p = M.exponent(by.rows)
      if p then
        parts[#parts + 1] = say("{p:%.2f} in {dim}-d", { p = p, dim = by.key.dim })
        if not (math.abs(p - theory) <= M.EXPONENT) then off[#off + 1] = say("{dim}-d", { dim = by.key.dim }) end
      end
    end
    if #parts > 0 then
      out[#out + 1] = say("{method}: iterations grow as (1/h)^p between the two finest grids with p = {parts}; theory for "
        .. "small h: {theory}{off}", { method = group.key.method, parts = say.list(parts), theory = theory,
        off = flag(#off > 0, say("by more than {limit} in {where}", { limit = M.EXPONENT, where = say.list(off) })) })
    end
  end
  return out
end

-- What is saved -> who saves it on whom; theory's factor is the ratio of the logarithms of the radii.
local SAVINGS = {
  { "gauss_seidel", "jacobi", say"the newest values at once (gauss_seidel for jacobi)" },
  { "sor", "gauss_seidel", say"over-relaxation (sor for gauss_seidel)" },
  { "cg gauss_seidel", "cg", say"a symmetric Gauss-Seidel sweep as preconditioner of cg" },
  { "cg ssor", "cg", say"SSOR with its best omega as preconditioner of cg" },
}

--- What each idea saves on the finest grid of each dimension, beside what theory says.
function M.savings(rows)
  local out = {}
  for _, grid in ipairs(finest(rows)) do
    local parts = {}
    for _, saving in ipairs(SAVINGS) do
      local less, more = grid.by[saving[1]], grid.by[saving[2]]
      if less and more then
        parts[#parts + 1] = say("{idea} {times:%.3g} times (the radii say {theory:%.3g})", { idea = saving[3],
          times = more.iterations / less.iterations, theory = math.log(less.radius) / math.log(more.radius) })
      end
    end
    if #parts > 0 then
      out[#out + 1] = say("{dim}-d, {points} points a side, fewer iterations by {parts}", { dim = grid.dim,
        points = grid.points, parts = say.list(parts, "; ") })
    end
  end
  return out
end

--- What one sweep leaves of the worst wave of each frequency, beside its symbol, and the smoothing factor.
---@param waves table[]  rows of smoothing.row
function M.smoothing(waves)
  local out = {}
  for _, group in ipairs(rows_of.group(waves, { "dim", "smoother" })) do
    local worst, high, low, mu = 0, 0, 0, group.rows[1].factor
    for _, r in ipairs(group.rows) do
      worst = math.max(worst, math.abs(r.damping - r.predicted_damping))
      if r.theta >= math.pi / 2 then high = math.max(high, r.damping) else low = math.max(low, r.damping) end
    end
    out[#out + 1] = say("{smoother} in {dim}-d: one sweep leaves at most {high:%.3f} of a wave that the coarse grid cannot see "
      .. "(theory's smoothing factor: {mu:%.3f}) and up to {low:%.3f} of the others; measured and symbol differ by at most "
      .. "{worst:%.1e}{off}", { smoother = group.key.smoother, dim = group.key.dim, high = high, mu = mu, low = low,
      worst = worst, off = flag(not (worst <= M.SYMBOL and math.abs(high - mu) <= M.SYMBOL),
        say("by more than {limit}", { limit = M.SYMBOL })) })
  end
  return out
end

--- Cycles that do not grow, and the factor of one beside that of its smoothing.
function M.multigrid(rows)
  local out = {}
  local cycles = rows_of.where(fine(rows), function(r) return r.exponent == 0 and r.rate end)
  for _, group in ipairs(rows_of.group(cycles, { "method", "dim" })) do
    local rates, _, high = range(rows_of.column(group.rows, "rate"), "%.3f")
    local theory = group.rows[1].radius
    out[#out + 1] = say("{method} in {dim}-d: {cycles} cycles from {first} to {last} points a side, each leaves {rates} of the "
      .. "residual; smoothing alone, with an ideal coarse grid, would leave mu^2 = {theory:%.3f}{off}", {
      method = group.key.method, dim = group.key.dim, cycles = range(rows_of.column(group.rows, "iterations"), "%d"),
      first = group.rows[1].points, last = group.rows[#group.rows].points, rates = rates, theory = theory,
      off = flag(not (high <= theory * 1.1), say"the cycle is slower than its smoother") })
  end
  return out
end

--- Who is fastest on the finest grids.
function M.winners(rows)
  local out = {}
  for _, grid in ipairs(finest(rows)) do
    local won, slow = rows_of.winners(grid.rows, { "n" })[1], grid.by.gauss_seidel
    if won.winner == "gauss_seidel" then slow = nil end
    out[#out + 1] = say("{dim}-d, {n} unknowns: {winner} in {seconds}{next}{alone}", { dim = grid.dim, n = won.n,
      winner = won.winner, seconds = text.duration(won.best),
      next = won.second and say(", {factor:%.1f} times faster than {second}", { factor = won.factor, second = won.second }) or "",
      alone = slow and say("; gauss_seidel alone takes {times:%.0f} times as long", { times = slow.seconds / won.best }) or "" })
  end
  return out
end

--- All of it.
---@param rows table[]
---@param waves table[]
---@return table[]  {{title, lines}, ...}
function M.sections(rows, waves)
  return findings.sections(rows, { { say"Rates and the spectral radius", M.rates }, { say"Bounds", M.bounds },
    { say"How iterations grow", M.growth }, { say"What each idea saves", M.savings },
    { say"What smoothers damp", function() return M.smoothing(waves) end }, { say"Multigrid", M.multigrid },
    { say"Who is fastest", M.winners }, { say"Failures", findings.failures } })
end

return M
