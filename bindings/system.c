/* The machine: time, threads, memory, devices. */
#include "support.h"
#include <numlab/clock.h>
#include <numlab/parallel.h>

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

static void check_device(lua_State *L, int arg, const char *what) {
  static const char *const known[] = {"cpu", NULL};
  const char *device = luaL_optstring(L, arg, "cpu");
  if (device[0] == 'c' && device[1] == 'p' && device[2] == 'u' && device[3] == 0) return;
  nlL_unknown(L, what, "device", device, known);
}

static int l_live(lua_State *L) {
  check_device(L, 1, "memory.live");
  lua_pushinteger(L, nl_memory().live);
  return 1;
}

static const luaL_Reg functions[] = {{"clock", l_clock}, {"threads", l_threads}, {NULL, NULL}};
static const luaL_Reg memory_functions[] = {{"live", l_live}, {NULL, NULL}};

void nlL_open_system(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  luaL_newlib(L, memory_functions);
  lua_setfield(L, -2, "memory");
}
