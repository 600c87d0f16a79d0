/* Every kernel of every level this machine has against a plain sum in long double: lengths around the
 * unrolling, unaligned starts, canaries after the end, NaN in C where beta is 0. And the tables' checks of
 * themselves. */
#include "numbers.h"

enum { ROOM = 4096 };

static uint64_t state = 7;
static double draw(void) { return draw_from(-1, 1); }

static void fill(nl_dtype t, void *x, int64_t n) {
  for (int64_t i = 0; i < n; i++) store(t, x, i, draw());
}
static double eps(nl_dtype t) { return t == NL_F32 ? (double)FLT_EPSILON : DBL_EPSILON; }

static void vectors_of(nl_dtype t, const nl_dense_kernels *k) {
  static _Alignas(64) double x_room[ROOM], y_room[ROOM], kept[ROOM];
  int64_t size = nl_dtype_size(t);
  for (int64_t n = 0; n < 140; n++)
    for (int64_t shift = 0; shift < 3; shift++) { /* of any alignment */
      void *x = (char *)x_room + shift * size, *y = (char *)y_room + (2 - shift) * size;
      fill(t, x, n), fill(t, y, n + 2);
      memcpy(kept, y, (size_t)((n + 2) * size));
      long double sum = 0, sizes = 0;
      double most = 0, updated = 0, alpha = t == NL_F32 ? (double)(float)draw() : draw();
      for (int64_t i = 0; i < n; i++) {
        long double term = (long double)load(t, x, i) * (long double)load(t, y, i);
        sum += term, sizes += fabsl(term);
        most = fmax(most, fabs(load(t, x, i)));
      }
      if (!(fabsl(sum - (long double)k->dot(n, x, y)) <= (long double)(eps(t) * (double)(n + 1)) * sizes))
        fail_msg("dot of %d", (int)n);
      assert_true(k->largest(n, x) == most);
      double returned = k->update(n, alpha, x, y);
      for (int64_t i = 0; i < n; i++) {
        double exact = load(t, kept, i) + alpha * load(t, x, i);
        if (!(fabs(exact - load(t, y, i)) <= 2 * eps(t))) fail_msg("update of %d at %d", (int)n, (int)i);
        updated = fmax(updated, fabs(load(t, y, i)));
      }
      assert_true(returned == updated);
      memcpy(x_room + 2000, y, (size_t)((n + 2) * size)); /* axpy gives the same numbers as update */
      memcpy(y, kept, (size_t)((n + 2) * size));
      k->axpy(n, alpha, x, y);
      assert_memory_equal(y, x_room + 2000, (size_t)((n + 2) * size));
      for (int64_t i = n; i < n + 2; i++) assert_true(load(t, y, i) == load(t, kept, i));
    }
}

static void tile_of(nl_dtype t, const nl_gemm_kernel *g) {
  static const double betas[] = {0, 1, -0.5};
  int64_t mr = g->mr, nr = g->nr, ldc = nr + 3, size = nl_dtype_size(t);
  _Alignas(64) static double a[ROOM], b[ROOM], C[ROOM], before[ROOM];
  assert_true(mr * 37 <= ROOM && nr * 37 <= ROOM && mr * ldc <= ROOM);
  for (int64_t k = 0; k <= 37; k += k < 5 ? 1 : 16)
    for (int s = 0; s < 3; s++) {
      fill(t, a, k * mr), fill(t, b, k * nr), fill(t, C, mr * ldc);
      for (int64_t i = 0; i < mr && s == 0; i++)
        for (int64_t j = 0; j < nr; j++) store(t, C, i * ldc + j, (double)NAN);
      memcpy(before, C, sizeof C);
      g->tile(mr, nr, k, -0.75, a, 1, mr, b, nr, betas[s], C, ldc);
      for (int64_t i = 0; i < mr; i++)
        for (int64_t j = 0; j < ldc; j++) {
          if (j >= nr) {
            assert_memory_equal((char *)C + (i * ldc + j) * size, (char *)before + (i * ldc + j) * size,
                                (size_t)size);
            continue;
          }
          double sum = 0;
          for (int64_t p = 0; p < k; p++) sum += load(t, a, p * mr + i) * load(t, b, p * nr + j);
          double exact = -0.75 * sum + (s == 0 ? 0 : betas[s] * load(t, before, i * ldc + j));
          if (!(fabs(exact - load(t, C, i * ldc + j)) <= eps(t) * (double)(k + 4)))
            fail_msg("tile k %d beta %g at (%d,%d)", (int)k, betas[s], (int)i, (int)j);
        }
    }
}

/* Tiles of every size give the bits of the whole tile, from strips that were packed and from others, and
 * touch nothing beside them; alpha and beta that round. */
