#!/bin/sh
# Does the full sweep of task 1 survive being killed?
#
#   BUILD=build sh tests/slow/killed_sweep.sh [KILLS] [words for the sweep ...]       (10 kills; takes two full sweeps)
#
# One run is left alone. Another is killed (kill -9) at random moments and gone on with each time. After each kill: SQLite's
# integrity check must say ok, every row that was stored before must be there unchanged, and every line of the csv must be in
# the store. In the end the rows must equal those of the unbroken run in all but their times. One Markdown row a kill; exit
# code 1 when anything fails.
set -u
NUMLAB=${BUILD:-build}/numlab
kills=${1:-10}
[ $# -eq 0 ] || shift
work=$(mktemp -d)
pid=
trap '[ -z "$pid" ] || kill -9 $pid 2>/dev/null; rm -rf "$work"' EXIT
failed=0

sweep() { "$NUMLAB" run experiments/task1_sweep.lua "$@" >> "$work/out" 2>> "$work/err"; }
ask() { "$NUMLAB" -e 'db = assert(require("numlab").sqlite(arg[1], { readonly = true })) assert(load(arg[2]))()' "$1" "$2"; }
# All fields of all rows of the last run, times and what depends on them (how often was measured) left out.
rows() {
  ask "$1" 'for _, c in ipairs(db:rows("SELECT point, name, value FROM row JOIN cell ON cell.row = row.id WHERE run = "
    .. "(SELECT max(id) FROM run) AND name NOT LIKE \"seconds%\" AND name NOT IN (\"repeats\", \"outliers\") "
    .. "ORDER BY point, name")) do print(c.point, c.name, c.value) end' 2> /dev/null
}
count() { rows "$1" | cut -f1 | uniq | wc -l; }
seconds() { date +%s; }

started=$(seconds)
sweep out="$work/whole" "$@" || { cat "$work/err"; exit 1; }
took=$(($(seconds) - started))
rows "$work/whole/task1_sweep.sqlite" > "$work/expected"
all=$(count "$work/whole/task1_sweep.sqlite")
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
echo "unbroken: $all rows in $took s; random seed $seed"
echo
echo "| kill | after (s) | rows stored | lines of the csv | integrity check | lost or changed |"
echo "| ---: | ---: | ---: | ---: | --- | ---: |"
store=$work/killed/task1_sweep.sqlite
: > "$work/before"
k=0
while [ $k -lt "$kills" ]; do
  k=$((k + 1))
  after=$(awk -v s=$((seed + k)) -v t=$took -v n="$kills" 'BEGIN { srand(s); printf "%.2f", t / (n + 2) * (0.1 + 1.8 * rand()) }')
  "$NUMLAB" run experiments/task1_sweep.lua out="$work/killed" "$@" >> "$work/out" 2>> "$work/err" &
  pid=$!
  sleep "$after"
  kill -9 $pid 2> /dev/null || { echo "the sweep ended before kill $k"; failed=1; break; }
  wait $pid 2> /dev/null
  pid=
  [ -e "$store" ] || { echo "| $k | $after | no store yet | | | |"; continue; }
  verdict=$(ask "$store" 'print(select(2, next(db:rows("PRAGMA integrity_check")[1])))' 2>&1)
  rows "$store" > "$work/after"
  gone=$(sort "$work/before" "$work/after" "$work/after" | uniq -u | wc -l)
  stored=$(cut -f1 "$work/after" | uniq | wc -l)
  lines=$(($(wc -l < "$work/killed/task1_sweep.csv" 2>/dev/null || echo 1) - 1))
  [ "$verdict" = ok ] && [ "$gone" = 0 ] && [ "$lines" -le "$stored" ] || failed=1
  echo "| $k | $after | $stored | $lines | $verdict | $gone |"
  mv "$work/after" "$work/before"
done
sweep out="$work/killed" "$@" || { tail -3 "$work/err"; failed=1; }
rows "$store" > "$work/got"
runs=$(ask "$store" 'print(db:rows("SELECT count(*) AS n FROM run")[1].n)')
echo
if cmp -s "$work/expected" "$work/got" && [ "$runs" = 1 ]; then
  echo "in the end: $(count "$store") rows in one run, equal to the unbroken run in all but the times"
else
  echo "in the end: $(count "$store") rows in $runs runs, which DIFFER from the unbroken run:"
  diff "$work/expected" "$work/got" | head -20
  failed=1
fi
exit $failed
