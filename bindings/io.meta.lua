---@meta numlab

---@class numlab
local nl = {}

---@class nl.LoadOptions
---@field header? boolean .csv: whether the first line holds names; without it, it does when none of its fields is a number

--- Read a file by its extension.
--- `.mtx` (Matrix Market; coordinate -> sparse matrix, array -> f64 tensor): real, integer and pattern fields (a
--- pattern's values are 1); general, symmetric and skew-symmetric, expanded; entries given twice are summed;
--- complex files are refused. Format: Boisvert, Pozo, Remington, NISTIR 5935 (1996).
--- `.npy` (NumPy, versions 1.0 to 3.0) -> tensor: f64 f32 f16 i64 i32 i16 u8 bool in either byte order; a
--- column-major array keeps column-major strides; complex numbers, objects, strings and structures are refused.
--- Format: NEP 1 (2007), numpy.lib.format.
--- `.npz` -> a table name -> tensor: stored and deflated entries; needs libzip.
--- `.csv` -> f64 matrix, and the names of its columns when there is a header line. Format: RFC 4180 (2005).
--- Raises on an unknown extension or option.
---@param path string
---@param opts? nl.LoadOptions
---@return any x a tensor, a sparse matrix or, for .npz, a table of tensors; nil when the file is missing, unreadable or malformed
---@return any message the column names, or where x is nil: file, line or byte, and reason
---@return table? info `code`: "IO", "INTERRUPTED" or, for .npz without libzip, "UNAVAILABLE"
--- Example:
---     local path = os.tmpname()
---     os.remove(path)
---     path = path .. ".mtx"
---     nl.save(path, nl.tensor({{1, 2}, {3, 4}}))
---     assert(nl.load(path)(2, 1) == 3)
---     os.remove(path)
---     local x, message, info = nl.load("no-such-file.mtx")
---     assert(x == nil and info.code == "IO" and message:find("No such file", 1, true))
function nl.load(path, opts) end

---@class nl.SaveOptions
---@field symmetry? "general"|"symmetric"|"skew-symmetric" .mtx; default "general"
---@field field? "auto"|"real"|"integer"|"pattern" .mtx; default "auto": "integer" for tensors of integers, else "real"
---@field names? string[] .csv: the header line, a name a column
---@field compress? boolean .npz: deflate the entries

--- Write a file by its extension. The new file replaces the old one only when it is complete; values read back
--- as the same numbers.
--- `.mtx`: sparse -> coordinate, tensor of 1 or 2 dimensions -> array.
--- `.npy` (version 1.0): any tensor but bf16.
--- `.npz`: a table name -> tensor, written in the order of the names and at a fixed date; needs libzip.
--- `.csv`: a matrix, or a vector as one column.
--- Raises on an unknown extension or option, and when x is not what the format can hold or lacks the symmetry or
--- field asked for.
---@param path string
---@param x any a tensor, a sparse matrix or, for .npz, a table of tensors
---@param opts? nl.SaveOptions
---@return boolean? done true; nil when the file cannot be written
---@return string? message
---@return table? info `code`: "IO", "INTERRUPTED" or, for .npz without libzip, "UNAVAILABLE"
--- Example:
---     local table_path = os.tmpname()
---     os.remove(table_path)
---     table_path = table_path .. ".csv"
---     assert(nl.save(table_path, nl.tensor({{1, 0.5}, {2, 0.25}}), {names = {"n", "error"}}))
---     local x, names = nl.load(table_path)
---     assert(x(2, 2) == 0.25 and names[2] == "error")
---     os.remove(table_path)
---     local path = os.tmpname()
---     os.remove(path)
---     path = path .. ".mtx"
---     assert(nl.save(path, nl.tensor({{2, 1}, {1, 2}}), {symmetry = "symmetric"}))
---     assert(nl.load(path)(1, 2) == 1)
---     os.remove(path)
---     local archive = os.tmpname()
---     os.remove(archive)
---     archive = archive .. ".npz"
---     local done, message, info = nl.save(archive, {A = nl.eye(2), b = nl.ones(2)})
---     assert(done and nl.load(archive).b(2) == 1 or info.code == "UNAVAILABLE", message)
---     os.remove(archive)
function nl.save(path, x, opts) end

return nl
