/* Sparse matrices by rows: making, copying, reading single elements, the diagonal and norms.
 * The form is described in numlab/sparse.h. */
#include "place.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

nl_status nl_sparse_new(int64_t rows, int64_t cols, int64_t nnz, nl_sparse *out) {
  if (rows < 0 || cols < 0)
    return nl_fail(NL_SHAPE, "sparse: size %" PRId64 "x%" PRId64 " is negative", rows, cols);
  if (rows > INT32_MAX || cols > INT32_MAX)
    return nl_fail(NL_SHAPE, "sparse: size %" PRId64 "x%" PRId64 ", rows and columns go up to 2^31 - 1", rows,
                   cols);
  nl_sparse S = {.rows = rows, .cols = cols, .nnz = nnz};
  S.start = nl_alloc_zeroed(rows + 1, sizeof *S.start, NL_RESULT);
  S.index = S.start ? nl_alloc(nnz, sizeof *S.index, NL_RESULT) : NULL;
  S.values = S.index ? nl_alloc(nnz, sizeof *S.values, NL_RESULT) : NULL;
  if (!S.values) {
    nl_sparse_release(&S);
    return NL_NOMEM;
  }
  *out = S;
  return NL_OK;
}

nl_status nl_sparse_clone(const nl_sparse *S, nl_sparse *out) { return nl_sparse_scale(1, S, out); }

/* factor S, or S / factor, piece by piece so that Ctrl-C is seen. */
static nl_status scaled(const nl_sparse *S, double factor, bool divide, nl_sparse *out) {
  nl_sparse C;
  NL_TRY(nl_sparse_check_on_cpu("sparse copy", S));
  NL_TRY(nl_sparse_new(S->rows, S->cols, S->nnz, &C));
  memcpy(C.start, S->start, (size_t)(S->rows + 1) * sizeof *S->start);
  for (int64_t p = 0; p < S->nnz;) {
    int64_t end = S->nnz - p < NL_POLL ? S->nnz : p + NL_POLL;
    memcpy(C.index + p, S->index + p, (size_t)(end - p) * sizeof *S->index);
    if (divide)
      for (; p < end; p++) C.values[p] = S->values[p] / factor;
    else
      for (; p < end; p++) C.values[p] = factor * S->values[p];
    if (p == S->nnz || !nl_interrupted()) continue;
    nl_sparse_release(&C);
    return nl_fail(NL_INTERRUPTED, "sparse copy: interrupted");
  }
  *out = C;
  return NL_OK;
}

nl_status nl_sparse_scale(double factor, const nl_sparse *S, nl_sparse *out) {
  return scaled(S, factor, false, out);
}

nl_status nl_sparse_divide(const nl_sparse *S, double divisor, nl_sparse *out) {
  return scaled(S, divisor, true, out);
}

/* Position of column j in row i, or -1. */
static int64_t find(const nl_sparse *S, int64_t i, int64_t j) {
  int64_t low = S->start[i], high = S->start[i + 1]; /* j can only be in [low, high) */
  while (low < high) {
    int64_t middle = low + (high - low) / 2;
    if (S->index[middle] == j) return middle;
    if (S->index[middle] < j) low = middle + 1;
    else high = middle;
  }
  return -1;
}

double nl_sparse_get(const nl_sparse *S, int64_t i, int64_t j) {
  int64_t p = find(S, i, j);
  return p < 0 ? 0 : S->values[p];
}

void nl_sparse_diagonal(const nl_sparse *S, double *d) {
  int64_t n = S->rows < S->cols ? S->rows : S->cols;
  for (int64_t i = 0; i < n; i++) d[i] = nl_sparse_get(S, i, i);
}

/* --- norms -------------------------------------------------------------------------------------------- */

double nl_sparse_norm_inf(const nl_sparse *S) {
  double largest = 0;
  for (int64_t i = 0; i < S->rows; i++) {
    double sum = 0;
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) sum += fabs(S->values[p]);
    if (isnan(sum)) return sum;
    if (sum > largest) largest = sum;
  }
  return largest;
}

double nl_sparse_norm_1(const nl_sparse *S) {
  double *sum = nl_alloc_zeroed(S->cols, sizeof *sum, NL_WORKSPACE);
  if (!sum) return NAN;
  for (int64_t p = 0; p < S->nnz; p++) sum[S->index[p]] += fabs(S->values[p]);
  double largest = 0;
  for (int64_t j = 0; j < S->cols && !isnan(largest); j++)
    if (!(sum[j] <= largest)) largest = sum[j];
  nl_free(sum);
  return largest;
}

/* sqrt(sum v^2) = 2^e sqrt(sum (v 2^-e)^2) with 2^e near the largest |v|: no square over- or underflows. */
double nl_sparse_norm_fro(const nl_sparse *S) {
  double largest = 0, sum = 0;
  for (int64_t p = 0; p < S->nnz; p++) {
    double v = fabs(S->values[p]);
    if (isnan(v)) return v;
    if (v > largest) largest = v;
  }
  if (largest == 0 || isinf(largest)) return largest;
  int e = ilogb(largest);
  for (int64_t p = 0; p < S->nnz; p++) {
    double v = scalbn(S->values[p], -e);
    sum += v * v;
  }
  return scalbn(sqrt(sum), e);
}
