/* What textbook elimination promises beyond accuracy (test_accuracy.c): growth, exchanges, pivots, outcomes.
 */
#include "matrices.h"
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

static nl_status run(const nl_tensor *A, const nl_tensor *b, nl_pivot pivot, nl_scale scale, nl_tensor *x,
                     nl_solve_info *info) {
  nl_solve_options o = nl_solve_defaults();
  nl_matrix M = {.dense = A};
  o.method = "gauss", o.pivot = pivot, o.scale = scale;
  return nl_solve(&M, b, &o, x, info);
}

/* Solves and gives everything back but the numbers in info. */
static nl_status outcome(int64_t n, const double *A, nl_pivot pivot, nl_solve_info *info) {
  double *ones = numbers(n);
  for (int64_t i = 0; i < n; i++) ones[i] = 1;
  nl_tensor matrix = tensor_of(NL_F64, 2, n, n, A), b = tensor_of(NL_F64, 1, n, 1, ones), x = {0};
  nl_status status = run(&matrix, &b, pivot, NL_SCALE_NONE, &x, info);
  nl_tensor_release(&matrix), nl_tensor_release(&b), nl_tensor_release(&x);
  free(ones);
  nl_solve_info_release(info);
  return status;
}

static void counts_what_it_does(void **unused) {
  (void)unused;
  /* partial: rows 1 and 3 change places, then 2 and 3: u = 4 2 | 6 .. ; by hand */
  const double A[9] = {1, 2, 3, 2, 7, 1, 4, 2, 2};
  nl_solve_info info;
  assert_int_equal(outcome(3, A, NL_PIVOT_PARTIAL, &info), NL_OK);
  /* [4 2 2; 0 6 0; 0 0 2.5]: growth max(4, 6, 7)/7 = 1, smallest pivot 2.5, one exchange */
  assert_int_equal(info.exchanges, 1);
  assert_true(info.smallest_pivot == 2.5 && info.growth == 1);
  assert_int_equal(info.nnz_factor, 9);
  assert_int_equal(outcome(3, A, NL_PIVOT_NONE, &info), NL_OK);
  /* [1 2 3; 0 3 -5; 0 -6 -10] then [.. 0 0 -20]: growth 20/7 */
  assert_int_equal(info.exchanges, 0);
  assert_true(info.smallest_pivot == 1 && fabs(info.growth - 20. / 7) < 1e-15);
  /* complete: 7 leads (a row and a column), then (1,3) or (3,1) ... */
  assert_int_equal(outcome(3, A, NL_PIVOT_COMPLETE, &info), NL_OK);
  assert_int_equal(info.rank, 3);
  assert_true(info.growth == 1 && info.exchanges >= 2);
}

static void growth_looks_at_every_step(void **unused) {
  (void)unused;
  /* Without pivoting a_33 is 1, then 1 + 4 = 5, then 5 - 4 = 1: neither A nor the final U shows the 5. */
  const double A[9] = {1, 0, 4, 0, 1, 4, -1, 1, 1};
  nl_solve_info info;
  assert_int_equal(outcome(3, A, NL_PIVOT_NONE, &info), NL_OK);
  assert_true(info.growth == 1.25);
}

static void gfpp(int64_t n, double *A) {
  memset(A, 0, (size_t)(n * n) * sizeof *A);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) A[i * n + j] = -1;
    A[i * n + i] = A[i * n + n - 1] = 1;
  }
}

static void worst_growth(void **unused) {
  (void)unused;
  enum { N = 40 };
  static double A[N * N];
  nl_solve_info info;
  gfpp(N, A);
  assert_int_equal(outcome(N, A, NL_PIVOT_PARTIAL, &info), NL_OK);
  assert_true(info.growth == ldexp(1, N - 1));
  assert_int_equal(outcome(N, A, NL_PIVOT_ROOK, &info), NL_OK);
  assert_true(info.growth <= 4);
  assert_int_equal(outcome(N, A, NL_PIVOT_COMPLETE, &info), NL_OK);
  assert_true(info.growth <= 2);
}

