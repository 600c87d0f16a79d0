# numlab pack and verify: the handout's archive, wrong words and names, hostile ones, what verify passes and fails.
. tests/program/tap.sh
top=$PWD
one_line() { [ "$(wc -l < "$work/err")" = 1 ] || { cat "$work/err"; false; }; }
row_is() { grep -Eq "^$1 +$2 +.*$3" "$work/out" || { echo "no '$1 $2 $3' in:"; cat "$work/out" "$work/err"; false; }; }
# holds CODE: Lua over `names`, a list and a set, and `entries` of the archive in $zip
holds() {
  "$NUMLAB" -e 'local entries, names = assert(require("numlab").zip.read(arg[1])), {}
    for i, e in ipairs(entries) do names[i], names[e.name] = e.name, e end
    assert(load(arg[2], "=check", "t", setmetatable({ names = names, entries = entries }, { __index = _G })))()' "$zip" "$1"
}

for command in pack verify; do
  run "$NUMLAB" $command --help
  check "$command --help exits with 0" code_is 0
  check "and prints its usage" out_has "usage: numlab $command"
  check "on standard output alone" is_empty "$work/err"
  run "$NUMLAB" help $command
  check "help $command prints the same" out_has "usage: numlab $command"
  run "$NUMLAB" $command --hlep
  check "$command with a typo is wrong usage" code_is 2
  check "and names the nearest" err_has "did you mean '--help'?"
done
run "$NUMLAB" pack nmae=x
check "an unknown key is wrong usage" code_is 2
check "and names the nearest" err_has "did you mean 'name'?"
run "$NUMLAB" pack id=1
check "all missing keys are named at once" err_has "name=, experiment=, version= are missing"
check "with exit code 2" code_is 2
run "$NUMLAB" verify
check "verify without an archive is wrong usage" code_is 2

# A tree of its own, that nobody edits meanwhile, with what must not be packed; git has no say in it.
mkdir -p "$work/tree/build/engine" "$work/tree/reports/x" "$work/tree/scripts/reports" "$work/here"
cp -R Makefile README.md LICENSE .ci engine bindings scripts tests "$work/tree"
cp "$NUMLAB" "$work/tree/build/"
NUMLAB=$work/tree/build/numlab
for stray in build/engine/a.c reports/x/x.csv scripts/reports/x.csv engine/a.o scripts/old.zip secret.txt; do
  echo x > "$work/tree/$stray"
done
echo 'print "mine"' > "$work/tree/mine.lua"

cd "$work/here"
printf '%%PDF-1.7\nhello\n%%%%EOF\n' > report.pdf
pack() { run "$NUMLAB" pack "$@"; }
handout="name=张三 id=12345678 experiment=Exp2 version=1"
nothing_written() { [ "$(ls -A)" = report.pdf ] || { ls -lA; false; }; }
pack $handout
check "without a report nothing is packed" nothing_written
check "it says which file is missing" err_has "as 张三_12345678_Exp2.pdf"
check "and how to go on without one" err_has "report=none packs without"
check "with exit code 2" code_is 2
pack $handout report=no.pdf
check "a report that is not there exits with 1" code_is 1
check "and is named" err_has "no.pdf: No such file"
echo text > "$work/a.txt"; pack $handout report="$work/a.txt"
check "a report that is no PDF is refused" err_has "is not a PDF"
check "in one line" one_line
run env NUMLAB_EXTERNAL=libzip "$NUMLAB" pack $handout report=report.pdf
check "without libzip it exits with 1" code_is 1
check "and says how to get it" err_has "apt install libzip4"
check "and writes nothing" nothing_written

# --- names ---
for bad in 'a/b' '../a' '..' 'a\b' 'a"b' 'a:b' ' a' 'a ' 'a.' '-a' 'CON' "$(printf 'a\nb')" "$(printf 'a\033b')" \
  "$(printf '\377')" "$(printf '%0250d' 1)"; do
  pack name="$bad" id=1 experiment=E version=1 report=report.pdf
  check "refused as a name: $(printf %s "$bad" | tr -c ' -~' '?' | cut -c1-20)" code_is 2
  check "... in one line" one_line
done
pack id="a_b" name=a experiment=E version=1 report=report.pdf
check "a _ in the number is refused" err_has "stands between the parts"
pack name=a id=1 experiment=E version=v1 report=report.pdf
check "a v before the version too" err_has "the v before it is added"
check "none of these left anything" nothing_written
for odd in '$(touch pwned)' '`touch pwned`' "it's; touch pwned" '&& touch pwned' 'a=b' '%s%n' '$HOME'; do
  pack name="$odd" id=1 experiment=E version=1 report=report.pdf out=odd
  check "can be a name: $odd" [ -s "odd/${odd}_1_E_v1.zip" ]
  zip="odd/${odd}_1_E_v1.zip"
  check "... as in the archive" holds 'assert(names[1] == arg[1]:match("^odd/(.*)_v1.zip$") .. ".pdf", names[1])'
done
pack name=a id=1 experiment=E version=1 report=report.pdf out='-o $(touch pwned)/`x`'
check "can be the folder to write into" [ -s '-o $(touch pwned)/`x`/a_1_E_v1.zip' ]
check "nothing of it was executed" [ ! -e pwned ]

# --- the archive ---
pack $handout report=report.pdf
zip=张三_12345678_Exp2_v1.zip
check "the handout's archive is made" code_is 0
check "its name is printed" out_is "$zip"
check "what comes next is said" err_has "numlab verify '$zip'"
check "it holds the report and scripts/ and nothing else" holds '
  for i, name in ipairs(names) do assert(i == 1 and name == "张三_12345678_Exp2.pdf" or name:find "^scripts/", name) end'
