-- Loaded by busted before each spec: a test fails when it leaves engine memory live.
-- What a test makes is local to it, or is dropped in after_each.
local busted = require "busted"
local nl = require "numlab"

local function live()
  -- twice: a finaliser of the first collection may drop the last reference to another handle
  collectgarbage()
  collectgarbage()
  return nl.memory.live()
end

if nl.memory then
  local before = 0
  -- at the root, so they enclose the before_each and after_each of every spec
  busted.before_each(function() before = live() end)
  busted.after_each(function()
    local grown = live() - before
    if grown > 0 then
      error(grown .. " bytes of engine memory are still live after this test: hold what it makes in its locals, "
        .. "or drop it in after_each", 0)
    end
  end)
end
