/* The machine: time, threads, devices, and the engine's memory. */
#include "support.h"
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
    lua_Integer n = luaL_checkinteger(L, 1);
    nlL_check(L, nl_threads_set(n < 0 || n > INT32_MAX ? -1 : (int)n));
  }
  lua_pushinteger(L, before);
  return 1;
}

static int l_devices(lua_State *L) {
  lua_createtable(L, 1, 0);
  lua_pushliteral(L, "cpu");
  lua_rawseti(L, -2, 1);
  return 1;
}

/* --- memory ------------------------------------------------------------------------------------------ */

static void check_device(lua_State *L, int arg, const char *what) {
  static const char *const known[] = {"cpu", NULL};
  const char *device = luaL_optstring(L, arg, "cpu");
  if (strcmp(device, "cpu") != 0) nlL_unknown(L, what, "device", device, known);
}

static int l_live(lua_State *L) {
  check_device(L, 1, "memory.live");
  lua_pushinteger(L, nl_memory().live);
  return 1;
}

/* nl.memory.limit() -> bytes; nl.memory.limit(bytes or "4GiB") sets it and returns the limit before */
static int l_limit(lua_State *L) {
  int64_t before = nl_memory().limit, bytes = 0;
  if (!lua_isnoneornil(L, 1)) {
    if (lua_type(L, 1) == LUA_TSTRING) nlL_check(L, nl_memory_parse(lua_tostring(L, 1), &bytes));
    else bytes = luaL_checkinteger(L, 1);
    nlL_check(L, nl_memory_set_limit(bytes));
  }
  lua_pushinteger(L, before);
  return 1;
}

/* The peak is one counter of the engine. A measurement inside a measurement starts it again, so each keeps in
 * *enclosing the highest value seen so far by those around it, and raises it when it ends. */
typedef struct measurement {
  int64_t highest;
} measurement;

/* nl.memory.peak(fn, device) -> bytes, what fn returned. Upvalue 1: the measurement around this one. */
static int l_peak(lua_State *L) {
  luaL_checktype(L, 1, LUA_TFUNCTION);
  check_device(L, 2, "memory.peak");
  measurement *around = lua_touserdata(L, lua_upvalueindex(1));
  lua_settop(L, 1);
  lua_gc(L, LUA_GCCOLLECT);
  lua_gc(L, LUA_GCCOLLECT); /* what the first one only finalised */
  nl_memory_counts before = nl_memory();
  int64_t outer = before.peak > around->highest ? before.peak : around->highest;
  around->highest = 0;
  nl_memory_reset_peak();
  lua_pushvalue(L, 1);
  int status = lua_pcall(L, 0, LUA_MULTRET, 0);
  int64_t peak = nl_memory().peak;
  if (around->highest > peak) peak = around->highest; /* measured inside */
  around->highest = outer > peak ? outer : peak;
  if (status != LUA_OK) return lua_error(L);
  lua_pushinteger(L, peak - before.live);
  lua_replace(L, 1);
  return lua_gettop(L);
}

/* nl.memory.counts() -> table: live, peak, results, workspace, peak_results, peak_workspace, blocks, limit */
static int l_counts(lua_State *L) {
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
    {"clock", l_clock}, {"threads", l_threads}, {"devices", l_devices}, {NULL, NULL}};
static const luaL_Reg memory_functions[] = {
    {"live", l_live}, {"limit", l_limit}, {"counts", l_counts}, {NULL, NULL}};

void nlL_open_system(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  luaL_newlib(L, memory_functions);
  measurement *around = lua_newuserdatauv(L, sizeof *around, 0);
  around->highest = 0;
  lua_pushcclosure(L, l_peak, 1);
  lua_setfield(L, -2, "peak");
  lua_setfield(L, -2, "memory");
}