/* ||b - A x||_2 / ||b||_2 of nl_solve's own residual check, which is independent of the method. */
static double residual(const nl_tensor *A, const nl_tensor *b, nl_pivot pivot, double *growth) {
  nl_tensor x = {0};
  nl_solve_info info;
  assert_int_equal(run(A, b, pivot, NL_SCALE_NONE, &x, &info), NL_OK);
  double r = info.relative_residual;
  *growth = info.growth;
  nl_tensor_release(&x);
  nl_solve_info_release(&info);
  return r;
}

static void dominant_needs_no_pivoting(void **unused) {
  (void)unused;
  static const int64_t size[] = {2, 7, 60, 200};
  for (int s = 0; s < 4; s++)
    for (int by_columns = 0; by_columns < 2; by_columns++) {
      int64_t n = size[s];
      double *A = numbers(n * n), *b = numbers(n), with, without;
      for (int64_t i = 0; i < n; i++) b[i] = draw();
      for (int64_t i = 0; i < n * n; i++) A[i] = draw();
      for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (int64_t j = 0; j < n; j++)
          if (j != i) sum += fabs(A[by_columns ? j * n + i : i * n + j]);
        A[i * n + i] = 1.01 * sum;
      }
      nl_tensor matrix = tensor_of(NL_F64, 2, n, n, A), B = tensor_of(NL_F64, 1, n, 1, b);
      double r_partial = residual(&matrix, &B, NL_PIVOT_PARTIAL, &with);
      double r_none = residual(&matrix, &B, NL_PIVOT_NONE, &without);
      if (!(without <= 2)) fail_msg("growth %g at n = %d", without, (int)n);
      if (!(r_none <= 10 * r_partial + (double)n * DBL_EPSILON)) fail_msg("%g against %g", r_none, r_partial);
      nl_tensor_release(&matrix), nl_tensor_release(&B);
      free(A), free(b);
    }
}

static void extremes_are_solved(void **unused) {
  (void)unused;
  enum { N = 30 };
  static double A[N * N], scaled[N * N], truth[N];
  for (int64_t i = 0; i < N; i++) truth[i] = 1 + (double)i / N;
  random_svd(N, 100, A);
  for (int how = 0; how < 4; how++)
    for (nl_pivot p = NL_PIVOT_PARTIAL; p <= NL_PIVOT_COMPLETE; p++) {
      if (p == NL_PIVOT_NONE) continue;
      for (int64_t i = 0; i < N; i++)
        for (int64_t j = 0; j < N; j++) {
          double factor = how == 0   ? 1e-290
                          : how == 1 ? 1e290
                          : how == 2 ? pow(10, -12 * (double)i / (N - 1))
                                     : pow(10, -12 * (double)j / (N - 1));
          scaled[i * N + j] = A[i * N + j] * factor;
        }
      nl_tensor matrix = tensor_of(NL_F64, 2, N, N, scaled),
                b = right_hand_sides(N, 1, scaled, truth, NL_F64);
      for (nl_scale s = NL_SCALE_NONE; s <= NL_SCALE_BOTH; s++) {
        nl_tensor x = {0};
        nl_solve_info info;
        nl_status status = run(&matrix, &b, p, s, &x, &info);
        if (status != NL_OK) fail_msg("%s: how %d pivot %d scale %d", nl_message(), how, (int)p, (int)s);
        measured m = measure(N, 1, scaled, &x, &b, truth);
        if (!(m.hpl < 16)) fail_msg("HPL %g: how %d pivot %d scale %d", m.hpl, how, (int)p, (int)s);
        nl_tensor_release(&x);
        nl_solve_info_release(&info);
      }
      nl_tensor_release(&matrix), nl_tensor_release(&b);
    }
}

