# What README.md shows is what a new user gets: its programs run, its quick commands too, its files are there.
. tests/program/tap.sh
top=$PWD
# block N: the N-th ```lua block
block() { awk -v n="$1" '/^```lua$/ { k++; on = k == n; next } /^```$/ { on = 0 } on' README.md; }
block 1 > "$work/first.lua"
block 2 > "$work/figure.lua"
check "two programs, no third" [ -s "$work/first.lua" -a -s "$work/figure.lua" -a -z "$(block 3)" ]
named=$(grep -o '`[a-z.A-Z_/]*/`\|`[A-Z]*\.md`\|`docs/[a-z/A-Z]*\.md`' README.md | tr -d '`')
there() { for path in $named; do [ -e "$path" ] || [ -e "scripts/lib/numlab/$path" ] || [ -e "gpu/$path" ] || [ -e "docs/$path" ] ||
  { echo "no $path"; return 1; }; done; }
check "the folders and files it names are there" there

cd "$work"
run "$NUMLAB" run first.lua
check "five lines print the solution" out_has "0.2143  0.1429  0.2143"
check "and the sweeps" grep -Eq '^1[0-9]	[0-9.]+e-1[1-9]$' "$work/out"
if command -v gnuplot >/dev/null; then
  run "$NUMLAB" run figure.lua
  check "the first figure is drawn" code_is 0
  check "here" out_has "dominance 1.01"
  check "and as svg" grep -q "</svg>" first.svg
  check "with its script" grep -q "dominance 1.1" first.gp
else
  check "the first figure is not tried: no gnuplot here" true
fi

# Commands of a moment; those that measure, report and pack have tests of their own.
quick() { # each as the page has it, with this build and from this folder
  sed -n 's/^    build\/numlab \(.*\)/\1/p' "$top/README.md" | sed 's/ *#.*//' |
    grep -vE '^(run .*quick=true|report|pack|verify|bench)' > commands
  [ "$(wc -l < commands)" -ge 7 ] || { cat commands; return 1; }
  while read -r words; do
    sh -c "\"\$NUMLAB\" $words" > said 2>&1 </dev/null || { echo "numlab $words"; cat said; return 1; }
  done < commands
}
check "its quick commands end well" quick
check "numlab new wrote what it says" [ -s mine.lua ]
done_testing
