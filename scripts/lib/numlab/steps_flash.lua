--- Flash attention of one head under the microscope (numlab.steps), as engine/attention/flash_forward_tmpl.c:
---
---   for each tile of queries:               O = 0, m = -inf, l = 0
---     for each tile of keys it sees:
---       S  = scale Q K'                     -inf where the mask hides a key
---       m' = max(m, rowmax S),  P = exp(S - m'),  rescale = exp(m - m')
---       l  = rescale l + rowsum P,  O = rescale O + P V,  m = m'
---     O = O / l,  lse = m + log l
---
--- In f64 whatever the type of q. Equal to nl.attention to rounding, not bit for bit: the kernels sum in vector lanes,
--- fuse products with sums and have an exponential of their own; here each sum runs left to right.
---
--- Steps: "tile" (q_tile, k_tile: {first, last}; S, m_before, m, l_before, l, rescale, O), "normalise" (q_tile; O, lse of
--- a tile of queries that has met its keys), "outcome" (out (Nq, Dv), lse (Nq)).
--- Milakov and Gimelshein 2018; Dao et al. 2022, FlashAttention, algorithm 1.
---@internal of numlab.steps
local expect = require "numlab.expect"
local nl = require "numlab"
local text = require "numlab.text"

local INF = math.huge

-- The head as (1, 1, rows, columns).
local function head(name, t)
  if type(t) ~= "userdata" then
    expect.fail(("steps: flash walks one head: %s must be a tensor, got %s"):format(name, expect.got(t)))
  end
  local shape = t.shape
  if #shape == 2 then return t:reshape(1, 1, shape[1], shape[2]) end
  if #shape == 4 and shape[1] == 1 and shape[2] == 1 then return t end
  expect.fail(("steps: flash walks one head: %s is %s, expected (N, D) or (1, 1, N, D)")
    :format(name, #shape == 0 and "a number" or table.concat(shape, "x")))
end

local function matrix(t)
  return t:to("f64"):reshape(t.shape[3], t.shape[4]):totable()
end

local function list(n, value)
  local out = {}
  for i = 1, n do out[i] = value end
  return out
end

local function dot(x, y)
  local sum = 0.0
  for c, value in ipairs(x) do sum = sum + value * y[c] end
  return sum
end

-- One row of scores: m, l and O go over to the new maximum; the factor for what was there before.
local function online_softmax(tile, i, S, V, from)
  local m, O = tile.m[i], tile.O[i]
  for _, s in ipairs(S) do m = math.max(m, s) end
  local shift = m == -INF and 0.0 or m -- no key yet, or NaN alone: exp(-inf - 0) = 0, NaN stays
  local shrink, sum = m == tile.m[i] and 1.0 or math.exp(tile.m[i] - m), 0.0 -- 0 at the first key
  for c = 1, #O do O[c] = shrink * O[c] end
  for j, s in ipairs(S) do
    local p, v = math.exp(s - shift), V[from + j - 1]
    sum = sum + p
    for c = 1, #O do O[c] = O[c] + p * v[c] end
  end
  tile.l[i], tile.m[i] = shrink * tile.l[i] + sum, m
  return shrink
end

-- What the new maxima do to the rows of a tile.
local function rescale_words(before, m)
  local grown, first = 0, true
  for i, old in ipairs(before) do
    if m[i] > old then grown = grown + 1 end
    first = first and old == -INF
  end
  if first then return "m, l and O begin" end
  if grown == 0 then return "every m stays, nothing is rescaled" end
  return ("m grows in %d of %d rows, whose l and O are rescaled"):format(grown, #m)
end

-- O / l and lse; a row that saw no key: 0 and -inf.
local function finish(tile)
  local lse = {}
  for i, l in ipairs(tile.l) do
    lse[i] = l == 0 and -INF or tile.m[i] + math.log(l)
    for c, o in ipairs(tile.O[i]) do tile.O[i][c] = l == 0 and 0.0 or o / l end
  end
  return lse
end

return function(q, k, v, options)
  text.check_options("steps: flash", options,
    { q_tile = "number", k_tile = "number", causal = "boolean", scale = "number" })
  local o = { impl = "flash" }
  for key, value in pairs(options or {}) do o[key] = value end
  q, k, v = head("q", q), head("k", k), head("v", v)
  nl.attention(q, k, v, o) -- checks shapes, types and values of options
  local Q, K, V = matrix(q), matrix(k), matrix(v)
  local scale, q_tile, k_tile = o.scale or 1 / math.sqrt(#Q[1]), o.q_tile or 64, o.k_tile or 64
  local ahead = #K - #Q -- causal: row i sees keys up to i + Nk - Nq

  local function scores(first, last, from, to)
    local S = {}
    for i = first, last do
      local row = {}
      for j = from, to do row[#row + 1] = o.causal and j > i + ahead and -INF or scale * dot(Q[i], K[j]) end
      S[#S + 1] = row
    end
    return S
  end

  return function(emit)
    local out, lse = {}, {}
    for first = 1, #Q, q_tile do
      local last = math.min(first + q_tile - 1, #Q)
      local rows = last - first + 1
      local tile = { m = list(rows, -INF), l = list(rows, 0.0), O = {} }
      for i = 1, rows do tile.O[i] = list(#V[1], 0.0) end
      local seen = o.causal and math.min(#K, last + ahead) or #K
      for from = 1, seen, k_tile do
        local to = math.min(from + k_tile - 1, seen)
        local S = scores(first, last, from, to)
        local m, l = { table.unpack(tile.m) }, nl.tensor(tile.l)
        local rescale = {}
        for i, row in ipairs(S) do rescale[i] = online_softmax(tile, i, row, V, from) end
        emit{ event = "tile", q_tile = { first, last }, k_tile = { from, to }, S = nl.tensor(S),
          m_before = nl.tensor(m), m = nl.tensor(tile.m), l_before = l, l = nl.tensor(tile.l), rescale = nl.tensor(rescale),
          O = nl.tensor(tile.O), shows = { "S", "m_before", "m", "rescale", "l_before", "l", "O" }, draws = "S",
          corner = { first, from },
          what = ("queries %d to %d meet keys %d to %d: %s."):format(first, last, from, to, rescale_words(m, tile.m)),
          formula = "m = max(m_before, rowmax S); rescale = exp(m_before - m); "
            .. "l = rescale l_before + rowsum exp(S - m); O = rescale O + exp(S - m) V" }
      end
      table.move(finish(tile), 1, rows, first, lse)
      table.move(tile.O, 1, rows, first, out)
      emit{ event = "normalise", q_tile = { first, last }, O = nl.tensor(tile.O),
        lse = nl.tensor(table.move(lse, first, last, 1, {})), shows = { "O", "lse" },
        what = ("queries %d to %d have met every key they see: O is divided by l."):format(first, last),
        formula = "O = O / l; lse = m + log l" }
    end
    emit{ event = "outcome", code = "OK", out = nl.tensor(out), lse = nl.tensor(lse), shows = { "out", "lse" },
      what = "every query has its row of the output.", formula = "out = softmax(scale Q K') V" }
  end
end
