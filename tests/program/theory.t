# The experiments that hold theory against measurements, small: exit codes, columns, figures, and the figures themselves.
. tests/program/tap.sh
has_columns() {
  file=$1; shift
  for name; do head -1 "$file" | tr , '\n' | grep -qx "$name" || { echo "no column $name"; return 1; }; done
}
figures_are() { # FOLDER NAME ...: drawn whole where gnuplot is, else kept as scripts
  folder=$1; shift
  for name; do
    [ -s "$folder/$name.gp" ] || { echo "no $name.gp"; return 1; }
    ! command -v gnuplot > /dev/null || tail -c 8 "$folder/$name.svg" | grep -q "</svg>" || { echo "no $name.svg"; return 1; }
  done
}
rows_hold() { # FILE LUA: the chunk is given the rows and raises where they are not as it says
  cat > "$work/rows.lua" <<LUA
local rows = require "numlab.table".parse_csv(assert(require "numlab.file".read(arg[1])))
assert(#rows > 0, "no rows")
for _, r in ipairs(rows) do
  local function holds(ok, what) assert(ok, what .. ": " .. require "numlab.table".csv({ r })) end
  holds(r.code == "OK" or r.code == "UNAVAILABLE", "code")
  if r.code == "OK" then $2 end
end
LUA
  "$NUMLAB" run "$work/rows.lua" "$1"
}

run "$NUMLAB" run experiments/task1_poisson.lua line=15,31 square=7,15 cube=3,7 repeats=1 out="$work/poisson"
check "Poisson runs to its end" code_is 0
check "with all columns" has_columns "$work/poisson/task1_poisson.csv" n dim points method threads repeats seconds iterations \
  predicted_iterations rate predicted_rate radius converged rel_error relative_residual backward_error peak_bytes nnz seed code
check "sweeps within 5 % and 3 of theory, no bound broken" rows_hold "$work/poisson/task1_poisson.csv" '
  local p = r.predicted_iterations
  if r.is_bound then holds(r.iterations <= p, "bound")
  elseif r.exponent > 0 then holds(math.abs(r.iterations - p) <= 0.05 * p + 3, "sweeps")
  else holds(r.iterations <= p and r.iterations >= 5, "cycles") end
  holds(r.rel_error < 1e-6, "error")'
check "rates of 50 sweeps and more within 4 %" rows_hold "$work/poisson/task1_poisson.csv" '
  if not r.is_bound and r.exponent > 0 and r.iterations >= 50 then
    holds(math.abs(r.rate / r.predicted_rate - 1) <= 0.04, "rate") end'
check "figures" figures_are "$work/poisson" iterations smoothing history
check "a page that says what smoothers damp" grep -q "^- gauss_seidel in 2-d: one sweep leaves at most 0.500" \
  "$work/poisson/task1_poisson.md"
run "$NUMLAB" run experiments/task1_poisson.lua methods=gauss_siedel out="$work/bad"
check "an unknown method is refused before anything is measured" err_has "did you mean 'gauss_seidel'"
check "and nothing is left" [ ! -e "$work/bad" ]
run "$NUMLAB" run experiments/task1_poisson.lua line=8 dims=1 methods=jacobi,multigrid repeats=1 out="$work/even"
check "a grid that multigrid cannot halve is a row that says so" \
  grep -q "8 points a side cannot be halved" "$work/even/task1_poisson.csv"

run "$NUMLAB" run experiments/accuracy_condition.lua n=40 cond=10,1000,1e5,1e9 replicates=1 length=64 heads=1 head_dim=16 \
  spread=0.5,4 out="$work/accuracy"
check "accuracy runs to its end" code_is 0
check "with all columns" has_columns "$work/accuracy/accuracy_condition.csv" n cond method dtype rel_error predicted_error \
  typical_error error_bound backward_error predicted_backward iterations predicted_iterations seed code
check "no error above its bound, none beyond 4 times the typical one" rows_hold "$work/accuracy/accuracy_condition.csv" '
  if r.cond * r.backward_error < 0.1 then
    holds(r.rel_error <= r.error_bound, "bound")
    holds(r.rel_error / r.typical_error < 4, "typical")
  end
  if r.predicted_converged then holds(r.converged, "refinement") end'
check "attention within 1.7 of what its condition predicts" rows_hold "$work/accuracy/accuracy_condition_attention.csv" \
  'holds(r.ratio < 1.7 and r.ratio > 1 / 1.7, "ratio")'
check "figures" figures_are "$work/accuracy" systems attention
run "$NUMLAB" run experiments/accuracy_condition.lua cond=0.5 out="$work/bad"
check "a condition below 1 is refused" err_has "cond is 0.5, expected at least 1"

run "$NUMLAB" run experiments/task2_tiles_cache.lua n=128 q_tile=32,64 k_tile=32,64 head_dim=32,64 lu=100 block=8,32 repeats=1 \
  out="$work/tiles"
check "tiles run to their end" code_is 0
check "with all columns" has_columns "$work/tiles/task2_tiles_cache.csv" n head_dim q_tile k_tile forward_s backward_s moved \
  forward_set_bytes forward_level forward_workspace_bytes max_abs_err grad_max_abs_err seed code
check "working sets beside the workspace that was taken" rows_hold "$work/tiles/task2_tiles_cache.csv" '
  holds(r.max_abs_err < 1e-5, "error")
  local operands = 4 * (r.q_tile + 2 * r.k_tile) * r.head_dim
  local ratio = r.forward_workspace_bytes / (r.forward_set_bytes - operands)
  holds(ratio > 0.85 and ratio < 1.15, "workspace")'
check "panels of LU" has_columns "$work/tiles/task2_tiles_cache_lu.csv" n block seconds set_bytes level code
check "figures" figures_are "$work/tiles" tiles sets lu
done_testing
