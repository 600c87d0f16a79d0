--- What the rows of task 1 show, in sentences computed from the rows; what departs from theory is flagged. Sentences
--- are those of numlab.say: tostring, or say.read for another language.
---@internal of the experiments of task 1
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local stats = require "numlab.stats"
local text = require "numlab.text"

local M = {}

local range = rows_of.range

--- " - DEVIATES" behind a sentence whose numbers are not those of theory.
---@param off any  whether they are not
---@param why any  what is known of it: said, or nil
function M.flag(off, why)
  if not off then return "" end
  return why and say(" - DEVIATES: {why}", { why = why }) or say" - DEVIATES"
end
local flag = M.flag

--- As people call the signs of the entries off the diagonal.
M.SIGNS = { mixed = say"mixed", positive = say"positive", negative = say"negative" }

--- Who is fastest where: a line a size and sign, densities with the same winner together.
function M.winners(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { "n", "sign" })) do
    local parts = {}
    for _, won in ipairs(rows_of.group(rows_of.winners(group.rows, { "density" }), { "winner" })) do
      local factors, low, high = range(rows_of.column(won.rows, "factor"), "%.1f")
      parts[#parts + 1] = say("{winner} at density {densities}{factor}", { winner = won.key.winner,
        densities = say.list(rows_of.column(won.rows, "density")),
        factor = low > high and "" or say(" ({factors} times faster than the next)", { factors = factors }) })
    end
    out[#out + 1] = say("n = {n}, signs {sign}: {parts}", { n = group.key.n, sign = M.SIGNS[group.key.sign],
      parts = say.list(parts, "; ") })
  end
  return out
end

--- Time as a power of n at each density and sign, theory's exponent beside it.
function M.growth(rows)
  local out = {}
  local theory = { gauss = 3, lu = 3, lapack = 3, gauss_seidel = 2 }
  for _, method in ipairs(rows_of.distinct(rows, "method")) do
    local exponents = {}
    local own = rows_of.where(rows, { method = method, code = "OK" })
    for _, group in ipairs(rows_of.group(own, { "density", "sign" })) do
      local timed = rows_of.where(group.rows, function(r) return (r.seconds or 0) > 0 end)
      if #rows_of.distinct(timed, "n") >= 2 then
        exponents[#exponents + 1] = stats.power_fit(rows_of.column(timed, "n"), rows_of.column(timed, "seconds")).exponent
      end
    end
    if #exponents > 0 then
      local span, low, high = range(exponents, "%.2f")
      local expected = theory[method]
      out[#out + 1] = say("{method}: time ~ n^p with p = {span} over the densities and signs{theory}{off}", {
        method = method, span = span, theory = expected and say(", theory for large n: {p}", { p = expected }) or "",
        off = flag(expected and (low < expected - 0.5 or high > expected + 0.5),
          say"at small n set-up, caches and threads count, not arithmetic alone") })
    end
  end
  local each = {}
  for _, r in ipairs(rows_of.where(rows, { method = "gauss_seidel", code = "OK" })) do
    if r.iterations > 0 then each[#each + 1] = r.seconds / r.iterations / r.nnz * 1e9 end
  end
  if #each > 0 then
    out[#out + 1] = say("a Gauss-Seidel sweep costs {ns} ns an entry of A (theory: one price for large cases, where a sweep "
      .. "reads A once)", { ns = range(each, "%.2g") })
  end
  return out
end

--- Sweeps and rates measured against those the spectral radius predicts.
function M.iterations(rows)
  local out, all = {}, rows_of.where(rows, { method = "gauss_seidel" })
  local known = rows_of.where(all, function(r) return r.iterations and r.predicted_iterations end)
  for _, group in ipairs(rows_of.group(known, { "sign" })) do
    local ratios, off, shares = {}, {}, {}
    for i, r in ipairs(group.rows) do
      ratios[i] = r.iterations / r.predicted_iterations
      if not (ratios[i] > 0.75 and ratios[i] < 1.25) and math.abs(r.iterations - r.predicted_iterations) > 3 then
        off[#off + 1], shares[#shares + 1] = ratios[i], r.relative_residual / r.radius ^ r.iterations
      end
    end
    out[#out + 1] = say("signs {sign}: {sweeps} sweeps, spectral radius {radius}; measured over predicted {ratios}", {
      sign = M.SIGNS[group.key.sign], sweeps = range(rows_of.column(group.rows, "iterations")),
      radius = range(rows_of.column(group.rows, "radius"), "%.4f"), ratios = range(ratios, "%.2f") })
    if #off > 0 then
      out[#out + 1] = say("DEVIATES: {off} of these {all} cases by more than 25 % and 3 sweeps ({ratios} of the prediction). "
        .. "The prediction lets the slowest mode start at the size of b; traced back along the radius it starts at {shares} "
        .. "of it", { off = #off, all = #group.rows, ratios = range(off, "%.2f"), shares = range(shares, "%.1e") })
    end
  end
  local rated, worst = rows_of.where(all, function(r) return r.rate and r.radius end), 0
  for _, r in ipairs(rated) do worst = math.max(worst, math.abs(r.rate / r.radius - 1)) end
  if #rated > 0 then
    out[#out + 1] = say("rate: in all {count} cases of 50 sweeps and more, the last 20 sweeps shrink the residual by the "
      .. "spectral radius to within {worst:%.2g} %{off}", { count = #rated, worst = 100 * worst,
      off = flag(worst > 0.02, say"beyond 2 %") })
  end
  local mixed, negative = rows_of.where(known, { sign = "mixed" }), rows_of.where(known, { sign = "negative" })
  if #mixed > 0 and #negative > 0 then
    local function middle(list) return stats.median(rows_of.column(list, "iterations")) end
    out[#out + 1] = say("the same dominance, other signs: negative entries need {times:%.0f} times the sweeps of mixed ones "
      .. "(medians). With one sign the errors of all unknowns add up, with mixed signs they cancel: dominance bounds the "
      .. "rate, the signs set it", { times = middle(negative) / middle(mixed) })
  end
  return out
end

-- a's time over b's, as a says it of itself.
local function beside(factor, other)
  if factor > 0.95 and factor < 1.05 then return say("as fast as {other}", { other = other }) end
  if factor > 1 then return say("{times:%.1f} times faster than {other}", { times = factor, other = other }) end
  return say("{times:%.1f} times slower than {other}", { times = 1 / factor, other = other })
end

--- Where sparse elimination beats dense, and what fill costs it.
function M.sparsity(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { "n", "density" })) do
    local sparse, dense = rows_of.where(group.rows, { method = "csparse" }), {}
    for _, method in ipairs({ "lapack", "lu", "gauss" }) do
      dense = #dense > 0 and dense or rows_of.where(group.rows, { method = method })
    end
    if #sparse > 0 and #dense > 0 then
      local factor = stats.median(rows_of.column(dense, "seconds")) / stats.median(rows_of.column(sparse, "seconds"))
      local fill = sparse[1].nnz_factor or 0 / 0
      out[#out + 1] = say("n = {n}, density {density}: csparse is {beside}; its factor holds {fill} entries, {times:%.1f} "
        .. "times those of A and {share:%.0f} % of a full matrix", { n = group.key.n, density = group.key.density,
        beside = beside(factor, dense[1].method), fill = fill, times = fill / sparse[1].nnz,
        share = 100 * fill / group.key.n ^ 2 })
    end
  end
  return out
end

--- Errors beside what rounding theory allows.
function M.accuracy(rows)
  local out, eps = {}, 2.0 ^ -53
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { "method" })) do
    local hpl, bound = 0, 0
    for _, r in ipairs(group.rows) do
      hpl = math.max(hpl, (r.backward_error or 0) / (2 * eps * r.n))
      if r.error_bound and r.error_bound == r.error_bound then bound = math.max(bound, r.error_bound) end
    end
    local iterative = rows_of.where(group.rows, function(r) return r.iterations and r.iterations > 0 end)
    out[#out + 1] = say("{method}: relative error {error}, relative residual {residual}{kind}{bound}", {
      method = group.key.method, error = range(rows_of.column(group.rows, "rel_error"), "%.1e"),
      residual = range(rows_of.column(group.rows, "relative_residual"), "%.1e"),
      kind = #iterative > 0 and say" (it stops at its tolerance, not at rounding)"
        or say(", backward error at most {hpl:%.2g} n eps (a sound direct solver stays below 16){off}", { hpl = hpl,
          off = flag(not (hpl < 16)) }),
      bound = bound > 0 and say("; rigorous bound of the error at most {bound:%.1e}", { bound = bound }) or "" })
  end
  return out
