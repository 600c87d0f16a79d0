/* How far a computed solution can be from the true one, for A strictly dominant by rows.
 *
 * With e = x - x*, A e = -r for r = b - A x. Let |e_i| be the largest: |r_i| = |sum_j a_ij e_j|
 * >= |a_ii| |e_i| - sum_{j != i} |a_ij| |e_j| >= alpha_i |e_i|, so ||e||_inf <= max_i |r_i| / alpha_i.
 * (J. M. Varah, A lower bound for the smallest singular value of a matrix, Linear Algebra Appl. 11, 1975.)
 *
 * Rounding, u = 2^-53, gamma(m) = m u / (1 - m u) (Higham, Accuracy and Stability, 2nd ed., 3.1): a sum of m
 * products computed in any order is off by at most gamma(m) sum |a_ij x_j|, and m 2^-1075 for products that
 * underflow. Sums of absolute values are at most 1 + gamma(2m) times what is computed. */
#include <float.h>
#include <math.h>
#include <numlab/diagnose.h>
#include <numlab/interrupt.h>

typedef struct row {
  const double *a;
  const int32_t *index; /* NULL: dense */
  int64_t count;
} row;

static row row_of(const nl_matrix *A, int64_t i) {
  const nl_sparse *S = A->sparse;
  if (S) return (row){S->values + S->start[i], S->index + S->start[i], S->start[i + 1] - S->start[i]};
  int64_t n = A->dense->shape[1];
  return (row){(const double *)nl_tensor_data(A->dense) + i * n, NULL, n};
}

static double gamma_of(int64_t m) {
  double mu = (double)m * (DBL_EPSILON / 2);
  return mu / (1 - mu) * (1 + 2 * DBL_EPSILON);
}

/* A lower bound of alpha_i; negative or NaN: not proved positive. */
static double margin(row r, int64_t i) {
  double diagonal = 0, others = 0;
  for (int64_t p = 0; p < r.count; p++)
    if ((r.index ? r.index[p] : p) == i) diagonal = fabs(r.a[p]);
    else others += fabs(r.a[p]);
  others += others * gamma_of(2 * r.count + 4);
  return (diagonal - others) * (1 - 2 * DBL_EPSILON);
}

double nl_inverse_bound(const nl_matrix *A) {
  int64_t n = A->dense ? A->dense->shape[0] : A->sparse->rows;
  int64_t cols = A->dense ? A->dense->shape[1] : A->sparse->cols;
  double least = (double)INFINITY;
  if (n != cols) return (double)NAN;
  int64_t work = 0;
  for (int64_t i = 0; i < n; i++) {
    row r = row_of(A, i);
    if (nl_poll(&work, r.count)) return (double)NAN;
    double alpha = margin(r, i);
    if (!(alpha > 0)) return (double)NAN;
    if (alpha < least) least = alpha;
  }
  return 1 / least * (1 + 2 * DBL_EPSILON);
}

/* An upper bound of |b_i - sum_j a_ij x_j| for the numbers as stored. */
static double residual(row r, const double *x, int64_t k, double b) {
  double sum = 0, size = fabs(b);
  for (int64_t p = 0; p < r.count; p++) {
    double term = r.a[p] * x[(r.index ? r.index[p] : p) * k];
    sum += term;
    size += fabs(term);
  }
  double g = gamma_of(r.count + 2);
  return (fabs(b - sum) + g * (size + size * gamma_of(2 * r.count + 4)) + (double)r.count * DBL_TRUE_MIN) *
         (1 + 4 * DBL_EPSILON);
}

double nl_error_bound(const nl_matrix *A, const double *X, const double *B, int64_t k) {
  int64_t n = A->dense ? A->dense->shape[0] : A->sparse->rows;
  int64_t cols = A->dense ? A->dense->shape[1] : A->sparse->cols;
  if (n != cols) return (double)NAN;
  double worst = 0;
  int64_t work = 0;
  for (int64_t c = 0; c < k; c++) {
    double error = 0, x_max = 0, b_max = 0;
    for (int64_t i = 0; i < n; i++) {
      x_max = fmax(x_max, fabs(X[i * k + c]));
      b_max = fmax(b_max, fabs(B[i * k + c]));
    }
    for (int64_t i = 0; i < n; i++) {
      row r = row_of(A, i);
      if (nl_poll(&work, r.count)) return (double)NAN;
      double alpha = margin(r, i);
      if (!(alpha > 0)) return (double)NAN;
      double bound = residual(r, X + c, k, B[i * k + c]) / alpha;
      if (!(bound <= error)) error = bound;
      if (!isfinite(error)) return (double)NAN;
    }
    if (x_max == 0 && b_max == 0) continue; /* A 0 = 0: exact */
    double relative = error / x_max * (1 + 4 * DBL_EPSILON);
    if (relative > worst) worst = relative;
  }
  return worst;
}
