/* Test matrices and measures for dense solvers. The eleven general types are those of LAPACK's own tests
 * (TESTING/LIN/dlatb4, dchkge), made here: random matrices are U S V with geometric singular values. Measures
 * are computed in long double on the stored numbers. */
#ifndef NL_TEST_DENSE_MATRICES_H
#define NL_TEST_DENSE_MATRICES_H

#include <float.h>
#include <math.h>
#include <numlab/solve.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t random_state = 1988;

/* Uniform in (-1, 1). */
static inline double draw(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (double)(random_state >> 11) * 0x1p-52 - 1 + 0x1p-54;
}

static inline double *numbers(int64_t count) {
  double *x = calloc((size_t)count + 1, sizeof *x);
  assert_non_null(x);
  return x;
}

/* Unit roundoff of a type. */
static inline double eps_of(nl_dtype t) { return t == NL_F32 ? (double)FLT_EPSILON / 2 : DBL_EPSILON / 2; }

/* A = A (I - 2 v v^T / v^T v), or its transpose from the left. */
static inline void reflect(int64_t n, double *A, bool left) {
  double *v = numbers(n), norm = 0;
  for (int64_t i = 0; i < n; i++) {
    v[i] = draw();
    norm += v[i] * v[i];
  }
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += v[j] * A[left ? j * n + i : i * n + j];
    for (int64_t j = 0; j < n; j++) A[left ? j * n + i : i * n + j] -= 2 * sum / norm * v[j];
  }
  free(v);
}

/* Singular values from 1 down to 1/cond in geometric progression. */
static inline void random_svd(int64_t n, double cond, double *A) {
  memset(A, 0, (size_t)(n * n) * sizeof *A);
  for (int64_t i = 0; i < n; i++) A[i * n + i] = n > 1 ? pow(cond, -(double)i / (double)(n - 1)) : 1;
  for (int t = 0; t < 6 && n > 1; t++) {
    reflect(n, A, true);
    reflect(n, A, false);
  }
}

enum { DIAGONAL = 1, UPPER, LOWER, RANDOM, FIRST_ZERO, LAST_ZERO, HALF_ZERO, BAD, WORSE, TINY, HUGE_ONES };

/* One of the eleven; returns the 1-based column that must be named, or 0 for a regular matrix. */
static inline int64_t general(int type, int64_t n, nl_dtype t, double *A) {
  double bad = 0.1 / eps_of(t), tiny = 0.25 * (t == NL_F32 ? (double)FLT_MIN : DBL_MIN) / eps_of(t);
  random_svd(n, type == BAD ? sqrt(bad) : type == WORSE ? bad : 2, A);
  int64_t zero_from = type == FIRST_ZERO ? 0 : type == LAST_ZERO ? n - 1 : type == HALF_ZERO ? n / 2 : n;
  int64_t zero_to = type == FIRST_ZERO ? 1 : n;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double *a = A + i * n + j;
      if (i == j && type <= LOWER) *a = (1 + fabs(draw())) * (draw() < 0 ? -1 : 1);
      if ((type == DIAGONAL && i != j) || (type == UPPER && i > j) || (type == LOWER && i < j)) *a = 0;
      if (j >= zero_from && j < zero_to) *a = 0;
      if (type == TINY) *a *= tiny;
      if (type == HUGE_ONES) *a *= 1 / tiny;
      if (t == NL_F32) *a = (double)(float)*a;
    }
  return zero_from < n ? zero_from + 1 : 0;
}

/* --- tensors
 * --------------------------------------------------------------------------------------------------- */

static inline nl_tensor tensor_of(nl_dtype t, int ndim, int64_t rows, int64_t cols, const double *values) {
  nl_tensor out;
  int64_t shape[2] = {rows, cols};
  assert_int_equal(nl_tensor_new(t, ndim, shape, &out), NL_OK);
  for (int64_t i = 0; i < nl_tensor_size(&out); i++) {
    if (t == NL_F32) ((float *)nl_tensor_data(&out))[i] = (float)values[i];
    else ((double *)nl_tensor_data(&out))[i] = values[i];
  }
  return out;
}

static inline double value_at(const nl_tensor *t, int64_t i) {
  return t->dtype == NL_F32 ? (double)((float *)nl_tensor_data(t))[i] : ((double *)nl_tensor_data(t))[i];
}

/* --- measures
 * -------------------------------------------------------------------------------------------------- */

