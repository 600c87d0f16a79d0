/* What Lua sees: the module table, filled by one function a binding file. */
#include "numlab.h"
#include "support.h"

int luaopen_numlab(lua_State *L) {
  luaL_checkversion(L);
  lua_newtable(L);
  /* one line a binding file */
  nlL_open_attention(L);
  nlL_open_diagnose(L);
  nlL_open_linalg(L);
  nlL_open_tensor(L);
  nlL_open_index(L);
  nlL_open_nested(L);
  nlL_open_make(L);
  nlL_open_ops(L);
  nlL_open_reduce(L);
  nlL_open_combine(L);
  nlL_open_sparse(L);
  nlL_open_gallery(L);
  nlL_open_io(L);
  nlL_open_zip(L);
  nlL_open_sqlite(L);
  nlL_open_system(L);
  nlL_open_facts(L);
  nlL_open_folder(L);
  nlL_open_solve(L);
  nlL_open_lu(L);
  nlL_open_library(L); /* nl.plot, nl.args, ...: scripts/lib/numlab, at first use */
  lua_pushliteral(L, NL_VERSION);
  lua_setfield(L, -2, "version");
  return 1;
}
