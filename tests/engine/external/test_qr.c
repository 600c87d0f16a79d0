/* nl_qr: A = Q R back, Q orthonormal, R upper triangular, what is refused. */
#include "matrices.h"

static nl_status call(const nl_tensor *A) {
  nl_tensor Q = {0}, R = {0};
  nl_status status = nl_qr(A, &Q, &R);
  nl_tensor_release(&Q);
  nl_tensor_release(&R);
  return status;
}

static void gives_A_back(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int c = 0; c < SIZES * 6; c++) {
    nl_dtype dtype = c % 2 ? NL_F32 : NL_F64;
    int64_t m = sizes[c / 6][0], n = sizes[c / 6][1], r = m < n ? m : n;
    nl_tensor A = noise_matrix(dtype, m, n, c / 2 % 3), Q, R;
    assert_int_equal(nl_qr(&A, &Q, &R), NL_OK);
    assert_true(Q.shape[0] == m && Q.shape[1] == r && R.shape[0] == r && R.shape[1] == n);
    assert_true(Q.dtype == dtype && R.dtype == dtype && nl_tensor_is_contiguous(&Q));
    assert_true(product_error(&A, &Q, &R, false) <= 10 * eps_of(dtype) * (double)(m + n));
    assert_true(orthogonality_error(&Q) <= 10 * eps_of(dtype) * (double)(m + n));
    for (int64_t i = 0; i < r; i++)
      for (int64_t j = 0; j < i; j++) assert_true(at(&R, i, j) == 0);
    nl_tensor_release(&A);
    nl_tensor_release(&Q);
    nl_tensor_release(&R);
  }
}

static void refuses(void **state) {
  (void)state;
  if (!no_lapack()) assert_refuses_bad_matrices(call, "qr");
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A = noise_matrix(NL_F64, 9, 5, 0);
  assert_call_survives(call, &A);
  nl_tensor_release(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_A_back),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
