#include "support.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- userdata --------------------------------------------------------------------------------------- */

nl_tensor *nlL_newtensor(lua_State *L) {
  nl_tensor *t = lua_newuserdatauv(L, sizeof *t, 0);
  memset(t, 0, sizeof *t);
  luaL_setmetatable(L, NLL_TENSOR);
  return t;
}

nl_sparse *nlL_newsparse(lua_State *L) {
  nl_sparse *S = lua_newuserdatauv(L, sizeof *S, 0);
  memset(S, 0, sizeof *S);
  luaL_setmetatable(L, NLL_SPARSE);
  return S;
}

nl_tensor *nlL_toanytensor(lua_State *L, int arg) {
  nl_tensor *t = luaL_testudata(L, arg, NLL_TENSOR);
  if (t && !t->storage && arg < 0) nlL_error(L, "a tensor given here was closed"); /* from inside a table */
  if (t && !t->storage) luaL_argerror(L, arg, "this tensor was closed");
  return t;
}

/* Raise unless what stands at arg lies on the CPU. */
static void check_on_cpu(lua_State *L, int arg, const char *what, const nl_device *device) {
  if (nl_device_is_cpu(device)) return;
  const char *why = lua_pushfstring(L, "a %s on %s, and this works on the CPU; move it with :to('cpu')", what,
                                    nl_device_name(device));
  if (arg < 0) nlL_error(L, "%s", why); /* from inside a table */
  luaL_argerror(L, arg, why);
}

static nl_tensor *on_cpu(lua_State *L, int arg, nl_tensor *t) {
  if (t) check_on_cpu(L, arg, "tensor", nl_tensor_device(t));
  return t;
}

nl_tensor *nlL_totensor(lua_State *L, int arg) { return on_cpu(L, arg, nlL_toanytensor(L, arg)); }

nl_sparse *nlL_toanysparse(lua_State *L, int arg) {
  nl_sparse *S = luaL_testudata(L, arg, NLL_SPARSE);
  if (S && !S->start) luaL_argerror(L, arg, "this sparse matrix was closed");
  return S;
}

nl_sparse *nlL_tosparse(lua_State *L, int arg) {
  nl_sparse *S = nlL_toanysparse(L, arg);
  if (S) check_on_cpu(L, arg, "sparse matrix", nl_sparse_device(S));
  return S;
}

nl_tensor *nlL_checkanytensor(lua_State *L, int arg) {
  nl_tensor *t = nlL_toanytensor(L, arg);
  if (!t) nlL_typeerror(L, arg, "tensor");
  return t;
}

nl_tensor *nlL_checktensor(lua_State *L, int arg) { return on_cpu(L, arg, nlL_checkanytensor(L, arg)); }

nl_sparse *nlL_checkanysparse(lua_State *L, int arg) {
  nl_sparse *S = nlL_toanysparse(L, arg);
  if (!S) nlL_typeerror(L, arg, "sparse matrix");
  return S;
}

nl_sparse *nlL_checksparse(lua_State *L, int arg) {
  nl_sparse *S = nlL_tosparse(L, arg);
  if (!S) nlL_typeerror(L, arg, "sparse matrix");
  return S;
}

nl_matrix nlL_checkmatrix(lua_State *L, int arg) {
  nl_matrix A = {nlL_totensor(L, arg), NULL};
  if (!A.dense) A.sparse = nlL_tosparse(L, arg);
  if (!A.dense && !A.sparse) nlL_typeerror(L, arg, "tensor or sparse matrix");
  return A;
}

nl_matrix nlL_checkanymatrix(lua_State *L, int arg) {
  nl_matrix A = {nlL_toanytensor(L, arg), NULL};
  if (!A.dense) A.sparse = nlL_toanysparse(L, arg);
  if (!A.dense && !A.sparse) nlL_typeerror(L, arg, "tensor or sparse matrix");
  return A;
}

