--- What the rows of accuracy_condition show, in sentences computed from the rows; what departs from theory is flagged.
---@internal of the experiments of task 1
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local stats = require "numlab.stats"

local M = {}

--- Medians of measured over predicted may lie between 1 / TYPICAL and TYPICAL in task 1, a point may be off by SPREAD in
--- task 2, before that is flagged.
M.TYPICAL, M.SPREAD = 4, 1.5

local range, flag = rows_of.range, findings.flag

local function fine(rows) return rows_of.where(rows, { code = "OK" }) end

-- Rows where first-order theory holds: x has a correct digit left.
local function covered(rows)
  return rows_of.where(fine(rows), function(r) return r.cond * r.backward_error < 0.1 end)
end

-- Rows that theory says something about: not refinement beyond its limit.
local function promised(rows)
  return rows_of.where(rows, function(r) return r.predicted_converged ~= false end)
end

local function quotients(rows, above, below)
  local out = {}
  for i, r in ipairs(rows) do out[i] = r[above] / r[below] end
  return out
end

--- Errors against the condition: the power of kappa, the typical error of theory, and the bound that must hold.
function M.errors(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(covered(rows), { "method" })) do
    local own, over = group.rows, 0
    local judged = promised(own)
    for _, r in ipairs(own) do if not (r.rel_error <= r.error_bound) then over = over + 1 end end
    local typical = stats.median(quotients(own, "rel_error", "typical_error"))
    local power = ""
    if #rows_of.distinct(own, "cond") >= 3 then
      power = say(", growing as kappa^{p:%.2f}", {
        p = stats.power_fit(rows_of.column(own, "cond"), rows_of.column(own, "rel_error")).exponent })
    end
    out[#out + 1] = say("{method}: error {errors} up to condition {cond:%.0e}{power}; it is {worst} of kappa u and in the "
      .. "median {typical:%.2f} of the typical error{off}{broken}", { method = group.key.method,
      errors = range(rows_of.column(own, "rel_error"), "%.0e"), cond = math.max(table.unpack(rows_of.column(own, "cond"))),
      power = power, worst = range(quotients(judged, "rel_error", "predicted_error"), "%.2g"), typical = typical,
      off = flag(not (typical <= M.TYPICAL and typical >= 1 / M.TYPICAL),
        say("by more than {limit} times", { limit = M.TYPICAL })),
      broken = flag(over > 0, say("{over} errors above the rigorous bound", { over = over })) })
  end
  return out
end

--- Backward errors in units of roundoff: small whatever the condition.
function M.backward(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(promised(fine(rows)), { "method" })) do
    local units, _, high = range(quotients(group.rows, "backward_error", "predicted_backward"), "%.2g")
    local n = group.rows[1].n
    out[#out + 1] = say("{method}: backward error {units} u at conditions {cond}{off}", { method = group.key.method,
      units = units, cond = range(rows_of.column(group.rows, "cond"), "%.0e"),
      off = flag(not (high <= n), say("above n u = {n} u: not backward stable", { n = n })) })
  end
  return out
end

