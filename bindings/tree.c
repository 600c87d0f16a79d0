/* Where numlab's own scripts lie: in the tree it was built in (DIR/scripts, for any build folder below DIR)
 * or installed (PREFIX/share/numlab). Found by walking up from the binary, so a moved copy finds its own. */
#include "support.h"
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char found[PATH_MAX + 64]; /* the answer; its address also tells the loader which file this is */

/* The file this code was loaded from. The loader knows a module by its path, the program only by its argv[0],
 * so for the latter the kernel is asked. */
static bool own_file(char path[PATH_MAX]) {
  Dl_info info;
  bool known = dladdr(found, &info) && info.dli_fname;
  const char *dot = known ? strrchr(info.dli_fname, '.') : NULL;
  if (dot && strcmp(dot, ".so") == 0 && realpath(info.dli_fname, path)) return true;
  ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - 1);
  if (length <= 0) return false;
  path[length] = 0;
  return true;
}

const char *nlL_scripts(void) {
  static const char *const below[] = {"scripts", "share/numlab"};
  char path[PATH_MAX], probe[PATH_MAX + 64];
  if (found[0]) return found;
  if (!own_file(path)) return NULL;
  for (char *slash = strrchr(path, '/'); slash; slash = strrchr(path, '/')) {
    *slash = 0;
    for (int i = 0; i < 2; i++) {
      snprintf(probe, sizeof probe, "%s/%s/lib/numlab", path, below[i]);
      if (access(probe, F_OK) != 0) continue;
      snprintf(found, sizeof found, "%s/%s", path, below[i]);
      return found;
    }
  }
  return NULL;
}

void nlL_addpath(lua_State *L) {
  const char *scripts = nlL_scripts();
  if (!scripts) return;
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
  if (lua_getfield(L, -1, "package") == LUA_TTABLE && lua_getfield(L, -1, "path") == LUA_TSTRING) {
    const char *entry = lua_pushfstring(L, "%s/lib/?.lua;", scripts);
    if (!strstr(lua_tostring(L, -2), entry)) {
      lua_insert(L, -2);
      lua_concat(L, 2);
      lua_setfield(L, -2, "path");
      lua_pop(L, 2);
      return;
    }
    lua_pop(L, 1);
  }
  lua_pop(L, lua_istable(L, -1) ? 2 : 3);
}

/* nl.plot and the like: the Lua library of that name, loaded when first asked for; nil where none is. */
static int l_library(lua_State *L) {
  const char *scripts = nlL_scripts();
  size_t length;
  if (!scripts || lua_type(L, 2) != LUA_TSTRING) return 0;
  const char *name = lua_tolstring(L, 2, &length);
  if (length == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != length) return 0;
  if (access(lua_pushfstring(L, "%s/lib/numlab/%s.lua", scripts, name), R_OK) != 0) return 0;
  lua_pushvalue(L, lua_upvalueindex(1)); /* require: the user may have made something else of the global */
  lua_pushfstring(L, "numlab.%s", name);
  lua_call(L, 1, 1);
  lua_pushvalue(L, 2);
  lua_pushvalue(L, -2);
  lua_rawset(L, 1);
  return 1;
}

void nlL_open_library(lua_State *L) {
  nlL_addpath(L);
  lua_createtable(L, 0, 1);
  lua_getglobal(L, "require");
  lua_pushcclosure(L, l_library, 1);
  lua_setfield(L, -2, "__index");
  lua_setmetatable(L, -2);
}
