-- An error inside a coroutine that is wrapped, raised again outside.
local co = coroutine.wrap(function() error "inside" end)
co()
