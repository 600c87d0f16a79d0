/* Constructors of tensors: from nested tables, constant, evenly spaced, random. */
#include "tensor.h"
#include <math.h>
#include <numlab/random.h>
#include <string.h>

static const char *const place_options[] = {"dtype", "device", NULL};
static const char *const random_options[] = {"dtype", "device", "seed", NULL};

/* out, made on the CPU and on top of the stack, becomes the result on its device. */
static int finish_on(lua_State *L, nl_device *device, const nl_tensor *out) {
  if (nl_device_is_cpu(device)) return nlL_finishtensor(L, NL_OK, out);
  nl_tensor *there = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_to(out, device, out->dtype, there));
  return nlL_finishtensor(L, s, there);
}

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
  nlL_checkoptions(L, 2, "tensor", place_options);
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
  for (int i = 0; lua_istable(L, 1) && place_options[i]; i++) {
    lua_pushstring(L, place_options[i]);
    if (lua_rawget(L, 1) != LUA_TNIL)
      nlL_error(L, "tensor: %s stands among the values; options are a second table: nl.tensor({..}, {%s=..})",
                place_options[i], place_options[i]);
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
  return finish_on(L, place.device, out);
}

/* --- constants --------------------------------------------------------------------------------------- */

/* Arguments (m, n, .., opts) or ({m, n, ..}, opts): the shape; *options becomes the index of opts, or 0. */
static int sizes_and_options(lua_State *L, const char *what, const char *const *known, int64_t *shape,
                             int *options) {
  int last = lua_gettop(L);
  *options = 0;
  if (last > 1 && (lua_istable(L, last) || lua_isnil(L, last) || lua_istable(L, 1))) *options = last--;
  if (last < 1 || (last == 1 && lua_isnil(L, 1)))
    nlL_error(L, "%s: give the sizes: nl.%s(m, n, ..) or nl.%s({m, n, ..})", what, what, what);
  if (last == 1 && lua_istable(L, 1)) { /* nl.zeros{dtype=..}: options without sizes */
    lua_pushnil(L);
    while (lua_next(L, 1)) {
      lua_pop(L, 1);
      if (lua_type(L, -1) == LUA_TSTRING)
        nlL_error(L, "%s: give the sizes before the options: nl.%s(m, n, .., {%s=..})", what, what,
                  lua_tostring(L, -1));
    }
  }
  if (*options) nlL_checkoptions(L, *options, what, known);
  return nlL_checkshape(L, 1, last, what, false, shape);
}

static int constant(lua_State *L, const char *what, double value) {
  int64_t shape[NL_MAX_NDIM];
  int options, ndim = sizes_and_options(L, what, place_options, shape, &options);
  nlL_place place = options ? nlL_checkplace(L, options, what, NL_F64) : (nlL_place){NL_F64, nl_device_at(0)};
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new_on(place.device, place.dtype, ndim, shape, out));
  nlL_check(L, s);
  return nlL_finishtensor(L, nl_tensor_fill(out, value), out);
}

static int l_zeros(lua_State *L) { return constant(L, "zeros", 0); }
static int l_ones(lua_State *L) { return constant(L, "ones", 1); }

/* nl.full(shape, value, opts): shape a table or one size */
static int l_full(lua_State *L) {
  int64_t shape[NL_MAX_NDIM];
  char element[8];
  if (lua_isnoneornil(L, 2)) nlL_error(L, "full: the value is missing: nl.full(shape, value)");
  if (lua_type(L, 3) == LUA_TNUMBER)
    nlL_error(L, "full: several sizes stand in a table: nl.full({m, n}, value)");
  int ndim = nlL_checkshape(L, 1, 1, "full", false, shape);
  nlL_checkoptions(L, 3, "full", place_options);
  nlL_place place = nlL_checkplace(L, 3, "full", lua_isboolean(L, 2) ? NL_BOOL : NL_F64);
  nlL_checkelement(L, 2, "full", place.dtype, element);
  nl_tensor *value = nlL_newtensor(L), *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new_on(place.device, place.dtype, ndim, shape, out));
  nlL_check(L, s);
  nlL_check(L, nl_tensor_new(place.dtype, 0, NULL, value));
  memcpy(nl_tensor_data(value), element, (size_t)nl_dtype_size(place.dtype));
  nlL_check(L, nl_tensor_copy(value, out));
  nl_tensor_release(value);
  return nlL_finishtensor(L, s, out);
}

static int l_eye(lua_State *L) {
  int64_t n = nlL_checksize(L, 1, "eye", "n"), shape[2] = {n, n};
  nlL_checkoptions(L, 2, "eye", place_options);
  nlL_place place = nlL_checkplace(L, 2, "eye", NL_F64);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new(place.dtype, 2, shape, out));
  nlL_check(L, s);
  for (int64_t i = 0; i < n; i++) nl_tensor_put(out, (int64_t[]){i, i}, 1);
  return finish_on(L, place.device, out);
}

/* --- evenly spaced ----------------------------------------------------------------------------------- */

/* A new 1-d tensor of n values on top of the stack. */
static nl_tensor *new_row(lua_State *L, int64_t n, nl_dtype dtype) {
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new_uninitialised(dtype, 1, &n, out));
  nlL_check(L, s);
  return out;
}

