/* nl.sparse and the sparse matrix class: construction, fields, products, conversions, printing. */
#include "tensor.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static int finish(lua_State *L, nl_status status, const nl_sparse *S) {
  nlL_check(L, status);
  nlL_account(L, nlL_sparse_bytes(S));
  return 1;
}

/* --- construction ------------------------------------------------------------------------------------- */

/* Fill the i64 vector t from the tensor or table at arg, less one: Lua counts from 1. */
static void read_indices(lua_State *L, int arg, const char *name, nl_tensor *t, int64_t count) {
  const nl_tensor *given = nlL_totensor(L, arg);
  int64_t *to = nl_tensor_data(t);
  for (int64_t k = 0; k < count; k++) {
    nlL_poll(L, "sparse.coo", k);
    if (given) nlL_pushelement(L, given, &k);
    else lua_geti(L, arg, k + 1);
    int whole;
    lua_Integer index = lua_tointegerx(L, -1, &whole);
    if (!whole || lua_type(L, -1) != LUA_TNUMBER)
      nlL_error(L, "sparse.coo: %s[%I] must be a whole number, got %s", name, (lua_Integer)(k + 1),
                nlL_describe(L, -1));
    to[k] = (int64_t)((uint64_t)index - 1);
    lua_pop(L, 1);
  }
}

static void read_values(lua_State *L, int arg, nl_tensor *t, int64_t count) {
  const nl_tensor *given = nlL_totensor(L, arg);
  double *to = nl_tensor_data(t);
  if (given) {
    nlL_check(L, nl_tensor_copy(given, t));
    return;
  }
  for (int64_t k = 0; k < count; k++) {
    nlL_poll(L, "sparse.coo", k);
    lua_geti(L, arg, k + 1);
    if (lua_type(L, -1) != LUA_TNUMBER)
      nlL_error(L, "sparse.coo: values[%I] must be a number, got %s", (lua_Integer)(k + 1),
                nlL_typename(L, -1));
    to[k] = lua_tonumber(L, -1);
    lua_pop(L, 1);
  }
}

static int64_t vector_length(lua_State *L, int arg, const char *name) {
  const nl_tensor *t = nlL_totensor(L, arg);
  if (t && t->ndim != 1)
    nlL_error(L, "sparse.coo: %s must have one dimension, got a tensor of %d", name, t->ndim);
  if (t) return t->shape[0];
  if (!lua_istable(L, arg))
    nlL_error(L, "sparse.coo: %s must be a tensor or a table, got %s", name, nlL_typename(L, arg));
  return luaL_len(L, arg);
}

/* nl.sparse.coo(m, n, rows, cols, values) */
static int l_coo(lua_State *L) {
  int64_t m = nlL_checksize(L, 1, "sparse.coo", "m"), n = nlL_checksize(L, 2, "sparse.coo", "n");
  int64_t rows = vector_length(L, 3, "rows"), cols = vector_length(L, 4, "cols"),
          count = vector_length(L, 5, "values");
  if (rows != count || cols != count)
    nlL_error(L, "sparse.coo: %I rows, %I cols and %I values, expected as many of each", (lua_Integer)rows,
              (lua_Integer)cols, (lua_Integer)count);
  nl_sparse *S = nlL_newsparse(L);
  nl_tensor *row_of = nlL_newtensor(L), *col_of = nlL_newtensor(L), *values = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new(NL_I64, 1, &count, row_of));
  nlL_check(L, s);
  NLL_RETRY(L, s, nl_tensor_new(NL_I64, 1, &count, col_of));
  nlL_check(L, s);
  NLL_RETRY(L, s, nl_tensor_new(NL_F64, 1, &count, values));
  nlL_check(L, s);
  read_indices(L, 3, "rows", row_of, count);
  read_indices(L, 4, "cols", col_of, count);
  read_values(L, 5, values, count);
  NLL_RETRY(L, s,
            nl_sparse_from_coo(m, n, count, nl_tensor_data(row_of), nl_tensor_data(col_of),
                               nl_tensor_data(values), S));
  nl_tensor_release(row_of);
  nl_tensor_release(col_of);
  nl_tensor_release(values);
  lua_pop(L, 3);
  return finish(L, s, S);
}

/* nl.sparse.from(t) */
static int l_from(lua_State *L) {
  const nl_tensor *t = nlL_totensor(L, 1);
  if (!t)
    return nlL_error(L, "sparse.from: expected a tensor, got %s%s", nlL_typename(L, 1),
                     nlL_mend(L, 1, "tensor"));
  nl_sparse *S = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_from_dense(t, S));
  return finish(L, s, S);
}

