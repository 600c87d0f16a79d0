---@meta numlab

---@class numlab
local nl = {}

---@class nl.AttentionOptions
---@field impl? "standard"|"tiled"|"flash"|"decode"|string default: decode where few rows meet many keys, else flash; on a GPU
--- also a way of its own by name (nl.attention_impls), else it chooses by type, head size and options
---@field deterministic? boolean backward on a GPU: the same bits in every run; the CPU always is
---@field scale? number default 1/sqrt(D)
---@field causal? boolean row i sees keys up to i + Nk - Nq
---@field window? integer[] {left, right}: how many keys before and after i + Nk - Nq a row sees; -1 is open
---@field bias? nl.Tensor added to the scores after the cap; broadcasts to (B, H, Nq, Nk), of q's type
---@field softcap? number scores become c*tanh(s/c)
---@field dropout? number share of P dropped; standard, flash and decode alone
---@field seed? integer of the dropout
---@field cu_seqlens_q? integer[]|nl.Tensor offsets of the sequences in q, from 0 to its rows; then B is 1
---@field cu_seqlens_k? integer[]|nl.Tensor the same for k and v
---@field q_tile? integer rows of queries in a tile, default 64
---@field k_tile? integer rows of keys in a tile, default 64

---O = softmax(softcap(scale Q K') + bias) V over the keys a row sees. q is (B,H,Nq,D), k (B,Hkv,Nk,D), v (B,Hkv,Nk,Dv),
---Hkv divides H. aux holds lse (B,H,Nq), impl (the implementation that ran) and for "standard" p, which its backward
---pass takes. A row that sees no key: out 0, lse -inf. Raises on shapes, types, unknown options and combinations an
---implementation does not have (every unmet condition is listed); nil, message, info when interrupted.
---@param q nl.Tensor
---@param k nl.Tensor
---@param v nl.Tensor
---@param opts? nl.AttentionOptions
---@return nl.Tensor out (B,H,Nq,Dv)
---@return {lse: nl.Tensor, impl: string, p: nl.Tensor?} aux
--- Example:
---     local q, k, v = nl.randn(2, 4, 10, 8), nl.randn(2, 4, 12, 8), nl.randn(2, 4, 12, 8)
---     local out, aux = nl.attention(q, k, v, {impl = "flash", causal = true, k_tile = 5})
---     local P = (q * k:transpose(3, 4) / math.sqrt(8))
---     assert(out.shape[3] == 10 and aux.lse.shape[3] == 10 and aux.impl == "flash")
---     local whole = nl.attention(q, k, v, {impl = "standard"})
---     assert(nl.allclose(whole, P:softmax(-1) * v, {rtol = 1e-12, atol = 1e-13}))
function nl.attention(q, k, v, opts) end

---Gradients of (dout * out):sum() by q, k and v; more.dbias where there is a bias. opts as in the forward pass, impl
---that of aux unless given. The same bits at any thread count.
---@param dout nl.Tensor shaped like out
---@param q nl.Tensor
---@param k nl.Tensor
---@param v nl.Tensor
---@param out nl.Tensor of the forward pass
---@param aux {lse: nl.Tensor, impl: string, p: nl.Tensor?} of the forward pass
---@param opts? nl.AttentionOptions
---@return nl.Tensor dq
---@return nl.Tensor dk
---@return nl.Tensor dv
---@return {dbias: nl.Tensor?} more
--- Example:
---     local q, k, v = nl.randn(1, 2, 6, 4), nl.randn(1, 2, 6, 4), nl.randn(1, 2, 6, 4)
---     local out, aux = nl.attention(q, k, v)
---     local dq, dk, dv = nl.attention_backward(nl.ones(1, 2, 6, 4), q, k, v, out, aux)
---     assert(math.abs(dv:sum() - out.size) < 1e-12) -- every row of P sums to one
function nl.attention_backward(dout, q, k, v, out, aux, opts) end

---Attention over all keys from the results over two parts of them: lse = log(exp lse1 + exp lse2),
---out = exp(lse1 - lse) out1 + exp(lse2 - lse) out2. A side that saw no key (lse -inf) counts nothing.
---nil, message, info when interrupted.
---@param out1 nl.Tensor (..,Nq,Dv)
---@param lse1 nl.Tensor (..,Nq)
---@param out2 nl.Tensor
---@param lse2 nl.Tensor
---@return nl.Tensor out
---@return nl.Tensor lse
--- Example:
---     local q, k, v = nl.randn(1, 1, 3, 4), nl.randn(1, 1, 8, 4), nl.randn(1, 1, 8, 4)
---     local function half(rows) return nl.attention(q, k(":", ":", rows, ":"), v(":", ":", rows, ":")) end
---     local o1, a1 = half("1:4")
---     local o2, a2 = half("5:8")
---     local out = nl.attention_merge(o1, a1.lse, o2, a2.lse)
---     assert(nl.allclose(out, nl.attention(q, k, v), {rtol = 1e-12, atol = 1e-13}))
function nl.attention_merge(out1, lse1, out2, lse2) end

---Names of the implementations of a device; a GPU has ways of its own behind those that every device has.
---@param device? string
---@return string[] names
--- Example:
---     assert(nl.attention_impls()[1] == "standard")
function nl.attention_impls(device) end

return nl
