/* The method "csparse": accuracy by HPL's rule, singular matrices, failures. */
#include "systems.h"

static void solves(void **state) {
  (void)state;
  if (!missing(&nl_method_csparse)) assert_solves_sparse(&nl_method_csparse, false);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (!missing(&nl_method_csparse)) assert_survives_sparse(&nl_method_csparse);
}

static void says_how_to_get_the_library(void **state) {
  (void)state;
  assert_says_how_to_get(&nl_method_csparse, "libcxsparse3");
}

static void tells_singular(void **state) {
  (void)state;
  if (missing(&nl_method_csparse)) return;
  for (int kind = 0; kind < 2; kind++) {
    problem p = singular_problem(kind, 2);
    nl_solve_info info;
    assert_int_equal(problem_run(&p, &nl_method_csparse, &info), NL_SINGULAR);
    assert_int_equal(info.code, NL_SINGULAR);
    assert_message_has("csparse: A is singular");
    problem_free(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(says_how_to_get_the_library),
      cmocka_unit_test(tells_singular),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
