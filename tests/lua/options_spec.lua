-- Option tables, told and read: the keys that the annotations list for a call are the keys its code knows, and the values
-- they list are the values it takes. The code is asked by what it answers to a key, or a value, that does not exist:
-- "unknown option 'x' (known: ...)".
local annotations = require "numlab.annotations"
local nl = require "numlab"

local A, b, v = nl.eye(2), nl.ones(2), nl.ones(1, 1, 2, 2)
local Q = nl.ones(2, 2)
local ROW = { n = 1, method = "lu", seconds = 1 }
local variable = nl.grad.variable(v)
local design = nl.sensitivity.oat{ factors = { { "n", 1, 9 } } }
local factors = { { "n", 1, 9 } }

-- `base` with what is asked about over it.
local function with(base, o)
  for key, value in pairs(o) do base[key] = value end
  return base
end

-- How a call is made whose other arguments are in order; functions of nl.gallery need no line.
local CALLS = {
  ["nl.allclose"] = function(o) nl.allclose(A, A, o) end,
  ["nl.attention"] = function(o) nl.attention(v, v, v, o) end,
  ["nl.attention_backward"] = function(o) nl.attention_backward(v, v, v, v, nl.attention(v, v, v), {}, o) end,
  ["nl.diagnose"] = function(o) nl.diagnose(A, o) end,
  ["nl.load"] = function(o) nl.load("x.csv", o) end,
  ["nl.lstsq"] = function(o) nl.lstsq(A, b, o) end,
  ["nl.lu"] = function(o) nl.lu(A, o) end,
  ["nl.tensor"] = function(o) nl.tensor({ 1 }, o) end,
  ["nl.zeros"] = function(o) nl.zeros(2, o) end,
  ["nl.ones"] = function(o) nl.ones(2, o) end,
  ["nl.full"] = function(o) nl.full(2, 1, o) end,
  ["nl.eye"] = function(o) nl.eye(2, o) end,
  ["nl.arange"] = function(o) nl.arange(1, 2, 1, o) end,
  ["nl.linspace"] = function(o) nl.linspace(1, 2, 2, o) end,
  ["nl.logspace"] = function(o) nl.logspace(1, 2, 2, o) end,
  ["nl.rand"] = function(o) nl.rand(2, o) end,
  ["nl.randn"] = function(o) nl.randn(2, o) end,
  ["nl.solve"] = function(o) nl.solve(A, b, o) end,
  ["nl.sqlite"] = function(o) nl.sqlite(":memory:", o) end,
  ["nl.zip.read"] = function(o) nl.zip.read("no-such-file.zip", o) end,
  ["axes.logspace"] = function(o) nl.axes.logspace(1, 2, 2, o) end,
  ["bench.compare"] = function(o) nl.bench.compare(o) end,
  ["compare.times"] = function(o) nl.compare.times({ 1 }, { 1 }, o) end,
  ["compare.runs"] = function(o) nl.compare.runs({ rows = {}, points = {} }, { rows = {}, points = {} }, o) end,
  ["experiment.finish"] = function(o) nl.experiment.finish(o) end,
  ["experiment.show"] = function(o) nl.experiment.show(o) end,
  ["grad.Variable:sum"] = function(o) variable:sum(1, o) end,
  ["grad.Variable:mean"] = function(o) variable:mean(1, o) end,
  ["nn.Linear"] = function(o) nl.nn.Linear(with({ 2, 2 }, o)) end,
  ["nn.MultiHeadAttention"] = function(o) nl.nn.MultiHeadAttention(with({ dim = 2, heads = 1 }, o)) end,
  ["peers.scipy"] = function(o) nl.peers.scipy("A", "b", "x", o) end,
  ["peers.torch"] = function(o) nl.peers.torch("folder", o) end,
  ["plot"] = function(o) nl.plot(o) end,
  ["plot.script"] = function(o) nl.plot.script(o) end,
  ["plot.figure"] = function(o) nl.plot.figure(o) end,
  ["reference.check"] = function(o) nl.reference.check(function(x) return x end, { A }, o) end,
  ["reference.attention"] = function(o) nl.reference.attention(variable, variable, variable, o) end,
  ["reference.multi_head"] = function(o)
    local weights = { ["qkv.weight"] = nl.grad.variable(nl.ones(6, 2)), ["proj.weight"] = nl.grad.variable(A) }
    nl.reference.multi_head(nl.grad.variable(nl.ones(1, 2, 2)), weights, 1, o)
  end,
  ["reference.gradients"] = function(o)
    local layer, x = nl.nn.MultiHeadAttention{ dim = 2, heads = 1 }, nl.ones(1, 2, 2)
    nl.reference.gradients(layer, x, x, o)
  end,
  ["report.page"] = function(o) nl.report.page(o) end,
  ["report.write"] = function(o) nl.report.write(o) end,
  ["roofline.timed"] = function(o) nl.roofline.timed(function() end, o) end,
  ["roofline.measure"] = function(o) nl.roofline.measure("f64", 1, o) end,
  ["rows.winners"] = function(o) nl.rows.winners({ ROW }, { "n" }, o) end,
  ["sensitivity.oat"] = function(o) nl.sensitivity.oat(with({ factors = factors }, o)) end,
  ["sensitivity.morris"] = function(o) nl.sensitivity.morris(with({ factors = factors }, o)) end,
  ["sensitivity.sobol"] = function(o) nl.sensitivity.sobol(with({ factors = factors }, o)) end,
  ["sensitivity.analyse"] = function(o) nl.sensitivity.analyse(design, {}, o) end,
  ["sensitivity.run"] = function(o) nl.sensitivity.run(design, function() return 1 end, o) end,
  ["store.open"] = function(o) nl.store.open(":memory:", o) end,
  ["sweep.run"] = function(o) nl.sweep.run(o) end,
  ["table.render"] = function(o) nl.table.render({ ROW }, o) end,
  ["table.markdown"] = function(o) nl.table.markdown({ ROW }, o) end,
  ["table.csv"] = function(o) nl.table.csv({ ROW }, o) end,
}
for _, name in ipairs{ "sum", "mean", "max", "min", "argmax", "argmin", "any", "all" } do
  CALLS["Tensor:" .. name] = function(o) A[name](A, 1, o) end
