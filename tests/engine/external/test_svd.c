/* nl_svd: A = U diag(s) Vt back, orthonormal factors, descending values, known values, what is refused. */
#include "matrices.h"

static nl_status call(const nl_tensor *A) {
  nl_tensor U = {0}, s = {0}, Vt = {0};
  nl_status status = nl_svd(A, &U, &s, &Vt);
  nl_tensor_release(&U);
  nl_tensor_release(&s);
  nl_tensor_release(&Vt);
  return status;
}

static void gives_A_back(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int c = 0; c < SIZES * 6; c++) {
    nl_dtype dtype = c % 2 ? NL_F32 : NL_F64;
    int64_t m = sizes[c / 6][0], n = sizes[c / 6][1], r = m < n ? m : n;
    nl_tensor A = noise_matrix(dtype, m, n, c / 2 % 3), U, s, Vt, V;
    double bound = 20 * eps_of(dtype) * (double)(m + n);
    assert_int_equal(nl_svd(&A, &U, &s, &Vt), NL_OK);
    assert_true(U.shape[0] == m && U.shape[1] == r && s.shape[0] == r && Vt.shape[0] == r &&
                Vt.shape[1] == n);
    assert_int_equal(nl_tensor_transpose(&Vt, 0, 1, &V), NL_OK);
    assert_true(orthogonality_error(&U) <= bound && orthogonality_error(&V) <= bound);
    for (int64_t l = 0; l < r; l++) {
      double value = nl_tensor_get(&s, &l);
      assert_true(value >= 0 && (l == 0 || value <= nl_tensor_get(&s, (int64_t[]){l - 1})));
      for (int64_t i = 0; i < m; i++) nl_tensor_put(&U, (int64_t[]){i, l}, at(&U, i, l) * value);
    }
    assert_true(product_error(&A, &U, &Vt, false) <= bound);
    nl_tensor_release(&A);
    nl_tensor_release(&U);
    nl_tensor_release(&s);
    nl_tensor_release(&Vt);
    nl_tensor_release(&V);
  }
}

/* The singular values of [3 0; 4 5] are sqrt(45) and sqrt(5). */
static void finds_known_values(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A, U, s, Vt;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){2, 2}, &A), NL_OK);
  nl_tensor_put(&A, (int64_t[]){0, 0}, 3);
  nl_tensor_put(&A, (int64_t[]){1, 0}, 4);
  nl_tensor_put(&A, (int64_t[]){1, 1}, 5);
  assert_int_equal(nl_svd(&A, &U, &s, &Vt), NL_OK);
  assert_true(fabs(nl_tensor_get(&s, (int64_t[]){0}) - sqrt(45)) < 1e-14);
  assert_true(fabs(nl_tensor_get(&s, (int64_t[]){1}) - sqrt(5)) < 1e-14);
  nl_tensor_release(&A);
  nl_tensor_release(&U);
  nl_tensor_release(&s);
  nl_tensor_release(&Vt);
}

static void refuses(void **state) {
  (void)state;
  if (!no_lapack()) assert_refuses_bad_matrices(call, "svd");
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
      cmocka_unit_test(finds_known_values),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
