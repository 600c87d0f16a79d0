--- Points of the unit cube, seeded: independent, Latin hypercube, Sobol' sequence.
---
--- Example:
---     local sample = require "numlab.sample"
---     local u = sample.points("sobol", 128, { "n", "density" }, 1)     -- u[i][j] in (0, 1)
---     assert(#u == 128 and u[1][2] > 0 and u[1][2] < 1)
---
--- Coordinate j has a stream of its own, from the seed and its name: in `random` and `lhs` another coordinate beside it,
--- or another order, changes none of its numbers; `random` and `sobol` keep their points when more are asked for.
---
--- Latin hypercube (McKay, Beckman, Conover 1979): u_ij = (p_j(i) - 1 + r_ij) / n with a random permutation p_j; each of
--- the n strata holds one point, on every axis.
--- Sobol' sequence: direction numbers of Joe and Kuo (SIAM J. Sci. Comput. 30, 2008: new-joe-kuo-6.21201), scrambled
--- as Owen (1995) does: each digit is flipped by a random bit that depends on the digits above it. The flips come from a
--- hash (Laine and Karras 2011, Burley, J. Comput. Graph. Tech. 9(4), 2020): in reversed bit order x ^ (x * even) lets a
--- bit depend on lower ones only. Scrambled points are each uniform, so means over them are unbiased, and keep the net.
local expect = require "numlab.expect"
local text = require "numlab.text"
local M = {}

-- Rows `s a m_1 .. m_s` of dimensions 2 to 37: degree, inner coefficients of the primitive polynomial, first numbers.
local TABLE = [[
1 0 1|2 1 1 3|3 1 1 3 1|3 2 1 1 1|4 1 1 1 3 3|4 4 1 3 5 13|5 2 1 1 5 5 17|5 4 1 1 5 5 5|5 7 1 1 7 11 19|
5 11 1 1 5 1 1|5 13 1 1 1 3 11|5 14 1 3 5 5 31|6 1 1 3 3 9 7 49|6 13 1 1 1 15 21 21|6 16 1 3 1 13 27 49|
6 19 1 1 1 15 7 5|6 22 1 3 1 15 13 25|6 25 1 1 5 5 19 61|7 1 1 3 7 11 23 15 103|7 4 1 3 7 13 13 15 69|
7 7 1 1 3 13 7 35 63|7 8 1 3 5 9 1 25 53|7 14 1 3 1 13 9 35 107|7 19 1 3 1 5 27 61 31|7 21 1 1 5 11 19 41 61|
7 28 1 3 5 3 3 13 69|7 31 1 1 7 13 1 19 1|7 32 1 3 7 5 13 19 59|7 37 1 1 3 9 25 29 41|7 41 1 3 5 13 23 1 55|
7 42 1 3 7 3 13 59 17|7 50 1 3 1 3 5 53 69|7 55 1 1 5 5 23 33 13|7 56 1 1 7 7 1 61 123|7 59 1 1 7 9 13 61 49|
7 62 1 3 3 5 3 55 33]]
local BITS, WORD = 32, 0xffffffff

--- How many coordinates `sobol` has.
M.SOBOL_DIMENSIONS = 37

--- A whole number in [0, 2^53) from a seed and a text: 64-bit FNV-1a, then the finaliser of MurmurHash3, so that seeds
--- and texts that differ little give numbers that share nothing.
---@param seed integer
---@param words string
---@return integer
--- Example:
---     assert(nl.sample.derive(1, "n") == nl.sample.derive(1, "n") and nl.sample.derive(1, "n") ~= nl.sample.derive(2, "n"))
function M.derive(seed, words)
  expect("sample.derive", "seed", seed, "whole")
  expect("sample.derive", "words", words, "string")
  local h = 0xcbf29ce484222325
  for byte in (("%d\n%s"):format(seed, words)):gmatch(".") do h = (h ~ byte:byte()) * 0x100000001b3 end
  h = (h ~ (h >> 33)) * 0xff51afd7ed558ccd
  h = (h ~ (h >> 33)) * 0xc4ceb9fe1a85ec53
  return (h ~ (h >> 33)) >> 11
end

--- n uniform numbers in (0, 1) of the stream that belongs to a seed and a name.
---@param n integer
---@param seed integer
---@param name string
---@return number[]
--- Example:
---     local u = nl.sample.stream(100, 1, "n")
---     assert(#u == 100 and u[1] > 0 and u[1] < 1)
function M.stream(n, seed, name)
  expect("sample.stream", "n", n, "count")
  expect("sample.stream", "seed", seed, "whole")
  expect("sample.stream", "name", name, "string")
  return require("numlab").rand(n, { seed = M.derive(seed, name) }):totable()
end

--- 1 .. n in random order (Fisher and Yates).
---@param n integer
---@param seed integer
---@param name string
---@return integer[]
--- Example:
---     local p = nl.sample.permutation(5, 1, "n")
---     table.sort(p)
---     assert(table.concat(p) == "12345")
function M.permutation(n, seed, name)
  expect("sample.permutation", "n", n, "count")
  expect("sample.permutation", "seed", seed, "whole")
  expect("sample.permutation", "name", name, "string")
  local p, u = {}, M.stream(n, seed, name)
  for i = 1, n do p[i] = i end
  for i = n, 2, -1 do
    local j = math.floor(u[i] * i) + 1
    p[i], p[j] = p[j], p[i]
  end
  return p
end

-- The direction numbers v_1 .. v_32 of a dimension, each an odd m_k shifted to the top:
-- m_k = 2 a_1 m_{k-1} ^ .. ^ 2^(s-1) a_{s-1} m_{k-s+1} ^ 2^s m_{k-s} ^ m_{k-s}
local directions = {}
local function direction(dimension)
  if #directions == 0 then
    directions[1] = {}
    for k = 1, BITS do directions[1][k] = 1 << (BITS - k) end
    for row in TABLE:gmatch("[^|]+") do
      local numbers, v = {}, {}
      for word in row:gmatch("%d+") do numbers[#numbers + 1] = math.tointeger(word) end
      local s, a = numbers[1], numbers[2]
      for k = 1, BITS do
        if k <= s then
          v[k] = numbers[k + 2] << (BITS - k)
        else
          v[k] = v[k - s] ~ (v[k - s] >> s)
          for i = 1, s - 1 do
            if (a >> (s - 1 - i)) & 1 == 1 then v[k] = v[k] ~ v[k - i] end
          end
        end
      end
      directions[#directions + 1] = v
    end
  end
  return directions[dimension]
end

local function reversed(x)
  x = (x >> 1 & 0x55555555) | (x & 0x55555555) << 1
  x = (x >> 2 & 0x33333333) | (x & 0x33333333) << 2
  x = (x >> 4 & 0x0f0f0f0f) | (x & 0x0f0f0f0f) << 4
  x = (x >> 8 & 0x00ff00ff) | (x & 0x00ff00ff) << 8
  return (x >> 16 | x << 16) & WORD
end

local function scrambled(x, seed)
  x = (reversed(x) + seed) & WORD
  for _, even in ipairs{ 0x6c50b47c, 0xb82f1e52, 0xc7afe638, 0x8d22f6e6 } do x = x ~ (x * even & WORD) end
  return reversed(x)
end

--- The first n numbers of one dimension of the Sobol' sequence, as 32-bit fractions.
---@param n integer
---@param dimension integer
---@return integer[]
--- Example:
---     local bits = nl.sample.sobol_bits(4, 1)
---     assert(#bits == 4 and bits[2] == 1 << 31)
function M.sobol_bits(n, dimension)
  expect("sample.sobol_bits", "n", n, "count")
  expect("sample.sobol_bits", "dimension", dimension, "count")
  local v, x, out = direction(dimension), 0, { 0 }
  for i = 1, n - 1 do -- Gray code: point i differs from i - 1 by the direction of the lowest zero bit of i - 1
    local c, index = 1, i - 1
    while index & 1 == 1 do index, c = index >> 1, c + 1 end
    x = x ~ v[c]
    out[i + 1] = x
  end
  return out
end

local COORDINATE = {
  random = function(n, seed, name) return M.stream(n, seed, name) end,
  lhs = function(n, seed, name)
    local p, r = M.permutation(n, seed, name .. "\norder"), M.stream(n, seed, name)
    for i = 1, n do p[i] = (p[i] - 1 + r[i]) / n end
    return p
  end,
  sobol = function(n, seed, name, dimension)
    local x, mask = M.sobol_bits(n, dimension), M.derive(seed, name) & WORD
    for i = 1, n do x[i] = (scrambled(x[i], mask) + 0.5) / 2.0 ^ BITS end
    return x
  end,
}

--- The kinds of points.
M.KINDS = { "lhs", "random", "sobol" }

--- n points of the cube whose coordinates have these names.
---@param kind "random"|"lhs"|"sobol"
---@param n integer
---@param names string[]
---@param seed integer
---@return number[][]  n lists of #names numbers in (0, 1)
function M.points(kind, n, names, seed)
  expect("sample.points", "kind", kind, "string")
  expect("sample.points", "n", n, "count")
  expect("sample.points", "names", names, "list")
  expect("sample.points", "seed", seed, "whole")
  if not COORDINATE[kind] then expect.fail(text.unknown("sample.points", "kind", kind, M.KINDS)) end
  local columns, out = {}, {}
  for j, name in ipairs(names) do columns[j] = COORDINATE[kind](n, seed, name, j) end
  for i = 1, n do
    out[i] = {}
    for j = 1, #names do out[i][j] = columns[j][i] end
  end
  return out
end

return M
