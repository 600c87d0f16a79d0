---@meta numlab

---@class numlab
local nl = {}

---What the engine holds, by device.
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

---Devices that are here: "cpu", then "cuda:0" and so on. Where there is only the CPU, the reason too: no plugin
---(`make gpu` builds numlab_cuda.so), one of another build, a driver that is missing or too old, no device.
---@return string[] names
---@return string? why there is no other device than the CPU
--- Example:
---     local names, why = nl.devices()
---     assert(names[1] == "cpu" and (#names > 1 or #why > 0))
function nl.devices() end

---What is known of a device: device, and of a GPU name, driver, runtime, build (of the plugin),
---capability, processors, memory_bytes, l2_bytes, shared_bytes. Raises, with the reason, for one that is not here.
---@param device? string "cpu", "cuda", "cuda:1"
---@return table facts
--- Example:
---     assert(nl.device("cpu").device == "cpu")
function nl.device(device) end

---Wait until everything queued on a device has run; what failed there raises here. On the CPU nothing is queued.
---@param device? string
--- Example:
---     nl.synchronize("cpu")
function nl.synchronize(device) end

---Seconds that fn keeps a device busy, measured by events on a GPU and by the clock on the CPU. Errors of fn pass through.
---@param fn function
---@param device? string
---@return number seconds
---@return any ... what fn returned
--- Example:
---     local seconds, x = nl.device_time(function() return nl.ones(100):sum() end, "cpu")
---     assert(seconds >= 0 and x == 100)
function nl.device_time(fn, device) end

---Live bytes of the engine. Dropped tensors count until they are collected.
---@param device? string
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
---@param device? string
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
---limit; and blocks, their number. Of a GPU pooled (kept for later), free and total (of all programs) in their place.
---@param device? string
---@return table counts
--- Example:
---     assert(nl.memory.counts().live == nl.memory.live())
function nl.memory.counts(device) end

return nl
