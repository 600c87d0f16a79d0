/* The numlab program: subcommands around one Lua state. All of it runs under lua_pcall. */
#include "numlab.h"
#include "support.h"
#include <lualib.h>
#include <stdio.h>
#include <string.h>

static int run(lua_State *L) {
  int argc = (int)lua_tointeger(L, 1);
  char **argv = lua_touserdata(L, 2);
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_numlab);
  lua_setfield(L, -2, "numlab");
  lua_pop(L, 1);
  if (argc == 3 && strcmp(argv[1], "-e") == 0) {
    if (luaL_loadstring(L, argv[2]) != LUA_OK) lua_error(L);
    lua_call(L, 0, 0);
  } else if (argc >= 3 && strcmp(argv[1], "run") == 0) {
    lua_createtable(L, argc - 3, 0);
    for (int i = 2; i < argc; i++) {
      lua_pushstring(L, argv[i]);
      lua_rawseti(L, -2, i - 2);
    }
    lua_setglobal(L, "arg");
    if (luaL_loadfile(L, argv[2]) != LUA_OK) lua_error(L);
    for (int i = 3; i < argc; i++) lua_pushstring(L, argv[i]);
    lua_call(L, argc - 3, 0);
  } else {
    luaL_error(L, "usage: numlab run FILE [words ...] | numlab -e CODE");
  }
  return 0;
}

int main(int argc, char **argv) {
  lua_State *L = luaL_newstate();
  if (!L) return 1;
  lua_pushcfunction(L, run);
  lua_pushinteger(L, argc);
  lua_pushlightuserdata(L, argv);
  int status = lua_pcall(L, 2, 0, 0);
  if (status != LUA_OK) fprintf(stderr, "numlab: %s\n", lua_tostring(L, -1));
  lua_close(L);
  return status == LUA_OK ? 0 : 1;
}
