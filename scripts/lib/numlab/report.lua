--- The Markdown page beside an experiment's results: question, machine, commit, table, figures, what it shows.
local text = require "numlab.text"
local file = require "numlab.file"
local tables = require "numlab.table"

local M = {}

local OPTIONS = { title = "string", question = "string", arguments = "table", rows = "table", columns = "table",
  format = "table", figures = "table", sections = "table", notes = "table", path = "string" }

local function first_line(command)
  local output, status = file.capture(command)
  local line = output:match("^[^\n]+")
  return status == 0 and line or nil
end

--- The commit of the tree these scripts stand in, "+" behind it when something in it was changed; nil without git.
---@return string?
function M.commit()
  local folder = file.split(debug.getinfo(1, "S").source:sub(2))
  local commit = first_line(("git -C %s rev-parse --short=12 HEAD"):format(file.quote(folder)))
  if not commit then return nil end
  local _, status = file.capture(("git -C %s diff --quiet HEAD --"):format(file.quote(folder)))
  return commit .. (status == 0 and "" or "+")
end

--- What the numbers were measured on: lines "what: value". No host name.
---@return string[]
function M.machine()
  local out = {}
  local function add(what, value) if value then out[#out + 1] = what .. ": " .. value end end
  local cpu = file.read("/proc/cpuinfo") or ""
  local _, cores = cpu:gsub("\nprocessor%s*:", "")
  add("processor", (cpu:match("model name%s*:%s*([^\n]+)") or first_line("uname -m") or "unknown")
    .. (cores > 0 and (", %d cores"):format(cores + (cpu:find("^processor") and 1 or 0)) or ""))
  local kib = (file.read("/proc/meminfo") or ""):match("MemTotal:%s*(%d+)")
  add("memory", kib and text.bytes(tonumber(kib) * 1024))
  add("system", first_line("uname -sr"))
  local ok, nl = pcall(require, "numlab")
  if ok then
    add("numlab", nl.version)
    add("threads", nl.threads and tostring(nl.threads()))
  end
  add("lua", _VERSION)
  add("commit", M.commit() or "unknown (no git here)")
  return out
end

local function bullets(out, list)
  for _, line in ipairs(list) do out[#out + 1] = "- " .. line:gsub("\n", " ") end
  out[#out + 1] = ""
end

-- A setting as it is given on the command line.
local function word(value)
  if type(value) ~= "table" then return tostring(value) end
  local parts = {}
  for i, v in ipairs(value) do parts[i] = tostring(v) end
  return table.concat(parts, ",")
end

--- The page as text.
---@param o table  title, question, arguments (key -> value), rows + columns + format (the table), figures (paths; only
--- their last part is named), sections = {{title, {"a finding", ...}}, ...}, notes
---@return string
function M.page(o)
  text.check_options("report.page", o, OPTIONS)
  local out = { "# " .. o.title, "", "**Question.** " .. o.question, "" }
  for _, section in ipairs(o.sections or {}) do
    out[#out + 1] = "## " .. section[1] .. "\n"
    if type(section[2]) == "string" then
      out[#out + 1] = section[2] .. "\n"
    else
      bullets(out, section[2])
    end
  end
  if o.figures and #o.figures > 0 then
    out[#out + 1] = "## Figures\n"
    for _, path in ipairs(o.figures) do
      local _, name = file.split(path)
      out[#out + 1] = ("![%s](%s)\n"):format(name:gsub("%.%w+$", ""), name)
    end
  end
  if o.rows then
    out[#out + 1] = "## Results\n"
    out[#out + 1] = tables.markdown(o.rows, { columns = o.columns, format = o.format, missing = "" })
  end
  out[#out + 1] = "## How it was made\n"
  local words = {}
  for key, value in pairs(o.arguments or {}) do words[#words + 1] = key .. "=" .. word(value) end
  table.sort(words)
  if #words > 0 then out[#out + 1] = "- arguments: `" .. table.concat(words, " ") .. "`" end
  bullets(out, M.machine())
  if o.notes and #o.notes > 0 then
    out[#out + 1] = "## Notes\n"
    bullets(out, o.notes)
  end
  return table.concat(out, "\n")
end

--- Write the page to o.path.
---@param o table
---@return boolean? ok, string? message
function M.write(o)
  text.check_options("report.write", o, OPTIONS)
  if not o or not o.path then error("report.write: option 'path' is needed", 2) end
  return file.write(o.path, M.page(o))
end

return M
