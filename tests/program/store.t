# The store of a sweep: killed ten times it ends with the rows of an unbroken run; two at once; damaged, full and absent
# stores; list, show, compare, export.
. tests/program/tap.sh
top=$PWD
cat > "$work/small.lua" <<'LUA'
local nl = require "numlab"
local o = nl.args({ out = "", seed = 1, n = 20, wait = 0.02, text = 0, log = "", factor = 1.0, repeats = 1 })
local numbers = {}
for i = 1, o.n do numbers[i] = i end
nl.sweep.run{ name = "small", out = o.out, seed = o.seed, arguments = { text = o.text }, repeats = o.repeats,
  pause = 0,
  axes = { { "n", numbers } }, contestants = { "a", "b" }, columns = { "n", "method", "value", "repeats", "code" },
  prepare = function(point)
    if o.log ~= "" then io.open(o.log, "a"):write(point.n, "\n"):close() end
    return true
  end,
  run = function(point, name)
    nl.bench.pause(o.wait)
    if point.n == 3 then return nil, "no three", { code = "SINGULAR" } end
    return { value = point.n / 3 + (name == "a" and 0 or 1), text = ("x"):rep(o.text), seconds = point.n / 64 * o.factor }
  end }
LUA
small() { run "$NUMLAB" run "$work/small.lua" "$@"; }
# in_store FILE CODE: Lua with `db` open and `rows`, what the query in it gives
in_store() {
  "$NUMLAB" -e 'db = assert(require("numlab").sqlite(arg[1], { readonly = true }))
    function one(sql) local row = assert(db:rows(sql))[1] return select(2, next(row)) end
    assert(load(arg[2]))()' "$1" "$2"
}
# await CSV: until two rows are in it
await() { for _ in $(seq 500); do [ "$(cat "$1" 2>/dev/null | wc -l)" -lt 3 ] || return 0; sleep 0.02; done; echo "no rows in $1"; }
is_sound() { in_store "$1" 'local word = one "PRAGMA integrity_check" assert(word == "ok", word)'; }
stored() { in_store "$1" 'for _, c in ipairs(db:rows("SELECT point, name, value FROM row JOIN cell ON cell.row = row.id '\
'WHERE run = (SELECT max(id) FROM run) ORDER BY point, name")) do print(c.point, c.name, c.value) end'; }

small out="$work/whole" wait=0
check "a sweep runs to its end" code_is 0
check "its store is sound" is_sound "$work/whole/small.sqlite"
check "a finished run leaves nothing but the store beside the csv" \
  [ "$(ls "$work/whole" | tr '\n' ' ')" = "small.csv small.sqlite " ]

# --- killed at ten random moments ---
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
kills=0; lost=""; broken=""
: > "$work/before"
while [ $kills -lt 10 ]; do
  kills=$((kills + 1))
  "$NUMLAB" run "$work/small.lua" out="$work/killed" log="$work/log" wait=0.03 2>>"$work/err" &
  pid=$!
  sleep "$(awk -v s="$seed" -v k=$kills 'BEGIN { srand(s + k); print 0.05 + 0.3 * rand() }')"
  kill -9 $pid
  wait $pid 2>/dev/null
  [ -e "$work/killed/small.sqlite" ] || continue
  is_sound "$work/killed/small.sqlite" > "$work/verdict" 2>&1 || broken="$broken $kills: $(cat "$work/verdict")"
  stored "$work/killed/small.sqlite" > "$work/after" 2>/dev/null
  sort "$work/before" "$work/after" "$work/after" | uniq -u > "$work/gone" # a line that is in before alone
  [ ! -s "$work/gone" ] || lost="$lost $kills: $(cat "$work/gone")"
  mv "$work/after" "$work/before"
done
check "killed ten times (random seed $seed), the store passes the integrity check each time" [ -z "$broken" ]
check "rows go through a write-ahead log" in_store "$work/killed/small.sqlite" 'assert(one "PRAGMA journal_mode" == "wal")'
check "no row that was stored is lost or changes" [ -z "$lost" ]
small out="$work/killed" log="$work/log" wait=0
check "the same command goes on to the end" code_is 0
check "with the rows it had" err_has "finished rows"
stored "$work/whole/small.sqlite" | grep -v seconds > "$work/expected"
stored "$work/killed/small.sqlite" | grep -v seconds > "$work/got"
check "the rows are those of the unbroken run" cmp "$work/expected" "$work/got"
check "in one run" in_store "$work/killed/small.sqlite" 'assert(one "SELECT count(*) FROM run" == 1)'
check "every sample is kept" in_store "$work/killed/small.sqlite" 'assert(one "SELECT count(*) FROM sample" == 38)'
check "only points in flight were measured again" [ "$(wc -l < "$work/log")" -le 30 ]
sort "$work/whole/small.csv" > "$work/csv1"; sort "$work/killed/small.csv" > "$work/csv2"
check "the csv holds the same lines" cmp "$work/csv1" "$work/csv2"

