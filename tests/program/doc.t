# numlab doc: the entry of a name, the topics, a search; what fits nothing; an own place for colours; the reference.
. tests/program/tap.sh
run "$NUMLAB" doc --help
check "--help exits with 0" code_is 0
check "and prints its usage" out_has "usage: numlab doc [NAME | --search WORD | --format=F [--out=DIR]]"
run "$NUMLAB" doc nl.solve
check "a name exits with 0" code_is 0
check "shows how it is called" out_has "nl.solve(A, b, opts?)"
check "its options" out_has "  max_iter  integer: default 10000"
check "under their head" grep -qx Options "$work/out"
check "and an example" out_has "    local x, info = nl.solve("
check "no colours where nobody looks" sh -c '! grep -q "$(printf "\033")" "$1"' sh "$work/out"
check "no line of the text is wider than 80" sh -c '! sed "/^Example/,\$d" "$1" | grep -E "^.{81}"' sh "$work/out"
run "$NUMLAB" doc numlab.sweep
check "a library lists its functions" out_has "sweep.run "
run "$NUMLAB" doc
check "without a name: the topics, a line each" out_has "nl.gallery "
check "libraries too" out_has "numlab.sweep "
check "but none that is internal" sh -c '! grep -q "numlab.sweep_point" "$1"' sh "$work/out"
run "$NUMLAB" doc numlab.sweep_point
check "which answers to its name" out_has "sweep_point.visit "
run env PATH=/nowhere "$NUMLAB" doc nl.solve
check "no other program is needed" out_has "nl.solve(A, b, opts?)"
run "$NUMLAB" doc --search dominant
check "a search lists what speaks of a word" out_has "nl.gallery.dominant "
run "$NUMLAB" doc nl.sollve
check "an unknown name exits with 1" code_is 1
check "naming the nearest, on standard error" err_has "nothing is called 'nl.sollve', did you mean 'nl.solve'?"
check "alone" is_empty "$work/out"
run "$NUMLAB" doc --search
check "a search for nothing is wrong usage" code_is 2
check "and says so" err_has "WORD is missing"
run "$NUMLAB" doc solve sweep
check "so are two names" code_is 2
run "$NUMLAB" doc --serach x
check "and unknown options" code_is 2

run "$NUMLAB" doc --format=html
check "the reference goes to standard output" out_has "<!DOCTYPE html>"
run "$NUMLAB" doc --format=markdown --out="$work/deep/er"
check "or into a folder, which is made" out_is "$work/deep/er/reference.md"
check "whole" grep -qF '### `nl.solve(A, b, opts?)`' "$work/deep/er/reference.md"
run "$NUMLAB" doc --format=pdf
check "an unknown format is wrong usage" code_is 2
check "and names the known ones" err_has "unknown format 'pdf'"
run "$NUMLAB" doc --out=x
check "a folder without a format too" code_is 2
check "and is not made" [ ! -e x ]
touch "$work/file"
run "$NUMLAB" doc --format=man --out="$work/file/x"
check "a folder that cannot be made exits with 1" code_is 1
check "and says so" err_has "cannot make the folder"
for page in man man3; do
  SOURCE_DATE_EPOCH=86400 "$NUMLAB" doc --format=$page > "$work/page"
  check "$page: its day can be fixed" grep -q '^.TH NUMLAB 3*1*[lua]* 1970-01-02 ' "$work/page"
  if command -v groff >/dev/null; then
    groff -man -ww -Tutf8 "$work/page" >"$work/out" 2>"$work/err"
    check "$page: groff has no complaint" is_empty "$work/err"
  fi
  if command -v mandoc >/dev/null; then
    mandoc -Tlint "$work/page" >"$work/out" 2>&1
    check "$page: mandoc has none" is_empty "$work/out"
  fi
done
check "the settings that --help tells of are those that are read" sh -c '
  "$1" --help > "$2/help"
  for name in $(cat bindings/*.c engine/*/*.c scripts/lib/numlab/*.lua scripts/lib/numlab/*/*.lua |
    grep -oE "getenv *\( *\"NUMLAB_[A-Z]*" | grep -oE "NUMLAB_[A-Z]*" | sort -u); do
    grep -q "$name" "$2/help" || { echo "$name"; exit 1; }
  done' sh "$NUMLAB" "$work"

if command -v script >/dev/null; then
  on_terminal() { script -qec "env $1 TERM=xterm '$NUMLAB' doc t:sum" /dev/null </dev/null >"$work/out" 2>&1; }
  bold=$(printf '\033[1m')
  on_terminal A=b
  check "on a terminal the heads are bold" out_has "${bold}Example"
  on_terminal NO_COLOR=1
  check "NO_COLOR keeps them plain" sh -c '! grep -q "$(printf "\033")" "$1" && grep -q Example "$1"' sh "$work/out"
fi
done_testing