/* --- conversion and copies ---------------------------------------------------------------------------- */

static int l_dense(lua_State *L) {
  const nl_sparse *S = nlL_checksparse(L, 1);
  nl_tensor *t = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_to_dense(S, t));
  return nlL_finishtensor(L, s, t);
}

static int push_made(lua_State *L, nl_status (*make)(const nl_sparse *S, nl_sparse *out)) {
  const nl_sparse *S = nlL_checksparse(L, 1);
  nl_sparse *out = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, make(S, out));
  return finish(L, s, out);
}

/* S:to(device); S itself where it is there already. */
static int l_to(lua_State *L) {
  const nl_sparse *S = nlL_checkanysparse(L, 1);
  if (lua_type(L, 2) != LUA_TSTRING)
    nlL_error(L, "to: give a device, such as S:to(\"cuda\"), got %s", nlL_describe(L, 2));
  nl_device *device = nlL_checkdevice(L, "to", lua_tostring(L, 2));
  if (device == nl_sparse_device(S)) {
    lua_settop(L, 1);
    return 1;
  }
  nl_sparse *out = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_to(S, device, out));
  return finish(L, s, out);
}

static int l_clone(lua_State *L) { return push_made(L, nl_sparse_clone); }
static int l_transpose(lua_State *L) { return push_made(L, nl_sparse_transpose); }

static int l_diag(lua_State *L) {
  const nl_sparse *S = nlL_checksparse(L, 1);
  int64_t n = S->rows < S->cols ? S->rows : S->cols;
  nl_tensor *d = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new(NL_F64, 1, &n, d));
  nlL_check(L, s);
  nl_sparse_diagonal(S, nl_tensor_data(d));
  return nlL_finishtensor(L, s, d);
}

/* A new vector on the stack. */
static nl_tensor *push_vector(lua_State *L, nl_dtype dtype, int64_t count) {
  nl_tensor *t = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_tensor_new(dtype, 1, &count, t));
  nlL_finishtensor(L, s, t);
  return t;
}

/* start (rows + 1), columns, values as tensors; everything counts from 1. */
static int push_compressed(lua_State *L, const nl_sparse *S) {
  int64_t *start = nl_tensor_data(push_vector(L, NL_I64, S->rows + 1));
  int64_t *index = nl_tensor_data(push_vector(L, NL_I64, S->nnz));
  double *values = nl_tensor_data(push_vector(L, NL_F64, S->nnz));
  for (int64_t i = 0; i <= S->rows; i++) start[i] = S->start[i] + 1;
  for (int64_t p = 0; p < S->nnz; p++) index[p] = S->index[p] + (int64_t)1;
  memcpy(values, S->values, (size_t)S->nnz * sizeof *values);
  return 3;
}

static int l_csr(lua_State *L) { return push_compressed(L, nlL_checksparse(L, 1)); }

static int l_csc(lua_State *L) {
  l_transpose(L);
  return push_compressed(L, nlL_checksparse(L, -1));
}

static int l_tocoo(lua_State *L) {
  const nl_sparse *S = nlL_checksparse(L, 1);
  push_compressed(L, S);
  int64_t *row_of = nl_tensor_data(push_vector(L, NL_I64, S->nnz));
  for (int64_t i = 0; i < S->rows; i++)
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) row_of[p] = i + 1;
  lua_replace(L, -4); /* rows in the place of start */
  return 3;
}

/* S:norm(1 | "inf" | "fro"), "fro" by default */
static int l_norm(lua_State *L) {
  static const char *const known[] = {"fro", "inf", "1", NULL};
  const nl_sparse *S = nlL_checksparse(L, 1);
  const char *kind = "fro";
  if (lua_type(L, 2) == LUA_TNUMBER && lua_tonumber(L, 2) == 1) kind = "1";
  else if (lua_type(L, 2) == LUA_TNUMBER && lua_tonumber(L, 2) == (double)INFINITY) kind = "inf";
  else if (!lua_isnoneornil(L, 2)) kind = luaL_checkstring(L, 2);
  if (strcmp(kind, "fro") == 0) lua_pushnumber(L, nl_sparse_norm_fro(S));
  else if (strcmp(kind, "inf") == 0) lua_pushnumber(L, nl_sparse_norm_inf(S));
  else if (strcmp(kind, "1") == 0) lua_pushnumber(L, nl_sparse_norm_1(S));
  else nlL_unknown(L, "norm", "kind", kind, known);
  return 1;
}

