/* The method "csparse": accuracy by HPL's rule, singular matrices, failures. */
#include "systems.h"

static void solves(void **state) {
  (void)state;
  if (missing(&nl_method_csparse)) return;
  for (int i = 0; i < 6; i++) {
    problem p = i < 3 ? poisson(1 + 5 * i, 1 + i) : scattered(1 + 30 * (i - 3), 6 - i, 0.05);
    problem_make_sparse(&p);
    nl_solve_info info;
    assert_int_equal(problem_run(&p, &nl_method_csparse, &info), NL_OK);
    assert_solved(&p, DBL_EPSILON);
    assert_true(info.converged && info.nnz_factor >= p.sparse.nnz);
    problem_free(&p);
  }
}

/* No entry at all in column 3; and rows 1 and 2 equal. */
static void tells_singular(void **state) {
  (void)state;
  if (missing(&nl_method_csparse)) return;
  for (int kind = 0; kind < 2; kind++) {
    problem p = poisson(4, 1);
    for (int64_t i = 0; i < p.n; i++) {
      if (kind == 0) p.image[i * p.n + 2] = 0;
      else p.image[p.n + i] = p.image[i];
    }
    problem_make_sparse(&p);
    nl_solve_info info;
    assert_int_equal(problem_run(&p, &nl_method_csparse, &info), NL_SINGULAR);
    assert_int_equal(info.code, NL_SINGULAR);
    assert_message_has("singular");
    problem_free(&p);
  }
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (missing(&nl_method_csparse)) return;
  problem p = poisson(4, 2);
  problem_make_sparse(&p);
  assert_survives_failures(&p, &nl_method_csparse);
  problem_free(&p);
}

static void says_how_to_get_the_library(void **state) {
  (void)state;
  problem p = poisson(2, 1);
  problem_make_sparse(&p);
  nl_solve_info info;
  setenv("NUMLAB_EXTERNAL", "off", 1);
  assert_int_equal(problem_run(&p, &nl_method_csparse, &info), NL_UNAVAILABLE);
  assert_message_has("apt install libcxsparse3");
  unsetenv("NUMLAB_EXTERNAL");
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves),
      cmocka_unit_test(tells_singular),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(says_how_to_get_the_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
