--- What the rows of task 1 show, in sentences computed from the rows; what departs from theory is flagged.
local rows_of = require "numlab.rows"
local stats = require "numlab.stats"
local tables = require "numlab.table"
local text = require "numlab.text"

local M = {}

local function add(out, format, ...) out[#out + 1] = format:format(...) end

local function range(list, format)
  local low, high = math.huge, -math.huge
  for _, v in ipairs(list) do
    if v == v then low, high = math.min(low, v), math.max(high, v) end
  end
  local function show(v) return format and format:format(v) or tables.cell(v) end
  if low > high then return "none" end
  return show(low) == show(high) and show(low) or show(low) .. " to " .. show(high), low, high
end

--- Who is fastest where: one line a size and sign, densities with the same winner together.
function M.winners(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "OK" }), { "n", "sign" })) do
    local parts = {}
    for _, w in ipairs(rows_of.winners(group.rows, { "density" })) do
      parts[#parts + 1] = ("density %g: %s (%s%s)"):format(w.density, w.winner, text.duration(w.best),
        w.factor and (", %.1f times faster than %s"):format(w.factor, w.second) or "")
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

--- Sweeps measured against sweeps predicted from the spectral radius.
function M.iterations(rows)
  local out, off = {}, {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { method = "gauss_seidel" }), { "sign" })) do
    local ratios = {}
    for i, r in ipairs(group.rows) do
      ratios[i] = (r.iterations or 0 / 0) / (r.predicted_iterations or 0 / 0)
      if not (ratios[i] > 0.7 and ratios[i] < 1.3) and math.abs(r.iterations - r.predicted_iterations) > 3 then
        off[#off + 1] = ("n = %d, density %g, %s: %d sweeps, predicted %s"):format(r.n, r.density, r.sign, r.iterations,
          tables.cell(r.predicted_iterations))
      end
    end
    add(out, "signs %s: %s sweeps, spectral radius %s; measured over predicted %s", group.key.sign,
      range(rows_of.column(group.rows, "iterations")), range(rows_of.column(group.rows, "radius"), "%.4f"),
      range(ratios, "%.2f"))
  end
  for _, line in ipairs(off) do add(out, "DEVIATES: %s", line) end
  if #out > 0 and #off == 0 then
    add(out, "no case is off by more than 30 %% and 3 sweeps: the spectral radius of (D - L)^-1 U explains the count")
  end
  local mixed = rows_of.where(rows, { method = "gauss_seidel", sign = "mixed" })
  local negative = rows_of.where(rows, { method = "gauss_seidel", sign = "negative" })
  if #mixed > 0 and #negative > 0 then
    local function middle(list) return stats.median(rows_of.column(list, "iterations")) end
    add(out, "the same dominance, other signs: negative entries need %.0f times the sweeps of mixed ones. With one "
      .. "sign the errors of all unknowns add up, with mixed signs they cancel: dominance alone bounds the rate, "
      .. "the signs set it", middle(negative) / middle(mixed))
  end
  return out
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
      add(out, "n = %d, density %g: csparse is %.1f times %s than %s; its factor holds %s entries, %.1f times those "
        .. "of A and %.0f %% of a full matrix", group.key.n, group.key.density, factor >= 1 and factor or 1 / factor,
        factor >= 1 and "faster" or "slower", dense[1].method, tables.cell(fill or 0 / 0), (fill or 0 / 0) / nnz,
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
      add(out, "%s: at most %s (n = %d, density %g), %.2f times theory's %s", group.key.method,
        text.bytes(largest.peak_bytes), largest.n, largest.density, largest.peak_bytes / largest.predicted_bytes,
        text.bytes(largest.predicted_bytes))
    end
  end
  return out
end

--- Points without a result, and why.
function M.failures(rows)
  local out = {}
  local failed = rows_of.where(rows, function(r) return r.code ~= "OK" end)
  for _, group in ipairs(rows_of.group(failed, { "method", "code" })) do
    add(out, "%s: %d of its points end with %s, the first so: %s", group.key.method, #group.rows, group.key.code,
      group.rows[1].message or "no message")
  end
  return out
end

--- All of it, for the sweep; sections without a line are left out.
---@param rows table[]
---@return table[]  {{title, lines}, ...}
function M.sweep(rows)
  local out = {}
  local sections = { { "Who is fastest", M.winners }, { "How time grows", M.growth },
    { "Iterations and dominance", M.iterations }, { "Sparse against dense", M.sparsity },
    { "Accuracy", M.accuracy }, { "Memory", M.memory }, { "Failures", M.failures } }
  for _, section in ipairs(sections) do
    local lines = section[2](rows)
    if #lines > 0 then out[#out + 1] = { section[1], lines } end
  end
  return out
end

return M
