--- What the rows of task 1 show, in sentences computed from the rows; what departs from theory is flagged.
local rows_of = require "numlab.rows"
local stats = require "numlab.stats"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

local function add(out, format, ...) out[#out + 1] = format:format(...) end

local range = rows_of.range

--- Who is fastest where: a line a size and sign, densities with the same winner together.
function M.winners(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { "n", "sign" })) do
    local parts = {}
    for _, won in ipairs(rows_of.group(rows_of.winners(group.rows, { "density" }), { "winner" })) do
      local densities = {}
      for i, w in ipairs(won.rows) do densities[i] = ("%g"):format(w.density) end
      local factors = range(rows_of.column(won.rows, "factor"), "%.1f")
      parts[#parts + 1] = ("%s at density %s%s"):format(won.key.winner, table.concat(densities, ", "),
        factors == "none" and "" or (" (%s times faster than the next)"):format(factors))
    end
    add(out, "n = %d, signs %s: %s", group.key.n, group.key.sign, table.concat(parts, "; "))
  end
  return out
end

--- Time as a power of n at each density and sign, theory's exponent beside it.
function M.growth(rows)
  local out = {}
  local theory = { gauss = 3, lu = 3, lapack = 3, gauss_seidel = 2 }
  for _, method in ipairs(rows_of.distinct(rows, "method")) do
    local exponents, errors = {}, {}
    local own = rows_of.where(rows, { method = method, code = "OK" })
    for _, group in ipairs(rows_of.group(own, { "density", "sign" })) do
      local timed = rows_of.where(group.rows, function(r) return (r.seconds or 0) > 0 end)
      if #rows_of.distinct(timed, "n") >= 2 then
        local fit = stats.power_fit(rows_of.column(timed, "n"), rows_of.column(timed, "seconds"))
        exponents[#exponents + 1], errors[#errors + 1] = fit.exponent, fit.exponent_error
      end
    end
    if #exponents > 0 then
      local span, low, high = range(exponents, "%.2f")
      local expected = theory[method]
      add(out, "%s: time ~ n^p with p = %s over the densities and signs%s%s", method, span,
        expected and (", theory for large n: %d"):format(expected) or "",
        expected and (low < expected - 0.5 or high > expected + 0.5)
          and " (DEVIATES: at small n set-up, caches and threads count, not arithmetic alone)" or "")
    end
  end
  local each = {}
  for _, r in ipairs(rows_of.where(rows, { method = "gauss_seidel", code = "OK" })) do
    if r.iterations > 0 then each[#each + 1] = r.seconds / r.iterations / r.nnz * 1e9 end
  end
  if #each > 0 then
    add(out, "a Gauss-Seidel sweep costs %s ns an entry of A (theory: one price for large cases, where a sweep "
      .. "reads A once)", (range(each, "%.2g")))
  end
  return out
end

local function off_ratios(rows)
  local out = {}
  for i, r in ipairs(rows) do out[i] = r.iterations / r.predicted_iterations end
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
        off[#off + 1], shares[#shares + 1] = r, r.relative_residual / r.radius ^ r.iterations
      end
    end
    add(out, "signs %s: %s sweeps, spectral radius %s; measured over predicted %s", group.key.sign,
      range(rows_of.column(group.rows, "iterations")), range(rows_of.column(group.rows, "radius"), "%.4f"),
      range(ratios, "%.2f"))
    if #off > 0 then
      add(out, "DEVIATES: %d of these %d cases by more than 25 %% and 3 sweeps (%s of the prediction). The prediction "
        .. "lets the slowest mode start at the size of b; traced back along the radius it starts at %s of it", #off,
        #group.rows, range(off_ratios(off), "%.2f"), range(shares, "%.1e"))
    end
  end
  local rated, worst = rows_of.where(all, function(r) return r.rate and r.radius end), 0
  for _, r in ipairs(rated) do worst = math.max(worst, math.abs(r.rate / r.radius - 1)) end
  if #rated > 0 then
    add(out, "rate: in all %d cases of 50 sweeps and more, the last 20 sweeps shrink the residual by the spectral "
      .. "radius to within %.2g %%%s", #rated, 100 * worst, worst > 0.02 and " - DEVIATES: beyond 2 %" or "")
  end
  local mixed, negative = rows_of.where(known, { sign = "mixed" }), rows_of.where(known, { sign = "negative" })
  if #mixed > 0 and #negative > 0 then
    local function middle(list) return stats.median(rows_of.column(list, "iterations")) end
    add(out, "the same dominance, other signs: negative entries need %.0f times the sweeps of mixed ones (medians). "
      .. "With one sign the errors of all unknowns add up, with mixed signs they cancel: dominance bounds the rate, "
      .. "the signs set it", middle(negative) / middle(mixed))
  end
  return out
end

local function compare(factor)
  if factor > 0.95 and factor < 1.05 then return "as fast as" end
  return ("%.1f times %s than"):format(factor > 1 and factor or 1 / factor, factor > 1 and "faster" or "slower")
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
      local nnz, fill = sparse[1].nnz, sparse[1].nnz_factor
      add(out, "n = %d, density %g: csparse is %s %s; its factor holds %s entries, %.1f times those "
        .. "of A and %.0f %% of a full matrix", group.key.n, group.key.density, compare(factor), dense[1].method,
        tables.cell(fill or 0 / 0), (fill or 0 / 0) / nnz,
        100 * (fill or 0 / 0) / group.key.n ^ 2)
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
    add(out, "%s: relative error %s, relative residual %s%s%s", group.key.method,
      range(rows_of.column(group.rows, "rel_error"), "%.1e"),
      range(rows_of.column(group.rows, "relative_residual"), "%.1e"),
      #iterative > 0 and " (it stops at its tolerance, not at rounding)"
        or (", backward error at most %.2g n eps (a sound direct solver stays below 16%s)"):format(hpl,
          hpl < 16 and "" or ": DEVIATES"),
      bound > 0 and ("; rigorous bound of the error at most %.1e"):format(bound) or "")
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
      add(out, "%s: at most %s (n = %d, density %g), %.2f times theory's %s%s", group.key.method,
        text.bytes(largest.peak_bytes), largest.n, largest.density, times, text.bytes(largest.predicted_bytes),
        times < 0.5 and " (what the borrowed library takes by itself is not counted)" or "")
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
    add(out, "%s: %d point%s with %s, %s%s", group.key[contestant], #group.rows, #group.rows == 1 and " ends" or "s end",
      group.key.code, #group.rows == 1 and "" or "the first so: ",
      group.rows[1].message or "no message")
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
  return M.sections(rows, { { "Who is fastest", M.winners }, { "How time grows", M.growth },
    { "Iterations and dominance", M.iterations }, { "Sparse against dense", M.sparsity },
    { "Accuracy", M.accuracy }, { "Memory", M.memory }, { "Failures", M.failures } })
end

return M
