/* Products of every thinness and stride, at every level, against plain sums in long double: around the
 * blocks, in a field of NaN, the same bits at any number of threads, memory that ends, an interrupt. */
#include "cpu/numbers.h"
#include "dense/thin.h"

#include <numlab/interrupt.h>
#include <numlab/parallel.h>

static uint64_t state = 2008;

typedef struct problem {
  nl_dtype type;
  int64_t m, n, k, A_row, A_col, B_row, B_col;
  void *A, *B, *C;
} problem;

static nl_status multiply(const problem *p, void *C) {
  if (p->type == NL_F64)
    return nl_product_f64(p->m, p->n, p->k, p->A, p->A_row, p->A_col, p->B, p->B_row, p->B_col, C);
  return nl_product_f32(p->m, p->n, p->k, p->A, p->A_row, p->A_col, p->B, p->B_row, p->B_col, C);
}

/* rows x cols numbers in a field of NaN; turned: columns in one piece, apart: neither rows nor columns. */
static void *draw_matrix(nl_dtype t, int64_t rows, int64_t cols, int how, int64_t *row, int64_t *col) {
  int64_t apart = how == 2 ? 2 : 1;
  *row = how == 1 ? 1 : apart * cols + 1;
  *col = how == 1 ? rows + 1 : apart;
  int64_t size = rows * *row + cols * *col + 1;
  void *X = malloc((size_t)(size * nl_dtype_size(t)));
  assert_non_null(X);
  for (int64_t i = 0; i < size; i++) store(t, X, i, (double)NAN);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) store(t, X, i * *row + j * *col, draw_from(-1, 1));
  return X;
}

static problem make(nl_dtype t, int64_t m, int64_t n, int64_t k, int A_how, int B_how) {
  problem p = {t, m, n, k, 0, 0, 0, 0, NULL, NULL, NULL};
  p.A = draw_matrix(t, m, k, A_how, &p.A_row, &p.A_col);
  p.B = draw_matrix(t, k, n, B_how, &p.B_row, &p.B_col);
  p.C = malloc((size_t)((m * n + 1) * nl_dtype_size(t)));
  assert_non_null(p.C);
  for (int64_t i = 0; i <= m * n; i++) store(t, p.C, i, (double)NAN);
  store(t, p.C, m * n, -7);
  return p;
}

static void drop(problem *p) { free(p->A), free(p->B), free(p->C); }

static void check(nl_dtype t, int64_t m, int64_t n, int64_t k, int A_how, int B_how) {
  problem p = make(t, m, n, k, A_how, B_how);
  assert_ok(multiply(&p, p.C));
  assert_true(load(t, p.C, m * n) == -7);
  /* sums of 2048 in the type, then of blocks in f64 (gemm: of 256, then in the type) */
  long double u = t == NL_F32 ? (long double)FLT_EPSILON : (long double)DBL_EPSILON;
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      long double sum = 0, sizes = 0;
      for (int64_t q = 0; q < k; q++) {
        long double a = (long double)load(t, p.A, i * p.A_row + q * p.A_col);
        long double term = a * (long double)load(t, p.B, q * p.B_row + j * p.B_col);
        sum += term, sizes += fabsl(term);
      }
      if (!(fabsl(sum - (long double)load(t, p.C, i * n + j)) <= 300 * u * sizes))
        fail_msg("%d x %d x %d, strides %d %d: C(%d,%d) = %g, not %Lg", (int)m, (int)n, (int)k, A_how, B_how,
                 (int)i, (int)j, load(t, p.C, i * n + j), sum);
    }
  drop(&p);
}