void nlL_account(lua_State *L, int64_t bytes) {
  static int64_t owed; /* below one step */
  owed += bytes;
  if (owed < INT64_C(1) << 20) return;
  int kib = owed / 1024 > 1 << 30 ? 1 << 30 : (int)(owed / 1024);
  owed = 0;
  lua_gc(L, LUA_GCSTEP, kib);
}

int64_t nlL_tensor_bytes(const nl_tensor *t) { return nl_tensor_size(t) * nl_dtype_size(t->dtype); }
int64_t nlL_sparse_bytes(const nl_sparse *S) { return 12 * S->nnz + 8 * S->rows; }

/* --- arguments -------------------------------------------------------------------------------------- */

double nlL_checkreal(lua_State *L, int arg, const char *what, const char *name) {
  if (lua_type(L, arg) != LUA_TNUMBER)
    nlL_error(L, "%s: %s must be a number, got %s", what, name, nlL_describe(L, arg));
  return lua_tonumber(L, arg);
}

int64_t nlL_checkwhole(lua_State *L, int arg, const char *what, const char *name) {
  int whole;
  lua_Integer value = lua_tointegerx(L, arg, &whole);
  if (!whole || lua_type(L, arg) != LUA_TNUMBER)
    nlL_error(L, "%s: %s must be a whole number, got %s", what, name, nlL_describe(L, arg));
  return value;
}

int64_t nlL_checksize(lua_State *L, int arg, const char *what, const char *name) {
  int whole;
  lua_Integer size = lua_tointegerx(L, arg, &whole);
  if (!whole || lua_type(L, arg) != LUA_TNUMBER || size < 0)
    nlL_error(L, "%s: %s must be a whole number not below 0, got %s", what, name, nlL_describe(L, arg));
  return size;
}

const char *nlL_checkpath(lua_State *L, int arg) {
  size_t length;
  const char *path = luaL_checklstring(L, arg, &length);
  if (strlen(path) != length) luaL_argerror(L, arg, "a path must not contain a zero byte");
  return path;
}

/* Options that are no table: a word given bare belongs behind a name, most often the first. */
static void no_table(lua_State *L, int arg, const char *what, const char *const *known) {
  const char *got = nlL_typename(L, arg), *name = known[0];
  if (!name) nlL_error(L, "%s: options must be a table, got %s", what, got);
  if (lua_type(L, arg) == LUA_TSTRING)
    nlL_error(L, "%s: options must be a table, got %s; they are named: {%s = \"%s\"}", what, got, name,
              lua_tostring(L, arg));
  nlL_error(L, "%s: options must be a table, got %s; they are named: {%s = ..}", what, got, name);
}

void nlL_checkoptions(lua_State *L, int arg, const char *what, const char *const *known) {
  if (lua_isnoneornil(L, arg)) return;
  if (!lua_istable(L, arg)) no_table(L, arg, what, known);
  if (luaL_getmetafield(L, arg, "__index") != LUA_TNIL)
    nlL_error(L, "%s: options must be a plain table; what an __index adds to it would go unchecked", what);
  lua_pushnil(L);
  while (lua_next(L, arg)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING)
      nlL_error(L, "%s: option names are strings, got a %s key%s", what, luaL_typename(L, -1),
                known[0] ? lua_pushfstring(L, "; they are named: {%s = ..}", known[0]) : "");
    const char *key = lua_tostring(L, -1);
    int i = 0;
    while (known[i] && strcmp(known[i], key) != 0) i++;
    if (!known[i]) nlL_unknown(L, what, "option", key, known);
  }
}

/* Push the option's value; false (nothing pushed) when it is absent. Raw: no Lua code runs between checking
 * the arguments of a call and using them, so none can close a tensor in between. */
static bool push_option(lua_State *L, int arg, const char *key) {
  if (!lua_istable(L, arg)) return false;
  lua_pushvalue(L, arg); /* arg may count from the top */
  lua_pushstring(L, key);
  lua_rawget(L, -2);
  lua_remove(L, -2);
  if (!lua_isnil(L, -1)) return true;
  lua_pop(L, 1);
  return false;
}

