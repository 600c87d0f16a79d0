-- Task 2, agreement: every implementation of attention in every type and with every mask, forward and gradients, against
-- the standard one in f64 and against each other. Ends with an error when anything is off by more than its bound.
--   numlab run experiments/task2_verify.lua quick=true
local nl = require "numlab"
local check = require "numlab.task2_check"
local experiment = require "numlab.experiment"
local ledger = require "numlab.ledger"
local peers = require "numlab.peers"
local provenance = require "numlab.provenance"
local rows_of = require "numlab.rows"
local say = require "numlab.say"

local o, given = nl.args({
  n = 200, cases = {}, dtype = check.DTYPES, impls = check.IMPLS, seed = 1, peers = false, threads = nl.threads(),
  quick = false, out = "reports/task2_verify", formats = { "svg" },
}, {
  n = "rows of queries and keys, near which the cases lie", cases = "masks and shapes; default: all of them",
  dtype = "what to compute in", threads = "for the kernels", seed = "of the random operands",
  impls = "what to compare", peers = "add PyTorch on the same inputs, through files", quick = "n = 90",
  out = "folder for the results", formats = "of the figures: svg, png, pdf",
})
experiment.check(o, { cases = check.CASES, dtype = check.DTYPES, impls = check.IMPLS }, { n = 40, threads = 1 })
if #o.cases == 0 then o.cases = check.CASES end
if o.quick and not given.n then o.n = 90 end
nl.threads(o.threads)

-- Rows go to the store problem by problem. A run that was broken off goes on at its last problem.
local function identity(row) return table.concat({ row.impl, row.against, row.case, row.dtype }, "|") end
local REFERENCE, verify = check.REFERENCE, nil
local key, shared = provenance.key{ run = function() verify() end, arguments = o, contestants = o.impls, seed = o.seed,
  axes = { { "case", o.cases }, { "dtype", o.dtype } } }
local log <close> = ledger.open{ out = o.out, name = "task2_verify", columns = check.COLUMNS, contestant = "impl",
  axes = { "case", "dtype", "against" }, identity = identity, key = key, shared = shared }
local last, have = log.rows[#log.rows], {}
for _, row in ipairs(log.rows) do have[identity(row)], have[row.case .. "|" .. row.dtype] = true, true end
for _, note in ipairs(log.notes) do io.stderr:write("note: ", note, "\n") end
local function keep(row, impl, against)
  row.impl, row.against, row.seed = impl, against, o.seed
  if not have[identity(row)] then log:append(row) end
end
local function left_out(problem, impl, code, message)
  keep({ case = problem.name, dtype = problem.dtype, code = code, message = message }, impl, REFERENCE)
end

-- PyTorch has the plain cases: nothing, and a causal mask over as many queries as keys.
local notes, folder = {}, o.out .. "/peer"
local torch
if o.peers then torch, notes[1] = peers.torch_version() end
local function compare_peers(problem)
  peers.torch_begin(folder, problem)
  for _, peer in ipairs(peers.TORCH) do
    local result, message = peers.torch(folder, { backend = peer.backend, dtype = problem.dtype, threads = o.threads,
      causal = problem.options.causal, repeats = 1 })
    if result then
      keep(check.compare(problem, peers.torch_results(folder), problem.reference), peer.label, REFERENCE)
    else
      left_out(problem, peer.label, "SKIPPED", message)
    end
  end
  peers.torch_end(folder)
end
local PLAIN = { handout = true, none = true, causal = true }

function verify(case, dtype)
  local problem, results = check.problem(case, dtype, o.n, o.seed), {}
  keep(check.compare(problem, problem.ops, problem.reference), check.OPS, REFERENCE)
  for i, impl in ipairs(o.impls) do
    if problem.without[impl] then
      left_out(problem, impl, "SKIPPED", impl .. " does not have this")
    else
      local fine, got = pcall(check.run, problem, impl)
      if fine then
        if impl ~= "standard" or dtype ~= "f64" then -- which is the reference itself: the tensor ops judge it
          keep(check.compare(problem, got, problem.reference), impl, REFERENCE)
        end
        for j = 1, i - 1 do
          local other = results[o.impls[j]]
          if other then keep(check.compare(problem, got, other, 2), impl, o.impls[j]) end
        end
        results[impl] = got
      elseif tostring(got):find("interrupted", 1, true) then
        error(got, 0)
      else
        left_out(problem, impl, "ERROR", tostring(got))
      end
    end
  end
  if torch and PLAIN[case] then compare_peers(problem) end
end
for _, case in ipairs(o.cases) do
  for _, dtype in ipairs(o.dtype) do
    if not have[case .. "|" .. dtype] or case == last.case and dtype == last.dtype then verify(case, dtype) end
    collectgarbage()
  end
end
log:finish()
local rows = log.rows
log:close()

-- A cell a case: the largest error over its bound.
local names, cells = {}, {}
for _, group in ipairs(rows_of.group(rows_of.where(rows, { against = REFERENCE }), { "impl", "dtype" })) do
  local cell, at = {}, {}
  for _, row in ipairs(group.rows) do at[row.case] = row.worst end
  for i, case in ipairs(o.cases) do cell[i] = at[case] end
  names[#names + 1], cells[#cells + 1] = group.key.impl .. " " .. group.key.dtype, cell
end

local summary, failed = rows_of.where(rows, { against = REFERENCE }), #check.wrong(rows)
local columns = { "case", "dtype", "impl", "out_max", "out_mean", "dq_max", "dk_max", "dv_max", "dbias_max", "allclose",
  "worst", "worst_in", "code" }
experiment.print(summary, columns, check.FORMAT)
experiment.finish{
  out = o.out, name = "task2_verify", formats = o.formats, arguments = o, rows = summary, format = check.FORMAT,
  notes = notes, title = "Do all implementations of attention compute the same?", columns = columns,
  question = "How far are output and gradients of every implementation, type and mask from the standard one in f64, "
    .. "and how far may they be?",
  sections = check.findings(rows),
  drawings = { { file = "agreement", title = say"Largest error over what its type allows (1: at the bound)", width = 1320,
    height = 260 + 30 * #names, slanted = true,
    heatmap = { x = o.cases, y = names, z = cells, label = say"error / bound", format = "%.2f" } } },
}
if failed > 0 then
  error(("task2_verify: %d of %d comparisons are off by more than their bound: see 'What failed' in %s/task2_verify.md")
    :format(failed, #rows, o.out), 0)
end