static int l_close(lua_State *L) {
  nl_sparse *S = luaL_testudata(L, 1, NLL_SPARSE);
  if (!S) nlL_typeerror(L, 1, "sparse matrix");
  nl_sparse_release(S);
  return 0;
}

/* --- arithmetic --------------------------------------------------------------------------------------- */

static int wrong_operand(lua_State *L, const char *op, const char *expected, int arg) {
  return nlL_error(L, "sparse %s: expected %s, got %s%s", op, expected, nlL_typename(L, arg),
                   nlL_mend(L, arg, "sparse matrix"));
}

static int scaled(lua_State *L, const nl_sparse *S, double factor) {
  nl_sparse *out = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_scale(factor, S, out));
  return finish(L, s, out);
}

/* S x, where both lie. */
static int applied(lua_State *L, const nl_sparse *S, const nl_tensor *x) {
  nl_tensor *y = nlL_newtensor(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_apply(S, x, y));
  return nlL_finishtensor(L, s, y);
}

static int l_mul(lua_State *L) {
  const nl_sparse *S = nlL_toanysparse(L, 1);
  const nl_tensor *x = S ? nlL_toanytensor(L, 2) : NULL;
  if (x) return applied(L, S, x);
  const nl_sparse *A = nlL_tosparse(L, 1), *B = nlL_tosparse(L, 2);
  if (!A && B && lua_type(L, 1) == LUA_TNUMBER) return scaled(L, B, lua_tonumber(L, 1));
  if (!A) return wrong_operand(L, "product", "a number or a sparse matrix on the left", 1);
  if (lua_type(L, 2) == LUA_TNUMBER) return scaled(L, A, lua_tonumber(L, 2));
  if (!B) return wrong_operand(L, "product", "a number, a tensor or a sparse matrix", 2);
  nl_sparse *out = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_multiply(A, B, out));
  return finish(L, s, out);
}

static int sum(lua_State *L, double beta) {
  const nl_sparse *A = nlL_tosparse(L, 1), *B = nlL_tosparse(L, 2);
  if (!A || !B) return wrong_operand(L, "sum", "two sparse matrices (S:dense() makes a tensor)", A ? 2 : 1);
  nl_sparse *out = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_add(1, A, beta, B, out));
  return finish(L, s, out);
}

static int l_add(lua_State *L) { return sum(L, 1); }
static int l_sub(lua_State *L) { return sum(L, -1); }
static int l_unm(lua_State *L) { return scaled(L, nlL_checksparse(L, 1), -1); }

static int l_div(lua_State *L) {
  const nl_sparse *S = nlL_tosparse(L, 1);
  if (!S || lua_type(L, 2) != LUA_TNUMBER)
    return wrong_operand(L, "quotient", "a sparse matrix over a number", S ? 2 : 1);
  double divisor = lua_tonumber(L, 2);
  nl_sparse *out = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_divide(S, divisor, out));
  return finish(L, s, out);
}

/* --- reading ------------------------------------------------------------------------------------------ */

/* 1-based, negatives from the end. */
static int64_t check_index(lua_State *L, int arg, const char *what, int64_t size) {
  int whole;
  lua_Integer given = lua_tointegerx(L, arg, &whole), index = given < 0 ? given + size : given - 1;
  if (!whole || lua_type(L, arg) != LUA_TNUMBER)
    nlL_error(L, "an element of a sparse matrix is S(i, j): the %s must be a whole number, got %s", what,
              nlL_describe(L, arg));
  if (given == 0 || index < 0 || index >= size)
    nlL_error(L, "%s %I is outside 1 to %I", what, given, (lua_Integer)size);
  return index;
}

static int l_call(lua_State *L) {
  const nl_sparse *S = nlL_checksparse(L, 1);
  int64_t i = check_index(L, 2, "row", S->rows), j = check_index(L, 3, "column", S->cols);
  lua_pushnumber(L, nl_sparse_get(S, i, j));
  return 1;
}