const char *nlL_typename(lua_State *L, int arg) {
  arg = lua_absindex(L, arg);
  bool named = luaL_getmetafield(L, arg, "__name") == LUA_TSTRING;
  return named ? lua_tostring(L, -1) : luaL_typename(L, arg);
}

const char *nlL_describe(lua_State *L, int arg) {
  int type = lua_type(L, arg);
  if (type == LUA_TNONE) return "nothing";
  if (type == LUA_TSTRING && lua_isnumber(L, arg)) /* '2' where 2 was meant */
    return lua_pushfstring(L, "the string '%s'", lua_tostring(L, arg));
  if (type == LUA_TNUMBER || type == LUA_TSTRING || type == LUA_TBOOLEAN || type == LUA_TNIL)
    return luaL_tolstring(L, arg, NULL);
  return lua_pushfstring(L, "a %s", nlL_typename(L, arg));
}

static int wrong_type(lua_State *L, const char *what, const char *key, const char *expected) {
  return nlL_error(L, "%s: option '%s' must be %s, got %s", what, key, expected, nlL_describe(L, -1));
}

double nlL_optnumber(lua_State *L, int arg, const char *what, const char *key, double fallback) {
  if (!push_option(L, arg, key)) return fallback;
  if (lua_type(L, -1) != LUA_TNUMBER) wrong_type(L, what, key, "a number");
  double value = lua_tonumber(L, -1);
  lua_pop(L, 1);
  return value;
}

int64_t nlL_optinteger(lua_State *L, int arg, const char *what, const char *key, int64_t fallback) {
  int whole;
  if (!push_option(L, arg, key)) return fallback;
  lua_Integer value = lua_tointegerx(L, -1, &whole);
  if (!whole || lua_type(L, -1) != LUA_TNUMBER) wrong_type(L, what, key, "a whole number");
  lua_pop(L, 1);
  return value;
}

bool nlL_optboolean(lua_State *L, int arg, const char *what, const char *key, bool fallback) {
  if (!push_option(L, arg, key)) return fallback;
  if (!lua_isboolean(L, -1)) wrong_type(L, what, key, "true or false");
  bool value = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return value;
}

const char *nlL_optstring(lua_State *L, int arg, const char *what, const char *key, const char *fallback) {
  if (!push_option(L, arg, key)) return fallback;
  if (lua_type(L, -1) != LUA_TSTRING) wrong_type(L, what, key, "a string");
  const char *value = lua_tostring(L, -1);
  lua_pop(L, 1);
  return value;
}

int nlL_optchoice(lua_State *L, int arg, const char *what, const char *key, const char *const *known,
                  int fallback) {
  const char *given = nlL_optstring(L, arg, what, key, NULL);
  if (!given) return fallback;
  for (int i = 0; known[i]; i++)
    if (strcmp(known[i], given) == 0) return i;
  return nlL_unknown(L, what, key, given, known);
}

nl_dtype nlL_parsedtype(lua_State *L, const char *what, const char *name) {
  const char *known[NL_DTYPES + 1] = {NULL};
  for (int d = 0; d < NL_DTYPES; d++) known[d] = nl_dtype_name((nl_dtype)d);
  nl_dtype dtype = NL_F64;
  if (nl_dtype_parse(name, &dtype) != NL_OK) nlL_unknown(L, what, "dtype", name, known);
  return dtype;
}

nl_dtype nlL_optdtype(lua_State *L, int arg, const char *what, nl_dtype fallback) {
  const char *name = nlL_optstring(L, arg, what, "dtype", NULL);
  return name ? nlL_parsedtype(L, what, name) : fallback;
}

/* --- results ---------------------------------------------------------------------------------------- */

void nlL_setnumber(lua_State *L, const char *key, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, key);
}

void nlL_setinteger(lua_State *L, const char *key, int64_t value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, key);
}

void nlL_setboolean(lua_State *L, const char *key, bool value) {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, key);
}

void nlL_setstring(lua_State *L, const char *key, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}
