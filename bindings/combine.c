/* Functions of several tensors: where, cat, softmax, allclose. */
#include "tensor.h"
#include <numlab/ops.h>

/* The tensor at arg; a number or boolean there becomes a scalar tensor of dtype. */
static const nl_tensor *tensor_or_number(lua_State *L, int arg, const char *what, nl_dtype dtype) {
  nl_tensor *t = nlL_toanytensor(L, arg);
  if (t) return t;
  if (lua_type(L, arg) != LUA_TNUMBER && !lua_isboolean(L, arg)) nlL_typeerror(L, arg, "tensor or number");
  char element[8];
  nlL_checkelement(L, arg, what, dtype, element);
  t = nlL_newtensor(L);
  nlL_check(L, nl_tensor_new(dtype, 0, NULL, t));
  lua_replace(L, arg);
  nlL_check(L, nl_tensor_fill(t, nl_dtype_load(dtype, element)));
  return t;
}

/* nl.where(condition, a, b), condition:where(a, b) */
static int l_where(lua_State *L) {
  const nl_tensor *condition = nlL_checkanytensor(L, 1), *a = nlL_toanytensor(L, 2),
                  *b = nlL_toanytensor(L, 3);
  nl_dtype dtype = a ? a->dtype : b ? b->dtype : NL_F64;
  a = tensor_or_number(L, 2, "where", dtype);
  b = tensor_or_number(L, 3, "where", dtype);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_where(condition, a, b, out));
  return nlL_finishtensor(L, s, out);
}

/* nl.cat({a, b, ..}, dim) */
static int l_cat(lua_State *L) {
  if (!lua_istable(L, 1))
    nlL_error(L, "cat: the tensors stand in a table, nl.cat({a, b}, dim), got %s", nlL_describe(L, 1));
  lua_settop(L, 2);
  lua_Integer count = (lua_Integer)lua_rawlen(L, 1);
  if (count < 1 || count > 1 << 20) nlL_error(L, "cat: a table of %I tensors, expected at least one", count);
  const nl_tensor **parts = lua_newuserdatauv(L, (size_t)count * sizeof *parts, 0);
  int box = lua_gettop(L);
  for (int i = 0; i < (int)count; i++) {
    lua_rawgeti(L, 1, i + 1); /* raw: what Lua code makes here would live nowhere */
    parts[i] = nlL_toanytensor(L, -1);
    if (!parts[i])
      nlL_error(L, "cat: element %d of the table is a %s, expected a tensor", i + 1, luaL_typename(L, -1));
    lua_pop(L, 1); /* the table keeps it */
  }
  lua_settop(L, box);
  int dim = lua_isnoneornil(L, 2) ? 0 : nlL_checkdim(L, 2, "cat", parts[0]);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_cat(dim, (int)count, parts, out));
  return nlL_finishtensor(L, s, out);
}

/* t:softmax(dim) */
static int l_softmax(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  if (lua_isnoneornil(L, 2)) nlL_error(L, "softmax: give the dimension, such as t:softmax(-1) for rows");
  int dim = nlL_checkdim(L, 2, "softmax", t);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_softmax(t, dim, out));
  return nlL_finishtensor(L, s, out);
}

/* nl.allclose(a, b, {rtol=, atol=}) -> boolean, {max_abs=, mean_abs=, max_rel=} */
static int l_allclose(lua_State *L) {
  static const char *const options[] = {"rtol", "atol", NULL};
  const nl_tensor *a = tensor_or_number(L, 1, "allclose", NL_F64);
  const nl_tensor *b = tensor_or_number(L, 2, "allclose", NL_F64);
  nl_agreement r;
  nlL_checkoptions(L, 3, "allclose", options);
  double rtol = nlL_optnumber(L, 3, "allclose", "rtol", 1e-5);
  double atol = nlL_optnumber(L, 3, "allclose", "atol", 1e-8);
  nlL_check(L, nl_allclose(a, b, rtol, atol, &r));
  lua_pushboolean(L, r.agree);
  lua_createtable(L, 0, 3);
  lua_pushnumber(L, r.max_abs);
  lua_setfield(L, -2, "max_abs");
  lua_pushnumber(L, r.mean_abs);
  lua_setfield(L, -2, "mean_abs");
  lua_pushnumber(L, r.max_rel);
  lua_setfield(L, -2, "max_rel");
  return 2;
}

static const luaL_Reg methods[] = {{"where", l_where}, {"softmax", l_softmax}, {NULL, NULL}};
static const luaL_Reg functions[] = {
    {"where", l_where}, {"cat", l_cat}, {"allclose", l_allclose}, {NULL, NULL}};

void nlL_open_combine(lua_State *L) {
  nlL_addmethods(L, methods);
  luaL_setfuncs(L, functions, 0);
}
