/* nl.folder: the names in a folder, without a shell. numlab.file and completion ask it. */
#include "support.h"
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

typedef struct reading {
  DIR *folder;
} reading;

static int l_release(lua_State *L) {
  reading *r = lua_touserdata(L, 1);
  if (r->folder) closedir(r->folder);
  r->folder = NULL;
  return 0;
}

/* An open folder, until all names are in Lua's hands: making strings and tables can raise. */
static reading *new_reading(lua_State *L) {
  reading *r = lua_newuserdatauv(L, sizeof *r, 0);
  *r = (reading){0};
  if (luaL_newmetatable(L, "numlab.folder")) {
    lua_pushcfunction(L, l_release);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return r;
}

/* What stands there, links followed: '/' a folder, 'f' a file, 0 neither (a pipe, a device, a link to
 * nowhere). */
static char kind_of(DIR *folder, const struct dirent *entry) {
  struct stat facts;
  if (entry->d_type == DT_REG) return 'f';
  if (entry->d_type == DT_DIR) return '/';
  if (fstatat(dirfd(folder), entry->d_name, &facts, 0) != 0) return 0;
  return S_ISDIR(facts.st_mode) ? '/' : S_ISREG(facts.st_mode) ? 'f' : 0;
}

/* nl.folder(path) -> names, those of folders end in "/" | nil, message */
static int l_folder(lua_State *L) {
  const char *path = nlL_checkpath(L, 1);
  reading *r = new_reading(L);
  lua_newtable(L);
  r->folder = opendir(path);
  if (!r->folder) {
    lua_pushnil(L);
    lua_pushfstring(L, "cannot read the folder %s: %s", path, strerror(errno));
    return 2;
  }
  lua_Integer count = 0;
  for (const struct dirent *entry; (entry = readdir(r->folder));) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    char kind = kind_of(r->folder, entry);
    if (!kind) continue;
    if (kind == '/') lua_pushfstring(L, "%s/", entry->d_name);
    else lua_pushstring(L, entry->d_name);
    lua_rawseti(L, -2, ++count);
  }
  closedir(r->folder);
  r->folder = NULL;
  return 1;
}

void nlL_open_folder(lua_State *L) {
  lua_pushcfunction(L, l_folder);
  lua_setfield(L, -2, "folder");
}
