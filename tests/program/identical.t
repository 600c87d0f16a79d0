# From the same stored rows svg, md, csv and html come out byte-identical: now and a second later, in another folder, by
# another process, from a copy of the store.
. tests/program/tap.sh
top=$PWD
case $NUMLAB in /*) ;; *) NUMLAB=$top/$NUMLAB ;; esac
cd "$work" || exit 1
export NUMLAB_WEASYPRINT="$work/no-weasyprint"
small() {
  name=$1; shift
  "$NUMLAB" run "experiments/$name.lua" quick=true seed=1 "$@" > out.txt 2>&1 || cat out.txt
}
small task1_sweep n=20,30 density=0.1 repeats=1 methods=lu,gauss_seidel
small task1_nondominant n=30 density=0.1 repeats=1 methods=gauss_seidel,gauss
small task1_sensitivity n=20,30 rows=8 trajectories=4 repeats=1 methods=lu,gauss_seidel
check "three runs are stored" [ "$(ls reports/*/*.sqlite | wc -l)" = 3 ]

# drawn FROM INTO: every figure of every run as svg, from what the stores keep
drawn() {
  mkdir -p "$2" && "$NUMLAB" -e '
    local data, figures = require "numlab.report_data", require "numlab.report_figures"
    local results = assert(data.collect{ tasks = { task1 = true }, quick = true, from = { arg[1] }, tell = error })
    for _, result in ipairs(results) do
      for _, drawing in ipairs(result.drawings) do
        for _, lang in ipairs{ "en", "zh" } do
          local name = ("%s/%s-%s.%s.svg"):format(arg[2], result.name, drawing.file:match("[^/]*$"), lang)
          local f = assert(io.open(name, "wb"))
          f:write((assert(figures.svg(drawing, lang))))
          f:close()
        end
      end
    end' "$1" "$2"
}
# outputs FROM INTO: all four kinds
outputs() {
  for name in task1_sweep task1_nondominant task1_sensitivity; do
    for format in csv md; do "$NUMLAB" export "$1/$name/$name.sqlite" format=$format out="$2-$name.$format" || return 1; done
  done
  for lang in en zh; do "$NUMLAB" report task1 quick=true lang=$lang from="$1" out="$2-$lang" > /dev/null 2>&1 || return 1; done
  ! command -v gnuplot > /dev/null || drawn "$1" "$2-svg"
}
check "all kinds are made" outputs reports first
sleep 1 # a clock in them would show
mkdir -p "else where" && cp -r reports "else where/reports" # the page names the store by its path
again() ( cd "else where" && outputs reports ../second )
check "and made again" again
for name in task1_sweep task1_nondominant task1_sensitivity; do
  for format in csv md; do
    check "$name: the same $format" cmp first-$name.$format second-$name.$format
    check "which holds something" [ "$(wc -c < first-$name.$format)" -gt 500 ]
  done
  check "$name: the csv of the sweep" cmp first-$name.csv reports/$name/$name.csv
done
for lang in en zh; do
  check "the same html, lang=$lang" cmp first-$lang/report.html second-$lang/report.html
done
check "not the same in both languages" [ "$(cmp -s first-en/report.html first-zh/report.html; echo $?)" = 1 ]
if command -v gnuplot > /dev/null; then
  check "as many figures" [ "$(ls first-svg | wc -l)" = "$(ls second-svg | wc -l)" ]
  check "which are some" [ "$(ls first-svg | wc -l)" -ge 20 ]
  for svg in first-svg/*.svg; do
    name=${svg##*/}
    check "the same $name" cmp "$svg" "second-svg/$name"
    case $name in *.en.svg) # drawn by the run itself
      plain=${name%.en.svg}
      check "as the run drew it" cmp "$svg" "reports/${plain%%-*}/${plain#*-}.svg" ;;
    esac
  done
  check "no date in them" [ -z "$(grep -l "$(date +%Y)-" first-svg/*.svg)" ]
else
  echo "# gnuplot is not here: no figures are compared"
fi
done_testing