static void shapes_of(nl_dtype t) {
  static const int64_t shape[][3] = {
      {1, 1, 0},      {1, 1, 1},     {1, 1, 2047},  {1, 1, 2049}, {1, 1, 200001}, {33, 1, 16},
      {70, 1, 15},    {31, 2, 2049}, {16, 3, 4100}, {65, 4, 300}, {64, 5, 40},    {1, 33, 50},
      {2, 40, 2050},  {3, 17, 520},  {4, 70, 255},  {2, 2, 5000}, {4100, 1, 9},   {4097, 2, 17},
      {4100, 1, 530}, {0, 1, 20},    {1, 0, 20},    {20, 1, 0}};
  for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
    for (int A_how = 0; A_how < 3; A_how++)
      for (int B_how = 0; B_how < 3; B_how++) check(t, shape[s][0], shape[s][1], shape[s][2], A_how, B_how);
}

static void every_shape_and_stride(void **unused) {
  (void)unused;
  nl_cpu_level before = nl_cpu_level_of_kernels();
  for (int level = 0; level <= (int)nl_cpu_detected(); level++) {
    assert_ok(nl_kernels_use((nl_cpu_level)level));
    for (nl_dtype t = NL_F64; t <= NL_F32; t++) shapes_of(t);
  }
  assert_ok(nl_kernels_use(before));
}

static void same_bits_at_any_thread_count(void **unused) {
  (void)unused;
  static const int64_t shape[][3] = {{1, 1, 1000003}, {900, 2, 700}, {1, 5000, 900}, {5000, 1, 900}};
  int before = nl_threads();
  for (nl_dtype t = NL_F64; t <= NL_F32; t++)
    for (size_t s = 0; s < sizeof shape / sizeof *shape; s++)
      for (int A_how = 0; A_how < 2; A_how++) {
        problem p = make(t, shape[s][0], shape[s][1], shape[s][2], A_how, 1 - A_how);
        size_t bytes = (size_t)(p.m * p.n * nl_dtype_size(t));
        void *other = malloc(bytes);
        assert_non_null(other);
        assert_ok(nl_threads_set(1));
        assert_ok(multiply(&p, p.C));
        for (int threads = 2; threads <= 5; threads++) {
          assert_ok(nl_threads_set(threads));
          assert_ok(multiply(&p, other));
          assert_memory_equal(other, p.C, bytes);
        }
        free(other);
        drop(&p);
      }
  assert_ok(nl_threads_set(before));
}

/* NaN and infinities reach the rows of C that meet them, and no others. */
static void bad_numbers(void **unused) {
  (void)unused;
  for (int A_how = 0; A_how < 2; A_how++) {
    problem p = make(NL_F64, 40, 2, 50, A_how, 0);
    store(NL_F64, p.A, 7 * p.A_row + 3 * p.A_col, (double)NAN);
    store(NL_F64, p.A, 9 * p.A_row + 49 * p.A_col, (double)INFINITY);
    assert_ok(multiply(&p, p.C));
    for (int64_t i = 0; i < 40; i++)
      for (int64_t j = 0; j < 2; j++) {
        double c = load(NL_F64, p.C, i * 2 + j);
        assert_true(i == 7 ? isnan(c) : i == 9 ? isinf(c) != 0 : isfinite(c) != 0);
      }
    drop(&p);
  }
}

static void memory_that_ends_and_interrupts(void **unused) {
  (void)unused;
  for (int A_how = 0; A_how < 2; A_how++) {
    problem p = make(NL_F64, 60, 2, 40, A_how, 0);
    int failed = 0;
    for (int64_t at = 1; at < 5; at++) {
      int64_t live = nl_memory().live;
      nl_memory_fail_at(at, false);
      nl_status s = multiply(&p, p.C);
      nl_memory_fail_at(0, false);
      assert_true(s == NL_OK || s == NL_NOMEM);
      assert_true(nl_memory().live == live);
      failed += s == NL_NOMEM;
    }
    assert_int_equal(failed, A_how == 0 ? 1 : 2); /* the columns of B; by columns of A, the sums too */
    nl_interrupt();
    assert_int_equal(multiply(&p, p.C), NL_INTERRUPTED);
    assert_message("matrix product: interrupted");
    nl_interrupt_clear();
    drop(&p);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_shape_and_stride),
      cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(bad_numbers),
      cmocka_unit_test(memory_that_ends_and_interrupts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
