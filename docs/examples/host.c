/* A C program with a Lua state of its own, in which numlab is one library among its own functions.
 *
 *     cc -o host host.c $(pkg-config --cflags --libs numlab-lua)
 *
 * The program lends its scripts a function, runs one, and takes numbers back. */
#include <lauxlib.h>
#include <lualib.h>
#include <numlab.h>
#include <stdio.h>

/* measured(i) -> number: what a host would read from an instrument. */
static int measured(lua_State *L) {
  static const double values[] = {1.0, 2.9, 5.1, 7.0};
  lua_Integer i = luaL_checkinteger(L, 1);
  luaL_argcheck(L, i >= 1 && i <= 4, 1, "1 to 4");
  lua_pushnumber(L, values[i - 1]);
  return 1;
}

/* The straight line through four points, by elimination on the normal equations A'A c = A'y. */
static const char script[] = "local nl = require 'numlab'\n"
                             "local A, y = nl.ones(4, 2), nl.zeros(4)\n"
                             "for i = 1, 4 do A:set(i - 1, i, 2) y:set(measured(i), i) end\n"
                             "local c = assert(nl.solve(A.T * A, A.T * y, { method = 'gauss' }))\n"
                             "return c(1), c(2), nl.stats.median(y:totable())\n";

int main(void) {
  lua_State *L = luaL_newstate();
  if (!L) return 1;
  luaL_openlibs(L);
  luaL_requiref(L, "numlab", luaopen_numlab, 0); /* for require; no global */
  lua_pop(L, 1);
  lua_register(L, "measured", measured);
  int failed = luaL_loadbufferx(L, script, sizeof script - 1, "=script", "t") || lua_pcall(L, 0, 3, 0);
  if (failed) fprintf(stderr, "host: %s\n", lua_tostring(L, -1));
  else
    printf("y = %.2f + %.2f t, median %.2f\n", lua_tonumber(L, -3), lua_tonumber(L, -2), lua_tonumber(L, -1));
  lua_close(L);
  return failed != 0;
}
