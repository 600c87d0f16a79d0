/* Products with a dense or sparse A. */
#include "matrix.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

enum {
  GRAIN = 1 << 16, /* entries of A that are worth a thread */
  POLL = 1 << 21   /* entries between two looks at the interrupt flag: about 2 ms */
};

int64_t nl_matrix_rows(const nl_matrix *A) { return A->dense ? A->dense->shape[0] : A->sparse->rows; }
int64_t nl_matrix_cols(const nl_matrix *A) { return A->dense ? A->dense->shape[1] : A->sparse->cols; }

typedef struct product {
  const double *A, *X;
  double *Y;
  int64_t n, k; /* columns of A and of X */
} product;

/* y(i) = sum_j a(i,j) x(j), four rows at a time: their chains of additions overlap. */
static void matvec_rows(const product *p, int64_t begin, int64_t end) {
  const double *x = p->X;
  int64_t n = p->n, i = begin;
  for (; i + 4 <= end; i += 4) {
    const double *a0 = p->A + i * n, *a1 = a0 + n, *a2 = a1 + n, *a3 = a2 + n;
    double s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int64_t j = 0; j < n; j++) {
      s0 += a0[j] * x[j];
      s1 += a1[j] * x[j];
      s2 += a2[j] * x[j];
      s3 += a3[j] * x[j];
    }
    p->Y[i] = s0;
    p->Y[i + 1] = s1;
    p->Y[i + 2] = s2;
    p->Y[i + 3] = s3;
  }
  for (; i < end; i++) {
    double s = 0;
    for (int64_t j = 0; j < n; j++) s += p->A[i * n + j] * x[j];
    p->Y[i] = s;
  }
}

/* Y(i,:) = sum_j a(i,j) X(j,:) */
static void matmat_rows(const product *p, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; i++) {
    double *y = p->Y + i * p->k;
    for (int64_t c = 0; c < p->k; c++) y[c] = 0;
    for (int64_t j = 0; j < p->n; j++) {
      const double *x = p->X + j * p->k;
      double a = p->A[i * p->n + j];
      for (int64_t c = 0; c < p->k; c++) y[c] += a * x[c];
    }
  }
}

static void product_task(void *context, int64_t begin, int64_t end) {
  const product *p = context;
  int64_t rows = POLL / (p->n * p->k + 1) + 4;
  for (int64_t i = begin; i < end && !nl_interrupted(); i += rows)
    (p->k == 1 ? matvec_rows : matmat_rows)(p, i, i + rows < end ? i + rows : end);
}

void nl_matrix_apply(const nl_matrix *A, const double *X, int64_t k, double *Y) {
  if (A->sparse && k == 1) {
    nl_sparse_matvec(A->sparse, X, Y);
  } else if (A->sparse) {
    nl_sparse_matmat(A->sparse, X, k, Y);
  } else {
    product p = {nl_tensor_data(A->dense), X, Y, A->dense->shape[1], k};
    nl_parallel_for(A->dense->shape[0], GRAIN / (p.n * k + 1) + 1, product_task, &p);
  }
}

void nl_matrix_residual(const nl_matrix *A, const double *X, const double *B, int64_t k, double *R) {
  int64_t count = nl_matrix_rows(A) * k;
  nl_matrix_apply(A, X, k, R);
  for (int64_t i = 0; i < count; i++) R[i] = B[i] - R[i];
}

void nl_matrix_magnitude(const nl_matrix *A, const double *x, const double *b, double *y) {
  int64_t m = nl_matrix_rows(A), n = nl_matrix_cols(A);
  int64_t mean = A->dense ? n : A->sparse->nnz / (m + 1) + 1, work = 0;
  const double *a = A->dense ? nl_tensor_data(A->dense) : NULL;
  for (int64_t i = 0; i < m && !nl_poll(&work, mean); i++) {
    double s = fabs(b[i]);
    if (a)
      for (int64_t j = 0; j < n; j++) s += fabs(a[i * n + j] * x[j]);
    else
      for (int64_t p = A->sparse->start[i]; p < A->sparse->start[i + 1]; p++)
        s += fabs(A->sparse->values[p] * x[A->sparse->index[p]]);
    y[i] = s;
  }
}

/* --- symmetry ------------------------------------------------------------------------------------------ */

/* NaN counts as a difference, once. */
static void compare(nl_asymmetry *worst, double a, double b, int64_t i, int64_t j) {
  double difference = fabs(a - b);
  if (difference <= worst->most || isnan(worst->most)) return;
  *worst = (nl_asymmetry){difference, i, j};
}

/* Rows i ascending; next[j] is the first entry of row j's strict upper part whose column i is still to come.
 */
static nl_status asymmetry_sparse(const nl_sparse *A, nl_asymmetry *worst) {
  int64_t n = A->rows, work = 0, *next = nl_alloc(n, sizeof *next, NL_WORKSPACE);
  if (!next) return NL_NOMEM;
  for (int64_t i = 0; i < n; i++) {
    int64_t p = A->start[i];
    if (nl_poll(&work, A->start[i + 1] - p)) {
      nl_free(next);
      return nl_fail(NL_INTERRUPTED, "symmetry: interrupted in row %" PRId64, i + 1);
    }
    for (; p < A->start[i + 1] && A->index[p] < i; p++) {
      int64_t j = A->index[p];
      for (; next[j] < A->start[j + 1] && A->index[next[j]] < i; next[j]++)
        compare(worst, 0, A->values[next[j]], A->index[next[j]], j);
      bool stored = next[j] < A->start[j + 1] && A->index[next[j]] == i;
      compare(worst, A->values[p], stored ? A->values[next[j]++] : 0, i, j);
    }
    next[i] = p < A->start[i + 1] && A->index[p] == i ? p + 1 : p;
  }
  for (int64_t j = 0; j < n; j++) /* what no row below ever asked for */
    for (int64_t p = next[j]; p < A->start[j + 1]; p++) compare(worst, 0, A->values[p], A->index[p], j);
  nl_free(next);
  return NL_OK;
}

nl_status nl_matrix_asymmetry(const nl_matrix *A, nl_asymmetry *out) {
  nl_asymmetry worst = {0};
  if (A->sparse) {
    NL_TRY(asymmetry_sparse(A->sparse, &worst));
  } else {
    const double *a = nl_tensor_data(A->dense);
    int64_t n = A->dense->shape[0];
    for (int64_t i = 1; i < n; i++) {
      if (nl_interrupted()) return nl_fail(NL_INTERRUPTED, "symmetry: interrupted in row %" PRId64, i + 1);
      for (int64_t j = 0; j < i; j++) compare(&worst, a[i * n + j], a[j * n + i], i, j);
    }
  }
  *out = worst;
  return NL_OK;
}
