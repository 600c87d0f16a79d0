/* numlab repl: rounds of reading, running and printing until the input ends. What a round is,
 * scripts/lib/numlab/repl.lua says; here it is protected, so that neither an error nor a Ctrl-C ends the
 * session. */
#include "program.h"
#include <stdio.h>

/* numlab.repl's NAME, called with the editor at index 1; a Lua status, one result on top. */
static int call_library(lua_State *L, const char *name) {
  lua_getfield(L, 2, name);
  lua_pushvalue(L, 1);
  return nlL_program_call(L, 1, 1, 0);
}

/* The error as print would show it; its __tostring may fail. */
static int describe(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

static void complain(lua_State *L) {
  lua_pushcfunction(L, describe);
  lua_pushvalue(L, -2);
  if (lua_pcall(L, 1, 1, 0) != LUA_OK)
    lua_pushfstring(L, "(error object is a %s value)", luaL_typename(L, -2));
  fflush(stdout);
  fprintf(stderr, "%s\n", lua_tostring(L, -1));
}

static void require(lua_State *L, const char *library) {
  lua_getglobal(L, "require");
  lua_pushstring(L, library);
  lua_call(L, 1, 1);
}

static int repl(lua_State *L) {
  lua_settop(L, 0);
  nlL_program_editor(L);
  require(L, "numlab.repl_globals");
  lua_pop(L, 1);
  require(L, "numlab.repl");
  if (call_library(L, "start") != LUA_OK) return lua_error(L);
  for (int more = 1; more;) {
    lua_settop(L, 2);
    if (call_library(L, "round") == LUA_OK) more = lua_toboolean(L, -1);
    else complain(L);
    nlL_program_interrupt_taken();
  }
  return 0;
}

int nlL_program_repl(int argc, char **argv) {
  if (argc > 1) {
    fprintf(stderr, "numlab repl: takes no words, got '%s' (numlab repl --help)\n", argv[1]);
    return NLL_EXIT_USAGE;
  }
  return nlL_program(repl, argc, argv);
}
