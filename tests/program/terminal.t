# The prompt in a terminal: tmux types and the screen is looked at. Whatever is waited for has a deadline, nothing is
# waited for blindly.
. tests/program/tap.sh
if ! command -v tmux >/dev/null; then echo "ok 1 - not without tmux"; echo "1..1"; exit; fi
if ! "$NUMLAB" doctor | grep -q '^ok *libedit'; then echo "ok 1 - not without libedit"; echo "1..1"; exit; fi
trap 'tm kill-server 2>/dev/null; rm -rf "$work"' EXIT

mkdir "$work/home"
server=0 # a new one for each window: an old one may take its time to end
tm() { env -u TMUX LC_ALL=C.UTF-8 tmux -u -S "$work/tmux$server" -f /dev/null "$@"; }
# opens [NAME=VALUE ...]: a prompt in a fresh window of 80 x 50, without a locale as in a bare container. (libedit never
# frees the names of its functions: no leak of ours.)
opens() {
  tm kill-server 2>/dev/null
  server=$((server + 1))
  { echo "trap : INT"
    echo "env -u LANG -u LC_ALL -u LC_CTYPE -u NO_COLOR -u DISPLAY -u WAYLAND_DISPLAY -u XDG_STATE_HOME \\"
    echo "  -u NUMLAB_HISTORY HOME='$work/home' ASAN_OPTIONS=detect_leaks=0 $* '$NUMLAB'"
    echo 'echo "ended with $?"; exec sleep 600'; } > "$work/start"
  tm new-session -d -x 80 -y 50 "sh '$work/start'"
  shows 'Ctrl-D ends.' && shows_line '>'
}
screen() { tm capture-pane -p; }
keys() { tm send-keys -l -- "$1"; }
press() { tm send-keys -- "$@"; }
enter() { keys "$1"; press Enter; }
# until COMMAND ...: wait for it to be true, half a minute at the most
until_true() {
  tries=600
  while ! "$@"; do
    tries=$((tries - 1))
    [ $tries -gt 0 ] || { echo "not in time: $*; the screen:"; screen; return 1; }
    sleep 0.05
  done
}
on_screen() { screen | grep -qF -- "$1"; }
line_on_screen() { screen | grep -qxF -- "$1"; }
shows() { until_true on_screen "$1"; }           # somewhere
shows_line() { until_true line_on_screen "$1"; } # as a whole line
lacks() { ! on_screen "$1" || { screen; false; }; }
is_clean() { [ "$(screen | sed '/^$/d')" = ">" ]; }
clean() { press C-u C-l; until_true is_clean; }
# says LINE TEXT: typed at a clean prompt, it shows the text; says_line: as a whole line
says() { clean && enter "$1" && shows "$2"; }
says_line() { clean && enter "$1" && shows_line "$2"; }
# completes TYPED WHOLE: Tab makes it so
completes() { clean && keys "$1" && press Tab && shows_line "> $2" && press C-c && shows "^C"; }
lists() { clean && keys "$1" && press Tab && shows "$2" && shows_line "> $1" && press C-c && shows "^C"; }
fits() { screen | awk -v width="$1" 'length > width { print; bad = 1 } END { exit bad }'; }

check "it greets, and is ready" opens
check "a matrix is typed" says 'nl.tensor{{1, 2}, {3, 4.5}}' "3.0000  4.5000"
clean; enter 'A = nl.tensor{{1, 2}, {3, 4}}'
check "and printed with type, shape, place and bytes" says_line 'A' "f64 tensor 2x2 on cpu, 32 B"
clean; enter 'A * 2;'
check "a ; silences" says_line 'print("after")' after
check "the whole of it" lacks tensor
check "an expression gives its value" says_line '6 * 7' 42
check "ans is it" says_line 'ans + 1' 43
clean; enter 'for i = 1, 2 do'
check "an unfinished chunk asks for more" shows_line '>>'
enter '  print("turn", i * 10)'; enter end
check "and runs when it is whole" shows_line 'turn    20'
clean; press Up; shows_line '  print("turn", i * 10)'
check "the arrow key brings it back whole" shows_line 'end'
press Enter
check "and it runs again" shows_line 'turn    20'
clean; tm set-buffer 'for i = 3, 4 do
  print("pasted", i)
end'; tm paste-buffer -p
check "what is pasted stands there whole" shows_line 'end'
check "and does not run" lacks 'pasted  4'
press Enter
check "until Enter" shows_line 'pasted  4'
clean; press C-r; keys '6 *'
check "Ctrl-R searches the history" shows '> 6 * 7'
press Enter
check "and what it finds runs" shows_line 42