# --- two at once ---
"$NUMLAB" run "$work/small.lua" out="$work/two" wait=0.04 2>"$work/err1" & first=$!
await "$work/two/small.csv"
small out="$work/two"
second=$code
wait $first; code=$?
check "two on one store: the first ends well" code_is 0
code=$second
check "so does the second" code_is 0
check "which says that there is another" err_has "is at run 1 of $work/two/small.sqlite; this one runs beside it"
run "$NUMLAB" list "$work/two"
check "each has a run of its own" [ "$(grep -c "^small:[12]  finished .* 40 " "$work/out")" = 2 ]
check "and the csv is whole" [ "$(wc -l < "$work/two/small.csv")" = 41 ]

# --- what must not be mixed ---
"$NUMLAB" run "$work/small.lua" out="$work/mixed" 2>/dev/null & pid=$!
await "$work/mixed/small.csv"; kill -9 $pid; wait $pid 2>/dev/null
small out="$work/mixed" wait=0 seed=2
check "another seed begins another run" code_is 0
check "and says what differs" err_has "was broken off with"
check "by name" err_has "differs in seed: it stays as it is"
check "the csv is this run's" [ "$(wc -l < "$work/mixed/small.csv")" = 41 ]
small out="$work/mixed" wait=0
check "the first goes on when asked for" err_has "finished rows"
run "$NUMLAB" show "$work/mixed:1"
check "to its end" out_has "small:1, finished"

mkdir "$work/fake"; printf '#!/bin/sh\necho nfs\n' > "$work/fake/stat"; chmod +x "$work/fake/stat"
PATH="$work/fake:$PATH" "$NUMLAB" run "$work/small.lua" out="$work/far" 2>/dev/null & pid=$!
await "$work/far/small.csv"; kill -9 $pid; wait $pid 2>/dev/null
check "on a network's file system there is a rollback journal instead of a log" \
  in_store "$work/far/small.sqlite" 'assert(one "PRAGMA journal_mode" == "delete")'
check "which keeps the rows as well" is_sound "$work/far/small.sqlite"

# --- out of order ---
cp -r "$work/whole" "$work/damaged"
printf 'ruined, all of it, by something else than SQLite' | dd of="$work/damaged/small.sqlite" conv=notrunc 2>/dev/null
cp "$work/damaged/small.sqlite" "$work/ruin"
small out="$work/damaged" wait=0
check "a damaged store ends it with 1" code_is 1
check "naming the file and the cure" err_has "move it away (mv '$work/damaged/small.sqlite'"
check "the file stays as it was" cmp "$work/ruin" "$work/damaged/small.sqlite"
check "the csv too" cmp "$work/whole/small.csv" "$work/damaged/small.csv"
run "$NUMLAB" list "$work/damaged"
check "list says so too" err_has "the store is damaged or is none"
check "and fails" code_is 1

( ulimit -f 400; "$NUMLAB" run "$work/small.lua" out="$work/full" wait=0 text=9000 >"$work/out" 2>"$work/err"; echo $? > "$work/code" )
code=$(cat "$work/code")
check "a store that cannot grow ends it with 1" code_is 1
check "naming the file and the cure" err_has "rows finished before are kept"
check "it is sound" is_sound "$work/full/small.sqlite"
small out="$work/full" wait=0 text=9000
check "with room the same command goes on" err_has "finished rows"
check "to all rows" in_store "$work/full/small.sqlite" 'assert(one "SELECT count(*) FROM row" == 40)'

NUMLAB_EXTERNAL=sqlite "$NUMLAB" run "$work/small.lua" out="$work/bare" >"$work/out" 2>"$work/err" & pid=$!
await "$work/bare/small.csv"; kill -9 $pid; wait $pid 2>/dev/null
check "without SQLite a sweep runs all the same, and says once what that costs" \
  [ "$(grep -c "apt install libsqlite3-0" "$work/err")" = 1 ]
