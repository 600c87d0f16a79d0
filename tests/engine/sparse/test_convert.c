/* Sparse to dense and back, and the transpose, against the dense image. */
#include "sparse/matrices.h"

static const int64_t sizes[][2] = {{0, 0}, {0, 3}, {3, 0}, {1, 1}, {1, 7}, {7, 1}, {5, 9}, {33, 20}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void to_dense_and_back(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1];
    double *image = noise_image(m, n, 3, 1);
    nl_sparse S = from_image(m, n, image), back;
    nl_tensor t;
    assert_ok(nl_sparse_to_dense(&S, &t));
    assert_true(t.dtype == NL_F64 && t.ndim == 2 && t.shape[0] == m && t.shape[1] == n);
    for (int64_t p = 0; p < m * n; p++) assert_true(((double *)nl_tensor_data(&t))[p] == image[p]);
    assert_ok(nl_sparse_from_dense(&t, &back));
    assert_image(&back, m, n, image, 0);
    assert_true(back.nnz == S.nnz);
    nl_tensor_release(&t);
    nl_sparse_release(&S);
    nl_sparse_release(&back);
    free(image);
  }
}

static void from_views_and_other_types(void **state) {
  (void)state;
  double *image = noise_image(6, 4, 2, 2), flipped[24];
  for (int p = 0; p < 24; p++) flipped[p % 4 * 6 + p / 4] = image[p] = (double)(float)image[p];
  nl_tensor t = tensor_of(2, (int64_t[]){6, 4}, image), view, single;
  nl_sparse S;
  assert_ok(nl_tensor_transpose(&t, 0, 1, &view));
  assert_ok(nl_sparse_from_dense(&view, &S));
  assert_image(&S, 4, 6, flipped, 0);
  nl_sparse_release(&S);
  assert_ok(nl_tensor_clone(&t, NL_F32, &single));
  assert_ok(nl_sparse_from_dense(&single, &S));
  assert_image(&S, 6, 4, image, 0);
  nl_sparse_release(&S);
  nl_tensor_release(&t);
  nl_tensor_release(&view);
  nl_tensor_release(&single);
  free(image);
}

static void keeps_nan_and_drops_zeros_of_either_sign(void **state) {
  (void)state;
  nl_tensor t = tensor_of(2, (int64_t[]){1, 4}, (double[]){0.0, NAN, -0.0, INFINITY});
  nl_sparse S;
  assert_ok(nl_sparse_from_dense(&t, &S));
  assert_true(S.nnz == 2 && S.index[0] == 1 && isnan(S.values[0]) && S.index[1] == 3);
  nl_sparse_release(&S);
  nl_tensor_release(&t);
}

static void refuses_other_dimensions(void **state) {
  (void)state;
  for (int ndim = 0; ndim <= 3; ndim++) {
    if (ndim == 2) continue;
    nl_tensor t;
    nl_sparse S;
    assert_ok(nl_tensor_new(NL_F64, ndim, (int64_t[]){2, 2, 2}, &t));
    assert_int_equal(nl_sparse_from_dense(&t, &S), NL_SHAPE);
    assert_message("a matrix has 2 dimensions, got a tensor of shape");
    nl_tensor_release(&t);
  }
}

static void transposes(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1];
    double *image = noise_image(m, n, 3, 4), *flipped = calloc((size_t)(m * n + 1), sizeof *flipped);
    for (int64_t p = 0; p < m * n; p++) flipped[p % n * m + p / n] = image[p];
    nl_sparse S = from_image(m, n, image), T;
    assert_ok(nl_sparse_transpose(&S, &T));
    assert_image(&T, n, m, flipped, 0);
    assert_true(T.nnz == S.nnz);
    nl_sparse_release(&S);
    nl_sparse_release(&T);
    free(image);
    free(flipped);
  }
}

static nl_status there_and_back(const void *context) {
  const nl_tensor *t = context;
  nl_sparse S = {0}, T = {0};
  nl_tensor dense = {0};
  nl_status status = nl_sparse_from_dense(t, &S);
  if (status == NL_OK) status = nl_sparse_transpose(&S, &T);
  if (status == NL_OK) status = nl_sparse_to_dense(&T, &dense);
  nl_sparse_release(&S);
  nl_sparse_release(&T);
  nl_tensor_release(&dense);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  nl_tensor t = tensor_of(2, (int64_t[]){2, 2}, (double[]){1, 2, 3, 4}), view;
  assert_ok(nl_tensor_transpose(&t, 0, 1, &view));
  sweep_allocations(there_and_back, &view);
  nl_tensor_release(&t);
  nl_tensor_release(&view);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(to_dense_and_back),
      cmocka_unit_test(from_views_and_other_types),
      cmocka_unit_test(keeps_nan_and_drops_zeros_of_either_sign),
      cmocka_unit_test(refuses_other_dimensions),
      cmocka_unit_test(transposes),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
