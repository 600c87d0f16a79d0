/* The tensor class: fields, views and copies. Constructors are in make.c and nested.c, elements and slices in
 * index.c, arithmetic in ops.c, printing in show.c. */
#include "tensor.h"
#include <string.h>

/* --- fields ------------------------------------------------------------------------------------------ */

static int l_transposed(lua_State *L, const nl_tensor *t) {
  if (t->ndim == 1)
    nlL_error(L, "T: a vector has one dimension, expected two; t:reshape(-1, 1) makes a column");
  if (t->ndim != 2) nlL_error(L, "T: a tensor of %d dimensions; use :transpose(i, j)", t->ndim);
  nlL_check(L, nl_tensor_transpose(t, 0, 1, nlL_newtensor(L)));
  return 1;
}

static int push_field(lua_State *L, const nl_tensor *t, const char *key) {
  if (strcmp(key, "shape") == 0) {
    lua_createtable(L, t->ndim, 0);
    for (int d = 0; d < t->ndim; d++) {
      lua_pushinteger(L, t->shape[d]);
      lua_rawseti(L, -2, d + 1);
    }
  } else if (strcmp(key, "dtype") == 0) lua_pushstring(L, nl_dtype_name(t->dtype));
  else if (strcmp(key, "device") == 0) lua_pushstring(L, nl_device_name(nl_tensor_device(t)));
  else if (strcmp(key, "ndim") == 0) lua_pushinteger(L, t->ndim);
  else if (strcmp(key, "size") == 0) lua_pushinteger(L, nl_tensor_size(t));
  else if (strcmp(key, "T") == 0) return l_transposed(L, t);
  else lua_pushnil(L);
  return 1;
}

/* Upvalue 1: the methods. */
static int l_index(lua_State *L) {
  nl_tensor *handle = luaL_checkudata(L, 1, NLL_TENSOR);
  int whole;
  if (lua_type(L, 2) == LUA_TSTRING) {
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    if (!handle->storage) nlL_error(L, "this tensor was closed");
    if (strchr(lua_tostring(L, 2), ':'))
      nlL_error(L, "t[\"%s\"]: a slice stands in parentheses: t(\"%s\")", lua_tostring(L, 2),
                lua_tostring(L, 2));
    return push_field(L, handle, lua_tostring(L, 2));
  }
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  lua_Integer i = lua_tointegerx(L, 2, &whole);
  if (whole && lua_type(L, 2) == LUA_TNUMBER) return nlL_pushrow(L, t, i);
  if (lua_type(L, 2) == LUA_TNUMBER)
    return nlL_error(L, "index %s is not a whole number", nlL_describe(L, 2));
  return nlL_error(
      L, "a tensor is indexed by numbers, got %s; t[i] is a row, t(1, 2) an element, t(\"2:5\", 1) a slice",
      nlL_describe(L, 2));
}

static int l_len(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  if (t->ndim == 0) nlL_error(L, "a scalar tensor has no rows; use :item()");
  lua_pushinteger(L, t->shape[0]);
  return 1;
}

static int l_close(lua_State *L) {
  nl_tensor *t = luaL_testudata(L, 1, NLL_TENSOR);
  if (!t) nlL_typeerror(L, 1, "tensor");
  nl_tensor_release(t);
  return 0;
}

/* --- views and copies -------------------------------------------------------------------------------- */

static int l_reshape(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  int64_t shape[NL_MAX_NDIM];
  int ndim = nlL_checkshape(L, 2, lua_gettop(L), "reshape", true, shape);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_reshape(t, ndim, shape, out));
  nlL_check(L, s);
  if (out->storage != t->storage) nlL_account(L, nlL_tensor_bytes(out));
  return 1;
}

static int l_transpose(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  if (lua_isnone(L, 2)) return l_transposed(L, t);
  if (lua_isnone(L, 3)) nlL_error(L, "transpose: give both dimensions, t:transpose(i, j), or none for t.T");
  int i = nlL_checkdim(L, 2, "transpose", t), j = nlL_checkdim(L, 3, "transpose", t);
  nlL_check(L, nl_tensor_transpose(t, i, j, nlL_newtensor(L)));
  return 1;
}

static int l_clone(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_clone(t, t->dtype, out));
  return nlL_finishtensor(L, s, out);
}

static int l_contiguous(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  if (nl_tensor_is_contiguous(t)) {
    lua_settop(L, 1);
    return 1;
  }
  return l_clone(L);
}

/* t:to("f32"), t:to("cuda"), t:to("cuda", "f32"): t itself where nothing changes */
static int l_to(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  nl_dtype dtype = t->dtype;
  nl_device *device = nl_tensor_device(t);
  int last = lua_isnoneornil(L, 3) ? 2 : 3;
  for (int arg = 2; arg <= last; arg++) {
    if (lua_type(L, arg) != LUA_TSTRING)
      nlL_error(L, "to: give a dtype or a device, such as t:to(\"f32\") or t:to(\"cuda\"), got %s",
                nlL_describe(L, arg));
    const char *name = lua_tostring(L, arg);
    if (strcmp(name, "cpu") == 0 || strncmp(name, "cuda", 4) == 0 || strcmp(name, "gpu") == 0)
      device = nlL_checkdevice(L, "to", name);
    else dtype = nlL_parsedtype(L, "to", name);
  }
  if (dtype == t->dtype && device == nl_tensor_device(t)) {
    lua_settop(L, 1);
    return 1;
  }
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_to(t, device, dtype, out));
  return nlL_finishtensor(L, s, out);
}

/* --- the class --------------------------------------------------------------------------------------- */

static const luaL_Reg methods[] = {
    {"reshape", l_reshape}, {"transpose", l_transpose}, {"clone", l_clone}, {"contiguous", l_contiguous},
    {"to", l_to},           {"close", l_close},         {"free", l_close},  {NULL, NULL}};

static const luaL_Reg metamethods[] = {
    {"__len", l_len}, {"__gc", l_close}, {"__close", l_close}, {"__tostring", nlL_showtensor}, {NULL, NULL}};

void nlL_addmetamethods(lua_State *L, const luaL_Reg *list) {
  luaL_getmetatable(L, NLL_TENSOR);
  luaL_setfuncs(L, list, 0);
  lua_pop(L, 1);
}

void nlL_addmethods(lua_State *L, const luaL_Reg *list) {
  luaL_getmetatable(L, NLL_TENSOR);
  lua_getfield(L, -1, "methods");
  luaL_setfuncs(L, list, 0);
  lua_pop(L, 2);
}

void nlL_open_tensor(lua_State *L) {
  luaL_newmetatable(L, NLL_TENSOR);
  lua_pushliteral(L, "tensor"); /* how messages name the type */
  lua_setfield(L, -2, "__name");
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "methods");
  lua_pushcclosure(L, l_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
}
