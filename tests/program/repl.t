# The REPL on a pipe: no prompts, values of expressions, chunks over several lines, errors that do not end it.
. tests/program/tap.sh
HOME=$work/home XDG_STATE_HOME=
export HOME XDG_STATE_HOME
feed() { code=0; printf "$1" | "$NUMLAB" repl >"$work/out" 2>"$work/err" || code=$?; }

feed '1+1\n'
check "an expression prints" out_is 2
feed 'return 5\nx = 1 return x\n'
check "so do values that are returned, as in lua5.4" out_is "5
1"
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
feed 'A = nl.eye(2)\nA\nA;\n'
check "a tensor ends with type, shape, place and bytes" out_is "  1  0
  0  1
f64 tensor 2x2 on cpu, 32 B"
feed '1, "two"\nnl.eye(1), 2\n'
check "several values stand side by side, or below one another" out_is "1	two
  1
f64 tensor 1x1 on cpu, 8 B
2"
feed 'x = 3\nwho()\n'
check "who() lists variables" out_has "x     integer"
feed 'type, error, table, load = 1, 2, {3}, nl.load\nstring = "x"; next, xpcall, require = nil\n{1}\n%%time 6\nnl.solev(1)\nwho()\n'
check "whatever names the variables take" out_has "{1}"
check "the commands go on" out_has "peak memory"
check "and so do the explanations" err_has "did you mean 'solve'?"
check "and who() lists those too" out_has "table   table"
feed 'x = setmetatable({}, {__tostring = function(self) error(self) end})\nx\nerror(x)\n1+1\n'
check "an object that cannot be shown does not end it" out_is 2
check "and is told" err_has "(error object is a table value)"
feed 'nl.sollve(1)\nmine = {}\nmine.inv(1)\n'
check "what was typed tells whose field is missing" err_has "nl has no 'sollve' (did you mean 'solve'?)"
check "and whose is no concern of numlab's" grep -q "(field 'inv')\$" "$work/err"
feed '!echo hello; exit 3\n7\n'
check "! runs a command" out_is "hello
7"
check "and tells its failure" err_has "exit code 3"
feed '%%time 6 * 7\n'
check "%time gives the value and the time" out_has 42
check "and the time" out_has "peak memory 0 B"
feed '%%bench 6 * 7\n'
check "%bench gives the median" out_has "median "
feed '%%time error("boo")\n%%bench error("baa")\n%%time\n%%bench for\n'
check "errors in %time are told" err_has boo
check "in %bench" err_has baa
check "that an expression is missing" err_has "an expression is missing, as in %time"
check "that it is no Lua" err_has "stdin:1: "
feed '%%tiem 1\n'
check "an unknown one names the nearest" err_has "did you mean '%time'?"
feed '%%help\n'
check "%help lists them" out_has "%bench EXPR"
feed 'x = {\n1,\ny.z }\n'
check "an error in several lines shows its own" err_has "    y.z }"
check "a history is no matter of pipes" [ ! -e "$work/home" ]
feed 'os.exit(3)\n'
check "os.exit sets the exit code" code_is 3
run "$NUMLAB" repl x
check "words are wrong usage" code_is 2
done_testing
