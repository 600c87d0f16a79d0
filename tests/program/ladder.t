# The ladder's experiment and its measuring of traffic: on a GPU small figures and a page, elsewhere one line that says why not.
. tests/program/tap.sh
run "$NUMLAB" run experiments/task2_ladder.lua n=128,256 tokens=256 heads=2 repeats=1 out="$work/ladder"
check "it ends with 0" code_is 0
if grep -q "task2_ladder needs a GPU, nothing was measured: " "$work/err"; then
  check "without a GPU it says so in one line" [ "$(wc -l <"$work/err")" = 1 ]
  check "and writes nothing" [ ! -e "$work/ladder" ]
else
  for file in task2_ladder.csv task2_ladder.md speed.gp traffic.gp memory.gp; do
    check "there is $file" [ -s "$work/ladder/$file" ]
  done
  check "no rung failed" [ "$(grep -c ",OK" "$work/ladder/task2_ladder.csv")" = 16 ]
  check "it tells gains" out_has "times as fast as ladder_partition"
fi
run "$NUMLAB" run experiments/task2_ladder.lua rungs=ladder_x out="$work/bad"
check "an unknown rung ends it with 1" code_is 1
check "and is named" err_has "unknown rung 'ladder_x'"
run env PATH=/nonexistent /bin/sh tests/gpu/ladder_traffic.sh
check "without the profiler traffic is not measured" out_has "skipped: no ncu"
check "which is no failure" code_is 0
done_testing
