# The sensitivity experiments, small: columns, figures, pages; a setting that cannot be ends them with 1.
. tests/program/tap.sh
small="quick=true rows=4 trajectories=2 repeats=1"
no_traceback() { ! grep -q traceback "$work/err" || { cat "$work/err"; false; }; }
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

run "$NUMLAB" run experiments/task1_sensitivity.lua $small n=20,40 methods=lu,gauss_seidel out="$work/one"
check "task 1 runs to its end" code_is 0
check "with all columns" has_columns "$work/one/task1_sensitivity.csv" n density ratio sign method seconds iterations error \
  peak_bytes replicate seed code
check "and those of the indices" has_columns "$work/one/task1_sensitivity_indices.csv" case output factor mu mu_star sigma S1 \
  S1_low S1_high ST ST_low ST_high elasticity
check "figures, for all methods and for sweeps" figures_are "$work/one" morris_all sobol_all oat_all morris_gauss_seidel \
  sobol_gauss_seidel oat_gauss_seidel
check "a page that says what moves the sweeps" grep -q "^- sweeps: the shares of the factors alone" "$work/one/task1_sensitivity.md"

run "$NUMLAB" run experiments/task1_sensitivity.lua $small n=20,40 methods=lu sign=mixed out="$work/fixed"
check "one method and one sign stay where they are" code_is 0
run "$NUMLAB" run experiments/task1_sensitivity.lua $small n=20 out="$work/bad"
check "a range with one end is refused" code_is 1
check "with what it needs" err_has "n: two numbers are needed, from and to, as in n=1,2"
check "before anything is measured" [ ! -e "$work/bad" ]
run "$NUMLAB" run experiments/task1_sensitivity.lua $small ratio=1,2 out="$work/bad"
check "a ratio that is no dominance is refused" err_has "factor 'ratio' is on a log scale, its bounds must lie above 1, got 1"
run "$NUMLAB" run experiments/task1_sensitivity.lua $small density=0.1,2 out="$work/bad"
check "a density above 1 too" err_has "density is 2, at most 1"
run "$NUMLAB" run experiments/task1_sensitivity.lua $small n=20,40 methods=gauss_seidel out="$work/gs"
check "Gauss-Seidel alone has one set of figures" [ "$(ls "$work/gs" | grep -c "gp$")" = 3 ]

run "$NUMLAB" run experiments/task2_sensitivity.lua $small n=16,48 head_dim=8,16 q_tile=16,32 k_tile=16,32 out="$work/two"
check "task 2 runs to its end" code_is 0
check "with all columns" has_columns "$work/two/task2_sensitivity.csv" n head_dim q_tile k_tile causal impl forward_s backward_s \
  forward_extra_bytes max_abs_err replicate code
check "figures, for all implementations and for flash" figures_are "$work/two" morris sobol oat morris_flash sobol_flash oat_flash
check "a page that says what moves the memory" grep -q "^- extra memory: the shares of the factors alone" "$work/two/task2_sensitivity.md"
run "$NUMLAB" run experiments/task2_sensitivity.lua causal=maybe out="$work/bad"
check "a mask that is none is refused" err_has "unknown causal 'maybe'"
check "in one line" no_traceback
done_testing
