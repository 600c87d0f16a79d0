-- raises(text, fn, ...): fn(...) must raise an error whose message holds text, letter for letter.
local assert = require "luassert"

return function(text, fn, ...)
  local ok, message = pcall(fn, ...)
  assert.is_false(ok, "expected an error with: " .. text)
  assert.is_truthy(tostring(message):find(text, 1, true), "got: " .. tostring(message))
end
