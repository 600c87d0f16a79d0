/* Matrices to eliminate, given by their entries, and plain elimination of them on the host. */
#ifndef TEST_LU_ORACLE_H
#define TEST_LU_ORACLE_H

#include "plugin.h"
#include <math.h>
#include <numlab/random.h>
#include <stdlib.h>

typedef double generator(int64_t n, int64_t i, int64_t j);

static double normal(int64_t n, int64_t i, int64_t j) {
  return nl_random_normal(11, (uint64_t)n, (uint64_t)(i * n + j));
}
/* Ties in every column, all of it exact up to n = 24 in f32: growth 2^(n-1). */
static double wilkinson(int64_t n, int64_t i, int64_t j) { return i == j || j == n - 1 ? 1 : i > j ? -1 : 0; }
/* +-1 with its rows in bit-reversed order: pivots among entries of one size, 28 exchanges, all of it exact;
 * n = 64. */
static double hadamard(int64_t n, int64_t i, int64_t j) {
  int64_t row = 0;
  for (int64_t bit = 1; bit < n; bit *= 2) row = 2 * row + (i / bit) % 2;
  return __builtin_parityll((unsigned long long)(row & j)) ? -1 : 1;
}
/* L U of multiples of 1/2 with |l| <= 1/2 and |u_ii| = 8, rows in reverse: one order of pivots, all of it
 * exact. */
static double halves(int64_t n, int64_t i, int64_t j) {
  int64_t row = n - 1 - i, last = row < j ? row : j;
  double sum = 0;
  for (int64_t k = 0; k <= last; k++) {
    double l = k == row ? 1 : ((double)nl_random_below(3, 1, (uint64_t)(row * n + k), 3) - 1) / 2;
    double u = k == j ? 8 : (double)nl_random_below(3, 2, (uint64_t)(k * n + j), 5) - 2;
    sum += l * u;
  }
  return sum;
}
/* Zero pivots from the second column on. */
static double ones(int64_t n, int64_t i, int64_t j) { return n > 0 && i >= 0 && j >= 0; }
static double zero_columns(int64_t n, int64_t i, int64_t j) { return j % 23 == 5 ? 0 : normal(n, i, j); }
static double zero(int64_t n, int64_t i, int64_t j) { return ones(n, i, j) - 1; }
static double some_nan(int64_t n, int64_t i, int64_t j) {
  return i == n / 2 && j == n / 3 ? (double)NAN : normal(n, i, j);
}
static double nan_first(int64_t n, int64_t i, int64_t j) {
  return i + j == 0 ? (double)NAN : normal(n, i, j);
}
static double some_infinity(int64_t n, int64_t i, int64_t j) {
  return i == 1 % n && j == n / 4 ? (double)INFINITY : normal(n, i, j);
}

/* --- the oracle: row operations as they stand in the book, in the type's arithmetic ------------------- */

static double *eliminate(nl_dtype dtype, int64_t n, generator *a, int64_t *row_of, nl_lu_facts *facts) {
  double *A = malloc((size_t)(n * n) * sizeof *A);
  if (!A) need(NL_NOMEM, "host memory");
  *facts = (nl_lu_facts){.smallest_pivot = (double)NAN};
  for (int64_t e = 0; e < n * n; e++) A[e] = rounded(dtype, a(n, e / n, e % n));
  for (int64_t i = 0; i < n; i++) row_of[i] = i;
  for (int64_t j = 0; j < n; j++) {
    int64_t q = j;
    for (int64_t i = j + 1; i < n; i++)
      if (fabs(A[i * n + j]) > fabs(A[q * n + j])) q = i;
    for (int64_t k = 0; k < n && q != j; k++) {
      double kept = A[j * n + k];
      A[j * n + k] = A[q * n + k], A[q * n + k] = kept;
    }
    int64_t kept = row_of[j];
    row_of[j] = row_of[q], row_of[q] = kept;
    facts->exchanges += q != j;
    double u = A[j * n + j];
    if (!(fabs(u) >= facts->smallest_pivot)) facts->smallest_pivot = fabs(u);
    if (u == 0 && facts->singular_column == 0) facts->singular_column = j + 1;
    for (int64_t i = j + 1; i < n && u != 0; i++) {
      double l = A[i * n + j] = rounded(dtype, A[i * n + j] / u);
      for (int64_t k = j + 1; k < n; k++) A[i * n + k] = rounded(dtype, A[i * n + k] - l * A[j * n + k]);
    }
  }
  return A;
}

#endif
