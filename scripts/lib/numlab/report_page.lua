--- The report as one HTML page, from stored results, the sources and the author's notes. The same inputs give the same
--- bytes: no clock, no machine is asked.
---@internal of numlab report
local code = require "numlab.report_code"
local expect = require "numlab.expect"
local figures = require "numlab.report_figures"
local findings = require "numlab.findings"
local html = require "numlab.html"
local notes = require "numlab.report_notes"
local rows_of = require "numlab.rows"
local runs = require "numlab.runs"
local say = require "numlab.say"
local text = require "numlab.text"
local typeset = require "numlab.typeset"

local M = {}

M.LANGUAGES = { "en", "zh" }

--- The functions that a report shows.
M.CODE = {
  task1 = { { "engine/dense/gauss_tmpl.c", "eliminate_rows" }, { "engine/dense/gauss_tmpl.c", "eliminate" },
    { "engine/solver/gauss_seidel.c", "others_sparse" }, { "engine/solver/gauss_seidel.c", "update_row" },
    { "engine/solver/gauss_seidel.c", "nl_splitting_sweep" } },
  task2 = { { "engine/attention/standard_tmpl.c", "forward_head" }, { "engine/attention/tiled_tmpl.c", "forward_tile" },
    { "engine/attention/flash_forward_tmpl.c", "online_softmax" }, { "engine/attention/flash_forward_tmpl.c", "nl_flash_rows" },
    { "engine/attention/flash_backward_tmpl.c", "one_column" } },
}

-- Columns of the tables; of an experiment that is not here, those of its own page.
local INDICES = { "case", "quantity", "factor", "mu_star", "sigma", "S1", "ST", "ST_low", "ST_high", "elasticity", "ratio" }
local COLUMNS = {
  task1_sweep = { "n", "density", "sign", "method", "seconds", "iterations", "predicted_iterations", "rel_error",
    "relative_residual", "peak_bytes", "code" },
  task1_nondominant = { "kind", "method", "code", "iterations", "predicted_iterations", "rate", "radius", "rel_error",
    "relative_residual", "seconds" },
  task2_verify = { "impl", "dtype", "cases", "out_max", "out_mean", "grad_max", "grad_mean", "allclose" },
  task2_sweep = { "n", "contestant", "forward_s", "backward_s", "peak_forward_bytes", "forward_extra_bytes",
    "predicted_forward_extra_bytes", "peak_backward_bytes", "max_abs_err", "grad_max_abs_err", "code" },
  task2_module = { "dtype", "impl", "loss", "max_abs_err", "grad_max_abs_err", "forward_s", "backward_s",
    "peak_forward_bytes", "peak_backward_bytes" },
  task1_sensitivity = INDICES, task2_sensitivity = INDICES,
  task1_poisson = { "dim", "n", "method", "iterations", "predicted_iterations", "rate", { "predicted_rate", "predicted" },
    "seconds", "code" },
  task2_tiles_cache = { "head_dim", "contestant", "forward_s", { "forward_relative", "relative" },
    { "forward_set_bytes", "set_bytes" }, { "forward_level", "level" }, "backward_s", { "backward_relative", "relative" },
    { "backward_set_bytes", "set_bytes" }, { "backward_level", "level" } },
  accuracy_condition = { "cond", "method", "rel_error", { "predicted_error", "predicted" }, "backward_error", "iterations",
    "code" },
  machine_roofline = { "kernel", "n", "threads", "dtype", "seconds", "intensity", { "rate", "gflops" }, "attainable", "bound",
    "share" },
}
local ERRORS = { out_max = "%.1e", out_mean = "%.1e", grad_max = "%.1e", grad_mean = "%.1e" }

