# An experiment where something is missing or in the way: its folder, the disk, gnuplot, the borrowed libraries.
. tests/program/tap.sh
top=$PWD
small="quick=true n=20,30 density=0.05 repeats=1" # 2 sizes, 2 signs, 5 methods: 20 rows
no_traceback() { ! grep -q traceback "$work/err" || { cat "$work/err"; false; }; }
rows_are() { [ "$(wc -l < "$1")" = $(($2 + 1)) ] || { wc -l "$1"; false; }; }
sweep() { run "$NUMLAB" run experiments/task1_sweep.lua $small "$@"; }
# at_most ROWS FILE: whole rows alone, fewer than there would be
whole_rows() {
  "$NUMLAB" -e 'local rows = 0
    for line in io.lines(arg[1], "L") do
      assert(line:sub(-1) == "\n", "half a line")
      rows = rows + 1
    end
    print(rows - 1, "rows")
    assert(rows > 1 and rows <= tonumber(arg[2]), rows)' "$1" "$2"
}

sweep out=/proc/x
check "a folder that cannot be made ends it with 1" code_is 1
check "and says which one" err_has "numlab: sweep.run: cannot make the folder /proc/x: No such file or directory"
check "without a traceback" no_traceback
echo "in the way" > "$work/file"
sweep out="$work/file/out"
check "a file in the way of the folder too" code_is 1
check "says so" err_has "cannot make the folder $work/file/out: Not a directory"
check "and the file stays as it was" grep -qx "in the way" "$work/file"
mkdir -p "$work/taken/task1_sweep.csv"
sweep out="$work/taken"
check "a folder in the way of the csv too" code_is 1
check "says so for the csv" err_has "$work/taken/task1_sweep.csv"

( ulimit -f 4; "$NUMLAB" run experiments/task1_sweep.lua $small out="$work/limited" >"$work/out" 2>"$work/err"
  echo $? > "$work/code" )
code=$(cat "$work/code")
check "a file beyond its limit ends it with 1, not by a signal" code_is 1
check "with the reason and what to do" err_has "File too large; the "
check "without a traceback on a full disk" no_traceback
check "the finished rows stay, whole" whole_rows "$work/limited/task1_sweep.csv" 20
sweep out="$work/limited"
check "the same command goes on" code_is 0
check "with the rows it had" err_has "finished rows"
check "and has them all in the end" rows_are "$work/limited/task1_sweep.csv" 20
check "figures are whole" sh -c 'for f in "$1"/*.svg; do tail -c 8 "$f" | grep -q "</svg>" || exit 1; done' sh "$work/limited"

mkdir "$work/tiny"
if mount -t tmpfs -o size=8k tmpfs "$work/tiny" 2>/dev/null; then
  sweep out="$work/tiny/out"
  check "a full disk ends it with 1" code_is 1
  check "and is named" err_has "No space left on device"
  check "its rows stay, whole" whole_rows "$work/tiny/out/task1_sweep.csv" 20
  umount "$work/tiny"
else
  check "(no small disk can be mounted here: the test of a full one is left out)" true
fi

mkdir -p "$work/here/own" "$work/there"
cp scripts/experiments/task1_sweep.lua "$work/here/own/mine.lua"
cd "$work/there"
run "$NUMLAB" run ../here/own/mine.lua $small out=results
check "a script by a relative path from another folder" code_is 0
check "writes below the folder it was called from" rows_are "$work/there/results/task1_sweep.csv" 20

mkdir "$work/bin"
for tool in sh sed mkdir find truncate cat test uname git stty; do
  path=$(command -v $tool) && [ -x "$path" ] && ln -s "$path" "$work/bin/"
done
[ -e "$work/bin/test" ] || ln -s /usr/bin/test "$work/bin/"
run env NUMLAB_EXTERNAL=off PATH="$work/bin" "$NUMLAB" run experiments/task1_sweep.lua $small out=bare
cd "$top"
check "without gnuplot and libraries the quick sweep runs to its end" code_is 0
check "it says that gnuplot is missing, and how to get it" err_has "apt install gnuplot-nox"
check "which library a method lacks, and how to get it" out_has "apt install libopenblas0-pthread"
check "all rows are there" rows_are "$work/there/bare/task1_sweep.csv" 20
check "with their code" grep -q UNAVAILABLE "$work/there/bare/task1_sweep.csv"
check "the scripts of the figures stay" [ "$(ls "$work/there/bare" | grep -c 'gp$')" = 6 ]
check "the page too" [ -s "$work/there/bare/task1_sweep.md" ]
if command -v gnuplot > /dev/null; then
  check "gnuplot draws them later, as the note says" sh -c 'cd "$1" && gnuplot time.gp && ls' sh "$work/there/bare"
fi
done_testing
