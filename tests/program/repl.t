# The REPL on a pipe: no prompts, values of expressions, chunks over several lines, errors that do not end it.
. tests/program/tap.sh
feed() { code=0; printf "$1" | "$NUMLAB" repl >"$work/out" 2>"$work/err" || code=$?; }

feed '1+1\n'
check "an expression prints" out_is 2
feed '41;\nans+1\n'
check "; silences, ans keeps the value" out_is 42
feed 'x = 3\nfor i = 1, 2 do\n  print(i * x)\nend\n'
check "a chunk may span lines" out_is "3
6"
feed 'error("boo")\nnil + 1\n= 5\n'
check "errors do not end it" out_is 5
check "they go to standard error" err_has boo
check "and the exit code is 0" code_is 0
feed 'nl.version\n'
check "nl is loaded" out_has .
feed '?t:sum\n1+1\n'
check "?name is help" out_has "Tensor:sum(dim?, opts?)"
check "and what follows runs" out_has 2
feed '?dominance\n'
check "?word lists what speaks of it" out_has nl.DominanceFacts
feed '?nl.sollve\n40+2\n'
check "?nonsense names the nearest" err_has "did you mean 'nl.solve'?"
check "and does not end it" out_is 42
feed 'for i = 1, 2 do\n'
check "an unfinished chunk says what is missing" err_has "'end' expected"
feed 'os.exit(3)\n'
check "os.exit sets the exit code" code_is 3
run "$NUMLAB" repl x
check "words are wrong usage" code_is 2
done_testing
