-- How fast dense systems are solved on a GPU: numlab's elimination beside cuSOLVER's, turn by turn in one run.
--   build/numlab run tests/gpu/solve_bars.lua [n=1024,2048,..] [dtypes=f64,f32] [rounds=5] [columns=1]
--     [bar=0.7] [from=4096]
-- A line a size: TFLOP/s by 2/3 n^3 + 2 n^2 k, the share of cuSOLVER's, milliseconds of the method and of the whole call
-- (copies, checks, residuals, condition). Ends with 1 where HPL's test fails, or lu is below `bar` of cuSOLVER from n =
-- `from` on.
local nl = require "numlab"

local o = nl.args{ n = { 1024, 2048, 4096, 8192, 16384 }, dtypes = { "f64", "f32" }, rounds = 5, columns = 1, bar = 0.7,
  from = 4096 }
local ROUNDOFF = { f64 = 2.0 ^ -53, f32 = 2.0 ^ -24 }
local broken = false

local function median(values)
  table.sort(values)
  local h = #values // 2
  return #values % 2 == 1 and values[h + 1] or (values[h] + values[h + 1]) / 2
end

local function measure(dtype, n)
  local A = nl.randn(n, n, { seed = n, dtype = dtype, device = "cuda" })
  local b = nl.randn(n, o.columns, { seed = n + 1, dtype = dtype, device = "cuda" })
  local found = { lu = { seconds = {}, whole = {} }, cusolver = { seconds = {}, whole = {} } }
  for round = 0, o.rounds do -- the first warms up
    for _, method in ipairs{ "lu", "cusolver" } do
      local begin = nl.clock()
      local x, info, facts = nl.solve(A, b, { method = method })
      local whole, of = nl.clock() - begin, found[method]
      if not x then
        of.why = info
        if facts.code ~= "UNAVAILABLE" then broken = true end
      elseif round > 0 then
        of.seconds[round], of.whole[round] = info.seconds, whole
        of.hpl = info.backward_error / (ROUNDOFF[dtype] * n)
      end
      x = nil -- luacheck: ignore 311
      collectgarbage() collectgarbage()
    end
  end
  return found
end

print(("%s; %d right-hand sides, medians of %d"):format(nl.device("cuda").name, o.columns, o.rounds))
for _, dtype in ipairs(o.dtypes) do
  for _, n in ipairs(o.n) do
    local found = measure(dtype, n)
    local flops, line, rates = 2 / 3 * n ^ 3 + 2 * n ^ 2 * o.columns, {}, {}
    for i, method in ipairs{ "lu", "cusolver" } do
      local of = found[method]
      if of.hpl then
        rates[method] = flops / median(of.seconds) / 1e12
        line[i] = ("%s %.2f TFLOP/s (%.2f ms, whole call %.2f ms, HPL %.3f)"):format(method, rates[method],
          1e3 * median(of.seconds), 1e3 * median(of.whole), of.hpl)
        if not (of.hpl < 16) then broken = true end
      else line[i] = of.why
      end
    end
    local share = rates.lu and rates.cusolver and rates.lu / rates.cusolver
    local below = share and n >= o.from and not (share >= o.bar)
    broken = broken or below
    print(("%s n=%d: %s%s%s"):format(dtype, n, table.concat(line, ", "), share and (", share %.2f"):format(share) or "",
      below and "  BELOW" or ""))
  end
end

os.exit(broken and 1 or 0, true)
