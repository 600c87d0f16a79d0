/* What the tests of borrowed solvers share: systems made without any of the code under test, a runner around
 * one nl_method, HPL's accuracy rule. */
#ifndef TEST_EXTERNAL_SYSTEMS_H
#define TEST_EXTERNAL_SYSTEMS_H

/* cmocka.h wants these before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "solver/method.h"
#include <float.h>
#include <math.h>
#include <numlab/external.h>
#include <numlab/parallel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Numbers in (-1, 1), the same in every run. */
static inline double noise(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(int64_t)(*state >> 11) / 4503599627370496.0 - 1.0;
}

/* --- a system: a dense image of A for the checks, and the matrix handed to the method ----------------- */

typedef struct problem {
  int64_t n, k;
  double *image; /* n x n */
  double *B, *X; /* n x k */
  nl_sparse sparse;
  nl_tensor dense;
} problem;

static inline problem problem_new(int64_t n, int64_t k) {
  problem p = {.n = n, .k = k};
  p.image = calloc((size_t)(n * n + 1), sizeof(double));
  p.B = calloc((size_t)(n * k + 1), sizeof(double));
  p.X = calloc((size_t)(n * k + 1), sizeof(double));
  uint64_t seed = 7;
  for (int64_t i = 0; i < n * k; i++) p.B[i] = noise(&seed);
  return p;
}

/* The nonzeros of the image as CSR. */
static inline void problem_make_sparse(problem *p) {
  int64_t n = p->n, nnz = 0;
  p->sparse = (nl_sparse){.rows = n, .cols = n};
  p->sparse.start = nl_alloc(n + 1, sizeof(int64_t), NL_RESULT);
  p->sparse.index = nl_alloc(n * n, sizeof(int32_t), NL_RESULT);
  p->sparse.values = nl_alloc(n * n, sizeof(double), NL_RESULT);
  for (int64_t i = 0; i < n; i++) {
    p->sparse.start[i] = nnz;
    for (int64_t j = 0; j < n; j++)
      if (p->image[i * n + j] != 0) {
        p->sparse.index[nnz] = (int32_t)j;
        p->sparse.values[nnz++] = p->image[i * n + j];
      }
  }
  p->sparse.start[n] = p->sparse.nnz = nnz;
}

static inline void problem_make_dense(problem *p, nl_dtype dtype) {
  assert_int_equal(nl_tensor_new(dtype, 2, (int64_t[]){p->n, p->n}, &p->dense), NL_OK);
  for (int64_t i = 0; i < p->n * p->n; i++)
    nl_dtype_store(dtype, (char *)nl_tensor_data(&p->dense) + i * nl_dtype_size(dtype), p->image[i]);
}

static inline void problem_free(problem *p) {
  free(p->image);
  free(p->B);
  free(p->X);
  nl_free(p->sparse.start);
  nl_free(p->sparse.index);
  nl_free(p->sparse.values);
  nl_tensor_release(&p->dense);
}

/* The 5-point Laplacian on a g x g grid. */
static inline problem poisson(int64_t g, int64_t k) {
  problem p = problem_new(g * g, k);
  for (int64_t i = 0; i < g * g; i++) {
    p.image[i * p.n + i] = 4;
    if (i % g > 0) p.image[i * p.n + i - 1] = -1;
    if (i % g < g - 1) p.image[i * p.n + i + 1] = -1;
    if (i >= g) p.image[i * p.n + i - g] = -1;
    if (i < g * g - g) p.image[i * p.n + i + g] = -1;
  }
  return p;
}

/* About every density-th entry, values in (-1, 1), a nonsymmetric pattern; a diagonal of 2 keeps it regular.
 */
static inline problem scattered(int64_t n, int64_t k, double density) {
  problem p = problem_new(n, k);
  uint64_t seed = 11;
  for (int64_t i = 0; i < n * n; i++)
    if (fabs(noise(&seed)) < density) p.image[i] = noise(&seed);
  for (int64_t i = 0; i < n; i++) p.image[i * n + i] = 2;
  return p;
}

/* Runs the method on the sparse matrix when there is one, else on the dense one (with B and X of its type).
 */
static inline nl_status problem_run(problem *p, const nl_method *method, nl_solve_info *info) {
  nl_solve_options options = {.method = method->name};
  nl_system s = {.n = p->n, .k = p->k, .dtype = NL_F64, .B = p->B, .X = p->X};
  *info = (nl_solve_info){.code = NL_OK, .rcond = NAN, .nnz_factor = -1};
  if (p->sparse.start) s.A.sparse = &p->sparse;
  else s.A.dense = &p->dense;
  nl_status status = method->prepare ? method->prepare() : NL_OK;
  if (status != NL_OK) return status;
  if (s.A.dense == NULL || p->dense.dtype == NL_F64) return method->run(&s, &options, info);
  int64_t count = p->n * p->k;
  float *B = calloc((size_t)count + 1, sizeof *B), *X = calloc((size_t)count + 1, sizeof *X);
  for (int64_t i = 0; i < count; i++) p->B[i] = (double)(B[i] = (float)p->B[i]);
  s.dtype = NL_F32;
  s.B = B;
  s.X = X;
  status = method->run(&s, &options, info);
  for (int64_t i = 0; i < count; i++) p->X[i] = (double)X[i];
  free(B);
  free(X);
  return status;
}

