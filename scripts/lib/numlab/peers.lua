--- Peers: the same system solved by programs that are not numlab, through files both can read.
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

--- Solve with SciPy. A and b are Matrix Market files; x is written to one.
---@param A string  path
---@param b string  path
---@param x string  path to write
---@param options table?  {method = "solve" (dense, LAPACK gesv) | "spsolve" (SuperLU), repeats = 5, warm = 1}
---@return table? result  {seconds, seconds_min, seconds_iqr, repeats, version}
---@return string? message, table? info  info.code is UNAVAILABLE where Python or SciPy is missing
function M.scipy(A, b, x, options)
  text.check_options("peers.scipy", options, { method = "string", repeats = "number" })
  options = options or {}
  local method = options.method or "solve"
  if method ~= "solve" and method ~= "spsolve" then
    error(text.unknown("peers.scipy", "method", method, { "solve", "spsolve" }), 2)
  end
  local path = script("scipy_solve.py")
  if not path then return nil, "peers.scipy: tests/peers/scipy_solve.py is not here", { code = "UNAVAILABLE" } end
  local words = { file.quote(program()), file.quote(path), file.quote(A), file.quote(b), file.quote(x), method,
    ("%d"):format(options.repeats or 5) }
  local output, status = file.capture(table.concat(words, " "))
  local result = {}
  for key, value in output:gmatch("([%w_]+)=([^\n]+)") do result[key] = tonumber(value) or value end
  if status == 0 and result.seconds then return result end
  if status == 127 then
    return nil, "SciPy rows are left out: no python3 here (apt install python3-scipy)", { code = "UNAVAILABLE" }
  end
  if status == 3 then
    return nil, "SciPy rows are left out: python3 has no SciPy (apt install python3-scipy)", { code = "UNAVAILABLE" }
  end
  return nil, ("SciPy failed (%s): %s"):format(method, output:match("([^\n]+)%s*$") or "no output"), { code = "ERROR" }
end

return M