enter 'alphabet = 26; mine = { first = 1, second = 2 }'
check "Tab completes a global" completes 'print(alph' 'print(alphabet'
check "a keyword" completes 'x = func' 'x = function'
check "a field of a table" completes 'mine.fi' 'mine.first'
check "a method of a tensor" completes 'A:transp' 'A:transpose'
check "a field of one" completes 'A.dty' 'A.dtype'
check "a method of what a call gives" completes 'nl.zeros(2, 2):resh' 'nl.zeros(2, 2):reshape'
check "a function of numlab" completes 'nl.solve_' 'nl.solve_methods'
check "a library that is not loaded yet" completes 'nl.swee' 'nl.sweep'
check "a library to require" completes 'require "numlab.swee' 'require "numlab.sweep"'
check "an option of a call" completes 'nl.solve(A, b, {meth' 'nl.solve(A, b, {method'
check "its value" completes 'nl.solve(A, b, {method = "jac' 'nl.solve(A, b, {method = "jacobi"'
check "the name of a file in a string" completes 'nl.load("CONTRIB' 'nl.load("CONTRIBUTING.md"'
check "a file for the shell" completes '!cat CONTRIB' '!cat CONTRIBUTING.md'
check "a topic of help" completes '?nl.allcl' '?nl.allclose'
check "a command of the prompt" completes '%tim' '%time'
check "several are listed, the line stays" lists 'nl.solve(A, b, {method = "gauss' 'gauss_seidel'
check "options too" lists 'nl.solve(A, b, {' 'max_iter'

check "?name is help" says '?t:sum' 'Tensor:sum(dim?, opts?)'
check "?word lists what speaks of it" says '?dominance' nl.DominanceFacts
check "?nonsense names the nearest" says '?nl.sollve' "did you mean 'nl.solve'?"
check "!command runs in the shell" says_line '!echo $((40 + 2))' 42
check "and its failure is told" says '!exit 3' "exit code 3"
check "%time tells time and memory" says '%time nl.ones(1000, 1000):sum()' "peak memory 7.63 MiB"
check "beside the value" shows_line 1000000.0
check "%bench tells the median" says '%bench A * A' "median"
check "%help lists it all" says '%help' "%bench EXPR"
check "an unknown one names the nearest" says '%tme 1' "did you mean '%time'?"
check "who() lists variables" says 'who()' "alphabet  integer"
check "with their shapes" shows "2x2"
clean; enter 'do'; enter '  local x = 1'; enter '  x()'; enter end
check "an error tells its line" shows 'stdin:3: attempt to call a number value'
check "and shows it" shows_line '    x()'
check "a misspelt method is told from the nearest" says 'A:summ()' "did you mean 'sum'?"
check "a misspelt option too" says 'nl.solve(A, A, {metod = "lu"})' "did you mean 'method'?"
check "and one of the wrong type is told with what it got" says 'nl.solve(1, 2)' "expected, got numbe"
check "a local is warned of" says 'local y = 1' "leave out 'local'"
check "a wide matrix is elided" says 'nl.rand(40, 40)' "..."
check "to the window" fits 80
check "and says how large it is" shows "f64 tensor 40x40 on cpu, 12.5 KiB"
tm resize-window -x 60 -y 50
check "the window changes" says 'nl.rand(40, 40) * 1' "12.5 KiB"
check "and what is printed with it" fits 60
tm resize-window -x 80 -y 50

clean; keys 'han = "数值实验"'; press Left Left BSpace Left; keys 分
check "Chinese is edited a character at a time" shows_line '> han = "数分值验"'
press Enter
check "and comes whole to Lua" says_line 'utf8.len(han), #han' '4       12'
check "and back" says_line 'han' '数分值验'
if command -v gnuplot >/dev/null; then
  check "a plot is drawn with characters" says 'nl.plot({1, 4, 9, 16})' '16 +'
