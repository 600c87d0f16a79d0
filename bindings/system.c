/* The machine: time, threads, devices, and the engine's memory. */
#include "tensor.h"
#include <numlab/clock.h>
#include <numlab/parallel.h>
#include <string.h>

static int l_clock(lua_State *L) {
  lua_pushnumber(L, nl_clock());
  return 1;
}

/* nl.threads() -> n; nl.threads(n) sets it and returns the number before */
static int l_threads(lua_State *L) {
  int before = nl_threads();
  if (!lua_isnoneornil(L, 1)) {
    int64_t n = nlL_checkwhole(L, 1, "threads", "n");
    nlL_check(L, nl_threads_set(n < 0 || n > INT32_MAX ? -1 : (int)n));
  }
  lua_pushinteger(L, before);
  return 1;
}

/* nl.devices() -> {"cpu", "cuda:0", ..}, why there is nothing but the CPU (nil where there is) */
static int l_devices(lua_State *L) {
  int count = nl_device_count();
  lua_createtable(L, count, 0);
  for (int i = 0; i < count; i++) {
    lua_pushstring(L, nl_device_name(nl_device_at(i)));
    lua_rawseti(L, -2, i + 1);
  }
  if (count > 1) return 1;
  lua_pushstring(L, nl_device_why());
  return 2;
}

/* nl.device(name) -> what is known of it */
static int l_device(lua_State *L) {
  const nl_device *device = nlL_optdevice(L, 1, "device");
  lua_createtable(L, 0, 10);
  nlL_setstring(L, "device", nl_device_name(device));
  const nl_device_facts *facts = nl_device_describe(device);
  if (!facts) return 1;
  nlL_setstring(L, "name", facts->name);
  nlL_setstring(L, "driver", facts->driver);
  nlL_setstring(L, "runtime", facts->runtime);
  nlL_setstring(L, "build", facts->build);
  lua_pushfstring(L, "%d.%d", facts->major, facts->minor);
  lua_setfield(L, -2, "capability");
  nlL_setinteger(L, "processors", facts->processors);
  nlL_setinteger(L, "memory_bytes", facts->memory_bytes);
  nlL_setinteger(L, "l2_bytes", facts->l2_bytes);
  nlL_setinteger(L, "shared_bytes", facts->shared_bytes);
  return 1;
}

/* nl.synchronize(device): wait for what was queued there */
static int l_synchronize(lua_State *L) {
  nlL_check(L, nl_device_sync(nlL_optdevice(L, 1, "synchronize")));
  return 0;
}

/* What nl_device_time calls: the Lua function at index 1, protected; its results stay on the stack. */
static nl_status call_function(void *context) {
  lua_State *L = context;
  lua_pushvalue(L, 1);
  return lua_pcall(L, 0, LUA_MULTRET, 0) == LUA_OK ? NL_OK : NL_INTERNAL;
}

/* nl.device_time(fn, device) -> seconds, what fn returned */
static int l_device_time(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  nl_device *device = nlL_optdevice(L, 2, "device_time");
  double seconds = 0;
  lua_settop(L, 1);
  nl_status s = nl_device_time(device, call_function, L, &seconds);
  if (s == NL_INTERNAL) return lua_error(L); /* of fn */
  nlL_check(L, s);
  lua_pushnumber(L, seconds);
  lua_replace(L, 1);
  return lua_gettop(L);
}

/* --- memory ------------------------------------------------------------------------------------------ */

static nl_device_memory counts_of(lua_State *L, nl_device *device) {
  nl_device_memory now;
  nlL_check(L, nl_device_memory_of(device, &now));
  return now;
}

static int l_live(lua_State *L) {
  lua_pushinteger(L, counts_of(L, nlL_optdevice(L, 1, "memory.live")).live);
  return 1;
}

/* nl.memory.limit() -> bytes; nl.memory.limit(bytes or "4GiB") sets it and returns the limit before */
static int l_limit(lua_State *L) {
  int64_t before = nl_memory().limit, bytes = 0;
  if (!lua_isnoneornil(L, 1)) {
    if (lua_type(L, 1) == LUA_TSTRING) nlL_check(L, nl_memory_parse(lua_tostring(L, 1), &bytes));
    else bytes = nlL_checkwhole(L, 1, "memory.limit", "bytes");
    nlL_check(L, nl_memory_set_limit(bytes));
  }
  lua_pushinteger(L, before);
  return 1;
}

