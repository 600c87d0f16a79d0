--- The reference in Markdown: one file, with a line of links at its head.
---@internal of numlab doc
local annotations = require "numlab.annotations"
local outline = require "numlab.reference_outline"

-- Text with what Markdown would take for its own marks made plain; `code` stays code.
local function plain(s)
  local out, at = {}, 1
  for before, code, stop in s:gmatch("(.-)(`[^`]+`)()") do
    out[#out + 1] = before:gsub("[\\*_<>#|%[%]]", "\\%0") .. code
    at = stop
  end
  out[#out + 1] = s:sub(at):gsub("[\\*_<>#|%[%]]", "\\%0")
  return table.concat(out)
end

local function code(s)
  local ticks = s:find("`", 1, true) and "``" or "`"
  return ticks .. s .. ticks
end

-- The anchor that GitHub and most others give a heading.
local function anchor(heading) return "#" .. heading:lower():gsub("[^%w_ -]", ""):gsub(" ", "-") end

local function put_lines(out, lines)
  for _, block in ipairs(outline.blocks(lines)) do
    out[#out + 1] = block.code and ("```text\n%s\n```\n"):format(block.text) or plain(block.text) .. "\n"
  end
end

local function put_items(out, items)
  for _, item in ipairs(items) do
    local words = { item.name and code(item.name .. (item.optional and "?" or "")) }
    if item.type ~= "" then words[#words + 1] = code(item.type) end
    local colon = #words > 0 and item.text ~= "" and ": " or ""
    out[#out + 1] = "- " .. table.concat(words, " ") .. colon .. plain(item.text)
  end
  out[#out + 1] = ""
end

local function put_example(out, example)
  if example then out[#out + 1] = ("```lua\n%s\n```\n"):format(table.concat(example.code, "\n")) end
end

local function put_program(out, program)
  out[#out + 1] = "## The program\n"
  for _, command in ipairs(program.commands) do
    out[#out + 1] = ("### %s\n"):format(code(command.usage))
    out[#out + 1] = plain(command.summary) .. "\n"
    put_lines(out, command.lines)
  end
  out[#out + 1] = "### Environment\n"
  for _, item in ipairs(program.environment) do out[#out + 1] = ("- %s: %s"):format(code(item.name), plain(item.text)) end
  out[#out + 1] = "\n### Exit codes\n"
  for _, item in ipairs(program.codes) do out[#out + 1] = ("- %s: %s"):format(item.name, plain(item.text)) end
  out[#out + 1] = ""
end

--- The whole file.
---@return string
return function()
  local program, sections, links = outline.program(), outline.sections(), { "[The program](#the-program)" }
  for _, section in ipairs(sections) do
    links[#links + 1] = ("[%s](%s)"):format(plain(section.name), anchor(section.name))
  end
  local out = { ("# numlab %s: reference\n"):format(program.version), table.concat(links, " ·\n") .. "\n" }
  put_program(out, program)
  for _, section in ipairs(sections) do
    out[#out + 1] = ("## %s\n"):format(plain(section.name))
    put_lines(out, section.lines)
    if #section.fields > 0 then put_items(out, section.fields) end
    put_example(out, section.example)
    for _, entry in ipairs(section.entries) do
      out[#out + 1] = ("### %s\n"):format(code(annotations.signature(entry)))
      put_lines(out, entry.lines)
      for _, part in ipairs(outline.parts(entry)) do
        out[#out + 1] = ("**%s**\n"):format(plain(part.title))
        put_items(out, part.items)
      end
      put_example(out, entry.example)
    end
  end
  return (table.concat(out, "\n"):gsub("\n\n\n+", "\n\n"))
end