fi
clean; keys 'x = "never run'; press C-c; shows '^C'
check "Ctrl-C drops the line" says_line 'x' nil
# The terminal throws away what it has not passed on when Ctrl-C comes: first the cursor is where Ctrl-A sends it.
at_column() { [ "$(tm display -p '#{cursor_x}')" = "$1" ]; }
clean; enter 'for i = 1, 2 do'; enter end; clean; press Up; shows_line end; press C-a; until_true at_column 2; press C-c
check "and leaves the whole of it above, with the cursor wherever it was" shows_line 'end^C'
clean; tm send-keys -H 1b 5b 32 30 30 7e; keys 'pasted without an end'; press C-c
check "a paste that never ends is dropped too" shows '^C'
check "and the prompt is there" says_line '6 * 7' 42
clean; enter "!perl -MFcntl -e 'fcntl STDIN, F_SETFL, O_NONBLOCK'"
check "a command that leaves the terminal without waiting does not end it" says_line '6 * 7' 42

# The thread sanitiser holds signals back until a system call.
if ! ldd "$NUMLAB" | grep -q libtsan; then
  enter 'kept = 20'
  clean; enter 'print("looping") io.stdout:flush() while true do end'; shows_line looping; press C-c
  check "Ctrl-C ends a Lua loop" shows 'interrupted!'
  check "and variables live on" says_line 'kept + 1' 21
  enter 'B = nl.rand(4000, 4000); ones = nl.ones(4000);'
  clean; enter 'print("solving") io.stdout:flush() x = nl.solve(B, ones, {method = "gauss", pivot = "complete"})'
  shows_line solving; press C-c
  check "it ends a long solve" says_line 'kept + 2' 22
  check "whose matrix lives on" says_line 'B.shape[1]' 4000
fi

check "the history is for its owner alone" [ "$(stat -c %a "$work/home/.local/state/numlab/history")" = 600 ]
check "and holds no line twice" [ -z "$(sort "$work/home/.local/state/numlab/history" | grep -x 'A' | sed 1d)" ]
clean; press C-d
check "Ctrl-D ends it" shows_line "ended with 0"
opens; press Up
check "another session has the history" shows_line '> B.shape[1]'
press C-c; shows '^C'
has_bold() { tm capture-pane -p -e | grep -q "$(printf '\033\\[1m')"; }
clean; enter '?t:sum'; shows Example
check "help has bold heads" has_bold

opens NO_COLOR=1; clean; enter '?t:sum'; shows Example
no_bold() { ! has_bold; }
check "but not with NO_COLOR" no_bold
opens TERM=dumb
enter '6 * 7'
check "TERM=dumb has plain lines" shows_line 42
keys 'x = "never run'; shows 'never run'; press C-c; shows '^C'; enter 'x'
check "where Ctrl-C drops the line too" shows_line nil
press C-d
check "and Ctrl-D ends it" shows_line "ended with 0"
opens NUMLAB_EXTERNAL=libedit; enter '6 * 7'
check "so it is without libedit" shows_line 42
opens NUMLAB_HISTORY=/dev/null/x
check "a history that cannot be kept is told" shows "cannot keep the history in /dev/null/x"
check "and does not stop anybody" says_line '6 * 7' 42

# From the start of the program to its prompt, on a pseudo-terminal of perl's: 10 ms is the bar. The machine may be busy,
# so the least of several runs counts, and twice as long passes.
cat > "$work/ready.pl" <<'PERL'
use POSIX 'setsid';
use Time::HiRes 'time';
my $least = 1e9;
alarm 60;
for (1 .. 21) {
  open my $terminal, '+<', '/dev/ptmx' or die "no pseudo-terminal: $!";
  my ($unlocked, $number) = (pack('i', 0), pack('i', 0));
  ioctl $terminal, 0x40045431, $unlocked or die $!; # TIOCSPTLCK
  ioctl $terminal, 0x80045430, $number or die $!;   # TIOCGPTN
  my $path = '/dev/pts/' . unpack 'i', $number;
  my $start = time;
  my $pid = fork // die;
  if (!$pid) {
    setsid;
    open STDIN, '<', $path or die;
    open STDOUT, '>', $path or die;
    exec @ARGV;
  }
  my $seen = '';
  while ($seen !~ /^(\e\[\?2004h)?> /m) { sysread $terminal, $seen, 4096, length $seen or die "it ended: $seen" }
  my $took = time - $start;
  $least = $took if $took < $least;
  kill KILL => $pid;
  waitpid $pid, 0;
}
printf "the prompt took %.1f ms\n", 1e3 * $least if $least >= 0.02;
PERL
if ! ldd "$NUMLAB" | grep -qE 'lib(a|t)san'; then
  HOME="$work/home" TERM=xterm perl "$work/ready.pl" "$NUMLAB" > "$work/slow" 2>&1
  check "the prompt is there at once" is_empty "$work/slow"
fi
done_testing