end

--- Room beside theory's: n^2 numbers for a dense factor, the sparse factor, or a few vectors.
function M.memory(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { "method" })) do
    local largest = group.rows[1]
    for _, r in ipairs(group.rows) do if (r.peak_bytes or 0) > largest.peak_bytes then largest = r end end
    if largest.peak_bytes then
      local times = largest.peak_bytes / largest.predicted_bytes
      out[#out + 1] = say("{method}: at most {bytes} (n = {n}, density {density}), {times:%.2f} times theory's {theory}{not_all}",
        { method = group.key.method, bytes = text.bytes(largest.peak_bytes), n = largest.n, density = largest.density,
          times = times, theory = text.bytes(largest.predicted_bytes),
          not_all = times < 0.5 and say" (what the borrowed library takes by itself is not counted)" or "" })
    end
  end
  return out
end

--- Points without a result, and why.
---@param contestant string?  the column that names who failed, "method"
function M.failures(rows, contestant)
  local out = {}
  contestant = contestant or "method"
  local failed = rows_of.where(rows, function(r) return r.code ~= "OK" end)
  for _, group in ipairs(rows_of.group(failed, { contestant, "code" })) do
    local what = { who = group.key[contestant], code = group.key.code,
      message = group.rows[1].message or say"no message" }
    if #group.rows == 1 then
      out[#out + 1] = say("{who}: 1 point ends with {code}, {message}", what)
    else
      what.count = #group.rows
      out[#out + 1] = say("{who}: {count} points end with {code}, the first so: {message}", what)
    end
  end
  return out
end

--- Sections of a page from functions that make lines of rows; those without a line are left out.
---@param rows table[]
---@param list table[]  {{title, function}, ...}
---@return table[]  {{title, lines}, ...}
function M.sections(rows, list)
  local out = {}
  for _, section in ipairs(list) do
    local lines = section[2](rows)
    if #lines > 0 then out[#out + 1] = { section[1], lines } end
  end
  return out
end

--- All of it, for the sweep.
---@param rows table[]
---@return table[]  {{title, lines}, ...}
function M.sweep(rows)
  return M.sections(rows, { { say"Who is fastest", M.winners }, { say"How time grows", M.growth },
    { say"Iterations and dominance", M.iterations }, { say"Sparse against dense", M.sparsity },
    { say"Accuracy", M.accuracy }, { say"Memory", M.memory }, { say"Failures", M.failures } })
end

return M