--- Where refinement with low-precision factors still gets to f64, against theory's kappa u_f < 1.
function M.refinement(rows)
  local out = {}
  local refined = rows_of.where(fine(rows), function(r) return r.refined == "f64" end)
  for _, group in ipairs(rows_of.group(refined, { "method" })) do
    local reached, limit, broken, beyond, slow = 0, 0, 0, 0, 0
    for _, r in ipairs(group.rows) do
      if r.converged then reached = math.max(reached, r.cond) end
      if r.predicted_converged then limit = math.max(limit, r.cond) end
      if r.predicted_converged and not r.converged then broken = broken + 1 end
      if r.converged and not r.predicted_converged then beyond = beyond + 1 end
      local bound = r.predicted_converged and r.contraction and r.predicted_contraction * math.sqrt(r.n)
      if bound and not (r.contraction <= bound) then slow = slow + 1 end
    end
    local steps = rows_of.where(group.rows, { converged = true })
    local told = rows_of.where(steps, function(r) return r.contraction ~= nil end)
    local shares = quotients(told, "contraction", "predicted_contraction")
    out[#out + 1] = say("{method}: as good as f64 up to condition {reached:%.0e}; theory promises it below 1 / u_f = "
      .. "{limit:%.1e}, the largest of these conditions being {promised:%.0e}{off}; {beyond} systems beyond it get there all "
      .. "the same; {steps} steps, each leaving {shares} of kappa u_f{slow}", { method = group.key.method, reached = reached,
      limit = 1 / group.rows[1].roundoff, promised = limit, beyond = beyond,
      steps = range(rows_of.column(steps, "iterations"), "%d"), shares = range(shares, "%.2g"),
      off = flag(broken > 0, say("{broken} systems below it are not solved", { broken = broken })),
      slow = flag(slow > 0, say("{slow} systems are slower than sqrt(n) kappa u_f", { slow = slow })) })
  end
  local same = rows_of.where(covered(rows), { refined = "f32" })
  local gains, backward = {}, {}
  for _, r in ipairs(same) do
    local plain = rows_of.where(rows, { cond = r.cond, replicate = r.replicate, solver = r.solver, dtype = "f32", code = "OK" })
    plain = rows_of.where(plain, function(row) return row.refined == nil end)[1]
    if plain then
      gains[#gains + 1], backward[#backward + 1] = r.rel_error / plain.rel_error, r.backward_error / plain.backward_error
    end
  end
  if #gains > 0 then
    out[#out + 1] = say("refinement in f32 itself leaves {backward:%.2f} of the backward error and {gains:%.2f} of the error "
      .. "(medians): residuals of the same precision cannot take kappa u away", { backward = stats.median(backward),
      gains = stats.median(gains) })
  end
  return out
end

--- What a type costs: errors over those of f64 at the same system, beside the ratio of the roundoffs.
function M.types(rows)
  local out = {}
  local exact = rows_of.where(covered(rows), { method = "lu f64" })
  for _, method in ipairs{ "lu f32", "lu bf16" } do
    local factors, theory = {}, nil
    for _, r in ipairs(rows_of.where(covered(rows), { method = method })) do
      local base = rows_of.where(exact, { cond = r.cond, replicate = r.replicate })[1]
      if base then factors[#factors + 1], theory = r.rel_error / base.rel_error, r.roundoff / base.roundoff end
    end
    if theory then
      out[#out + 1] = say("{method} is {factor:%.1e} times as far off as lu f64 (median of {count} systems); the roundoffs have "
        .. "the ratio {theory:%.1e}", { method = method, factor = stats.median(factors), count = #factors, theory = theory })
    end
  end
  return out
end

--- Attention: the condition, and measured over predicted errors.
---@param rows table[]  of accuracy_attention
function M.attention(rows)
  local out = {}
  local all = fine(rows)
  if #all == 0 then return out end
  local spreads = rows_of.column(all, "spread")
  local function ends(name)
    local low, high = math.min(table.unpack(spreads)), math.max(table.unpack(spreads))
    return rows_of.where(all, { spread = low })[1][name], rows_of.where(all, { spread = high })[1][name]
  end
  local seen, last_seen = ends "keys_seen"
  local first, last = ends "condition"
  out[#out + 1] = say("scores of spread {spreads}: a row sees about {seen:%.3g} keys at first and {last_seen:%.3g} at last; the "
    .. "condition of the result for errors of the operands grows from {first:%.2f} to {last:%.1f}", {
    spreads = range(spreads, "%g"), seen = seen, last_seen = last_seen, first = first, last = last })
  for _, group in ipairs(rows_of.group(all, { "dtype" })) do
    local ratios, low, high = range(rows_of.column(group.rows, "ratio"), "%.2f")
    out[#out + 1] = say("{dtype}: error {errors} of the result, {ratios} times what the condition predicts{off}", {
      dtype = group.key.dtype, errors = range(rows_of.column(group.rows, "rms_err"), "%.1e"), ratios = ratios,
      off = flag(not (low >= 1 / M.SPREAD and high <= M.SPREAD), say("by more than {limit} times", { limit = M.SPREAD })) })
  end
  for _, dtype in ipairs(rows_of.distinct(all, "dtype")) do
    local apart = {}
    for _, by in ipairs(rows_of.group(rows_of.where(all, { dtype = dtype }), { "spread" })) do
      local _, low, high = range(rows_of.column(by.rows, "rms_err"))
      apart[#apart + 1] = high / low
    end
    out[#out + 1] = say("{dtype}: the implementations differ in error by a factor of at most {factor:%.2f}", { dtype = dtype,
      factor = math.max(table.unpack(apart)) })
  end
  return out
end

--- All of it.
---@param rows table[]  of task 1
---@param attention table[]  of task 2
---@return table[]  {{title, lines}, ...}
function M.sections(rows, attention)
  return findings.sections(rows, { { say"Error against condition", M.errors }, { say"Backward error", M.backward },
    { say"Refinement", M.refinement }, { say"What a type costs", M.types },
    { say"Attention", function() return M.attention(attention) end },
    { say"Failures", findings.failures } })
end

return M
