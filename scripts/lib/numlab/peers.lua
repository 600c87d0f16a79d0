--- Peers: the same problem solved by programs that are not numlab, through files both can read.
--- NUMLAB_PYTHON names the Python that has them.
--- Example:
---     local version, message, info = nl.peers.torch_version()
---     assert(version and version:find "PyTorch" or info.code == "UNAVAILABLE", message)
local expect = require "numlab.expect"
local file = require "numlab.file"
local text = require "numlab.text"

local M = {}

local function program() return os.getenv("NUMLAB_PYTHON") or "python3" end

-- The peer scripts stand below tests/peers of the tree, or beside the libraries where numlab is installed.
local function script(name)
  local folder = file.split(debug.getinfo(1, "S").source:sub(2))
  for _, path in ipairs({ folder .. "/../../../tests/peers/" .. name, folder .. "/peers/" .. name }) do
    if file.read(path) then return path end
  end
end

-- Run a peer script; its key=value lines as a table, or nil, message, info: UNAVAILABLE where Python or the library is
-- missing, which the script says by status 3.
---@param what table  {script =, needs = "SciPy", how = what installs it, label = for messages}
local function run(what, words)
  local path = script(what.script)
  if not path then
    return nil, ("%s rows are left out: tests/peers/%s is not here"):format(what.needs, what.script),
      { code = "UNAVAILABLE" }
  end
  local line = { file.quote(program()), file.quote(path) }
  for i, word in ipairs(words) do line[i + 2] = file.quote(word) end
  local output, status = file.capture(table.concat(line, " "))
  if status == 0 then
    local result = {}
    for key, value in output:gmatch("([%w_]+)=([^\n]+)") do result[key] = tonumber(value) or value end
    if result.version then return result end
  end
  if status == 127 or status == 3 then
    return nil, ("%s rows are left out: %s (%s)"):format(what.needs, status == 3 and "python3 has no " .. what.needs
      or "no python3 here", what.how), { code = "UNAVAILABLE" }
  end
  return nil, ("%s failed (%s): %s"):format(what.needs, what.label, output:match("([^\n]+)%s*$") or "no output"),
    { code = "ERROR" }
end

local function check_word(what, key, word, known)
  for _, name in ipairs(known) do if name == word then return end end
  expect.fail(text.unknown(what, key, word, known))
end

---@class numlab.peers.ScipyOptions
---@field method? "solve"|"spsolve"  dense, LAPACK gesv ("solve", default), or SuperLU
---@field repeats? integer  5

--- Solve with SciPy. A and b are Matrix Market files; x is written to one.
---@param A string  path
---@param b string  path
---@param x string  path to write
---@param options numlab.peers.ScipyOptions?
---@return table? result  {seconds, seconds_min, seconds_iqr, repeats, version}
---@return string? message
---@return table? info  info.code is UNAVAILABLE where Python or SciPy is missing
--- Example:
---     local A, b, x = os.tmpname(), os.tmpname(), os.tmpname()
---     for _, path in ipairs{A, b, x} do os.remove(path) end
---     nl.save(A .. ".mtx", nl.eye(2))
---     nl.save(b .. ".mtx", nl.ones(2))
---     local row, message, info = nl.peers.scipy(A .. ".mtx", b .. ".mtx", x .. ".mtx", {repeats = 1})
---     assert(row and nl.load(x .. ".mtx")(1) == 1 or info.code == "UNAVAILABLE", message)
---     for _, path in ipairs{A, b, x} do os.remove(path .. ".mtx") end
function M.scipy(A, b, x, options)
  expect("peers.scipy", "A", A, "string")
  expect("peers.scipy", "b", b, "string")
  expect("peers.scipy", "x", x, "string")
  text.check_options("peers.scipy", options, { method = "string", repeats = "number" })
  options = options or {}
  local method = options.method or "solve"
  check_word("peers.scipy", "method", method, { "solve", "spsolve" })
  return run({ script = "scipy_solve.py", needs = "SciPy", how = "apt install python3-scipy", label = method },
    { A, b, x, method, ("%d"):format(options.repeats or 5) })
end

--- The ways PyTorch computes attention: how rows call them, and the backend of peers.torch.
M.TORCH = { { label = "torch sdpa", backend = "flash" }, { label = "torch math", backend = "math" } }

local TORCH = { script = "torch_attention.py", needs = "PyTorch",
  how = "pip install torch numpy in an environment of its own, NUMLAB_PYTHON names its python" }

--- Which PyTorch there is.
---@return string? version  "PyTorch 2.4.0, AVX512 kernels"
---@return string? message
---@return table? info  info.code is UNAVAILABLE where Python or PyTorch is missing
function M.torch_version()
  local result, message, info = run(setmetatable({ label = "version" }, { __index = TORCH }), { "version" })
  if not result then return nil, message, info end
  return result.version
end

-- What peers.torch reads and writes, NAME.npy each.
local OPERANDS, RESULTS = { "q", "k", "v", "dout" }, { "out", "dq", "dk", "dv" }