/* A device has one counter of the peak. A measurement inside a measurement starts it again, so each keeps in
 * *enclosing the highest value seen so far by those around it, and raises it when it ends. */
typedef struct measurement {
  nl_device *device;
  int64_t highest;
} measurement;

enum { MOST_DEVICES = 17 }; /* the CPU and what a plugin shows */

static measurement *around(lua_State *L, nl_device *device) {
  measurement *all = lua_touserdata(L, lua_upvalueindex(1));
  int i = 0;
  while (i < MOST_DEVICES - 1 && all[i].device && all[i].device != device) i++;
  all[i].device = device;
  return &all[i];
}

/* nl.memory.peak(fn, device) -> bytes, what fn returned. Upvalue 1: the measurements around this one. */
static int l_peak(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  nl_device *device = nlL_optdevice(L, 2, "memory.peak");
  measurement *enclosing = around(L, device);
  lua_settop(L, 1);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT); /* what the first one only finalised */
  nl_device_memory before = counts_of(L, device);
  int64_t outer = before.peak > enclosing->highest ? before.peak : enclosing->highest;
  enclosing->highest = 0;
  nl_device_reset_peak(device);
  lua_pushvalue(L, 1);
  int status = lua_pcall(L, 0, LUA_MULTRET, 0);
  int64_t peak = counts_of(L, device).peak;
  if (enclosing->highest > peak) peak = enclosing->highest; /* measured inside */
  enclosing->highest = outer > peak ? outer : peak;
  if (status != LUA_OK) return lua_error(L);
  lua_pushinteger(L, peak - before.live);
  lua_replace(L, 1);
  return lua_gettop(L);
}

/* Of a device beside the CPU: pooled, free and total instead of blocks and limit. */
static int counts_elsewhere(lua_State *L, nl_device *device) {
  nl_device_memory now = counts_of(L, device);
  lua_createtable(L, 0, 9);
  nlL_setinteger(L, "live", now.live);
  nlL_setinteger(L, "peak", now.peak);
  nlL_setinteger(L, "results", now.live_kind[NL_RESULT]);
  nlL_setinteger(L, "workspace", now.live_kind[NL_WORKSPACE]);
  nlL_setinteger(L, "peak_results", now.peak_kind[NL_RESULT]);
  nlL_setinteger(L, "peak_workspace", now.peak_kind[NL_WORKSPACE]);
  nlL_setinteger(L, "pooled", now.pooled);
  nlL_setinteger(L, "free", now.free);
  nlL_setinteger(L, "total", now.total);
  return 1;
}

/* nl.memory.counts() -> table: live, peak, results, workspace, peak_results, peak_workspace, blocks, limit */
static int l_counts(lua_State *L) {
  nl_device *device = nlL_optdevice(L, 1, "memory.counts");
  if (!nl_device_is_cpu(device)) return counts_elsewhere(L, device);
  nl_memory_counts now = nl_memory();
  const struct {
    const char *name;
    int64_t value;
  } fields[] = {{"live", now.live},
                {"peak", now.peak},
                {"results", now.live_kind[NL_RESULT]},
                {"workspace", now.live_kind[NL_WORKSPACE]},
                {"peak_results", now.peak_kind[NL_RESULT]},
                {"peak_workspace", now.peak_kind[NL_WORKSPACE]},
                {"blocks", now.blocks},
                {"limit", now.limit}};
  lua_createtable(L, 0, 8);
  for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
    lua_pushinteger(L, fields[i].value);
    lua_setfield(L, -2, fields[i].name);
  }
  return 1;
}

static const luaL_Reg functions[] = {
    {"clock", l_clock},   {"threads", l_threads},         {"devices", l_devices},
    {"device", l_device}, {"synchronize", l_synchronize}, {"device_time", l_device_time},
    {NULL, NULL}};
static const luaL_Reg memory_functions[] = {
    {"live", l_live}, {"limit", l_limit}, {"counts", l_counts}, {NULL, NULL}};

void nlL_open_system(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  luaL_newlib(L, memory_functions);
  measurement *all = lua_newuserdatauv(L, MOST_DEVICES * sizeof *all, 0);
  memset(all, 0, MOST_DEVICES * sizeof *all);
  lua_pushcclosure(L, l_peak, 1);
  lua_setfield(L, -2, "peak");
  lua_setfield(L, -2, "memory");
}
