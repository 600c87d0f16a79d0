# numlab bench: limits and standings as JSON and as a page of 80 columns, absent libraries, a GPU made of host memory.
. tests/program/tap.sh
if ldd "$NUMLAB" | grep -qE 'lib(a|t)san'; then
  check "not tried: times of an instrumented build say nothing" true
  done_testing
  exit
fi
# holds CODE: Lua over `got`, what --json printed, and `by`, its kernels by their names
holds() {
  "$NUMLAB" -e 'local got, by = require "cjson".decode(io.open(arg[1]):read("a")), {}
    for _, row in ipairs(got.kernels) do by[row.kernel] = row end
    assert(load(arg[2], "=check", "t", setmetatable({ got = got, by = by }, { __index = _G })))()' "$work/out" "$1"
}
fits() { sed 's/─/-/g' "$work/out" | awk 'length > 80 { print; bad = 1 } / $/ { print "blank at the end: " $0; bad = 1 } END { exit bad }'; }

run "$NUMLAB" bench quick threads=1 --json
check "bench exits with 0" code_is 0
check "says nothing on standard error where that is no terminal" is_empty "$work/err"
check "--json prints JSON alone" holds 'assert(got.seconds > 0 and got.machine.device == "cpu" and got.machine.kernels ~= "")'
check "all limits have a value, or a reason" holds '
  local seen = {}
  for _, one in ipairs(got.limits) do
    assert(one.threads == 1 and (one.value and one.value > 0 or one.message), one.limit)
    seen[one.limit] = one.value
  end
  assert(#got.limits == 7 and seen["f64 products"] and seen["f32 products"] and seen["read from memory"])
  assert(seen["call, one number"] and seen["call, all threads"])'
check "each kernel is timed" holds '
  for _, row in ipairs(got.kernels) do
    assert(row.code == "OK" and row.seconds > 0 and row.repeats >= 1 and row.threads == 1, row.kernel)
  end
  assert(#got.kernels == 10)'
check "and placed under the roof: rate over what is attainable" holds '
  for _, row in ipairs(got.kernels) do
    if row.unit == "FLOP/s" then
      assert(math.abs(row.rate * row.seconds / row.flops - 1) < 1e-9, row.kernel)
      assert(math.abs(row.share * row.attainable / row.rate - 1) < 1e-9 and row.share < 20, row.kernel)
    else
      assert(not row.share, row.kernel)
    end
  end
  assert(by["product, f64"].bound == "compute" and by["sparse * x"].bound ~= "compute")'
check "the ratio is that of the times" holds '
  for _, name in ipairs{ "product, f64", "product, f32", "lu", "flash forward", "flash backward" } do
    local row = by[name]
    assert(row.ratio and math.abs(row.ratio * row.seconds / row.beside_seconds - 1) < 1e-9 or row.beside_message, name)
  end
  assert(by["flash forward"].ratio)'

run env NUMLAB_EXTERNAL=off "$NUMLAB" bench quick threads=1
check "without OpenBLAS it exits with 0" code_is 0
check "and tells what could not be set beside it" out_has "openblas is not available (switched off by NUMLAB_EXTERNAL)"
check "the limits stand in a table" out_has "limits of this machine  1 thread"
check "the kernels too" grep -Eq '^lu +512 +[0-9.]+ [MG]FLOP/s +[0-9.]+ +[a-zA-Z0-9]+ +OpenBLAS dgesv +-$' "$work/out"
check "at 80 columns" fits

for words in quik threads=0 threads=1,x threads= "device=cuda --jsn"; do
  run "$NUMLAB" bench $words
  check "$words is wrong usage" code_is 2
done
run "$NUMLAB" bench quik
check "with the nearest word" err_has "did you mean 'quick'"
run "$NUMLAB" bench --help
check "its help is on standard output" out_has "usage: numlab bench [quick]"
run env NUMLAB_CUDA=/no/such.so "$NUMLAB" bench device=cuda
check "an absent GPU exits with 1" code_is 1
check "and says why" err_has "device 'cuda' is not available"

fake="$BUILD/tests/engine/device/fake.so"
if [ -e "$fake" ]; then
  run env NUMLAB_CUDA="$fake" "$NUMLAB" bench quick device=cuda --json
  check "a device that does little is measured in what it does" holds '
    local by = {}
    for _, one in ipairs(got.limits) do by[one.limit] = one end
    assert(by["to the device"].value > 0 and by["memory, read and written"].value > 0)
    assert(not by["f32 products"].value and by["f32 products"].message:find("cuda:0 does not do this", 1, true))'
  check "and its kernels say why they are not" holds '
    for _, row in ipairs(got.kernels) do assert(row.code == "ERROR" and row.message ~= "", row.kernel) end'
fi
done_testing
