# The roofline, small: ceilings and kernels in one csv, their places in the page, the figure; wrong words.
. tests/program/tap.sh
roof() { run "$NUMLAB" run experiments/machine_roofline.lua threads=1 heads=2 head_dim=8 repeats=1 out="$work/roof" "$@"; }
page_has() { grep -qF -- "$1" "$work/roof/machine_roofline.md" || { cat "$work/roof/machine_roofline.md"; false; }; }

roof n=32,48 formats=svg
check "it runs to its end" code_is 0
check "a row a size, ceiling and kernel" [ "$(wc -l < "$work/roof/machine_roofline.csv")" = $((1 + 2 * (5 + 14))) ]
check "ceilings of compute and memory at each size" [ "$(grep -cE ',ceiling (f64|f32|memory),' "$work/roof/machine_roofline.csv")" = 6 ]
check "every kernel came through" [ "$(grep -c ',OK,' "$work/roof/machine_roofline.csv")" -ge 34 ]
check "the page tells the ceilings" page_has "## Ceilings of this machine"
check "and the share of what is attainable" page_has "| bound | share | above |"
check "the table has kernels, not ceilings" [ "$(grep -cE '^\| (ceiling|gemm)' "$work/roof/machine_roofline.md")" = 4 ]
check "the script of the figure" grep -q "FLOPs a byte" "$work/roof/roofline.gp"
! command -v gnuplot > /dev/null || check "the figure" grep -q "</svg>" "$work/roof/roofline.svg"
roof kernels=matvek
check "a typo is refused" code_is 1
check "with the nearest kernel" err_has "did you mean 'matvec'"
roof n=1
check "a size too small is refused" err_has "n is 1, expected at least 2"
done_testing
