/* nl.cholesky, qr, svd, eigh, lstsq: dense factorisations that LAPACK does; nl.blas_matmul, a yardstick. */
#include "support.h"
#include <numlab/external.h>

/* nil, message, {code = ..., minor = ...} for an outcome; raises for misuse. */
static int fail(lua_State *L, nl_status status, int64_t minor) {
  int values = nlL_failed(L, status);
  if (minor > 0) nlL_setinteger(L, "minor", minor);
  return values;
}

static int l_cholesky(lua_State *L) {
  const nl_tensor *A = nlL_checktensor(L, 1);
  nl_tensor *factor = nlL_newtensor(L);
  int64_t minor = 0;
  nl_status status;
  NLL_RETRY(L, status, nl_cholesky(A, factor, &minor));
  if (status != NL_OK) return fail(L, status, minor);
  nlL_account(L, nlL_tensor_bytes(factor));
  return 1;
}

static int l_qr(lua_State *L) {
  const nl_tensor *A = nlL_checktensor(L, 1);
  nl_tensor *Q = nlL_newtensor(L), *R = nlL_newtensor(L);
  nl_status status;
  NLL_RETRY(L, status, nl_qr(A, Q, R));
  if (status != NL_OK) return fail(L, status, 0);
  nlL_account(L, nlL_tensor_bytes(Q) + nlL_tensor_bytes(R));
  return 2;
}

static int l_svd(lua_State *L) {
  const nl_tensor *A = nlL_checktensor(L, 1);
  nl_tensor *U = nlL_newtensor(L), *s = nlL_newtensor(L), *Vt = nlL_newtensor(L);
  nl_status status;
  NLL_RETRY(L, status, nl_svd(A, U, s, Vt));
  if (status != NL_OK) return fail(L, status, 0);
  nlL_account(L, nlL_tensor_bytes(U) + nlL_tensor_bytes(s) + nlL_tensor_bytes(Vt));
  return 3;
}

static int l_eigh(lua_State *L) {
  const nl_tensor *A = nlL_checktensor(L, 1);
  nl_tensor *w = nlL_newtensor(L), *V = nlL_newtensor(L);
  nl_status status;
  NLL_RETRY(L, status, nl_eigh(A, w, V));
  if (status != NL_OK) return fail(L, status, 0);
  nlL_account(L, nlL_tensor_bytes(w) + nlL_tensor_bytes(V));
  return 2;
}

static int l_lstsq(lua_State *L) {
  static const char *const known[] = {"rcond", NULL};
  const nl_tensor *A = nlL_checktensor(L, 1), *b = nlL_checktensor(L, 2);
  nlL_checkoptions(L, 3, "lstsq", known);
  double rcond = nlL_optnumber(L, 3, "lstsq", "rcond", -1);
  if (rcond != -1 && !(rcond >= 0)) nlL_error(L, "lstsq: rcond is %f, expected a number >= 0", rcond);
  nl_tensor *x = nlL_newtensor(L);
  nl_lstsq_info info;
  nl_status status;
  NLL_RETRY(L, status, nl_lstsq(A, b, rcond, x, &info));
  if (status != NL_OK) return fail(L, status, 0);
  nlL_account(L, nlL_tensor_bytes(x));
  lua_createtable(L, 0, 4);
  lua_pushliteral(L, "OK");
  lua_setfield(L, -2, "code");
  nlL_setinteger(L, "rank", info.rank);
  nlL_setnumber(L, "residual", info.residual);
  nlL_setnumber(L, "cond", info.cond);
  return 2;
}

static int l_blas_matmul(lua_State *L) {
  const nl_tensor *A = nlL_checktensor(L, 1), *B = nlL_checktensor(L, 2);
  nl_tensor *C = nlL_newtensor(L);
  nl_status status;
  NLL_RETRY(L, status, nl_blas_matmul(A, B, C));
  if (status != NL_OK) return fail(L, status, 0);
  nlL_account(L, nlL_tensor_bytes(C));
  return 1;
}

static const luaL_Reg functions[] = {
    {"cholesky", l_cholesky},       {"qr", l_qr}, {"svd", l_svd}, {"eigh", l_eigh}, {"lstsq", l_lstsq},
    {"blas_matmul", l_blas_matmul}, {NULL, NULL},
};

void nlL_open_linalg(lua_State *L) { luaL_setfuncs(L, functions, 0); }
