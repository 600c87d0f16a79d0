/* Constructors of tensors: constant, evenly spaced, random. */
#include "tensor.h"
#include <math.h>
#include <numlab/random.h>
#include <string.h>

static const char *const random_options[] = {"dtype", "device", "seed", NULL};

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
  int options, ndim = sizes_and_options(L, what, nlL_place_options, shape, &options);
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
  nlL_checkoptions(L, 3, "full", nlL_place_options);
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
  nlL_checkoptions(L, 2, "eye", nlL_place_options);
  nlL_place place = nlL_checkplace(L, 2, "eye", NL_F64);
  nl_tensor *out = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new(place.dtype, 2, shape, out));
  nlL_check(L, s);
  for (int64_t i = 0; i < n; i++) nl_tensor_put(out, (int64_t[]){i, i}, 1);
  return nlL_finishon(L, place.device, out);
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
  nlL_checkoptions(L, options, "arange", nlL_place_options);
  nlL_place place = nlL_checkplace(L, options, "arange", NL_F64);
  if (!isfinite(a) || !isfinite(b) || !isfinite(step) || step == 0)
    nlL_error(L, "arange: from %f to %f by %f is not a finite range", a, b, step);
  double steps = (b - a) / step; /* 0.1 * 10 steps may come out as 9.999999999999998: count it */
  double count = floor(steps * (1 + 4 * 0x1p-52)) + 1;
  if (count > 0x1p53) nlL_error(L, "arange: from %f to %f by %f has too many values", a, b, step);
  nl_tensor *out = new_row(L, count > 0 ? (int64_t)count : 0, place.dtype);
  for (int64_t i = 0; i < out->shape[0]; i++) {
    nlL_poll(L, "arange", i);
    nl_tensor_put(out, &i, a + (double)i * step);
  }
  return nlL_finishon(L, place.device, out);
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
  nlL_checkoptions(L, 4, "linspace", nlL_place_options);
  nlL_place place = nlL_checkplace(L, 4, "linspace", NL_F64);
  nl_tensor *out = new_row(L, n, place.dtype);
  for (int64_t i = 0; i < n; i++) {
    nlL_poll(L, "linspace", i);
    nl_tensor_put(out, &i, between(a, b, i, n));
  }
  return nlL_finishon(L, place.device, out);
}

/* nl.logspace(a, b, n): 10^a .. 10^b, evenly spaced in the exponent */
static int l_logspace(lua_State *L) {
  double a = nlL_checkreal(L, 1, "logspace", "a"), b = nlL_checkreal(L, 2, "logspace", "b");
  int64_t n = nlL_checksize(L, 3, "logspace", "n");
  nlL_checkoptions(L, 4, "logspace", nlL_place_options);
  nlL_place place = nlL_checkplace(L, 4, "logspace", NL_F64);
  nl_tensor *out = new_row(L, n, place.dtype);
  for (int64_t i = 0; i < n; i++) {
    nlL_poll(L, "logspace", i);
    nl_tensor_put(out, &i, pow(10, between(a, b, i, n)));
  }
  return nlL_finishon(L, place.device, out);
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

static const luaL_Reg functions[] = {{"zeros", l_zeros},       {"ones", l_ones},     {"full", l_full},
                                     {"eye", l_eye},           {"arange", l_arange}, {"linspace", l_linspace},
                                     {"logspace", l_logspace}, {NULL, NULL}};
static const luaL_Reg random_functions[] = {
    {"rand", l_rand}, {"randn", l_randn}, {"seed", l_seed}, {NULL, NULL}};

void nlL_open_make(lua_State *L) {
  luaL_setfuncs(L, functions, 0);
  generator *g = lua_newuserdatauv(L, sizeof *g, 0);
  *g = (generator){0, 0};
  luaL_setfuncs(L, random_functions, 1);
}
