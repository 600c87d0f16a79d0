/* nl_lstsq: the normal equations hold, the norm is least, rank and condition are told, what is refused. */
#include "matrices.h"

static nl_tensor right_sides(nl_dtype dtype, int64_t m, int64_t k) { /* k = 0: a vector */
  nl_tensor B = noise_matrix(dtype, m, k > 0 ? k : 1, 0), b;
  if (k > 0) return B;
  assert_int_equal(nl_tensor_reshape(&B, 1, &m, &b), NL_OK);
  nl_tensor_release(&B);
  return b;
}

static nl_status call(const nl_tensor *A) {
  nl_tensor B = right_sides(A->dtype, A->shape[0], 2), X = {0};
  nl_lstsq_info info;
  nl_status status = B.storage ? nl_lstsq(A, &B, -1, &X, &info) : NL_NOMEM;
  nl_tensor_release(&B);
  nl_tensor_release(&X);
  return status;
}

static nl_tensor fixed_B; /* so that the sweep of failures counts nl_lstsq's allocations only */
static nl_status call_fixed(const nl_tensor *A) {
  nl_tensor X = {0};
  nl_lstsq_info info;
  nl_status status = nl_lstsq(A, &fixed_B, -1, &X, &info);
  nl_tensor_release(&X);
  return status;
}

/* A^T (b - A x) = 0 characterises a minimiser. */
static void satisfies_the_normal_equations(void **state) {
  (void)state;
  if (no_lapack()) return;
  for (int c = 0; c < SIZES * 6; c++) {
    nl_dtype dtype = c % 2 ? NL_F32 : NL_F64;
    int64_t m = sizes[c / 6][0], n = sizes[c / 6][1], k = c % 3 == 0 ? 0 : 3, columns = k > 0 ? k : 1;
    nl_tensor A = noise_matrix(dtype, m, n, c / 2 % 3), B = right_sides(dtype, m, k), X;
    nl_lstsq_info info;
    assert_int_equal(nl_lstsq(&A, &B, -1, &X, &info), NL_OK);
    assert_true(X.ndim == (k > 0 ? 2 : 1) && X.shape[0] == n && (k == 0 || X.shape[1] == k));
    assert_int_equal(info.rank, m < n ? m : n);
    double squares = 0;
    for (int64_t col = 0; col < columns; col++)
      for (int64_t j = 0; j < n || j == 0; j++) {
        double gradient = 0;
        for (int64_t i = 0; i < m; i++) {
          double r = nl_tensor_get(&B, (int64_t[]){i, col});
          for (int64_t l = 0; l < n; l++) r -= at(&A, i, l) * nl_tensor_get(&X, (int64_t[]){l, col});
          if (j < n) gradient += at(&A, i, j) * r;
          if (j == 0) squares += r * r;
        }
        if (!(fabs(gradient) <= 1000 * eps_of(dtype) * (double)(m + n + 1)))
          fail_msg("gradient %g", gradient);
      }
    assert_true(fabs(info.residual - sqrt(squares)) <= 1e-12 * (1 + sqrt(squares)));
    nl_tensor_release(&A);
    nl_tensor_release(&B);
    nl_tensor_release(&X);
  }
}

/* Rank 1: [1 1; 2 2] x = (5, 10): of all x1 + x2 = 5 the least is (2.5, 2.5). */
static void takes_the_least_norm(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A, b, x;
  nl_lstsq_info info;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){2, 2}, &A), NL_OK);
  assert_int_equal(nl_tensor_new(NL_F64, 1, (int64_t[]){2}, &b), NL_OK);
  for (int64_t i = 0; i < 2; i++) {
    nl_tensor_put(&A, (int64_t[]){i, 0}, (double)i + 1);
    nl_tensor_put(&A, (int64_t[]){i, 1}, (double)i + 1);
    nl_tensor_put(&b, &i, 5 * ((double)i + 1));
  }
  assert_int_equal(nl_lstsq(&A, &b, -1, &x, &info), NL_OK);
  for (int64_t i = 0; i < 2; i++) assert_true(fabs(nl_tensor_get(&x, &i) - 2.5) < 1e-14);
  assert_int_equal(info.rank, 1);
  assert_true(info.residual < 1e-13 && info.cond > 1e15);
  nl_tensor_release(&x);
  nl_tensor_put(&A, (int64_t[]){1, 1}, 2 + 1e-6); /* full rank, unless rcond says otherwise */
  assert_int_equal(nl_lstsq(&A, &b, -1, &x, &info), NL_OK);
  assert_int_equal(info.rank, 2);
  nl_tensor_release(&x);
  assert_int_equal(nl_lstsq(&A, &b, 1e-3, &x, &info), NL_OK);
  assert_int_equal(info.rank, 1);
  nl_tensor_release(&x);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

static void refuses(void **state) {
  (void)state;
  if (no_lapack()) return;
  assert_refuses_bad_matrices(call, "lstsq");
  nl_tensor A = noise_matrix(NL_F64, 3, 2, 0), b = right_sides(NL_F64, 4, 0), c = right_sides(NL_F32, 3, 0),
            d = right_sides(NL_F64, 3, 0), X;
  nl_lstsq_info info;
  assert_int_equal(nl_lstsq(&A, &b, -1, &X, &info), NL_SHAPE);
  assert_message_has("lstsq: A is 3x2, b is 4, expected as many rows");
  assert_int_equal(nl_lstsq(&A, &c, -1, &X, &info), NL_DTYPE);
  assert_message_has("lstsq: A is f64, b is f32, expected the same type");
  nl_tensor_put(&d, (int64_t[]){1}, INFINITY);
  assert_int_equal(nl_lstsq(&A, &d, -1, &X, &info), NL_NONFINITE);
  assert_message_has("lstsq: row 2 of b is not finite");
  nl_tensor_release(&A);
  nl_tensor_release(&b);
  nl_tensor_release(&c);
  nl_tensor_release(&d);
}

static void survives_failing_allocations(void **state) {
  (void)state;
  if (no_lapack()) return;
  nl_tensor A = noise_matrix(NL_F64, 9, 5, 0);
  fixed_B = right_sides(NL_F64, 9, 0);
  assert_call_survives(call_fixed, &A);
  nl_tensor_release(&fixed_B);
  nl_tensor_release(&A);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(satisfies_the_normal_equations),
      cmocka_unit_test(takes_the_least_norm),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