/* HPL's ratio, the largest of all right-hand sides:
 * ||b - A x||_inf / (eps (||A||_inf ||x||_inf + ||b||_inf) n) */
static inline double hpl(const problem *p, double eps) {
  double worst = 0;
  for (int64_t c = 0; c < p->k; c++) {
    double r = 0, a = 0, x = 0, b = 0;
    for (int64_t i = 0; i < p->n; i++) {
      double sum = p->B[i * p->k + c], row = 0;
      for (int64_t j = 0; j < p->n; j++) {
        sum -= p->image[i * p->n + j] * p->X[j * p->k + c];
        row += fabs(p->image[i * p->n + j]);
      }
      if (!(fabs(sum) <= r)) r = fabs(sum);
      if (!(row <= a)) a = row;
      if (!(fabs(p->X[i * p->k + c]) <= x)) x = fabs(p->X[i * p->k + c]);
      if (!(fabs(p->B[i * p->k + c]) <= b)) b = fabs(p->B[i * p->k + c]);
    }
    double ratio = r / (eps * (a * x + b) * (double)p->n);
    if (!(ratio <= worst)) worst = ratio;
  }
  return worst;
}

static inline void assert_solved(const problem *p, double eps) {
  double ratio = hpl(p, eps);
  if (!(ratio < 16))
    fail_msg("HPL ratio %g at n = %lld, %lld right-hand sides", ratio, (long long)p->n, (long long)p->k);
}

static inline void assert_message_has(const char *part) {
  if (!strstr(nl_message(), part)) fail_msg("message '%s' lacks '%s'", nl_message(), part);
}

/* Without the library the tests that need it cannot say anything: they pass and say so on stderr. */
static inline bool missing(const nl_method *method) {
  if (method->prepare() == NL_OK) return false;
  fprintf(stderr, "not tested: %s\n", nl_message());
  return true;
}

/* Fails allocation 1, 2, ... until the method gets through; nothing may stay behind. */
static inline void assert_survives_failures(problem *p, const nl_method *method) {
  nl_solve_info info;
  for (int once = 0; once < 2; once++)
    for (int64_t k = 1;; k++) {
      assert_true(k < 100000);
      int64_t before = nl_memory().live;
      nl_memory_fail_at(k, once == 0);
      nl_status status = problem_run(p, method, &info);
      nl_memory_fail_at(0, false);
      assert_int_equal(nl_memory().live, before);
      if (status == NL_OK) break;
      assert_int_equal(status, NL_NOMEM);
      assert_message_has("out of memory");
    }
  assert_solved(p, DBL_EPSILON);
}

/* --- what every borrowed sparse method must do -------------------------------------------------------- */

static inline void assert_solves_sparse(const nl_method *method, bool symmetric) {
  for (int i = 0; i < (symmetric ? 3 : 6); i++) {
    problem p = i < 3 ? poisson(1 + 5 * i, 1 + i) : scattered(1 + 30 * (i - 3), 6 - i, 0.05);
    problem_make_sparse(&p);
    nl_solve_info info;
    int64_t before = nl_memory().live;
    assert_int_equal(problem_run(&p, method, &info), NL_OK);
    assert_int_equal(nl_memory().live, before);
    assert_solved(&p, DBL_EPSILON);
    assert_true(info.converged);
    if (!symmetric) assert_true(info.nnz_factor >= p.sparse.nnz);
    problem_free(&p);
  }
}

static inline void assert_says_how_to_get(const nl_method *method, const char *package) {
  problem p = poisson(2, 1);
  problem_make_sparse(&p);
  nl_solve_info info;
  char names[64], apt[64];
  snprintf(names, sizeof names, "openblas,%s", strcmp(method->name, "csparse") ? method->name : "cxsparse");
  snprintf(apt, sizeof apt, "apt install %s", package);
  const char *lists[] = {"off", names};
  for (int i = 0; i < 2; i++) {
    setenv("NUMLAB_EXTERNAL", lists[i], 1);
    assert_int_equal(problem_run(&p, method, &info), NL_UNAVAILABLE);
    assert_message_has(apt);
    assert_message_has("switched off by NUMLAB_EXTERNAL");
  }
  unsetenv("NUMLAB_EXTERNAL");
  problem_free(&p);
}

static inline void assert_survives_sparse(const nl_method *method) {
  problem p = poisson(4, 2);
  problem_make_sparse(&p);
  assert_survives_failures(&p, method);
  problem_free(&p);
}

/* The Laplacian with column `column` (0-based) emptied (kind 0), or made equal to the column before it. */
static inline problem singular_problem(int kind, int64_t column) {
  problem p = poisson(4, 1);
  for (int64_t i = 0; i < p.n; i++) {
    if (kind == 0) p.image[i * p.n + column] = 0;
    else p.image[i * p.n + column] = p.image[i * p.n + column - 1];
  }
  problem_make_sparse(&p);
  return p;
}

#endif
