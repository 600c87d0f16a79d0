/* Nested Lua tables as tensors and back: nl.tensor, t:totable, t:item. */
#include "tensor.h"

/* --- nl.tensor --------------------------------------------------------------------------------------- */

/* Sizes along the first elements of the nested table at the top, which says the shape if it is regular;
 * *booleans when its first element is one. */
static int nested_shape(lua_State *L, int64_t *shape, bool *booleans) {
  int ndim = 0, top = lua_gettop(L);
  lua_pushvalue(L, top);
  while (lua_istable(L, -1)) {
    if (ndim == NL_MAX_NDIM) nlL_error(L, "tensor: tables nested deeper than %d", NL_MAX_NDIM);
    shape[ndim++] = luaL_len(L, -1);
    luaL_checkstack(L, 2, "tensor");
    lua_geti(L, -1, 1);
    if (shape[ndim - 1] == 0) break;
  }
  *booleans = lua_isboolean(L, -1);
  lua_settop(L, top);
  return ndim;
}

/* "element (2, 1)", or "the table", for an error at the table of this index. */
static const char *where(lua_State *L, int dim, const int64_t *index) {
  if (dim == 0) return lua_pushliteral(L, "the table");
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "element (");
  for (int d = 0; d < dim; d++) {
    if (d) luaL_addstring(&b, ", ");
    lua_pushinteger(L, index[d] + 1);
    luaL_addvalue(&b);
  }
  luaL_addstring(&b, ")");
  luaL_pushresult(&b);
  return lua_tostring(L, -1);
}

/* Raise for the value at `at`, which stands at index[0..dim-1]. */
static void wrong_element(lua_State *L, int at, int dim, const int64_t *index, const char *expected) {
  const char *got = lua_isnil(L, at) ? "nil" : lua_pushfstring(L, "a %s", nlL_typename(L, at));
  nlL_error(L, "tensor: %s is %s, expected %s%s", where(L, dim, index), got, expected,
            luaL_testudata(L, at, NLL_TENSOR) ? "; nl.cat joins tensors" : "");
}

/* Fill t from the value on top of the stack, which stands at index[0..dim-1]. */
static void fill_nested(lua_State *L, const nl_tensor *t, int dim, int64_t *index, char **next) {
  int top = lua_gettop(L);
  if (dim == t->ndim) {
    int type = lua_type(L, -1);
    if (type != LUA_TNUMBER && type != LUA_TBOOLEAN) wrong_element(L, top, dim, index, "a number");
    nlL_checkelement(L, top, "tensor", t->dtype, *next);
    *next += nl_dtype_size(t->dtype);
    return;
  }
  if (!lua_istable(L, -1))
    wrong_element(L, top, dim, index, lua_pushfstring(L, "a table of %I", (lua_Integer)t->shape[dim]));
  lua_Integer length = luaL_len(L, -1);
  if (length != t->shape[dim])
    nlL_error(L, "tensor: %s has %I elements, those before it have %I", where(L, dim, index), length,
              (lua_Integer)t->shape[dim]);
  luaL_checkstack(L, 4, "tensor");
  for (index[dim] = 0; index[dim] < length; index[dim]++) {
    nlL_poll(L, "tensor", index[dim]);
    lua_geti(L, -1, index[dim] + 1);
    fill_nested(L, t, dim + 1, index, next);
    lua_pop(L, 1);
  }
}

/* nl.tensor(nested, opts); a tensor is cloned */
static int l_tensor(lua_State *L) {
  if (lua_isnone(L, 1)) nlL_typeerror(L, 1, "table of numbers");
  lua_settop(L, 2); /* what is pushed below must not stand where options do */
  if (lua_type(L, 1) == LUA_TNUMBER && lua_type(L, 2) == LUA_TNUMBER)
    nlL_error(L, "tensor: the elements stand in a table: nl.tensor({%s, %s, ..})", nlL_describe(L, 1),
              nlL_describe(L, 2));
  nlL_checkoptions(L, 2, "tensor", nlL_place_options);
  const nl_tensor *source = nlL_toanytensor(L, 1);
  int64_t shape[NL_MAX_NDIM], index[NL_MAX_NDIM] = {0};
  nl_status s;
  if (source) {
    nlL_place place = nlL_checkplace(L, 2, "tensor", source->dtype);
    nl_tensor *out = nlL_newtensor(L);
    NLL_RETRY(L, s, nl_tensor_to(source, place.device, place.dtype, out));
    return nlL_finishtensor(L, s, out);
  }
  if (!lua_istable(L, 1) && lua_type(L, 1) != LUA_TNUMBER && !lua_isboolean(L, 1))
    nlL_typeerror(L, 1, "table of numbers");
  bool booleans;
  for (int i = 0; lua_istable(L, 1) && nlL_place_options[i]; i++) {
    lua_pushstring(L, nlL_place_options[i]);
    if (lua_rawget(L, 1) != LUA_TNIL)
      nlL_error(L, "tensor: %s stands among the values; options are a second table: nl.tensor({..}, {%s=..})",
                nlL_place_options[i], nlL_place_options[i]);
    lua_pop(L, 1);
  }
  lua_pushvalue(L, 1);
  int ndim = nested_shape(L, shape, &booleans);
  nlL_place place = nlL_checkplace(L, 2, "tensor", booleans ? NL_BOOL : NL_F64);
  nl_tensor *out = nlL_newtensor(L);
  lua_insert(L, -2);
  NLL_RETRY(L, s, nl_tensor_new(place.dtype, ndim, shape, out));
  nlL_check(L, s);
  char *next = nl_tensor_data(out);
  fill_nested(L, out, 0, index, &next);
  lua_pop(L, 1);
  return nlL_finishon(L, place.device, out);
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
    nlL_poll(L, "totable", index[dim]);
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

static const luaL_Reg functions[] = {{"tensor", l_tensor}, {NULL, NULL}};
static const luaL_Reg methods[] = {{"totable", l_totable}, {"item", l_item}, {NULL, NULL}};

void nlL_open_nested(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  nlL_addmethods(L, methods);
}
