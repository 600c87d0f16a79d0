--- Is an implementation of attention right? Cases, the tolerances each type is held to, and one comparison as a row.
---
--- The reference is the standard implementation in f64 on the same (already rounded) inputs; it is itself held against
--- attention written out with tensor operations ("tensor ops"), which shares no code with it. What a type may be off,
--- by result:
---   f64       1e-13 max|ref| (1 + max|s|/10) forward, 1e-11 in place of 1e-13 for gradients, and the handout's test
---   bf16, f16 FlashAttention's own rule: twice the error of the tensor ops in that type + twice the rounding unit, which is
---             max|(ref + 0.3 - 0.3) - ref| in that type
---   f32       that for outputs, for gradients three times the error (a largest of many errors scatters) + u max|lse| max|ref|,
---             u = 2^-24, for P made again from a rounded lse; and the handout's test
--- The handout's test: |a - b| <= atol + rtol |b|, f64 1e-7 and 1e-5, f32 1e-4 and 1e-3.
---@internal of the experiments of task 2
local nl = require "numlab"
local findings = require "numlab.findings"
local naive = require "numlab.task2_naive"
local rows_of = require "numlab.rows"
local say = require "numlab.say"

local M = {}

M.DTYPES = { "f64", "f32", "bf16", "f16" }
M.IMPLS = { "standard", "tiled", "flash", "decode" }
M.OPS = "tensor ops"
M.RESULTS = { "out", "lse", "dq", "dk", "dv", "dbias" }

M.COLUMNS = { "case", "dtype", "impl", "against", "batch", "heads", "kv_heads", "n_q", "n_k", "head_dim", "value_dim",
  "q_tile", "k_tile" }
