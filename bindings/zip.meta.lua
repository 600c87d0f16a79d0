---@meta numlab

---@class numlab
local nl = {}

--- Archives of files in the zip format; libzip does the work and is opened at first use.
nl.zip = {}

---@class nl.ZipEntry
---@field name string parts with "/" between
---@field text string the bytes of the file
---@field executable? boolean may be run, where the system keeps that
---@field link? boolean read: a symbolic link, `text` is where it points
---@field utf8? boolean read: the name is in ASCII or flagged as UTF-8, so that every tool reads it alike

---@class nl.ZipReadOptions
---@field most? integer bytes that the files together may hold, default 1 GiB

--- Read all files of an archive, stored or deflated. Names come as they stand in the archive and may be anything:
--- absolute, with `..`, twice. Check them before writing a file by such a name.
--- Raises on an unknown option.
---@param path string
---@param opts? nl.ZipReadOptions
---@return nl.ZipEntry[]? entries in the order of the archive
---@return string? message
---@return table? info `code`: "IO", "INTERRUPTED" or, without libzip, "UNAVAILABLE"
--- Example:
---     local entries, message, info = nl.zip.read("no-such-file.zip")
---     assert(entries == nil and (info.code == "IO" or info.code == "UNAVAILABLE"), message)
function nl.zip.read(path, opts) end

--- Write an archive: deflated, in the order given, with names flagged as UTF-8 and the same time everywhere, so that the
--- same entries make the same bytes. It replaces an old file only when it is complete.
--- Raises when an entry is not {name =, text =} or there is none.
---@param path string
---@param entries nl.ZipEntry[]
---@return boolean? done true; nil when it cannot be written, or a name is there twice or is no UTF-8
---@return string? message
---@return table? info `code`: "IO", "INTERRUPTED" or, without libzip, "UNAVAILABLE"
--- Example:
---     local path = os.tmpname()
---     local done, message, info = nl.zip.write(path, { { name = "a/b.txt", text = "hello" } })
---     assert(done and nl.zip.read(path)[1].text == "hello" or info.code == "UNAVAILABLE", message)
---     os.remove(path)
function nl.zip.write(path, entries) end

return nl
