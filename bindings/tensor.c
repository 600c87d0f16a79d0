/* The tensor class: fields, elements, rows, slices and views. Constructors are in make.c, arithmetic in
 * ops.c, printing in show.c. */
#include "tensor.h"
#include <stdlib.h>
#include <string.h>

/* --- values ------------------------------------------------------------------------------------------ */

static void push_value(lua_State *L, nl_dtype dtype, const void *p) {
  if (dtype == NL_BOOL) lua_pushboolean(L, *(const uint8_t *)p);
  else if (dtype == NL_I64) lua_pushinteger(L, *(const int64_t *)p);
  else if (nl_dtype_is_float(dtype)) lua_pushnumber(L, nl_dtype_load(dtype, p));
  else lua_pushinteger(L, (lua_Integer)nl_dtype_load(dtype, p));
}

static char *element_address(const nl_tensor *t, const int64_t *index) {
  int64_t at = 0;
  for (int d = 0; d < t->ndim; d++) at += index[d] * t->stride[d];
  return (char *)nl_tensor_data(t) + at * nl_dtype_size(t->dtype);
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

/* --- indices ----------------------------------------------------------------------------------------- */

/* 1-based, negatives from the end, to 0-based; raises outside. */
static int64_t check_index(lua_State *L, lua_Integer given, const nl_tensor *t, int dim) {
  int64_t size = t->shape[dim], index = given < 0 ? given + size : given - 1;
  if (index < 0 || index >= size || given == 0)
    nlL_error(L, "index %I is outside dimension %d of size %I%s", given, dim + 1, (lua_Integer)size,
              given == 0 ? " (indices count from 1)" : "");
  return index;
}

/* One of the numbers of "a:b:c"; false when it is left out. */
static bool slice_number(lua_State *L, const char **text, const char *whole, int64_t *value) {
  char *end;
  while (**text == ' ') (*text)++;
  if (**text == ':' || **text == 0) return false;
  *value = strtoll(*text, &end, 10);
  if (end == *text) nlL_error(L, "slice '%s' is not of the form \"first:last:step\"", whole);
  *text = end;
  while (**text == ' ') (*text)++;
  return true;
}

/* "a:b:c", inclusive, as begin (0-based), count and step. */
static void parse_slice(lua_State *L, const char *text, const nl_tensor *t, int dim, int64_t *begin,
                        int64_t *count, int64_t *step) {
  const char *p = text;
  int64_t size = t->shape[dim], first = 1, last = size;
  bool has_first, has_last = false;
  *step = 1;
  has_first = slice_number(L, &p, text, &first);
  if (*p != ':') nlL_error(L, "slice '%s' is not of the form \"first:last:step\"", text);
  p++;
  has_last = slice_number(L, &p, text, &last);
  if (*p == ':') {
    p++;
    if (!slice_number(L, &p, text, step)) *step = 1;
  }
  if (*p != 0) nlL_error(L, "slice '%s' is not of the form \"first:last:step\"", text);
  if (*step == 0) nlL_error(L, "slice '%s': the step must not be 0", text);
  if (*step < 0) {
    if (!has_first) first = size;
    if (!has_last) last = 1;
  }
  if (has_first && first < 0) first += size + 1;
  if (has_last && last < 0) last += size + 1;
  bool empty = *step > 0 ? first > last : first < last;
  int64_t low = empty ? 0 : 1, high = empty ? size + 1 : size;
  if (first < low || first > high || last < low || last > high)
    nlL_error(L, "slice '%s' leaves dimension %d of size %I", text, dim + 1, (lua_Integer)size);
  *begin = first - 1;
  *count = empty ? 0 : (last - first) / *step + 1;
}

/* Neither a number nor a slice. t:T() calls t.T with t; a tensor of truths is NumPy's and Torch's way to choose. */
static void wrong_index(lua_State *L, const nl_tensor *t, int dim, int arg) {
  const nl_tensor *given = nlL_toanytensor(L, arg);
  const char *mend = "";
  if (given && given->storage == t->storage) mend = "; T is a field: t.T";
  else if (given && given->dtype == NL_BOOL) mend = "; nl.where(mask, a, b) chooses by a mask";
  nlL_error(L, "index of dimension %d must be a whole number or a slice such as \"2:5\", got %s%s", dim + 1,
            nlL_describe(L, arg), mend);
}

/* Arguments first.. as indices and slices: *view becomes what they select. True when every dimension was
 * given an index, so that the selection is one element. View is an empty handle on the Lua stack. */
static bool select_indices(lua_State *L, const nl_tensor *t, int first, int last, nl_tensor *view) {
  if (last - first + 1 > t->ndim)
    nlL_error(L, "%d indices for a tensor of %d dimensions", last - first + 1, t->ndim);
  int64_t begin[NL_MAX_NDIM], count[NL_MAX_NDIM], step[NL_MAX_NDIM];
  bool sliced[NL_MAX_NDIM] = {false};
  int kept = t->ndim;
  for (int d = 0; d <= last - first; d++) {
    int whole, arg = first + d;
    if (lua_type(L, arg) == LUA_TSTRING) {
      parse_slice(L, lua_tostring(L, arg), t, d, &begin[d], &count[d], &step[d]);
      sliced[d] = true;
    } else {
      lua_Integer index = lua_tointegerx(L, arg, &whole);
      if (!whole || lua_type(L, arg) != LUA_TNUMBER) wrong_index(L, t, d, arg);
      begin[d] = check_index(L, index, t, d);
      kept--;
    }
  }
  /* from the last dimension, so that those before keep their numbers; none of these can fail any more */
  nl_tensor now = nl_tensor_share(t), next;
  for (int d = last - first; d >= 0; d--) {
    nl_status s = sliced[d] ? nl_tensor_slice(&now, d, begin[d], count[d], step[d], &next)
                            : nl_tensor_select(&now, d, begin[d], &next);
    nl_tensor_release(&now);
    nlL_check(L, s);
    now = next;
  }
  *view = now;
  return kept == 0;
}

/* True when arguments first..last are one number a dimension: the element they name, without making a view.
 */
static bool element_index(lua_State *L, const nl_tensor *t, int first, int last, int64_t *index) {
  if (last - first + 1 != t->ndim) return false;
  for (int d = 0; d < t->ndim; d++) {
    int whole;
    if (lua_type(L, first + d) != LUA_TNUMBER) return false;
    lua_Integer given = lua_tointegerx(L, first + d, &whole);
    if (!whole) return false;
    index[d] = check_index(L, given, t, d);
  }
  return true;
}

/* t(i, j, "2:5", ..) */
static int l_call(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  int last = lua_gettop(L);
  int64_t index[NL_MAX_NDIM];
  if (nl_device_is_cpu(nl_tensor_device(t)) && element_index(L, t, 2, last, index)) {
    nlL_pushelement(L, t, index);
    return 1;
  }
  nl_tensor *view = nlL_newtensor(L);
  if (!select_indices(L, t, 2, last, view)) return 1;
  nlL_pushscalar(L, view);
  nl_tensor_release(view);
  return 1;
}

/* t:set(value, i, j, ..): value is a number, a boolean or a tensor that broadcasts to what the indices select
 */
static int l_set(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  const nl_tensor *source = nlL_toanytensor(L, 2);
  char element[8] = {0};
  if (!source) nlL_checkelement(L, 2, "set", t->dtype, element);
  else if (source->dtype != t->dtype)
    nlL_error(L, "set: the tensors are %s and %s; convert one with :to", nl_dtype_name(t->dtype),
              nl_dtype_name(source->dtype));
  int last = lua_gettop(L);
  int64_t index[NL_MAX_NDIM];
  if (!source && nl_device_is_cpu(nl_tensor_device(t)) && element_index(L, t, 3, last, index)) {
    memcpy(element_address(t, index), element, (size_t)nl_dtype_size(t->dtype));
    lua_settop(L, 1);
    return 1;
  }
  nl_tensor *view = nlL_newtensor(L), *value = nlL_newtensor(L);
  select_indices(L, t, 3, last, view);
  if (!source) {
    nlL_check(L, nl_tensor_new(t->dtype, 0, NULL, value));
    memcpy(nl_tensor_data(value), element, (size_t)nl_dtype_size(t->dtype));
    source = value;
  }
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_copy(source, view));
  if (s != NL_OK) nlL_error(L, "set: %s", nl_message());
  nl_tensor_release(view);
  nl_tensor_release(value);
  lua_settop(L, 1);
  return 1;
}

