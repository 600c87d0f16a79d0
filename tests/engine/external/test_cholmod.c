/* The method "cholmod": accuracy by HPL's rule, matrices it must refuse, failures. */
#include "systems.h"

static void solves(void **state) {
  (void)state;
  if (!missing(&nl_method_cholmod)) assert_solves_sparse(&nl_method_cholmod, true);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (!missing(&nl_method_cholmod)) assert_survives_sparse(&nl_method_cholmod);
}

static void says_how_to_get_the_library(void **state) {
  (void)state;
  assert_says_how_to_get(&nl_method_cholmod, "libcholmod3");
}

static void counts_the_factor(void **state) {
  (void)state;
  if (missing(&nl_method_cholmod)) return;
  problem p = problem_new(5, 1); /* tridiagonal in any sensible order: n + (n - 1) entries in L */
  for (int64_t i = 0; i < p.n; i++) {
    p.image[i * p.n + i] = 3;
    if (i > 0) p.image[i * p.n + i - 1] = p.image[(i - 1) * p.n + i] = -1;
  }
  problem_make_sparse(&p);
  nl_solve_info info;
  assert_int_equal(problem_run(&p, &nl_method_cholmod, &info), NL_OK);
  assert_int_equal(info.nnz_factor, 9);
  problem_free(&p);
}

static void solves_what_is_supernodal(void **state) {
  (void)state;
  if (missing(&nl_method_cholmod)) return;
  problem p = problem_new(120, 2); /* full: A(i,j) = min(i,j) + [i = j], positive definite */
  for (int64_t i = 0; i < p.n; i++)
    for (int64_t j = 0; j < p.n; j++) p.image[i * p.n + j] = (double)((i < j ? i : j) + 1 + (i == j));
  problem_make_sparse(&p);
  nl_solve_info info;
  assert_int_equal(problem_run(&p, &nl_method_cholmod, &info), NL_OK);
  assert_solved(&p, DBL_EPSILON);
  assert_non_null(strstr(info.reason, "supernodal"));
  p.image[p.n * p.n - 1] = p.sparse.values[p.sparse.nnz - 1] = -1;
  assert_int_equal(problem_run(&p, &nl_method_cholmod, &info), NL_NOT_POSITIVE_DEFINITE);
  problem_free(&p);
}

/* Indefinite: a negative, a zero, a missing diagonal entry; eigenvalues of both signs behind a positive
 * diagonal. */
static void refuses_indefinite(void **state) {
  (void)state;
  if (missing(&nl_method_cholmod)) return;
  for (int kind = 0; kind < 3; kind++) {
    problem p = poisson(4, 1);
    if (kind == 0) p.image[5 * p.n + 5] = -4;
    if (kind == 1) p.image[5 * p.n + 5] = 0;
    if (kind == 2) p.image[5 * p.n + 6] = p.image[6 * p.n + 5] = -40;
    problem_make_sparse(&p);
    nl_solve_info info;
    assert_int_equal(problem_run(&p, &nl_method_cholmod, &info), NL_NOT_POSITIVE_DEFINITE);
    assert_int_equal(info.code, NL_NOT_POSITIVE_DEFINITE);
    assert_true(info.where >= 1 && info.where <= p.n);
    assert_message_has("cholmod: A is not positive definite");
    problem_free(&p);
  }
}

static void refuses_nonsymmetric(void **state) {
  (void)state;
  if (missing(&nl_method_cholmod)) return;
  problem p = poisson(4, 1), q = poisson(4, 1), r = poisson(4, 1);
  nl_solve_info info;
  p.image[1] = -2; /* A(1,2) */
  q.image[3] = 1;  /* A(1,4), where A(4,1) is not stored */
  r.image[1] = -1 - DBL_EPSILON;
  problem_make_sparse(&p);
  problem_make_sparse(&q);
  problem_make_sparse(&r);
  assert_int_equal(problem_run(&p, &nl_method_cholmod, &info), NL_NOT_POSITIVE_DEFINITE);
  assert_message_has("cholmod: A is not symmetric: A(1,2) = -2 but A(2,1) = -1");
  assert_int_equal(problem_run(&q, &nl_method_cholmod, &info), NL_NOT_POSITIVE_DEFINITE);
  assert_message_has("A(1,4) = 1 but A(4,1) = 0");
  assert_int_equal(problem_run(&r, &nl_method_cholmod, &info), NL_OK); /* rounding is let pass */
  problem_free(&p);
  problem_free(&q);
  problem_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(says_how_to_get_the_library),
      cmocka_unit_test(counts_the_factor),
      cmocka_unit_test(solves_what_is_supernodal),
      cmocka_unit_test(refuses_indefinite),
      cmocka_unit_test(refuses_nonsymmetric),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
