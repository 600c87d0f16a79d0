/* nl.solve: linear systems by any method. */
#include "support.h"
#include <math.h>
#include <numlab/parallel.h>
#include <string.h>

/* --- options ---------------------------------------------------------------------------------------- */

static const char *const known_options[] = {"method", "tol",     "max_iter", "x0",      "pivot",
                                            "scale",  "omega",   "sweep",    "precond", "restart",
                                            "refine", "history", "block",    "threads", NULL};
/* in the order of the enums of solve.h */
static const char *const pivots[] = {"partial", "none", "rook", "complete", NULL};
static const char *const sweeps[] = {"forward", "backward", "symmetric", NULL};
static const char *const scales[] = {"none", "rows", "columns", "both", NULL};
static const char *const preconds[] = {"none", "jacobi", "gauss_seidel", "ssor", NULL};

/* threads = n holds for this call. */
static int check_threads(lua_State *L, int arg) {
  int64_t wanted = nlL_optinteger(L, arg, "solve", "threads", nl_threads());
  if (wanted < 1 || wanted > 256)
    nlL_error(L, "solve: option 'threads' is %I, expected 1 to 256", (lua_Integer)wanted);
  return (int)wanted;
}

static nl_solve_options check_options(lua_State *L, int arg) {
  nl_solve_options o = nl_solve_defaults();
  nlL_checkoptions(L, arg, "solve", known_options);
  if (!lua_istable(L, arg)) return o;
  const char *const *methods = nl_solve_methods();
  o.method = methods[nlL_optchoice(L, arg, "solve", "method", methods, 0)];
  o.tol = nlL_optnumber(L, arg, "solve", "tol", o.tol);
  o.max_iter = nlL_optinteger(L, arg, "solve", "max_iter", o.max_iter);
  o.pivot = (nl_pivot)nlL_optchoice(L, arg, "solve", "pivot", pivots, 0);
  o.scale = (nl_scale)nlL_optchoice(L, arg, "solve", "scale", scales, 0);
  o.omega = nlL_optnumber(L, arg, "solve", "omega", o.omega);
  o.sweep = (nl_sweep)nlL_optchoice(L, arg, "solve", "sweep", sweeps, 0);
  o.precond = (nl_precond)nlL_optchoice(L, arg, "solve", "precond", preconds, 0);
  o.restart = nlL_optinteger(L, arg, "solve", "restart", o.restart);
  o.refine = nlL_optboolean(L, arg, "solve", "refine", false);
  o.history = nlL_optboolean(L, arg, "solve", "history", false);
  o.block = nlL_optinteger(L, arg, "solve", "block", 0);
  if (lua_getfield(L, arg, "x0") != LUA_TNIL) { /* the option table keeps it alive */
    o.x0 = nlL_toanytensor(L, -1);
    if (!o.x0) nlL_error(L, "solve: option 'x0' must be a tensor, got %s", nlL_typename(L, -1));
  }
  lua_pop(L, 1);
  return o;
}

/* --- info ------------------------------------------------------------------------------------------- */

/* Fields a method does not know stay nil. */

static void set_string(lua_State *L, const char *key, const char *value) {
  if (value[0]) nlL_setstring(L, key, value);
}

static void set_number(lua_State *L, const char *key, double value) {
  if (!isnan(value)) nlL_setnumber(L, key, value);
}

static void set_integer(lua_State *L, const char *key, int64_t value) {
  if (value >= 0) nlL_setinteger(L, key, value);
}

static void push_info(lua_State *L, const nl_solve_info *info) {
  lua_createtable(L, 0, 24);
  set_string(L, "method", info->method);
  set_string(L, "code", nl_status_name(info->code));
  nlL_setboolean(L, "converged", info->converged);
  set_integer(L, "iterations", info->iterations);
  set_number(L, "seconds", info->seconds);
  set_string(L, "reason", info->reason);
  set_string(L, "converted", info->converted);
  set_string(L, "warning", info->warning);
  set_number(L, "relative_residual", info->relative_residual);
  set_number(L, "backward_error", info->backward_error);
  set_number(L, "growth", info->growth);
  set_number(L, "smallest_pivot", info->smallest_pivot);
  set_number(L, "rcond", info->rcond);
  set_number(L, "error_bound", info->error_bound);
  set_integer(L, "exchanges", info->exchanges);
  set_integer(L, "rank", info->rank);
  set_integer(L, "nnz_factor", info->nnz_factor);
  set_integer(L, "refinements", info->refinements);
  if (info->where > 0) set_integer(L, "where", info->where);
  if (!info->history) return;
  lua_createtable(L, (int)info->history_length, 0);
  for (int64_t i = 0; i < info->history_length; i++) {
    lua_pushnumber(L, info->history[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "history");
}

/* The info record owns a history, and pushing its values can raise: it lives in a userdata of its own. */
#define INFO "numlab.solve_info"

static int l_info_gc(lua_State *L) {
  nl_solve_info_release(luaL_checkudata(L, 1, INFO));
  return 0;
}

static nl_solve_info *new_info(lua_State *L) {
  nl_solve_info *info = lua_newuserdatauv(L, sizeof *info, 0);
  memset(info, 0, sizeof *info);
  if (luaL_newmetatable(L, INFO)) {
    lua_pushcfunction(L, l_info_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return info;
}

/* --- nl.solve --------------------------------------------------------------------------------------- */

/* Raise for nl.solve(b, A): a vector first, and a matrix behind it. */
static void check_order(lua_State *L, const nl_tensor *first) {
  const nl_tensor *second = first ? nlL_toanytensor(L, 2) : NULL;
  bool matrix = (second && second->ndim == 2) || (first && luaL_testudata(L, 2, NLL_SPARSE));
  if (first && first->ndim == 1 && matrix)
    nlL_error(L, "solve: the first argument is a vector and the second a matrix, expected nl.solve(A, b)");
}

static int l_solve(lua_State *L) {
  nl_matrix A = nlL_checkanymatrix(L, 1);
  check_order(L, A.dense);
  const nl_tensor *b = nlL_checkanytensor(L, 2);
  lua_settop(L, 3);
  nl_solve_options o = check_options(L, 3);
  int threads_before = nl_threads(), threads = check_threads(L, 3);
  nl_solve_info *info = new_info(L);
  nl_tensor *x = nlL_newtensor(L);
  nl_status s;
  nl_threads_set(threads);
  NLL_RETRY(L, s, nl_solve(&A, b, &o, x, info));
  nl_threads_set(threads_before);
  if (s != NL_OK && !nl_status_is_outcome(s)) nlL_check(L, s);
  if (x->storage) nlL_account(L, nlL_tensor_bytes(x));
  if (s == NL_OK) {
    push_info(L, info);
  } else {
    nlL_outcome(L);
    push_info(L, info);
    if (x->storage) { /* the last iterate of a method that did not get there */
      lua_pushvalue(L, 5);
      lua_setfield(L, -2, "x");
    }
  }
  nl_solve_info_release(info);
  return s == NL_OK ? 2 : 3;
}

static int l_methods(lua_State *L) {
  const char *const *names = nl_solve_methods();
  lua_newtable(L);
  for (int i = 0; names[i]; i++) {
    lua_pushstring(L, names[i]);
    lua_rawseti(L, -2, i + 1);
  }
  return 1;
}

/* --- module ----------------------------------------------------------------------------------------- */

static const luaL_Reg functions[] = {{"solve", l_solve}, {"solve_methods", l_methods}, {NULL, NULL}};

void nlL_open_solve(lua_State *L) { luaL_setfuncs(L, functions, 0); }
