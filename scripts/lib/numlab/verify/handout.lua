-- The handout's check of task 2 (2.2 to 2.4) by its own names, run by the program that is judged: B=2, H=4, N=512, D=32,
-- tiles 32, float64, atol 1e-7, rtol 1e-5. Prints a line a quantity: its name, the largest difference, "true" where it holds.
-- The gradients are obtained another way, which shares nothing with them: central differences of the standard
-- formula, sum(dout * O), along a random direction of each operand.
local nl = require "numlab"
local lab = require "numlab.lab"

local q, k, v, dout = nl.randn(2, 4, 512, 32, { seed = 1 }), nl.randn(2, 4, 512, 32, { seed = 2 }),
  nl.randn(2, 4, 512, 32, { seed = 3 }), nl.randn(2, 4, 512, 32, { seed = 4 })

-- O = softmax(Q K^T / sqrt(D)) V, from tensor operations alone
local function standard(Q, K, V)
  return (Q * K:transpose(3, 4) / math.sqrt(32)):softmax(4) * V
end
local function tell(name, got, want)
  local close, worst = nl.allclose(got, want, { rtol = 1e-5, atol = 1e-7 })
  print(name, worst.max_abs, close)
end

local O = standard(q, k, v)
tell("standard", nl.attention(q, k, v, { impl = "standard" }), O)
tell("tiled", lab.custom_tiled_attention_NO_ONLINE_softmax(q, k, v, 32, 32), O)
tell("flash", (lab.custom_flash_attention_forward(q, k, v, 32, 32)), O)

local h = 1e-5
local names, operands, gradients = { "dq", "dk", "dv" }, { q, k, v }, { lab.flash_attention_backward(dout, q, k, v, 32, 32) }
for i, name in ipairs(names) do
  local along = nl.randn(2, 4, 512, 32, { seed = 10 + i })
  local values = {}
  for j, sign in ipairs{ 1, -1 } do
    local moved = { q, k, v }
    moved[i] = operands[i] + along * (sign * h)
    values[j] = dout:mul(standard(table.unpack(moved))):sum()
  end
  local want = (values[1] - values[2]) / (2 * h)
  local got = gradients[i]:mul(along):sum()
  print(name, math.abs(got - want), math.abs(got - want) <= 1e-7 + 1e-5 * math.abs(want))
end