/* nl.arange(a, b, step, opts): a + i step up to b, b included when the steps meet it up to rounding */
static int l_arange(lua_State *L) {
  if (lua_gettop(L) == 1)
    nlL_error(L, "arange: give the first and the last value: nl.arange(1, n) holds n of them");
  double a = nlL_checkreal(L, 1, "arange", "a"), b = nlL_checkreal(L, 2, "arange", "b"), step = 1;
  int options = lua_istable(L, 3) ? 3 : 4;
  if (options == 4 && !lua_isnoneornil(L, 3)) step = nlL_checkreal(L, 3, "arange", "step");
  nlL_checkoptions(L, options, "arange", place_options);
  nlL_place place = nlL_checkplace(L, options, "arange", NL_F64);
  if (!isfinite(a) || !isfinite(b) || !isfinite(step) || step == 0)
    nlL_error(L, "arange: from %f to %f by %f is not a finite range", a, b, step);
  double steps = (b - a) / step; /* 0.1 * 10 steps may come out as 9.999999999999998: count it */
  double count = floor(steps * (1 + 4 * 0x1p-52)) + 1;
  if (count > 0x1p53) nlL_error(L, "arange: from %f to %f by %f has too many values", a, b, step);
  nl_tensor *out = new_row(L, count > 0 ? (int64_t)count : 0, place.dtype);
  for (int64_t i = 0; i < out->shape[0]; i++) nl_tensor_put(out, &i, a + (double)i * step);
  return finish_on(L, place.device, out);
}

/* Point i of n from a to b, both exact. */
static double between(double a, double b, int64_t i, int64_t n) {
  if (i == n - 1 && n > 1) return b;
  if (n <= 1 || i == 0) return a;
  double part = (double)i / (double)(n - 1);
  return isfinite(b - a) ? a + (b - a) * part
                         : a * (1 - part) + b * part; /* ends of a wide range: no overflow */
}

static int l_linspace(lua_State *L) {
  double a = nlL_checkreal(L, 1, "linspace", "a"), b = nlL_checkreal(L, 2, "linspace", "b");
  int64_t n = nlL_checksize(L, 3, "linspace", "n");
  nlL_checkoptions(L, 4, "linspace", place_options);
  nlL_place place = nlL_checkplace(L, 4, "linspace", NL_F64);
  nl_tensor *out = new_row(L, n, place.dtype);
  for (int64_t i = 0; i < n; i++) nl_tensor_put(out, &i, between(a, b, i, n));
  return finish_on(L, place.device, out);
}

/* nl.logspace(a, b, n): 10^a .. 10^b, evenly spaced in the exponent */
static int l_logspace(lua_State *L) {
  double a = nlL_checkreal(L, 1, "logspace", "a"), b = nlL_checkreal(L, 2, "logspace", "b");
  int64_t n = nlL_checksize(L, 3, "logspace", "n");
  nlL_checkoptions(L, 4, "logspace", place_options);
  nlL_place place = nlL_checkplace(L, 4, "logspace", NL_F64);
  nl_tensor *out = new_row(L, n, place.dtype);
  for (int64_t i = 0; i < n; i++) nl_tensor_put(out, &i, pow(10, between(a, b, i, n)));
  return finish_on(L, place.device, out);
}

/* --- random ------------------------------------------------------------------------------------------ */

/* The default generator of a Lua state: its seed and the stream the next unseeded call takes. Upvalue 1 of
 * the functions below. */
typedef struct generator {
  uint64_t seed, stream;
} generator;

static int random_tensor(lua_State *L, const char *what,
                         nl_status fill(const nl_tensor *t, uint64_t seed, uint64_t stream)) {
  int64_t shape[NL_MAX_NDIM];
  int options, ndim = sizes_and_options(L, what, random_options, shape, &options);
  nlL_place place = options ? nlL_checkplace(L, options, what, NL_F64) : (nlL_place){NL_F64, nl_device_at(0)};
  generator *g = lua_touserdata(L, lua_upvalueindex(1));
  bool seeded = options && lua_istable(L, options) && lua_getfield(L, options, "seed") != LUA_TNIL;
  uint64_t seed = seeded ? (uint64_t)nlL_optinteger(L, options, what, "seed", 0) : g->seed;
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new_on(place.device, place.dtype, ndim, shape, out));
  nlL_check(L, s);
  nlL_check(L, fill(out, seed, seeded ? 0 : g->stream++));
  return nlL_finishtensor(L, s, out);
}

static int l_rand(lua_State *L) { return random_tensor(L, "rand", nl_random_fill_uniform); }
static int l_randn(lua_State *L) { return random_tensor(L, "randn", nl_random_fill_normal); }

/* nl.seed(s): unseeded calls start again from here */
static int l_seed(lua_State *L) {
  generator *g = lua_touserdata(L, lua_upvalueindex(1));
  *g = (generator){(uint64_t)nlL_checkwhole(L, 1, "seed", "s"), 0};
  return 0;
}

static const luaL_Reg functions[] = {{"tensor", l_tensor},     {"zeros", l_zeros},       {"ones", l_ones},
                                     {"full", l_full},         {"eye", l_eye},           {"arange", l_arange},
                                     {"linspace", l_linspace}, {"logspace", l_logspace}, {NULL, NULL}};
static const luaL_Reg random_functions[] = {
    {"rand", l_rand}, {"randn", l_randn}, {"seed", l_seed}, {NULL, NULL}};

void nlL_open_make(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  generator *g = lua_newuserdatauv(L, sizeof *g, 0);
  *g = (generator){0, 0};
  luaL_setfuncs(L, random_functions, 1);
}
