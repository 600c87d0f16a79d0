/* dominant: the number of entries, exact dominance, signs, seeds; what is refused. */
#include "gallery/systems.h"
#include <numlab/interrupt.h>

static const int64_t sizes[] = {0, 1, 2, 3, 10, 57};
enum { SIZES = sizeof sizes / sizeof *sizes };

static void check(int64_t n, double density, double ratio, nl_sign sign) {
  nl_sparse A;
  assert_ok(nl_gallery_dominant(n, density, ratio, sign, 7, &A));
  assert_valid(&A);
  assert_true(A.rows == n && A.cols == n);
  assert_true(A.nnz - n == (int64_t)round(density * (double)(n * (n - 1))));
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t p = A.start[i]; p < A.start[i + 1]; p++) {
      double v = A.values[p];
      if (A.index[p] == i) continue;
      assert_true(fabs(v) > 0 && fabs(v) < 1);
      if (sign == NL_SIGN_POSITIVE) assert_true(v > 0);
      if (sign == NL_SIGN_NEGATIVE) assert_true(v < 0);
      sum += fabs(v);
    }
    assert_true(nl_sparse_get(&A, i, i) == (sum > 0 ? ratio * sum : 1));
  }
  nl_sparse_release(&A);
}

static void is_dominant_as_told(void **state) {
  (void)state;
  const double densities[] = {0, 0.01, 0.3, 1};
  for (int s = 0; s < SIZES; s++)
    for (int d = 0; d < 4; d++)
      for (int sign = 0; sign < 3; sign++) check(sizes[s], densities[d], sign ? 1.01 : 3, (nl_sign)sign);
}

/* One entry in each of the equal strata of the off-diagonal places: row counts differ little. */
static void spreads_entries_evenly(void **state) {
  (void)state;
  nl_sparse A;
  assert_ok(nl_gallery_dominant(200, 0.1, 1.1, NL_SIGN_MIXED, 3, &A));
  for (int64_t i = 0; i < 200; i++) {
    int64_t entries = A.start[i + 1] - A.start[i] - 1;
    assert_true(entries >= 18 && entries <= 21);
  }
  nl_sparse_release(&A);
}

static void follows_the_seed(void **state) {
  (void)state;
  nl_sparse A, B, C;
  assert_ok(nl_gallery_dominant(40, 0.2, 1.1, NL_SIGN_MIXED, 1, &A));
  assert_ok(nl_gallery_dominant(40, 0.2, 1.1, NL_SIGN_MIXED, 1, &B));
  assert_ok(nl_gallery_dominant(40, 0.2, 1.1, NL_SIGN_MIXED, 2, &C));
  assert_memory_equal(A.index, B.index, (size_t)A.nnz * sizeof *A.index);
  assert_memory_equal(A.values, B.values, (size_t)A.nnz * sizeof *A.values);
  assert_memory_not_equal(A.index, C.index, (size_t)A.nnz * sizeof *A.index);
  nl_sparse_release(&A);
  nl_sparse_release(&B);
  nl_sparse_release(&C);
}

static void refuses(void **state) {
  (void)state;
  nl_sparse A;
  const double densities[] = {-0.1, 1.1, NAN}, ratios[] = {1, 0.5, -2, NAN, INFINITY};
  for (int c = 0; c < 3; c++) {
    assert_int_equal(nl_gallery_dominant(5, densities[c], 1.1, NL_SIGN_MIXED, 0, &A), NL_ARG);
    assert_message("dominant: density is");
  }
  for (int c = 0; c < 5; c++) {
    assert_int_equal(nl_gallery_dominant(5, 0.5, ratios[c], NL_SIGN_MIXED, 0, &A), NL_ARG);
    assert_message("strict dominance needs more than 1");
  }
  assert_int_equal(nl_gallery_dominant(-1, 0.5, 1.1, NL_SIGN_MIXED, 0, &A), NL_SHAPE);
  assert_int_equal(nl_gallery_dominant(INT64_C(1) << 32, 0.5, 1.1, NL_SIGN_MIXED, 0, &A), NL_SHAPE);
  int64_t before = nl_memory().live;
  nl_interrupt();
  assert_int_equal(nl_gallery_dominant(5, 0.5, 1.1, NL_SIGN_MIXED, 0, &A), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_true(nl_memory().live == before);
}

static nl_status make(const void *context) {
  (void)context;
  nl_sparse A;
  nl_status status = nl_gallery_dominant(9, 0.5, 1.1, NL_SIGN_MIXED, 0, &A);
  if (status == NL_OK) nl_sparse_release(&A);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  sweep_allocations(make, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(is_dominant_as_told),
      cmocka_unit_test(spreads_entries_evenly),
      cmocka_unit_test(follows_the_seed),
      cmocka_unit_test(refuses),
      cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
