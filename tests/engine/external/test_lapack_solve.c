/* The method "lapack": accuracy by HPL's rule, singular matrices, rcond against a known inverse, failures. */
#include "systems.h"

static problem dense_problem(int64_t n, int64_t k, nl_dtype dtype) {
  problem p = problem_new(n, k);
  uint64_t seed = (uint64_t)(100 * n + k);
  for (int64_t i = 0; i < n * n; i++) {
    p.image[i] = noise(&seed);
    if (dtype == NL_F32) p.image[i] = (double)(float)p.image[i];
  }
  problem_make_dense(&p, dtype);
  return p;
}

static void solves_at_every_size(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  const int64_t sizes[] = {1, 2, 3, 5, 10, 50, 131};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
    for (int64_t k = 1; k <= 3; k += 2)
      for (int single = 0; single < 2; single++) {
        nl_dtype dtype = single ? NL_F32 : NL_F64;
        problem p = dense_problem(sizes[i], k, dtype);
        nl_solve_info info;
        assert_int_equal(problem_run(&p, &nl_method_lapack, &info), NL_OK);
        assert_solved(&p, single ? (double)FLT_EPSILON : DBL_EPSILON);
        assert_true(info.converged && info.rcond > 0 && info.rcond <= 1 + 1e-6 && info.smallest_pivot > 0);
        assert_int_equal(info.nnz_factor, sizes[i] * sizes[i]);
        for (int64_t e = 0; e < p.n * p.n; e++) /* the caller's A stays */
          assert_true(p.image[e] == nl_tensor_get(&p.dense, (int64_t[]){e / p.n, e % p.n}));
        problem_free(&p);
      }
}

static void solves_nothing_for_empty_systems(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  problem p = dense_problem(0, 1, NL_F64);
  nl_solve_info info;
  assert_int_equal(problem_run(&p, &nl_method_lapack, &info), NL_OK);
  problem_free(&p);
}

/* Column j set to zero, or to twice column j-1: elimination on columns finds no pivot in column j. */
static void names_the_singular_column(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  for (int64_t j = 0; j < 20; j += 19)
    for (int single = 0; single < 2; single++) {
      problem p = dense_problem(20, 2, NL_F64);
      for (int64_t i = 0; i < p.n; i++) p.image[i * p.n + j] = 0;
      nl_tensor_release(&p.dense);
      problem_make_dense(&p, single ? NL_F32 : NL_F64);
      nl_solve_info info;
      assert_int_equal(problem_run(&p, &nl_method_lapack, &info), NL_SINGULAR);
      assert_int_equal(info.code, NL_SINGULAR);
      assert_int_equal(info.where, j + 1);
      assert_true(info.smallest_pivot == 0);
      char column[32];
      snprintf(column, sizeof column, "column %lld", (long long)j + 1);
      assert_message_has(column);
      problem_free(&p);
    }
}

/* The estimate is a lower bound of ||A^-1||, so rcond may come out a little too high, never too low.
 * diag(1, 1, 1e-8): 1e-8. T = [1 10 100; 0 1 0; 0 0 1]: ||T||_1 = ||T^-1||_1 = 101, while both infinity norms
 * are 111. */
static void estimates_the_condition_in_the_1_norm(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  const double A[2][9] = {{1, 0, 0, 0, 1, 0, 0, 0, 1e-8}, {1, 10, 100, 0, 1, 0, 0, 0, 1}};
  const double rcond[2] = {1e-8, 1 / (101.0 * 101)};
  for (int i = 0; i < 2; i++) {
    problem p = problem_new(3, 1);
    memcpy(p.image, A[i], sizeof A[i]);
    problem_make_dense(&p, NL_F64);
    nl_solve_info info;
    assert_int_equal(problem_run(&p, &nl_method_lapack, &info), NL_OK);
    assert_true(info.rcond >= rcond[i] * (1 - 1e-12) && info.rcond <= rcond[i] * 1.05);
    problem_free(&p);
  }
}

/* rcond 1e-20 and 1e-9: below the eps of both types, of f32 only. */
static void warns_below_eps(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  for (int i = 0; i < 4; i++) {
    problem p = problem_new(2, 1);
    p.image[0] = 1;
    p.image[3] = i < 2 ? 1e-20 : 1e-9;
    problem_make_dense(&p, i % 2 ? NL_F32 : NL_F64);
    nl_solve_info info;
    assert_int_equal(problem_run(&p, &nl_method_lapack, &info), NL_OK);
    assert_int_equal(strstr(info.warning, "is below eps") != NULL, i != 2);
    problem_free(&p);
  }
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (missing(&nl_method_lapack)) return;
  problem p = dense_problem(12, 2, NL_F64);
  assert_survives_failures(&p, &nl_method_lapack);
  problem_free(&p);
}

static void says_how_to_get_the_library(void **state) {
  (void)state;
  problem p = dense_problem(2, 1, NL_F64);
  nl_solve_info info;
  setenv("NUMLAB_EXTERNAL", "klu, openblas", 1);
  assert_int_equal(problem_run(&p, &nl_method_lapack, &info), NL_UNAVAILABLE);
  assert_message_has("switched off by NUMLAB_EXTERNAL");
  assert_message_has("apt install libopenblas0-pthread");
  unsetenv("NUMLAB_EXTERNAL");
  problem_free(&p);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(solves_at_every_size),
      cmocka_unit_test(solves_nothing_for_empty_systems),
      cmocka_unit_test(names_the_singular_column),
      cmocka_unit_test(estimates_the_condition_in_the_1_norm),
      cmocka_unit_test(warns_below_eps),
      cmocka_unit_test(survives_failing_allocations),
      cmocka_unit_test(says_how_to_get_the_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
