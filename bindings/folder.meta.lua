---@meta numlab

---@class numlab
local nl = {}

--- The names in a folder, in the system's order; those of folders end in "/", links are followed. Neither "." nor ".."
--- is among them, nor what is neither file nor folder.
---@internal of numlab.file and completion
---@param path string
---@return string[]? names
---@return string? message
--- Example:
---     local names, message = nl.folder "no-such-folder"
---     assert(names == nil and message:find "No such file")
function nl.folder(path) end

return nl
