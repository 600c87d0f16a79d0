/* The method "klu": accuracy by HPL's rule, the column of a zero pivot, condition, failures. */
#include "systems.h"

static void solves(void **state) {
  (void)state;
  if (!missing(&nl_method_klu)) assert_solves_sparse(&nl_method_klu, false);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (!missing(&nl_method_klu)) assert_survives_sparse(&nl_method_klu);
}

static void says_how_to_get_the_library(void **state) {
  (void)state;
  assert_says_how_to_get(&nl_method_klu, "libklu1");
}

/* An empty column is named exactly; of two equal ones either may be. */
static void names_the_singular_column(void **state) {
  (void)state;
  if (missing(&nl_method_klu)) return;
  for (int64_t column = 2; column < 16; column += 13)
    for (int kind = 0; kind < 2; kind++) {
      problem p = singular_problem(kind, column);
      nl_solve_info info;
      assert_int_equal(problem_run(&p, &nl_method_klu, &info), NL_SINGULAR);
      assert_int_equal(info.code, NL_SINGULAR);
      assert_true(info.where == column + 1 || (kind == 1 && info.where == column));
      assert_message_has("klu: A is singular: no nonzero pivot in column");
      assert_int_equal(problem_run(&p, &nl_method_klu, &info), NL_SINGULAR);
      problem_free(&p);
    }
}

/* tridiag(-1, 2, -1) of order n: A^-1(i,j) = min(i,j) (n + 1 - max(i,j)) / (n + 1), so ||A||_1 = 4 and, n
 * odd,
 * ||A^-1||_1 = (n + 1)^2 / 8. */
static void estimates_the_condition(void **state) {
  (void)state;
  if (missing(&nl_method_klu)) return;
  problem p = problem_new(31, 1);
  for (int64_t i = 0; i < p.n; i++) {
    p.image[i * p.n + i] = 2;
    if (i > 0) p.image[i * p.n + i - 1] = p.image[(i - 1) * p.n + i] = -1;
  }
  problem_make_sparse(&p);
  nl_solve_info info;
  assert_int_equal(problem_run(&p, &nl_method_klu, &info), NL_OK);
  double rcond = 1 / (4 * 32.0 * 32.0 / 8);
  assert_true(info.rcond >= rcond * (1 - 1e-10) && info.rcond <= rcond * 1.1);
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(says_how_to_get_the_library),
      cmocka_unit_test(names_the_singular_column),
      cmocka_unit_test(estimates_the_condition),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
