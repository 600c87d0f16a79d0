/* nl_cholesky: A = L L^T back, the order of the minor that fails, what is refused. */
#include "matrices.h"

/* B B^T + I, so that it is positive definite; symmetric to the bit. */
static nl_tensor definite(nl_dtype dtype, int64_t n) {
  nl_tensor B = noise_matrix(dtype, n, n, 0), A;
  assert_int_equal(nl_tensor_new(dtype, 2, (int64_t[]){n, n}, &A), NL_OK);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double sum = i == j;
      for (int64_t l = 0; l < n; l++) sum += at(&B, i, l) * at(&B, j, l);
      nl_tensor_put(&A, (int64_t[]){i, j}, sum);
    }
  nl_tensor_release(&B);
  return A;
}

static nl_status call(const nl_tensor *A) {
  nl_tensor L = {0};
  int64_t minor;
  nl_status status = nl_cholesky(A, &L, &minor);
  nl_tensor_release(&L);
  return status;
}

static void gives_A_back(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int type = 0; type < 2; type++)
    for (int64_t n = 0; n < 70; n = 2 * n + 1) {
      nl_dtype dtype = type ? NL_F32 : NL_F64;
      nl_tensor A = definite(dtype, n), L;
      int64_t minor = -1;
      assert_int_equal(nl_cholesky(&A, &L, &minor), NL_OK);
      assert_int_equal(minor, 0);
      assert_true(L.dtype == dtype && nl_tensor_is_contiguous(&L) && nl_tensor_same_shape(&A, &L));
      assert_true(product_error(&A, &L, &L, true) <= 10 * eps_of(dtype) * (double)(n * n + 1));
      for (int64_t i = 0; i < n; i++) {
        assert_true(at(&L, i, i) > 0);
        for (int64_t j = i + 1; j < n; j++) assert_true(at(&L, i, j) == 0);
      }
      nl_tensor_release(&A);
      nl_tensor_release(&L);
    }
}

static void names_the_minor(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int64_t bad = 0; bad < 6; bad++) {
    nl_tensor A = definite(NL_F64, 6), L = {0};
    int64_t minor;
    nl_tensor_put(&A, (int64_t[]){bad, bad}, -1);
    assert_int_equal(nl_cholesky(&A, &L, &minor), NL_NOT_POSITIVE_DEFINITE);
    assert_int_equal(minor, bad + 1);
    assert_message_has("leading minor of order");
    assert_null(L.storage);
    nl_tensor_release(&A);
  }
}

static void refuses(void **state) {
  (void)state;
  if (no_lapack()) return;
  assert_refuses_bad_matrices(call, "cholesky");
  nl_tensor A = noise_matrix(NL_F64, 3, 4, 0), B = definite(NL_F64, 3);
  assert_int_equal(call(&A), NL_SHAPE);
  assert_message_has("cholesky: A is 3x4, expected a square matrix");
  nl_tensor_put(&B, (int64_t[]){2, 0}, 5);
  assert_int_equal(call(&B), NL_NOT_POSITIVE_DEFINITE);
  assert_message_has("A is not symmetric: A(1,3) = ");
  assert_message_has("but A(3,1) = 5");
  nl_tensor_release(&A);
  nl_tensor_release(&B);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A = definite(NL_F64, 9);
  assert_call_survives(call, &A);
  nl_tensor_release(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gives_A_back),
      cmocka_unit_test(names_the_minor),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
