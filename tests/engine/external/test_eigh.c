/* nl_eigh: A V = V diag(w), V orthogonal, w ascending, known values, what is refused. */
#include "matrices.h"

static nl_tensor symmetric(nl_dtype dtype, int64_t n) {
  nl_tensor A = noise_matrix(dtype, n, n, 0);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) nl_tensor_put(&A, (int64_t[]){i, j}, at(&A, j, i));
  return A;
}

static nl_status call(const nl_tensor *A) {
  nl_tensor w = {0}, V = {0};
  nl_status status = nl_eigh(A, &w, &V);
  nl_tensor_release(&w);
  nl_tensor_release(&V);
  return status;
}

static void diagonalises(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int type = 0; type < 2; type++)
    for (int64_t n = 0; n < 70; n = 2 * n + 1) {
      nl_dtype dtype = type ? NL_F32 : NL_F64;
      nl_tensor A = symmetric(dtype, n), w, V, W;
      double bound = 50 * eps_of(dtype) * (double)(n + 1);
      assert_int_equal(nl_eigh(&A, &w, &V), NL_OK);
      assert_true(w.shape[0] == n && nl_tensor_same_shape(&A, &V) && nl_tensor_is_contiguous(&V));
      assert_true(orthogonality_error(&V) <= bound);
      assert_int_equal(nl_tensor_clone(&V, dtype, &W), NL_OK);
      for (int64_t j = 0; j < n; j++) {
        double value = nl_tensor_get(&w, &j);
        assert_true(j == 0 || value >= nl_tensor_get(&w, (int64_t[]){j - 1}));
        for (int64_t i = 0; i < n; i++) nl_tensor_put(&W, (int64_t[]){i, j}, value * at(&V, i, j));
      }
      assert_true(product_error(&A, &W, &V, true) <= bound); /* A = (V diag(w)) V^T */
      nl_tensor_release(&A);
      nl_tensor_release(&w);
      nl_tensor_release(&V);
      nl_tensor_release(&W);
    }
}

/* tridiag(-1, 2, -1) of order n: 2 - 2 cos(j pi / (n + 1)). */
static void finds_known_values(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A, w, V;
  int64_t n = 12;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){n, n}, &A), NL_OK);
  for (int64_t i = 0; i < n; i++) {
    nl_tensor_put(&A, (int64_t[]){i, i}, 2);
    if (i == 0) continue;
    nl_tensor_put(&A, (int64_t[]){i, i - 1}, -1);
    nl_tensor_put(&A, (int64_t[]){i - 1, i}, -1);
  }
  assert_int_equal(nl_eigh(&A, &w, &V), NL_OK);
  for (int64_t j = 0; j < n; j++)
    assert_true(fabs(nl_tensor_get(&w, &j) - (2 - 2 * cos((double)(j + 1) * acos(-1) / (double)(n + 1)))) <
                1e-14);
  nl_tensor_release(&A);
  nl_tensor_release(&w);
  nl_tensor_release(&V);
}

static void refuses(void **state) {
  (void)state;
  if (no_lapack()) return;
  assert_refuses_bad_matrices(call, "eigh");
  nl_tensor A = noise_matrix(NL_F64, 3, 4, 0), B = noise_matrix(NL_F64, 3, 3, 0);
  assert_int_equal(call(&A), NL_SHAPE);
  assert_message_has("eigh: A is 3x4, expected a square matrix");
  assert_int_equal(call(&B), NL_ARG);
  assert_message_has("eigh: A is not symmetric");
  nl_tensor_release(&A);
  nl_tensor_release(&B);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A = symmetric(NL_F64, 9);
  assert_call_survives(call, &A);
  nl_tensor_release(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(diagonalises),
      cmocka_unit_test(finds_known_values),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
