# The experiments on attention, small: columns, figures and pages are there; a setting that cannot be, or an
# implementation that is wrong, ends them with 1.
. tests/program/tap.sh
small="n=32,64,128 q_tile=32 k_tile=32,64 heads=2 head_dim=16 repeats=1" # 3 sizes, 5 contestants: 15 rows
no_traceback() { ! grep -q traceback "$work/err" || { cat "$work/err"; false; }; }
rows_are() { [ "$(wc -l < "$1")" = $(($2 + 1)) ] || { wc -l "$1"; false; }; }
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

run "$NUMLAB" run experiments/task2_sweep.lua $small out="$work/sweep"
check "the sweep runs to its end" code_is 0
check "a row a size and contestant" rows_are "$work/sweep/task2_sweep.csv" 15
check "with all columns" has_columns "$work/sweep/task2_sweep.csv" impl device dtype batch heads n head_dim q_tile k_tile \
  causal threads repeats forward_s forward_iqr backward_s backward_iqr peak_forward_bytes predicted_forward_bytes \
  peak_backward_bytes max_abs_err grad_max_abs_err seed code
check "none failed" [ "$(grep -c ',OK,' "$work/sweep/task2_sweep.csv")" = 15 ]
check "figures" figures_are "$work/sweep" time memory tiles
check "a page that says what tiling and online softmax save" grep -q "online softmax at n = 128" "$work/sweep/task2_sweep.md"

run "$NUMLAB" run experiments/task2_sweep.lua impls=flash,tild out="$work/typo"
check "a typo is refused" code_is 1
check "before anything is measured" [ ! -e "$work/typo" ]
check "with the nearest name" err_has "did you mean 'tiled'"

run "$NUMLAB" run experiments/task2_sweep.lua n=32 q_tile=32 k_tile=32 impls=flash out="$work/one"
check "one size and one implementation are enough" code_is 0

run env NUMLAB_PYTHON=/nonexistent/python "$NUMLAB" run experiments/task2_sweep.lua $small peers=true out="$work/peers"
check "without PyTorch its rows are left out" code_is 0
check "and a note says so" err_has "PyTorch rows are left out: no python3 here"
check "the others are there" rows_are "$work/peers/task2_sweep.csv" 15

run env NUMLAB_CUDA=off "$NUMLAB" run experiments/task2_sweep.lua $small device=cuda out="$work/none"
check "without a GPU the sweep on one ends with 0" code_is 0
check "says so in one line" [ "$(cat "$work/err")" = \
  "note: task2_sweep measured nothing: device 'cuda' is not available: switched off by NUMLAB_CUDA" ]
check "and writes nothing" [ ! -e "$work/none" ]
run "$NUMLAB" run experiments/task2_sweep.lua $small device=gpu out="$work/none"
check "a device that cannot be is refused" code_is 1
check "by name" err_has "unknown device 'gpu'"

# A plugin made of host memory stands in for a GPU: it computes constants, so what is tested is the way of the rows.
fake="$BUILD/tests/engine/device/fake.so"
if [ -e "$fake" ]; then
  run env NUMLAB_CUDA="$fake" FAKE_DEVICE=here "$NUMLAB" run experiments/task2_sweep.lua n=32,64 heads=2 head_dim=16 repeats=1 \
    dtype=f64 q_tile=32 peers=true device=cuda out="$work/gpu"
  check "on a device the sweep runs to its end" code_is 0
  check "each implementation once" rows_are "$work/gpu/task2_sweep.csv" 6
  check "none failed" [ "$(grep -c ',OK,' "$work/gpu/task2_sweep.csv")" = 6 ]
  check "with the path that ran and the device" grep -q "^64,flash,flash,fake_first,cuda,f64," "$work/gpu/task2_sweep.csv"
  check "what the driver counts" has_columns "$work/gpu/task2_sweep.csv" path driver_bytes
  check "figures" figures_are "$work/gpu" time memory
  check "but no tiles" [ ! -e "$work/gpu/tiles.gp" ]
  check "tiles are said to count on the CPU alone" err_has "kernels of a GPU have tiles of their own"
  check "and where PyTorch is" err_has "tests/peers/torch_cuda_attention.py"
  check "nothing is left out without a word" err_has "not positive on a log axis, left out"
  check "a page with the GPU's sentences" grep -q "online softmax at n = 64: nothing in place of nothing" \
    "$work/gpu/task2_sweep.md"
fi

run "$NUMLAB" run experiments/task2_verify.lua n=40 cases=causal,GQA,dropout dtype=f64,f16 out="$work/verify"
check "the verification runs to its end" code_is 0
check "with all columns" has_columns "$work/verify/task2_verify.csv" case dtype impl against out_max out_mean dq_max dk_max \
  dv_max dbias_max allclose worst worst_in seed code
check "a figure" figures_are "$work/verify" agreement
check "what is left out is said" out_has "tiled does not have this"
run "$NUMLAB" show "$work/verify"
check "its rows are stored, with where they come from" out_has "dtype=f64,f16"
check "as a finished run" out_has "task2_verify:1, finished"

cat > "$work/wrong.lua" <<'LUA'
local nl = require "numlab"
local right = nl.attention
nl.attention = function(q, k, v, options)
  local out, aux = right(q, k, v, options)
  return options.impl == "flash" and out * 1.001 or out, aux
end
table.remove(arg, 1)
dofile("scripts/experiments/task2_verify.lua")
LUA
run "$NUMLAB" run "$work/wrong.lua" x n=40 cases=none dtype=f64 out="$work/wrong"
check "an implementation that is wrong ends it with 1" code_is 1
check "and is named" out_has "FAILED: case 'none', f64, flash against f64 standard"
check "after everything was written" grep -q "What failed" "$work/wrong/task2_verify.md"
check "in one line" no_traceback
done_testing