static void denormal_pivots_divide(void **unused) {
  (void)unused;
  /* 1 / 2^-1070 is infinite; every quotient here is exact */
  const double A[4] = {0x1p-1070, 0x1p-1071, 0x1p-1071, 0x1p-1070}, b[2] = {0x1.8p-1070, 0x1.8p-1070};
  nl_tensor matrix = tensor_of(NL_F64, 2, 2, 2, A), B = tensor_of(NL_F64, 1, 2, 1, b);
  for (nl_pivot p = NL_PIVOT_PARTIAL; p <= NL_PIVOT_COMPLETE; p++) {
    nl_tensor x = {0};
    nl_solve_info info;
    assert_int_equal(run(&matrix, &B, p, NL_SCALE_NONE, &x, &info), NL_OK);
    assert_true(value_at(&x, 0) == 1 && value_at(&x, 1) == 1);
    nl_tensor_release(&x);
    nl_solve_info_release(&info);
  }
  nl_tensor_release(&matrix), nl_tensor_release(&B);
}

static void scaling_is_exact(void **unused) {
  (void)unused;
  /* A power-of-two matrix and solution: scaled or not, not a bit is lost. */
  const double A[4] = {0x1p-600, 0, 0, 0x1p500}, b[2] = {0x1p-597, 0x1p498};
  nl_tensor matrix = tensor_of(NL_F64, 2, 2, 2, A), B = tensor_of(NL_F64, 1, 2, 1, b);
  for (nl_scale s = NL_SCALE_NONE; s <= NL_SCALE_BOTH; s++) {
    nl_tensor x = {0};
    nl_solve_info info;
    assert_int_equal(run(&matrix, &B, NL_PIVOT_PARTIAL, s, &x, &info), NL_OK);
    assert_true(value_at(&x, 0) == 8 && value_at(&x, 1) == 0.25);
    if (s == NL_SCALE_BOTH) assert_true(info.smallest_pivot == 0.5); /* 2^-600 became 0.5 */
    nl_tensor_release(&x);
    nl_solve_info_release(&info);
  }
  nl_tensor_release(&matrix), nl_tensor_release(&B);
}

static void outcomes_name_the_place(void **unused) {
  (void)unused;
  nl_solve_info info;
  const double zero_corner[4] = {0, 1, 1, 0};
  assert_int_equal(outcome(2, zero_corner, NL_PIVOT_NONE, &info), NL_SINGULAR);
  assert_int_equal(info.where, 1);
  assert_string_equal(nl_message(),
                      "gauss: the pivot of column 1 is exactly zero (pivot=\"partial\" would exchange rows)");
  assert_int_equal(outcome(2, zero_corner, NL_PIVOT_PARTIAL, &info), NL_OK);
  const double rank_one[9] = {1, 2, 4, 2, 4, 8, 4, 8, 16};
  assert_int_equal(outcome(3, rank_one, NL_PIVOT_PARTIAL, &info), NL_SINGULAR);
  assert_int_equal(info.where, 2);
  assert_string_equal(info.reason, "gauss: A is singular, column 2 has no nonzero pivot");
  for (nl_pivot p = NL_PIVOT_ROOK; p <= NL_PIVOT_COMPLETE; p++) {
    assert_int_equal(outcome(3, rank_one, p, &info), NL_SINGULAR);
    assert_int_equal(info.rank, 1);
    assert_int_equal(info.where, 2);
    assert_string_equal(info.reason,
                        "gauss: A is singular, nothing but zeros is left in step 2 of 3: rank 1");
  }
  /* a zero column is no reason for rook to stop early: the rest still has rank 2 */
  const double hole[9] = {0, 1, 2, 0, 3, 4, 0, 5, 7};
  assert_int_equal(outcome(3, hole, NL_PIVOT_ROOK, &info), NL_SINGULAR);
  assert_int_equal(info.rank, 2);
  const double cross[9] = {0, 0, 0, 0, 1, 2, 0, 3, 4};
  assert_int_equal(outcome(3, cross, NL_PIVOT_ROOK, &info), NL_SINGULAR);
  assert_int_equal(info.rank, 2);
  const double overflows[4] = {1e-300, 1e300, 1e300, 1};
  assert_int_equal(outcome(2, overflows, NL_PIVOT_NONE, &info), NL_NONFINITE);
  assert_string_equal(nl_message(), "gauss: overflow in step 1 of 2");
  assert_int_equal(outcome(2, overflows, NL_PIVOT_PARTIAL, &info), NL_OK);
  const double one[1] = {0}, tiny[1] = {5e-324};
  assert_int_equal(outcome(1, one, NL_PIVOT_COMPLETE, &info), NL_SINGULAR);
  assert_int_equal(outcome(1, tiny, NL_PIVOT_PARTIAL, &info), NL_NONFINITE); /* 1 / 5e-324 */
  assert_string_equal(nl_message(), "gauss: the solution overflows");
}