end

-- Where one call has several tables of options, or one that depends on another argument: each by its class.
local KINDS = {
  ["nl.save"] = {}, -- the keys depend on the ending of the file: checked below
  ["plot.text"] = {
    ["numlab.plot.FigureOptions"] = function(o) nl.plot.text(o) end,
    ["numlab.plot.TerminalOptions"] = function(o) nl.plot.text({ series = {} }, o) end,
  },
  steps = {
    ["numlab.steps.GaussOptions"] = function(o) nl.steps("gauss", A, b, o) end,
    ["numlab.steps.GaussSeidelOptions"] = function(o) nl.steps("gauss_seidel", A, b, o) end,
    ["numlab.steps.FlashOptions"] = function(o) nl.steps("flash", Q, Q, Q, o) end,
  },
}

-- The names an error lists as known; nil where it lists none.
local function known(call, o)
  local ok, message = pcall(call, o)
  local list = not ok and tostring(message):match "known: (.*)%)$"
  if not list then return nil, message end
  local names = {}
  if list == "none" then return "" end
  for name in (list .. ", "):gmatch "(.-), " do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

local function sorted(list, key)
  local names = {}
  for i, item in ipairs(list) do names[i] = key and item[key] or item end
  table.sort(names)
  return table.concat(names, " ")
end

