--- numlab bench: the limits of this machine, and where numlab stands against them and against what is borrowed.
local command = require "numlab.command"
local file = require "numlab.file"
local gpu = require "numlab.task2_gpu"
local machine = require "numlab.bench_machine"
local nl = require "numlab"
local page = require "numlab.bench_page"
local provenance = require "numlab.provenance"
local standing = require "numlab.bench_standing"
local text = require "numlab.text"

local SPEC = {
  name = "bench", usage = "[quick] [threads=1,2] [device=cuda] [--json]",
  summary = "The limits of this machine, and where numlab stands against them and the borrowed libraries",
  keys = { threads = "numbers of threads (default 1 and all)", device = "cpu (default), cuda, cuda:1" },
  help = [[
    quick      smaller sizes, in 5 seconds instead of 20
    --json     JSON alone on standard output

Each kernel takes turns with what it is held against; medians count. `of roof` is the share of what compute or
memory allow it, whichever is less (numlab run experiments/machine_roofline.lua draws that). `ratio` above 1:
numlab is that many times as fast as what stands beside it. Other programs that run meanwhile falsify it all:
`load` tells of them, as uptime does.
]],
}

-- CPU: n rows, queries and keys; GPU: likewise, and products.
local SIZES = {
  cpu = { full = { n = 1024, mesh = 700, numbers = 2000000, repeats = 5 },
    quick = { n = 512, mesh = 300, numbers = 1000000, repeats = 3 } },
  gpu = { full = { n = 8192, numbers = 1 << 27, repeats = 7 }, quick = { n = 4096, numbers = 1 << 25, repeats = 3 } },
}

local function thread_counts(word)
  if not word then return nl.threads() > 1 and { 1, nl.threads() } or { 1 } end
  local out = {}
  for part in (word .. ","):gmatch("([^,]*),") do
    local count = math.tointeger(tonumber(part))
    if not count or count < 1 or count > 256 then
      return nil, command.usage("bench",
        ("threads is '%s', expected whole numbers from 1 to 256, as in threads=1,2"):format(word))
    end
    out[#out + 1] = count
  end
  return out
end

local live = file.is_terminal("stderr")

local function tell(what)
  if live then io.stderr:write("\r\27[K", what, what ~= "" and " ..." or "") end
end

local function on_cpu(o, threads)
  local sizes, ceilings = setmetatable({ threads = threads }, { __index = SIZES.cpu[o] }), {}
  tell "limits"
  machine.ceilings(ceilings, threads)
  machine.ceilings(ceilings, threads) -- the better of two counts: a busy moment only lowers it
  local limits, roofs = machine.cpu(ceilings, threads)
  return limits, standing.cpu(sizes, roofs, tell)
end

local function on_gpu(o, device)
  tell "limits"
  local limits, roof = machine.gpu(device, SIZES.gpu[o].n)
  return limits, standing.gpu(SIZES.gpu[o], device, roof, tell)
end

local function about(device)
  if gpu.is(device) then
    local facts = nl.device(device)
    return { { "device", device }, { "name", facts.name }, { "driver", facts.driver } }
  end
  local facts = nl.facts()
  local out = { { "device", "cpu" }, { "name", provenance.processor() or "?" }, { "kernels", facts.cpu.kernels },
    { "caches", provenance.caches() } }
  for _, library in ipairs(facts.libraries) do
    if library.name == "openblas" then
      out[#out + 1] = { "openblas", library.found and library.version .. " " .. library.kernels:match("^%S*") or "none" }
    end
  end
  return out
end

return function(...)
  local words, flags = {}, {}
  for _, word in ipairs{ ... } do
    if word == "quick" or word == "--json" then
      flags[word] = true
    elseif word:find("^%a+$") then
      return command.usage("bench", (text.unknown("", "word", word, { "quick", "threads=1,2", "device=cuda" }):gsub("^: ", "")))
    else
      words[#words + 1] = word
    end
  end
  local o, code = command.read(words, SPEC)
  if not o then return code end
  local device, size, start = o.device or "cpu", flags.quick and "quick" or "full", nl.clock()
  local threads, wrong = thread_counts(o.threads)
  if not threads then return wrong end
  local found, why = gpu.find(device)
  if not found then error("bench: " .. why, 0) end
  local limits, rows
  local facts = about(device)
  facts[#facts + 1] = { "load", provenance.load() or "?" } -- before: what others do at the same time
  if gpu.is(device) then limits, rows = on_gpu(size, device) else limits, rows = on_cpu(size, threads) end
  tell ""
  io.write(page[flags["--json"] and "json" or "text"](facts, limits, rows, nl.clock() - start))
  return 0
end
