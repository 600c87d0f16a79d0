/* Products with vectors and matrices against dense loops, from both sides; any thread count, any strides. */
#include "sparse/matrices.h"

static const int64_t sizes[][2] = {{0, 0}, {0, 3}, {3, 0}, {1, 1}, {7, 4}, {4, 7}, {50, 61}};
enum { SIZES = sizeof sizes / sizeof *sizes, MOST = 64 };

/* Y = A X, sums over ascending j from 0: the order sparse.h promises, zeros skipped or not. */
static void dense_product(int64_t m, int64_t n, int64_t k, const double *A, const double *X, double *Y) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t c = 0; c < k; c++) {
      double sum = 0;
      for (int64_t j = 0; j < n; j++) sum += A[i * n + j] * X[j * k + c];
      Y[i * k + c] = sum;
    }
}

static void equals_dense_sums(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++)
    for (int64_t k = 0; k <= 3; k++) {
      int64_t m = sizes[c][0], n = sizes[c][1];
      double *image = noise_image(m, n, 3, 1), *X = noise_image(n, k, 1, 2), Y[MOST * 3], expected[MOST * 3];
      nl_sparse S = from_image(m, n, image);
      dense_product(m, n, k, image, X, expected);
      nl_sparse_matmat(&S, X, k, Y);
      for (int64_t p = 0; p < m * k; p++) assert_true(Y[p] == expected[p]);
      if (k == 1) nl_sparse_matvec(&S, X, Y);
      for (int64_t p = 0; p < m * k; p++) assert_true(Y[p] == expected[p]);
      nl_sparse_release(&S);
      free(image);
      free(X);
    }
}

/* Large enough for several parts; rows of very different length, some empty. */
static void same_bits_at_any_thread_count(void **state) {
  (void)state;
  enum { N = 3000, K = 2 };
  nl_sparse S;
  uint64_t seed = 1;
  assert_ok(nl_sparse_new(N, N, (int64_t)N * (N - 1) / 2 / 3, &S));
  S.nnz = 0;
  for (int64_t i = 0; i < N; i++) {
    for (int64_t j = 0; j < i && i % 3 == 0; j++)
      if (S.nnz < (int64_t)N * (N - 1) / 6) {
        S.index[S.nnz] = (int32_t)j;
        S.values[S.nnz++] = noise(&seed);
      }
    S.start[i + 1] = S.nnz;
  }
  double *X = noise_image(N, K, 1, 2), *one = calloc(N * K, 8), *more = calloc(N * K, 8);
  int before = nl_threads();
  for (int k = 1; k <= K; k++) {
    assert_ok(nl_threads_set(1));
    nl_sparse_matmat(&S, X, k, one);
    for (int threads = 2; threads <= 5; threads++) {
      assert_ok(nl_threads_set(threads));
      nl_sparse_matmat(&S, X, k, more);
      assert_memory_equal(one, more, (size_t)(N * k) * 8);
      if (k == 1) nl_sparse_matvec(&S, X, more);
      assert_memory_equal(one, more, (size_t)(N * k) * 8);
    }
  }
  assert_ok(nl_threads_set(before));
  nl_sparse_release(&S);
  free(X);
  free(one);
  free(more);
}