--- Make the folder that peers.torch works in, with its operands as files.
---@param folder string
---@param operands table<string, nl.Tensor>  q, k, v, dout; 16-bit ones are widened, .npy has no bf16
--- Example:
---     local folder, t = os.tmpname(), nl.randn(1, 1, 4, 8, {dtype = "f32"})
---     os.remove(folder)
---     nl.peers.torch_begin(folder, {q = t, k = t, v = t, dout = t})
---     assert(nl.load(folder .. "/q.npy") == t)
---     nl.peers.torch_end(folder)
function M.torch_begin(folder, operands)
  expect("peers.torch_begin", "folder", folder, "string")
  expect("peers.torch_begin", "operands", operands, "table")
  local nl = require "numlab"
  assert(file.make_folder(folder))
  for _, name in ipairs(OPERANDS) do
    local t = operands[name]
    assert(nl.save(folder .. "/" .. name .. ".npy", t.dtype == "f64" and t or t:to("f32")))
  end
end

--- What peers.torch wrote there.
---@param folder string
---@return table<string, nl.Tensor>  out, dq, dk, dv
--- Example:
---     local folder, t = os.tmpname(), nl.randn(1, 1, 4, 8, {dtype = "f32"})
---     os.remove(folder)
---     nl.peers.torch_begin(folder, {q = t, k = t, v = t, dout = t})
---     for _, name in ipairs{"out", "dq", "dk", "dv"} do nl.save(folder .. "/" .. name .. ".npy", t) end -- as peers.torch does
---     assert(nl.peers.torch_results(folder).dq == t)
---     nl.peers.torch_end(folder)
function M.torch_results(folder)
  expect("peers.torch_results", "folder", folder, "string")
  local nl = require "numlab"
  local results = {}
  for _, name in ipairs(RESULTS) do results[name] = assert(nl.load(folder .. "/" .. name .. ".npy")) end
  return results
end

--- Take the folder away again.
---@param folder string
--- Example:
---     local folder, t = os.tmpname(), nl.randn(1, 1, 4, 8, {dtype = "f32"})
---     os.remove(folder)
---     nl.peers.torch_begin(folder, {q = t, k = t, v = t, dout = t})
---     nl.peers.torch_end(folder)
---     assert(not io.open(folder .. "/q.npy"))
function M.torch_end(folder)
  expect("peers.torch_end", "folder", folder, "string")
  for _, list in ipairs{ OPERANDS, RESULTS } do
    for _, name in ipairs(list) do os.remove(folder .. "/" .. name .. ".npy") end
  end
  os.remove(folder)
end

---@class numlab.peers.TorchOptions
---@field backend? "flash"|"math"  the fused CPU kernel of scaled_dot_product_attention ("flash", default), or written out
---@field dtype? "f64"|"f32"|"bf16"|"f16"  "f32"
---@field causal? boolean  false
---@field scale? number  1 / sqrt(D)
---@field threads? integer  1
---@field repeats? integer  3

--- Attention with PyTorch on the CPU, forward and backward. The folder holds q, k, v and dout as .npy (f64 or f32);
--- out, dq, dk and dv are written beside them. PyTorch's causal mask is aligned at the top left: Nq = Nk there.
---@param folder string
---@param options numlab.peers.TorchOptions?
---@return table? result  {forward_s, forward_min, forward_iqr, backward_s ..., rss_forward_bytes, rss_backward_bytes
--- (growth of the resident set, absent where it cannot be measured), repeats, threads, version}
---@return string? message
---@return table? info  info.code is UNAVAILABLE where Python or PyTorch is missing
--- Example:
---     local folder, t = os.tmpname(), nl.randn(1, 1, 4, 8, {dtype = "f32"})
---     os.remove(folder)
---     nl.peers.torch_begin(folder, {q = t, k = t, v = t, dout = t})
---     local row, message, info = nl.peers.torch(folder, {repeats = 1})
---     assert(row and nl.allclose(nl.peers.torch_results(folder).out, (nl.attention(t, t, t)), {rtol = 1e-4, atol = 1e-5})
---       or info.code == "UNAVAILABLE", message)
---     nl.peers.torch_end(folder)
function M.torch(folder, options)
  expect("peers.torch", "folder", folder, "string")
  text.check_options("peers.torch", options, { backend = "string", dtype = "string", causal = "boolean",
    scale = "number", threads = "number", repeats = "number" })
  options = options or {}
  local backend, dtype = options.backend or "flash", options.dtype or "f32"
  check_word("peers.torch", "backend", backend, { "flash", "math" })
  check_word("peers.torch", "dtype", dtype, { "f64", "f32", "bf16", "f16" })
  local words = { folder, "backend=" .. backend, "dtype=" .. dtype, "causal=" .. (options.causal and 1 or 0),
    ("threads=%d"):format(options.threads or 1), ("repeats=%d"):format(options.repeats or 3) }
  if options.scale then words[#words + 1] = "scale=" .. text.number(options.scale) end
  return run(setmetatable({ label = backend }, { __index = TORCH }), words)
end

return M
