/* How bindings fail: misuse raises at the user's line, outcomes are nil, message, info. */
#include "support.h"
#include <limits.h>
#include <numlab/interrupt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Push "FILE:LINE: " of the user's line: the first one up the stack outside numlab's own library, whose
 * functions hand on what they were given. "" where C called what failed, as after pcall(nl.eye, "x"). */
static void push_where(lua_State *L) {
  char own[PATH_MAX + 32] = "";
  lua_Debug call;
  int level = 1;
  bool from_c = false;
  if (nlL_scripts()) snprintf(own, sizeof own, "@%s/lib/numlab/", nlL_scripts());
  for (; lua_getstack(L, level, &call); level++) {
    lua_getinfo(L, "S", &call);
    bool c = call.what[0] == 'C';
    if (!c && !(own[0] && strncmp(call.source, own, strlen(own)) == 0)) break;
    from_c = c;
  }
  if (from_c) lua_pushliteral(L, "");
  else luaL_where(L, level);
}

int nlL_error(lua_State *L, const char *format, ...) {
  va_list facts;
  push_where(L);
  va_start(facts, format);
  lua_pushvfstring(L, format, facts);
  va_end(facts);
  lua_concat(L, 2);
  return lua_error(L);
}

void nlL_check(lua_State *L, nl_status status) {
  if (status != NL_OK) nlL_error(L, "%s", nl_message());
}

void nlL_poll(lua_State *L, const char *what, int64_t i) {
  if (i % 4096 == 0 && nl_interrupted()) nlL_error(L, "%s: interrupted", what);
}

/* The last outcome, kept in the registry: where its nil is passed on, the message there can tell of it. */
static const char OUTCOME[] = "numlab.outcome";

int nlL_outcome(lua_State *L) {
  lua_pushstring(L, nl_message());
  lua_setfield(L, LUA_REGISTRYINDEX, OUTCOME);
  lua_pushnil(L);
  lua_pushstring(L, nl_message());
  return 2;
}

int nlL_failed(lua_State *L, nl_status status) {
  if (!nl_status_is_outcome(status)) nlL_check(L, status);
  nlL_outcome(L);
  lua_createtable(L, 0, 2);
  nlL_setstring(L, "code", nl_status_name(status));
  return 3;
}

/* --- wrong types -------------------------------------------------------------------------------------- */

/* Is the function at `at` what the table on top has under this name? What it looked at stays on the stack. */
static bool holds(lua_State *L, int at, const char *name) {
  return lua_istable(L, -1) && lua_getfield(L, -1, name) != LUA_TNIL && lua_rawequal(L, -1, at);
}

/* "t:sum" where the running function is a method that was called as t.sum(..); NULL else, also for what nl
 * has as a function too (nl.where). */
static const char *dotted(lua_State *L) {
  static const char *const classes[][2] = {
      {NLL_TENSOR, "t"}, {NLL_SPARSE, "S"}, {NLL_LU, "F"}, {NLL_SQLITE, "db"}, {NULL, NULL}};
  lua_Debug call;
  int top = lua_gettop(L);
  const char *object = NULL;
  if (!lua_getstack(L, 0, &call) || !lua_getinfo(L, "nf", &call)) return NULL;
  bool plain = call.name && strcmp(call.namewhat, "field") == 0;
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  lua_getfield(L, -1, "numlab");
  if (plain && holds(L, top + 1, call.name)) plain = false;
  for (int i = 0; plain && !object && classes[i][0]; i++) {
    lua_settop(L, top + 1);
    luaL_getmetatable(L, classes[i][0]);
    if (lua_istable(L, -1)) lua_getfield(L, -1, "methods");
    if (holds(L, top + 1, call.name)) object = classes[i][1];
  }
  lua_settop(L, top);
  return object ? lua_pushfstring(L, "%s:%s", object, call.name) : NULL;
}

const char *nlL_mend(lua_State *L, int arg, const char *expected) {
  const char *method = arg == 1 ? dotted(L) : NULL;
  bool tensor = strncmp(expected, "tensor", 6) == 0;
  if (method) return lua_pushfstring(L, "; a method takes a colon: %s(..)", method);
  if (lua_isnil(L, arg) && lua_getfield(L, LUA_REGISTRYINDEX, OUTCOME) == LUA_TSTRING) {
    lua_pushnil(L); /* told once: a second nil hardly comes from it */
    lua_setfield(L, LUA_REGISTRYINDEX, OUTCOME);
    return lua_pushfstring(L, "; the last call that gave nil said: %s", lua_tostring(L, -1));
  }
  if (tensor && lua_istable(L, arg)) return "; nl.tensor(..) makes one of a table";
  if (tensor && luaL_testudata(L, arg, NLL_SPARSE)) return "; S:dense() makes one of a sparse matrix";
  if (strcmp(expected, "sparse matrix") == 0 && luaL_testudata(L, arg, NLL_TENSOR))
    return "; nl.sparse.from(t) makes one of a tensor";
  return "";
}

int nlL_typeerror(lua_State *L, int arg, const char *expected) {
  const char *got = lua_isnone(L, arg) ? "no value" : nlL_typename(L, arg);
  return luaL_argerror(
      L, arg, lua_pushfstring(L, "%s expected, got %s%s", expected, got, nlL_mend(L, arg, expected)));
}
