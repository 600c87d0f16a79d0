-- Time, threads, devices, memory.
return {
  ["nl.clock"] = {
    { "nl.clok()", "attempt to call a nil value (field 'clok'); nl has no 'clok' (did you mean 'clock'?)" },
  },
  ["nl.folder"] = {
    { "nl.folder()", "bad argument #1 to 'folder' (string expected, got no value)" },
    { "nl.folder('a\\0')", "bad argument #1 to 'folder' (a path must not contain a zero byte)" },
  },
  ["nl.threads"] = {
    { "nl.threads('2')", "threads: n must be a whole number, got the string '2'" },
    { "nl.threads(0)", "threads: 0, expected 1 to 256" },
    { "nl.threads(1.5)", "threads: n must be a whole number, got 1.5" },
    { "nl.threads(1000)", "threads: 1000, expected 1 to 256" },
  },
  ["nl.devices"] = {
    { "nl.devics()", "attempt to call a nil value (field 'devics'); nl has no 'devics' (did you mean 'device'?)" },
  },
  ["nl.device"] = {
    { "nl.device('gpu')", "device: unknown device 'gpu' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
    { "nl.device(1)", "device: unknown device '1' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
  },
  ["nl.synchronize"] = {
    { "nl.synchronize('cdua')", "synchronize: unknown device 'cdua' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
    { "nl.sync()", "attempt to call a nil value (field 'sync'); nl has no 'sync' (did you mean 'synchronize'?)" },
  },
  ["nl.device_time"] = {
    { "nl.device_time()", "bad argument #1 to 'device_time' (function expected, got no value)" },
    { "nl.device_time(print, 'gpu')", "device_time: unknown device 'gpu' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
  },
  ["nl.memory.live"] = {
    { "nl.memory.live('gpu')", "memory.live: unknown device 'gpu' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
  },
  ["nl.memory.peak"] = {
    { "nl.memory.peak()", "bad argument #1 to 'peak' (function expected, got no value)" },
    { "nl.memory.peak(print, 'gpu')", "memory.peak: unknown device 'gpu' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
  },
  ["nl.memory.limit"] = {
    { "nl.memory.limit('x')", "memory size 'x' is not a number of bytes such as 4GiB, 512MiB or 1000000" },
    { "nl.memory.limit(1.5)", "memory.limit: bytes must be a whole number, got 1.5" },
    { "nl.memory.limit(-1)", "memory limit: -1 bytes, expected at least 1" },
    { "nl.memory.limit('4 gb')", "memory size '4 gb' is not a number of bytes such as 4GiB, 512MiB or 1000000" },
  },
  ["nl.memory.counts"] = {
    { "nl.memory.counts('x')", "memory.counts: unknown device 'x' (known: cpu, cuda, cuda:0, cuda:1, ..)" },
    { "nl.memory.count()",
      "attempt to call a nil value (field 'count'); nl.memory has no 'count' (did you mean 'counts'?)" },
  },
  ["nl.facts"] = {
    { "nl.fact()", "attempt to call a nil value (field 'fact'); nl has no 'fact' (did you mean 'facts'?)" },
  },
}
