--- The reference as manual pages: numlab(1), the program, and numlab(3lua), what Lua scripts call.
---@internal of numlab doc
local annotations = require "numlab.annotations"
local outline = require "numlab.reference_outline"
local text = require "numlab.text"

local M = {}

local ESCAPES = { ["\\"] = "\\e", ["-"] = "\\-", ["'"] = "\\(aq", ["^"] = "\\(ha", ["~"] = "\\(ti", ["`"] = "\\(ga" }

-- Text as roff takes it: backslashes, hyphens, quotes and carets are themselves, other letters than ASCII's go by their
-- numbers, no line begins a request.
local function plain(s)
  s = s:gsub("[\\%-'^~`]", ESCAPES)
    :gsub(utf8.charpattern, function(c) return #c > 1 and ("\\[u%04X]"):format(utf8.codepoint(c)) or nil end)
  return (("\n" .. s):gsub("\n%.", "\n\\&."):sub(2))
end

-- Running text: `code` is bold, lines are short.
local function marked(s)
  local out = plain((s:gsub("`([^`]+)`", "\1%1\2"))):gsub("\1", "\\fB"):gsub("\2", "\\fR")
  return (("\n" .. text.wrap(out, 79)):gsub("\n%.", "\n\\&."):sub(2))
end

-- An argument of a request.
local function quoted(s) return '"' .. plain(s):gsub('"', "\\(dq") .. '"' end

local function put(out, ...) for _, line in ipairs{ ... } do out[#out + 1] = line end end

-- A new paragraph, unless a heading has begun one.
local function paragraph(out)
  if not out[#out]:find("^%.S[HS]") then put(out, ".PP") end
end

local function put_code(out, code)
  paragraph(out)
  put(out, ".RS 4", ".nf", plain(code), ".fi", ".RE")
end

local function put_lines(out, lines)
  for _, block in ipairs(outline.blocks(lines)) do
    if block.code then
      put_code(out, block.text)
    else
      paragraph(out)
      put(out, marked(block.text))
    end
  end
end

local function put_items(out, items)
  for _, item in ipairs(items) do
    local name = item.name and "\\fB" .. plain(item.name .. (item.optional and "?" or "")) .. "\\fR" or ""
    local kind = (item.type or "") ~= "" and plain(item.type) or ""
    local told = item.text ~= "" and marked(item.text)
    if not told and name ~= "" and kind ~= "" then told, kind = marked(item.type), "" end
    put(out, ".TP", name .. (name ~= "" and kind ~= "" and "  " or "") .. kind, told or "\\&")
  end
end

-- A day that can be fixed from outside, so that the same sources make the same pages.
local function day()
  local fixed = math.tointeger(tonumber(os.getenv("SOURCE_DATE_EPOCH") or ""))
  return os.date("!%Y-%m-%d", fixed)
end

local function head(section, version, title)
  return (".TH NUMLAB %s %s %s %s"):format(section, day(), quoted("numlab " .. version), quoted(title))
end

--- numlab(1).
---@return string
function M.program()
  local program = outline.program()
  local out = { head("1", program.version, "User Commands"), ".SH NAME", plain("numlab - " .. program.summary),
    ".SH SYNOPSIS", ".ad l", ".PD 0" }
  for _, command in ipairs(program.commands) do put(out, ".HP 4", plain(command.usage)) end
  put(out, ".PD", ".ad b", ".SH DESCRIPTION", marked("Without a command, numlab is the same as `numlab repl`. Data go to "
    .. "standard output, progress and complaints to standard error."), ".SH COMMANDS")
  for _, command in ipairs(program.commands) do
    put(out, ".SS " .. quoted(command.usage), marked(command.summary))
    put_lines(out, command.lines)
  end
  put(out, ".SH ENVIRONMENT")
  put_items(out, program.environment)
  put(out, ".SH EXIT STATUS")
  put_items(out, program.codes)
  put(out, ".SH FILES")
  put_items(out, {
    { name = "PREFIX/share/numlab", text = "Numlab's own scripts: libraries, experiments, and the annotations that editors "
      .. "and `numlab doc` read (meta)." },
    { name = "PREFIX/lib/numlab/numlab_cuda.so", text = "The GPU plugin, where it was built." },
    { name = "~/.local/state/numlab/history", text = "The lines typed at the prompt; below $XDG_STATE_HOME where that is set." },
    { name = "reports/", text = "Below the current folder: where experiments put rows, figures, pages and their store." },
  })
  put(out, ".SH SEE ALSO", ".BR numlab (3lua),", ".BR lua5.4 (1),", ".BR gnuplot (1)", "")
  return table.concat(out, "\n")
end

--- numlab(3lua).
---@return string
function M.library()
  local out = { head("3lua", outline.program().version, "Lua Libraries"), ".SH NAME",
    "numlab \\- tensors, solvers, attention and experiments for Lua 5.4", ".SH SYNOPSIS", ".nf",
    plain('local nl = require "numlab"'), ".fi" }
  for _, section in ipairs(outline.sections()) do
    put(out, ".SH " .. quoted(section.name))
    put_lines(out, section.lines)
    put_items(out, section.fields)
    if section.example then put_code(out, table.concat(section.example.code, "\n")) end
    for _, entry in ipairs(section.entries) do
      put(out, ".SS " .. quoted(annotations.signature(entry)))
      put_lines(out, entry.lines)
      for _, part in ipairs(outline.parts(entry)) do
        paragraph(out)
        put(out, "\\fI" .. plain(part.title) .. "\\fR")
        put_items(out, part.items)
      end
      if entry.example then put_code(out, table.concat(entry.example.code, "\n")) end
    end
  end
  put(out, ".SH SEE ALSO", ".BR numlab (1)", "")
  return table.concat(out, "\n")
end

return M
