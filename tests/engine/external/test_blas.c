/* nl_blas_matmul: against plain loops, in every layout; what is refused; failing allocations. */
#include "matrices.h"

static void multiplies(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int c = 0; c < SIZES * 6; c++) {
    nl_dtype dtype = c % 2 ? NL_F32 : NL_F64;
    int64_t m = sizes[c / 6][0], k = sizes[c / 6][1], n = 4;
    nl_tensor A = noise_matrix(dtype, m, k, c / 2 % 3), B = noise_matrix(dtype, k, n, (c / 2 + 1) % 3), C;
    assert_int_equal(nl_blas_matmul(&A, &B, &C), NL_OK);
    assert_true(C.dtype == dtype && C.ndim == 2 && C.shape[0] == m && C.shape[1] == n);
    assert_true(product_error(&C, &A, &B, false) <= 10 * eps_of(dtype) * (double)(k + 1));
    nl_tensor_release(&A);
    nl_tensor_release(&B);
    nl_tensor_release(&C);
  }
}

static void refuses(void **state) {
  (void)state;
  nl_tensor A = noise_matrix(NL_F64, 2, 3, 0), B = noise_matrix(NL_F32, 3, 2, 0), C = {0};
  assert_int_equal(nl_blas_matmul(&A, &B, &C), NL_DTYPE);
  assert_message_has("blas_matmul: A is f64 and B is f32, expected both f64 or both f32");
  assert_int_equal(nl_blas_matmul(&A, &A, &C), NL_SHAPE);
  assert_message_has("blas_matmul: A is 2x3 and B is 2x3, expected m x k and k x n");
  setenv("NUMLAB_EXTERNAL", "openblas", 1);
  nl_tensor square = noise_matrix(NL_F64, 3, 3, 0);
  assert_int_equal(nl_blas_matmul(&square, &square, &C), NL_UNAVAILABLE);
  unsetenv("NUMLAB_EXTERNAL");
  assert_null(C.storage);
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  nl_tensor_release(&square);
}

static nl_status square_of(const nl_tensor *A) {
  nl_tensor C = {0};
  nl_status status = nl_blas_matmul(A, A, &C);
  nl_tensor_release(&C);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A = noise_matrix(NL_F64, 6, 6, 1);
  assert_call_survives(square_of, &A);
  nl_tensor_release(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(multiplies),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
