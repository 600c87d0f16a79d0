---@meta

--- Read a file by its extension: `.mtx` (Matrix Market; coordinate -> sparse matrix, array -> f64 tensor).
--- Real, integer and pattern fields (a pattern's values are 1); general, symmetric and skew-symmetric files,
--- expanded. Complex files are refused. Entries given twice are summed.
--- Format: Boisvert, Pozo, Remington, NISTIR 5935 (1996).
--- `.npy` (NumPy, versions 1.0 to 3.0, both byte orders, f64 f32 f16 i64 i32 i16 u8 bool) -> tensor; a
--- column-major array keeps its column-major strides. Complex numbers, objects, strings and structures are refused.
--- Format: NEP 1 (2007), numpy.lib.format.
--- Raises on an unknown extension or option.
---@param path string
---@return any x a tensor or a sparse matrix; nil when the file is missing, unreadable or malformed
---@return string? message file, line or byte, and reason
---@return table? info `code`: "IO" or "INTERRUPTED"
--- Example:
---     local path = os.tmpname() .. ".mtx"
---     nl.save(path, nl.tensor({{1, 2}, {3, 4}}))
---     assert(nl.load(path)(2, 1) == 3)
---     os.remove(path)
---     local x, message, info = nl.load("no-such-file.mtx")
---     assert(x == nil and info.code == "IO" and message:find("No such file", 1, true))
function nl.load(path) end

--- Write a file by its extension: `.mtx` (sparse -> coordinate, tensor of 1 or 2 dimensions -> array). The new
--- file replaces the old one only when it is complete. `.npy` (version 1.0; any tensor but bf16). Values read back as the same numbers.
--- Raises on an unknown extension or option, and when x lacks the symmetry or field asked for.
---@param path string
---@param x any a tensor or a sparse matrix
---@param opts? table `symmetry`: "general" | "symmetric" | "skew-symmetric"; `field`: "auto" | "real" | "integer" | "pattern"
---@return boolean? done true; nil when the file cannot be written
---@return string? message
---@return table? info `code`: "IO" or "INTERRUPTED"
--- Example:
---     local path = os.tmpname() .. ".mtx"
---     assert(nl.save(path, nl.tensor({{2, 1}, {1, 2}}), {symmetry = "symmetric"}))
---     assert(nl.load(path)(1, 2) == 1)
---     os.remove(path)
function nl.save(path, x, opts) end
