/* nl_method_choose: a table of systems, what is chosen for them, and what instead when libraries are away. */
#include "../external/systems.h"

typedef nl_sparse maker(int64_t n);

static nl_sparse from_triplets(int64_t n, int64_t count, const int64_t *i, const int64_t *j,
                               const double *a) {
  nl_sparse S;
  assert_int_equal(nl_sparse_from_coo(n, n, count, i, j, a, &S), NL_OK);
  return S;
}

/* Tridiagonal with the given diagonals. */
static nl_sparse tridiagonal(int64_t n, double below, double diagonal, double above) {
  int64_t count = 0, *i = calloc((size_t)(3 * n), sizeof *i), *j = calloc((size_t)(3 * n), sizeof *j);
  double *a = calloc((size_t)(3 * n), sizeof *a);
  for (int64_t r = 0; r < n; r++)
    for (int64_t c = r > 0 ? r - 1 : 0; c <= r + 1 && c < n; c++) {
      i[count] = r;
      j[count] = c;
      a[count++] = c < r ? below : c > r ? above : diagonal;
    }
  nl_sparse S = from_triplets(n, count, i, j, a);
  free(i);
  free(j);
  free(a);
  return S;
}

static nl_sparse dominant_tridiagonal(int64_t n) { return tridiagonal(n, -1, 4, -1); }
static nl_sparse indefinite_tridiagonal(int64_t n) { return tridiagonal(n, -1, 1, -1); }
static nl_sparse unsymmetric_tridiagonal(int64_t n) { return tridiagonal(n, -1.5, 2, -0.6); }

/* each entries a row at random, and a diagonal of `ratio` times the sum of the others */
static nl_sparse scatter(int64_t n, int64_t each, double ratio) {
  int64_t count = 0, *i = calloc((size_t)(n * (each + 1)), sizeof *i),
          *j = calloc((size_t)(n * (each + 1)), sizeof *j);
  double *a = calloc((size_t)(n * (each + 1)), sizeof *a);
  uint64_t seed = 5;
  for (int64_t r = 0; r < n; r++) {
    double sum = 0;
    for (int64_t e = 0; e < each; e++) {
      i[count] = r;
      j[count] = (r + 1 + (int64_t)(fabs(noise(&seed)) * (double)(n - 1))) % n;
      a[count] = noise(&seed);
      sum += fabs(a[count++]);
    }
    i[count] = j[count] = r;
    a[count++] = ratio * sum;
  }
  nl_sparse S = from_triplets(n, count, i, j, a);
  free(i);
  free(j);
  free(a);
  return S;
}

static nl_sparse dominant_scatter(int64_t n) { return scatter(n, 24, 2); }
static nl_sparse barely_dominant_scatter(int64_t n) { return scatter(n, 24, 1 + 1e-9); }
static nl_sparse other_scatter(int64_t n) { return scatter(n, 24, 0.5); }

/* 5-point Laplacian on a g x g grid, weakly dominant; n = g * g */
static nl_sparse laplacian(int64_t n) {
  int64_t g = (int64_t)lround(sqrt((double)n)), count = 0;
  int64_t *i = calloc((size_t)(5 * n), sizeof *i), *j = calloc((size_t)(5 * n), sizeof *j);
  double *a = calloc((size_t)(5 * n), sizeof *a);
  for (int64_t r = 0; r < n; r++) {
    const int64_t c[5] = {r, r % g > 0 ? r - 1 : -1, r % g < g - 1 ? r + 1 : -1, r - g,
                          r + g < n ? r + g : -1};
    for (int e = 0; e < 5; e++) {
      if (c[e] < 0) continue;
      i[count] = r;
      j[count] = c[e];
      a[count++] = e == 0 ? 4 : -1;
    }
  }
  nl_sparse S = from_triplets(n, count, i, j, a);
  free(i);
  free(j);
  free(a);
  return S;
}

typedef struct expectation {
  const char *what;
  maker *make;
  int64_t n;
  const char *away; /* NUMLAB_EXTERNAL */
  double tol;
  const char *method, *reason; /* a part of it */
} expectation;

#define OWN "own" /* lu, and gauss in a build without it */

static bool is_method(const nl_method *method, const char *name) {
  if (strcmp(name, OWN) != 0) return strcmp(method->name, name) == 0;
  return strcmp(method->name, nl_method_find("lu") ? "lu" : "gauss") == 0;
}

static const expectation table[] = {
    {"small", laplacian, 49, "", 1e-10, OWN, "sparse but small, 49 x 49"},
    {"definite", laplacian, 900, "", 1e-10, "cholmod",
     "sparse, positive definite, 900 x 900, factors predicted by AMD"},
    {"definite, dominant", dominant_tridiagonal, 900, "", 1e-10, "cholmod", "positive definite"},
    {"no cholmod", laplacian, 900, "cholmod", 1e-10, "klu", "klu"},
    {"no klu", laplacian, 900, "cholmod,klu", 1e-10, "umfpack", "factors predicted by its band"},
    {"csparse alone", laplacian, 900, "openblas,cholmod,klu,umfpack", 1e-10, "csparse", "csparse"},
    {"nothing here", laplacian, 900, "off", 1e-10, OWN, "no sparse library here, 900 x 900: "},
    {"symmetric, perhaps indefinite", indefinite_tridiagonal, 500, "", 1e-10, "klu", "500 x 500"},
    {"unsymmetric", unsymmetric_tridiagonal, 500, "", 1e-10, "klu", "klu"},
    {"dominant, fills in", dominant_scatter, 1500, "", 1e-10, "gauss_seidel", "strictly dominant: at most"},
    {"dominant, no library", dominant_scatter, 1500, "off", 1e-10, "gauss_seidel",
     "strictly dominant: at most"},
    {"tol out of reach", dominant_scatter, 1500, "", 1e-16, "lapack", "more than half full"},
    {"sweeps without end", barely_dominant_scatter, 1500, "", 1e-10, "lapack", "more than half full"},
    {"fills in", other_scatter, 1500, "", 1e-10, "lapack", "more than half full"},
    {"fills in, no library", other_scatter, 1500, "off", 1e-10, OWN, "half full"},
};