local function named(fields)
  local list = {}
  for _, field in ipairs(fields) do
    if not field.name:find "^%[" then list[#list + 1] = field end -- {in, out} of a table that is a list too
  end
  return list
end

local function checks(name, call, fields)
  local keys, message = known(call, { ["no such key"] = 1 })
  assert.equal(sorted(named(fields), "name"), keys or tostring(message))
  for _, field in ipairs(fields) do
    local values = annotations.values(field.type)
    -- a type that takes other strings too ("flash"|string) is no closed list; unknown ones may be known to a device
    if values and not field.type:find "|string" then
      local taken = known(call, { [field.name] = "no such value" })
      if taken then assert.equal(sorted(values), taken, name .. ": " .. field.name) end
    end
  end
end

describe("the options told are the options read:", function()
  for _, entry in ipairs(annotations.entries()) do
    local classes = annotations.option_classes(entry)
    if #classes > 0 and not entry.internal and (entry.kind == "function" or entry.kind == "method") then
      it(entry.name, function()
        local gallery = entry.name:match "^nl%.gallery%.([%w_]+)$"
        local call = CALLS[entry.name] or gallery and function(o) nl.gallery[gallery](with({ n = 5 }, o)) end
        for _, class in ipairs(classes) do
          local own = (KINDS[entry.name] or {})[class.type]
          if own or not KINDS[entry.name] then
            assert(own or call, "tests/lua/options_spec.lua knows no call of " .. entry.name)
            checks(entry.name, own or call, annotations.fields(class))
          end
        end
      end)
    end
  end

  it("nl.save, over all endings of files", function()
    local keys = {}
    for _, ending in ipairs{ ".mtx", ".npy", ".csv", ".npz" } do
      local x = ending == ".npz" and { A = A } or A
      local list = known(function(o) nl.save("no-such-folder/x" .. ending, x, o) end, { ["no such key"] = 1 })
      for name in (list or ""):gmatch "%S+" do keys[#keys + 1] = name end
    end
    assert.equal(sorted(annotations.options "nl.save", "name"), sorted(keys))
    for _, option in ipairs(annotations.options "nl.save") do
      if option.values then
        assert.equal(sorted(option.values), known(function(o) nl.save("no-such-folder/x.mtx", A, o) end,
          { [option.name] = "no such value" }))
      end
    end
  end)

  -- A key may be known and then forgotten: it must be taken out of the table somewhere in its library, in a part of it or
  -- where the table is handed on to, as o.key or by "key" (of an axis by the rest: panel[axis .. "label"]).
  local HANDED_ON = { nn = "bindings/attention.c", steps = "bindings/solve.c", store = "bindings/sqlite.c",
    sweep = "scripts/lib/numlab/provenance.lua" }
  it("every option of a library is taken out of its table", function()
    local here, faults = annotations.folders(), {}
    for _, class in ipairs(annotations.entries()) do
      local library = class.module and class.type and class.type:find "Options$" and class.module:match "[^.]+$"
      if library then
        local pipe = io.popen(("cat %s/%s.lua %s/%s_*.lua %s 2>/dev/null"):format(here, library, here, library,
          HANDED_ON[library] or ""))
        local code = pipe:read "a":gsub("\n%s*%-%-[^\n]*", "")
        pipe:close()
        for _, field in ipairs(named(class.fields)) do
          local key, rest = field.name, field.name:match "^[xy](%a+)$" or field.name
          if not code:find("[%w_%)%]]%." .. key .. "%f[^%w_]") and not code:find('"' .. key .. '"', 1, true)
            and not code:find('"' .. rest .. '"', 1, true) then
            faults[#faults + 1] = class.name .. "." .. key
          end
        end
      end
    end
    table.sort(faults)
    assert.equal("", table.concat(faults, " "))
  end)

  it("every call that takes a table of options says so by a class", function()
    local faults = {}
    for _, entry in ipairs(annotations.entries()) do
      for _, param in ipairs(entry.internal and {} or entry.params) do
        local plain = param.type == "table" or param.type:find "^{"
        if plain and (param.name == "o" or param.name:find "^opt") then
          faults[#faults + 1] = entry.name .. ": " .. param.name
        end
      end
    end
    assert.equal("experiment.check: o", table.concat(faults, " ")) -- what nl.args returned
  end)
end)
