/* Reading, copying, scaling and norms of sparse matrices against loops over a dense image. */
#include "sparse/matrices.h"

static const int64_t sizes[][2] = {{0, 0}, {0, 3}, {3, 0}, {1, 1}, {5, 9}, {9, 5}, {33, 33}};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void reads_elements(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1], least = m < n ? m : n;
    double *image = noise_image(m, n, 3, 1), d[40];
    nl_sparse S = from_image(m, n, image);
    nl_sparse_diagonal(&S, d);
    for (int64_t i = 0; i < least; i++) assert_true(d[i] == image[i * n + i]);
    for (int64_t p = 0; p < m * n; p++) assert_true(nl_sparse_get(&S, p / n, p % n) == image[p]);
    nl_sparse_release(&S);
    free(image);
  }
}

static void copies_and_scales(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1];
    double *image = noise_image(m, n, 2, 2);
    nl_sparse S = from_image(m, n, image), clone, scaled, divided;
    assert_ok(nl_sparse_clone(&S, &clone));
    assert_ok(nl_sparse_scale(-3, &S, &scaled));
    assert_ok(nl_sparse_divide(&S, 7, &divided));
    assert_true(clone.values != S.values);
    assert_image(&clone, m, n, image, 0);
    for (int64_t p = 0; p < m * n; p++) image[p] *= -3;
    assert_image(&scaled, m, n, image, 0);
    for (int64_t p = 0; p < S.nnz; p++) assert_true(divided.values[p] == S.values[p] / 7);
    nl_sparse_release(&S);
    nl_sparse_release(&clone);
    nl_sparse_release(&scaled);
    nl_sparse_release(&divided);
    nl_sparse_release(&divided); /* an empty handle is accepted */
    free(image);
  }
}

static void norms(void **state) {
  (void)state;
  for (int c = 0; c < SIZES; c++) {
    int64_t m = sizes[c][0], n = sizes[c][1];
    double *image = noise_image(m, n, 2, 3), one = 0, inf = 0, square = 0;
    nl_sparse S = from_image(m, n, image);
    for (int64_t i = 0; i < m; i++) {
      double sum = 0;
      for (int64_t j = 0; j < n; j++) sum += fabs(image[i * n + j]);
      inf = fmax(inf, sum);
    }
    for (int64_t j = 0; j < n; j++) {
      double sum = 0;
      for (int64_t i = 0; i < m; i++) sum += fabs(image[i * n + j]);
      one = fmax(one, sum);
    }
    for (int64_t p = 0; p < m * n; p++) square += image[p] * image[p];
    assert_at_most(fabs(nl_sparse_norm_inf(&S) - inf), 1e-14 * inf);
    assert_at_most(fabs(nl_sparse_norm_1(&S) - one), 1e-14 * one);
    assert_at_most(fabs(nl_sparse_norm_fro(&S) - sqrt(square)), 1e-14 * sqrt(square));
    nl_sparse_release(&S);
    free(image);
  }
}

/* 3, 4 times a power of two: the norm is 5 times it, exactly, where squares over- or underflow. */
static void norm_fro_without_overflow(void **state) {
  (void)state;
  const int powers[] = {-1060, -600, 0, 600, 1020};
  for (int c = 0; c < 5; c++) {
    nl_sparse S = from_image(1, 2, (double[]){scalbn(3, powers[c]), scalbn(-4, powers[c])});
    assert_true(nl_sparse_norm_fro(&S) == scalbn(5, powers[c]));
    nl_sparse_release(&S);
  }
}

static void norms_of_nan_and_infinity(void **state) {
  (void)state;
  for (int at = 0; at < 4; at++) {
    double image[4] = {1, 2, 3, 4};
    image[at] = NAN;
    nl_sparse S = from_image(2, 2, image);
    assert_true(isnan(nl_sparse_norm_1(&S)) && isnan(nl_sparse_norm_inf(&S)) &&
                isnan(nl_sparse_norm_fro(&S)));
    for (int64_t p = 0; p < S.nnz; p++)
      if (isnan(S.values[p])) S.values[p] = -INFINITY;
    assert_true(isinf(nl_sparse_norm_1(&S)) && isinf(nl_sparse_norm_inf(&S)) &&
                isinf(nl_sparse_norm_fro(&S)));
    nl_sparse_release(&S);
  }
  nl_sparse S = from_image(1, 1, (double[]){1});
  nl_memory_fail_at(1, false);
  assert_true(isnan(nl_sparse_norm_1(&S)));
  nl_memory_fail_at(0, false);
  nl_sparse_release(&S);
}

static nl_status make(const void *S) {
  nl_sparse out;
  nl_status status = nl_sparse_scale(2, S, &out);
  if (status == NL_OK) nl_sparse_release(&out);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  nl_sparse S = from_image(2, 2, (double[]){1, 2, 3, 4});
  sweep_allocations(make, &S);
  nl_sparse_release(&S);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(reads_elements),
      cmocka_unit_test(copies_and_scales),
      cmocka_unit_test(norms),
      cmocka_unit_test(norm_fro_without_overflow),
      cmocka_unit_test(norms_of_nan_and_infinity),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
