/* What the tests of iterations share: systems, an elimination of its own as oracle, a runner around nl_solve.
 */
#ifndef TEST_SOLVER_ITERATE_H
#define TEST_SOLVER_ITERATE_H

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <numlab/diagnose.h>
#include <numlab/interrupt.h>
#include <numlab/random.h>
#include <numlab/solve.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 40 }; /* rows of the small systems */

static inline double uniform(uint64_t stream, int64_t i) {
  return 2 * nl_random_uniform(5, stream, (uint64_t)i) - 1;
}

static inline nl_tensor matrix(int64_t rows, int64_t cols, const double *values) {
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (const int64_t[]){rows, cols}, &t), NL_OK);
  if (values) memcpy(nl_tensor_data(&t), values, (size_t)(rows * cols) * sizeof *values);
  return t;
}

static inline double *data(const nl_tensor *t) { return nl_tensor_data(t); }

/* tridiag(low, middle, high) */
static inline nl_tensor tridiagonal(int64_t n, double low, double middle, double high) {
  nl_tensor t = matrix(n, n, NULL);
  for (int64_t i = 0; i < n; i++) {
    data(&t)[i * n + i] = middle;
    if (i > 0) data(&t)[i * n + i - 1] = low;
    if (i + 1 < n) data(&t)[i * n + i + 1] = high;
  }
  return t;
}

/* 5-point Laplacian on a g x g grid, made unsymmetric by a wind along the rows */
static inline nl_tensor grid(int64_t g, double wind) {
  int64_t n = g * g;
  nl_tensor t = matrix(n, n, NULL);
  double *a = data(&t);
  for (int64_t i = 0; i < n; i++) {
    a[i * n + i] = 4;
    if (i % g > 0) a[i * n + i - 1] = -1 - wind;
    if (i % g < g - 1) a[i * n + i + 1] = -1 + wind;
    if (i >= g) a[i * n + i - g] = -1;
    if (i < n - g) a[i * n + i + g] = -1;
  }
  return t;
}

/* Off-diagonal entries in (-1, 1), about half of them zero; a_ii = ratio sum_j |a_ij|, 1 where that is 0. */
static inline nl_tensor dominant(int64_t n, double ratio, uint64_t stream) {
  nl_tensor t = matrix(n, n, NULL);
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      double v = uniform(stream, i * n + j);
      if (j == i || fabs(v) < 0.5) continue;
      data(&t)[i * n + j] = v;
      sum += fabs(v);
    }
    data(&t)[i * n + i] = sum > 0 ? ratio * sum : 1;
  }
  return t;
}

static inline nl_tensor noise(int64_t n, int64_t k, uint64_t stream) {
  nl_tensor t = matrix(n, k, NULL);
  for (int64_t i = 0; i < n * k; i++) data(&t)[i] = uniform(stream, i);
  return t;
}

/* M X = B by elimination with row exchanges in long double: the oracle. B becomes X. */
static inline void eliminate(int64_t n, int64_t k, long double *M, long double *B) {
  for (int64_t c = 0; c < n; c++) {
    int64_t p = c;
    for (int64_t i = c + 1; i < n; i++)
      if (fabsl(M[i * n + c]) > fabsl(M[p * n + c])) p = i;
    assert_true(M[p * n + c] != 0);
    for (int64_t j = 0; j < n; j++) {
      long double t = M[c * n + j];
      M[c * n + j] = M[p * n + j];
      M[p * n + j] = t;
    }
    for (int64_t j = 0; j < k; j++) {
      long double t = B[c * k + j];
      B[c * k + j] = B[p * k + j];
      B[p * k + j] = t;
    }
    for (int64_t i = 0; i < n; i++) {
      if (i == c) continue;
      long double f = M[i * n + c] / M[c * n + c];
      for (int64_t j = c; j < n; j++) M[i * n + j] -= f * M[c * n + j];
      for (int64_t j = 0; j < k; j++) B[i * k + j] -= f * B[c * k + j];
    }
  }
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < k; j++) B[i * k + j] /= M[i * n + i];
}

/* --- one call of nl_solve ----------------------------------------------------------------------------- */

typedef struct outcome {
  nl_status status;
  nl_tensor x; /* empty when the method leaves none */
  nl_solve_info info;
} outcome;

static inline nl_solve_options method_options(const char *method) {
  nl_solve_options o = nl_solve_defaults();
  o.method = method;
  o.history = true;
  return o;
}

static inline outcome solve(const nl_tensor *A, const nl_tensor *b, const nl_solve_options *o) {
  outcome out = {0};
  out.status = nl_solve(&(nl_matrix){A, NULL}, b, o, &out.x, &out.info);
  assert_int_equal(out.info.code, out.status);
  assert_int_equal(out.info.converged, out.status == NL_OK);
  return out;
}

static inline outcome solve_sparse(const nl_tensor *A, const nl_tensor *b, const nl_solve_options *o) {
  outcome out = {0};
  nl_sparse S = {0};
  assert_int_equal(nl_sparse_from_dense(A, &S), NL_OK);
  out.status = nl_solve(&(nl_matrix){NULL, &S}, b, o, &out.x, &out.info);
  nl_sparse_release(&S);
  return out;
}

static inline void outcome_release(outcome *out) {
  nl_tensor_release(&out->x);
  nl_solve_info_release(&out->info);
}

static inline void assert_has(const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("'%s' lacks '%s'", text, part);
}

static inline void assert_near(double value, double expected, double tol) {
  if (!(fabs(value - expected) <= tol)) fail_msg("%.17g is not %.17g within %g", value, expected, tol);
}

#endif
