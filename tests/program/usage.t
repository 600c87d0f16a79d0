# Help, version, unknown words, what the binary links, how it loads elsewhere, an installed copy.
. tests/program/tap.sh
top=$PWD

for words in --help help "run --help" "-e --help" "repl --help" "doctor --help" "version --help"; do
  run "$NUMLAB" $words
  check "numlab $words exits with 0" code_is 0
  check "numlab $words prints on standard output" out_has numlab
  check "numlab $words prints no error" is_empty "$work/err"
done
fits() { # in cells, which Chinese characters take two of
  "$NUMLAB" -e 'local text = require("numlab").text
    for name in ("-- " .. io.read("a"):match("\nusage:\n(.-)\n\n")):gmatch("numlab (%S+)") do
      local said = io.popen(("$NUMLAB help %s; $NUMLAB --help"):format(name)):read("a")
      for line in said:gmatch("[^\n]+") do assert(text.width(line) <= 80, line) end
    end' <"$work/out"
}
run "$NUMLAB" --help
check "no line of any help is wider than 80" fits
run "$NUMLAB" version
check "version names numlab and Lua" out_has "Lua 5.4"
run "$NUMLAB" dcotor
check "an unknown command exits with 2" code_is 2
check "naming the nearest" err_has "did you mean 'doctor'"
check "on standard error alone" is_empty "$work/out"

# A sanitised build links its runtime and loads into nothing else.
if ! ldd "$NUMLAB" | grep -qE 'lib(a|t)san'; then
  check "the program links libc and libm only" sh -c '! ldd "$1" | awk "{ print \$1 }" |
    grep -vE "^(linux-vdso|libc|libm)\.so|ld-linux"' sh "$NUMLAB"
  stock() { LUA_CPATH="$BUILD/?.so" lua5.4 -e 'local nl = require "numlab" assert(nl.version and nl.stats and nl.args)'; }
  check "stock lua5.4 loads numlab.so, which finds its libraries" stock
  MAKEFLAGS='' make -s install BUILD="$BUILD" PREFIX=/usr DESTDIR="$work/root" >"$work/install" 2>&1
  check "make install works" [ -x "$work/root/usr/bin/numlab" ]
  cd "$work"
  run "$work/root/usr/bin/numlab" -e 'print(package.searchpath("numlab.stats", package.path))'
  check "an installed copy finds its own scripts from another folder" \
    out_is "$work/root/usr/share/numlab/lib/numlab/stats.lua"
  run "$work/root/usr/bin/numlab" doc nl.solve
  check "and the text of its help" out_has "meta/solve.meta.lua:"
  rm -r "$work/root/usr/share/numlab/meta"
  run "$work/root/usr/bin/numlab" doc nl.solve
  check "whose absence it tells" err_has "no *.meta.lua in $work/root/usr/share/numlab/meta"
  check "with exit code 1" code_is 1
  installed() { LUA_CPATH="$work/root/usr/lib/lua/5.4/?.so" lua5.4 -e 'assert(require("numlab").stats)'; }
  check "and so does its module" installed
  cp "$BUILD/numlab.so" "$work"
  beside() { NUMLAB_CUDA='' LUA_CPATH="$work/?.so" lua5.4 -e 'print(select(2, require("numlab").devices()))' |
    grep -qF "no numlab_cuda.so in $work"; }
  check "a module looks for the GPU plugin beside itself, and says so" beside
  cd "$top"
fi
done_testing