static void edges_of(nl_dtype t, const nl_gemm_kernel *g) {
  enum { K = 11, GAP = 3 };
  int64_t mr = g->mr, nr = g->nr, row = nr + GAP, size = nl_dtype_size(t);
  _Alignas(64) static double a[ROOM], turned[ROOM], b[ROOM], start[ROOM], whole[ROOM], part[ROOM];
  assert_true(mr * (K + 1) <= ROOM && row * K <= ROOM && mr * row <= ROOM);
  fill(t, a, K * mr), fill(t, b, K * row), fill(t, start, mr * row);
  for (int64_t p = 0; p < K; p++)
    for (int64_t i = 0; i < mr; i++) store(t, turned, i * (K + 1) + p, load(t, a, p * mr + i));
  for (int s = 0; s < 2; s++) {
    double beta = s * 0.7;
    memcpy(whole, start, sizeof whole);
    g->tile(mr, nr, K, 0.3, a, 1, mr, b, row, beta, whole, row);
    for (int64_t rows = 1; rows <= mr; rows++)
      for (int64_t cols = 1; cols <= nr; cols++) {
        memcpy(part, start, sizeof part);
        if (cols % 2) g->tile(rows, cols, K, 0.3, a, 1, mr, b, row, beta, part, row);
        else g->tile(rows, cols, K, 0.3, turned, K + 1, 1, b, row, beta, part, row);
        for (int64_t i = 0; i < mr; i++) {
          int64_t written = i < rows ? cols : 0;
          char *at = (char *)part + i * row * size, *from = (char *)start + i * row * size;
          assert_memory_equal(at, (char *)whole + i * row * size, (size_t)(written * size));
          assert_memory_equal(at + written * size, from + written * size, (size_t)((row - written) * size));
        }
      }
  }
}

/* Equal rows of A and equal columns of B give equal elements, wherever they lie. */
static void places_of(nl_dtype t, const nl_gemm_kernel *g) {
  enum { K = 29 };
  _Alignas(64) static double a[ROOM], b[ROOM], C[ROOM];
  for (int64_t p = 0; p < K; p++) {
    double of_a = draw(), of_b = draw();
    for (int64_t i = 0; i < g->mr; i++) store(t, a, p * g->mr + i, of_a);
    for (int64_t j = 0; j < g->nr; j++) store(t, b, p * g->nr + j, of_b);
  }
  for (int64_t i = 0; i < g->mr * g->nr; i++) store(t, C, i, 0.1);
  g->tile(g->mr, g->nr, K, 0.3, a, 1, g->mr, b, g->nr, 0.7, C, g->nr);
  for (int64_t i = 1; i < g->mr * g->nr; i++) assert_true(load(t, C, i) == load(t, C, 0));
}

static void every_level(void **unused) {
  (void)unused;
  for (int level = 0; level <= (int)nl_cpu_detected(); level++)
    for (nl_dtype t = NL_F64; t <= NL_F32; t++) {
      const nl_dense_kernels *k = &nl_kernels_at((nl_cpu_level)level)->dense[t];
      vectors_of(t, k);
      tile_of(t, &k->gemm);
      edges_of(t, &k->gemm);
      places_of(t, &k->gemm);
    }
}

static void largest_sees_infinity_and_passes_nan_over(void **unused) {
  (void)unused;
  for (int level = 0; level <= (int)nl_cpu_detected(); level++) {
    const nl_dense_kernels *k = &nl_kernels_at((nl_cpu_level)level)->dense[NL_F64];
    for (int at = 0; at < 40; at++) {
      double x[40] = {0}, y[40] = {0};
      x[at] = (double)-INFINITY;
      assert_true(isinf(k->largest(40, x)));
      assert_true(isinf(k->update(40, 1, x, y)));
      x[at] = (double)NAN;
      x[(at + 1) % 40] = -3;
      assert_true(k->largest(40, x) == 3);
    }
  }
}

static void tables_check_themselves(void **unused) {
  (void)unused;
  for (int level = 0; level < NL_CPU_LEVELS; level++)
    assert_int_equal(nl_kernels_verify(nl_kernels_at((nl_cpu_level)level)), NL_OK);
  nl_kernels broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F32].dot = NULL;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_string_equal(nl_message(), "kernels generic f32: dot is missing");
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F64].exp_sum = NULL;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_string_equal(nl_message(), "kernels generic f64: exp_sum is missing");
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F32].rows_dot = NULL;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_string_equal(nl_message(), "kernels generic f32: rows_dot is missing");
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F64].rows_sum = NULL;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_string_equal(nl_message(), "kernels generic f64: rows_sum is missing");
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F32].squash = NULL;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_string_equal(nl_message(), "kernels generic f32: squash is missing");
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.widen[NL_BF16] = NULL;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_string_equal(nl_message(), "kernels generic bf16: widen is missing");
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F64].gemm.mc = broken.dense[NL_F64].gemm.mr * 3 + 1;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_non_null(strstr(nl_message(), "kernels generic f64: gemm mc 13 is no multiple of mr 4"));
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F64].gemm.nc++;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
  assert_non_null(strstr(nl_message(), "is no multiple of nr"));
  broken = *nl_kernels_at(NL_CPU_GENERIC);
  broken.dense[NL_F64].gemm.kc = 0;
  assert_int_equal(nl_kernels_verify(&broken), NL_INTERNAL);
}

static void the_level_in_use_can_be_lowered(void **unused) {
  (void)unused;
  nl_cpu_level before = nl_cpu_level_in_use();
  assert_int_equal(nl_kernels_use(NL_CPU_GENERIC), NL_OK);
  assert_ptr_equal(nl_kernels_in_use(), nl_kernels_at(NL_CPU_GENERIC));
  assert_int_equal(nl_cpu_level_of_kernels(), NL_CPU_GENERIC);
  if (nl_cpu_detected() < NL_CPU_AVX512BF16) assert_int_equal(nl_kernels_use(NL_CPU_AVX512BF16), NL_ARG);
  assert_int_equal(nl_kernels_use(before), NL_OK);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_level),
      cmocka_unit_test(largest_sees_infinity_and_passes_nan_over),
      cmocka_unit_test(tables_check_themselves),
      cmocka_unit_test(the_level_in_use_can_be_lowered),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
