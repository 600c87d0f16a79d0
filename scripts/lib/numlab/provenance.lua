--- Where results come from: what a run must share with an earlier one to go on with its rows, and all else that is
--- kept beside them. Values are short texts; what cannot be found out is left out.
---@internal of numlab.sweep
local file = require "numlab.file"
local report = require "numlab.report"
local text = require "numlab.text"

local M = {}

--- 64-bit FNV-1a, as 16 hexadecimal digits.
---@param s string
---@return string
function M.hash(s)
  local h = 0xcbf29ce484222325
  for i = 1, #s do h = (h ~ s:byte(i)) * 0x100000001b3 end
  return ("%016x"):format(h)
end

--- A value as text that is the same for the same contents.
---@param value any
---@return string
function M.canonical(value)
  if type(value) == "number" then return text.number(value) end
  if type(value) ~= "table" then return type(value) .. ":" .. tostring(value) end
  local parts = {}
  for k, v in pairs(value) do parts[#parts + 1] = M.canonical(k) .. "=" .. M.canonical(v) end
  table.sort(parts)
  return "{" .. table.concat(parts, ";") .. "}"
end

-- The same for people, who know what is a string; a list as it is given on the command line.
local function words(value)
  if type(value) ~= "table" then return type(value) == "number" and text.number(value) or tostring(value) end
  local parts = {}
  for i, v in ipairs(value) do parts[i] = words(v) end
  if #parts > 0 then return table.concat(parts, ",") end
  for k, v in pairs(value) do parts[#parts + 1] = words(k) .. "=" .. words(v) end
  table.sort(parts)
  return table.concat(parts, " ")
end

local function engine()
  local ok, nl = pcall(require, "numlab")
  return ok and nl.facts and nl or nil
end

local function library(found)
  if not found.found then return "none: " .. found.problem end
  return table.concat({ found.version, found.path, found.kernels ~= "" and found.kernels or nil }, ", ")
end

--- The processor by its own name; nil where the system does not tell.
---@return string?
function M.processor()
  return (file.read("/proc/cpuinfo") or ""):match("model name%s*:%s*([^\n]+)")
end

-- A list of {name, value} that leaves out what has no value.
local function list()
  local out = {}
  return out, function(name, value)
    if value ~= nil and value ~= "" then out[#out + 1] = { name, tostring(value) } end
  end
end

--- What rows of one run have in common: code, setting, machine; and the key, a hash of it all. Two runs of the same key
--- measure the same.
---@param o table  run (its file is the script), arguments, axes, contestants, seed, device (a GPU's rows tell which)
---@return string key
---@return table[] shared  {{name, value}, ...}
function M.key(o)
  local shared, add = list()
  local source = debug.getinfo(o.run, "S").source
  local path = source:match("^@(.*)")
  local _, name = file.split(path or "code")
  local nl = engine()
  local facts = nl and nl.facts()
  add("script", name .. " " .. M.hash(path and file.read(path) or source))
  add("arguments", words(o.arguments or {}))
  local axes = {}
  for i, axis in ipairs(o.axes) do
    local values = axis[2] and words(axis[2]) or M.hash(M.canonical(axis))
    axes[i] = (axis[1] or table.concat(axis.names or {}, "+")) .. "=" .. values
  end
  add("axes", table.concat(axes, " "))
  add("contestants", words(o.contestants))
  add("seed", o.seed and text.number(o.seed))
  if facts then
    add("numlab", facts.version .. (facts.build ~= "" and " build " .. facts.build or ""))
    add("level", ("%s, kernels of %s"):format(facts.cpu.level, facts.cpu.kernels))
    add("threads", nl.threads())
    for _, found in ipairs(facts.libraries) do
      if found.name == "openblas" then add("blas", library(found)) end
    end
  end
  if nl and o.device and o.device ~= "cpu" then
    local gpu = nl.device(o.device)
    add("gpu", ("%s, driver %s, runtime %s, plugin build %s"):format(gpu.name, gpu.driver, gpu.runtime, gpu.build))
  end
  add("processor", M.processor())
  local parts = { M.canonical(o.arguments or {}), M.canonical(o.axes), M.canonical(o.contestants) }
  for _, pair in ipairs(shared) do parts[#parts + 1] = pair[1] .. "=" .. pair[2] end
  return M.hash(table.concat(parts, "\n")), shared
end

--- The three load averages of the system.
---@return string?
function M.load()
  return (file.read("/proc/loadavg") or ""):match("^%S+ %S+ %S+")
end

--- "L1 Data 32K, L2 Unified 512K": of the first core; "" where the system does not tell.
---@return string
function M.caches()
  local out = {}
  for i = 0, 9 do
    local folder = ("/sys/devices/system/cpu/cpu0/cache/index%d/"):format(i)
    local level, kind, size = file.read(folder .. "level"), file.read(folder .. "type"), file.read(folder .. "size")
    if not (level and kind and size) then break end
    out[#out + 1] = ("L%s %s %s"):format(level:match("%S*"), kind:match("%S*"), size:match("%S*"))
  end
  return table.concat(out, ", ")
end

-- The numbers in a list of cores, "0-3,8": how many.
local function count_of(cores)
  local n = 0
  for part in cores:gmatch("[^,%s]+") do
    local from, to = part:match("^(%d+)%-(%d+)$")
    n = n + (from and to - from + 1 or 1)
  end
  return n
end

-- Cores by a number each has in a file of the system: classes, the largest number first; nil where it has no such file.
local function classes(folder, name, form)
  local by, values = {}, {}
  local i = 0
  while true do
    local value = tonumber(file.read(("%s/system/cpu/cpu%d/%s"):format(folder, i, name)) or "")
    if not value then break end
    if not by[value] then values[#values + 1] = value end
    by[value], i = (by[value] or 0) + 1, i + 1
  end
  table.sort(values, function(a, b) return a > b end)
  for k, value in ipairs(values) do values[k] = form:format(by[value], text.number(value)) end
  return #values > 0 and table.concat(values, ", ") or nil, #values
end

--- Kinds of cores, as far as the system tells: a time depends on which kind ran it. By the processor's own word (fast P and
--- economical E cores), by capacity, by highest frequency.
---@param folder string?  of the system's devices, "/sys/devices"
---@return string?  "6 P (0-11), 8 E (12-19)", "2 of capacity 1024", ...; nil where the system says nothing
function M.core_types(folder)
  folder = folder or "/sys/devices"
  local kinds = {}
  for _, kind in ipairs{ { "cpu_core", "P" }, { "cpu_atom", "E" }, { "cpu_lowpower", "low-power E" } } do
    local cores = (file.read(("%s/%s/cpus"):format(folder, kind[1])) or ""):match("%S+")
    if cores then kinds[#kinds + 1] = ("%d %s (%s)"):format(count_of(cores), kind[2], cores) end
  end
  if #kinds > 0 then return table.concat(kinds, ", ") end
  local capacity, different = classes(folder, "cpu_capacity", "%d of capacity %s")
  local frequency, speeds = classes(folder, "cpufreq/cpuinfo_max_freq", "%d up to %s kHz")
  if speeds > 1 and different < 2 then return frequency end
  return capacity or frequency
end

-- Settings from outside that change what is measured; those that are set.
local ENVIRONMENT = { "NUMLAB_CPU", "NUMLAB_THREADS", "NUMLAB_MEMORY", "NUMLAB_EXTERNAL", "NUMLAB_LAPACK", "NUMLAB_CUDA",
  "NUMLAB_SYNC", "NUMLAB_CUBLAS", "NUMLAB_TF32",
  "OPENBLAS_CORETYPE", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS" }

local function environment()
  local out = {}
  for _, name in ipairs(ENVIRONMENT) do
    local value = os.getenv(name)
    if value then out[#out + 1] = name .. "=" .. value end
  end
  return table.concat(out, " ")
end

--- What else is worth knowing about rows made here and now.
---@return table[] facts  {{name, value}, ...}
function M.facts()
  local facts, add = list()
  add("commit", report.commit())
  local nl = engine()
  local found = nl and nl.facts()
  add("lua", found and found.lua or _VERSION)
  if found then
    add("compiler", found.compiler)
    add("flags", found.flags)
    for _, one in ipairs(found.libraries) do
      if one.name ~= "openblas" then add(one.name, library(one)) end
    end
  end
  local _, cores = ("\n" .. (file.read("/proc/cpuinfo") or "")):gsub("\nprocessor%s*:", "")
  add("cores", cores > 0 and cores or nil)
  add("core_types", M.core_types())
  add("cores_allowed", (file.read("/proc/self/status") or ""):match("Cpus_allowed_list:%s*(%S+)"))
  add("caches", M.caches())
  local kib = (file.read("/proc/meminfo") or ""):match("MemTotal:%s*(%d+)")
  add("memory", kib and text.bytes(tonumber(kib) * 1024))
  add("environment", environment())
  local uname, status = file.capture("uname -sr")
  add("system", status == 0 and uname:match("^[^\n]+") or nil)
  local version, code = file.capture(file.quote(os.getenv("NUMLAB_GNUPLOT") or "gnuplot") .. " --version")
  add("gnuplot", code == 0 and version:match("^gnuplot ([^\n]+)") or "none")
  add("load", M.load())
  return facts
end

--- This process, so that another can tell whether it still runs: start of the machine, number, time of its own start.
---@return string  "" where the system does not tell
function M.process()
  local boot, stat = file.read("/proc/sys/kernel/random/boot_id"), file.read("/proc/self/stat")
  if not boot or not stat then return "" end
  return ("%s %s %s"):format(boot:match("%S+"), stat:match("^%d+"), M.start_of(stat))
end

--- Field 22 of /proc/PID/stat; the name of the program before it may hold anything, brackets too.
---@param stat string
---@return string?
function M.start_of(stat)
  local rest, n = stat:match("^.*%) (.*)$"), 2
  for field in (rest or ""):gmatch("%S+") do
    n = n + 1
    if n == 22 then return field end
  end
end

--- Does the process that `process` told about still run? Its number, when it does.
---@param owner string?
---@return string? pid
function M.alive(owner)
  local boot, pid, start = (owner or ""):match("^(%S+) (%d+) (%S+)$")
  if not boot or boot ~= (file.read("/proc/sys/kernel/random/boot_id") or ""):match("%S+") then return nil end
  local stat = file.read(("/proc/%s/stat"):format(pid))
  return stat and M.start_of(stat) == start and not stat:find("^%d+ %(.*%) [ZX] ") and pid or nil
end

return M
