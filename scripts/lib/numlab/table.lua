--- Tables of results: for the terminal (numbers aligned on the decimal point), for Markdown, for csv (RFC 4180,
--- %.17g, so that every number reads back exactly).
---
--- Rows are records: { {n = 100, seconds = 0.2}, ... }. Columns are names, or {key, title=, format=, align=}.
--- Example:
---     local rows = { {n = 100, seconds = 0.25}, {n = 2000, seconds = 12.5} }
---     print(nl.table.render(rows, { title = "Times", format = { seconds = "%.1f" } }))
---     local csv = nl.table.csv(rows, { columns = {"n", "seconds"} })
---     assert(csv == "n,seconds\n100,0.25\n2000,12.5\n" and nl.table.parse_csv(csv)[2].seconds == 12.5)
local expect = require "numlab.expect"
local text = require "numlab.text"

local M = {}

local OPTIONS = { columns = "table", format = "table", missing = "string", title = "string" }

local function normal_columns(what, rows, options)
  text.check_options(what, options, OPTIONS)
  if type(rows) ~= "table" then expect.fail(("%s: rows must be a list of records, got %s"):format(what, expect.got(rows))) end
  local columns = {}
  for i, column in ipairs(options and options.columns or M.columns(rows)) do
    if type(column) == "string" then column = { column } end
    if type(column) ~= "table" or type(column[1]) ~= "string" then
      expect.fail(("%s: column %d must be a name or {name, title=, format=, align=}"):format(what, i))
    end
    columns[i] = { key = column[1], title = column.title or column[1], align = column.align,
      format = column.format or (options and options.format or {})[column[1]] }
  end
  return columns
end

---@class numlab.table.Column
---@field [1] string  the field
---@field title? string  its head; the field's name
---@field format? string|fun(value: any): string
---@field align? "left"|"right"|"center"

---@class numlab.table.RenderOptions
---@field columns? (string|numlab.table.Column)[]  default: all fields
---@field format? table<string, string|function>  column -> "%.3f" or a function of the value
---@field missing? string  for absent values, "-"
---@field title? string  a line above; render alone

