/* Residuals against hand-computed values, and the checks for finite input. */
#include "solver/check.h"
// clang-format off
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
// clang-format on
#include <float.h>
#include <math.h>
#include <string.h>

static nl_tensor matrix(int64_t rows, int64_t cols, const double *values) {
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){rows, cols}, &t), NL_OK);
  memcpy(nl_tensor_data(&t), values, (size_t)(rows * cols) * sizeof *values);
  return t;
}

static void residuals_of_known_system(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){3, 1, 0, 2}), B = matrix(2, 2, (const double[]){4, 1, 2, 2});
  nl_tensor X = matrix(2, 2, (const double[]){1, 0, 1, 0.5}); /* column 1 exact; column 2: r = (0.5, 1) */
  double relative, backward;
  assert_int_equal(nl_residuals(&(nl_matrix){&A, NULL}, &B, &X, &relative, &backward), NL_OK);
  assert_true(fabs(relative - sqrt(1.25) / sqrt(5)) <= 1e-15);
  assert_true(fabs(backward - 1 / (4 * 0.5 + 2)) <= 1e-15); /* ||A||_inf = 4 */
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  nl_tensor_release(&X);
}

static void residuals_survive_extreme_scales(void **state) {
  (void)state;
  for (double scale = 1e-290; scale <= 1e290; scale *= 1e290) {
    nl_tensor A = matrix(1, 1, (const double[]){2 * scale}), B = matrix(1, 1, (const double[]){4 * scale});
    nl_tensor X = matrix(1, 1, (const double[]){1});
    double relative, backward;
    assert_int_equal(nl_residuals(&(nl_matrix){&A, NULL}, &B, &X, &relative, &backward), NL_OK);
    assert_true(fabs(relative - 0.5) <= 1e-15);
    assert_true(fabs(backward - 2. / 6) <= 1e-15);
    nl_tensor_release(&A);
    nl_tensor_release(&B);
    nl_tensor_release(&X);
  }
}

static void zero_right_hand_side_has_zero_residual(void **state) {
  (void)state;
  nl_tensor A = matrix(1, 1, (const double[]){2}), Z = matrix(1, 1, (const double[]){0});
  double relative = -1, backward = -1;
  assert_int_equal(nl_residuals(&(nl_matrix){&A, NULL}, &Z, &Z, &relative, &backward), NL_OK);
  assert_true(relative == 0 && backward == 0);
  nl_tensor_release(&A);
  nl_tensor_release(&Z);
}

static void nan_in_x_shows_in_both(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1, 0, 0, 1}), B = matrix(2, 1, (const double[]){1, 1});
  nl_tensor X = matrix(2, 1, (const double[]){NAN, 1});
  double relative, backward;
  assert_int_equal(nl_residuals(&(nl_matrix){&A, NULL}, &B, &X, &relative, &backward), NL_OK);
  assert_true(isnan(relative) && isnan(backward));
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  nl_tensor_release(&X);
}

static void sparse_and_dense_agree(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){3, 1, 0, 2}), B = matrix(2, 1, (const double[]){1, 5});
  nl_tensor X = matrix(2, 1, (const double[]){0.25, 2});
  nl_sparse S;
  double dense[2], sparse[2];
  assert_int_equal(nl_sparse_from_dense(&A, &S), NL_OK);
  assert_int_equal(nl_residuals(&(nl_matrix){&A, NULL}, &B, &X, &dense[0], &dense[1]), NL_OK);
  assert_int_equal(nl_residuals(&(nl_matrix){NULL, &S}, &B, &X, &sparse[0], &sparse[1]), NL_OK);
  assert_true(dense[0] == sparse[0] && dense[1] == sparse[1]);
  nl_sparse_release(&S);
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  nl_tensor_release(&X);
}

static void finite_checks_name_the_first_offender(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1, 2, HUGE_VAL, NAN});
  assert_int_equal(nl_check_finite_matrix(&(nl_matrix){&A, NULL}), NL_NONFINITE);
  assert_string_equal(nl_message(), "solve: A(2,1) is inf");
  nl_sparse S;
  assert_int_equal(nl_sparse_from_dense(&A, &S), NL_OK);
  assert_int_equal(nl_check_finite_matrix(&(nl_matrix){NULL, &S}), NL_NONFINITE);
  assert_string_equal(nl_message(), "solve: A(2,1) is inf");
  nl_sparse_release(&S);
  nl_tensor_fill(&A, DBL_MAX); /* a plain sum would overflow: still finite */
  assert_int_equal(nl_check_finite_matrix(&(nl_matrix){&A, NULL}), NL_OK);
  nl_tensor_release(&A);
}

static void failing_allocations_are_reported_and_leak_nothing(void **state) {
  (void)state;
  nl_tensor A = matrix(1, 1, (const double[]){2}), B = matrix(1, 1, (const double[]){4});
  nl_tensor A32, B32;
  double relative, backward;
  assert_int_equal(nl_tensor_clone(&A, NL_F32, &A32), NL_OK); /* f32: every conversion allocates */
  assert_int_equal(nl_tensor_clone(&B, NL_F32, &B32), NL_OK);
  int64_t before = nl_memory().live;
  nl_status s = NL_NOMEM;
  for (int64_t k = 1; s != NL_OK && k < 100; k++) {
    nl_memory_fail_at(k, false);
    s = nl_residuals(&(nl_matrix){&A32, NULL}, &B32, &B32, &relative, &backward);
    nl_memory_fail_at(0, false);
    assert_int_equal(nl_memory().live, before);
    assert_true(s == NL_OK ? k > 4 : s == NL_NOMEM);
  }
  assert_int_equal(s, NL_OK);
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  nl_tensor_release(&A32);
  nl_tensor_release(&B32);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(residuals_of_known_system),
      cmocka_unit_test(residuals_survive_extreme_scales),
      cmocka_unit_test(zero_right_hand_side_has_zero_residual),
      cmocka_unit_test(nan_in_x_shows_in_both),
      cmocka_unit_test(sparse_and_dense_agree),
      cmocka_unit_test(finite_checks_name_the_first_offender),
      cmocka_unit_test(failing_allocations_are_reported_and_leak_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