static inline long double norm_one(int64_t n, const double *A) {
  long double most = 0;
  for (int64_t j = 0; j < n; j++) {
    long double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += fabsl((long double)A[i * n + j]);
    if (sum > most) most = sum;
  }
  return most;
}

static inline long double norm_inf(int64_t n, const double *A) {
  long double most = 0;
  for (int64_t i = 0; i < n; i++) {
    long double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += fabsl((long double)A[i * n + j]);
    if (sum > most) most = sum;
  }
  return most;
}

typedef struct measured {
  double ratio3; /* max over right-hand sides of ||b - A x||_1 / (||A||_1 ||x||_1 eps) */
  double hpl;    /* ||b - A x||_inf / (eps (||A||_inf ||x||_inf + ||b||_inf) n) */
  double error;  /* ||x - x*||_inf / (||x*||_inf eps): times rcond it is LAPACK's ratio 4 */
} measured;

static inline measured measure(int64_t n, int64_t k, const double *A, const nl_tensor *X, const nl_tensor *B,
                               const double *truth) {
  long double a1 = norm_one(n, A), ai = norm_inf(n, A), eps = (long double)eps_of(X->dtype);
  measured m = {0};
  for (int64_t c = 0; c < k; c++) {
    long double r1 = 0, ri = 0, x1 = 0, xi = 0, bi = 0, e = 0, t = 0;
    for (int64_t i = 0; i < n; i++) {
      long double r = (long double)value_at(B, i * k + c), x = (long double)value_at(X, i * k + c);
      if (fabsl(r) > bi) bi = fabsl(r);
      for (int64_t j = 0; j < n; j++) r -= (long double)A[i * n + j] * (long double)value_at(X, j * k + c);
      r1 += fabsl(r), x1 += fabsl(x);
      if (!(fabsl(r) <= ri)) ri = fabsl(r);
      if (!(fabsl(x) <= xi)) xi = fabsl(x);
      if (!(fabsl(x - (long double)truth[i * k + c]) <= e)) e = fabsl(x - (long double)truth[i * k + c]);
      if (fabsl((long double)truth[i * k + c]) > t) t = fabsl((long double)truth[i * k + c]);
    }
    m.ratio3 = fmax(m.ratio3, (double)(r1 / (a1 * x1 * eps)));
    m.hpl = fmax(m.hpl, (double)(ri / (eps * (ai * xi + bi) * (long double)n)));
    m.error = fmax(m.error, (double)(e / (t * eps)));
  }
  return m;
}

/* b = A truth, rounded to the type. */
static inline nl_tensor right_hand_sides(int64_t n, int64_t k, const double *A, const double *truth,
                                         nl_dtype t) {
  double *b = numbers(n * k);
  for (int64_t i = 0; i < n; i++)
    for (int64_t c = 0; c < k; c++) {
      long double sum = 0;
      for (int64_t j = 0; j < n; j++) sum += (long double)A[i * n + j] * (long double)truth[j * k + c];
      b[i * k + c] = (double)sum;
    }
  nl_tensor B = tensor_of(t, 2, n, k, b);
  free(b);
  return B;
}

/* 1 / (||A||_1 ||A^-1||_1) by Gauss-Jordan in long double with column maxima: shares nothing with the engine.
 */
static inline double exact_rcond(int64_t n, const double *A) {
  int64_t w = 2 * n;
  long double *M = calloc((size_t)(n * w), sizeof *M), worst = 0;
  assert_non_null(M);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) M[i * w + j] = (long double)A[i * n + j];
    M[i * w + n + i] = 1;
  }
  for (int64_t p = 0; p < n; p++) {
    int64_t best = p;
    for (int64_t i = p; i < n; i++)
      if (fabsl(M[i * w + p]) > fabsl(M[best * w + p])) best = i;
    for (int64_t j = 0; j < w; j++) {
      long double kept = M[p * w + j];
      M[p * w + j] = M[best * w + j];
      M[best * w + j] = kept;
    }
    for (int64_t j = w - 1; j >= p; j--) M[p * w + j] /= M[p * w + p];
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = w - 1; j >= p && i != p; j--) M[i * w + j] -= M[i * w + p] * M[p * w + j];
  }
  for (int64_t j = n; j < w; j++) {
    long double sum = 0;
    for (int64_t i = 0; i < n; i++) sum += fabsl(M[i * w + j]);
    if (sum > worst) worst = sum;
  }
  free(M);
  return (double)(1 / (norm_one(n, A) * worst));
}

#endif
