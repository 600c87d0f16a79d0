-- Sentences in two languages: places, lists, typesetting; every template of the sources has its Chinese, with the same
-- places, and the catalogue has no other.
local file = require "numlab.file"
local say = require "numlab.say"
local zh = require "numlab.say_zh"

-- The literals that `say` is called with in a source: {template, line}; a call with something else is an error.
local function templates(source, path)
  local out = {}
  for at in source:gmatch("%f[%w_.]say%s*%(?%s*()[\"(]?") do
    local call = source:sub(at - 2, at)
    if call:find("[%(\"]") and not source:sub(1, at):match("[^\n]*$"):find("^%s*%-%-") then
      local parts, position = {}, at
      repeat
        local part, after = source:match('^"(.-)"%s*()', position)
        assert(part, ("%s: say with no literal: %s"):format(path, source:sub(at - 20, at + 60)))
        parts[#parts + 1] = part
        position = source:match("^%.%.%s*()", after)
      until not position
      out[#out + 1] = table.concat(parts)
    end
  end
  return out
end

local function places(template)
  local names = {}
  for name in template:gmatch("{([%a_]+)") do names[#names + 1] = name end
  table.sort(names)
  return table.concat(names, " ")
end

local function sources()
  local paths = {}
  for path in file.capture("find scripts -name '*.lua'"):gmatch("[^\n]+") do
    if file.read(path):find('\nlocal say = require "numlab.say"\n') then paths[#paths + 1] = path end
  end
  return paths
end

describe("numlab.say", function()
  it("puts numbers, words and sentences into places", function()
    local said = say("{method} is {factor:%.1f} times as fast at n = {n}{more}", { method = "lu", factor = 2.54, n = 100,
      more = "" })
    assert.equal("lu is 2.5 times as fast at n = 100", say.read(said))
    assert.equal(say.read(said), tostring(said))
    assert.equal("a, b, 0.25", tostring(say.list{ "a", say"b", 0.25 }))
    assert.equal("50 %", tostring(say("{n} %", { n = 50 })))
  end)

  it("refuses a place without a value and a value without a place", function()
    assert.error_matches(function() say"{n} rows" end, "say: nothing for {n} in '{n} rows'")
    assert.error_matches(function() say("rows", { n = 1 }) end, "say: no place {n} in 'rows'")
    assert.error_matches(function() say.read("x", "de") end, "say.read: unknown language 'de'")
  end)

  it("reads whole tables and leaves the rest as it is", function()
    local tree = { title = say"forward", x = { 1, 2 }, f = print, on = true }
    assert.same({ title = "前向传播", x = { 1, 2 }, f = print, on = true }, say.read(tree, "zh"))
    assert.equal("sentence", say.kind(tree.title))
    assert.is_nil(say.kind(tree))
  end)

  it("keeps what has no counterpart, with what is in it", function()
    assert.equal("no such sentence of forward: 1、2", say.read(say("no such sentence of {what}: {list}", {
      what = "forward", list = say.list{ 1, 2 } }), "zh"))
  end)

  it("sets one space between Chinese and Latin, none beside Chinese marks", function()
    assert.equal("用 lu 分解 3 次，快 25% 以上（n = 10）；残差 1e-10", zh.typeset("用lu分解3次， 快25%以上 （n = 10） ；残差 1e-10"))
    assert.equal("数值一致", zh.typeset("数值 一致"))
  end)

  it("has the Chinese of every template in the sources, with the same places, and no other", function()
    local used, missing = {}, {}
    for _, path in ipairs(sources()) do
      for _, template in ipairs(templates(assert(file.read(path)), path)) do
        used[template] = true
        if not zh.said[template] then missing[#missing + 1] = ("%s: %s"):format(path, template) end
      end
    end
    assert.same({}, missing)
    for template, chinese in pairs(zh.said) do
      assert.is_true(used[template], "in the catalogue, not in the sources: " .. template)
      assert.equal(places(template), places(chinese), template)
      assert.is_nil(chinese:find("{[%a_]+:"), "the format is the template's: " .. chinese)
      local words = template:gsub("{[^}]*}", ""):find("%l%l%l")
      assert.is_truthy(chinese:find("[\xe4-\xe9]") or not words, "not in Chinese: " .. chinese)
    end
  end)
end)
