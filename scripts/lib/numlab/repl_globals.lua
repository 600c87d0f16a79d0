--- At the prompt people call their variables `type`, `table` or `error`. numlab's own libraries go on with what Lua has under
--- these names: required after this one, they get a copy of the globals as they are now, whose _G is that of the prompt.
---@internal of the program
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])")
local kept, loadfile, searchpath, package = {}, loadfile, package.searchpath, package
for name, value in next, _G do kept[name] = value end

table.insert(package.searchers, 2, function(name)
  local path = name:find("^numlab%.") and searchpath(name, package.path)
  if not path or path:sub(1, #here) ~= here then return nil end
  local run, message = loadfile(path, "t", kept)
  return run or message, path
end)
