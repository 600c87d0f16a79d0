--- The archive that is handed in: NAME_ID_EXPERIMENT_vVERSION.zip with the report NAME_ID_EXPERIMENT.pdf and scripts/,
--- the sources of numlab with all experiments, so that `make demo` inside scripts/ builds and runs it anywhere.
---
---   local pack = require "numlab.pack"
---   local names = assert(pack.names{ name = "张三", id = "12345678", experiment = "Exp2", version = "1" })
---   print(names.zip, names.pdf)      -- 张三_12345678_Exp2_v1.zip  张三_12345678_Exp2.pdf
---   assert(pack.write{ names = names, report = "report.pdf", out = "." })
---
--- What can fail returns nil and a message.
---@internal of numlab pack and numlab verify
local command = require "numlab.command"
local file = require "numlab.file"

local M = {}

--- Bytes a file's name may have: 255 is what file systems hold, and libzip adds seven to it while it writes.
M.LONGEST = 240
--- Below scripts/ for whoever builds it; without the first ones it is no numlab.
M.NEEDED = { "Makefile", "README.md", "LICENSE", ".ci/deps", "engine", "bindings", "scripts/lib/numlab", "scripts/experiments" }
local TOPS = { "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", ".ci", ".clang-format", ".clang-tidy",
  ".luacheckrc", ".editorconfig", ".gitignore", "engine", "bindings", "gpu", "scripts", "tests", "docs" }
-- What programs leave behind, wherever it lies: folders and endings.
local LEAVINGS = { ".git", "build", "build-*", "reports", "__pycache__", ".cache", "node_modules" }
local ENDINGS = { ".o", ".so", ".a", ".d", ".pyc", ".swp", "~", ".orig", ".rej", ".part", ".zip" }

-- Names that Windows keeps for devices, with any ending.
local DEVICES = { CON = true, PRN = true, AUX = true, NUL = true }
for i = 0, 9 do DEVICES["COM" .. i], DEVICES["LPT" .. i] = true, true end

-- Code points that no reader shows, or that make it show the others in another order.
local function is_hidden(code)
  return code < 0x20 or (code >= 0x7F and code <= 0x9F) or code == 0xAD or (code >= 0x200B and code <= 0x200F)
    or (code >= 0x2028 and code <= 0x202E) or (code >= 0x2060 and code <= 0x206F) or code == 0xFEFF
    or (code >= 0xFFF9 and code <= 0xFFFF) or code >= 0xE0000
end

--- One part of a path, held against what file systems and zip readers of Linux, macOS and Windows can hold.
---@param part string
---@return boolean? ok
---@return string? why
function M.check_part(part)
  if part == "" then return nil, "is empty" end
  if not utf8.len(part) then return nil, "is not UTF-8" end
  for _, code in utf8.codes(part) do
    if is_hidden(code) then return nil, ("holds the invisible character U+%04X"):format(code) end
  end
  local forbidden = part:match('[/\\:*?"<>|]')
  if forbidden then return nil, ("holds '%s', which Windows or a zip reader cannot have in a name"):format(forbidden) end
  if part:find("^ ") or part:find("[ .]$") then return nil, "begins with a space, or ends with one or with a dot" end
  if DEVICES[part:match("^[^. ]*"):upper()] then return nil, "is a device's name on Windows" end
  if #part > M.LONGEST then return nil, ("has %d bytes, expected at most %d"):format(#part, M.LONGEST) end
  return true
end

local EXAMPLE = { name = "张三", id = "12345678", experiment = "Exp2", version = "1" }

-- The four parts of the name, beyond what any part must be.
local function check_field(key, value)
  local ok, why = M.check_part(value)
  if ok and value:find("^[-.]") then ok, why = nil, "begins with '" .. value:sub(1, 1) .. "'" end
  if ok and key ~= "name" and value:find("_", 1, true) then
    ok, why = nil, "holds '_', which stands between the parts: write '-'"
  end
  if ok and key == "version" and not (value:find("^%d[%d.]*$") and not value:find("..", 1, true)) then
    ok, why = nil, "is no number such as 1 or 2.1 (the v before it is added)"
  end
  if ok then return true end
  return nil, ("%s=%s %s; for example %s=%s"):format(key, command.show(value), why, key, EXAMPLE[key])
