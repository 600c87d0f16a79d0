/* nl.zip: archives of files. One that cannot be read or written is an outcome (nil, message, info); entries
 * that are none raise. */
#include "support.h"
#include <numlab/io.h>
#include <string.h>

enum { MOST = 1 << 30 }; /* bytes out of one archive, unless told otherwise */

/* --- reading ------------------------------------------------------------------------------------------ */

static int l_release(lua_State *L) {
  nl_archive_release(lua_touserdata(L, 1));
  return 0;
}

/* What the engine read, until all of it is in Lua's hands: making strings and tables can raise. */
static nl_archive *new_archive(lua_State *L) {
  nl_archive *archive = lua_newuserdatauv(L, sizeof *archive, 0);
  *archive = (nl_archive){0};
  if (luaL_newmetatable(L, "numlab.zip")) {
    lua_pushcfunction(L, l_release);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return archive;
}

/* nl.zip.read(path[, opts]) -> list of {name, text, executable, link, utf8} | nil, message, info */
static int l_read(lua_State *L) {
  const char *path = nlL_checkpath(L, 1);
  nl_status status;
  nlL_checkoptions(L, 2, "zip.read", (const char *const[]){"most", NULL});
  int64_t most = nlL_optinteger(L, 2, "zip.read", "most", MOST);
  if (most < 0) nlL_error(L, "zip.read: most is %I, expected at least 0", (lua_Integer)most);
  nl_archive *found = new_archive(L);
  NLL_RETRY(L, status, nl_archive_read(path, most, found));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_createtable(L, (int)found->count, 0);
  for (int64_t i = 0; i < found->count; i++) {
    const nl_entry *e = &found->entries[i];
    lua_createtable(L, 0, 5);
    nlL_setstring(L, "name", e->name);
    lua_pushlstring(L, e->bytes, (size_t)e->size);
    lua_setfield(L, -2, "text");
    nlL_setboolean(L, "executable", e->executable);
    nlL_setboolean(L, "link", e->link);
    nlL_setboolean(L, "utf8", e->utf8);
    lua_rawseti(L, -2, i + 1);
  }
  nl_archive_release(found);
  return 1;
}

/* --- writing ------------------------------------------------------------------------------------------ */

/* A field of the entry on top of the stack; the entry keeps the string. */
static const char *check_field(lua_State *L, int64_t i, const char *field, size_t *length) {
  if (lua_getfield(L, -1, field) != LUA_TSTRING)
    nlL_error(L, "zip.write: entry %I: '%s' must be a string, got %s", (lua_Integer)i, field,
              nlL_describe(L, -1));
  const char *value = lua_tolstring(L, -1, length);
  lua_pop(L, 1);
  return value;
}

/* nl.zip.write(path, entries) -> true | nil, message, info */
static int l_write(lua_State *L) {
  static const char *const fields[] = {"name", "text", "executable", "link", "utf8", NULL};
  const char *path = nlL_checkpath(L, 1);
  nl_status status;
  luaL_checktype(L, 2, LUA_TTABLE);
  int64_t count = (int64_t)lua_rawlen(L, 2);
  nl_entry *entries = lua_newuserdatauv(L, (size_t)(count + 1) * sizeof *entries, 0);
  for (int64_t i = 0; i < count; i++) {
    size_t length, size;
    lua_rawgeti(L, 2, i + 1);
    if (!lua_istable(L, -1))
      nlL_error(L, "zip.write: entry %I is a %s, expected {name =, text =}", (lua_Integer)(i + 1),
                nlL_typename(L, -1));
    nlL_checkoptions(L, lua_gettop(L), "zip.write", fields);
    const char *name = check_field(L, i + 1, "name", &length);
    if (strlen(name) != length)
      nlL_error(L, "zip.write: entry %I: the name contains a zero byte", (lua_Integer)(i + 1));
    const char *text = check_field(L, i + 1, "text", &size);
    bool executable = nlL_optboolean(L, lua_gettop(L), "zip.write", "executable", false);
    entries[i] = (nl_entry){.name = name, .bytes = text, .size = (int64_t)size, .executable = executable};
    lua_pop(L, 1);
  }
  NLL_RETRY(L, status, nl_archive_write(path, count, entries));
  if (status != NL_OK) return nlL_failed(L, status);
  lua_pushboolean(L, true);
  return 1;
}

static const luaL_Reg functions[] = {{"read", l_read}, {"write", l_write}, {NULL, NULL}};

void nlL_open_zip(lua_State *L) {
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "zip");
}