check "without a store" [ ! -e "$work/bare/small.sqlite" ]
kept=$(($(wc -l < "$work/bare/small.csv") - 1))
small out="$work/bare" wait=0
check "later, with SQLite, its $kept rows go into the store" err_has "going on with $kept finished rows"
check "and the others" in_store "$work/bare/small.sqlite" 'assert(one "SELECT count(*) FROM row" == 40)'
run env NUMLAB_EXTERNAL=sqlite "$NUMLAB" list "$work/bare"
check "list without SQLite fails" code_is 1
check "and says how to get it" err_has "apt install libsqlite3-0"

# --- the commands ---
mkdir -p "$work/place/reports"; cp -r "$work/two" "$work/place/reports/it's \"two\" \`x\`"
cd "$work/place"
run "$NUMLAB" list
check "list finds what lies below reports/" out_has "small:2  finished"
for word in small small:2 small:-1 "reports/it's \"two\" \`x\`" "reports/it's \"two\" \`x\`/small.sqlite:2"; do
  run "$NUMLAB" show "$word"
  check "show $word" out_has "small:2, finished"
done
check "tells the script, the seed, the processor" out_has "small.lua "
run "$NUMLAB" show smal
check "a name that is not there: the nearest" err_has "did you mean 'small'"
run "$NUMLAB" show small:7
check "a run that is not there" err_has "has no run 7 (its runs: 2)"
check "is exit code 1" code_is 1
run "$NUMLAB" export small format=csv
check "export csv is the csv of the sweep, byte for byte" cmp "$work/out" "reports/it's \"two\" \`x\`/small.csv"
for format in csv json md; do
  run "$NUMLAB" export small:1 format=$format out="$work/first.$format"
  run "$NUMLAB" export small:1 format=$format
  check "the same bytes again as $format" cmp "$work/out" "$work/first.$format"
done
check "the json is read back" "$NUMLAB" -e 'local run = require("cjson").decode(io.open(arg[1]):read("a"))
  assert(run.experiment == "small" and run.run == 1 and #run.rows == 40 and run.facts.seed == "1")
  for _, r in ipairs(run.rows) do
    local wanted = r.row.n / 3 + (r.row.method == "a" and 0 or 1)
    assert(r.row.n == 3 and r.row.code == "SINGULAR" or r.row.value == wanted and r.samples.seconds[1] == r.row.n / 64)
  end' "$work/first.json"
run "$NUMLAB" compare small:1 small:2
check "compare ends with 0" code_is 0
check "failures alike are the same, a sample each decides nothing" out_has "B against A: 2 same, 38 unclear"
run "$NUMLAB" compare small:1 small:2 threshold=1.1
check "a threshold that is not crossed" code_is 0
cd "$top"
small out="$work/fast" n=4 wait=0 repeats=5
small out="$work/fast" n=4 wait=0 repeats=5 factor=1.3
run "$NUMLAB" compare "$work/fast:1" "$work/fast:2" threshold=1.2
check "a threshold that is crossed ends it with 3" code_is 3
check "says by how many" out_has "threshold 1.2 crossed by 6 pairs"
check "and that it may have been the machine" out_has "nearly all ratios lie on one side of 1"
run "$NUMLAB" compare "$work/fast:1" "$work/fast:2" threshold=1.4
check "a higher one is not" code_is 0
run "$NUMLAB" compare "$work/fast:1" "$work/fast:2" baseline=b threshold=1.2
check "nor one over a baseline that is as much slower" code_is 0
check "whose ratios are 1" out_has "4 same; geometric mean of the ratios 1"
run "$NUMLAB" compare "$work/fast:1" "$work/fast:2" baseline=c
check "an unknown baseline is refused in one line" \
  [ "$(cat "$work/err")" = "numlab: compare: unknown method 'c' (known: a, b) in small:1" ]
run "$NUMLAB" compare "$work/fast:1" "$work/fast:2" threshold=big
check "a threshold that is no number is wrong usage" code_is 2
cd "$work/place"
run "$NUMLAB" compare small
check "one run alone is wrong usage" code_is 2
run "$NUMLAB" export small format=xml
check "so is an unknown format" code_is 2
for name in list show compare export; do
  run "$NUMLAB" $name --help
  check "$name --help" out_has "usage: numlab $name"
done
cd "$top"
done_testing