/* --- fields and rows --------------------------------------------------------------------------------- */

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

static int push_row(lua_State *L, const nl_tensor *t, lua_Integer i) {
  if (t->ndim == 0) nlL_error(L, "index %I of a scalar; use :item()", i);
  if (i == t->shape[0] + 1) { /* so that ipairs ends */
    lua_pushnil(L);
    return 1;
  }
  int64_t index = check_index(L, i, t, 0);
  if (t->ndim == 1) nlL_pushelement(L, t, &index);
  else nlL_check(L, nl_tensor_select(t, 0, index, nlL_newtensor(L)));
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
  if (whole && lua_type(L, 2) == LUA_TNUMBER) return push_row(L, t, i);
  if (lua_type(L, 2) == LUA_TNUMBER)
    return nlL_error(L, "index %s is not a whole number", nlL_describe(L, 2));
  return nlL_error(
      L, "a tensor is indexed by numbers, got %s; t[i] is a row, t(1, 2) an element, t(\"2:5\", 1) a slice",
      nlL_describe(L, 2));
}

/* t[i] = value */
static int l_newindex(lua_State *L) {
  nlL_checkanytensor(L, 1);
  if (lua_type(L, 2) != LUA_TNUMBER)
    nlL_error(L, "a tensor has no settable field '%s'; elements are set by t[i] = v or t:set(v, i, j)",
              nlL_describe(L, 2));
  lua_settop(L, 3);
  lua_insert(L, 2); /* t, v, i: called from here, l_set names the line of the assignment */
  l_set(L);
  return 0;
}

