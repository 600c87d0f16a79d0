--- The author's own words: notes.md, whose "## heading" sections go into the sections of the report with that heading.
--- A file of plain Markdown: paragraphs, lists, ### headings, ``` code, `code`, **bold**.
---@internal of numlab report
local html = require "numlab.html"

local M = {}

--- A heading as it is compared: without its number, capitals and spaces.
---@param s string
function M.key(s)
  s = s:gsub("：", ":"):gsub("^%s*%d+[.)]?%s+", "")
  return (s:lower():gsub("%s+", ""))
end

--- Sections in their order; the first has no heading and holds what stands above all headings.
---@param source string
---@return table[]  {heading = string?, text = string}
function M.parse(source)
  local sections, fenced = { { lines = {} } }, false
  for line in (source:gsub("^\u{feff}", "") .. "\n"):gmatch("(.-)\r?\n") do
    if line:find("^%s*```") then fenced = not fenced end
    local heading = not fenced and line:match("^##%s+(.-)%s*#*%s*$")
    if heading then
      sections[#sections + 1] = { heading = heading, lines = {} }
    else
      table.insert(sections[#sections].lines, line)
    end
  end
  for _, section in ipairs(sections) do
    section.text = table.concat(section.lines, "\n"):gsub("^%s+", ""):gsub("%s+$", "")
    section.lines = nil
  end
  return sections
end

local function inline(s)
  local out = {}
  for before, code in (s .. "``"):gmatch("(.-)`([^`]*)`") do
    out[#out + 1] = (html.escape(before):gsub("%*%*(.-)%*%*", "<strong>%1</strong>"))
    if code ~= "" then out[#out + 1] = html.element("code", code) end
  end
  return table.concat(out)
end

--- Markdown as HTML.
---@param source string
---@return string html
function M.html(source)
  local out, open, block = {}, nil, {}
  local function close()
    if #block > 0 then
      local tag = open or "p"
      if tag == "p" then
        out[#out + 1] = "<p>" .. inline(table.concat(block, "\n")) .. "</p>"
      else
        for i, item in ipairs(block) do block[i] = "<li>" .. inline(item) .. "</li>" end
        out[#out + 1] = ("<%s>%s</%s>"):format(tag, table.concat(block, "\n"), tag)
      end
    end
    open, block = nil, {}
  end
  local fence
  for line in (source .. "\n"):gmatch("(.-)\r?\n") do
    local bullet, number = line:match("^%s*[-*+]%s+(.*)$"), line:match("^%s*%d+[.)]%s+(.*)$")
    local title = line:match("^#+%s+(.*)$")
    if line:find("^%s*```") then
      close()
      if fence then out[#out + 1] = ("<pre><code>%s</code></pre>"):format(html.escape(table.concat(fence, "\n"))) end
      fence = not fence and {} or nil
    elseif fence then
      fence[#fence + 1] = line
    elseif title then
      close()
      out[#out + 1] = "<h3>" .. inline(title) .. "</h3>"
    elseif line:find("^%s*$") then
      close()
    elseif bullet or number then
      local kind = bullet and "ul" or "ol"
      if open ~= kind then close() end
      open = kind
      block[#block + 1] = bullet or number
    elseif open then
      block[#block] = block[#block] .. "\n" .. line
    else
      block[#block + 1] = line
    end
  end
  close()
  if fence then out[#out + 1] = ("<pre><code>%s</code></pre>"):format(html.escape(table.concat(fence, "\n"))) end
  return table.concat(out, "\n") .. (#out > 0 and "\n" or "")
end

return M
