--- Words and widths: the nearest known name, the cells a string takes on a terminal, checks of option tables.
--- Pure Lua; the engine is not needed.
--- Example:
---     local text = require "numlab.text"
---     assert(text.nearest("sovle", {"solve", "lu"}) == "solve" and text.width "高斯" == 4)
---     assert(text.duration(72) == "1 min 12 s" and text.bytes(32 << 20) == "32 MiB" and text.number(0.1) == "0.1")
---     assert(text.pad("ab", 4, "right") == "  ab" and text.wrap("a b c", 3) == "a b\nc")
local expect = require "numlab.expect"

local text = {}

--- Edits that make b of a, by bytes, whatever their case: a letter more, less or other, two neighbours swapped (optimal
--- string alignment, Damerau 1964).
---@param a string
---@param b string
---@return integer
--- Example:
---     assert(nl.text.distance("solve", "slove") >= 1 and nl.text.distance("lu", "lu") == 0)
function text.distance(a, b)
  expect("text.distance", "a", a, "string")
  expect("text.distance", "b", b, "string")
  a, b = a:lower(), b:lower()
  local above, row = {}, {}
  for j = 0, #b do row[j] = j end
  for i = 1, #a do
    local two_above = above
    above, row = row, { [0] = i }
    for j = 1, #b do
      row[j] = math.min(above[j - 1] + (a:byte(i) == b:byte(j) and 0 or 1), above[j] + 1, row[j - 1] + 1)
      if i > 1 and j > 1 and a:byte(i) == b:byte(j - 1) and a:byte(i - 1) == b:byte(j) then
        row[j] = math.min(row[j], two_above[j - 2] + 1)
      end
    end
  end
  return row[#b]
end

--- The known name nearest to what was given, one that it is the beginning of before all; nil when none is near (farther
--- than half the word). bindings/names.c says the same for functions in C.
---@param given string
---@param known string[]
---@return string?
function text.nearest(given, known)
  expect("text.nearest", "given", given, "string")
  expect("text.nearest", "known", known, "list")
  local best
  local least = #given // 2 + 1
  for _, name in ipairs(known) do
    if #given > 1 and name:sub(1, #given) == given then return name end
  end
  for _, name in ipairs(known) do
    local d = text.distance(given, name)
    if d < least then best, least = name, d end
  end
  return best
end

--- "WHAT: unknown option 'x' (did you mean 'y'? known: ...)".
---@param what string
---@param kind string  "option", "key", "method" ...
---@param given any
---@param known string[]
---@return string
--- Example:
---     local words = nl.text.unknown("solve", "option", "pivto", {"pivot", "tol"})
---     assert(words == "solve: unknown option 'pivto' (did you mean 'pivot'? known: pivot, tol)")
function text.unknown(what, kind, given, known)
  expect("text.unknown", "known", known, "list")
  if #known == 0 then return ("%s: unknown %s '%s' (known: none)"):format(what, kind, tostring(given)) end
  local near = type(given) == "string" and text.nearest(given, known)
  local hint = near and ("did you mean '%s'? "):format(near)
    or math.type(given) and ("they are named, {%s = ..}; "):format(known[1]) or ""
  return ("%s: unknown %s '%s' (%sknown: %s)"):format(what, kind, tostring(given), hint, table.concat(known, ", "))
end

--- Raise unless options is a table (or nil) whose keys are all known and whose values have the known types.
--- known maps a name to its type, or to several as in "number|table".
---@param what string
---@param options table?
---@param known table<string, string>
--- Example:
---     local function f(options) nl.text.check_options("f", options, {n = "number", name = "string|number"}) end
---     f{n = 1, name = "x"}
---     local ok, message = pcall(f, {nn = 1})
---     assert(not ok and message:find("f: unknown option 'nn'", 1, true))
function text.check_options(what, options, known)
  expect("text.check_options", "known", known, "table")
  if options == nil then return end
  local names = {}
  for name in pairs(known) do names[#names + 1] = name end
  table.sort(names)
  if type(options) ~= "table" then
    expect.fail(("%s: options must be a table, got %s"):format(what, expect.type_of(options)))
  end
  local wrong -- the first by name: the order of pairs differs from run to run
  for key, value in pairs(options) do
    local types = known[key]
    local fits = types == "any" or types and ("|" .. types .. "|"):find("|" .. type(value) .. "|", 1, true)
    if not fits and (wrong == nil or tostring(key) < tostring(wrong)) then wrong = key end
  end
  if wrong == nil then return end
  if not known[wrong] then expect.fail(text.unknown(what, "option", wrong, names)) end
  local got = expect.type_of(options[wrong])
  expect.fail(("%s: option '%s' must be a %s, got %s%s"):format(what, wrong, known[wrong]:gsub("|", " or a "), got,
    got == "tensor" and known[wrong]:find("table") and "; t:totable() makes one" or ""))
end

-- Code points two cells wide (East Asian Wide and Fullwidth, emoji), and those that take none.
local WIDE = {
  { 0x1100, 0x115F }, { 0x231A, 0x231B }, { 0x2329, 0x232A }, { 0x23E9, 0x23EC }, { 0x25FD, 0x25FE },
  { 0x2614, 0x2615 }, { 0x26A1, 0x26A1 }, { 0x2705, 0x2705 }, { 0x274C, 0x274C }, { 0x2E80, 0x303E },
  { 0x3041, 0x33FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF }, { 0xA000, 0xA4CF }, { 0xA960, 0xA97F },
  { 0xAC00, 0xD7A3 }, { 0xF900, 0xFAFF }, { 0xFE30, 0xFE6F }, { 0xFF01, 0xFF60 }, { 0xFFE0, 0xFFE6 },
  { 0x1F300, 0x1F64F }, { 0x1F680, 0x1F6FF }, { 0x1F900, 0x1F9FF }, { 0x20000, 0x3FFFD },
}
local NONE = {
  { 0x00, 0x1F }, { 0x7F, 0x9F }, { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD },
  { 0x0610, 0x061A }, { 0x064B, 0x065F }, { 0x200B, 0x200F }, { 0x20D0, 0x20FF }, { 0xFE00, 0xFE0F },
  { 0xFE20, 0xFE2F }, { 0xFEFF, 0xFEFF },
}

local function within(code, ranges)
  for _, range in ipairs(ranges) do
    if code >= range[1] and code <= range[2] then return true end
  end
  return false
end

--- Cells that a string takes on a terminal; bytes that are no UTF-8 count one each.
---@param s string
---@return integer
function text.width(s)
  expect("text.width", "s", s, "string")
  if not s:find("[\128-\255%c]") then return #s end
  if not utf8.len(s) then return #s end
  local cells = 0
  for _, code in utf8.codes(s) do
    if within(code, WIDE) then cells = cells + 2 elseif not within(code, NONE) then cells = cells + 1 end
  end
  return cells
end

--- s with spaces added (align "left", "right" or "center") until it takes width cells.
---@param s string
---@param width integer
---@param align ("left"|"right"|"center")?
---@return string
function text.pad(s, width, align)
  expect("text.pad", "s", s, "string")
  expect("text.pad", "width", width, "number")
  expect("text.pad", "align", align, "string?")
  local free = math.max(0, width - text.width(s))
  if align == "right" then return (" "):rep(free) .. s end
  if align == "center" then return (" "):rep(free // 2) .. s .. (" "):rep(free - free // 2) end
  return s .. (" "):rep(free)
end

--- s, or where it takes more than width cells its beginning and an ellipsis.
---@param s string
---@param width integer
---@return string
--- Example:
---     assert(nl.text.cut("elimination", 5) == "elim…")
function text.cut(s, width)
  expect("text.cut", "s", s, "string")
  expect("text.cut", "width", width, "number")
  if text.width(s) <= width then return s end
  if not utf8.len(s) then return s:sub(1, width - 1) .. "…" end
  local cells, stop = 0, 1
  for at, code in utf8.codes(s) do
    cells, stop = cells + text.width(utf8.char(code)), at
    if cells > width - 1 then break end
  end
  return s:sub(1, stop - 1) .. "…"
end

--- s broken at its spaces into lines of at most width cells (longer words stay whole).
---@param s string
---@param width integer
---@param first string?  before the first line
---@param rest string?  before the others
---@return string
function text.wrap(s, width, first, rest)
  expect("text.wrap", "s", s, "string")
  expect("text.wrap", "width", width, "number")
  expect("text.wrap", "first", first, "string?")
  expect("text.wrap", "rest", rest, "string?")
  local lines, line = {}, first or ""
  local empty = true
  for word in s:gmatch("%S+") do
    if not empty and text.width(line) + 1 + text.width(word) > width then
      lines[#lines + 1], line, empty = line, rest or "", true
    end
    line, empty = line .. (empty and "" or " ") .. word, false
  end
  lines[#lines + 1] = line
  return table.concat(lines, "\n")
end

--- Lines of text with each paragraph wrapped; indented lines stay as they are.
---@param lines string[]
---@param width integer
---@return string
--- Example:
---     assert(nl.text.fill({ "a b", "c d", "", "  e  f" }, 5) == "a b c\nd\n\n  e  f")
function text.fill(lines, width)
  expect("text.fill", "lines", lines, "table")
  expect("text.fill", "width", width, "number")
  local out, paragraph = {}, {}
  local function flush()
    if #paragraph > 0 then out[#out + 1] = text.wrap(table.concat(paragraph, " "), width) end
    paragraph = {}
  end
  for _, line in ipairs(lines) do
    if line:find("^  ") or not line:find("%S") then
      flush()
      out[#out + 1] = line
    else
      paragraph[#paragraph + 1] = line
    end
  end
  flush()
  return table.concat(out, "\n")
end

--- A count of seconds as people say it: "0.8 ms", "2.31 s", "1 min 12 s".
---@param seconds number
---@return string
function text.duration(seconds)
  expect("text.duration", "seconds", seconds, "number")
  if seconds ~= seconds or seconds < 0 or seconds == math.huge then return "?" end
  if seconds < 1e-3 then return ("%.3g us"):format(seconds * 1e6) end
  if seconds < 1 then return ("%.3g ms"):format(seconds * 1e3) end
  if seconds < 59.5 then return ("%.3g s"):format(seconds) end
  local whole = math.floor(seconds + 0.5)
  if whole < 3600 then return ("%d min %02d s"):format(whole // 60, whole % 60) end
  return ("%d h %02d min"):format(whole // 3600, whole % 3600 // 60)
end

--- A count of bytes: "512 B", "30.5 MiB".
---@param bytes number
---@return string
function text.bytes(bytes)
  expect("text.bytes", "bytes", bytes, "number")
  local units = { "B", "KiB", "MiB", "GiB", "TiB" }
  local k = 1
  while bytes >= 1024 and k < #units do bytes, k = bytes / 1024, k + 1 end
  return (k == 1 and "%d %s" or "%.3g %s"):format(k == 1 and math.floor(bytes) or bytes, units[k])
end

--- %.17g as digits that read back to the same number, the shortest of 15, 16, 17; nan, inf, -inf by name.
---@param x number
---@return string
function text.number(x)
  expect("text.number", "x", x, "number")
  if math.type(x) == "integer" then return tostring(x) end
  if x ~= x then return "nan" end
  if x == math.huge then return "inf" elseif x == -math.huge then return "-inf" end
  for digits = 15, 16 do
    local s = ("%." .. digits .. "g"):format(x)
    if tonumber(s) == x then return s end
  end
  return ("%.17g"):format(x)
end

return text
