--- What the rows of machine_roofline show, in sentences computed from the rows; what lies above the roof is flagged.
---@internal of the experiment machine_roofline
local findings = require "numlab.findings"
local roofline = require "numlab.roofline"
local rows_of = require "numlab.rows"
local say = require "numlab.say"

local M = {}

--- What limits a kernel, in words.
M.BOUND = { compute = say"compute", L2 = "L2", L3 = "L3", memory = say"memory" }

--- FLOPs or bytes a second as a number of 10^9.
local function giga(rate) return rate / 1e9 end

--- The ceilings, and from which intensity on compute limits.
---@param roofs table[]  of roofline.roof
function M.ceilings(roofs)
  local out = {}
  for i, roof in ipairs(roofs) do
    local levels = {}
    for k, from in ipairs(roof.bandwidth) do
      levels[k] = say("{level} {rate:%.3g} GB/s", { level = M.BOUND[from.level], rate = giga(from.rate) })
    end
    out[i] = say("threads: {threads}; at most {double:%.3g} GFLOP/s in f64, {single:%.3g} in f32; reading: {levels}; beside "
      .. "memory, compute limits from {double_ridge:%.3g} FLOPs a byte on in f64, {single_ridge:%.3g} in f32", {
      threads = roof.threads, double = giga(roof.compute.f64), single = giga(roof.compute.f32), levels = say.list(levels),
      double_ridge = roofline.ridge(roof, "f64", "memory"), single_ridge = roofline.ridge(roof, "f32", "memory") })
  end
  return out
end

--- Where each kernel lies at the largest size, and what stands above it.
---@param rows table[]  placed
function M.places(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows, { "kernel" })) do
    local largest, parts = math.max(table.unpack(rows_of.column(group.rows, "n"))), {}
    for _, r in ipairs(rows_of.where(group.rows, { n = largest })) do
      parts[#parts + 1] = say("{rate:%.3g} GFLOP/s with threads: {threads}, {share:%.0f} % of what {bound} allows", {
        rate = giga(r.rate), threads = r.threads, share = 100 * r.share, bound = M.BOUND[r.bound] })
    end
    out[#out + 1] = say("{kernel} at n = {n}, {intensity:%.3g} FLOPs a byte: {parts}", { kernel = group.key.kernel, n = largest,
      intensity = rows_of.where(group.rows, { n = largest })[1].intensity, parts = say.list(parts, "; ") })
  end
  return out
end

--- Kernels above the roof: a count is wrong, or the ceilings were disturbed.
function M.above(rows)
  local out, over = {}, rows_of.where(rows, { above = true })
  for _, r in ipairs(over) do
    out[#out + 1] = say("{kernel} at n = {n}, threads: {threads}: {share:%.2f} times the roof{off}", { kernel = r.kernel,
      n = r.n, threads = r.threads, share = r.share,
      off = findings.flag(true, say("its FLOPs or bytes are counted wrongly, or the machine was busy when the ceilings were "
        .. "measured")) })
  end
  if #over == 0 and #rows > 0 then
    out[1] = say("none of {count} measurements lies above the roof by more than {limit} %", { count = #rows,
      limit = 100 * roofline.TOLERANCE })
  end
  return out
end

--- All of it.
---@param rows table[]  of the sweep: ceilings and kernels
---@param placed table[]  those of kernels, placed
---@param roofs table[]
---@return table[]  {{title, lines}, ...}
function M.sections(rows, placed, roofs)
  return findings.sections(placed, { { say"Ceilings of this machine", function() return M.ceilings(roofs) end },
    { say"Under the roof", M.places }, { say"Above the roof", M.above },
    { say"Failures", function() return findings.failures(rows, "kernel") end } })
end

return M
