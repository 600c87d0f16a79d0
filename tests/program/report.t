# numlab report: one page from stored results; what is missing is run; the author's words, PDF or not, wrong words.
. tests/program/tap.sh
top=$PWD
case $NUMLAB in /*) ;; *) NUMLAB=$top/$NUMLAB ;; esac
cd "$work" || exit 1
export NUMLAB_WEASYPRINT="$work/no-weasyprint" # but where a test wants it
page=reports/report/report.html
run_small() { # EXPERIMENT WORD ...
  name=$1; shift
  "$NUMLAB" run "experiments/$name.lua" quick=true "$@" > out.txt 2>&1 || cat out.txt
}
page_has() { grep -qF -- "$1" "$page" || { echo "no '$1' in $page"; false; }; }
page_lacks() { ! grep -qF -- "$1" "$page"; }
# is_sound FILE: no id twice, no reference to none, nothing from elsewhere, every element closed
is_sound() {
  "$NUMLAB" -e 'local s = io.open(arg[1], "rb"):read("a")
    assert(utf8.len(s), "no UTF-8")
    local ids, open, void = {}, {}, { meta = true }
    for tag in s:gmatch("<[^>]*>") do
      local id = tag:match("%sid=[\"\x27]([^\"\x27]*)")
      assert(not id or not ids[id], id)
      if id then ids[id] = true end
      local closing, name, own = tag:match("^<(/?)(%w+).-(/?)>$")
      if closing == "/" then assert(table.remove(open) == name, tag)
      elseif name and own == "" and not void[name] then open[#open + 1] = name end
    end
    assert(#open == 0, open[#open])
    for tag in s:gmatch("<[^>]*>") do
      for target in tag:gmatch("[fc]=[\"\x27]([^\"\x27]*)") do assert(target:match("^#(.*)") and ids[target:sub(2)], target) end
      for target in tag:gmatch("url%(#([^)\"\x27]*)") do assert(ids[target], target) end
    end' "$1"
}

run "$NUMLAB" report --help
check "help" out_has "usage: numlab report [task1] [task2]"
run "$NUMLAB" help report
check "the same by numlab help" out_has "notes.md"
for words in taks1 task3 lang=de qick=true quick=yes out= --quick quick lang from= from; do
  run "$NUMLAB" report $words
  check "$words is refused" code_is 2
done
check "before anything is run or made" [ ! -e reports ]
run "$NUMLAB" report task3
check "with the nearest task" err_has "did you mean 'task1'?"
run "$NUMLAB" report out=/proc/x/y
check "a folder that cannot be made ends it with 1" code_is 1
check "and says so" err_has "cannot make the folder /proc/x/y"

run_small task1_sweep n=20,30 density=0.05 repeats=1 formats=svg seed=1
run_small task1_nondominant n=40 repeats=1 formats=svg seed=1 density=0.1
run_small task1_sensitivity n=20,40 methods=lu,gauss_seidel rows=4 trajectories=2 repeats=1
run "$NUMLAB" report task1 quick=true
check "a report of stored results" code_is 0
check "its path is all on standard output" out_is "$page"
check "nothing is run" [ "$(grep -c running "$work/err")" = 0 ]
check "how to get a PDF" err_has "apt install weasyprint"
check "it is sound" is_sound "$page"
check "every size stands in it" page_has '<td class="number">30</td>'
check "key code of today" page_has "static nl_status eliminate(nl_gauss *g) {"
check "no function is missing" page_lacks "Not shown"
check "computed sentences say that they are" page_has "Computed from the rows"
check "with what the rows show" page_has "Gauss-Seidel must diverge"
check "where they come from" page_has "task1_sweep:1"
check "which parameter moves what" page_has "In short: gauss_seidel"
check "quick runs are called so" page_has "Quick run: task1_sweep, task1_nondominant, task1_sensitivity"
if command -v gnuplot > /dev/null; then check "13 figures" [ "$(grep -c '<svg ' "$page")" = 13 ]; fi
cp "$page" before.html
sleep 1
run "$NUMLAB" report task1 quick=true
check "the same bytes from the same rows" cmp before.html "$page"

printf '# 我的报告\nBy me.\n\n## task 1: method\nI chose <this>.\n\n## 心得体会\n- fine\n\n## What?\nhm\n' > reports/report/notes.md
cp reports/report/notes.md notes.before
run "$NUMLAB" report task1 quick=true lang=zh
check "in Chinese" code_is 0
check "it is sound" is_sound "$page"
check "computed sentences too" page_has "谱半径为"
if command -v gnuplot > /dev/null; then check "and figures" page_has ">高斯-赛德尔迭代次数：实测值与预测值之比<"; fi
check "and nothing in English that was computed" page_lacks "must diverge"
check "with the lab's terms" page_has "高斯-赛德尔迭代法"
check "the author's title" page_has "<title>我的报告</title>"
check "the author's words, which are text" page_has "<p>I chose &lt;this&gt;.</p>"
check "a section of the author's alone" page_has "心得体会</h2>"
check "a heading of no section is told" err_has "no section is called 'What?'"
check "the notes stay as they are" cmp notes.before reports/report/notes.md

run env NUMLAB_GNUPLOT=/nonexistent/gnuplot "$NUMLAB" report task1 quick=true
check "without gnuplot it is made all the same" code_is 0
check "with a word in each figure's place" page_has "This figure could not be drawn: gnuplot is not here"

# A run of full size is not hidden by a quick one after it, though that has written over page and figures.
"$NUMLAB" run experiments/task1_nondominant.lua n=50 repeats=1 > out.txt 2>&1
run_small task1_nondominant n=40 repeats=1
run "$NUMLAB" report task1 quick=true out=full
check "the last run of full size is told" grep -qF "task1_nondominant:2" full/report.html
check "and not called quick" grep -qF "Quick run: task1_sweep, task1_sensitivity" full/report.html
rm reports/task1_nondominant/*.md reports/task1_nondominant/*.svg reports/task1_nondominant/*.csv
mkdir elsewhere; mv reports elsewhere/old; mkdir "else where"
"$NUMLAB" run experiments/task1_nondominant.lua n=60 repeats=1 out="else where" > out.txt 2>&1
run "$NUMLAB" report task1 from=elsewhere from="else where" out=full
check "stores elsewhere are enough" code_is 0
check "nothing is run" [ ! -e reports ]
check "of several the run that ended last" grep -qF "else where/task1_nondominant.sqlite" full/report.html
check "that some are quick is said" err_has "task1_sweep: there is no run of full size, a quick one is told"
run "$NUMLAB" report task1 from=nowhere out=full
check "a folder that is not there ends it with 1" code_is 1
check "with its name" err_has "nowhere is no folder and no store"
mv elsewhere/old reports

run_small task2_sweep n=32,64,128 q_tile=32 k_tile=32 heads=2 head_dim=16
run_small task2_verify n=40 dtype=f64 formats=svg seed=1 cases=none,causal
run_small task2_sensitivity n=16,48 head_dim=8,16 q_tile=16,32 k_tile=16,32 rows=4 trajectories=2 repeats=1
run "$NUMLAB" report quick=true out="a b/'c'"
check "both tasks, elsewhere" out_is "a b/'c'/report.html"
check "what was missing is said" err_has "task2_module: no finished run is stored in reports/task2_module; running it (quick)"
check "it is sound" is_sound "a b/'c'/report.html"
page="a b/'c'/report.html"
check "what online softmax saves" page_has "online softmax at n&nbsp;=&nbsp;128"
check "agreement" page_has "all 2 cases hold"
check "the module" page_has "qkv.weight"

printf '#!/bin/sh\nfor last; do :; done\nprintf "%%s" "%%PDF-1.7 %%%%EOF" > "$last"\n' > paint
chmod +x paint
run env NUMLAB_WEASYPRINT="$work/paint" "$NUMLAB" report task1 quick=true out=pdf
check "a PDF beside it" out_is "pdf/report.html
pdf/report.pdf"
printf '#!/bin/sh\necho "no good" >&2\nexit 1\n' > paint
run env NUMLAB_WEASYPRINT="$work/paint" "$NUMLAB" report task1 quick=true out=pdf
check "without one it is no failure" code_is 0
check "the reason, and that the old one is old" err_has "WeasyPrint failed: no good; pdf/report.pdf is of an earlier report"
check "nothing is left over" [ "$(ls pdf | tr '\n' ' ')" = "report.html report.pdf " ]
if command -v weasyprint > /dev/null; then
  run env NUMLAB_WEASYPRINT=weasyprint "$NUMLAB" report task2 quick=true out=pdf
  check "WeasyPrint makes it" out_has "pdf/report.pdf"
fi
done_testing
