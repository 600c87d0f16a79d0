---@meta numlab

---@class numlab
local nl = {}

---What this numlab is and what it found here: the record that goes with results. Opens every borrowed library.
---
---version, build (the linker's hash of the code), compiler, flags, lua; cpu: detected, level (in use), kernels (the
---level whose kernels run); libraries: a list of {name, found, version, path, kernels, threads, problem, package}.
---@return table
--- Example:
---     local facts = nl.facts()
---     assert(facts.version == nl.version and facts.lua:find "Lua 5.4")
---     local first = facts.libraries[1]
---     assert(first.name == "openblas" and (first.found or first.problem ~= ""))
function nl.facts() end

return nl