-- The many cases of the agreement as a line for each implementation and type.
local function agreement(rows)
  local out = {}
  for _, group in ipairs(rows_of.group(rows_of.where(rows, function(r) return r.out_max ~= nil end), { "impl", "dtype" })) do
    local line = { impl = group.key.impl, dtype = group.key.dtype, cases = #group.rows }
    for _, row in ipairs(group.rows) do
      for key, names in pairs{ out = { "out" }, grad = { "dq", "dk", "dv", "dbias" } } do
        for _, kind in ipairs{ "_max", "_mean" } do
          for _, name in ipairs(names) do
            local value, old = row[name .. kind], line[key .. kind]
            if value and (not old or value > old or value ~= value) then line[key .. kind] = value end
          end
        end
      end
      if row.allclose ~= nil then line.allclose = row.allclose and line.allclose ~= false end
    end
    out[#out + 1] = line
  end
  return out
end

local function table_of(page, result)
  local rows, format, columns, fine = result.rows, result.format, {}, true
  if result.name == "task2_verify" then rows, format = agreement(rows), ERRORS end
  if result.name == "accuracy_condition" then -- 10, 10^4, 10^7 ...
    rows = rows_of.where(rows, function(r) return r.replicate == 1 and math.floor(math.log(r.cond, 10) + 0.5) % 3 == 1 end)
  end
  local function sign(word) return say.read(findings.SIGNS[word] or word, page.lang) end
  format = setmetatable({ sign = sign }, { __index = format })
  for _, row in ipairs(rows) do fine = fine and (row.code == nil or row.code == "OK") end
  for _, key in ipairs(COLUMNS[result.name] or result.columns) do
    local name, word = key, key
    if type(key) == "table" then name, word = key[1], key[2] or key[1] end
    if name ~= "code" or not fine then columns[#columns + 1] = { name, page.words.columns[word], format[name] } end
  end
  return html.table(say.read(rows, page.lang), { columns = columns, mark = typeset.html,
    caption = page:caption("table", page.words.captions[result.name] or say.read(result.title, page.lang)) })
end

local Page = {}
Page.__index = Page

function Page:add(s) self.out[#self.out + 1] = s end

function Page:caption(kind, s)
  self.count[kind] = self.count[kind] + 1
  return ("<strong>%s %d.</strong> %s"):format(html.escape(self.words[kind]), self.count[kind], html.escape(s))
end

-- The author's words under a heading in either language, once.
function Page:own(id)
  local found = {}
  for _, section in ipairs(self.notes) do
    for _, words in pairs(self.all_words) do
      local key = section.heading and notes.key(section.heading)
      if key and not section.used and (key == notes.key(words.sections[id] or self.sections[id]) or key == id) then
        section.used = true
        if section.text ~= "" then found[#found + 1] = section.text end
      end
    end
  end
  return found
end

function Page:put_own(list)
  if #list == 0 then return end
  self:add(('<div class="own">%s\n%s</div>\n'):format(html.element("p", self.words.own, "label"),
    notes.html(table.concat(list, "\n\n"))))
end

--- A section with what `fill` adds, the author's words at its end; one without `fill` is there when the author wrote it.
function Page:section(id, fill)
  local own = self:own(id)
  if not fill and #own == 0 then return end
  self.headings[#self.headings + 1] = id
  self:add(('<h2 id="%s">%d. %s</h2>\n'):format(id, #self.headings, html.escape(self.sections[id])))
  if fill then fill() end
  self:put_own(own)
end

function Page:method(task)
  self:add(self.words.method[task])
  self:add(html.element("h3", self.words.code) .. "\n")
  self:add("<p>" .. html.escape(self.words.code_note):format("<code>NL_R</code>") .. "</p>\n")
  for _, one in ipairs(M.CODE[task]) do
    local source, where = code.find(one[1], one[2])
    self:add(source and html.code(source, where) or html.element("p", self.words.no_code:format(where), "warning") .. "\n")
  end
end

-- What a figure shows: the words for it, or its title with those for its kind.
local function caption_of(page, result, drawing)
  local captions, kind = page.words.captions, drawing.file:match("^(%l+)_")
  local title = say.read(drawing.title, page.lang)
  return captions[result.name .. "." .. drawing.file]
    or captions[kind] and captions.of_kind:format(title, captions[kind]) or title
end

function Page:results(result)
  self:add(table_of(self, result))
  self:add(html.element("p", self.words.source:format(result.run.path, ("%s:%d"):format(result.name, result.run.id)), "source")
    .. "\n")
  local wide = {}
  for _, drawing in ipairs(result.drawings) do
    local caption = caption_of(self, result, drawing)
    local svg, why = figures.svg(drawing, self.lang)
    self.drawn = self.drawn + 1
    local inner = svg and html.svg(svg, ("f%d-"):format(self.drawn), caption)
      or html.element("p", self.words.no_figure:format(why), "warning")
    if html.is_wide(inner) then
      wide[#wide + 1] = { inner, caption }
    else
      self:add(html.figure(inner, self:caption("figure", caption)))
    end
  end
  self:add('<div class="computed">' .. html.element("p", self.words.computed, "label") .. "\n")
  local function mark(s) return typeset.stress(typeset.html(s), self.words.stressed) end
  for _, section in ipairs(say.read(result.sections, self.lang)) do
    self:add(html.element("h3", section[1]) .. "\n")
    if type(section[2]) == "string" then
      self:add("<p>" .. mark(html.escape(section[2])) .. "</p>\n")
    else
      self:add(html.list(section[2], nil, mark))
    end
  end
  self:add("</div>\n")
  for _, figure in ipairs(wide) do self:add(html.figure(figure[1], self:caption("figure", figure[2]))) end -- on pages that lie
end

-- What tells the runs apart stands in a line each; the rest of what is stored of them, and is the same, once.
local OWN_FACTS = { script = true, arguments = true, axes = true, contestants = true, seed = true, load = true,
  load_at_end = true }

function Page:environment()
  local shared, values, order, lines = {}, {}, {}, {}
  for _, result in ipairs(self.results_of) do
    local run = result.run
    for _, name in ipairs(run.order) do
      local value = run.facts[name]
      if not OWN_FACTS[name] then
        if not values[name] then order[#order + 1], values[name] = name, {} end
        if not values[name][value] then table.insert(values[name], value) end
        values[name][value] = values[name][value] or {}
        table.insert(values[name][value], result.name)
      end
    end
    lines[#lines + 1] = { experiment = result.name, number = run.id, started = run.started,
      finished = ("%s (%s)"):format(run.finished, runs.took(run) or "?"), arguments = run.facts.arguments }
  end
  for _, name in ipairs(order) do
    for _, value in ipairs(values[name]) do
      shared[#shared + 1] = { value = value, what = #values[name] == 1 and name
        or ("%s (%s)"):format(name, table.concat(values[name][value], ", ")) }
    end
  end
  local function columns(...)
    local out = {}
    for i, key in ipairs{ ... } do out[i] = { key, self.words.columns[key] } end
    return out
  end
  self:add(html.table(lines, { columns = columns("experiment", "number", "started", "finished", "arguments"),
    caption = self:caption("table", self.words.captions.runs) }))
  self:add(html.table(shared, { columns = columns("what", "value"),
    caption = self:caption("table", self.words.captions.environment) }))
end

function Page:limits()
  local words, lines, quick, has = self.words.limits, {}, false, {}
  lines[1] = words.one_machine
  for _, result in ipairs(self.results_of) do
    quick, has[result.name] = quick or result.quick, result
  end
  if has.task1_sweep then lines[#lines + 1] = words.task1 end
  if has.task2_sweep then
    local rows = has.task2_sweep.rows
    if #rows_of.where(rows, function(r) return r.device ~= "cpu" end) == 0 then lines[#lines + 1] = words.cpu end
    if #rows_of.where(rows, function(r) return r.impl:find("^torch") ~= nil end) == 0 then lines[#lines + 1] = words.peers end
  end
  if quick then lines[#lines + 1] = words.quick end
  for _, result in ipairs(self.results_of) do
    local failed = rows_of.where(result.rows, function(r) return r.code and r.code ~= "OK" and r.code ~= "SKIPPED" end)
    if #failed > 0 and result.name ~= "task2_verify" then
      lines[#lines + 1] = words.failed:format(result.name, #failed, #result.rows)
    end
    for _, note in ipairs(say.read(result.notes, self.lang)) do lines[#lines + 1] = words.notes:format(result.name, note) end
  end
  self:add(html.list(lines))
end

-- The last day that a stored run ended on, and what numlab it was.
local function stamp(results, words)
  local day, version
  for _, result in ipairs(results) do
    local finished = result.run.finished:match("^%d+%-%d+%-%d+")
    if not day or finished > day then day = finished end
    version = version or result.run.facts.numlab
  end
  return words.subtitle:format(day, (version or "?"):match("^%S+"))
end

--- The page.
---@param o table  results (of report_data.collect), tasks = {task1 = true}, lang, notes = text of notes.md or nil
---@return string html
---@return string[] unplaced  headings of the notes that no section has; they stand at the end
function M.build(o)
  local all = { en = require "numlab.report_text_en", zh = require "numlab.report_text_zh" }
  local words = all[o.lang] or expect.fail(text.unknown("report", "lang", o.lang, M.LANGUAGES))
  local quick = {}
  for _, result in ipairs(o.results) do
    if result.quick then quick[#quick + 1] = result.name end
  end
  local page = setmetatable({ out = {}, words = words, lang = o.lang, all_words = all, headings = {},
    count = { figure = 0, table = 0 }, drawn = 0, sections = setmetatable({}, { __index = words.sections }),
    notes = notes.parse(o.notes or ""), results_of = o.results }, Page)
  for _, result in ipairs(o.results) do
    page.sections[result.name] = words.sections[result.name] or say.read(result.title, o.lang)
  end
  page:section("intro")
  for _, task in ipairs{ "task1", "task2", "either" } do
    if o.tasks[task] then page:section(task .. "_method", function() page:method(task) end) end
    for _, result in ipairs(o.results) do
      if result.experiment.task == task then page:section(result.name, function() page:results(result) end) end
    end
  end
  page:section("environment", function() page:environment() end)
  page:section("limits", function() page:limits() end)
  page:section("reflections")
  local unplaced, rest = {}, {}
  for _, section in ipairs(page.notes) do
    if section.heading and not section.used and section.text ~= "" then
      unplaced[#unplaced + 1] = section.heading
      rest[#rest + 1] = "### " .. section.heading .. "\n\n" .. section.text
    end
  end
  if #rest > 0 then page:section("more", function() page:put_own(rest) end) end
  local title = words.title[o.tasks.task1 and o.tasks.task2 and "both" or o.tasks.task1 and "task1" or "task2"]
  local own_title, preface = page.notes[1].text:match("^#%s+([^\n]+)\n*(.*)$")
  title, preface = own_title or title, preface or page.notes[1].text
  local head = { html.element("h1", title), html.element("p", stamp(o.results, words), "subtitle") }
  if preface ~= "" then head[#head + 1] = '<div class="own">' .. notes.html(preface) .. "</div>" end
  if #quick > 0 then head[#head + 1] = html.element("p", words.quick:format(table.concat(quick, ", ")), "warning") end
  head[#head + 1] = ('<nav aria-label="%s">%s<ol>'):format(html.escape(words.contents),
    html.element("p", words.contents, "label"))
  for _, id in ipairs(page.headings) do
    head[#head + 1] = ('<li><a href="#%s">%s</a></li>'):format(id, html.escape(page.sections[id]))
  end
  head[#head + 1] = "</ol></nav>\n"
  return html.page{ lang = words.lang, title = title, body = table.concat(head, "\n") .. table.concat(page.out) }, unplaced
end

return M
