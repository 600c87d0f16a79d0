# make dist: a folder that runs where nothing is but the C library, from wherever it is put.
. tests/program/tap.sh
if ldd "$NUMLAB" | grep -qE 'lib(a|t)san'; then
  check "not tried: a sanitised build needs its runtime beside it" true
  done_testing
  exit
fi
MAKEFLAGS='' make -s docs BUILD="$BUILD" >"$work/out" 2>"$work/err"
sh .ci/dist "$BUILD" "$work/made" >"$work/out" 2>"$work/err"
check "it is made" [ -x "$work/made/bin/numlab" ]
check "with the text of its help" [ -e "$work/made/share/numlab/meta/solve.meta.lua" ]
for file in share/man/man1/numlab.1 share/man/man3/numlab.3lua share/doc/numlab/reference.html \
  share/doc/numlab/reference.md; do
  check "$file is there, as after make install" [ -s "$work/made/$file" ]
done
check "silently, where all libraries are here" is_empty "$work/err"
check "GPL libraries stay behind" sh -c '! ls "$1" | grep -E "umfpack|cholmod"' sh "$work/made/lib"
check "each package's licence lies beside" sh -c 'ls "$1" | grep -q licence-of-libopenblas' sh "$work/made/share/doc/numlab"

root=$work/root # another Linux: the C library, a shell, and the folder
mkdir -p "$root/lib64" "$root/tmp" "$root/proc"
mv "$work/made" "$root/elsewhere"
for file in $(ldd "$root/elsewhere/bin/numlab" /bin/sh | grep -oE '/[^ ]*(libc|libm|ld-linux-x86-64)\.so\.[0-9]' | sort -u); do
  mkdir -p "$root$(dirname "$file")"
  cp -L "$file" "$root$file"
done
bare() { # numlab there; the loader finds $ORIGIN by /proc
  unshare -m sh -c 'mount --bind /proc "$1/proc" && exec chroot "$@"' sh "$root" /elsewhere/bin/numlab "$@"
}
if ! bare version >"$work/out" 2>&1; then
  check "not tried in a bare root: unshare, mount and chroot are not allowed here" true
  done_testing
  exit
fi
run bare -e '
  local nl = require "numlab"
  local A, b = nl.gallery.dominant{ n = 50, density = 0.1, seed = 1 }
  for _, method in ipairs{ "lu", "lapack", "csparse", "klu" } do
    local x, info = nl.solve(A, b, { method = method })
    assert(x and info.relative_residual < 1e-12, method)
  end
  assert(nl.save("/tmp/x.npz", { x = b }) and nl.load("/tmp/x.npz").x == b)
  assert(nl.sqlite("/tmp/x.sqlite"))
  assert(nl.stats.median{ 1, 2, 9 } == 2)
  print(#nl.devices(), nl.facts().libraries[1].path)'
check "solvers, archives, the store and the Lua libraries work there" code_is 0
check "OpenBLAS is the one it brought" out_has "/elsewhere/lib/libopenblas"
run bare -e 'print(require("numlab").solve(nil))'
check "misuse is told as everywhere" err_has "bad argument #1 to 'solve'"
done_testing
