--- Pieces of an HTML page that needs nothing beside itself: escaped text, tables, code, figures with their svg inside.
--- What a function takes is text and is escaped, except where it says HTML.
---@internal of numlab.report and numlab report
local tables = require "numlab.table"

local M = {}

local MARKS = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

--- Text as it may stand between tags and in attributes; bytes that are no UTF-8 and control characters are shown as U+FFFD.
---@param s any
---@return string html
function M.escape(s)
  s = tostring(s)
  local out, at = {}, 1
  while at <= #s do -- whole stretches of UTF-8, a mark for each byte between them
    local _, wrong = utf8.len(s, at)
    out[#out + 1] = s:sub(at, (wrong or #s + 1) - 1)
    if wrong then out[#out + 1] = "\u{fffd}" end
    at = (wrong or #s) + 1
  end
  return (table.concat(out):gsub("[&<>\"']", MARKS):gsub("[%z\1-\8\11\12\14-\31\127]", "\u{fffd}"):gsub("\r\n?", "\n"))
end

--- <tag class="...">text</tag>
---@param tag string
---@param s any
---@param class string?
function M.element(tag, s, class)
  return ("<%s%s>%s</%s>"):format(tag, class and (' class="%s"'):format(M.escape(class)) or "", M.escape(s), tag)
end

--- A list of sentences.
---@param lines string[]
---@param class string?
---@param mark function?  escaped sentence -> HTML
function M.list(lines, class, mark)
  local out = {}
  for i, line in ipairs(lines) do out[i] = ("<li>%s</li>"):format((mark or tostring)(M.escape(line))) end
  return ("<ul%s>\n%s\n</ul>\n"):format(class and (' class="%s"'):format(M.escape(class)) or "", table.concat(out, "\n"))
end

--- A table of records; numbers stand on the right.
---@param rows table[]
---@param o table  columns = {{key, title, format}, ...}, caption = HTML?, mark = function of an escaped cell -> HTML?
function M.table(rows, o)
  local out, numeric = { "<table>" }, {}
  if o.caption then out[#out + 1] = ("<caption>%s</caption>"):format(o.caption) end
  local cells = {}
  for c, column in ipairs(o.columns) do
    numeric[c] = true
    for _, row in ipairs(rows) do
      local value = row[column[1]]
      numeric[c] = numeric[c] and (value == nil or type(value) == "number")
    end
    cells[c] = ("<th%s>%s</th>"):format(numeric[c] and ' class="number"' or "", M.escape(column[2] or column[1]))
  end
  out[#out + 1] = "<thead><tr>" .. table.concat(cells) .. "</tr></thead>\n<tbody>"
  for _, row in ipairs(rows) do
    cells = {}
    for c, column in ipairs(o.columns) do
      cells[c] = ("<td%s>%s</td>"):format(numeric[c] and ' class="number"' or "",
        (o.mark or tostring)(M.escape(tables.cell(row[column[1]], column[3]))))
    end
    out[#out + 1] = "<tr>" .. table.concat(cells) .. "</tr>"
  end
  out[#out + 1] = "</tbody></table>\n"
  return table.concat(out, "\n")
end

local RAISED = { ["0"] = "⁰", ["1"] = "¹", ["2"] = "²", ["3"] = "³", ["4"] = "⁴", ["5"] = "⁵", ["6"] = "⁶", ["7"] = "⁷",
  ["8"] = "⁸", ["9"] = "⁹", ["-"] = "⁻", ["+"] = "⁺", [" "] = "" }

-- gnuplot draws a point as a reference to a shape in "the current colour". Not every renderer hands a colour through such
-- a reference, so the shape itself stands there, in its colour.
local function expand_points(drawing)
  local shapes = {}
  for tag, attributes in drawing:gmatch("<(%l+)([^>]-)/>") do
    local id, target = attributes:match("%sid='(gp%w+)'"), attributes:match("href='#(gp%w+)'")
    attributes = attributes:gsub("%sid='gp%w+'", ""):gsub("%s[%w:]*href='[^']*'", "")
    if id and tag == "use" and shapes[target] then
      shapes[id] = ("<g%s>%s</g>"):format(attributes, shapes[target])
    elseif id then
      shapes[id] = ("<%s%s/>"):format(tag, attributes)
    end
  end
  drawing = drawing:gsub("%s*<%l+[^>]-%sid='gp[%w]+'[^>]-/>", "")
  return (drawing:gsub("<use ([^>]-)href='#(gp%w+)'([^>]-)/>", function(_, name, attributes)
    local color = attributes:match("color='([^']*)'") or "black"
    return shapes[name] and ("<g%s>%s</g>"):format(attributes:gsub("%scolor='[^']*'", ""),
      (shapes[name]:gsub("currentColor", (color:gsub("%%", "%%%%"))))) or nil
  end))
end

--- The drawing of an svg file for a page with others beside it: its ids get a prefix, so that none refers into another's;
--- raised exponents become characters, which not every renderer places right otherwise; scripts are left out.
---@param s string  the file
---@param prefix string  of the ids, another one for each drawing of a page
---@param label string?  for those who cannot see it
---@return string? html
---@return string? message
function M.svg(s, prefix, label)
  local drawing = s:match("<svg.*</svg>")
  if not drawing then return nil, "no whole svg" end
  drawing = drawing:gsub("<script.-</script>", ""):gsub("<title>Gnuplot</title>%s*", ""):gsub("<desc>.-</desc>%s*", "")
  drawing = drawing:gsub('</tspan><tspan[^>]- dy="%-[%d.]+px">([-+%d ]+)</tspan><tspan[^>]- dy="[%d.]+"></tspan>',
    function(exponent) return exponent:gsub(".", RAISED) .. "</tspan>" end)
  drawing = expand_points(drawing)
  drawing = drawing:gsub("<[^>]*>", function(tag)
    return (tag:gsub("(%sid=)(['\"])", "%1%2" .. prefix):gsub("(href=)(['\"])#", "%1%2#" .. prefix)
      :gsub("url%((['\"]?)#", "url(%1#" .. prefix))
  end)
  return ('<svg role="img" aria-label="%s"%s\n'):format(M.escape(label or ""), drawing:sub(#"<svg" + 1))
end

--- Has a drawing so many panels side by side that it is printed on a page that lies?
---@param svg string  HTML
function M.is_wide(svg)
  local width = tonumber(svg:match("^<svg[^>]-%swidth=[\"'](%d+)"))
  return width ~= nil and width > 1300
end

--- A figure.
---@param inner string  HTML
---@param caption string  HTML
function M.figure(inner, caption)
  return ("<figure%s>\n%s<figcaption>%s</figcaption>\n</figure>\n"):format(M.is_wide(inner) and ' class="wide"' or "", inner,
    caption)
end

--- A piece of a program.
---@param s string
---@param caption string
function M.code(s, caption)
  return ('<figure class="code">\n<figcaption>%s</figcaption>\n<pre><code>%s</code></pre>\n</figure>\n'):format(
    M.escape(caption), M.escape(s))
end

M.STYLE = [[
body { font: 11pt/1.5 "Liberation Sans", "Noto Sans", "DejaVu Sans", Arial, FONTS sans-serif; color: #1a1a1a;
  background: #fff; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.7em; line-height: 1.25; margin-bottom: 0.2em; }
h2 { font-size: 1.3em; border-bottom: 1px solid #bbb; margin-top: 2em; padding-bottom: 0.1em; break-after: avoid; }
h3 { font-size: 1.05em; margin: 1.3em 0 0.3em; break-after: avoid; }
p, ul { margin: 0.5em 0; } ul { padding-left: 1.4em; } li { margin: 0.15em 0; }
.subtitle { color: #555; }
.formula { font-family: "STIX Two Math", "Cambria Math", "DejaVu Serif", FONTS serif; margin: 0.5em 1.5em; }
.formula i, p i, li i { font-family: "STIX Two Text", "Cambria", "DejaVu Serif", FONTS serif; }
sub, sup { line-height: 0; font-size: 0.72em; }
figure { margin: 1.2em 0; break-inside: avoid; } figure svg { max-width: 100%; height: auto; display: block; margin: auto; }
figcaption { font-size: 0.9em; } caption { font-size: 1.12em; }
figcaption, caption { color: #333; text-align: left; margin: 0.4em 0; caption-side: top; }
caption, figure.code figcaption { break-after: avoid; } .source { color: #555; font-size: 0.85em; break-before: avoid; }
figure.code { break-inside: auto; }
pre { font: 8.5pt/1.35 "DejaVu Sans Mono", "Liberation Mono", monospace, FONTS monospace; background: #f5f5f5;
  border: 1px solid #ddd; padding: 0.6em; white-space: pre-wrap; overflow-wrap: anywhere; margin: 0.3em 0; }
code { font-family: "DejaVu Sans Mono", "Liberation Mono", FONTS monospace; font-size: 0.92em; } pre code { font-size: 1em; }
table { border-collapse: collapse; font-size: 0.8em; margin: 1.2em 0; max-width: 100%; }
th, td { padding: 0.15em 0.5em; border-bottom: 1px solid #ddd; text-align: left; vertical-align: top; }
th { border-bottom: 1.5px solid #444; vertical-align: bottom; } .number { text-align: right; white-space: nowrap; }
tr { break-inside: avoid; } td:last-child { overflow-wrap: anywhere; }
.computed { border-left: 4px solid #0072B2; background: #f2f7fb; padding: 0.3em 0.9em; margin: 1em 0; font-size: 0.93em; }
.own { border-left: 4px solid #009E73; padding: 0.1em 0.9em; margin: 1em 0; }
.label { font-size: 0.85em; font-weight: bold; color: #444; margin: 0.3em 0; break-after: avoid; }
.warning { border: 1px solid #D55E00; background: #fdf3ec; padding: 0.4em 0.9em; margin: 1em 0; }
nav ol { columns: 1; } nav a { color: inherit; text-decoration: none; }
@page { size: A4; margin: 18mm 16mm 20mm;
  @bottom-center { content: counter(page) " / " counter(pages); font: 9pt "Liberation Sans", sans-serif; color: #555; } }
@page wide { size: A4 landscape; margin: 14mm 14mm 18mm; }
@media print {
  body { font-size: 10pt; max-width: none; margin: 0; padding: 0; } pre { font-size: 7pt; }
  table { font-size: 0.78em; }
  h2 { break-inside: avoid; } h2::after { content: ""; display: block; height: 45mm; margin-bottom: -45mm; } /* room below */
  .wide + h2 { break-before: page; } .wide { page: wide; margin: 0.3em 0; } .wide svg { max-height: 150mm; }
  nav a::after { content: leader(". ") target-counter(attr(href), page); }
}
]]

-- Where Chinese stands, its own fonts, before others that have some of its characters.
local CHINESE = '"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei", '

--- The whole page.
---@param o table  lang ("en", "zh-CN"), title, body = HTML, style = CSS in place of STYLE
function M.page(o)
  return table.concat({ "<!DOCTYPE html>", ('<html lang="%s">'):format(M.escape(o.lang)), "<head>",
    '<meta charset="utf-8">', '<meta name="viewport" content="width=device-width, initial-scale=1">',
    M.element("title", o.title), "<style>", ((o.style or M.STYLE):gsub("FONTS ", CHINESE)) .. "</style>", "</head>", "<body>",
    o.body .. "</body>", "</html>" }, "\n") .. "\n"
end

return M