static void applies_to_tensors_from_both_sides(void **state) {
  (void)state;
  double *image = noise_image(5, 7, 2, 3), *X = noise_image(7, 5, 1, 4), right[25], left[49];
  nl_sparse S = from_image(5, 7, image);
  nl_tensor x = tensor_of(2, (int64_t[]){7, 5}, X), view, column, y;
  dense_product(5, 7, 5, image, X, right); /* S X */
  dense_product(7, 5, 7, X, image, left);  /* X S */
  assert_ok(nl_sparse_apply(&S, &x, &y));
  for (int64_t p = 0; p < 25; p++) assert_true(nl_tensor_get(&y, (int64_t[]){p / 5, p % 5}) == right[p]);
  nl_tensor_release(&y);
  assert_ok(nl_sparse_apply_left(&x, &S, &y));
  assert_true(y.ndim == 2 && y.shape[0] == 7 && y.shape[1] == 7);
  for (int64_t p = 0; p < 49; p++)
    assert_at_most(fabs(nl_tensor_get(&y, (int64_t[]){p / 7, p % 7}) - left[p]), 1e-15);
  nl_tensor_release(&y);
  assert_ok(nl_tensor_select(&x, 1, 2, &column)); /* stride 5 */
  assert_ok(nl_sparse_apply(&S, &column, &y));
  assert_true(y.ndim == 1);
  for (int64_t i = 0; i < 5; i++) assert_true(nl_tensor_get(&y, &i) == right[i * 5 + 2]);
  nl_tensor_release(&y);
  assert_ok(nl_tensor_slice(&x, 0, 6, 7, -1, &view)); /* rows reversed */
  assert_ok(nl_sparse_apply_left(&view, &S, &y));
  for (int64_t p = 0; p < 49; p++)
    assert_at_most(fabs(nl_tensor_get(&y, (int64_t[]){6 - p / 7, p % 7}) - left[p]), 1e-15);
  nl_tensor_release(&y);
  nl_tensor_release(&view);
  assert_ok(nl_tensor_select(&x, 0, 3, &view));
  assert_ok(nl_sparse_apply_left(&view, &S, &y));
  assert_true(y.ndim == 1 && y.shape[0] == 7);
  for (int64_t j = 0; j < 7; j++) assert_at_most(fabs(nl_tensor_get(&y, &j) - left[21 + j]), 1e-15);
  nl_tensor_release(&y);
  nl_tensor_release(&view);
  nl_tensor_release(&column);
  nl_tensor_release(&x);
  nl_sparse_release(&S);
  free(image);
  free(X);
}

static void refuses_misfits(void **state) {
  (void)state;
  nl_sparse S = from_image(2, 3, (double[]){1, 2, 3, 4, 5, 6});
  nl_tensor two, cube, single, scalar, y;
  assert_ok(nl_tensor_new(NL_F64, 1, (int64_t[]){2}, &two));
  assert_ok(nl_tensor_new(NL_F64, 3, (int64_t[]){3, 1, 1}, &cube));
  assert_ok(nl_tensor_new(NL_F32, 2, (int64_t[]){3, 2}, &single));
  assert_ok(nl_tensor_new(NL_F64, 0, NULL, &scalar));
  assert_int_equal(nl_sparse_apply(&S, &two, &y), NL_SHAPE);
  assert_message("a 2x3 matrix times a tensor of shape 2, expected 3 rows");
  assert_int_equal(nl_sparse_apply(&S, &cube, &y), NL_SHAPE);
  assert_int_equal(nl_sparse_apply(&S, &scalar, &y), NL_SHAPE);
  assert_int_equal(nl_sparse_apply(&S, &single, &y), NL_DTYPE);
  assert_message("the matrix is f64 and the tensor f32");
  assert_int_equal(nl_sparse_apply_left(&single, &S, &y), NL_DTYPE);
  assert_int_equal(nl_sparse_apply_left(&cube, &S, &y), NL_SHAPE);
  assert_message("a tensor of shape 3x1x1 times a 2x3 matrix, expected 2 columns");
  assert_int_equal(nl_sparse_apply_left(&scalar, &S, &y), NL_SHAPE);
  nl_tensor_release(&two);
  nl_tensor_release(&cube);
  nl_tensor_release(&single);
  nl_tensor_release(&scalar);
  nl_sparse_release(&S);
}

typedef struct operands {
  nl_sparse S;
  nl_tensor x;
} operands;

static nl_status both_sides(const void *context) {
  const operands *o = context;
  nl_tensor y;
  NL_TRY(nl_sparse_apply(&o->S, &o->x, &y));
  nl_tensor_release(&y);
  NL_TRY(nl_sparse_apply_left(&o->x, &o->S, &y));
  nl_tensor_release(&y);
  return NL_OK;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  nl_tensor t = tensor_of(2, (int64_t[]){2, 2}, (double[]){1, 2, 3, 4});
  operands o = {.S = from_image(2, 2, (double[]){1, 2, 3, 4})};
  assert_ok(nl_tensor_transpose(&t, 0, 1, &o.x));
  sweep_allocations(both_sides, &o);
  nl_tensor_release(&t);
  nl_tensor_release(&o.x);
  nl_sparse_release(&o.S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(equals_dense_sums),
      cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(applies_to_tensors_from_both_sides),
      cmocka_unit_test(refuses_misfits),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
