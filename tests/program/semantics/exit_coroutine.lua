coroutine.wrap(function() os.exit(3, true) end)()
