---@meta numlab

---@class numlab
local nl = {}
nl.memory = {}

---Monotonic time in seconds since an arbitrary start.
---@return number seconds
--- Example:
---     local start = nl.clock()
---     assert(nl.clock() >= start)
function nl.clock() end

---Threads in use; with n, set them and return the number before. Raises outside 1 to 256.
---@param n? integer
---@return integer threads before the call
--- Example:
---     local before = nl.threads(1)
---     assert(nl.threads(before) == 1)
function nl.threads(n) end

---Devices this build can use.
---@return string[] names
--- Example:
---     assert(nl.devices()[1] == "cpu")
function nl.devices() end

---Live bytes of the engine. Dropped tensors count until they are collected.
---@param device? "cpu"
---@return integer bytes
--- Example:
---     collectgarbage() collectgarbage()
---     local before = nl.memory.live()
---     local t <close> = nl.zeros(1000)
---     assert(nl.memory.live() - before >= 8000)
function nl.memory.live(device) end

---Highest live bytes during fn minus live bytes at entry after a full collection; what fn returns is counted.
---Errors of fn pass through. Measurements may nest.
---@param fn function
---@param device? "cpu"
---@return integer bytes
---@return any ... what fn returned
--- Example:
---     local bytes, t = nl.memory.peak(function() return nl.ones(1000) end)
---     assert(bytes >= 8000 and bytes < 9000 and t:sum() == 1000)
function nl.memory.peak(fn, device) end

---Bytes the engine may take; with an argument, set them and return the limit before. Raises on other texts.
---@param bytes? integer|string a number, or a text such as "4GiB"
---@return integer bytes the limit before the call
--- Example:
---     local before = nl.memory.limit("1GiB")
---     assert(nl.memory.limit(before) == 1 << 30)
function nl.memory.limit(bytes) end

---The allocator's counters in bytes: live, peak, results (live bytes that callers keep), workspace (what calls give back
---before they return), peak_results and peak_workspace (the highest of each by itself since nl.memory.peak began last),
---limit; and blocks, their number.
---@return table counts
--- Example:
---     assert(nl.memory.counts().live == nl.memory.live())
function nl.memory.counts() end
