/* Times of the elimination by the device's events, beside the vendor's library where there is one; and a
 * system too large for the host, whose matrix is made and whose residual is found on the device. */
#ifndef TEST_LU_TIME_H
#define TEST_LU_TIME_H

#include "plugin.h"
#include <math.h>
#include <numlab/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static nl_array matrix_there(nl_dtype dtype, int64_t m, int64_t n) {
  nl_array a = {.dtype = dtype, .ndim = 2, .shape = {m, n}, .stride = {n, 1}};
  need(backend->alloc(device, m * n * nl_dtype_size(dtype), NL_RESULT, &a.data), "alloc");
  return a;
}

static double largest_there(const nl_array *a, nl_reduction op, int64_t run) {
  int64_t count = 1;
  for (int d = 0; d < a->ndim; d++) count *= a->shape[d];
  nl_array parts = {.dtype = a->dtype, .ndim = 1, .shape = {count / run}, .stride = {1}};
  need(backend->alloc(device, count / run * nl_dtype_size(a->dtype), NL_RESULT, &parts.data), "alloc");
  need(backend->reduce(device, op, a, run, &parts), "reduce");
  char *here = malloc((size_t)(count / run * nl_dtype_size(a->dtype)));
  if (!here) need(NL_NOMEM, "host memory");
  need(backend->download(device, here, parts.data, count / run * nl_dtype_size(a->dtype)), "download");
  double largest = 0;
  for (int64_t i = 0; i < count / run; i++)
    largest = worse(largest, nl_dtype_load(a->dtype, here + i * nl_dtype_size(a->dtype)));
  free(here);
  backend->free(device, parts.data);
  return largest;
}

/* f32, n n > 2^31. */
static inline void check_large(int64_t n) {
  nl_array A = matrix_there(NL_F32, n, n), LU = matrix_there(NL_F32, n, n);
  nl_array B = matrix_there(NL_F32, n, 2), X = matrix_there(NL_F32, n, 2), R = matrix_there(NL_F32, n, 2);
  int64_t *rows = malloc((size_t)n * sizeof *rows);
  nl_lu_facts facts;
  if (!rows) need(NL_NOMEM, "host memory");
  need(backend->random(device, true, &A, 1, 0), "random");
  need(backend->random(device, true, &B, 2, 0), "random");
  need(backend->copy(device, &A, &LU), "copy");
  need(backend->copy(device, &B, &X), "copy");
  need(backend->lu_factor(device, &LU, 0, rows, &facts), "lu_factor");
  need(backend->lu_solve(device, &LU, rows, &X), "lu_solve");
  need(backend->matmul(device, &A, &X, &R), "matmul");
  need(backend->binary(device, NL_SUB, NL_F32, &B, &R, &R), "subtract");
  double r = largest_there(&R, NL_REDUCE_NORM_INF, 2 * n), x = largest_there(&X, NL_REDUCE_NORM_INF, 2 * n);
  double b = largest_there(&B, NL_REDUCE_NORM_INF, 2 * n), a = largest_there(&A, NL_REDUCE_NORM_1, n);
  check_error(r / (0x1p-24 * (a * x + b) * (double)n), 16, "f32, n = %lld: HPL's ratio", (long long)n);
  nl_array *all[] = {&A, &LU, &B, &X, &R};
  for (int i = 0; i < 5; i++) backend->free(device, all[i]->data);
  free(rows);
}

/* --- times ---------------------------------------------------------------------------------------------- */

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

enum { REPEATS = 5, FACTOR = 0, SOLVE = 1, TRANSPOSED = 2, LIBRARY = 3, CONTESTANTS = 4 };

/* Fresh random numbers each time, contestants in turn; medians. The library's time is that of one right-hand
 * side and the factorisation together. */
static void time_order(nl_dtype dtype, int64_t n, bool library) {
  nl_array A = matrix_there(dtype, n, n), X = matrix_there(dtype, n, 1), Xt = X;
  int64_t *rows = malloc((size_t)n * sizeof *rows);
  nl_lu_facts facts;
  double times[CONTESTANTS][REPEATS];
  if (!rows) need(NL_NOMEM, "host memory");
  Xt.shape[0] = 1, Xt.shape[1] = n, Xt.stride[0] = n;
  for (int r = -1; r < REPEATS; r++) {
    double t[CONTESTANTS] = {0};
    need(backend->random(device, true, &A, (uint64_t)(r + 2), 0), "random");
    need(backend->random(device, true, &X, (uint64_t)(r + 2), 1), "random");
    need(backend->mark(device, 0), "mark");
    need(backend->lu_factor(device, &A, 0, rows, &facts), "lu_factor");
    need(backend->mark(device, 1), "mark");
    need(backend->lu_solve(device, &A, rows, &X), "lu_solve");
    need(backend->mark(device, 2), "mark");
    need(backend->lu_solve_transposed(device, &A, rows, &X), "lu_solve_transposed");
    need(backend->mark(device, 3), "mark");
    need(backend->elapsed(device, 0, 1, &t[FACTOR]), "elapsed");
    need(backend->elapsed(device, 1, 2, &t[SOLVE]), "elapsed");
    need(backend->elapsed(device, 2, 3, &t[TRANSPOSED]), "elapsed");
    if (library) {
      need(backend->random(device, true, &A, (uint64_t)(r + 2), 0), "random");
      need(backend->mark(device, 4), "mark");
      need(backend->library_solve(device, &A, &Xt, &facts), "library_solve");
      need(backend->mark(device, 5), "mark");
      need(backend->elapsed(device, 4, 5, &t[LIBRARY]), "elapsed");
    }
    for (int c = 0; c < CONTESTANTS && r >= 0; c++) times[c][r] = t[c];
  }
  double median[CONTESTANTS], flops = 2.0 / 3 * (double)n * (double)n * (double)n;
  for (int c = 0; c < CONTESTANTS; c++) {
    qsort(times[c], REPEATS, sizeof *times[c], by_value);
    median[c] = times[c][REPEATS / 2];
  }
  printf(
      "%s n=%-6lld lu_factor %9.3f ms (%.3f to %.3f) %6.2f TFLOP/s   lu_solve %8.3f ms, transposed %8.3f ms",
      nl_dtype_name(dtype), (long long)n, median[FACTOR] * 1e3, times[FACTOR][0] * 1e3,
      times[FACTOR][REPEATS - 1] * 1e3, flops / median[FACTOR] * 1e-12, median[SOLVE] * 1e3,
      median[TRANSPOSED] * 1e3);
  if (library)
    printf("   library %9.3f ms %6.2f TFLOP/s   speed of ours over it %.2f", median[LIBRARY] * 1e3,
           flops / median[LIBRARY] * 1e-12, median[LIBRARY] / (median[FACTOR] + median[SOLVE]));
  printf("\n");
  free(rows);
  backend->free(device, A.data);
  backend->free(device, X.data);
}

static int time_lu(void) {
  static const int64_t orders[] = {256, 512, 1024, 2048, 4096, 8192, 16384, 32768};
  bool library = backend->library_prepare && backend->library_prepare(device) == NL_OK;
  if (!library) printf("# no library beside: %s\n", nl_message());
  for (nl_dtype dtype = NL_F64; dtype <= NL_F32; dtype++)
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) time_order(dtype, orders[i], library);
  return 0;
}

#endif
