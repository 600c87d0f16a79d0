/* The method "lapack" of nl_solve: what dgesv does (dgetrf and dgetrs), and dgecon's 1-norm reciprocal
 * condition number, which is outside the time it reports.
 *
 * dgetrf sees our row-major A as A^T, so it factors P A^T = L U and dgetrs solves the transposed system: no
 * transposition, one n x n copy. Pivots are then searched along the rows of A. An exactly zero pivot would
 * name a row of A; only then is A transposed and factored the usual way, which names the column (or finds a
 * solution). */
#include "lapack.h"
#include "solver/method.h"
#include <float.h>
#include <math.h>
#include <numlab/clock.h>
#include <stdio.h>
#include <string.h>

/* Below it two threads are no faster than one, and much slower at 100 (reports/evidence/02-baselines.md). */
enum { ONE_THREAD_BELOW = 600 };

static double at(nl_dtype dtype, const void *p, int64_t i) {
  return dtype == NL_F64 ? ((const double *)p)[i] : (double)((const float *)p)[i];
}

/* ||A||_1 = max_j sum_i |a_ij|, summed row by row into sums (n). */
static double norm_1(nl_dtype dtype, const void *A, int64_t n, double *sums) {
  memset(sums, 0, (size_t)n * sizeof *sums);
  for (int64_t i = 0; i < n; i++) {
    if (dtype == NL_F64)
      for (int64_t j = 0; j < n; j++) sums[j] += fabs(((const double *)A)[i * n + j]);
    else
      for (int64_t j = 0; j < n; j++) sums[j] += (double)fabsf(((const float *)A)[i * n + j]);
  }
  double norm = 0;
  for (int64_t j = 0; j < n; j++)
    if (!(sums[j] <= norm)) norm = sums[j];
  return norm;
}

/* (rows, cols) -> (cols, rows) */
static void transpose(nl_dtype dtype, const void *from, int64_t rows, int64_t cols, void *to) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t j = 0; j < cols; j++) {
      if (dtype == NL_F64) ((double *)to)[j * rows + i] = ((const double *)from)[i * cols + j];
      else ((float *)to)[j * rows + i] = ((const float *)from)[i * cols + j];
    }
}

typedef struct scratch {
  void *F;    /* n x n: A, then its factors */
  void *R;    /* n x k: right-hand sides by columns; for k = 1 X itself serves */
  void *work; /* 4n of gecon, and the column sums */
  int *pivots, *iwork;
} scratch;

static nl_status solve(const nl_lapack *lapack, const nl_system *s, const scratch *w, nl_solve_info *info) {
  int n, k, bad = 0;
  NL_TRY(nl_library_int("lapack: n", s->n, &n));
  NL_TRY(nl_library_int("lapack: right-hand sides", s->k, &k));
  const void *A = nl_tensor_data(s->A.dense);
  size_t size = (size_t)nl_dtype_size(s->dtype);
  bool transposed = true; /* F holds the factors of A^T */
  double start = nl_clock();
  memcpy(w->F, A, (size_t)(s->n * s->n) * size);
  lapack->getrf(&n, &n, w->F, &n, w->pivots, &bad);
  if (bad > 0) {
    transposed = false;
    transpose(s->dtype, A, s->n, s->n, w->F);
    lapack->getrf(&n, &n, w->F, &n, w->pivots, &bad);
  }
  info->smallest_pivot = INFINITY;
  info->exchanges = 0;
  for (int64_t i = 0; i < (bad > 0 ? bad : s->n); i++) {
    double pivot = fabs(at(s->dtype, w->F, i * s->n + i));
    if (!(pivot >= info->smallest_pivot)) info->smallest_pivot = pivot;
    info->exchanges += w->pivots[i] != i + 1;
  }
  if (bad > 0) {
    info->code = NL_SINGULAR;
    info->where = bad;
    snprintf(info->reason, sizeof info->reason, "pivot %d is exactly zero", bad);
    return nl_fail(NL_SINGULAR, "lapack: A is singular: no nonzero pivot in column %d", bad);
  }
  info->nnz_factor = s->n * s->n;

  void *R = s->k == 1 ? s->X : w->R;
  if (s->k == 1) memcpy(s->X, s->B, (size_t)s->n * size);
  else transpose(s->dtype, s->B, s->n, s->k, R);
  lapack->getrs(transposed ? "T" : "N", &n, &k, w->F, &n, w->pivots, R, &n, &bad, 1);
  if (s->k != 1) transpose(s->dtype, R, s->k, s->n, s->X);
  info->seconds = nl_clock() - start;

  /* ||A||_1 is the infinity norm of the A^T that was factored */
  double norm = norm_1(s->dtype, A, s->n, w->work), rcond64 = 0;
  float norm32 = (float)norm, rcond32 = 0;
  bool single = s->dtype == NL_F32;
  lapack->gecon(transposed ? "I" : "1", &n, w->F, &n, single ? (void *)&norm32 : (void *)&norm,
                single ? (void *)&rcond32 : (void *)&rcond64, w->work, w->iwork, &bad, 1);
  info->rcond = single ? (double)rcond32 : rcond64;
  if (!(info->rcond >= (single ? (double)FLT_EPSILON : DBL_EPSILON)))
    snprintf(info->warning, sizeof info->warning, "rcond %.2g is below eps: x may have no correct digit",
             info->rcond);
  info->code = NL_OK;
  info->converged = true;
  snprintf(info->reason, sizeof info->reason, "solved by %cgesv", single ? 's' : 'd');
  return NL_OK;
}

static nl_status prepare(void) {
  const nl_lapack *lapack;
  return nl_lapack_open(NL_F64, &lapack);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  (void)o;
  const nl_lapack *lapack;
  NL_TRY(nl_lapack_open(s->dtype, &lapack));
  if (s->n < ONE_THREAD_BELOW) nl_lapack_threads(1);
  size_t size = (size_t)nl_dtype_size(s->dtype);
  int64_t elements;
  if (__builtin_mul_overflow(s->n, s->n, &elements)) return nl_fail(NL_SHAPE, "lapack: n is too large");
  scratch w = {
      .F = nl_alloc(elements, size, NL_WORKSPACE),
      .R = nl_alloc(s->k == 1 ? 0 : s->n * s->k, size, NL_WORKSPACE),
      .work = nl_alloc(4 * s->n, sizeof(double), NL_WORKSPACE),
      .pivots = nl_alloc(s->n, sizeof(int), NL_WORKSPACE),
      .iwork = nl_alloc(s->n, sizeof(int), NL_WORKSPACE),
  };
  nl_status status = NL_NOMEM;
  if (s->n == 0) status = NL_OK; /* leading dimensions of 0 are errors to LAPACK */
  else if (w.F && w.R && w.work && w.pivots && w.iwork) status = solve(lapack, s, &w, info);
  nl_free(w.F);
  nl_free(w.R);
  nl_free(w.work);
  nl_free(w.pivots);
  nl_free(w.iwork);
  return status;
}

const nl_method nl_method_lapack = {
    .name = "lapack", .takes = NL_TAKES_DENSE | NL_TAKES_F32, .prepare = prepare, .run = run};
