--- The Markdown page beside an experiment's results: question, machine, commit, table, figures, what it shows.
--- experiment.finish writes it at the end of a run.
--- Example:
---     local page = nl.report.page{ title = "Times", question = "Which is faster?", rows = {{n = 1, seconds = 0.5}},
---       columns = {"n", "seconds"}, sections = {{"What it shows", {"nothing yet"}}} }
---     assert(page:find("# Times", 1, true) and page:find("- nothing yet", 1, true))
local expect = require "numlab.expect"
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
---@return string? commit
--- Example:
---     print(nl.report.commit() or "not in a git tree")
function M.commit()
  local folder = file.split(debug.getinfo(1, "S").source:sub(2))
  local commit = first_line(("git -C %s rev-parse --short=12 HEAD"):format(file.quote(folder)))
  if not commit then return nil end
  local _, status = file.capture(("git -C %s diff --quiet HEAD --"):format(file.quote(folder)))
  return commit .. (status == 0 and "" or "+")
end

--- What the numbers were measured on: lines "what: value". No host name.
---@return string[]
--- Example:
---     print(table.concat(nl.report.machine(), "\n"))
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

---@class numlab.report.PageOptions
---@field title string
---@field question string
---@field arguments? table<string, any>  the settings the run had
---@field rows? table[]  the table
---@field columns? (string|numlab.table.Column)[]  its columns; all of the rows'
---@field format? table<string, string|function>  column -> format, as for table.render
---@field figures? string[]  paths; only their last part is named
---@field sections? table[]  {title, {"a finding", ...}} or {title, text}
---@field notes? string[]
---@field path? string  of the file; report.write needs it

--- The page as text.
---@param o numlab.report.PageOptions
---@return string
function M.page(o)
  text.check_options("report.page", o, OPTIONS)
  for _, name in ipairs{ "title", "question" } do expect("report.page", "option '" .. name .. "'", o and o[name], "string") end
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
---@param o numlab.report.PageOptions
---@return boolean? ok
---@return string? message
--- Example:
---     local path = os.tmpname()
---     assert(nl.report.write{path = path, title = "Times", question = "Which?", sections = {{"Found", "nothing yet"}}})
---     assert(nl.file.read(path):find("## Found", 1, true))
---     os.remove(path)
function M.write(o)
  text.check_options("report.write", o, OPTIONS)
  if not o or not o.path then expect.fail("report.write: option 'path' is needed") end
  return file.write(o.path, M.page(o))
end

return M
