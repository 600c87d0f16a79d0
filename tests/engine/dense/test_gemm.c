/* The matrix product against a naive sum with long double, on sizes around the tile and block edges. */
#include "cpu/kernels.h"
#include "dense/gemm.h"

#include <math.h>
#include <numlab/gemm.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t state = 1988;
static double draw(void) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (double)(state >> 11) * 0x1p-52 - 1;
}

static double *draw_many(int64_t count) {
  double *x = malloc((size_t)(count + 1) * sizeof *x);
  assert_non_null(x);
  for (int64_t i = 0; i < count; i++) x[i] = draw();
  return x;
}

/* C has `gap` columns of canaries on the right; with beta == 0 it starts as NaN. Strides of -1 mean
 * transposed. */
static void check(int64_t m, int64_t n, int64_t k, double alpha, double beta, bool A_turned, bool B_turned) {
  enum { GAP = 3 };
  int64_t A_row = A_turned ? 1 : k + 2, A_col = A_turned ? m + 1 : 1;
  int64_t B_row = B_turned ? 1 : n + 1, B_col = B_turned ? k + 3 : 1, C_row = n + GAP;
  double *A = draw_many((m + 2) * (k + 2)), *B = draw_many((k + 3) * (n + 3));
  double *C = draw_many(m * C_row), *C0 = draw_many(m * C_row);
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++)
      if (beta == 0) C[i * C_row + j] = (double)NAN;
  memcpy(C0, C, (size_t)(m * C_row) * sizeof *C);
  assert_int_equal(nl_gemm_f64(m, n, k, alpha, A, A_row, A_col, B, B_row, B_col, beta, C, C_row), NL_OK);
  for (int64_t i = 0; i < m; i++) {
    for (int64_t j = 0; j < n; j++) {
      long double sum = 0, size = 0;
      for (int64_t p = 0; p < k; p++) {
        long double term = (long double)A[i * A_row + p * A_col] * B[p * B_row + j * B_col];
        sum += term;
        size += fabsl(term);
      }
      long double old = beta == 0 ? 0 : (long double)beta * C0[i * C_row + j];
      long double error = fabsl(alpha * sum + old - C[i * C_row + j]);
      long double bound = ((long double)k + 4) * 0x1p-53L * (fabsl(alpha) * size + fabsl(old));
      if (!(error <= bound))
        fail_msg("%d x %d x %d: C(%d,%d) off by %Lg", (int)m, (int)n, (int)k, (int)i, (int)j, error);
    }
    assert_memory_equal(C + i * C_row + n, C0 + i * C_row + n, GAP * sizeof *C);
  }
  free(A), free(B), free(C), free(C0);
}

static void sizes_and_strides(void **unused) {
  (void)unused;
  static const int64_t size[] = {1, 2, 3, 4, 5, 7, 9, 33, 130, 261};
  for (int level = 0; level <= (int)nl_cpu_detected(); level++) {
    assert_int_equal(nl_kernels_use((nl_cpu_level)level), NL_OK);
    for (int t = 0; t < 120; t++)
      check(size[t % 10], size[(t * 7 + t / 10) % 10], size[(t * 3 + t / 7) % 10], t % 3 ? -1 : 0.5,
            (double)(t % 4) / 2, t & 1, t & 2);
  }
  check(3, 2100, 5, 1, 0, false, false); /* more than one block of columns */
  check(70, 2100, 300, 1, 1, true, true);
}

/* A product of a window of rows and columns has the bits it has within the whole: tiles, edges, operands in
 * place and packed ones compute an element alike. */
static void same_bits_wherever(void **unused) {
  (void)unused;
  enum { M = 150, N = 170, K = 70 };
  double *A = draw_many(M * K), *B = draw_many(N * K), *whole = draw_many(M * N), *part = draw_many(M * N);
  nl_cpu_level before = nl_cpu_level_of_kernels();
  for (int level = 0; level <= (int)nl_cpu_detected(); level++) {
    assert_int_equal(nl_kernels_use((nl_cpu_level)level), NL_OK);
    assert_int_equal(nl_gemm_f64(M, N, K, 0.3, A, K, 1, B, 1, K, 0, whole, N), NL_OK);
    for (int64_t m = 1; m <= M; m += 7)
      for (int64_t n = 1; n <= N; n += 13) {
        int64_t i = (M - m) / 2, j = (N - n) / 3;
        assert_int_equal(nl_gemm_f64(m, n, K, 0.3, A + i * K, K, 1, B + j * K, 1, K, 0, part, n), NL_OK);
        for (int64_t r = 0; r < m; r++)
          assert_memory_equal(part + r * n, whole + (i + r) * N + j, (size_t)n * sizeof *part);
      }
  }
  assert_int_equal(nl_kernels_use(before), NL_OK);
  free(A), free(B), free(whole), free(part);
}

