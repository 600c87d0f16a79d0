# The words of every sweep: a dry run, a part, what failed, processes that share the points; killed, interrupted, hostile
# names; a store that is locked, cut short, or on a disk that is full.
. tests/program/tap.sh
top=$PWD
cat > "$work/mine.lua" <<'LUA'
local nl = require "numlab"
local sweep = require "numlab.sweep"
local o = nl.args({ out = "", n = 8, wait = 0.01, times = false, text = 0 })
local numbers = {}
for i = 1, o.n do numbers[i] = i end
print("before")
local rows = sweep.run{ name = "mine", out = o.out, seed = 1, times = o.times, arguments = { n = o.n, text = o.text }, pause = 0,
  axes = { { "n", numbers }, { "kind", { "it's \"q\" `touch pwned`", "line\nbreak|x" } } },
  contestants = { "a b", "$(touch pwned)" }, columns = { "n", "kind", "method", "value", "code", "message" },
  run = function(point, name)
    nl.bench.pause(o.wait)
    if point.n == 3 and not os.getenv("MENDED") then return nil, "no three", { code = "SINGULAR" } end
    if point.n == 4 and os.getenv("LOSE") and os.getenv("NUMLAB_SWEEP_JOB") then os.execute("kill -9 $PPID") end
    return { value = point.n / 3 + #name + nl.rand(1, { seed = point.n })(1), seconds = nl.clock(), text = ("x"):rep(o.text) }
  end }
print("after", #rows)
LUA
mine() { run "$NUMLAB" run "$work/mine.lua" "$@"; }
rows_are() { [ "$(grep -c '^[0-9]' "$1")" = "$2" ] || { cat "$1"; false; }; }
same_rows() { sort "$1" > "$work/a"; sort "$2" > "$work/b"; cmp "$work/a" "$work/b"; }
stored() { "$NUMLAB" -e 'local db = assert(require("numlab").sqlite(arg[1], { readonly = true }))
  print(db:rows("PRAGMA integrity_check")[1].integrity_check, db:rows("SELECT count(*) AS n FROM row")[1].n,
    db:rows("SELECT count(*) AS n FROM run")[1].n)' "$1"; }
stored_is() { [ "$(stored "$1")" = "$(printf "$2")" ] || { stored "$1"; false; }; }

# --- a plan, a part, what failed ---
mine --help
check "--help tells the words of sweeps" out_has "--dry-run"
mine out="$work/dry" --dry-run
check "a dry run ends with 0" code_is 0
check "counts" out_has "mine: 16 points x 2 contestants = 32 rows; 0 there, 32 to run"
check "tells the points" out_has "n=8 kind=it's \"q\" \`touch pwned\`: a b, \$(touch pwned)"
check "ends the script" [ "$(grep -c after "$work/out")" = 0 ]
check "and writes nothing" [ ! -e "$work/dry" ]
mine out="$work/whole" wait=0
check "the whole sweep" rows_are "$work/whole/mine.csv" 32
before=$(cat "$work/whole/mine.sqlite" | cksum)
mine out="$work/whole" wait=0 --dry-run
check "a dry run beside a finished one leaves its store as it was" [ "$before" = "$(cat "$work/whole/mine.sqlite" | cksum)" ]

mine out="$work/part" wait=0 --filter=n=7..,method='a b'
check "a part ends with 0" code_is 0
check "says what is there and what the rest takes" out_has \
  "mine: 4 of 32 rows are there, in $work/part/mine.sqlite; the same command without --filter goes on"
check "and ends the script" [ "$(grep -c after "$work/out")" = 0 ]
mine out="$work/part" wait=0 --filter "n<3"
check "another part is added" out_has "mine: 12 of 32 rows"
mine out="$work/part" wait=0
check "the rest goes on" err_has "going on with 12 finished rows"
check "to the end of the script" out_has "after	32"
check "with the rows of an undivided run" same_rows "$work/whole/mine.csv" "$work/part/mine.csv"
mine out="$work/part" --filter=methd=a
check "an unknown name ends it with 1" code_is 1
check "in one line with the nearest" [ "$(cat "$work/err")" = \
  "numlab: sweep.run: filter: unknown name 'methd' (did you mean 'method'? known: n, kind, method)" ]
mine out="$work/part" --filtr=n=1
check "so does an unknown word" err_has "did you mean 'filter'"

MENDED=1 mine out="$work/part" wait=0 --only-failed
check "what failed runs again" code_is 0
check "and nothing else" err_has "going on with 28 finished rows"
check "with its new rows in the place of the old" stored_is "$work/part/mine.sqlite" 'ok\t32\t1'
check "and in the csv" [ "$(grep -c 'SINGULAR' "$work/part/mine.csv")" = 0 ]
check "then the script goes on" out_has "after	32"
MENDED=1 mine out="$work/part" wait=0 --only-failed
check "where nothing failed that is said" err_has "no row of run 1 failed, so none runs again"
mine out="$work/part" wait=0 n=9 --only-failed
check "other settings have nothing to run again" code_is 1
check "and it says what differs" err_has "its last, run 1, differs in arguments, axes"

# --- processes ---
mine out="$work/timed" times=true --jobs=2
check "processes are refused to what is timed" code_is 1
check "with the reason" err_has "--jobs=2 is refused: this sweep times what it runs"
check "and nothing was begun" [ ! -e "$work/timed" ]
mine out="$work/shared" --jobs 3
check "three processes end with 0" code_is 0
check "none is lost" [ "$(grep -c 'worker ended' "$work/err")" = 0 ]
check "their rows are those of one process, bit for bit" same_rows "$work/whole/mine.csv" "$work/shared/mine.csv"
check "stored once" stored_is "$work/shared/mine.sqlite" 'ok\t32\t1'
check "the script went on once" out_is "before
after	32"
LOSE=1 mine out="$work/lost" --jobs 3
check "processes that are killed" code_is 0
check "are told of" err_has "a worker ended with code 137"
check "and their points done again" same_rows "$work/whole/mine.csv" "$work/lost/mine.csv"
mine out="$work/part2" wait=0 --filter=n=2..6 --jobs=2
check "a part by two processes" out_has "20 of 32 rows"
MENDED=1 mine out="$work/part2" wait=0 --filter=n=2..6 --only-failed --jobs=2
check "what failed in it, by two" stored_is "$work/part2/mine.sqlite" 'ok\t20\t1'
check "is mended" [ "$(grep -c 'SINGULAR' "$work/part2/mine.csv")" = 0 ]
run env NUMLAB_EXTERNAL=sqlite "$NUMLAB" run "$work/mine.lua" out="$work/storeless" --jobs=2
check "without a store there is none to share" code_is 1
check "which is said" err_has "--jobs needs the store: "
run env NUMLAB_SWEEP_JOB="other 1 1 $work/claims" "$NUMLAB" run "$work/mine.lua" out="$work/odd"
check "a worker that comes to another sweep does not begin it" code_is 1
check "and says so" err_has "this worker came to another sweep than it was started for"

workers() {
  for p in /proc/[0-9]*; do
    tr '\0' '\n' < $p/environ | grep -q "^NUMLAB_SWEEP_JOB=$1" && echo ${p#/proc/}
  done 2>/dev/null # some end meanwhile
}
three() { for _ in $(seq 100); do [ "$(workers "$1" | wc -l)" != 3 ] || return 0; sleep 0.05; done; workers "$1"; false; }
gone() { for _ in $(seq 100); do [ -n "$(workers "$1")" ] || return 0; sleep 0.05; done; echo "still there: $(workers "$1")"; false; }
await() { for _ in $(seq 200); do [ "$(stored "$1" 2>/dev/null | cut -f2)" -ge 1 ] 2>/dev/null && return; sleep 0.02; done; }
key() { "$NUMLAB" -e 'print(require("numlab").sqlite(arg[1], { readonly = true }):rows("SELECT key FROM run")[1].key)' "$1"; }
mine_key=$(key "$work/shared/mine.sqlite")
for signal in INT KILL; do
  perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$NUMLAB" run "$work/mine.lua" out="$work/stopped" wait=1 --jobs=3 \
    > "$work/out" 2> "$work/err" & pid=$!
  await "$work/stopped/mine.sqlite"
  check "three are at it" three "$mine_key"
  kill -$signal $pid
  wait $pid 2>/dev/null; code=$?
  check "$signal ends it" [ $code -ge 130 ]
  check "and its workers" gone "$mine_key"
  [ $signal = KILL ] || check "in one line" [ "$(tail -n 1 "$work/err")" = "numlab: interrupted" ]
done
mine out="$work/stopped" --jobs=2
check "the same command goes on" err_has "finished rows"
check "to the same rows" same_rows "$work/whole/mine.csv" "$work/stopped/mine.csv"

# --- names ---
odd=$work/"it's \"a\" \`touch pwned\` \$(touch pwned); line
break"
cd "$work"
for jobs in 1 2; do
  mine out="$odd $jobs" wait=0 --jobs=$jobs
  check "a folder of any name, $jobs process" code_is 0
  check "has the rows, $jobs process" same_rows "$work/whole/mine.csv" "$odd $jobs/mine.csv"
done
run "$NUMLAB" show "$odd 1"
check "show finds it" code_is 0
check "nothing was executed" [ -z "$(find . -name pwned)" ]
cd "$top"

# --- the store out of order ---
cp -r "$work/part" "$work/cut"
dd if="$work/whole/mine.sqlite" of="$work/cut/mine.sqlite" bs=1000 count=5 2>/dev/null
cp "$work/cut/mine.sqlite" "$work/was"
for word in n=8 --dry-run --only-failed; do
  mine out="$work/cut" $word
  check "$word: a store cut short ends it with 1" code_is 1
  check "$word: names the cure" err_has "move it away (mv '$work/cut/mine.sqlite'"
  check "$word: the file stays as it was" cmp "$work/was" "$work/cut/mine.sqlite"
done
mv "$work/cut/mine.sqlite" "$work/cut/mine.sqlite.broken"
mine out="$work/cut" wait=0
check "moved away, it makes room for a new one" stored_is "$work/cut/mine.sqlite" 'ok\t32\t1'
mkfifo "$work/held" "$work/release"
"$NUMLAB" -e 'local db = assert(require("numlab").sqlite(arg[1])) db:transaction(function()
  db:run("UPDATE run SET key = key")
  io.open(arg[2], "w"):close() -- waits for a reader
  io.open(arg[3]):read("a")
end)' "$work/whole/mine.sqlite" "$work/held" "$work/release" & pid=$!
cat "$work/held"
mine out="$work/whole" wait=0
: > "$work/release"
check "a store that another program holds ends it with 1" code_is 1
check "says who and what to do" err_has "another program holds the store: wait for it or end it"
wait $pid
check "nothing is lost" stored_is "$work/whole/mine.sqlite" 'ok\t32\t1'
check "the csv neither" rows_are "$work/whole/mine.csv" 32

mkdir "$work/small"
if mount -t tmpfs -o size=400k tmpfs "$work/small" 2>/dev/null; then
  mine out="$work/small/out" wait=0 text=20000
  check "a full disk ends it with 1" code_is 1
  check "is named, with the cure" err_has "make room on the disk, then run the same command again"
  kept=$(stored "$work/small/out/mine.sqlite" | cut -f2)
  check "rows finished before are kept" [ "$kept" -ge 1 ]
  mount -o remount,size=8m "$work/small"
  mine out="$work/small/out" wait=0 text=20000
  check "with room the same command goes on with them" err_has "going on with $kept finished rows"
  check "to all rows" stored_is "$work/small/out/mine.sqlite" 'ok\t32\t1'
  umount "$work/small"
else
  check "(no small disk can be mounted here: the test of a full one is left out)" true
fi
done_testing
