/* rows_dot and rows_sum of every level this machine has against plain sums in long double: any number of rows
 * and columns around the unrolling, rows further apart than they are long, unaligned starts, canaries; the
 * same bits in any company; NaN beside the rows and columns asked for. */
#include "numbers.h"

enum { MOST_ROWS = 37, MOST_D = 300, GAP = 3, ROOM = MOST_ROWS * (MOST_D + GAP) + 8 };
static _Alignas(64) double A_room[ROOM], x_room[ROOM], y_room[ROOM], before[ROOM], other[ROOM];

static uint64_t state = 13;
static double draw(void) { return draw_from(-1, 1); }

static void fill(nl_dtype t, void *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) store(t, x, i, draw());
}
static long double eps(nl_dtype t) {
  return t == NL_F32 ? (long double)FLT_EPSILON : (long double)DBL_EPSILON;
}

/* rows x d numbers, lda apart, in a field of NaN: reading beside them shows. */
static void fill_rows(nl_dtype t, void *A, int64_t rows, int64_t d, int64_t lda) {
  for (int64_t i = 0; i < (rows + 1) * lda; i++)
    store(t, A, i, i / lda < rows && i % lda < d ? draw() : (double)NAN);
}

static const int64_t row_counts[] = {0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, MOST_ROWS - 1};
enum { COUNTS = sizeof row_counts / sizeof *row_counts };

static void dot_of(nl_dtype t, const nl_dense_kernels *k) {
  int64_t size = nl_dtype_size(t);
  for (int64_t d = 0; d <= MOST_D; d += d < 70 ? 1 : 13)
    for (int r = 0; r < COUNTS; r++) {
      int64_t rows = row_counts[r], lda = d + (d + r) % (GAP + 1);
      void *A = (char *)A_room + d % 3 * size, *x = (char *)x_room + r % 2 * size;
      char *y = (char *)y_room + (1 + (d + r) % 3) * size;
      double alpha = r % 2 ? 0.125 : -0.7;
      if (t == NL_F32) alpha = (double)(float)alpha;
      fill_rows(t, A, rows, d, lda);
      fill(t, x, d), store(t, x, d, (double)NAN);
      for (int64_t j = -1; j <= rows; j++) store(t, y + j * size, 0, -7);
      k->rows_dot(rows, d, alpha, x, A, lda, y);
      assert_true(load(t, y - size, 0) == -7 && load(t, y, rows) == -7);
      for (int64_t j = 0; j < rows; j++) {
        long double sum = 0, sizes = 0;
        for (int64_t c = 0; c < d; c++) {
          long double term = (long double)load(t, x, c) * (long double)load(t, A, j * lda + c);
          sum += term, sizes += fabsl(term);
        }
        long double error = fabsl((long double)alpha * sum - (long double)load(t, y, j));
        if (!(error <= eps(t) * (long double)(d + 2) * sizes))
          fail_msg("rows_dot %d x %d, row %d", (int)rows, (int)d, (int)j);
        k->rows_dot(1, d, alpha, x, (char *)A + j * lda * size, lda + 5, other); /* alone: the same bits */
        assert_memory_equal(other, y + j * size, (size_t)size);
      }
    }
}

static void sum_of(nl_dtype t, const nl_dense_kernels *k) {
  int64_t size = nl_dtype_size(t);
  for (int64_t d = 0; d <= MOST_D; d += d < 70 ? 1 : 13)
    for (int r = 0; r < COUNTS; r++) {
      int64_t rows = row_counts[r], lda = d + (d + r) % (GAP + 1);
      void *A = (char *)A_room + d % 3 * size, *x = (char *)x_room + r % 2 * size;
      char *y = (char *)y_room + (1 + (d + r) % 3) * size;
      fill_rows(t, A, rows, d, lda);
      fill(t, x, rows), store(t, x, rows, (double)NAN);
      fill(t, y - size, d + 2);
      memcpy(before, y - size, (size_t)((d + 2) * size));
      k->rows_sum(rows, d, x, A, lda, y);
      assert_memory_equal(y - size, before, (size_t)size);
      assert_memory_equal(y + d * size, (char *)before + (d + 1) * size, (size_t)size);
      for (int64_t c = 0; c < d; c++) {
        long double sum = (long double)load(t, before, c + 1), sizes = fabsl(sum);
        for (int64_t j = 0; j < rows; j++) {
          long double term = (long double)load(t, x, j) * (long double)load(t, A, j * lda + c);
          sum += term, sizes += fabsl(term);
        }
        if (!(fabsl(sum - (long double)load(t, y, c)) <= eps(t) * (long double)(rows + 1) * sizes))
          fail_msg("rows_sum %d x %d, column %d", (int)rows, (int)d, (int)c);
      }
      /* in two calls by rows, each in two by columns: the same bits */
      char *again = (char *)other, *lower;
      int64_t upper = rows / 3, left = d / 3;
      memcpy(again, (char *)before + size, (size_t)(d * size));
      lower = (char *)A + upper * lda * size;
      k->rows_sum(upper, left, x, A, lda, again);
      k->rows_sum(upper, d - left, x, (char *)A + left * size, lda, again + left * size);
      x = (char *)x + upper * size;
      k->rows_sum(rows - upper, left, x, lower, lda, again);
      k->rows_sum(rows - upper, d - left, x, lower + left * size, lda, again + left * size);
      assert_memory_equal(again, y, (size_t)(d * size));
    }
}

/* One bad number reaches its own row's product, its own column's sum, and nothing else. */
static void bad_numbers_of(nl_dtype t, const nl_dense_kernels *k) {
  enum { ROWS = 19, D = 45 };
  static const double bad[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
  double x[ROWS + D], y[D];
  for (int which = 0; which < 3; which++)
    for (int64_t at = 0; at < (int64_t)ROWS * D; at += 11) {
      fill(t, A_room, (int64_t)ROWS * D), fill(t, y, D);
      for (int64_t i = 0; i < ROWS + D; i++) store(t, x, i, 0.5);
      store(t, A_room, at, bad[which]);
      k->rows_dot(ROWS, D, 1, x, A_room, D, other);
      for (int64_t j = 0; j < ROWS; j++) {
        double got = load(t, other, j);
        if (j != at / D) assert_true(isfinite(got));
        else assert_true(which == 0 ? isnan(got) : got == bad[which]);
      }
      k->rows_sum(ROWS, D, x, A_room, D, y);
      for (int64_t c = 0; c < D; c++) {
        double got = load(t, y, c);
        if (c != at % D) assert_true(isfinite(got));
        else assert_true(which == 0 ? isnan(got) : got == bad[which]);
      }
    }
}

static void products_with_rows(void **unused) { (void)unused, at_every_level(dot_of); }
static void sums_of_rows(void **unused) { (void)unused, at_every_level(sum_of); }
static void bad_numbers(void **unused) { (void)unused, at_every_level(bad_numbers_of); }

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(products_with_rows),
      cmocka_unit_test(sums_of_rows),
      cmocka_unit_test(bad_numbers),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
