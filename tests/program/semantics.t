# Lua as it is: the programs of tests/program/semantics/ do under `numlab run` what they do under lua5.4, byte for byte
# (standard output, standard error, exit code); LUA_PATH and LUA_CPATH; C modules of Debian.
#
# Known differences, on purpose, each tried below: a message without a position, error(message, 0), gets no traceback; a
# binary chunk is no script; LUA_INIT is not read; package.path begins with numlab's own folder. And one that no program
# here shows: the collector is incremental, that of lua5.4 generational; collectgarbage "generational" changes that.
. tests/program/tap.sh
here=tests/program/semantics
if ! command -v lua5.4 >/dev/null; then
  check "not tried: no lua5.4 here" true
  done_testing
  exit
fi

# both STDIN COMMAND-WORDS ...: under lua5.4 and under numlab; out, err and code of each in $work/1.*, $work/2.*
both() {
  stdin=$1; shift
  for n in 1 2; do
    if [ $n = 1 ]; then set -- lua5.4 "$@"; else shift; set -- "$NUMLAB" run "$@"; fi
    code=0
    "$@" <"$stdin" >"$work/$n.out" 2>"$work/$n.err" || code=$?
    # the same names: of the program at the head of a message, of blocks of memory
    sed -i -e '1s/^lua5\.4: /numlab: /' -e 's/0x[0-9a-f]\{6,\}/0x/g' "$work/$n.err" "$work/$n.out"
    echo "exit code $code" >> "$work/$n.err"
  done
}
same() { diff "$work/1.out" "$work/2.out" && diff "$work/1.err" "$work/2.err"; }
printf '12 rest\nabcdef\nline\nlast without newline' > "$work/in"

for file in "$here"/*.lua; do
  both "$work/in" "$file" one "two words" "" 'last*'
  check "$(basename "$file" .lua)" same
done
check "the programs do run: 12 exit with 0" [ "$(for f in "$here"/*.lua; do lua5.4 "$f" <"$work/in" >/dev/null 2>&1 && echo; done | wc -l)" = 12 ]

stdin_same() {
  cp "$work/in" "$work/script"; printf 'print(...)\nerror("from stdin")\n' > "$work/script"
  both "$work/script" - a b && same
}
check "a script on standard input" stdin_same
snippets() {
  for snippet in 'print(1 + 1, 10 // 3, 10 / 2)' 'local x <close> = setmetatable({}, {__close = print}) error("e")' \
    'io.write("a")  os.exit(5)' 'x = ' 'return 1' 'print(pcall(require, "nonexistent") == false)'; do
    one=0; two=0
    lua5.4 -e "$snippet" >"$work/1.out" 2>"$work/1.err" </dev/null || one=$?
    "$NUMLAB" -e "$snippet" >"$work/2.out" 2>"$work/2.err" </dev/null || two=$?
    sed -i -e '1s/^lua5\.4: /numlab: /' -e 's/0x[0-9a-f]*/0x/g' "$work/1.err" "$work/2.err" "$work/1.out" "$work/2.out"
    same && [ $one = $two ] || { echo "in: $snippet ($one, $two)"; return 1; }
  done
}
check "-e CODE" snippets

# --- where modules are looked for
path_same() {
  lua5.4 -e 'print(package.path) print(package.cpath)' > "$work/1.out"
  "$NUMLAB" -e 'print(package.path) print(package.cpath)' | sed '1s/^[^;]*;//' > "$work/2.out"
  diff "$work/1.out" "$work/2.out"
}
check "package.path and cpath are those of lua5.4, behind numlab's own folder" path_same
for setting in LUA_PATH=/a/?.lua "LUA_PATH=/a/?.lua;;" "LUA_PATH_5_4=/b/?.lua;;" LUA_CPATH=/c/?.so "LUA_CPATH_5_4=;;/d/?.so"; do
  check "$setting" env "$setting" sh -c 'lua5.4 -e "$1" >"$2/1.out"; "$3" -e "$1" | sed "1s/^[^;]*;//" >"$2/2.out"
    diff "$2/1.out" "$2/2.out"' sh 'print(package.path) print(package.cpath)' "$work" "$NUMLAB"
done

# --- the differences on purpose
run "$NUMLAB" -e 'error("an outcome", 0)'
check "a message without a position has no traceback" [ "$(cat "$work/err")" = "numlab: an outcome" ]
lua5.4 -e 'io.open(arg[0] and "'"$work/binary.lua"'", "wb"):write(string.dump(load "print(1)"))'
run "$NUMLAB" run "$work/binary.lua"
check "a binary chunk is no script" err_has "attempt to load a binary chunk"
run env LUA_INIT='print "init"' LUA_INIT_5_4='print "init"' "$NUMLAB" -e 'print "alone"'
check "LUA_INIT changes no run" out_is alone

# --- C modules of Debian
try() { # MODULE PACKAGE CODE
  if ! lua5.4 -e "require '$1'" 2>/dev/null; then
    check "$1 not tried: $2 is not installed for lua5.4" true
    return
  fi
  printf '%s\n' "$3" > "$work/module.lua"
  both "$work/in" "$work/module.lua"
  check "$1 loads and does what it does under lua5.4" same
  check "and something at all" [ -s "$work/2.out" ]
}
try cjson lua-cjson 'local json = require "cjson"
  local t = json.decode "{\"a\": [1, 2.5, null, true, \"\\u4e2d\"]}"
  print(t.a[1], t.a[2], t.a[3] == json.null, t.a[4], t.a[5], json.encode { 1, 2, { x = "y" } }, pcall(json.decode, "{"))'
try lfs lua-filesystem 'local lfs = require "lfs"
  print(lfs.attributes("tests", "mode"), lfs.attributes("/no/such"))
  local names = {}
  for name in lfs.dir "tests/program/semantics" do names[#names + 1] = name end
  table.sort(names)
  print(#names > 20, table.concat(names, " "))'
# Debian 12 builds lua-posix for Lua 5.1 to 5.3 alone, so there it is tried nowhere.
try posix lua-posix 'local posix = require "posix"
  print(posix.basename "/a/b.c", posix.dirname "/a/b.c", posix.fnmatch("*.c", "b.c"), require "posix.unistd".access("/", "r"))'
done_testing