static void same_bits_at_any_thread_count(void **unused) {
  (void)unused;
  enum { N = 330, K = 3 };
  double *A = numbers(N * N), *b = numbers(N * K);
  for (int64_t i = 0; i < N * N; i++) A[i] = draw();
  for (int64_t i = 0; i < N * K; i++) b[i] = draw();
  nl_tensor matrix = tensor_of(NL_F64, 2, N, N, A), B = tensor_of(NL_F64, 2, N, K, b);
  int before = nl_threads();
  for (nl_pivot p = NL_PIVOT_PARTIAL; p <= NL_PIVOT_COMPLETE; p++) {
    nl_tensor x[2] = {{0}, {0}};
    nl_solve_info info[2];
    for (int t = 0; t < 2; t++) {
      assert_int_equal(nl_threads_set(t + 1), NL_OK);
      assert_int_equal(run(&matrix, &B, p, NL_SCALE_NONE, &x[t], &info[t]), NL_OK);
      nl_solve_info_release(&info[t]);
    }
    assert_memory_equal(nl_tensor_data(&x[0]), nl_tensor_data(&x[1]), N * K * sizeof(double));
    assert_true(info[0].growth == info[1].growth);
    nl_tensor_release(&x[0]), nl_tensor_release(&x[1]);
  }
  assert_int_equal(nl_threads_set(before), NL_OK);
  nl_tensor_release(&matrix), nl_tensor_release(&B);
  free(A), free(b);
}

static void out_of_memory_and_interrupt(void **unused) {
  (void)unused;
  const double A[4] = {2, 1, 1, 3}, b[2] = {3, 4};
  nl_tensor matrix = tensor_of(NL_F64, 2, 2, 2, A), B = tensor_of(NL_F64, 1, 2, 1, b), x = {0};
  nl_solve_info info;
  int64_t live = nl_memory().live, k = 1;
  for (;; k++) {
    nl_memory_fail_at(k, false);
    nl_status status = run(&matrix, &B, NL_PIVOT_PARTIAL, NL_SCALE_BOTH, &x, &info);
    nl_memory_fail_at(0, false);
    if (status == NL_OK) break;
    assert_int_equal(status, NL_NOMEM);
    assert_null(x.storage);
    assert_int_equal(nl_memory().live, live);
  }
  assert_true(k > 4); /* gauss alone takes four blocks */
  nl_solve_info_release(&info);
  nl_tensor_release(&x);
  nl_interrupt();
  assert_int_equal(run(&matrix, &B, NL_PIVOT_PARTIAL, NL_SCALE_NONE, &x, &info), NL_INTERRUPTED);
  nl_interrupt_clear();
  nl_solve_info_release(&info);
  nl_tensor_release(&matrix), nl_tensor_release(&B), nl_tensor_release(&x);
  assert_int_equal(nl_memory().live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(counts_what_it_does),
      cmocka_unit_test(growth_looks_at_every_step),
      cmocka_unit_test(worst_growth),
      cmocka_unit_test(dominant_needs_no_pivoting),
      cmocka_unit_test(extremes_are_solved),
      cmocka_unit_test(denormal_pivots_divide),
      cmocka_unit_test(scaling_is_exact),
      cmocka_unit_test(outcomes_name_the_place),
      cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(out_of_memory_and_interrupt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
