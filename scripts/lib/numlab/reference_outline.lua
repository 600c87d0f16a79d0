--- The reference before it has a form: what the annotations and the program's own help say, in the order it is read in.
--- reference_markdown, reference_html and reference_man write it down.
---@internal of numlab doc
local annotations = require "numlab.annotations"
local file = require "numlab.file"
local help = require "numlab.help"

local M = {}

-- Option tables are told with the calls that take them; of the other classes and of the aliases this is the list.
local function types(topics)
  local told, list = {}, {}
  for _, topic in ipairs(topics) do told[topic.name] = true end
  for _, entry in ipairs(help.public()) do
    for _, class in ipairs(entry.words and annotations.option_classes(entry) or {}) do told[class.name] = true end
  end
  for _, entry in ipairs(help.public()) do
    if (entry.kind == "class" or entry.kind == "alias") and not told[entry.name] then list[#list + 1] = entry end
  end
  return list
end

--- All that users call, section by section, and last the types that are named there.
---@return table[] sections  {name, lines, fields, example, entries}
function M.sections()
  local sections, topics = {}, help.topics()
  for i, topic in ipairs(topics) do
    local entry = topic.entry or { lines = {}, fields = {} }
    sections[i] = { name = topic.name, lines = entry.lines, fields = annotations.fields(entry), example = entry.example,
      entries = topic.entries }
  end
  sections[#sections + 1] = { name = "Types", lines = { "What parameters, options and results are made of." }, fields = {},
    entries = types(topics) }
  return sections
end

--- The parts of an entry that are lists.
---@param entry table
---@return table[] parts  {title, items = {name, type, text, optional}}
function M.parts(entry)
  local parts = {}
  local function add(title, items)
    if #items > 0 then parts[#parts + 1] = { title = title, items = items } end
  end
  add("Parameters", entry.params)
  local classes = annotations.option_classes(entry)
  for _, class in ipairs(classes) do
    add(#classes > 1 and ("Options (%s)"):format(class.type) or "Options", annotations.fields(class))
  end
  add("Returns", entry.returns)
  if not entry.words then add(entry.kind == "alias" and "Values" or "Fields", annotations.fields(entry)) end
  return parts
end

--- A text cut into what is filled and what stays as it is.
---@param lines string[]
---@return table[] blocks  {code = true or nil, text}
function M.blocks(lines)
  local blocks, last = {}, nil
  for _, line in ipairs(lines) do
    local code = line:find("^  ") ~= nil
    if not line:find("%S") then
      last = nil
    elseif last and last.code == (code or nil) then
      last.text = last.text .. (code and "\n" or " ") .. line
    else
      last = { code = code or nil, text = line }
      blocks[#blocks + 1] = last
    end
  end
  for _, block in ipairs(blocks) do -- the least indent of code is its margin
    if block.code then
      local least = math.huge
      for indent in (block.text .. "\n"):gmatch("( *)[^\n]+\n") do least = math.min(least, #indent) end
      block.text = ("\n" .. block.text):gsub("\n" .. (" "):rep(least), "\n"):sub(2)
    end
  end
  return blocks
end

-- --- the program ----------------------------------------------------------------------------------------------------

-- What this very program prints.
local function said(words)
  local pid = (file.read("/proc/self/stat") or ""):match("^%d+")
  local output, status = file.capture((pid and ("/proc/%s/exe "):format(pid) or "numlab ") .. words)
  if status ~= 0 then error(("doc: `numlab %s` failed: %s"):format(words, output), 0) end
  return output
end

local function lines_of(text)
  local lines = {}
  for line in (text .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

--- What `numlab --help` and `numlab help COMMAND` say.
---@return table program  {version, summary, commands = {{name, usage, summary, lines}}, environment = {{name, text}},
--- codes = {{name, text}}}
function M.program()
  local overview = said("--help")
  local program = { version = said("version"):match("%S+ (%S+)"), summary = overview:match("^numlab: (.-)\n"), commands = {},
    environment = {}, codes = {} }
  for name in overview:match("\nusage:(\n.-)\n\n"):gmatch("\n +numlab (%S+)") do
    local usage, summary, rest = (said("help " .. file.quote(name)) .. "\n"):match("^usage: (.-)\n\n(.-)\n\n(.*)$")
    if usage then
      summary = summary:gsub("^%l", string.upper):gsub("%s+", " ")
      table.insert(program.commands, { name = name, usage = usage:gsub("%s+", " "), summary = summary,
        lines = lines_of(rest) })
    end
  end
  for line in overview:match("\nenvironment:\n(.-)\n\n"):gmatch("[^\n]+") do
    local name, text = line:match("^%s+([%u_, ]+[%u_])%s+(.*)$")
    table.insert(program.environment, { name = name, text = text:gsub("^%l", string.upper) .. "." })
  end
  local codes = overview:match("\nexit codes:%s*(.-)\n\n"):gsub("%s+", " ")
  for code, text in codes:gmatch("(%d+) ([^,]+)") do
    table.insert(program.codes, { name = code, text = text:gsub("^%l", string.upper) .. "." })
  end
  return program
end

return M