end

--- The names of the archive and of the report in it.
---@param o table<string, string>  name, id, experiment, version
---@return {zip: string, pdf: string}? names
---@return string? message
function M.names(o)
  for _, key in ipairs{ "name", "id", "experiment", "version" } do
    local ok, message = check_field(key, o[key] or "")
    if not ok then return nil, message end
  end
  local stem = ("%s_%s_%s"):format(o.name, o.id, o.experiment)
  local names = { zip = ("%s_v%s.zip"):format(stem, o.version), pdf = stem .. ".pdf" }
  if #names.zip > M.LONGEST then
    return nil, ("the archive's name %s has %d bytes, expected at most %d: shorten name or experiment")
      :format(command.show(names.zip), #names.zip, M.LONGEST)
  end
  return names
end

--- The parts of an archive's name; the other way round than `names`.
---@param zip string  without its folder
---@return table<string, string>? parts
---@return string? message
function M.parse(zip)
  local parts = {}
  parts.name, parts.id, parts.experiment, parts.version = zip:match("^(.+)_([^_]+)_([^_]+)_v([^_]+)%.zip$")
  if not parts.name then
    return nil, ("%s is not NAME_ID_EXPERIMENT_vVERSION.zip, as in 张三_12345678_Exp2_v1.zip"):format(command.show(zip))
  end
  local names, message = M.names(parts)
  if not names then return nil, message end
  return parts
end

--- The folder of the sources that this numlab runs from.
---@return string? root
---@return string? message
function M.root()
  local here = debug.getinfo(1, "S").source:match("^@(.*)/scripts/lib/numlab/pack%.lua$")
  for _, path in ipairs(here and M.NEEDED or {}) do
    local _, status = file.capture("test -e " .. file.quote(here .. "/" .. path))
    if status ~= 0 then here = nil break end
  end
  if here then return here end
  return nil, "this numlab does not run from its sources, and those are what is packed: build them (make) and call "
    .. "build/numlab pack ... in their folder"
end

-- Names below root that `command`, run there, prints with a zero byte behind each.
local function list(root, line)
  local output, status = file.capture(("cd %s && %s"):format(file.quote(root), line))
  if status ~= 0 then return nil, (output:gsub("%s+$", "")) end
  local found = {}
  for name in output:gmatch("([^%z]+)%z") do found[(name:gsub("^%./", ""))] = true end
  return found
end

local function find(root, test)
  local tops, leavings = {}, {}
  for _, top in ipairs(TOPS) do
    local _, status = file.capture("test -e " .. file.quote(root .. "/" .. top))
    if status == 0 then tops[#tops + 1] = "./" .. top end
  end
  for i, name in ipairs(LEAVINGS) do leavings[i] = "-name " .. file.quote(name) end
  -- own experiments that `numlab new` wrote into the tree's top folder come along
  return list(root, ("{ find %s \\( -type d \\( %s \\) -prune \\) -o \\( -type f %s -print0 \\) && "
    .. "find . -maxdepth 1 -type f -name '*.lua' %s -print0; }")
    :format(table.concat(tops, " "), table.concat(leavings, " -o "), test, test))
end

-- What git was told about another tree is none of this one's business.
local ASK_GIT = "env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE git ls-files -z --cached --others --exclude-standard "
  .. "2>/dev/null"

local function is_leaving(name)
  for _, ending in ipairs(ENDINGS) do
    if name:sub(-#ending) == ending then return true end
  end
  return false
end

--- The files that make up numlab and its experiments, sorted: nothing built, no results, nothing that git ignores.
---@param root string
---@return {name: string, executable: boolean}[]? files
---@return string? message  beside files: what to tell
function M.sources(root)
  local all, message = find(root, "")
  local runs, why = find(root, "-perm -100")
  if not all or not runs then return nil, ("cannot list %s: %s"):format(root, message or why) end
  local _, has_git = file.capture("test -e " .. file.quote(root .. "/.git"))
  local known = has_git == 0 and list(root, ASK_GIT) or nil
  local note = has_git == 0 and not known and "git does not tell what it ignores here: only numlab's own rules say what "
    .. "stays out" or nil
  local files, seen = {}, {}
  for name in pairs(all) do
    if not is_leaving(name) and (not known or known[name]) then
      for part in name:gmatch("[^/]+") do
        local ok, reason = M.check_part(part)
        if not ok then return nil, ("%s: the name %s; rename it"):format(command.show(root .. "/" .. name), reason) end
      end
      local folded = name:lower()
      if seen[folded] then return nil, ("%s and %s are one file on Windows; rename one"):format(seen[folded], name) end
      seen[folded] = name
      files[#files + 1] = { name = name, executable = runs[name] == true }
    end
  end
  table.sort(files, function(a, b) return a.name < b.name end)
  return files, note
end

--- The bytes of a report, which must be a whole PDF.
---@param path string
---@return string? bytes
---@return string? message
function M.pdf(path)
  local bytes, message = file.read(path)
  if not bytes then return nil, ("cannot read the report: %s"):format(message) end
  if bytes:sub(1, 5) ~= "%PDF-" then return nil, ("%s is not a PDF: it does not begin with %%PDF-"):format(command.show(path)) end
  if not bytes:sub(-1024):find("%%EOF", 1, true) then
    return nil, ("%s is not whole: it does not end with %%%%EOF; make it again"):format(command.show(path))
  end
  return bytes
end

-- What is in the archive is what was meant, by reading it back.
local function compare(path, entries)
  local nl = require "numlab"
  local back, message = nl.zip.read(path)
  if not back then return nil, message end
  for i = 1, math.max(#back, #entries) do
    local a, b = entries[i], back[i]
    if not a or not b or a.name ~= b.name or a.text ~= b.text or not b.utf8 then
      return nil, ("%s does not read back as it was written (entry %d)"):format(path, i)
    end
  end
  return true
end

--- Write the archive.
---@param o table  names (from M.names), report = path of the PDF or nil, out = folder, replace = over an older one
---@return {path: string, files: integer, bytes: integer, note: string?}? done
---@return string? message
function M.write(o)
  local nl = require "numlab"
  local entries, bytes = {}, 0
  local root, message = M.root()
  if not root then return nil, message end
  if o.report then
    local pdf, why = M.pdf(o.report)
    if not pdf then return nil, why end
    entries[1] = { name = o.names.pdf, text = pdf }
  end
  local files, why = M.sources(root)
  if not files then return nil, why end
  for _, f in ipairs(files) do
    local contents, reason = file.read(root .. "/" .. f.name)
    if not contents then return nil, reason end
    entries[#entries + 1] = { name = "scripts/" .. f.name, text = contents, executable = f.executable }
    bytes = bytes + #contents
  end
  local made, trouble = file.make_folder(o.out)
  if not made then return nil, trouble end
  local path = (o.out .. "/" .. o.names.zip):gsub("^%./", "")
  local _, there = file.capture("test -e " .. file.quote(o.out .. "/" .. o.names.zip))
  if there == 0 and not o.replace then
    return nil, ("%s is there already: take the next version=, or say replace=true"):format(path)
  end
  local done, reason = nl.zip.write(o.out .. "/" .. o.names.zip, entries)
  if done then done, reason = compare(o.out .. "/" .. o.names.zip, entries) end
  if not done then return nil, reason end
  return { path = path, files = #files, bytes = bytes, note = why }
end

return M