/* Upvalue 1: the methods. */
static int l_index(lua_State *L) {
  luaL_checkudata(L, 1, NLL_SPARSE);
  lua_settop(L, 2);
  lua_pushvalue(L, 2);
  if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
  if (lua_type(L, 2) != LUA_TSTRING)
    nlL_error(
        L, "a sparse matrix has no rows to take, got S[%s]; S(1, 2) is an element, S:dense() makes a tensor",
        nlL_describe(L, 2));
  const nl_sparse *S = nlL_checkanysparse(L, 1);
  const char *key = lua_tostring(L, 2);
  if (strcmp(key, "nnz") == 0) lua_pushinteger(L, S->nnz);
  else if (strcmp(key, "dtype") == 0) lua_pushliteral(L, "f64");
  else if (strcmp(key, "device") == 0) lua_pushstring(L, nl_device_name(nl_sparse_device(S)));
  else if (strcmp(key, "ndim") == 0) lua_pushinteger(L, 2);
  else if (strcmp(key, "T") == 0) {
    lua_settop(L, 1);
    return l_transpose(L);
  } else if (strcmp(key, "shape") == 0) {
    lua_createtable(L, 2, 0);
    lua_pushinteger(L, S->rows);
    lua_rawseti(L, -2, 1);
    lua_pushinteger(L, S->cols);
    lua_rawseti(L, -2, 2);
  } else lua_pushnil(L);
  return 1;
}

static int l_len(lua_State *L) {
  lua_pushinteger(L, nlL_checkanysparse(L, 1)->rows);
  return 1;
}

/* S as it lies on the CPU: itself, or a copy pushed on the stack. */
static const nl_sparse *local(lua_State *L, const nl_sparse *S) {
  if (nl_device_is_cpu(nl_sparse_device(S))) return S;
  nl_sparse *copy = nlL_newsparse(L);
  nl_status s;
  NLL_RETRY(L, s, nl_sparse_to(S, nl_device_at(0), copy));
  finish(L, s, copy);
  return copy;
}

/* "sparse 3x3, 4 entries (44.4 %), 72 bytes on cuda:0" and the first entries. */
static int l_tostring(lua_State *L) {
  enum { SHOWN = 8 };
  const nl_sparse *S = luaL_checkudata(L, 1, NLL_SPARSE);
  if (!S->start) {
    lua_pushliteral(L, "closed sparse matrix");
    return 1;
  }
  char line[200];
  const nl_device *device = nl_sparse_device(S);
  bool here = nl_device_is_cpu(device);
  S = local(L, S);
  double places = (double)S->rows * (double)S->cols;
  luaL_Buffer text;
  luaL_buffinit(L, &text);
  snprintf(line, sizeof line, "sparse %lldx%lld, %lld entries (%.3g %%), %lld bytes%s%s", (long long)S->rows,
           (long long)S->cols, (long long)S->nnz, places > 0 ? 100 * (double)S->nnz / places : 0.0,
           (long long)nlL_sparse_bytes(S), here ? "" : " on ", here ? "" : nl_device_name(device));
  luaL_addstring(&text, line);
  int64_t p = 0;
  for (int64_t i = 0; i < S->rows && p < S->nnz && p < SHOWN; i++)
    for (; p < S->start[i + 1] && p < SHOWN; p++) {
      snprintf(line, sizeof line, "\n  (%lld, %lld)  %.6g", (long long)i + 1, (long long)S->index[p] + 1,
               S->values[p]);
      luaL_addstring(&text, line);
    }
  if (p < S->nnz) luaL_addstring(&text, "\n  ...");
  luaL_pushresult(&text);
  return 1;
}

/* --- the class ---------------------------------------------------------------------------------------- */

static const luaL_Reg functions[] = {{"coo", l_coo}, {"from", l_from}, {NULL, NULL}};

static const luaL_Reg methods[] = {
    {"dense", l_dense},         {"to", l_to},       {"clone", l_clone}, {"diag", l_diag},
    {"transpose", l_transpose}, {"coo", l_tocoo},   {"csr", l_csr},     {"csc", l_csc},
    {"norm", l_norm},           {"close", l_close}, {NULL, NULL}};

static const luaL_Reg metamethods[] = {{"__call", l_call},         {"__len", l_len},  {"__mul", l_mul},
                                       {"__add", l_add},           {"__sub", l_sub},  {"__unm", l_unm},
                                       {"__div", l_div},           {"__gc", l_close}, {"__close", l_close},
                                       {"__tostring", l_tostring}, {NULL, NULL}};

void nlL_open_sparse(lua_State *L) {
  luaL_newmetatable(L, NLL_SPARSE);
  lua_pushliteral(L, "sparse matrix"); /* how messages name the type */
  lua_setfield(L, -2, "__name");
  luaL_setfuncs(L, metamethods, 0);
  luaL_newlib(L, methods);
  lua_pushvalue(L, -1);
  lua_setfield(L, -3, "methods");
  lua_pushcclosure(L, l_index, 1);
  lua_setfield(L, -2, "__index");
  lua_pop(L, 1);
  luaL_newlib(L, functions);
  lua_setfield(L, -2, "sparse");
}