static bool all_here(void) {
  const nl_method *const borrowed[] = {&nl_method_lapack, &nl_method_csparse, &nl_method_klu,
                                       &nl_method_umfpack, &nl_method_cholmod};
  for (size_t i = 0; i < sizeof borrowed / sizeof *borrowed; i++)
    if (missing(borrowed[i])) return false;
  return true;
}

static void chooses_by_the_table(void **state) {
  (void)state;
  if (!all_here()) return;
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    const expectation *e = &table[i];
    nl_sparse S = e->make(e->n);
    nl_matrix A = {.sparse = &S};
    nl_solve_options o = {.tol = e->tol, .max_iter = 10000};
    const nl_method *method = NULL;
    char reason[200] = "";
    int64_t before = nl_memory().live;
    setenv("NUMLAB_EXTERNAL", e->away, 1);
    nl_status status = nl_method_choose(&A, &o, &method, reason);
    bool available = method && (!method->prepare || method->prepare() == NL_OK);
    unsetenv("NUMLAB_EXTERNAL");
    assert_int_equal(status, NL_OK);
    assert_int_equal(nl_memory().live, before);
    assert_true(available);
    if (!is_method(method, e->method) || !strstr(reason, e->reason))
      fail_msg("%s: %s chosen, %s expected, because '%s'", e->what, method->name, e->method, reason);
    nl_sparse_release(&S);
  }
}

static void takes_LU_for_dense(void **state) {
  (void)state;
  problem small = problem_new(3, 1), large = problem_new(100, 1);
  const nl_method *method;
  nl_solve_options o = {.tol = 1e-10, .max_iter = 10000};
  char reason[200];
  problem_make_dense(&small, NL_F64);
  problem_make_dense(&large, NL_F32);
  nl_matrix A = {.dense = &small.dense}, B = {.dense = &large.dense};
  assert_int_equal(nl_method_choose(&A, &o, &method, reason), NL_OK);
  assert_true(is_method(method, OWN));
  assert_non_null(strstr(reason, "dense, 3 x 3: "));
  if (!missing(&nl_method_lapack)) {
    assert_int_equal(nl_method_choose(&B, &o, &method, reason), NL_OK);
    assert_string_equal(reason, "dense, 100 x 100: lapack, the fastest LU here");
    assert_ptr_equal(method, &nl_method_lapack);
  }
  setenv("NUMLAB_EXTERNAL", "off", 1);
  assert_int_equal(nl_method_choose(&B, &o, &method, reason), NL_OK);
  assert_true(is_method(method, OWN));
  unsetenv("NUMLAB_EXTERNAL");
  problem_free(&small);
  problem_free(&large);
}

/* With no room for factors or a dense image only sweeps and Krylov methods are left. */
static void iterates_when_memory_is_short(void **state) {
  (void)state;
  maker *const make[] = {laplacian, indefinite_tridiagonal, barely_dominant_scatter, unsymmetric_tridiagonal};
  const char *const expected[] = {"cg", "cg", "gauss_seidel", "gmres"};
  for (int i = 0; i < 4; i++) {
    nl_sparse S = make[i](2500);
    nl_matrix A = {.sparse = &S};
    nl_solve_options o = {.tol = 1e-10, .max_iter = 10000};
    const nl_method *method;
    char reason[200];
    int64_t limit = nl_memory().limit;
    setenv("NUMLAB_EXTERNAL", "off", 1);
    assert_int_equal(nl_memory_set_limit(nl_memory().live + 4000000), NL_OK);
    nl_status status = nl_method_choose(&A, &o, &method, reason);
    nl_memory_set_limit(limit);
    unsetenv("NUMLAB_EXTERNAL");
    assert_int_equal(status, NL_OK);
    assert_string_equal(method->name, expected[i]);
    assert_non_null(strstr(reason, "no room for factors"));
    nl_sparse_release(&S);
  }
}

static void survives_failing_allocations(void **state) {
  (void)state;
  nl_sparse S = laplacian(100);
  nl_matrix A = {.sparse = &S};
  nl_solve_options o = {.tol = 1e-10, .max_iter = 10000};
  for (int64_t k = 1;; k++) {
    const nl_method *method;
    char reason[200];
    int64_t before = nl_memory().live;
    nl_memory_fail_at(k, false);
    nl_status status = nl_method_choose(&A, &o, &method, reason);
    nl_memory_fail_at(0, false);
    assert_int_equal(nl_memory().live, before);
    if (status == NL_OK) break;
    assert_int_equal(status, NL_NOMEM);
    assert_true(k < 10000);
  }
  nl_sparse_release(&S);
}

static void passes_on_what_is_not_finite(void **state) {
  (void)state;
  nl_sparse S = laplacian(100);
  nl_matrix A = {.sparse = &S};
  nl_solve_options o = {.tol = 1e-10, .max_iter = 10000};
  const nl_method *method;
  char reason[200];
  S.values[7] = NAN;
  assert_int_equal(nl_method_choose(&A, &o, &method, reason), NL_NONFINITE);
  nl_sparse_release(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(chooses_by_the_table),          cmocka_unit_test(takes_LU_for_dense),
      cmocka_unit_test(iterates_when_memory_is_short), cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(passes_on_what_is_not_finite),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
