/* nl.gallery: test systems A, b, x_true with b = A x_true. */
#include "support.h"
#include <numlab/gallery.h>

/* With the filled A on top of the stack: push b and x_true; 3 results. */
static int push_system(lua_State *L, nl_matrix A, uint64_t seed) {
  nl_tensor *b = nlL_newtensor(L), *x_true = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_gallery_system(&A, seed, b, x_true));
  nlL_check(L, s);
  nlL_account(L, nlL_tensor_bytes(b) + nlL_tensor_bytes(x_true));
  return 3;
}

static int64_t need_n(lua_State *L, const char *what) {
  if (!lua_istable(L, 1) || lua_getfield(L, 1, "n") == LUA_TNIL)
    nlL_error(L, "%s: option 'n' is missing: nl.gallery.%s{n = 100}", what, what);
  lua_pop(L, 1);
  int64_t n = nlL_optinteger(L, 1, what, "n", 0);
  if (n < 0) nlL_error(L, "%s: n must not be negative, got %I", what, (lua_Integer)n);
  return n;
}

static int l_dominant(lua_State *L) {
  static const char *const known[] = {"n", "density", "seed", "ratio", "sign", NULL};
  static const char *const signs[] = {"mixed", "positive", "negative", NULL};
  nlL_checkoptions(L, 1, "dominant", known);
  int64_t n = need_n(L, "dominant");
  double density = nlL_optnumber(L, 1, "dominant", "density", 0.1);
  double ratio = nlL_optnumber(L, 1, "dominant", "ratio", 1.1);
  uint64_t seed = (uint64_t)nlL_optinteger(L, 1, "dominant", "seed", 0);
  nl_sign sign = (nl_sign)nlL_optchoice(L, 1, "dominant", "sign", signs, NL_SIGN_MIXED);
  nl_sparse *A = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_gallery_dominant(n, density, ratio, sign, seed, A));
  nlL_check(L, s);
  nlL_account(L, nlL_sparse_bytes(A));
  return push_system(L, (nl_matrix){.sparse = A}, seed);
}

static int l_nondominant(lua_State *L) {
  static const char *const known[] = {"n", "density", "seed", "kind", NULL};
  static const char *const kinds[] = {"converging", "diverging", "zero_diagonal", NULL};
  nlL_checkoptions(L, 1, "nondominant", known);
  int64_t n = need_n(L, "nondominant");
  double density = nlL_optnumber(L, 1, "nondominant", "density", 0.1);
  uint64_t seed = (uint64_t)nlL_optinteger(L, 1, "nondominant", "seed", 0);
  nl_nondominant kind = (nl_nondominant)nlL_optchoice(L, 1, "nondominant", "kind", kinds, NL_CONVERGING);
  nl_sparse *A = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_gallery_nondominant(n, density, kind, seed, A));
  nlL_check(L, s);
  nlL_account(L, nlL_sparse_bytes(A));
  return push_system(L, (nl_matrix){.sparse = A}, seed);
}

/* --- families: one function for all, upvalue 1 the family --------------------------------------------- */

/* nl.gallery.NAME(n, options) or NAME{n=, ...}: n and the parameters of the family. */
static int l_family(lua_State *L) {
  const nl_family *family = lua_touserdata(L, lua_upvalueindex(1));
  const char *known[NL_FAMILY_PARAMETERS + 3] = {"n", "seed"};
  double parameter[NL_FAMILY_PARAMETERS] = {0};
  int options = lua_istable(L, 1) ? 1 : 2;
  for (int k = 0; k < NL_FAMILY_PARAMETERS && family->parameter[k]; k++) known[k + 2] = family->parameter[k];
  if (options == 2) { /* n stands by itself */
    int whole;
    lua_tointegerx(L, 1, &whole);
    if (!whole || lua_type(L, 1) != LUA_TNUMBER)
      return nlL_error(L, "%s: n must be a whole number or a table of options, got %s", family->name,
                       nlL_describe(L, 1));
    nlL_checkoptions(L, 2, family->name, known + 1);
  } else nlL_checkoptions(L, 1, family->name, known);
  int64_t n = options == 2 ? lua_tointeger(L, 1) : need_n(L, family->name);
  for (int k = 0; k < NL_FAMILY_PARAMETERS && family->parameter[k]; k++)
    parameter[k] = nlL_optnumber(L, options, family->name, family->parameter[k], family->fallback[k]);
  uint64_t seed = (uint64_t)nlL_optinteger(L, options, family->name, "seed", 0);
  nl_sparse *sparse = family->sparse ? nlL_newsparse(L) : NULL;
  nl_tensor *dense = family->sparse ? NULL : nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_gallery_make(family, n, parameter, seed, sparse, dense));
  nlL_check(L, s);
  nlL_account(L, sparse ? nlL_sparse_bytes(sparse) : nlL_tensor_bytes(dense));
  return push_system(L, (nl_matrix){dense, sparse}, seed);
}

static const luaL_Reg functions[] = {{"dominant", l_dominant}, {"nondominant", l_nondominant}, {NULL, NULL}};

void nlL_open_gallery(lua_State *L) {
  luaL_newlib(L, functions);
  const nl_family *family;
  for (int i = 0; (family = nl_gallery_family(i)) != NULL; i++) {
    lua_pushlightuserdata(L, (void *)(uintptr_t)family);
    lua_pushcclosure(L, l_family, 1);
    lua_setfield(L, -2, family->name);
  }
  lua_setfield(L, -2, "gallery");
}
