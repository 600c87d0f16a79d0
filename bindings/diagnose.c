/* nl.diagnose: what the entries and the spectra of A say about iterations, as one table. */
#include "support.h"
#include <numlab/diagnose.h>

static const char *const known[] = {"omega", "tol", "seed", "spectral", NULL};

static void set_number(lua_State *L, const char *key, double value) {
  lua_pushnumber(L, value);
  lua_setfield(L, -2, key);
}

static void set_integer(lua_State *L, const char *key, int64_t value) {
  lua_pushinteger(L, value);
  lua_setfield(L, -2, key);
}

static void set_boolean(lua_State *L, const char *key, bool value) {
  lua_pushboolean(L, value);
  lua_setfield(L, -2, key);
}

static void set_string(lua_State *L, const char *key, const char *value) {
  lua_pushstring(L, value);
  lua_setfield(L, -2, key);
}

static void set_dominance(lua_State *L, const char *key, const nl_dominance_facts *f) {
  static const char *const kinds[] = {"none", "weak", "strict"};
  lua_newtable(L);
  set_string(L, "kind", kinds[f->kind]);
  set_integer(L, "strict", f->strict);
  set_number(L, "ratio", f->ratio);
  set_integer(L, "worst", f->worst);
  lua_setfield(L, -2, key);
}

static void set_iteration(lua_State *L, const char *key, const nl_iteration_facts *f) {
  lua_newtable(L);
  set_number(L, "radius", f->radius);
  set_number(L, "error", f->error);
  set_boolean(L, "reliable", f->reliable);
  set_boolean(L, "oscillates", f->oscillates);
  set_integer(L, "products", f->products);
  set_number(L, "sweeps", f->sweeps);
  if (f->converges != NL_UNKNOWN) set_boolean(L, "converges", f->converges == NL_YES);
  set_string(L, "reason", f->reason);
  lua_setfield(L, -2, key);
}

/* The diagnosis owns memory, so it lives in a userdata while the table is built. */
static int l_gc(lua_State *L) {
  nl_diagnosis_release(lua_touserdata(L, 1));
  return 0;
}

static nl_diagnosis *new_diagnosis(lua_State *L) {
  nl_diagnosis *d = lua_newuserdatauv(L, sizeof *d, 0);
  *d = (nl_diagnosis){0};
  if (luaL_newmetatable(L, "numlab.diagnosis")) {
    lua_pushcfunction(L, l_gc);
    lua_setfield(L, -2, "__gc");
  }
  lua_setmetatable(L, -2);
  return d;
}

static void push_table(lua_State *L, const nl_diagnosis *d) {
  lua_newtable(L);
  set_integer(L, "rows", d->rows);
  set_integer(L, "cols", d->cols);
  set_integer(L, "nnz", d->nnz);
  set_number(L, "density", d->density);
  set_boolean(L, "symmetric", d->symmetric);
  set_boolean(L, "positive_diagonal", d->positive_diagonal);
  set_boolean(L, "z_matrix", d->z_matrix);
  set_integer(L, "lower_bandwidth", d->lower_bandwidth);
  set_integer(L, "upper_bandwidth", d->upper_bandwidth);
  set_dominance(L, "by_rows", &d->by_rows);
  set_dominance(L, "by_columns", &d->by_columns);
  set_boolean(L, "chained", d->chained);
  set_integer(L, "levels", d->levels);
  set_boolean(L, "consistently_ordered", d->consistently_ordered);
  lua_newtable(L);
  for (int64_t i = 0; i < d->zero_count; i++) {
    lua_pushinteger(L, d->zero_diagonal[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "zero_diagonal");
  set_number(L, "norm_inf", d->norm_inf);
  set_number(L, "norm_1", d->norm_1);
  set_number(L, "inverse_bound", d->inverse_bound);
  set_number(L, "condition_bound", d->condition_bound);
  set_number(L, "contraction", d->contraction);
  set_iteration(L, "jacobi", &d->jacobi);
  set_iteration(L, "gauss_seidel", &d->gauss_seidel);
  set_iteration(L, "sor", &d->sor);
  set_number(L, "omega", d->omega);
  set_number(L, "omega_best", d->omega_best);
}

static int l_diagnose(lua_State *L) {
  nl_matrix A = nlL_checkmatrix(L, 1);
  nl_diagnose_options o = nl_diagnose_defaults();
  nlL_checkoptions(L, 2, "diagnose", known);
  o.omega = nlL_optnumber(L, 2, "diagnose", "omega", o.omega);
  o.tol = nlL_optnumber(L, 2, "diagnose", "tol", o.tol);
  o.seed = (uint64_t)nlL_optinteger(L, 2, "diagnose", "seed", (int64_t)o.seed);
  o.spectral = nlL_optboolean(L, 2, "diagnose", "spectral", o.spectral);
  nl_diagnosis *d = new_diagnosis(L);
  nl_status status;
  NLL_RETRY(L, status, nl_diagnose(&A, &o, d));
  if (nl_status_is_outcome(status)) {
    nlL_outcome(L);
    lua_newtable(L);
    set_string(L, "code", nl_status_name(status));
    return 3;
  }
  nlL_check(L, status);
  push_table(L, d);
  nl_diagnosis_release(d);
  return 1;
}

void nlL_open_diagnose(lua_State *L) {
  lua_pushcfunction(L, l_diagnose);
  lua_setfield(L, -2, "diagnose");
}
