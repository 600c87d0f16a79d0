#!/bin/sh
# Bytes that each rung of the ladder moves to and from the device's memory, measured by Nsight Compute over one call,
# beside those by count (scripts/lib/numlab/ladder.lua). A measurement, not a test: what lies outside the counts is marked.
#   BUILD=build sh tests/gpu/ladder_traffic.sh [n=4096] [head_dim=64] [heads=32] [batch=1] [causal=false] [dtype=bf16]
# The profiler empties the caches before each kernel; what is still in the L2 cache at its end was not written to memory.
set -eu
BUILD=${BUILD:-build}
NUMLAB=${NUMLAB:-$BUILD/numlab}
command -v ncu >/dev/null || { echo "skipped: no ncu (Nsight Compute comes with CUDA; put it on the PATH)"; exit 0; }
"$NUMLAB" -e 'local names, why = require("numlab").devices() if #names == 1 then print("skipped: " .. why) os.exit(1) end' || exit 0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/shape.lua" <<'LUA'
local s = { n = 4096, head_dim = 64, heads = 32, batch = 1, causal = "false", dtype = "bf16" }
for _, word in ipairs(arg) do
  local key, value = word:match("^([%a_]+)=(.+)$")
  if not key or s[key] == nil then error(("'%s' is no setting; known: n, head_dim, heads, batch, causal, dtype"):format(word), 0) end
  s[key] = tonumber(value) or value
end
s.causal = s.causal == "true"
return s
LUA
cat >"$work/call.lua" <<'LUA'
local nl, ladder = require "numlab", require "numlab.ladder"
local s = dofile((os.getenv "LADDER_WORK") .. "/shape.lua")
local function made(seed)
  return nl.randn(s.batch, s.heads, s.n, s.head_dim, { seed = seed, dtype = s.dtype, device = "cuda" })
end
local q, k, v = made(1), made(2), made(3)
for _, rung in ipairs(ladder.RUNGS) do nl.attention(q, k, v, { impl = rung, causal = s.causal }) end
nl.synchronize("cuda")
LUA
cat >"$work/table.lua" <<'LUA'
local ladder, tables, text = require "numlab.ladder", require "numlab.table", require "numlab.text"
local work = os.getenv "LADDER_WORK"
local s, rows = dofile(work .. "/shape.lua"), {}
for i, rung in ipairs(ladder.RUNGS) do
  local bytes = ladder.bytes(rung, s)
  rows[i] = { rung = rung, read = 0, written = 0, kernels = 0, least = bytes.least, requested = bytes.requested }
end
-- "ID",..,"Kernel Name",..,"Metric Name","Metric Unit","Metric Value"
local columns
for line in io.lines(work .. "/ncu.csv") do
  local fields = {}
  for field in line:gmatch('"([^"]*)"') do fields[#fields + 1] = field end
  if fields[1] == "ID" then
    columns = {}
    for i, name in ipairs(fields) do columns[name] = i end
  elseif columns and #fields > 1 then
    local metric = fields[columns["Metric Name"]]
    local value = tonumber((fields[columns["Metric Value"]]:gsub(",", "")))
    for _, row in ipairs(rows) do
      if fields[columns["Kernel Name"]]:find(row.rung, 1, true) then
        if metric == "dram__bytes_read.sum" then row.read, row.kernels = row.read + value, row.kernels + 1 end
        if metric == "dram__bytes_write.sum" then row.written = row.written + value end
      end
    end
  end
end
for _, row in ipairs(rows) do
  if row.kernels == 0 then error("ncu told nothing of " .. row.rung .. ": its output is above", 0) end
  row.measured = row.read + row.written
  row.note = row.measured < 0.9 * row.least and "below" or row.measured > 1.1 * row.requested and "above" or ""
end
print(("%s, batch %d, %d heads of %d, n = %d%s"):format(s.dtype, s.batch, s.heads, s.head_dim, s.n, s.causal and ", causal" or ""))
io.write(tables.render(rows, { columns = { "rung", "kernels", "read", "written", "measured", { "least", title = "counted: least" },
  { "requested", title = "counted: requested" }, { "note", title = "by over 10 %" } }, format = { read = text.bytes,
  written = text.bytes, measured = text.bytes, least = text.bytes, requested = text.bytes } }))
LUA

export LADDER_WORK="$work"
"$NUMLAB" -e 'dofile(os.getenv "LADDER_WORK" .. "/shape.lua")' "$@" # a wrong setting ends here
ncu --clock-control none --csv --print-units base --kernel-name 'regex:^ladder_' --log-file "$work/ncu.csv" \
  --metrics dram__bytes_read.sum,dram__bytes_write.sum "$NUMLAB" run "$work/call.lua" "$@" ||
  { cat "$work/ncu.csv"; echo "skipped: ncu cannot read this device's counters (ERR_NVGPUCTRPERM asks for administrator rights)"; exit 0; }
"$NUMLAB" run "$work/table.lua" "$@" || { cat "$work/ncu.csv"; exit 1; }
