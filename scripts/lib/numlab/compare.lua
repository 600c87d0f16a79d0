--- Is one list of times faster than another? By ranks, so that a few slow outliers decide nothing, and without a law
--- that the times would have to follow.
---
--- The estimate is the median of all ratios b/a (Hodges and Lehmann 1963, on logarithms); its interval runs between two
--- of those ratios, chosen by the distribution that Mann and Whitney's count of pairs with b < a has where nothing
--- differs (1947; exact, by their recurrence). The effect is the share of pairs in which b is smaller: 0.5 where
--- nothing differs, 1 where b always is.
--- Example:
---     local found = nl.compare.times({1.00, 1.02, 1.01, 0.99, 1.03}, {0.50, 0.51, 0.49, 0.52, 0.50})
---     assert(found.verdict == "faster" and found.ratio > 0.48 and found.ratio < 0.52 and found.effect == 1)
local expect = require "numlab.expect"
local provenance = require "numlab.provenance"
local stats = require "numlab.stats"
local text = require "numlab.text"

local M = {}

local SAME, LEVEL = 0.05, 0.95
local EXACT = 2500 -- pairs; beyond, the count is as good as normal

-- P(U <= u), u = 0, 1, ..., for m and n values each: ways to have u pairs in the wrong order, over all orders.
local function exact(m, n)
  local ways = {} -- ways[j]: counts for i values against j, i growing to m
  for j = 0, n do ways[j] = { [0] = 1.0 } end
  for i = 1, m do
    for j = 1, n do -- the largest is of the first (above all j) or of the second: w(i,j,u) = w(i-1,j,u-j) + w(i,j-1,u)
      local row, before, left = {}, ways[j], ways[j - 1]
      for u = 0, i * j do row[u] = (before[u - j] or 0.0) + (left[u] or 0.0) end
      ways[j] = row
    end
    ways[0] = { [0] = 1.0 }
  end
  local all, sum, out = 0.0, 0.0, {}
  for u = 0, m * n do all = all + ways[n][u] end
  for u = 0, m * n do
    sum = sum + ways[n][u]
    out[u] = sum / all
  end
  return out
end

-- Tail of the normal law (Abramowitz and Stegun 26.2.17, error below 1e-7).
local function below(z)
  if z > 0 then return 1 - below(-z) end
  local t = 1 / (1 - 0.2316419 * z)
  return math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
end

local known = {} -- distributions by sizes: a comparison asks for the same again and again

-- The largest count u with P(U <= u) <= tail, -1 where there is none; and that probability.
local function quantile(m, n, tail)
  local id, u, p = ("%d %d"):format(m, n), -1, 0.0
  local table_of = m * n <= EXACT and (known[id] or exact(m, n)) or nil
  known[id] = table_of
  local middle, spread = m * n / 2, math.sqrt(m * n * (m + n + 1) / 12)
  while true do
    local next_p = table_of and table_of[u + 1] or below((u + 1.5 - middle) / spread)
    if not (next_p <= tail * (1 + 1e-9)) then return u, p end -- a level such as 0.9 is met exactly
    u, p = u + 1, next_p
  end
end

---@class numlab.compare.TimesOptions
---@field level? number  of the interval, 0.95
---@field same? number  0.05: ratios from 1/1.05 to 1.05 are the same to us