check "the report's bytes" holds 'assert(entries[1].text == io.open("report.pdf"):read("a"))'
check "all that is built and run" holds '
  for _, name in ipairs{ "Makefile", "README.md", "LICENSE", ".ci/deps", "tests/run.sh", "engine/core/status.c",
    "bindings/main.c", "scripts/experiments/task1_sweep.lua", "mine.lua" } do assert(names["scripts/" .. name], name) end'
check "nothing that was, no results, nothing else" holds 'for _, name in ipairs(names) do
  for _, stray in ipairs{ "%.o$", "%.zip$", "^scripts/build", "/reports/", "secret" } do
    assert(not name:find(stray), name)
  end
end'
cp "$zip" "$work/first.zip"; pack $handout report=report.pdf
check "one that is there is not overwritten" code_is 1
check "and what to do is said" err_has "take the next version=, or say replace=true"
sleep 1; touch report.pdf; pack $handout report=report.pdf replace=true
check "unless that is asked for" code_is 0
check "the same inputs make the same bytes" cmp "$zip" "$work/first.zip"
if command -v unzip >/dev/null; then
  mkdir "$work/unzip"
  check "unzip unpacks it" env LC_ALL=C.UTF-8 unzip -q "$zip" -d "$work/unzip"
  check "with the right name" cmp report.pdf "$work/unzip/张三_12345678_Exp2.pdf"
  check "and what may be run" [ -x "$work/unzip/scripts/.ci/run" ]
fi
if command -v python3 >/dev/null; then
  check "python reads its names, flagged as UTF-8" python3 -c '
import sys, zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
first = z.infolist()[0]
assert first.filename == "\u5f20\u4e09_12345678_Exp2.pdf" and first.flag_bits & 0x800, first' "$zip"
fi
pack name=a id=1 experiment=E version=2 report=none
check "report=none packs without one" code_is 0
check "and says what is missing" err_has "NO REPORT: the handout wants a_1_E.pdf"
if command -v git >/dev/null; then
  git -C "$work/tree" init -q; echo '*.secret' > "$work/tree/.gitignore"
  echo x > "$work/tree/scripts/a.secret"; echo x > "$work/tree/scripts/b.public"
  pack name=g id=1 experiment=E version=1 report=none
  zip=g_1_E_v1.zip
  check "what git ignores stays out, what it does not know yet comes along" holds '
    assert(not names["scripts/scripts/a.secret"] and names["scripts/scripts/b.public"] and names["scripts/mine.lua"])'
  zip=张三_12345678_Exp2_v1.zip
fi
echo x > "$work/tree/scripts/a:b.lua"; pack name=a id=1 experiment=E version=3 report=none
check "a file that Windows cannot hold is refused" code_is 1
check "and named" err_has "a:b.lua': the name holds ':'"
rm "$work/tree/scripts/a:b.lua"
mkdir -p "$work/copy/bin" "$work/copy/share"
cp "$NUMLAB" "$work/copy/bin/"; cp -R "$top/scripts" "$work/copy/share/numlab"
run "$work/copy/bin/numlab" pack $handout report=report.pdf
check "an installed copy cannot pack" code_is 1
check "and says where it can" err_has "call build/numlab pack ... in their folder"

# --- verify ---
run "$NUMLAB" verify "$zip"
check "verify passes what pack made" code_is 0
for row in 1.1 1.2 1.5 1.7 2.1 2.2 2.3 2.4 2.5 2.6 2.9; do check "row $row" row_is passed $row; done
check "it builds" row_is passed 3.2 "make builds it"
check "what it does not judge is told" row_is 'not checked' 3.1
check "no row failed" out_has " 0 failed"
run "$NUMLAB" verify none.zip
check "an archive that is not there exits with 1" code_is 1
check "in one line" one_line
run "$NUMLAB" verify report.pdf
check "so does one that is none" err_has "report.pdf: cannot read: Not a zip archive"
# make NAME ENTRIES: an archive of hostile or half-done contents
make_zip() { "$NUMLAB" -e 'assert(require("numlab").zip.write(arg[1], load("return " .. arg[2])()))' "$1" "$2"; }
make_zip a_1_E_v1.zip '{ { name = "a_1_E.pdf", text = "%PDF-1.7\n%%EOF" }, { name = "scripts/../../evil", text = "x" } }'
run "$NUMLAB" verify a_1_E_v1.zip
check "a name that leads out fails" code_is 1
check "and is named" row_is failed 3.2 "leads out of its folder"
check "and nothing is unpacked" row_is "not checked" 3.2 "not unpacked"
make_zip c_1_E_v1.zip '{ { name = "scripts/Makefile", text = "all:\n\tfalse\n" } }'
run "$NUMLAB" verify c_1_E_v1.zip
check "a missing report fails" code_is 1
check "and is named" row_is failed 3.1 "c_1_E.pdf is missing"
make_zip b.zip '{ { name = "scripts/Makefile", text = "all:\n\tfalse\n" }, { name = "notes.txt", text = "x" } }'
run "$NUMLAB" verify b.zip
check "a wrong name, a stray file and a failing make fail" code_is 1
check "the name" row_is failed 3.2 "is not NAME_ID_EXPERIMENT_vVERSION.zip"
check "the stray file" row_is failed 3.2 "'notes.txt' is neither"
check "the build" row_is failed 3.2 "make does not build it"
check "and no row is passed" [ "$(grep -c ^passed "$work/out")" = 0 ]
check "nothing is left behind" sh -c '! ls -d "${TMPDIR:-/tmp}"/numlab-verify-* 2>/dev/null'
cd "$top"
done_testing