static void empty_products(void **unused) {
  (void)unused;
  double C[4] = {1, (double)NAN, 3, 4}, A[2] = {1, 1};
  assert_int_equal(nl_gemm_f64(0, 2, 2, 1, A, 2, 1, A, 2, 1, 0, C, 2), NL_OK);
  assert_true(C[0] == 1);
  assert_int_equal(nl_gemm_f64(2, 2, 0, 1, A, 2, 1, A, 2, 1, 0, C, 2), NL_OK); /* an empty sum is zero */
  for (int i = 0; i < 4; i++) assert_true(C[i] == 0);
}

/* A and B turned or not; m = 37 is done in place, m = 137 packed. */
static void f32_of(int64_t M, bool A_turned, bool B_turned) {
  enum { MOST = 137, N = 45, K = 300 };
  static float A[MOST * K], B[K * N], C[MOST * N];
  int64_t A_row = A_turned ? 1 : K, A_col = A_turned ? M : 1, B_row = B_turned ? 1 : N,
          B_col = B_turned ? K : 1;
  for (int i = 0; i < MOST * K; i++) A[i] = (float)draw();
  for (int i = 0; i < K * N; i++) B[i] = (float)draw();
  for (int i = 0; i < MOST * N; i++) C[i] = NAN;
  assert_int_equal(nl_gemm_f32(M, N, K, 1, A, A_row, A_col, B, B_row, B_col, 0, C, N), NL_OK);
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++) {
      double sum = 0, size = 0;
      for (int64_t p = 0; p < K; p++) {
        double term = (double)A[i * A_row + p * A_col] * (double)B[p * B_row + j * B_col];
        sum += term;
        size += fabs(term);
      }
      if (!(fabs(sum - (double)C[i * N + j]) <= (K + 2) * 0x1p-24 * size))
        fail_msg("C(%d,%d)", (int)i, (int)j);
    }
}

static void f32_rounds_like_f32(void **unused) {
  (void)unused;
  nl_cpu_level before = nl_cpu_level_of_kernels();
  for (int level = 0; level <= (int)nl_cpu_detected(); level++) {
    assert_int_equal(nl_kernels_use((nl_cpu_level)level), NL_OK);
    for (int t = 0; t < 4; t++) f32_of(37, t & 1, t & 2), f32_of(137, t & 1, t & 2);
  }
  assert_int_equal(nl_kernels_use(before), NL_OK);
}

static void same_bits_at_any_thread_count(void **unused) {
  (void)unused;
  enum { M = 301, N = 517, K = 300 };
  double *A = draw_many(M * K), *B = draw_many(K * N), *one = draw_many(M * N), *two = draw_many(M * N);
  int before = nl_threads();
  assert_int_equal(nl_threads_set(1), NL_OK);
  assert_int_equal(nl_gemm_f64(M, N, K, 1, A, K, 1, B, N, 1, 0, one, N), NL_OK);
  for (int threads = 2; threads <= 3; threads++) {
    assert_int_equal(nl_threads_set(threads), NL_OK);
    assert_int_equal(nl_gemm_f64(M, N, K, 1, A, K, 1, B, N, 1, 0, two, N), NL_OK);
    assert_memory_equal(one, two, M * N * sizeof *one);
  }
  assert_int_equal(nl_threads_set(before), NL_OK);
  free(A), free(B), free(one), free(two);
}

static void failures(void **unused) {
  (void)unused;
  double A[4] = {1, 2, 3, 4}, C[4] = {7, 7, 7, 7};
  nl_memory_fail_at(1, false);
  assert_int_equal(nl_gemm_f64(2, 2, 2, 1, A, 2, 1, A, 2, 1, 0, C, 2), NL_NOMEM);
  nl_memory_fail_at(0, false);
  assert_true(C[0] == 7 && C[3] == 7);
  nl_interrupt();
  assert_int_equal(nl_gemm_f64(2, 2, 2, 1, A, 2, 1, A, 2, 1, 0, C, 2), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_int_equal(nl_memory().live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(sizes_and_strides),
      cmocka_unit_test(same_bits_wherever),
      cmocka_unit_test(empty_products),
      cmocka_unit_test(f32_rounds_like_f32),
      cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(failures),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