for _, name in ipairs(M.RESULTS) do table.move({ name .. "_max", name .. "_mean" }, 1, 2, #M.COLUMNS + 1, M.COLUMNS) end
table.move({ "allclose", "worst", "worst_in", "seed", "code", "message" }, 1, 6, #M.COLUMNS + 1, M.COLUMNS)

M.FORMAT = { worst = "%.2g" }
for _, name in ipairs(M.RESULTS) do M.FORMAT[name .. "_max"], M.FORMAT[name .. "_mean"] = "%.1e", "%.1e" end

local HANDOUT = { f64 = { atol = 1e-7, rtol = 1e-5 }, f32 = { atol = 1e-4, rtol = 1e-3 } }

-- name, sizes {B, H, Hkv, Nq, Nk, D, Dv} for a size n, options; tiles that do not divide the sizes unless said.
local CASES = {
  { "handout", function() return { 2, 4, 4, 512, 512, 32, 32 } end, { q_tile = 32, k_tile = 32 } },
  { "none", function(n) return { 2, 4, 4, n, n, 64, 64 } end, {} },
  { "causal", function(n) return { 2, 4, 4, n - 3, n - 3, 64, 64 } end, { causal = true } },
  { "causal-tall", function(n) return { 2, 2, 2, n, n // 2 + 5, 32, 32 } end, { causal = true } }, -- rows that see nothing
  { "causal-wide", function(n) return { 2, 2, 2, n // 3, n + 1, 32, 32 } end, { causal = true } },
  { "window", function(n) return { 2, 2, 2, n - 1, n - 1, 32, 32 } end, { window = { 37, 11 } } },
  { "softcap", function(n) return { 2, 2, 2, n - 5, n, 32, 32 } end, { softcap = 2 } },
  { "bias", function(n) return { 2, 2, 2, n - 7, n - 9, 32, 32 } end, {}, bias = { 2, 2, true, true } },
  { "key-bias", function(n) return { 2, 2, 2, n, n - 9, 32, 32 } end, { causal = true }, bias = { 1, 2, 1, true } },
  { "GQA", function(n) return { 2, 6, 2, n - 3, n + 3, 32, 32 } end, {} },
  { "MQA-causal", function(n) return { 1, 5, 1, n, n, 40, 40 } end, { causal = true } },
  { "narrow-values", function(n) return { 2, 2, 2, n, n, 40, 24 } end, {} },
  { "varlen", function(n) return { 1, 4, 2, n, n + 9, 32, 32 } end, { causal = true }, sequences = true },
  { "dropout", function(n) return { 2, 2, 2, n, n, 32, 32 } end, { dropout = 0.2, seed = 7 }, without = { tiled = true } },
  { "large-scores", function(n) return { 2, 2, 2, n, n, 64, 64 } end, { scale = 1.5 } },
  { "few-rows", function(n) return { 2, 8, 2, 3, 8 * n, 64, 64 } end, { causal = true } },
  { "all-at-once", function(n) return { 2, 6, 3, n - 11, n + 13, 40, 24 } end,
    { causal = true, window = { 90, -1 }, softcap = 5, scale = 0.3 }, bias = { 1, 6, true, true } },
}

M.CASES, M.CASE = {}, {}
for i, case in ipairs(CASES) do M.CASES[i], M.CASE[case[1]] = case[1], case end

-- Offsets of five sequences: one without queries, one without keys.
local function offsets(rows, keys)
  local a, b = rows // 3, rows // 2
  return { 0, a, a, b, b + 1, rows }, { 0, keys // 4, keys // 3, keys // 3, keys // 2, keys }
end

local function backward_of(q, k, v, dout, out, aux, options)
  local dq, dk, dv, more = nl.attention_backward(dout, q, k, v, out, aux, options)
  if not dq then error(dk, 0) end -- interrupted
  return { out = out, lse = aux.lse, dq = dq, dk = dk, dv = dv, dbias = more.dbias }
end

--- Forward and backward of one implementation.
---@return table results  {out, lse, dq, dk, dv, dbias}
function M.run(problem, impl)
  local options = { impl = impl }
  for key, value in pairs(problem.options) do options[key] = value end
  local out, aux = nl.attention(problem.q, problem.k, problem.v, options)
  if not out then error(aux, 0) end -- interrupted
  return backward_of(problem.q, problem.k, problem.v, problem.dout, out, aux, options)
end

-- What nl.attention multiplies P with: its weights against an identity of values, kept or dropped.
local function keep_of(problem)
  local p, keys = problem.options.dropout, problem.k.shape[3]
  local B, Hkv = problem.k.shape[1], problem.k.shape[2]
  local identity = (nl.zeros(B, Hkv, 1, 1) + nl.eye(keys))
  local weights = nl.attention(problem.q, problem.k, identity,
    { impl = "standard", dropout = p, seed = problem.options.seed })
  return weights:ne(0):to("f64") / (1 - p)
end

local FIELDS = { "q", "k", "v", "dout" }

local function as(problem, dtype)
  local copy = { options = {}, keep = problem.keep and problem.keep:to(dtype) }
  for _, name in ipairs(FIELDS) do copy[name] = problem[name]:to(dtype) end
  for key, value in pairs(problem.options) do copy.options[key] = value end
  if copy.options.bias then copy.options.bias = copy.options.bias:to(dtype) end
  return copy
end

local function written_out(problem)
  local options = { keep = problem.keep }
  for key, value in pairs(problem.options) do options[key] = value end
  return naive(problem.q, problem.k, problem.v, problem.dout, options)
end

--- A case in one type: inputs of that type, the f64 reference on the same values, the tensor ops in that type.
---@param name string  of M.CASES
---@param dtype string
---@param n integer  size
---@param seed integer
---@return table problem
function M.problem(name, dtype, n, seed)
  local case = M.CASE[name]
  local B, H, Hkv, Nq, Nk, D, Dv = table.unpack(case[2](n))
  local exact = { options = { q_tile = 64, k_tile = 48 } }
  for key, value in pairs(case[3]) do exact.options[key] = value end
  for i, shape in ipairs{ { B, H, Nq, D }, { B, Hkv, Nk, D }, { B, Hkv, Nk, Dv }, { B, H, Nq, Dv } } do
    shape[5] = { seed = 10 * seed + i }
    exact[FIELDS[i]] = nl.randn(table.unpack(shape)):to(dtype):to("f64") -- values that dtype holds
  end
  if case.bias then
    local sizes = { B, H, Nq, Nk, { seed = 10 * seed + 5 } }
    for d = 1, 4 do if case.bias[d] ~= true then sizes[d] = case.bias[d] end end
    exact.options.bias = nl.randn(table.unpack(sizes)):to(dtype):to("f64")
  end
  if case.sequences then exact.options.cu_seqlens_q, exact.options.cu_seqlens_k = offsets(Nq, Nk) end
  if exact.options.dropout then exact.keep = keep_of(exact) end
  local problem = as(exact, dtype)
  problem.name, problem.dtype, problem.without = name, dtype, case.without or {}
  problem.shape = { batch = B, heads = H, kv_heads = Hkv, n_q = Nq, n_k = Nk, head_dim = D, value_dim = Dv,
    q_tile = problem.options.q_tile, k_tile = problem.options.k_tile }
  problem.reference = M.run(exact, "standard")
  problem.ops = written_out(problem)
  problem.largest = dtype == "f64" and problem.ops.largest or written_out(exact).largest
  return problem
end

local function difference(a, b, tolerance)
  local close, facts = nl.allclose(a:to("f64"), b:to("f64"), tolerance)
  return facts.max_abs, facts.mean_abs, close
end

-- The largest finite magnitude: lse is -inf for rows that see nothing.
local function magnitude(t)
  local size = t:to("f64"):abs()
  return size.size == 0 and 0 or size:lt(math.huge):where(size, 0):max()
end

--- How far a result may be off.
---@param problem table
---@param name string  of M.RESULTS
---@return number
function M.bound(problem, name)
  local reference, growth = problem.reference[name], 1 + problem.largest / 10
  if name == "lse" then -- a sum of D products is off by some D roundings of its size; lse is of the compute type
    return (problem.shape.head_dim + 8) * 2.0 ^ (problem.dtype == "f64" and -53 or -24) * (1 + problem.largest)
  end
  if problem.dtype == "f64" then return (name == "out" and 1e-13 or 1e-11) * magnitude(reference) * growth end
  local stored = reference:to(problem.dtype)
  local times = problem.dtype == "f32" and name ~= "out" and 3 or 2
  local bound = times * difference(problem.ops[name], reference) + 2 * (stored + 0.3 - 0.3 - stored):abs():max()
  if times == 2 then return bound end
  return bound + 2.0 ^ -24 * magnitude(problem.reference.lse) * magnitude(reference)
end

--- Results against others of the same problem as a row: largest and mean difference of each, `worst` = the largest
--- difference over its bound, and where. code is OK or WRONG.
---@param problem table
---@param results table
---@param other table
---@param slack number?  1: how many bounds they may be apart
---@return table row
function M.compare(problem, results, other, slack)
  local row = { case = problem.name, dtype = problem.dtype, worst = 0, code = "OK" }
  for key, value in pairs(problem.shape) do row[key] = value end
  local tolerance, failed = HANDOUT[problem.dtype], {}
  if tolerance then row.allclose = true end
  for _, name in ipairs(M.RESULTS) do
    if results[name] and other[name] then
      local largest, mean, close = difference(results[name], other[name], tolerance)
      row[name .. "_max"], row[name .. "_mean"] = largest, mean
      local bound = (slack or 1) * M.bound(problem, name)
      local share = largest == 0 and 0 or largest / bound
      if share ~= share then share = math.huge end
      if share > row.worst or not row.worst_in then row.worst, row.worst_in = share, name end
      if tolerance and not close then row.allclose = false end
      if not (largest <= bound) or tolerance and not close then
        failed[#failed + 1] = ("%s is off by %.2g, allowed %.2g%s"):format(name, largest, bound,
          tolerance and not close and ", fails the handout's test" or "")
      end
    end
  end
  if #failed > 0 then row.code, row.message = "WRONG", table.concat(failed, "; ") end
  return row
end

-- --- what the rows say -----------------------------------------------------------------------------------------------

M.REFERENCE = "f64 standard"

local function is_peer(row) return row.impl:find("^torch") ~= nil end

--- Each implementation and type against the f64 reference: how many cases hold, how near the bound the worst comes.
function M.against_reference(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { against = M.REFERENCE }), { "impl", "dtype" })) do
    local run = rows_of.where(group.rows, function(r) return r.worst ~= nil end)
    local wrong, worst = rows_of.where(run, function(r) return r.code ~= "OK" end), run[1]
    local forward, gradients = 0, 0
    for _, r in ipairs(run) do
      if r.worst > worst.worst then worst = r end
      forward = math.max(forward, r.out_max)
      gradients = math.max(gradients, r.dq_max or 0, r.dk_max or 0, r.dv_max or 0, r.dbias_max or 0)
    end
    if worst then
      local verdict = #wrong > 0 and (is_peer(worst) and say" (beyond what ours are held to)" or say" - FAILED") or ""
      local held = { hold = #run - #wrong, all = #run }
      out[#out + 1] = say("{impl} in {dtype}: {held}; output off by at most {output:%.1e}, gradients by {gradients:%.1e}; "
        .. "nearest to its bound: {result} in case '{case}', {share:%.2g} of it{verdict}", { impl = group.key.impl,
        dtype = group.key.dtype, held = #wrong == 0 and say("all {all} cases hold", { all = #run })
          or say("{hold} of {all} cases hold", held), output = forward, gradients = gradients,
        result = worst.worst_in or say"nothing", case = worst.case, share = worst.worst, verdict = verdict })
    end
  end
  return out
end

--- The implementations among themselves.
function M.against_each_other(rows)
  local out = {}
  local pairs_of = rows_of.where(rows, function(r) return r.against ~= M.REFERENCE and r.worst ~= nil end)
  for _, group in ipairs(rows_of.group(pairs_of, { "dtype" })) do
    local wrong = rows_of.where(group.rows, function(r) return r.code ~= "OK" end)
    out[#out + 1] = say("{dtype}: {hold} of {all} comparisons hold; outputs differ by at most {output:%.1e}{verdict}", {
      dtype = group.key.dtype, hold = #group.rows - #wrong, all = #group.rows,
      output = select(3, rows_of.range(rows_of.column(group.rows, "out_max"))), verdict = #wrong > 0 and say" - FAILED" or "" })
  end
  return out
end

--- What failed, row by row; a peer that is off is its own affair.
function M.wrong(rows)
  local out = {}
  for _, r in ipairs(rows_of.where(rows, function(r)
    return r.code ~= "OK" and r.code ~= "SKIPPED" and not is_peer(r)
  end)) do
    out[#out + 1] = say("FAILED: case '{case}', {dtype}, {impl} against {other}: {message} ({code})", { case = r.case,
      dtype = r.dtype, impl = r.impl, other = r.against, message = r.message or say"no message", code = r.code })
  end
  return out
end

--- What was not compared, and why.
function M.skipped(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, { code = "SKIPPED" }), { "impl", "case", "message" })) do
    out[#out + 1] = say("{impl}, case '{case}': {message}", group.key)
  end
  return out
end

--- How far results may be off: the head of this file, for the page.
function M.rules()
  return { say("the reference: the standard implementation in f64 on the same, already rounded inputs; the tensor ops "
      .. "(attention written out, every step in the type at hand) share no code with it; in f64 they are held to its bounds, "
      .. "below they set them"),
    say("f64: 1e-13 max|ref| (1 + max|s|/10) for outputs, 1e-11 max|ref| (1 + max|s|/10) for gradients; and "
      .. "|a - b| <= 1e-7 + 1e-5 |b|"),
    say("bf16, f16: twice the error of the tensor ops in that type + twice max|(ref + 0.3 - 0.3) - ref| "
      .. "(FlashAttention's rule)"),
    say("f32: the same for outputs; for gradients three times the error + 2^-24 max|lse| max|ref|, for P made again from a "
      .. "rounded lse; and |a - b| <= 1e-4 + 1e-3 |b|"),
    say"lse: (D + 8) roundings of 1 + max|s| in the type it is computed in; two implementations may be two bounds apart" }
end

--- All sentences of the rows.
---@param rows table[]
---@return table[]  {{title, lines}, ...}
function M.findings(rows)
  return findings.sections(rows, { { say"What failed", M.wrong }, { say"Against the f64 standard one", M.against_reference },
    { say"Against each other", M.against_each_other }, { say"Left out", M.skipped }, { say"What is allowed", M.rules } })
end

return M
