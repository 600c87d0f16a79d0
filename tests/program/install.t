# make install: what lies where, the installed program and module, pkg-config, the examples of docs/examples built and
# run by the lines of their page, uninstall.
. tests/program/tap.sh
top=$PWD
if ldd "$NUMLAB" | grep -qE 'lib(a|t)san'; then
  check "not tried: a sanitised build loads into nothing else" true
  done_testing
  exit
fi
mk() { MAKEFLAGS='' make -s "$@" BUILD="$BUILD" >"$work/out" 2>"$work/err"; }
at=$work/root/opt/numlab
mk install PREFIX=/opt/numlab DESTDIR="$work/root"
check "make install below DESTDIR and PREFIX" [ -x "$at/bin/numlab" ]
check "has nothing to complain of" is_empty "$work/err"
for file in lib/libnumlab.a lib/lua/5.4/numlab.so include/numlab.h share/numlab/experiments/task1_sweep.lua \
  share/numlab/lib/numlab/command/bench.lua share/numlab/meta/solve.meta.lua share/man/man1/numlab.1 \
  share/man/man3/numlab.3lua share/doc/numlab/reference.html share/doc/numlab/reference.md; do
  check "$file is there" [ -e "$at/$file" ]
done
check "all public headers" [ "$(ls "$at/include/numlab")" = "$(ls engine/include/numlab)" ]
check "nothing lies outside PREFIX" [ "$(ls "$work/root" "$work/root/opt" | grep -v :)" = "opt

numlab" ]
check "DESTDIR is in none of the text files" sh -c '! grep -rI "$1" "$2"' sh "$work/root" "$at"

# --- the installed program, from another folder
mkdir "$work/elsewhere"; cd "$work/elsewhere"
run "$at/bin/numlab" -e 'local nl = require "numlab" print(nl.stats.median{ 1, 2, 9 }, package.searchpath("numlab.plot", package.path))'
check "it finds its scripts" out_is "2.0	$at/share/numlab/lib/numlab/plot.lua"
run "$at/bin/numlab" run experiments/task1_sweep.lua --help
check "and experiments" out_has "n="
run "$at/bin/numlab" doctor --json
check "its doctor exits with 0" code_is 0
installed() { "$at/bin/numlab" -e 'local by = {}
  for _, part in ipairs(require "cjson".decode(io.open(arg[1]):read("a"))) do by[part.name] = part end
  assert(by.numlab.path == arg[2] .. "/bin/numlab" and by.scripts.path == arg[2] .. "/share/numlab", by.scripts.path)
  assert(by.cuda.found or by.cuda.problem ~= "")' "$work/out" "$(readlink -f "$at")"; }
check "and tells of the installed files" installed
run "$at/bin/numlab" doc nl.solve
check "help is there" out_has "nl.solve"
run "$at/bin/numlab" new mine
check "numlab new works there" [ -s mine.lua ]
run "$at/bin/numlab" run mine.lua quick=true out=results
check "and what it wrote runs" code_is 0

# --- pkg-config and the examples, by the lines of their page, under a prefix that needs no DESTDIR
cd "$top"
at=$work/prefix
mk install PREFIX="$at"
cd "$work/elsewhere"
cp "$top"/docs/examples/*.[ch] "$top"/docs/examples/*.lua .
line() { sed -n "s/^    \($1\)/\1/p" "$top/docs/examples/README.md"; }
shown() { sed -n "/^$1\$/,/^[^ ]/{ s/^    //p }" "$top/docs/examples/README.md" | sed "/^$1/d"; }
does() { sh -c "$1 -std=c11 -Wall -Wextra -Wpedantic -Werror" || { echo "line: $1"; false; }; }
flags() { echo $(pkg-config "$@"); }
if ! command -v pkg-config >/dev/null; then
  check "the C examples are not tried: no pkg-config here" true
else
  PKG_CONFIG_PATH=$at/lib/pkgconfig; export PKG_CONFIG_PATH
  check "its flags are those of PREFIX" [ "$(flags --cflags --libs numlab)" = "-I$at/include -L$at/lib -lnumlab -lm" ]
  check "statically too: the engine needs no other library" [ "$(flags --static --libs numlab)" = "-L$at/lib -lnumlab -lm" ]
  check "the version is the program's" sh -c '"$1" version | grep -qF "numlab $(pkg-config --modversion numlab) ("' sh "$NUMLAB"
  check "the engine example compiles as the page says" does "$(line 'cc -o engine')"
  run ./engine
  check "runs" code_is 0
  check "and prints what the page says" out_is "$(shown '`.\/engine` prints')"
  check "it is linked with the C library and libm alone" sh -c '! ldd ./engine | grep -E "numlab|lua"'
  if ! pkg-config --exists lua5.4; then
    check "host.c is not tried: no lua5.4.pc here" true
  else
    check "the Lua host compiles as the page says" does "$(line 'cc -o host')"
    run ./host
    check "runs" code_is 0
    check "and prints what the page says" out_is "$(shown '`.\/host`')"
  fi
fi
LUA_CPATH="$at/lib/lua/5.4/?.so;;"; export LUA_CPATH
run $(line lua5.4)
check "a Lua program under the system's lua5.4" code_is 0
check "prints what the page says" out_is "$(shown 'and `lua5.4 host.lua`')"
run lua5.4 host.lua 1
check "its misuse is told" err_has "n is a whole number from 2 on"
unset LUA_CPATH
at=$work/root/opt/numlab

# --- a copy that was moved, and uninstall
cd "$top"
mv "$work/root/opt" "$work/moved"
run "$work/moved/numlab/bin/numlab" -e 'print(require("numlab").stats.median{ 1, 2, 9 })'
check "a moved tree finds its own scripts" out_is 2.0
mv "$work/moved" "$work/root/opt"
touch "$at/bin/other"
mk uninstall PREFIX=/opt/numlab DESTDIR="$work/root"
check "uninstall leaves nothing but what others put there" [ "$(find "$at" -type f)" = "$at/bin/other" ]
done_testing
