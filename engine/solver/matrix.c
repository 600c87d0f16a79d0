/* Products with a dense or sparse A, and norms of vectors that neither overflow nor underflow. */
#include "matrix.h"
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
  const double *a = A->dense ? nl_tensor_data(A->dense) : NULL;
  for (int64_t i = 0; i < m; i++) {
    double s = fabs(b[i]);
    if (a)
      for (int64_t j = 0; j < n; j++) s += fabs(a[i * n + j] * x[j]);
    else
      for (int64_t p = A->sparse->start[i]; p < A->sparse->start[i + 1]; p++)
        s += fabs(A->sparse->values[p] * x[A->sparse->index[p]]);
    y[i] = s;
  }
}

double nl_norm_2(const double *x, int64_t n, int64_t stride) {
  double most = 0, sum = 0;
  for (int64_t i = 0; i < n; i++) {
    double a = fabs(x[i * stride]);
    if (!(a <= most)) most = a; /* NaN gets in, and then stays: nothing is <= NaN */
    if (isnan(most)) return most;
  }
  if (most == 0 || isinf(most)) return most;
  int exponent;
  frexp(most, &exponent);
  double down = ldexp(1, -exponent < 1023 ? -exponent : 1023); /* a power of two: scaling rounds nothing */
  for (int64_t i = 0; i < n; i++) {
    double a = x[i * stride] * down;
    sum += a * a;
  }
  return sqrt(sum) / down;
}
