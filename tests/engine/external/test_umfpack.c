/* The method "umfpack": accuracy by HPL's rule, the column of a zero pivot, warnings, failures. */
#include "systems.h"

static void solves(void **state) {
  (void)state;
  if (!missing(&nl_method_umfpack)) assert_solves_sparse(&nl_method_umfpack, false);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (!missing(&nl_method_umfpack)) assert_survives_sparse(&nl_method_umfpack);
}

static void says_how_to_get_the_library(void **state) {
  (void)state;
  assert_says_how_to_get(&nl_method_umfpack, "libumfpack5");
}

/* An empty column is named exactly. Two equal columns may leave a pivot of rounding size: then x comes with a
 * warning. */
static void names_the_singular_column(void **state) {
  (void)state;
  if (missing(&nl_method_umfpack)) return;
  for (int64_t column = 2; column < 16; column += 13)
    for (int kind = 0; kind < 2; kind++) {
      problem p = singular_problem(kind, column);
      nl_solve_info info;
      nl_status status = problem_run(&p, &nl_method_umfpack, &info);
      if (kind == 1 && status == NL_OK) {
        assert_non_null(strstr(info.warning, "below eps"));
      } else {
        assert_int_equal(status, NL_SINGULAR);
        assert_int_equal(info.code, NL_SINGULAR);
        assert_true(info.where == column + 1 || (kind == 1 && info.where == column));
        assert_message_has("umfpack: A is singular: no nonzero pivot in column");
      }
      problem_free(&p);
    }
}

static void warns_of_tiny_pivots(void **state) {
  (void)state;
  if (missing(&nl_method_umfpack)) return;
  problem p = problem_new(2, 1);
  const double A[] = {1, 0, 1, 1e-20}; /* scaling by rows leaves the pivots 1 and 1e-20 */
  memcpy(p.image, A, sizeof A);
  problem_make_sparse(&p);
  nl_solve_info info;
  assert_int_equal(problem_run(&p, &nl_method_umfpack, &info), NL_OK);
  assert_non_null(strstr(info.warning, "below eps"));
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(says_how_to_get_the_library),
      cmocka_unit_test(names_the_singular_column),
      cmocka_unit_test(warns_of_tiny_pivots),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
