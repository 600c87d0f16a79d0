--- numlab report: the report of the lab, from stored results.
local command = require "numlab.command"
local file = require "numlab.file"
local pack = require "numlab.pack"
local text = require "numlab.text"

local TASKS = { "task1", "task2" }
local SPEC = {
  name = "report", usage = "[task1] [task2] [lang=en|zh] [quick=true] [from=DIR] [out=DIR]",
  summary = "The report of both tasks, or of one, as one HTML page and, where WeasyPrint is, a PDF",
  keys = { lang = "en (default) or zh", quick = "true: small sizes are enough",
    from = "folder of stores, or a store, to tell of in place of reports/; may be given several times",
    out = "folder of report.html, report.pdf and your notes.md (default reports/report)" },
  help = [[
Of each experiment its last finished run is told; a quick one only where there is none of full size. What has no run is
run first: task1_sweep, task1_nondominant, task1_sensitivity; task2_verify, task2_sweep, task2_module, task2_sensitivity.
Told as well where a run is stored: task1_poisson; task2_tiles_cache; accuracy_condition, machine_roofline.
The same stored results give the same page, byte for byte; figures are drawn from them.

Your own words: notes.md in the folder, which is only ever read. A "## Heading" that a section has, in English or
Chinese, puts what follows at that section's end; others go to the end of the report; "# Title" and what stands before
the first "##" go to its top. Further sections for you alone: "## Introduction", "## Reflections".
Paragraphs, lists, ### headings, **bold**, `code` and ``` blocks are understood.

    numlab report quick=true
    numlab report task1 lang=zh
    numlab pack name=张三 id=12345678 experiment=Exp2 version=1 \
      report=reports/report/report.pdf
]],
}

local function tell(line) io.stderr:write("report: ", line, "\n") end

-- The PDF beside the page; whatever stands in its way is said and is no failure.
local function print_pdf(out, lang)
  local page, pdf = out .. "/report.html", out .. "/report.pdf"
  local weasyprint = os.getenv("NUMLAB_WEASYPRINT") or "weasyprint"
  local function without(why)
    tell(why .. (file.read(pdf) and ("; %s is of an earlier report"):format(pdf) or ""))
  end
  if select(2, file.capture("command -v " .. file.quote(weasyprint))) ~= 0 then
    without("no PDF: WeasyPrint is not here (apt install weasyprint fonts-wqy-microhei, then again; "
      .. "or print the page from a browser)")
    return
  end
  if lang == "zh" then
    local fonts, status = file.capture("fc-list :lang=zh family")
    if status == 0 and not fonts:find("%S") then
      tell("no font with Chinese characters is here, the PDF will show boxes (apt install fonts-wqy-microhei)")
    end
  end
  local part = pdf .. ".part"
  local said, status = file.capture(("%s -- %s %s"):format(file.quote(weasyprint), file.quote(page), file.quote(part)))
  local ok, why = pack.pdf(part)
  if status == 0 and ok then ok, why = os.rename(part, pdf) end
  if status ~= 0 or not ok then
    os.remove(part)
    without(("no PDF: WeasyPrint failed: %s"):format(said:match("([^\n]+)%s*$") or why))
    return
  end
  return pdf
end

return function(...)
  local tasks, words, from = {}, {}, {}
  for _, word in ipairs{ ... } do
    if word == "task1" or word == "task2" then
      tasks[word] = true
    elseif word:find("^task") and not word:find("=", 1, true) then
      return command.usage("report", (text.unknown("", "task", word, TASKS):gsub("^: ", "")))
    elseif word:find("^%-*from=.") then
      from[#from + 1] = word:match("=(.*)$")
    else
      words[#words + 1] = word
    end
  end
  local o, code = command.read(words, SPEC)
  if not o then return code end
  local data, report_page = require "numlab.report_data", require "numlab.report_page"
  local lang, out = o.lang or "en", o.out or "reports/report"
  if lang ~= "en" and lang ~= "zh" then
    return command.usage("report", (text.unknown("", "lang", lang, report_page.LANGUAGES):gsub("^: ", "")))
  end
  if o.quick and o.quick ~= "true" and o.quick ~= "false" then
    return command.usage("report", ("quick must be true or false, got %s"):format(command.show(o.quick)))
  end
  if o.from then return command.usage("report", "from is empty, expected a folder or a store") end
  if out == "" then return command.usage("report", "out is empty, expected a folder") end
  if out:sub(1, 1) == "-" then out = "./" .. out end
  if not next(tasks) then tasks = { task1 = true, task2 = true } end

  local made, trouble = file.make_folder(out) -- before minutes of measuring
  if not made then error("report: " .. trouble, 0) end
  local results, message, failed = data.collect{ tasks = tasks, quick = o.quick == "true", from = from, tell = tell }
  if not results then
    io.stderr:write("numlab: report: ", message, "\n")
    return failed == 130 and 130 or 1
  end
  local own = file.read(out .. "/notes.md")
  local page, unplaced = report_page.build{ results = results, tasks = tasks, lang = lang, notes = own }
  local ok, why = file.write(out .. "/report.html", page)
  if not ok then error("report: " .. why, 0) end
  io.stdout:write(out, "/report.html\n")
  for _, heading in ipairs(unplaced) do
    tell(("no section is called %s: your words under it stand at the end"):format(command.show(heading)))
  end
  if not own then tell(("your own words go into %s/notes.md, see numlab report --help"):format(out)) end
  local pdf = print_pdf(out, lang)
  if pdf then io.stdout:write(pdf, "\n") end
end
