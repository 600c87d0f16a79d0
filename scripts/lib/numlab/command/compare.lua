--- numlab compare: two stored runs, point by point and contestant by contestant.
local command = require "numlab.command"
local compare = require "numlab.compare"
local rows_of = require "numlab.rows"
local runs = require "numlab.runs"
local stats = require "numlab.stats"
local tables = require "numlab.table"
local text = require "numlab.text"

local CROSSED = 3 -- exit code

local SPEC = {
  name = "compare", usage = "A B [threshold=1.1] [baseline=METHOD] [metric=seconds] [level=0.95] [same=0.05]",
  summary = "Was B faster or slower than A, at the same point and contestant",
  keys = { threshold = "exit code 3 where B is slower by this factor or more, or fails where A did not",
    baseline = "a contestant; all times are over its own at the same point of the same run",
    metric = "whose samples: seconds (default), or forward_s and the like", level = "of the intervals (0.95)",
    same = "ratios within this of 1 count as the same (0.05)" },
  places = { "A", "B" }, help = [[
A and B are runs as for `numlab show`. ratio is B's time over A's, with its interval low to high, from the ranks of
all samples (Hodges and Lehmann's estimate, Mann and Whitney's distribution): no law of the times is assumed. effect
is the share of pairs of samples in which B is faster: 1 always, 0.5 as often as not, 0 never.
    faster, slower   the interval lies on one side of 1
    same             the interval lies within 5 % of 1 (same=)
    unclear          neither: more samples (repeats=) would tell;
                     at level 0.95 it takes 4 each
A machine is not equally fast on two days: baseline= takes that out, what is left is how contestants stand to each
other. Of many pairs one in twenty seems to differ at level 0.95 where nothing does; give level=0.99 or more then.

    numlab compare task1_sweep:1 task1_sweep:2 threshold=1.2
]],
}

local function number(o, key, low, high)
  if not o[key] then return nil end
  local value = tonumber(o[key])
  if value and value > low and value < high then return value end
  return nil, ("%s must be a number above %s%s, got %s"):format(key, text.number(low),
    high < math.huge and " and below " .. text.number(high) or "", command.show(o[key]))
end

local function count(n, what) return ("%d %s"):format(n, what) end

-- What stands between the runs besides time. True when they can be compared at all.
local function introduce(a, b)
  io.write(("A  %s, %s, %s\nB  %s, %s, %s\n"):format(a.name, a.started, a.state, b.name, b.started, b.state))
  for _, difference in ipairs(compare.differences(a, b)) do
    io.write(text.wrap(("%s: A %s; B %s"):format(table.unpack(difference)), 100, "differ in ", "    "), "\n")
  end
  local ours = table.concat(a.axes, ", ") .. ", " .. a.contestant
  local theirs = table.concat(b.axes, ", ") .. ", " .. b.contestant
  if ours ~= theirs then
    error(("compare: the runs have different axes: %s has %s, %s has %s"):format(a.name, ours, b.name, theirs), 0)
  end
end

local function summary(pairs_of, counts, baseline)
  local parts, ratios = {}, {}
  for _, what in ipairs{ "faster", "slower", "same", "unclear", "failed" } do
    if counts[what] > 0 then parts[#parts + 1] = count(counts[what], what) end
  end
  for _, pair in ipairs(pairs_of) do ratios[#ratios + 1] = pair.ratio end
  io.write(("\nB against A: %s"):format(#parts > 0 and table.concat(parts, ", ") or "no pair"))
  if #ratios > 0 then io.write(("; geometric mean of the ratios %s"):format(tables.cell(stats.geometric_mean(ratios)))) end
  if counts.only_a + counts.only_b > 0 then io.write(("; %d only in A, %d only in B"):format(counts.only_a, counts.only_b)) end
  io.write("\n")
  local slower = 0
  for _, ratio in ipairs(ratios) do slower = slower + (ratio > 1 and 1 or 0) end
  if not baseline and #ratios >= 5 and counts.faster + counts.slower > counts.same
    and math.max(slower, #ratios - slower) >= 0.9 * #ratios then
    io.write("nearly all ratios lie on one side of 1: the machine itself may have been ", slower > #ratios / 2 and "slower"
      or "faster", " the second time; baseline= compares within each run\n")
  end
  if counts.needed then
    io.write(("too few samples for an interval: it takes %d each, or a lower level=\n"):format(counts.needed))
  end
end

-- The pairs that a threshold is about.
local function crossed(pairs_of, threshold)
  local rows = {}
  for _, pair in ipairs(pairs_of) do
    local slower = pair.verdict == "slower" and pair.ratio >= threshold
    local broken = pair.verdict == "failed" and pair.code_a == "OK"
    if slower or broken then rows[#rows + 1] = pair end
  end
  return rows
end

return function(...)
  local o, code = command.read({ ... }, SPEC)
  if not o then return code end
  local limits, values = { threshold = { 0, math.huge }, level = { 0, 1 }, same = { -1e-300, math.huge } }, {}
  for _, key in ipairs{ "threshold", "level", "same" } do
    local value, wrong = number(o, key, limits[key][1], limits[key][2])
    if wrong then return command.usage("compare", wrong) end
    values[key] = value
  end
  local two = {}
  for i, place in ipairs{ "A", "B" } do
    local run, message = runs.find(o[place])
    if not run then error(("compare: %s: %s"):format(place, message), 0) end
    two[i] = run
  end
  local a, b, metric = two[1], two[2], o.metric or "seconds"
  local known = compare.metrics(a)
  if not ("\n" .. table.concat(known, "\n") .. "\n"):find("\n" .. metric .. "\n", 1, true) then
    error(#known == 0 and ("compare: %s holds no samples of time"):format(a.name)
      or text.unknown("compare", "metric", metric, known), 0)
  end
  if o.baseline then
    for _, run in ipairs(two) do
      local names = rows_of.distinct(run.rows, run.contestant)
      if #rows_of.where(run.rows, { [run.contestant] = o.baseline }) == 0 then
        error(("%s in %s"):format(text.unknown("compare", run.contestant, o.baseline, names), run.name), 0)
      end
    end
  end
  introduce(a, b)
  local found, counts = compare.runs(a, b, { metric = metric, level = values.level, same = values.same,
    baseline = o.baseline })
  local columns = { table.unpack(a.axes) }
  for _, name in ipairs{ a.contestant, "a", "b", "ratio", "low", "high", "effect", "verdict" } do
    columns[#columns + 1] = name
  end
  if counts.failed > 0 then table.move({ "code_a", "code_b" }, 1, 2, #columns + 1, columns) end
  local time = not o.baseline and text.duration or "%.3g" -- of the baseline's
  if #found > 0 then
    io.write("\n", (tables.render(found, { columns = columns, format = { a = time, b = time,
      ratio = "%.3f", low = "%.3f", high = "%.3f", effect = "%.2f" } })))
  end
  summary(found, counts, o.baseline)
  local bad = values.threshold and crossed(found, values.threshold) or {}
  if #bad == 0 then return 0 end
  io.write(("threshold %s crossed by %s\n"):format(text.number(values.threshold),
    #bad == 1 and "1 pair" or ("%d pairs"):format(#bad)))
  return CROSSED
end
