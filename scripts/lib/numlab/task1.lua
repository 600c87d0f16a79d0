--- What the experiments of task 1 (linear systems) share: the methods by their labels, one measured solve as a
--- row, the columns and how they read.
---@internal of the experiments of task 1
local nl = require "numlab"
local experiment = require "numlab.experiment"
local text = require "numlab.text"

local M = {}

--- Label -> options of nl.solve. A label stands in the column `method`.
M.METHODS = {
  ["gauss none"] = { method = "gauss", pivot = "none" },
  ["gauss rook"] = { method = "gauss", pivot = "rook" },
  ["gauss complete"] = { method = "gauss", pivot = "complete" },
  ["lu refined"] = { method = "lu", refine = true },
}
local NAMES = { "auto", "gauss", "lu", "gauss_seidel", "jacobi", "sor", "lapack", "csparse", "klu", "umfpack",
  "cholmod", "cg", "bicgstab", "gmres" }
for _, name in ipairs(NAMES) do M.METHODS[name] = { method = name } end

--- Methods that copy A to n x n numbers; the others take time and room by nonzeros.
M.DENSE = { gauss = true, lu = true, lapack = true, ["gauss none"] = true, ["gauss rook"] = true,
  ["gauss complete"] = true, ["lu refined"] = true }

M.COLUMNS = { "n", "density", "ratio", "sign", "method", "threads", "repeats", "seconds", "seconds_min",
  "seconds_iqr", "iterations", "predicted_iterations", "rate", "radius", "converged", "rel_error", "relative_residual",
  "backward_error", "error_bound", "growth", "peak_bytes", "predicted_bytes", "nnz", "nnz_factor", "seed", "code",
  "message" }

--- How the columns read in a table for people.
M.FORMAT = { seconds = text.duration, peak_bytes = text.bytes, rel_error = "%.1e", relative_residual = "%.1e",
  backward_error = "%.1e", error_bound = "%.1e", radius = "%.4f", rate = "%.4f", growth = "%.3g",
  iterations = function(k) return k > 0 and ("%d"):format(k) or "-" end,
  predicted_iterations = function(k) return k < 1e6 and ("%.0f"):format(k) or "never" end }

local LEAST = { n = 1, repeats = 1, max_iter = 1, dense_limit = 0 }

--- The settings of an experiment before anything is measured: known methods, sizes and counts that can be.
---@param o table  what nl.args returned
function M.check(o)
  local known = {}
  for label in pairs(M.METHODS) do known[#known + 1] = label end
  table.sort(known)
  experiment.check(o, { methods = known }, LEAST)
end

-- What a sweep leaves of the residual, over the last 20 sweeps (geometric mean); nil below 50 sweeps, where the
-- slowest mode does not rule yet.
local function last_rate(history)
  local k = history and #history or 0
  if k < 50 or not (history[k] > 0 and history[k - 20] > 0) then return nil end
  return (history[k] / history[k - 20]) ^ (1 / 20)
end

-- Theory's figure for the room a method takes: the n x n factor, the sparse factor (8 bytes of value and 8 of
-- row number an entry), or the iterate with its residual.
local function predicted_bytes(label, n, k, info)
  if M.DENSE[label] then return 8 * n * n end
  if info.nnz_factor then return 16 * info.nnz_factor end
  return 16 * n * k
end

--- One solve as a row.
---@param system table  {A, b, x (true solution, may be absent), predicted (sweeps), radius}
---@param label string
---@param extra table?  more options of nl.solve
---@return table? row
---@return string? message
---@return table? info  info.row: what is known of a failure
function M.measure(system, label, extra)
  local options = {}
  for k, v in pairs(M.METHODS[label]) do options[k] = v end
  for k, v in pairs(extra or {}) do options[k] = v end
  if label == "gauss_seidel" then options.history = true end
  local bytes, x, info, facts = nl.memory.peak(function() return nl.solve(system.A, system.b, options) end)
  local message = info
  if x then facts, message = info, info.warning or (info.converted and info.converted .. " for this method") end
  local n = #system.b
  local row = { iterations = facts.iterations, converged = facts.converged, threads = nl.threads(),
    relative_residual = facts.relative_residual, backward_error = facts.backward_error, growth = facts.growth,
    error_bound = facts.error_bound, peak_bytes = bytes, predicted_bytes = predicted_bytes(label, n, 1, facts),
    nnz = system.A.nnz, nnz_factor = facts.nnz_factor, history = facts.history, message = message }
  if label == "gauss_seidel" then
    row.predicted_iterations, row.radius, row.rate = system.predicted, system.radius, last_rate(facts.history)
  end
  if not x then
    facts.row = row
    return nil, message, facts
  end
  row.seconds = facts.seconds
  if system.x then row.rel_error = (x - system.x):norm() / system.x:norm() end
  return row
end

--- What Gauss-Seidel should do on A, by nl.diagnose: predicted sweeps, spectral radius, why.
---@return table  {predicted, radius, reliable, reason, diagnosis}
function M.predict(A)
  local d = nl.diagnose(A)
  local gs = d.gauss_seidel
  return { predicted = gs.sweeps, radius = gs.radius, reliable = gs.reliable, reason = gs.reason, diagnosis = d }
end

return M
