-- Task 1, real matrices: what each method makes of every .mtx file of a folder, and why it cannot where it cannot.
--   numlab run experiments/task1_real.lua dir=matrices          (or NUMLAB_MATRICES=matrices)
local nl = require "numlab"
local experiment = require "numlab.experiment"
local file = require "numlab.file"
local findings = require "numlab.findings"
local rows_of = require "numlab.rows"
local sweep = require "numlab.sweep"
local task1 = require "numlab.task1"

local o, given = nl.args({
  dir = os.getenv("NUMLAB_MATRICES") or "", repeats = 3, tol = 1e-8, max_iter = 5000, dense_limit = 3000, seed = 1,
  methods = { "auto", "gauss", "lu", "lapack", "csparse", "klu", "umfpack", "cholmod", "gauss_seidel", "bicgstab",
    "gmres" },
  quick = false, out = "reports/task1_real", formats = { "svg" },
}, {
  dir = "folder of Matrix Market files; default: NUMLAB_MATRICES", max_iter = "sweeps or steps allowed",
  dense_limit = "largest n for methods that need n x n numbers", methods = "what to try on each",
  quick = "one sample, dense_limit=1000, max_iter=500", formats = "of the figures: svg, png, pdf",
})
task1.check(o)
if o.dir == "" then
  error("task1_real: which matrices? Say dir=FOLDER or set NUMLAB_MATRICES to a folder of .mtx files", 0)
end
local names, problem = file.list(o.dir, ".mtx")
if not names then error("task1_real: " .. problem, 0) end
if #names == 0 then error(("task1_real: no .mtx file in %s"):format(o.dir), 0) end
for key, value in pairs{ repeats = 1, dense_limit = 1000, max_iter = 500 } do
  if o.quick and not given[key] then o[key] = value end
end

-- One file as a system with the known solution x = (1, ..., 1); or nil and why it is none.
local facts_of = {}
local function load(name)
  local A, message, info = nl.load(o.dir .. "/" .. name)
  if not A then return nil, message, info or { code = "IO" } end
  local m, n = A.shape[1], A.shape[2]
  facts_of[name] = ("%d x %d, %d entries"):format(m, n, A.nnz or m * n)
  if m ~= n then return nil, ("%d x %d is not square: least squares, not a system"):format(m, n), { code = "SHAPE" } end
  if n == 0 then return nil, "0 x 0: nothing to solve", { code = "SHAPE" } end
  local sparse = A.nnz and A or nl.sparse.from(A)
  local x = nl.ones(n)
  local fine, system = pcall(task1.predict, sparse)
  if not fine then system = {} end
  system.A, system.x, system.b = sparse, x, sparse * x
  local d = system.diagnosis
  if d then
    facts_of[name] = facts_of[name] .. ("; %s; dominance by rows: %s; %d zeros on the diagonal; Gauss-Seidel: %s")
      :format(d.symmetric and "symmetric" or "not symmetric", d.by_rows.kind,
        d.zero_diagonal and #d.zero_diagonal or 0, system.reason or "unknown")
  end
  return system
end

local columns = { "file", table.unpack(task1.COLUMNS) }
local rows = sweep.run{
  name = "task1_real", out = o.out, seed = o.seed, repeats = o.repeats, slow = 3, arguments = o, columns = columns,
  axes = { { "file", names } }, contestants = o.methods,
  prepare = function(point) return load(point.file) end,
  run = function(_, method, system)
    local n = system.A.shape[1]
    if task1.DENSE[method] and n > o.dense_limit then
      return nil, ("n = %d is beyond dense_limit=%d: %d^2 numbers would take %s"):format(n, o.dense_limit, n,
        task1.FORMAT.peak_bytes(8 * n * n)), { code = "SKIPPED", row = { n = n } }
    end
    local row, message, info = task1.measure(system, method, { tol = o.tol, max_iter = o.max_iter })
    local facts = row or info and info.row
    if facts then facts.n, facts.density = n, system.A.nnz / n ^ 2 end
    return row, message, info
  end,
}

-- A line a file: what it is, who solves it, who cannot and why.
local said, cells = {}, {}
for i, name in ipairs(names) do
  local own, best = rows_of.where(rows, { file = name }), nil
  cells[i] = {}
  for j, row in ipairs(own) do
    cells[i][j] = row.seconds
    if row.seconds and (not best or row.seconds < best.seconds) then best = row end
  end
  local why = {}
  local failed = rows_of.where(own, function(r) return r.code ~= "OK" end)
  for _, group in ipairs(rows_of.group(failed, { "code", "message" })) do
    local who = table.concat(rows_of.column(group.rows, "method"), ", ")
    why[#why + 1] = ("%s: %s (%s)"):format(#group.rows == #own and "no method" or who, group.key.code,
      group.key.message or "")
  end
  said[i] = ("%s (%s): %s%s"):format(name, facts_of[name] or "not a system",
    best and ("fastest %s (%s, relative error %.1e)"):format(best.method, task1.FORMAT.seconds(best.seconds),
      best.rel_error or 0 / 0) or "not solved", #why > 0 and "; " .. table.concat(why, "; ") or "")
end

experiment.print(rows, { "file", "method", "n", "nnz", "seconds", "iterations", "predicted_iterations", "rel_error",
  "backward_error", "nnz_factor", "code" }, task1.FORMAT)
experiment.finish{
  out = o.out, name = "task1_real", formats = o.formats, arguments = o, rows = rows, format = task1.FORMAT,
  title = "Real matrices", question = "What does each method make of matrices from practice, and where can it not?",
  columns = { "file", "method", "n", "nnz", "seconds", "iterations", "rel_error", "backward_error", "nnz_factor",
    "code", "message" },
  sections = { { "File by file", said }, { "Who cannot, and why", findings.failures(rows) } },
  drawings = { { file = "seconds", title = "Seconds; white: no solution", width = 1060, height = 220 + 34 * #names,
    slanted = true,
    heatmap = { x = o.methods, y = names, z = cells, log = true, label = "seconds",
      format = task1.FORMAT.seconds } } },
}
