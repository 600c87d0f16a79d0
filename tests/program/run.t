# numlab run and -e: words, exit codes, errors, where FILE is looked for, bad settings, what the output may do.
. tests/program/tap.sh
top=$PWD

run "$NUMLAB" -e 'print(...)' -e 'print(arg[1], arg[2], #arg)' a b
check "-e gives its words to every chunk" out_is "a	b
a	b	2"
cat > "$work/s.lua" <<'LUA'
#!/usr/bin/env -S numlab run
print(arg[0], arg[1], #arg, ...)
LUA
run "$NUMLAB" run "$work/s.lua" x y
check "run skips a shebang and hands over arg and ..." out_is "$work/s.lua	x	2	x	y"
check "and exits with 0" code_is 0

echo 'os.exit(7)' > "$work/seven.lua"
run "$NUMLAB" run "$work/seven.lua"
check "os.exit sets the exit code" code_is 7
echo 'local function f() error("boo") end f()' > "$work/boo.lua"
run "$NUMLAB" run "$work/boo.lua"
check "an error exits with 1" code_is 1
check "its message names file and line" err_has "boo.lua:1: boo"
check "with a traceback" err_has "stack traceback:"
check "and keeps off the standard output" is_empty "$work/out"
run "$NUMLAB" -e 'error(setmetatable({}, { __tostring = function() return "of its own" end }))'
check "an error value speaks through __tostring" err_has "of its own"
echo 'x = = 1' > "$work/syntax.lua"
run "$NUMLAB" run "$work/syntax.lua"
check "a syntax error exits with 1" code_is 1
printf '\033Lua' > "$work/binary.lua"
run "$NUMLAB" run "$work/binary.lua"
check "a binary chunk is refused" err_has "attempt to load a binary chunk"

run "$NUMLAB" run no/such.lua
check "a missing file exits with 1" code_is 1
check "and names the places looked at" err_has "scripts/no/such.lua"
run "$NUMLAB" run
check "no file is wrong usage" code_is 2
mkdir -p "$work/scripts/mine"; echo 'print "mine"' > "$work/scripts/mine/a.lua"
cd "$work"; run "$NUMLAB" run mine/a.lua
check "run looks below ./scripts" out_is mine
run "$NUMLAB" -e 'print(type(require("numlab.stats")), require("numlab").stats == require("numlab.stats"))'
check "the libraries are found from any folder" out_is "table	true"
cd "$top"

run env NUMLAB_MEMORY=lots "$NUMLAB" -e ''
check "a bad NUMLAB_MEMORY is reported" err_has "NUMLAB_MEMORY"
check "with exit code 2" code_is 2
run env NUMLAB_THREADS=0 "$NUMLAB" -e ''
check "a bad NUMLAB_THREADS is reported" err_has "NUMLAB_THREADS: '0'"
run env NUMLAB_CPU=avx3 "$NUMLAB" -e ''
check "a bad NUMLAB_CPU names the nearest" err_has "did you mean 'avx2'"

full() {
  code=0
  "$NUMLAB" -e 'print(("x"):rep(100000))' >/dev/full 2>"$work/err" || code=$?
  code_is 1 && err_has "No space left"
}
check "a full disk under standard output exits with 1" full
endless() { timeout 10 "$NUMLAB" -e 'while true do print(1) end' 2>&1 | head -1 && echo done > "$work/done"; }
SECONDS_BEFORE=$(date +%s); endless >/dev/null; SECONDS_AFTER=$(date +%s)
check "a script that prints for ever into head ends" [ $((SECONDS_AFTER - SECONDS_BEFORE)) -lt 8 ]

done_testing