static int l_len(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  if (t->ndim == 0) nlL_error(L, "a scalar tensor has no rows; use :item()");
  lua_pushinteger(L, t->shape[0]);
  return 1;
}

static int next_row(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  lua_Integer i = luaL_checkinteger(L, 2) + 1;
  lua_pushinteger(L, i);
  push_row(L, t, i);
  return lua_isnil(L, -1) ? 1 : 2;
}

static int l_pairs(lua_State *L) {
  nlL_checkanytensor(L, 1);
  lua_pushcfunction(L, next_row);
  lua_pushvalue(L, 1);
  lua_pushinteger(L, 0);
  return 3;
}

static int l_close(lua_State *L) {
  nl_tensor *t = luaL_testudata(L, 1, NLL_TENSOR);
  if (!t) nlL_typeerror(L, 1, "tensor");
  nl_tensor_release(t);
  return 0;
}

/* --- Lua tables -------------------------------------------------------------------------------------- */

static void push_table(lua_State *L, const nl_tensor *t, int dim, int64_t *index) {
  if (dim == t->ndim) {
    nlL_pushelement(L, t, index);
    return;
  }
  luaL_checkstack(L, 3, "totable");
  if (t->shape[dim] > INT32_MAX)
    nlL_error(L, "totable: dimension %d of size %I is more than a Lua table should hold", dim + 1,
              (lua_Integer)t->shape[dim]);
  lua_createtable(L, (int)t->shape[dim], 0);
  for (index[dim] = 0; index[dim] < t->shape[dim]; index[dim]++) {
    push_table(L, t, dim + 1, index);
    lua_rawseti(L, -2, index[dim] + 1);
  }
}

static int l_totable(lua_State *L) {
  int64_t index[NL_MAX_NDIM] = {0};
  push_table(L, nlL_checklocaltensor(L, 1), 0, index);
  return 1;
}

static int l_item(lua_State *L) {
  const nl_tensor *t = nlL_checkanytensor(L, 1);
  if (nl_tensor_size(t) != 1) {
    char text[NL_SHAPE_TEXT];
    nlL_error(L, "item: a tensor of shape %s has %I elements, expected one",
              nl_shape_text(t->ndim, t->shape, text), (lua_Integer)nl_tensor_size(t));
  }
  nlL_pushscalar(L, t);
  return 1;
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

static const luaL_Reg methods[] = {{"set", l_set},
                                   {"totable", l_totable},
                                   {"item", l_item},
                                   {"reshape", l_reshape},
                                   {"transpose", l_transpose},
                                   {"clone", l_clone},
                                   {"contiguous", l_contiguous},
                                   {"to", l_to},
                                   {"close", l_close},
                                   {"free", l_close},
                                   {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__call", l_call},
                                       {"__newindex", l_newindex},
                                       {"__len", l_len},
                                       {"__pairs", l_pairs},
                                       {"__gc", l_close},
                                       {"__close", l_close},
                                       {"__tostring", nlL_showtensor},
                                       {NULL, NULL}};

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
