/* What Lua sees: the module table, filled by one function a binding file. */
#include "numlab.h"
#include "support.h"

int luaopen_numlab(lua_State *L) {
  luaL_checkversion(L);
  lua_newtable(L);
  /* one line a binding file */
  lua_pushliteral(L, NL_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
