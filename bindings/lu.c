/* nl.lu: a dense factor P A = L U that solves again and again. */
#include "support.h"
#include <math.h>
#include <string.h>

static nl_lu *check_lu(lua_State *L, int arg) {
  nl_lu *F = luaL_testudata(L, arg, NLL_LU);
  if (!F) nlL_typeerror(L, arg, "lu factor");
  if (!F->LU.storage) luaL_argerror(L, arg, "this factor was closed");
  return F;
}

/* nil, message, {code=, where=column}; column 0: none */
static int outcome(lua_State *L, nl_status status, int64_t column) {
  int values = nlL_failed(L, status);
  if (column > 0) nlL_setinteger(L, "where", column);
  return values;
}

static int l_lu(lua_State *L) {
  static const char *const known[] = {"block", NULL};
  nl_matrix A = nlL_checkanymatrix(L, 1);
  lua_settop(L, 2);
  nlL_checkoptions(L, 2, "lu", known);
  int64_t block = nlL_optinteger(L, 2, "lu", "block", 0);
  nl_lu *F = lua_newuserdatauv(L, sizeof *F, 0);
  memset(F, 0, sizeof *F);
  luaL_setmetatable(L, NLL_LU);
  const nl_tensor *dense = A.dense;
  nl_status s;
  if (A.sparse) {
    nl_tensor *copy = nlL_newtensor(L);
    NLL_RETRY(L, s, nl_sparse_to_dense(A.sparse, copy));
    nlL_check(L, s);
    dense = copy;
  }
  NLL_RETRY(L, s, nl_lu_factor(dense, block, F));
  if (nl_status_is_outcome(s)) return outcome(L, s, 0);
  nlL_check(L, s);
  nlL_account(L, nlL_tensor_bytes(&F->LU));
  lua_settop(L, 3);
  return 1;
}

/* F:solve(b) -> x, or nil, message, {code="SINGULAR", where=column} */
static int l_solve(lua_State *L) {
  const nl_lu *F = check_lu(L, 1);
  const nl_tensor *b = nlL_checkanytensor(L, 2);
  nl_tensor *x = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_lu_solve(F, b, x));
  if (!nl_status_is_outcome(s)) {
    nlL_check(L, s);
    nlL_account(L, nlL_tensor_bytes(x));
    return 1;
  }
  return outcome(L, s, F->singular_column);
}

/* --- fields ----------------------------------------------------------------------------------------- */

typedef nl_status part(const nl_lu *F, nl_tensor *out);

static int push_part(lua_State *L, const nl_lu *F, part *take) {
  nl_tensor *t = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, take(F, t));
  nlL_check(L, s);
  nlL_account(L, nlL_tensor_bytes(t));
  return 1;
}

/* F.p(i): the row of A that stands in row i of P A, counted from 1; on the device of the factor. */
static nl_status permutation(const nl_lu *F, nl_tensor *p) {
  nl_tensor here;
  NL_TRY(nl_tensor_new_uninitialised(NL_I64, 1, &F->n, &here));
  int64_t *row_of = nl_tensor_data(&here);
  for (int64_t i = 0; i < F->n; i++) row_of[i] = F->row_of[i] + 1;
  nl_status s = nl_tensor_to(&here, nl_tensor_device(&F->LU), NL_I64, p);
  nl_tensor_release(&here);
  return s;
}

static int push_info(lua_State *L, const nl_lu *F) {
  double rcond = nl_lu_rcond(F);
  lua_createtable(L, 0, 8);
  nlL_setstring(L, "code", F->singular_column ? "SINGULAR" : "OK");
  nlL_setnumber(L, "growth", F->growth);
  nlL_setnumber(L, "smallest_pivot", F->smallest_pivot);
  nlL_setinteger(L, "exchanges", F->exchanges);
  if (!isnan(rcond)) { nlL_setnumber(L, "rcond", rcond); }
  if (F->singular_column) { nlL_setinteger(L, "where", F->singular_column); }
  return 1;
}

static int l_index(lua_State *L) {
  luaL_checkudata(L, 1, NLL_LU); /* whoever takes __index out of the metatable may call it with anything */
  lua_settop(L, 2);
  lua_getmetatable(L, 1);
  lua_getfield(L, -1, "methods");
  lua_pushvalue(L, 2);
  if (lua_rawget(L, -2) != LUA_TNIL || lua_type(L, 2) != LUA_TSTRING) return 1;
  const nl_lu *F = check_lu(L, 1);
  const char *key = lua_tostring(L, 2);
  if (strcmp(key, "L") == 0) return push_part(L, F, nl_lu_lower);
  if (strcmp(key, "U") == 0) return push_part(L, F, nl_lu_upper);
  if (strcmp(key, "p") == 0) return push_part(L, F, permutation);
  if (strcmp(key, "info") == 0) return push_info(L, F);
  return 1; /* the nil found above */
}

static int l_tostring(lua_State *L) {
  const nl_lu *F = luaL_checkudata(L, 1, NLL_LU);
  if (!F->LU.storage) lua_pushliteral(L, "lu factor (closed)");
  else
    lua_pushfstring(L, "lu factor of a %Ix%I %s matrix, %I exchanges%s", (lua_Integer)F->n, (lua_Integer)F->n,
                    nl_dtype_name(F->LU.dtype), (lua_Integer)F->exchanges,
                    F->singular_column ? ", singular" : "");
  if (F->LU.storage && !nl_device_is_cpu(nl_tensor_device(&F->LU))) {
    lua_pushfstring(L, " on %s", nl_device_name(nl_tensor_device(&F->LU)));
    lua_concat(L, 2);
  }
  return 1;
}

static int l_close(lua_State *L) {
  nl_lu *F = luaL_testudata(L, 1, NLL_LU);
  if (!F) nlL_typeerror(L, 1, "lu factor");
  nl_lu_release(F);
  return 0;
}

/* --- module ----------------------------------------------------------------------------------------- */

static const luaL_Reg methods[] = {{"solve", l_solve}, {"close", l_close}, {NULL, NULL}};
static const luaL_Reg metamethods[] = {
    {"__index", l_index}, {"__tostring", l_tostring}, {"__gc", l_close}, {"__close", l_close}, {NULL, NULL}};
static const luaL_Reg functions[] = {{"lu", l_lu}, {NULL, NULL}};

void nlL_open_lu(lua_State *L) {
  luaL_newmetatable(L, NLL_LU);
  lua_pushliteral(L, "lu factor"); /* how messages name the type */
  lua_setfield(L, -2, "__name");
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_setfield(L, -2, "methods");
  lua_pop(L, 1);
  luaL_setfuncs(L, functions, 0);
}
