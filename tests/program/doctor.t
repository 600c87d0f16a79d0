# numlab doctor: every part with its fields, what an absent one costs, 80 columns, JSON alone under --json.
. tests/program/tap.sh
fits() { awk 'length > 80 && $1 !~ /^\// { print; bad = 1 } / $/ { print "blank at the end: " $0; bad = 1 } END { exit bad }' "$work/out"; }
# holds CODE: Lua over `by`, the parts of --json by their names
holds() {
  "$NUMLAB" -e 'local cjson = require "cjson"
    local by, parts = {}, cjson.decode(io.open(arg[1]):read("a"))
    for _, part in ipairs(parts) do
      assert(not by[part.name], part.name .. " twice")
      by[part.name] = part
    end
    local env = setmetatable({ by = by, parts = parts }, { __index = _G })
    assert(load(arg[2], "=check", "t", env))()' "$work/out" "$1"
}

run "$NUMLAB" doctor
check "doctor exits with 0" code_is 0
check "says nothing on standard error" is_empty "$work/err"
for name in numlab scripts lua cpu memory openblas cxsparse klu umfpack cholmod libzip sqlite libedit gnuplot weasyprint "zh font" cuda nvcc; do
  check "tells about $name" grep -Eq "^(ok|missing) +$name( |\$)" "$work/out"
done
check "keeps to 80 columns but for paths" fits

run "$NUMLAB" doctor --json
check "--json prints JSON and nothing else" holds 'assert(#parts >= 18)'
check "and nothing on standard error" is_empty "$work/err"
check "each part has every field, of its type" holds '
  local types = { name = "string", found = "boolean", required = "boolean", threads = "number", version = "string",
    path = "string", about = "string", kernels = "string", needed_for = "string", cost = "string",
    problem = "string", package = "string", mend = "string" }
  for _, part in ipairs(parts) do
    for field, kind in pairs(types) do assert(type(part[field]) == kind, part.name .. "." .. field) end
    for field in pairs(part) do assert(types[field], part.name .. "." .. field) end
  end'
check "a found part has its file, an absent one its reason" holds '
  for _, name in ipairs{ "openblas", "cxsparse", "klu", "umfpack", "cholmod", "libzip", "sqlite", "gnuplot" } do
    local part = by[name]
    assert(part.cost ~= "" and part.needed_for ~= "" and part.package ~= "", name)
    if part.found then assert(io.open(part.path, "rb"), part.path):close() assert(part.version:find("^%d")) end
    assert(part.found == (part.problem == ""), name)
    assert(part.found == (part.mend == ""), name)
  end'
check "the versions are this program's" holds '
  assert(by.numlab.version == require("numlab").version and by.cpu.threads == require("numlab").threads())'
run env NUMLAB_CPU=generic NUMLAB_THREADS=3 NUMLAB_MEMORY=64MiB "$NUMLAB" doctor --json
check "the settings are the ones in use" holds '
  assert(by.cpu.kernels:find("uses generic, kernels of generic", 1, true) and by.cpu.threads == 3)
  assert(by.memory.version == "64 MiB" and by.memory.about == "by NUMLAB_MEMORY")'

run env NUMLAB_EXTERNAL=off "$NUMLAB" doctor --json
check "without libraries it exits with 0" code_is 0
check "each absent library says why, and what that costs" holds '
  for _, name in ipairs{ "openblas", "cxsparse", "klu", "umfpack", "cholmod", "libzip", "sqlite", "libedit" } do
    local part = by[name]
    assert(part.mend == "unset NUMLAB_EXTERNAL, then apt-get install " .. part.package, part.mend)
    assert(not part.found and part.problem == "switched off by NUMLAB_EXTERNAL", part.problem)
    assert(part.cost ~= "" and part.path == "" and part.version == "")
  end'
run env NUMLAB_EXTERNAL=off "$NUMLAB" doctor
check "in words too" out_has "costs: method 'lapack' and nl.cholesky, qr, svd, eigh, lstsq"
check "and how to get it" out_has "unset NUMLAB_EXTERNAL, then apt-get install libklu1"
check "and within 80 columns" fits
run env NUMLAB_LAPACK=/no/such.so "$NUMLAB" doctor
check "a library that cannot be opened gives the loader's reason" out_has "why:   /no/such.so: cannot open"
check "and the command that gets it" out_has "mend:  apt-get install libopenblas0-pthread"

mkdir "$work/bin"; ln -s /bin/sh /bin/sed "$work/bin"
run env PATH="$work/bin" "$NUMLAB" doctor
check "without gnuplot it exits with 0" code_is 0
check "and says what that costs" out_has "costs: figures are not drawn"
check "and how to get it" out_has "apt-get install gnuplot-nox"
check "what a report lacks without WeasyPrint" out_has "costs: numlab report makes report.html alone"
check "and how to get it" out_has "mend:  apt-get install weasyprint"
check "what is lost without a font" out_has "costs: boxes in place of Chinese characters"
check "and how to get one" out_has "mend:  apt-get install fontconfig fonts-wqy-microhei"
printf '#!/bin/sh\ncase $1 in --version) echo gnuplot 9.9 ;; *) echo dumb svg ;; esac\n' > "$work/my gnuplot"
chmod +x "$work/my gnuplot"
run env NUMLAB_GNUPLOT="$work/my gnuplot" "$NUMLAB" doctor --json
check "NUMLAB_GNUPLOT is the one it tells about" holds '
  assert(by.gnuplot.version == "9.9" and by.gnuplot.path:find("my gnuplot"))
  assert(by.gnuplot.about == "terminals svg NOT pngcairo NOT pdfcairo dumb", by.gnuplot.about)'
printf '#!/bin/sh\necho WeasyPrint version 1.2\n' > "$work/my printer"
printf '#!/bin/sh\n[ "$*" = ":lang=zh family" ] && echo "Song Ti,Other"\n' > "$work/bin/fc-list"
chmod +x "$work/my printer" "$work/bin/fc-list"
run env NUMLAB_WEASYPRINT="$work/my printer" PATH="$work/bin" "$NUMLAB" doctor --json
check "NUMLAB_WEASYPRINT is the one it tells about" holds 'assert(by.weasyprint.found and by.weasyprint.version == "1.2")'
check "a font is named" holds 'assert(by["zh font"].found and by["zh font"].about == "Song Ti")'
printf '#!/bin/sh\n' > "$work/bin/fc-list"
run env PATH="$work/bin" "$NUMLAB" doctor
check "that there is none is told" out_has "why:   fontconfig knows no font with Chinese characters"
check "and mended by a font alone" out_has "mend:  apt-get install fonts-wqy-microhei"
run env PATH="$work/bin" NUMLAB_CUDA= "$NUMLAB" doctor --json
check "a part without a package has another way, or none is known" holds '
  assert(by.nvcc.found or by.nvcc.mend:find("^get CUDA 12 or later from http"), by.nvcc.mend)
  assert(by.cuda.found or by.cuda.mend == "make gpu" or not by.cuda.problem:find "make gpu", by.cuda.mend)'
run "$NUMLAB" doctor --jsn
check "an unknown word is wrong usage" code_is 2
done_testing