--- The names of all fields of all rows, in the order of first sight within a row sorted by name.
---@param rows table[]
---@return string[]
--- Example:
---     assert(table.concat(nl.table.columns{{n = 1, b = 2}, {z = 3}}, " ") == "b n z")
function M.columns(rows)
  expect("table.columns", "rows", rows, "records")
  local names, seen = {}, {}
  for _, row in ipairs(rows) do
    local fresh = {}
    for name in pairs(row) do
      if not seen[name] then
        seen[name] = true
        fresh[#fresh + 1] = name
      end
    end
    table.sort(fresh)
    table.move(fresh, 1, #fresh, #names + 1, names)
  end
  return names
end

--- A value as people read it: whole numbers plain, others with four digits, format overriding.
---@param value any
---@param format string|function|nil
---@return string
--- Example:
---     assert(nl.table.cell(3) == "3" and nl.table.cell(0.125, "%.1f") == "0.1" and nl.table.cell(true) == "true")
function M.cell(value, format)
  if value == nil then return "" end
  if type(format) == "function" then return format(value) end
  if type(value) == "number" then
    if value ~= value then return "nan" end
    if value == math.huge or value == -math.huge then return value > 0 and "inf" or "-inf" end
    if format then return (format:format(value)) end
    if math.type(value) == "integer" then return tostring(value) end
    if value == math.floor(value) and math.abs(value) < 1e6 then return ("%d"):format(math.floor(value)) end
    return (("%.4g"):format(value):gsub("e([+-])0*(%d)", function(sign, digit)
      return "e" .. (sign == "-" and "-" or "") .. digit
    end))
  end
  return (tostring(value):gsub("[%c]+", " "))
end

-- The cells of a column, and for a column of numbers padded so that the decimal points stand in one line.
local function column_cells(rows, column, missing)
  local cells, numeric, left, right = {}, true, 0, 0
  for i, row in ipairs(rows) do
    local value = row[column.key]
    cells[i] = value == nil and missing or M.cell(value, column.format)
    if value ~= nil and type(value) ~= "number" then numeric = false end
  end
  if not numeric or column.align then return cells, column.align or "left" end
  local heads, tails = {}, {}
  for i, cell in ipairs(cells) do
    local at = cell:find("[.e ]") or #cell + 1
    if rows[i][column.key] == nil then at = #cell + 1 end
    heads[i], tails[i] = cell:sub(1, at - 1), cell:sub(at)
    left, right = math.max(left, text.width(heads[i])), math.max(right, text.width(tails[i]))
  end
  for i in ipairs(cells) do cells[i] = text.pad(heads[i], left, "right") .. text.pad(tails[i], right) end
  return cells, "right"
end

--- A table for the terminal.
---@param rows table[]
---@param options numlab.table.RenderOptions?
---@return string  ends with a newline
function M.render(rows, options)
  local columns = normal_columns("table.render", rows, options)
  local missing = options and options.missing or "-"
  local lines, rule = { {}, {} }, {}
  for i = 1, #rows do lines[i + 1] = {} end
  for c, column in ipairs(columns) do
    local cells, align = column_cells(rows, column, missing)
    local width = text.width(column.title)
    for _, cell in ipairs(cells) do width = math.max(width, text.width(cell)) end
    lines[1][c] = text.pad(column.title, width, align)
    rule[c] = ("─"):rep(width)
    for i, cell in ipairs(cells) do lines[i + 1][c] = text.pad(cell, width, align) end
  end
  local out = {}
  if options and options.title then out[1] = options.title end
  for i = 1, #rows + 1 do
    out[#out + 1] = (table.concat(lines[i], "  "):gsub("%s+$", ""))
    if i == 1 then out[#out + 1] = table.concat(rule, "──") end
  end
  return table.concat(out, "\n") .. "\n"
end

--- A table in GitHub's Markdown.
---@param rows table[]
---@param options numlab.table.RenderOptions?
---@return string
--- Example:
---     assert(nl.table.markdown{{n = 1}}:find("| n |", 1, true))
function M.markdown(rows, options)
  local columns = normal_columns("table.markdown", rows, options)
  local head, rule = {}, {}
  local function inert(s) return (s:gsub("[\\|<>*_`%[%]]", "\\%0")) end
  for c, column in ipairs(columns) do
    local numeric = column.align == nil
    for _, row in ipairs(rows) do
      local value = row[column.key]
      if value ~= nil and type(value) ~= "number" then numeric = false end
    end
    head[c] = inert(column.title)
    rule[c] = (numeric or column.align == "right") and "---:" or "---"
  end
  local out = { "| " .. table.concat(head, " | ") .. " |", "| " .. table.concat(rule, " | ") .. " |" }
  for _, row in ipairs(rows) do
    local cells = {}
    for c, column in ipairs(columns) do
      local value = row[column.key]
      cells[c] = inert(value == nil and (options and options.missing or "") or M.cell(value, column.format))
    end
    out[#out + 1] = "| " .. table.concat(cells, " | ") .. " |"
  end
  return table.concat(out, "\n") .. "\n"
end

-- What csv says in words.
local NAMED = { ["true"] = true, ["false"] = false, nan = 0 / 0, ["-nan"] = 0 / 0, inf = math.huge,
  ["-inf"] = -math.huge }

--- One field of csv. Strings that a reader could take for something else are quoted.
local function csv_field(value)
  if value == nil then return "" end
  if type(value) == "number" then return text.number(value) end
  local s = tostring(value)
  local misread = type(value) == "string" and (s == "" or tonumber(s) or NAMED[s] ~= nil)
  if misread or s:find('[,"\r\n]') or s:find("^%s") or s:find("%s$") then return '"' .. s:gsub('"', '""') .. '"' end
  return s
end

--- One line of csv, without its end.
---@param row table
---@param names string[]
---@return string
--- Example:
---     assert(nl.table.csv_line({n = 1, words = "a,b"}, {"n", "words"}) == '1,"a,b"')
function M.csv_line(row, names)
  expect("table.csv_line", "row", row, "table")
  expect("table.csv_line", "names", names, "list")
  local cells = {}
  for c, name in ipairs(names) do cells[c] = csv_field(row[name]) end
  return table.concat(cells, ",")
end

--- The header line of csv, without its end.
---@param names string[]
---@return string
--- Example:
---     assert(nl.table.csv_header{"n", "seconds"} == "n,seconds")
function M.csv_header(names)
  expect("table.csv_header", "names", names, "list")
  local cells = {}
  for c, name in ipairs(names) do cells[c] = csv_field(name) end
  return table.concat(cells, ",")
end

--- All rows as csv with a header line.
---@param rows table[]
---@param options numlab.table.RenderOptions?
---@return string
function M.csv(rows, options)
  local names = {}
  for c, column in ipairs(normal_columns("table.csv", rows, options)) do names[c] = column.key end
  local out = { M.csv_header(names) }
  for _, row in ipairs(rows) do out[#out + 1] = M.csv_line(row, names) end
  return table.concat(out, "\n") .. "\n"
end

-- Records of raw fields {value, quoted}, and why the last one is missing where it is.
local function split(s)
  local records, fields, at = {}, {}, 1
  while at <= #s do
    local value, quoted
    if s:sub(at, at) == '"' then
      local from = at + 1
      local stop = from
      while true do
        stop = s:find('"', stop, true)
        if not stop then return records, "a quoted field does not end" end
        if s:sub(stop + 1, stop + 1) ~= '"' then break end
        stop = stop + 2
      end
      value, quoted, at = s:sub(from, stop - 1):gsub('""', '"'), true, stop + 1
    else
      local stop = s:find("[,\r\n]", at) or #s + 1
      value, quoted, at = s:sub(at, stop - 1), false, stop
    end
    fields[#fields + 1] = { value, quoted }
    local mark = s:sub(at, at)
    if mark == "," then
      at = at + 1
      if at > #s then fields[#fields + 1] = { "", false } end
    elseif mark == "" then
      return records, "the last line does not end"
    else
      at = at + (s:sub(at, at + 1) == "\r\n" and 2 or 1)
      records[#records + 1], fields = fields, {}
    end
  end
  return records, #fields > 0 and "the last line does not end" or nil
end

--- Rows of a csv text as `csv` writes it: numbers, true, false, nan and inf get their values, an empty field is
--- absent. A last line cut short (a crash while writing) is left out.
---@param s string
---@return table[] rows
---@return string[] names
---@return string? fault  what was left out and why
function M.parse_csv(s)
  expect("table.parse_csv", "s", s, "string")
  local records, fault = split(s)
  local names, rows = {}, {}
  if not records[1] then return rows, names, fault end
  for c, field in ipairs(records[1]) do names[c] = field[1] end
  for i = 2, #records do
    local row = {}
    if #records[i] ~= #names then
      return rows, names, ("line %d has %d fields, the header has %d"):format(i, #records[i], #names)
    end
    for c, field in ipairs(records[i]) do
      local value = field[1]
      if not field[2] then
        if NAMED[value] ~= nil then value = NAMED[value] else value = tonumber(value) or value end
        if value == "" then value = nil end
      end
      row[names[c]] = value
    end
    rows[#rows + 1] = row
  end
  return rows, names, fault
end

return M
