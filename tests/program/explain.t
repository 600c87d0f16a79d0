# Errors that Lua itself raises: the program says more where numlab is loaded, and nothing where it is not.
. tests/program/tap.sh
cat > "$work/script.lua" <<'LUA'
local nl = require "numlab"
local A = nl.eye(2)
print(A:summ())
LUA
run "$NUMLAB" run "$work/script.lua"
check "a script that fails exits with 1" code_is 1
check "with the place and the message of Lua" err_has "script.lua:3: attempt to call a nil value (method 'summ')"
check "and what mends it" err_has "; a tensor has no method 'summ' (did you mean 'sum'?)"
check "on one line, above the traceback" grep -q "did you mean 'sum'?)\$" "$work/err"
run "$NUMLAB" -e 'local nl = require "numlab"' -e 'local nl = require "numlab"  nl.inv(nl.eye(2))'
check "-e as well" err_has "nl has no 'inv': nl.solve(A, b) solves without an inverse"
run "$NUMLAB" -e 'local nl = require "numlab"  local x = nl.solve(nl.zeros(2, 2), nl.ones(2))  print(x:norm())'
check "a nil that is passed on tells what had failed" err_has "the last call that gave nil said: lu: A is singular"
run "$NUMLAB" -e 'local nl, mine = require "numlab", {}  mine.inv(2)'
check "a field of another object is no concern of numlab's" grep -q "(field 'inv')\$" "$work/err"
run "$NUMLAB" -e 'local nl = {}  nl.inv(2)'
check "a program without numlab fails as under lua5.4" grep -q "(field 'inv')\$" "$work/err"
run "$NUMLAB" -e 'require "numlab"  local t = { {} }  t[1].x.y = 1'
check "errors that are not about numlab stay as they are" grep -q "attempt to index a nil value (field 'x')\$" "$work/err"
run sh -c 'echo "nl.arrray{1}" | "$NUMLAB"'
check "so does the prompt" err_has "attempt to call a nil value (field 'arrray')"
cat > "$work/plot.lua" <<'LUA'
local plot = require "numlab.plot"
local function draw()
  plot.figure{ tilte = "x" }
end
draw()
LUA
run "$NUMLAB" run "$work/plot.lua"
check "a library blames the line that called it" err_has "plot.lua:3: plot: unknown option 'tilte' (did you mean 'title'?"
done_testing
