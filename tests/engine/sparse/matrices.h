/* What the tests of sparse matrices share: a matrix beside its dense image, both made without the code under
 * test, and a sweep of failing allocations. */
#ifndef TEST_SPARSE_MATRICES_H
#define TEST_SPARSE_MATRICES_H

#include "check.h"
#include <numlab/parallel.h>
#include <numlab/sparse.h>
#include <stdlib.h>

/* Numbers in (-1, 1), the same in every run. */
static inline double noise(uint64_t *state) {
  *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(int64_t)(*state >> 11) / 4503599627370496.0 - 1.0;
}

/* Every share-th element of a rows x cols image (row-major, from malloc) is noise. */
static inline double *noise_image(int64_t rows, int64_t cols, int share, uint64_t seed) {
  double *image = calloc((size_t)(rows * cols + 1), sizeof *image);
  for (int64_t p = 0; p < rows * cols; p++)
    if (noise(&seed) < 2.0 / share - 1) image[p] = noise(&seed);
  return image;
}

static inline nl_sparse from_image(int64_t rows, int64_t cols, const double *image) {
  nl_sparse S = {.rows = rows, .cols = cols};
  S.start = nl_alloc(rows + 1, sizeof *S.start, NL_RESULT);
  S.index = nl_alloc(rows * cols, sizeof *S.index, NL_RESULT);
  S.values = nl_alloc(rows * cols, sizeof *S.values, NL_RESULT);
  for (int64_t i = 0; i < rows; i++) {
    S.start[i] = S.nnz;
    for (int64_t j = 0; j < cols; j++)
      if (image[i * cols + j] != 0) {
        S.index[S.nnz] = (int32_t)j;
        S.values[S.nnz++] = image[i * cols + j];
      }
  }
  S.start[rows] = S.nnz;
  return S;
}

/* The form sparse.h promises. */
static inline void assert_valid(const nl_sparse *S) {
  assert_true(S->start[0] == 0 && S->start[S->rows] == S->nnz);
  for (int64_t i = 0; i < S->rows; i++) {
    assert_true(S->start[i] <= S->start[i + 1]);
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++)
      assert_true(S->index[p] >= 0 && S->index[p] < S->cols &&
                  (p == S->start[i] || S->index[p - 1] < S->index[p]));
  }
}

/* Exactly these elements, up to tolerance; entries that are zero may be stored. */
static inline void assert_image(const nl_sparse *S, int64_t rows, int64_t cols, const double *image,
                                double tolerance) {
  assert_true(S->rows == rows && S->cols == cols);
  assert_valid(S);
  for (int64_t i = 0; i < rows; i++) {
    int64_t p = S->start[i];
    for (int64_t j = 0; j < cols; j++) {
      double value = p < S->start[i + 1] && S->index[p] == j ? S->values[p++] : 0;
      assert_at_most(fabs(value - image[i * cols + j]), tolerance);
    }
  }
}

static inline nl_tensor tensor_of(int ndim, const int64_t *shape, const double *image) {
  nl_tensor t;
  assert_ok(nl_tensor_new(NL_F64, ndim, shape, &t));
  if (nl_tensor_size(&t) > 0) memcpy(nl_tensor_data(&t), image, (size_t)nl_tensor_size(&t) * sizeof *image);
  return t;
}

/* Fails the k-th allocation of make for every k until it succeeds: NOMEM each time, nothing kept. make gives
 * back what it made. */
static inline void sweep_allocations(nl_status (*make)(const void *), const void *context) {
  int64_t before = nl_memory().live;
  nl_status status = NL_NOMEM;
  int64_t k = 0;
  while (status != NL_OK) {
    nl_memory_fail_at(++k, false);
    status = make(context);
    nl_memory_fail_at(0, false);
    assert_true(status == NL_OK || status == NL_NOMEM);
    assert_true(nl_memory().live == before);
    assert_true(k < 100);
  }
  assert_true(k > 1);
}

#endif
