-- starves(run, most, step): run() under a memory limit that grows from what is live by `step` up to `most` bytes until
-- it succeeds. Each failure before must say "out of memory" and leave no bytes behind; there must be one at least.
local assert = require "luassert"
local nl = require "numlab"

local function collect()
  collectgarbage()
  collectgarbage()
end

return function(run, most, step)
  collect()
  local before, limit = nl.memory.live(), nl.memory.limit()
  local failures, ok, message = 0, nil, nil
  for room = 0, most, step do
    nl.memory.limit(before + room)
    ok, message = pcall(run)
    nl.memory.limit(limit)
    if ok then break end
    failures = failures + 1
    assert.is_truthy(tostring(message):find("out of memory", 1, true), message)
    message = nil
    collect()
    assert.equal(before, nl.memory.live())
  end
  assert.is_true(ok, "still out of memory with all the room there was to try")
  assert.is_true(failures > 0, "took no memory at all")
end