--- Compare two lists of times.
---@param a number[]  positive
---@param b number[]
---@param options numlab.compare.TimesOptions?
---@return table found  {verdict = faster | slower | same | unclear (b against a), ratio = b over a, low, high (nil: too few
--- values for that level), effect, needed (values each that an interval takes, where there are too few)}
function M.times(a, b, options)
  expect("compare.times", "a", a, "list")
  expect("compare.times", "b", b, "list")
  text.check_options("compare.times", options, { level = "number", same = "number" })
  local level, same = options and options.level or LEVEL, options and options.same or SAME
  if not (level > 0 and level < 1) then expect.fail("compare.times: level must lie between 0 and 1") end
  if not (same >= 0) then expect.fail("compare.times: same must not be negative") end
  local ratios, effect = {}, 0.0
  for _, x in ipairs(a) do
    for _, y in ipairs(b) do
      if not (x > 0 and y > 0) then expect.fail("compare.times: times must be positive") end
      ratios[#ratios + 1] = y / x
      effect = effect + (y < x and 1 or y == x and 0.5 or 0)
    end
  end
  if #ratios == 0 then expect.fail("compare.times: a list is empty") end
  table.sort(ratios)
  local out = { ratio = stats.median(ratios), effect = effect / #ratios, verdict = "unclear" }
  local u = quantile(#a, #b, (1 - level) / 2)
  if u < 0 then
    out.needed = 1
    while quantile(out.needed, out.needed, (1 - level) / 2) < 0 do out.needed = out.needed + 1 end
    return out
  end
  out.low, out.high = ratios[u + 1], ratios[#ratios - u]
  if out.low >= 1 / (1 + same) and out.high <= 1 + same then
    out.verdict = "same"
  elseif out.high < 1 then
    out.verdict = "faster"
  elseif out.low > 1 then
    out.verdict = "slower"
  end
  return out
end

-- Times that a ratio can be made of; a clock too coarse gives 0.
local function usable(list)
  for _, v in ipairs(list or {}) do
    if not (v > 0 and v < math.huge) then return false end
  end
  return list ~= nil and #list > 0
end

-- The samples' part a metric names: seconds is the whole, forward_s the part forward.
local function part_of(metric) return metric == "seconds" and "" or metric:match("^(.*)_s$") end

--- The metrics that some row of a run has samples of.
---@param run table  as of store:read
---@return string[]
--- Example:
---     assert(nl.compare.metrics{rows = {{}}, samples = {{[""] = {1, 2}}}}[1] == "seconds")
function M.metrics(run)
  expect("compare.metrics", "run", run, "table")
  expect("compare.metrics", "run.samples", run.samples, "list")
  local seen, names = {}, {}
  for _, samples in ipairs(run.samples) do
    for part, list in pairs(samples) do
      local name = part == "" and "seconds" or part .. "_s"
      if #list > 0 and not seen[name] then seen[name], names[#names + 1] = true, name end
    end
  end
  table.sort(names)
  return names
end

--- The facts in which two runs differ: {{name, of a, of b}, ...}; when they were made and under what load is left out.
---@param a table
---@param b table
---@return table[] differences
--- Example:
---     local a = {facts = {commit = "x", seed = "1"}, order = {"commit", "seed"}} -- as store:read gives them
---     local b = {facts = {commit = "y", seed = "1"}, order = {"commit", "seed"}}
---     assert(#nl.compare.differences(a, b) == 1 and nl.compare.differences(a, b)[1][1] == "commit")
function M.differences(a, b)
  expect("compare.differences", "a", a, "table")
  expect("compare.differences", "b", b, "table")
  expect("compare.differences", "a.facts", a.facts, "table")
  expect("compare.differences", "b.facts", b.facts, "table")
  local out, seen = {}, { load = true, load_at_end = true, contestants = true }
  for _, run in ipairs{ a, b } do
    for _, name in ipairs(run.order) do
      if not seen[name] and a.facts[name] ~= b.facts[name] then
        out[#out + 1] = { name, a.facts[name] or "unknown", b.facts[name] or "unknown" }
      end
      seen[name] = true
    end
  end
  return out
end

-- For each row the median time of the baseline at its point, nil where it has none.
local function baselines(run, part, name)
  local by, out = {}, {}
  local function place(row)
    local words = {}
    for i, axis in ipairs(run.axes) do words[i] = provenance.canonical(row[axis]) end
    return table.concat(words, "|")
  end
  for i, row in ipairs(run.rows) do
    if row[run.contestant] == name and row.code == "OK" and usable(run.samples[i][part]) then
      by[place(row)] = stats.median(run.samples[i][part])
    end
  end
  for i, row in ipairs(run.rows) do out[i] = by[place(row)] end
  return out
end

local function scaled(list, by)
  local out = {}
  for i, v in ipairs(list) do out[i] = v / by end
  return out
end

---@class numlab.compare.RunsOptions: numlab.compare.TimesOptions
---@field metric? string  "seconds"
---@field baseline? string  contestant whose median at the same point and in the same run all its times are divided by

--- Compare two runs, point by point and contestant by contestant.
---@param a table  as of store:read
---@param b table
---@param options numlab.compare.RunsOptions?
---@return table[] pairs  rows {axes and contestant, a, b = medians, ratio, low, high, effect, verdict}; of pairs that
--- failed on either side: {code_a, code_b, verdict = "failed", or "same" where both failed alike}
---@return table counts  {faster, slower, same, unclear, failed, only_a, only_b, needed}
--- Example:
---     local function run(seconds)
---       return {contestant = "method", axes = {"n"}, points = {"lu|1"}, rows = {{n = 1, method = "lu", code = "OK"}},
---         samples = {{[""] = seconds}}}
---     end
---     local pairs, counts = nl.compare.runs(run{1, 1.01, 0.99, 1, 1.02}, run{2, 2.01, 1.99, 2, 2.02})
---     assert(pairs[1].verdict == "slower" and counts.slower == 1)
function M.runs(a, b, options)
  expect("compare.runs", "a", a, "table")
  expect("compare.runs", "b", b, "table")
  expect("compare.runs", "a.rows", a.rows, "list")
  expect("compare.runs", "b.rows", b.rows, "list")
  text.check_options("compare.runs", options, { metric = "string", level = "number", same = "number",
    baseline = "string" })
  local metric, baseline = options and options.metric or "seconds", options and options.baseline
  local part, place, found = part_of(metric), {}, {}
  local counts = { faster = 0, slower = 0, same = 0, unclear = 0, failed = 0, only_a = 0, only_b = #b.rows }
  local under_a = baseline and baselines(a, part, baseline)
  local under_b = baseline and baselines(b, part, baseline)
  for i, point in ipairs(b.points) do place[point] = i end
  for i, point in ipairs(a.points) do
    local k = place[point]
    if baseline and a.rows[i][a.contestant] == baseline then -- 1 by its definition
      counts.only_b = counts.only_b - (k and 1 or 0)
    elseif not k then
      counts.only_a = counts.only_a + 1
    else
      counts.only_b = counts.only_b - 1
      local x, y, row = a.samples[i][part], b.samples[k][part], {}
      for _, name in ipairs(a.axes) do row[name] = a.rows[i][name] end
      row[a.contestant] = a.rows[i][a.contestant]
      row.code_a, row.code_b = a.rows[i].code, b.rows[k].code
      if row.code_a ~= "OK" or row.code_b ~= "OK" then
        row.verdict = row.code_a == row.code_b and "same" or "failed"
      elseif not usable(x) or not usable(y) or baseline and not (under_a[i] and under_b[k]) then
        row.verdict = "unclear"
      else
        if baseline then x, y = scaled(x, under_a[i]), scaled(y, under_b[k]) end
        local got = M.times(x, y, { level = options and options.level, same = options and options.same })
        row.a, row.b = stats.median(x), stats.median(y)
        for _, name in ipairs{ "ratio", "low", "high", "effect", "verdict" } do row[name] = got[name] end
        counts.needed = got.needed and math.max(got.needed, counts.needed or 0) or counts.needed
      end
      counts[row.verdict] = counts[row.verdict] + 1
      found[#found + 1] = row
    end
  end
  return found, counts
end

return M
