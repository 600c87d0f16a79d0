# Starting: `numlab -e ''` takes at most three times as long as `lua5.4 -e ''`, in turns, by the medians. The bar is
# itself the slack: measured were 1.0 to 1.3 times.
. tests/program/tap.sh
if ldd "$NUMLAB" | grep -qE 'lib(a|t)san'; then
  check "not tried: a sanitised build starts slowly" true
  done_testing
  exit
fi
if ! command -v lua5.4 >/dev/null; then
  check "not tried: no lua5.4 here" true
  done_testing
  exit
fi
cat > "$work/turns.pl" <<'PERL'
use strict;
use warnings;
use Time::HiRes qw(clock_gettime CLOCK_MONOTONIC);
my ($rounds, @programs) = @ARGV;
my %times;
for my $round (0 .. $rounds) { # the first warms up
  for my $program (@programs) {
    my $start = clock_gettime(CLOCK_MONOTONIC);
    system($program, "-e", "") == 0 or die "$program: $?\n"; # no shell between
    push @{$times{$program}}, clock_gettime(CLOCK_MONOTONIC) - $start if $round > 0;
  }
}
my @medians = map { my @t = sort { $a <=> $b } @{$times{$_}}; $t[@t / 2] } @programs;
printf "%s %.2f ms, %s %.2f ms, ratio %.2f\n", $programs[0], 1e3 * $medians[0], $programs[1], 1e3 * $medians[1],
  $medians[1] / $medians[0];
exit($medians[1] <= 3 * $medians[0] ? 0 : 1);
PERL
check "numlab -e '' starts within 3 times lua5.4 -e ''" perl "$work/turns.pl" 200 lua5.4 "$NUMLAB"
# What keeps it so: nothing is opened before it is needed.
run env LD_DEBUG=libs "$NUMLAB" -e ''
check "starting opens no library but libc and libm" sh -c '! grep -oE "calling init: .*" "$1" | grep -vE "/(libc|libm)\.so|ld-linux"' sh "$work/err"
done_testing
