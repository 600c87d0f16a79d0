/* nl.diagnose: what the entries and the spectra of A say about iterations, as one table. */
#include "support.h"
#include <numlab/diagnose.h>

static const char *const known[] = {"omega", "tol", "seed", "spectral", NULL};

static void set_dominance(lua_State *L, const char *key, const nl_dominance_facts *f) {
  static const char *const kinds[] = {"none", "weak", "strict"};
  lua_newtable(L);
  nlL_setstring(L, "kind", kinds[f->kind]);
  nlL_setinteger(L, "strict", f->strict);
  nlL_setnumber(L, "ratio", f->ratio);
  nlL_setinteger(L, "worst", f->worst);
  lua_setfield(L, -2, key);
}

static void set_iteration(lua_State *L, const char *key, const nl_iteration_facts *f) {
  lua_newtable(L);
  nlL_setnumber(L, "radius", f->radius);
  nlL_setnumber(L, "error", f->error);
  nlL_setboolean(L, "reliable", f->reliable);
  nlL_setboolean(L, "oscillates", f->oscillates);
  nlL_setinteger(L, "products", f->products);
  nlL_setnumber(L, "sweeps", f->sweeps);
  if (f->converges != NL_UNKNOWN) nlL_setboolean(L, "converges", f->converges == NL_YES);
  nlL_setstring(L, "reason", f->reason);
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
  nlL_setinteger(L, "rows", d->rows);
  nlL_setinteger(L, "cols", d->cols);
  nlL_setinteger(L, "nnz", d->nnz);
  nlL_setnumber(L, "density", d->density);
  nlL_setboolean(L, "symmetric", d->symmetric);
  nlL_setboolean(L, "positive_diagonal", d->positive_diagonal);
  nlL_setboolean(L, "z_matrix", d->z_matrix);
  nlL_setinteger(L, "lower_bandwidth", d->lower_bandwidth);
  nlL_setinteger(L, "upper_bandwidth", d->upper_bandwidth);
  set_dominance(L, "by_rows", &d->by_rows);
  set_dominance(L, "by_columns", &d->by_columns);
  nlL_setboolean(L, "chained", d->chained);
  nlL_setinteger(L, "levels", d->levels);
  nlL_setboolean(L, "consistently_ordered", d->consistently_ordered);
  lua_newtable(L);
  for (int64_t i = 0; i < d->zero_count; i++) {
    lua_pushinteger(L, d->zero_diagonal[i]);
    lua_rawseti(L, -2, i + 1);
  }
  lua_setfield(L, -2, "zero_diagonal");
  nlL_setnumber(L, "norm_inf", d->norm_inf);
  nlL_setnumber(L, "norm_1", d->norm_1);
  nlL_setnumber(L, "inverse_bound", d->inverse_bound);
  nlL_setnumber(L, "condition_bound", d->condition_bound);
  nlL_setnumber(L, "contraction", d->contraction);
  set_iteration(L, "jacobi", &d->jacobi);
  set_iteration(L, "gauss_seidel", &d->gauss_seidel);
  set_iteration(L, "sor", &d->sor);
  nlL_setnumber(L, "omega", d->omega);
  nlL_setnumber(L, "omega_best", d->omega_best);
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
    nlL_setstring(L, "code", nl_status_name(status));
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
