--- What a value is: its type, and of tensors and sparse matrices shape, elements, place and bytes; the variables of a
--- session, as who() lists them.
---@internal of numlab.repl
local table_of = require "numlab.table"
local text = require "numlab.text"

local M = {}

local CLASSES = { ["numlab.tensor"] = "nl.Tensor", ["numlab.sparse"] = "nl.Sparse", ["numlab.lu"] = "nl.LU",
  ["numlab.sqlite"] = "nl.Database" }
local BYTES = { f64 = 8, f32 = 4, f16 = 2, bf16 = 2, i64 = 8, i32 = 4, i16 = 2, u8 = 1, bool = 1 }

--- The class of a value of numlab's own, as the annotations call it: "nl.Tensor". No code of the value runs.
---@param value any
---@return string?
function M.class(value)
  if type(value) ~= "userdata" then return nil end
  local meta, registry = debug.getmetatable(value), debug.getregistry()
  for name, class in pairs(CLASSES) do
    if meta ~= nil and rawequal(meta, registry[name]) then return class end
  end
end

-- Reads a field that a closed tensor, or a user's own object, may refuse.
local function field(value, name)
  local fine, got = pcall(function() return value[name] end)
  return fine and got or nil
end

--- What is known of a value: type ("tensor", "number", ..), and where it has them shape ("3x4"), dtype, device, bytes.
---@param value any
---@return table facts
function M.facts(value)
  local class = M.class(value)
  if class ~= "nl.Tensor" and class ~= "nl.Sparse" then
    local meta = type(value) == "userdata" and debug.getmetatable(value)
    local name = type(meta) == "table" and rawget(meta, "__name")
    return { type = name and name:gsub("^numlab%.", "") or math.type(value) or type(value),
      bytes = type(value) == "string" and #value or nil }
  end
  local facts = { type = class == "nl.Tensor" and "tensor" or "sparse", dtype = field(value, "dtype"),
    device = field(value, "device") }
  local shape = field(value, "shape")
  if not shape then
    facts.type = "closed " .. facts.type
  elseif class == "nl.Tensor" then
    facts.shape = #shape > 0 and table.concat(shape, "x") or "scalar"
    facts.bytes = value.size * BYTES[facts.dtype]
  else
    facts.shape = table.concat(shape, "x")
    facts.bytes = 12 * value.nnz + 8 * shape[1] -- values and column numbers, row starts
  end
  return facts
end

--- The variables in `variables` that were not there before, or were something else, by name.
---@param variables table
---@param before table<string, any>
---@return table[] rows  {name, type, shape, dtype, device, bytes}
function M.rows(variables, before)
  local rows = {}
  for name, value in next, variables do
    if type(name) == "string" and not rawequal(value, before[name]) then
      local row = M.facts(value)
      row.name = name
      rows[#rows + 1] = row
    end
  end
  table.sort(rows, function(a, b) return a.name < b.name end)
  return rows
end

--- The same as a table to print, and a line with the bytes of all.
---@param rows table[]
---@return string
function M.render(rows)
  if #rows == 0 then return "no variables of yours yet" end
  local total, columns = 0, { "name", "type" }
  for _, key in ipairs({ "shape", "dtype", "device" }) do
    for _, row in ipairs(rows) do
      if row[key] then
        columns[#columns + 1] = key
        break
      end
    end
  end
  columns[#columns + 1] = "bytes"
  for _, row in ipairs(rows) do total = total + (row.bytes or 0) end
  local list = table_of.render(rows, { columns = columns, missing = "" }):gsub("[ \t]+\n", "\n")
  return ("%s%d variable%s, %s"):format(list, #rows, #rows == 1 and "" or "s", text.bytes(total))
end

return M
