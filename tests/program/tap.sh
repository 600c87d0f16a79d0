# What the .t files share: `check "what it shows" COMMAND ...` is one TAP test, `done_testing` ends the file.
count=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

check() {
  what=$1; shift
  count=$((count + 1))
  if "$@" >"$work/why" 2>&1; then echo "ok $count - $what"
  else echo "not ok $count - $what"; sed 's/^/# /' "$work/why"
  fi
}

done_testing() { echo "1..$count"; }

# run COMMAND ...: keeps standard output, standard error and the exit code in $work/out, $work/err, $code
run() { code=0; "$@" >"$work/out" 2>"$work/err" </dev/null || code=$?; }
code_is() { [ "$code" = "$1" ] || { echo "exit code $code, expected $1"; cat "$work/out" "$work/err"; false; }; }
out_is() { [ "$(cat "$work/out")" = "$1" ] || { echo "expected: $1"; echo "got:"; cat "$work/out" "$work/err"; false; }; }
out_has() { grep -qF -- "$1" "$work/out" || { echo "no '$1' in:"; cat "$work/out"; false; }; }
err_has() { grep -qF -- "$1" "$work/err" || { echo "no '$1' in:"; cat "$work/err"; false; }; }
is_empty() { [ ! -s "$1" ] || { cat "$1"; false; }; }
