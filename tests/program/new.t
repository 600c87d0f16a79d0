# numlab new: an experiment that runs as it is, settings for the editor, with table, figure, page and test; nothing overwritten, hostile names.
. tests/program/tap.sh
top=$PWD
mkdir "$work/here"; cd "$work/here"
run "$NUMLAB" new --help
check "--help exits with 0" code_is 0
check "and prints its usage" out_has "usage: numlab new NAME"
run "$NUMLAB" new
check "no name is wrong usage" code_is 2
run "$NUMLAB" new a b
check "two are, too" code_is 2

for bad in '' . .. ../x /tmp/x a/b 'a b' "a'b" 'a"b' '`touch pwned`' '$(touch pwned)' 'a;touch pwned' "$(printf 'a\nb')" -x --x \
  NUL 'a%sb' 'a\b' "$(printf '\377')" "$(printf '%0200d' 1)"; do
  run "$NUMLAB" new "$bad"
  check "refused: $(printf %s "$bad" | tr -c ' -~' '?' | cut -c1-20)" code_is 2
  check "... in one line" [ "$(wc -l < "$work/err")" = 1 ]
done
check "nothing was executed or written" [ -z "$(ls -A)" ]
check "or beside" [ ! -e "$work/x.lua" ]

run "$NUMLAB" new heat
check "a name is taken" code_is 0
check "its file is printed" out_is heat.lua
check "and what comes next" err_has "numlab run heat.lua quick=true"
check "and what is for editors" err_has ".luarc.json"
check "which says where the annotations are" "$NUMLAB" -e '
  local settings = require("cjson").decode(io.open(".luarc.json"):read "a")
  assert(settings["runtime.version"] == "Lua 5.4" and settings["diagnostics.globals"] == nil)
  local folders = settings["workspace.library"]
  assert(io.open(folders[1] .. "/solve.meta.lua") and io.open(folders[2] .. "/numlab/sweep.lua"))'
echo mine > .luarc.json
run "$NUMLAB" new heat_two
check "those that are there stay" [ "$(cat .luarc.json)" = mine ]
check "and are not spoken of" sh -c '! grep -q luarc "$1"' sh "$work/err"
run "$NUMLAB" run heat.lua quick=true
check "it runs as it is" code_is 0
check "with a table" out_has "gauss_seidel"
check "a page" grep -q "What it shows" reports/heat/heat.md
check "rows" grep -q "jacobi" reports/heat/heat.csv
check "the script of a figure" [ -s reports/heat/sweeps.gp ]
check "and its own test" out_has "test passed: 12 rows"
run "$NUMLAB" run heat.lua --help
check "it explains its settings" out_has "unknowns"
run "$NUMLAB" run heat.lua quik=true
check "and refuses what it does not know" err_has "did you mean 'quick'"
sed 's|math.log(point.tol) / math.log(radius)|2 * &|' heat.lua > wrong.lua
run "$NUMLAB" run wrong.lua quick=true
check "its test fails where theory and measurement differ" code_is 1
check "and says so" err_has "sweeps, theory says"

echo mine > mine.lua; ln -s nowhere link.lua
for name in mine mine.lua link; do
  run "$NUMLAB" new $name
  check "$name: what is there is not overwritten" code_is 1
  check "$name: and that is said" err_has "is there already and stays as it is"
done
check "it stays as it was" [ "$(cat mine.lua)" = mine ]
check "a link too, and where it points" [ ! -e nowhere ]
run "$NUMLAB" new 高斯
check "a Chinese name is taken" [ -s 高斯.lua ]
run "$NUMLAB" run 高斯.lua quick=true
check "and runs" out_has "test passed"
check "into its folder" [ -s reports/高斯/experiment.csv ]
mkdir closed; chmod 555 closed; cd closed
if [ ! -w . ]; then
  run "$NUMLAB" new heat
  check "a folder that lets nobody write exits with 1" code_is 1
fi
cd /proc; run "$NUMLAB" new heat
check "a folder that cannot hold it exits with 1" code_is 1
check "and says so" err_has "cannot write heat.lua"
cd "$top"
done_testing
