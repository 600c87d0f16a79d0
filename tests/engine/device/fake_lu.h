/* Elimination as the textbook writes it, for the fake device: plain loops on f64 in host memory, no code of
 * numlab's. */
#ifndef TEST_DEVICE_FAKE_LU_H
#define TEST_DEVICE_FAKE_LU_H

#include <math.h>
#include <numlab/backend.h>

static inline void fake_exchange(double *a, double *b, int64_t n) {
  for (int64_t j = 0; j < n; j++) {
    double kept = a[j];
    a[j] = b[j];
    b[j] = kept;
  }
}

static inline double fake_largest(double seen, double value) {
  return fabs(value) > seen || isnan(value) ? fabs(value) : seen;
}

/* P A = L U in place, n x n by rows. */
static inline void fake_eliminate(double *A, int64_t n, int64_t *row_of, nl_lu_facts *facts) {
  *facts = (nl_lu_facts){.smallest_pivot = (double)INFINITY};
  for (int64_t i = 0; i < n * n; i++) facts->largest_a = fake_largest(facts->largest_a, A[i]);
  for (int64_t i = 0; i < n; i++) row_of[i] = i;
  for (int64_t p = 0; p < n; p++) {
    int64_t best = p;
    for (int64_t i = p + 1; i < n; i++)
      if (fabs(A[i * n + p]) > fabs(A[best * n + p])) best = i;
    if (best != p) {
      int64_t kept = row_of[p];
      row_of[p] = row_of[best];
      row_of[best] = kept;
      fake_exchange(A + p * n, A + best * n, n);
      facts->exchanges++;
    }
    double pivot = A[p * n + p];
    for (int64_t j = p; j < n; j++) facts->largest_u = fake_largest(facts->largest_u, A[p * n + j]);
    if (fabs(pivot) < facts->smallest_pivot) facts->smallest_pivot = fabs(pivot);
    if (pivot == 0 && facts->singular_column == 0) facts->singular_column = p + 1;
    for (int64_t i = p + 1; i < n && pivot != 0; i++) {
      A[i * n + p] /= pivot;
      for (int64_t j = p + 1; j < n; j++) A[i * n + j] -= A[i * n + p] * A[p * n + j];
    }
  }
}

/* One right-hand side, elements k apart; y: room for n. */
static inline void fake_substitute(const double *LU, int64_t n, const int64_t *row_of, double *x, int64_t k,
                                   double *y) {
  for (int64_t i = 0; i < n; i++) {
    y[i] = x[row_of[i] * k];
    for (int64_t j = 0; j < i; j++) y[i] -= LU[i * n + j] * y[j];
  }
  for (int64_t i = n - 1; i >= 0; i--) {
    for (int64_t j = i + 1; j < n; j++) y[i] -= LU[i * n + j] * y[j];
    y[i] /= LU[i * n + i];
  }
  for (int64_t i = 0; i < n; i++) x[i * k] = y[i];
}

/* x = A^-T x by U^T y = x, L^T z = y, x(row_of(i)) = z(i). */
static inline void fake_substitute_transposed(const double *LU, int64_t n, const int64_t *row_of, double *x,
                                              double *y) {
  for (int64_t i = 0; i < n; i++) {
    y[i] = x[i];
    for (int64_t j = 0; j < i; j++) y[i] -= LU[j * n + i] * y[j];
    y[i] /= LU[i * n + i];
  }
  for (int64_t i = n - 1; i >= 0; i--)
    for (int64_t j = i + 1; j < n; j++) y[i] -= LU[j * n + i] * y[j];
  for (int64_t i = 0; i < n; i++) x[row_of[i]] = y[i];
}

#endif
