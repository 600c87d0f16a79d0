/* What the tensor bindings take from Lua and give back: elements, devices, dimensions, shapes, new
 * tensors. */
#include "tensor.h"
#include <string.h>

/* --- values ------------------------------------------------------------------------------------------ */

static void push_value(lua_State *L, nl_dtype dtype, const void *p) {
  if (dtype == NL_BOOL) lua_pushboolean(L, *(const uint8_t *)p);
  else if (dtype == NL_I64) lua_pushinteger(L, *(const int64_t *)p);
  else if (nl_dtype_is_float(dtype)) lua_pushnumber(L, nl_dtype_load(dtype, p));
  else lua_pushinteger(L, (lua_Integer)nl_dtype_load(dtype, p));
}

void nlL_pushelement(lua_State *L, const nl_tensor *t, const int64_t *index) {
  nl_tensor one = *t; /* borrowed: the element as a tensor of its own */
  for (int d = 0; d < t->ndim; d++) one.offset += index[d] * t->stride[d];
  one.ndim = 0;
  nlL_pushscalar(L, &one);
}

void nlL_pushscalar(lua_State *L, const nl_tensor *t) {
  if (nl_device_is_cpu(nl_tensor_device(t))) {
    push_value(L, t->dtype, nl_tensor_data(t));
    return;
  }
  char element[8];
  nlL_check(L, nl_tensor_read(t, element));
  push_value(L, t->dtype, element);
}

void nlL_checkelement(lua_State *L, int arg, const char *what, nl_dtype dtype, void *element) {
  int whole = 0;
  if (lua_type(L, arg) == LUA_TBOOLEAN) {
    nl_dtype_store(dtype, element, lua_toboolean(L, arg));
    return;
  }
  if (lua_type(L, arg) != LUA_TNUMBER)
    nlL_error(L, "%s: an element is a number or a boolean, got %s", what, nlL_typename(L, arg));
  lua_Integer integer = lua_tointegerx(L, arg, &whole);
  double number = lua_tonumber(L, arg);
  if (dtype == NL_I64 && whole) {
    memcpy(element, &integer, sizeof integer);
  } else {
    double back;
    nl_dtype_store(dtype, element, number);
    back = nl_dtype_load(dtype, element);
    if (!nl_dtype_is_float(dtype) && dtype != NL_BOOL && back != number)
      nlL_error(L, "%s: %s does not fit the type %s", what, nlL_describe(L, arg), nl_dtype_name(dtype));
  }
}

/* --- arguments --------------------------------------------------------------------------------------- */

nl_device *nlL_checkdevice(lua_State *L, const char *what, const char *name) {
  nl_device *device = NULL;
  if (nl_device_find(name, &device) != NL_OK) nlL_error(L, "%s: %s", what, nl_message());
  return device;
}

nl_device *nlL_optdevice(lua_State *L, int arg, const char *what) {
  return nlL_checkdevice(L, what, luaL_optstring(L, arg, "cpu"));
}

const char *const nlL_place_options[] = {"dtype", "device", NULL};

nlL_place nlL_checkplace(lua_State *L, int arg, const char *what, nl_dtype fallback) {
  nl_device *device = nlL_checkdevice(L, what, nlL_optstring(L, arg, what, "device", "cpu"));
  return (nlL_place){nlL_optdtype(L, arg, what, fallback), device};
}

int nlL_checkdim(lua_State *L, int arg, const char *what, const nl_tensor *t) {
  int whole;
  lua_Integer dim = lua_tointegerx(L, arg, &whole);
  if (!whole || lua_type(L, arg) != LUA_TNUMBER)
    nlL_error(L, "%s: a dimension is a whole number, got %s", what, nlL_describe(L, arg));
  lua_Integer from_left = dim < 0 ? dim + t->ndim + 1 : dim;
  if (from_left < 1 || from_left > t->ndim)
    nlL_error(L, "%s: dimension %I is outside a tensor of %d dimensions (1 to %d, or -1 to -%d)", what, dim,
              t->ndim, t->ndim, t->ndim);
  return (int)from_left - 1;
}

int nlL_checkshape(lua_State *L, int first, int last, const char *what, bool open, int64_t *shape) {
  bool table = first <= last && lua_istable(L, first);
  lua_Integer count = table ? (lua_Integer)lua_rawlen(L, first) : last - first + 1;
  if (count < 0 || count > NL_MAX_NDIM)
    nlL_error(L, "%s: %I dimensions, expected at most %d", what, count, NL_MAX_NDIM);
  for (int d = 0; d < (int)count; d++) {
    int whole;
    if (table) lua_rawgeti(L, first, d + 1); /* raw: Lua code could close the tensor to reshape */
    else lua_pushvalue(L, first + d);
    lua_Integer size = lua_tointegerx(L, -1, &whole);
    if (!whole || lua_type(L, -1) != LUA_TNUMBER)
      nlL_error(L, "%s: size of dimension %d must be a whole number, got %s", what, d + 1,
                nlL_describe(L, -1));
    if (size < 0 && !(open && size == -1))
      nlL_error(L, "%s: size of dimension %d must not be negative, got %I", what, d + 1, size);
    shape[d] = size;
    lua_pop(L, 1);
  }
  return (int)count;
}

int nlL_finishtensor(lua_State *L, nl_status status, const nl_tensor *t) {
  nlL_check(L, status);
  nlL_account(L, nlL_tensor_bytes(t));
  return 1;
}

int nlL_finishon(lua_State *L, nl_device *device, const nl_tensor *out) {
  if (nl_device_is_cpu(device)) return nlL_finishtensor(L, NL_OK, out);
  nl_tensor *there = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_to(out, device, out->dtype, there));
  return nlL_finishtensor(L, s, there);
}

nl_tensor *nlL_checklocaltensor(lua_State *L, int arg) {
  nl_tensor *t = nlL_checkanytensor(L, arg);
  if (nl_device_is_cpu(nl_tensor_device(t))) return t;
  nl_tensor *local = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_to(t, nl_device_at(0), t->dtype, local));
  nlL_finishtensor(L, s, local);
  lua_replace(L, arg);
  return local;
}
