--- The reference as one HTML page that needs nothing beside itself: contents at the side (above, on a phone), light or
--- dark as the reader's system is, every type a link to where it is told, searched by the browser.
---@internal of numlab doc
local annotations = require "numlab.annotations"
local html = require "numlab.html"
local outline = require "numlab.reference_outline"

local STYLE = [[
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --quiet: #5a5a5a; --line: #d5d5d5; --code: #f4f4f2;
  --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4e4e2; --paper: #17191c; --quiet: #a0a4a8; --line: #3a3f45;
  --code: #22262b; --link: #7fb8f0; } }
body { font: 16px/1.55 system-ui, "Liberation Sans", "DejaVu Sans", sans-serif; color: var(--ink);
  background: var(--paper); margin: 0; overflow-wrap: break-word; }
main { max-width: 48rem; padding: 0 1rem 4rem; margin: 0 auto; }
nav { padding: 1rem; border-bottom: 1px solid var(--line); font-size: 0.9em; }
nav ul { list-style: none; margin: 0; padding: 0; } nav details ul { padding-left: 1rem; }
@media (min-width: 64rem) {
  nav { position: fixed; top: 0; left: 0; bottom: 0; width: 17rem; overflow: auto; border: 0; padding: 1rem 0 1rem 1rem;
    border-right: 1px solid var(--line); }
  main { margin-left: 20rem; }
}
a { color: var(--link); text-decoration: none; } a:hover { text-decoration: underline; }
h1 { font-size: 1.6em; } h2 { margin-top: 3rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1em; margin: 2.2rem 0 0.4rem; } h3 code { font-weight: 600; } h3 a { color: inherit; }
h2, h3 { scroll-margin-top: 0.5rem; }
h4 { font-size: 0.85em; margin: 0.9rem 0 0.2rem; color: var(--quiet); }
code, pre { font-family: ui-monospace, "DejaVu Sans Mono", "Liberation Mono", monospace; font-size: 0.88em; }
pre { background: var(--code); padding: 0.7em 0.9em; overflow-x: auto; line-height: 1.4; } pre code { font-size: 1em; }
dl { margin: 0; } dt { margin-top: 0.3rem; } dd { margin: 0 0 0 1.5rem; }
.type, .source { color: var(--quiet); } .source { font-size: 0.8em; }
]]

-- Text with its `code` marked.
local function marked(s)
  return (html.escape(s):gsub("`([^`]+)`", "<code>%1</code>"))
end

-- A type, in which each class leads to where it is told.
local function type_of(kind, places)
  local out = html.escape(kind):gsub("[%a_][%w_.]*[%w_]", function(name)
    return places[name] and ('<a href="#%s">%s</a>'):format(places[name], name)
  end)
  return ('<code class="type">%s</code>'):format(out)
end

local function put_lines(out, lines)
  for _, block in ipairs(outline.blocks(lines)) do
    out[#out + 1] = block.code and ("<pre><code>%s</code></pre>"):format(html.escape(block.text))
      or ("<p>%s</p>"):format(marked(block.text))
  end
end

local function put_items(out, items, places)
  out[#out + 1] = "<dl>"
  for _, item in ipairs(items) do
    local name = item.name and ("<code>%s%s</code> "):format(html.escape(item.name), item.optional and "?" or "") or ""
    out[#out + 1] = ("<dt>%s%s</dt>"):format(name, item.type ~= "" and type_of(item.type, places) or "")
    if item.text ~= "" then out[#out + 1] = ("<dd>%s</dd>"):format(marked(item.text)) end
  end
  out[#out + 1] = "</dl>"
end

local function put_example(out, example)
  if not example then return end
  out[#out + 1] = ("<pre><code>%s</code></pre>"):format(html.escape(table.concat(example.code, "\n")))
end

local function put_program(out, program)
  out[#out + 1] = '<h2 id="program">The program</h2>'
  for _, command in ipairs(program.commands) do
    out[#out + 1] = ('<h3 id="numlab-%s"><code>%s</code></h3>'):format(html.escape(command.name), html.escape(command.usage))
    put_lines(out, { command.summary })
    put_lines(out, command.lines)
  end
  out[#out + 1] = "<h3>Environment</h3>"
  put_items(out, program.environment, {})
  out[#out + 1] = "<h3>Exit codes</h3>"
  put_items(out, program.codes, {})
end

-- Where each class is told: its own entry, or the section that is about it.
local function places_of(sections)
  local places = {}
  for _, section in ipairs(sections) do
    local class = annotations.named(section.name)
    if class and class.type then places[class.type] = section.name end
    for _, entry in ipairs(section.entries) do if entry.type then places[entry.type] = entry.name end end
  end
  return places
end

local function contents(program, sections)
  local out = { '<nav aria-label="Contents"><ul>', '<li><details><summary><a href="#program">The program</a></summary><ul>' }
  for _, command in ipairs(program.commands) do
    out[#out + 1] = ('<li><a href="#numlab-%s">%s</a></li>'):format(html.escape(command.name), html.escape(command.name))
  end
  out[#out + 1] = "</ul></details></li>"
  for _, section in ipairs(sections) do
    local name = html.escape(section.name)
    out[#out + 1] = ('<li><details><summary><a href="#%s">%s</a></summary><ul>'):format(name, name)
    for _, entry in ipairs(section.entries) do
      out[#out + 1] = ('<li><a href="#%s">%s</a></li>'):format(html.escape(entry.name), html.escape(entry.name))
    end
    out[#out + 1] = "</ul></details></li>"
  end
  out[#out + 1] = "</ul></nav>"
  return table.concat(out, "\n")
end

--- The whole page.
---@return string
return function()
  local program, sections = outline.program(), outline.sections()
  local places, title = places_of(sections), ("numlab %s: reference"):format(program.version)
  local out = { contents(program, sections), "<main>", html.element("h1", title) }
  for _, item in ipairs(program.codes) do item.type = "" end
  for _, item in ipairs(program.environment) do item.type = "" end
  put_program(out, program)
  for _, section in ipairs(sections) do
    out[#out + 1] = ('<h2 id="%s">%s</h2>'):format(html.escape(section.name), html.escape(section.name))
    put_lines(out, section.lines)
    if #section.fields > 0 then put_items(out, section.fields, places) end
    put_example(out, section.example)
    for _, entry in ipairs(section.entries) do
      local id = html.escape(entry.name)
      out[#out + 1] = ('<h3 id="%s"><a href="#%s"><code>%s</code></a></h3>'):format(id, id,
        html.escape(annotations.signature(entry)))
      put_lines(out, entry.lines)
      for _, part in ipairs(outline.parts(entry)) do
        out[#out + 1] = html.element("h4", part.title)
        put_items(out, part.items, places)
      end
      put_example(out, entry.example)
      out[#out + 1] = html.element("p", entry.source, "source")
    end
  end
  out[#out + 1] = "</main>\n"
  return html.page{ lang = "en", title = title, style = STYLE, body = table.concat(out, "\n") }
end
