# numlab doc: the entry of a name, the topics, a search; what fits nothing; an own place for colours.
. tests/program/tap.sh
run "$NUMLAB" doc --help
check "--help exits with 0" code_is 0
check "and prints its usage" out_has "usage: numlab doc [NAME | --search WORD]"
run "$NUMLAB" doc nl.solve
check "a name exits with 0" code_is 0
check "shows how it is called" out_has "nl.solve(A, b, opts?)"
check "its options" out_has "  max_iter  integer: default 10000"
check "and an example" out_has "    local x, info = nl.solve("
check "no colours where nobody looks" sh -c '! grep -q "$(printf "\033")" "$1"' sh "$work/out"
check "no line of the text is wider than 80" sh -c '! sed "/^Example/,\$d" "$1" | grep -E "^.{81}"' sh "$work/out"
run "$NUMLAB" doc numlab.sweep
check "a library lists its functions" out_has "sweep.run "
run "$NUMLAB" doc
check "without a name: the topics, a line each" out_has "nl.gallery "
check "libraries too" out_has "numlab.sweep "
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

if command -v script >/dev/null; then
  on_terminal() { script -qec "env $1 TERM=xterm '$NUMLAB' doc t:sum" /dev/null </dev/null >"$work/out" 2>&1; }
  bold=$(printf '\033[1m')
  on_terminal A=b
  check "on a terminal the heads are bold" out_has "${bold}Example"
  on_terminal NO_COLOR=1
  check "NO_COLOR keeps them plain" sh -c '! grep -q "$(printf "\033")" "$1" && grep -q Example "$1"' sh "$work/out"
fi
done_testing
