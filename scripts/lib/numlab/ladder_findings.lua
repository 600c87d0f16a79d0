--- What the rows of task2_ladder show, in sentences computed from the rows; what departs from theory is flagged.
---@internal of the experiments of task 2
local findings = require "numlab.findings"
local ladder = require "numlab.ladder"
local rows_of = require "numlab.rows"
local say = require "numlab.say"
local task2 = require "numlab.task2_findings"
local text = require "numlab.text"

local M = {}

local SLACK = 4 << 20 -- bytes that an allocator may round up, and a kernel keep beside lse

local BELOW, NUMBER = {}, {}
for i, rung in ipairs(ladder.RUNGS) do BELOW[rung], NUMBER[rung] = ladder.RUNGS[i - 1], i end

local function fine(rows) return rows_of.where(rows, { code = "OK" }) end
local function of(rows, rung, n) return rows_of.where(rows, { rung = rung, n = n, code = "OK" })[1] end
local function rungs(rows) return rows_of.where(fine(rows), function(r) return NUMBER[r.rung] ~= nil end) end
local function at_largest(rows)
  local largest = math.max(0, table.unpack(rows_of.column(rows, "n")))
  return rows_of.where(rows, { n = largest })
end

--- Rows with what follows from them: TFLOP/s by FlashAttention's formula, counted bytes, the gain over the rung below.
---@param rows table[]
---@return table[] rows  the same
function M.place(rows)
  for _, r in ipairs(fine(rows)) do
    r.forward_tflops = task2.flops(r, "forward") / r.forward_s / 1e12
    r.backward_tflops = r.backward_s and task2.flops(r, "backward") / r.backward_s / 1e12
    if NUMBER[r.rung] then
      local bytes, below = ladder.bytes(r.rung, r), of(rows, BELOW[r.rung], r.n)
      r.least_bytes, r.requested_bytes = bytes.least, bytes.requested
      r.gain = BELOW[r.rung] and below and below.forward_s / r.forward_s or nil
    end
  end
  return rows
end

--- Speeds at the largest size, and what each rung brings.
function M.gains(rows)
  local out = {}
  local placed = at_largest(rungs(rows))
  for _, r in ipairs(placed) do
    local first = of(rows, ladder.RUNGS[1], r.n)
    local why = r.rung == "ladder_fused" and r.gain and r.gain < 1
      and say", because it computes S twice and has a block a head: what it saves is memory" or ""
    out[#out + 1] = say("{rung} at n = {n}: {time}, {rate:%.3g} TFLOP/s{gain}{all}", { rung = r.rung, n = r.n,
      time = text.duration(r.forward_s), rate = r.forward_tflops,
      gain = r.gain and say(", {gain:%.2f} times as fast as {below}{why}", { gain = r.gain, below = BELOW[r.rung], why = why })
        or "",
      all = first and NUMBER[r.rung] > 2 and say("; {times:%.1f} times as fast as {first}", {
        times = first.forward_s / r.forward_s, first = first.rung }) or "" })
  end
  local top, flash = placed[#placed], placed[1] and of(rows, "flash", placed[1].n)
  if top and flash then
    out[#out + 1] = say("flash at n = {n}: {time}, {rate:%.3g} TFLOP/s, {times:%.2f} times as fast as {top}", { n = flash.n,
      time = text.duration(flash.forward_s), rate = flash.forward_tflops, times = top.forward_s / flash.forward_s,
      top = top.rung })
  end
  return out
end

--- Memory beside operands and results, measured and predicted; traffic by count; FLOPs a byte of it.
function M.traffic(rows)
  local out = {}
  for _, r in ipairs(at_largest(rungs(rows))) do
    local off = r.forward_extra_bytes - r.predicted_extra_bytes
    out[#out + 1] = say("{rung} at n = {n}: beside operands and results {extra}, predicted {predicted}{off}; by count it moves "
      .. "at least {least} and asks for {requested}, so {low:%.3g} to {high:%.3g} FLOPs a byte", { rung = r.rung, n = r.n,
      extra = text.bytes(r.forward_extra_bytes), predicted = text.bytes(r.predicted_extra_bytes),
      off = findings.flag(not (math.abs(off) <= SLACK), say"by more than 4 MiB"), least = text.bytes(r.least_bytes),
      requested = text.bytes(r.requested_bytes), low = ladder.flops(r.rung, r) / r.requested_bytes,
      high = ladder.flops(r.rung, r) / r.least_bytes })
  end
  return out
end

--- Backward: P made again from Q, K and lse (flash), or read as the forward pass stored it (standard).
function M.recomputing(rows)
  local out = {}
  for _, n in ipairs(rows_of.distinct(fine(rows), "n")) do
    local again, stored = of(rows, "flash", n), of(rows, "standard", n)
    if again and stored then
      out[#out + 1] = say("n = {n}: making P again takes {times:%.2f} times as long backward as reading what was stored "
        .. "({again} for {stored}); a step keeps {less} in place of {more} beside operands and results{off}", { n = n,
        times = again.backward_s / stored.backward_s, again = text.duration(again.backward_s),
        stored = text.duration(stored.backward_s), less = text.bytes(again.step_extra_bytes),
        more = text.bytes(stored.step_extra_bytes),
        off = findings.flag(not (again.step_extra_bytes < stored.step_extra_bytes)) })
    end
  end
  return out
end

--- Errors beside the f64 reference. Weights and output are rounded once each: a few roundings, by their norms.
function M.accuracy(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(fine(rows), { "rung", "dtype" })) do
    local span, _, high = rows_of.range(rows_of.column(group.rows, "rel_err"), "%.1e")
    out[#out + 1] = say("{rung} in {dtype}: relative error {error}{off}", { rung = group.key.rung, dtype = group.key.dtype,
      error = span, off = findings.flag(not (high <= 2 * ladder.ROUNDING[group.key.dtype])) })
  end
  return out
end

--- All of it.
---@param rows table[]  placed
---@return table[]  {{title, lines}, ...}
function M.sections(rows)
  return findings.sections(rows, { { say"What each rung gains", M.gains }, { say"Memory and traffic", M.traffic },
    { say"Making P again, or storing it", M.recomputing }, { say"Accuracy", M.accuracy },
    { say"Failures", function() return findings.failures(rows, "rung") end } })
end

return M
