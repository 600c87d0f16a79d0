/* What the tests of LAPACK's factorisations share: tensors of every layout, products and norms of their own.
 */
#ifndef TEST_EXTERNAL_MATRICES_H
#define TEST_EXTERNAL_MATRICES_H

#include "systems.h"

/* (m, n) of noise; layout 0 contiguous, 1 a transposed view, 2 every second column of a wider one. */
static inline nl_tensor noise_matrix(nl_dtype dtype, int64_t m, int64_t n, int layout) {
  nl_tensor base, t;
  uint64_t seed = (uint64_t)(m * 1000 + n * 10 + layout);
  int64_t shape[2] = {m, n};
  if (layout == 1) shape[0] = n, shape[1] = m;
  if (layout == 2) shape[1] = 2 * n;
  assert_int_equal(nl_tensor_new(dtype, 2, shape, &base), NL_OK);
  for (int64_t i = 0; i < shape[0] * shape[1]; i++)
    nl_dtype_store(dtype, (char *)nl_tensor_data(&base) + i * nl_dtype_size(dtype), noise(&seed));
  if (layout == 0) return base;
  if (layout == 1) assert_int_equal(nl_tensor_transpose(&base, 0, 1, &t), NL_OK);
  else assert_int_equal(nl_tensor_slice(&base, 1, 0, n, 2, &t), NL_OK);
  nl_tensor_release(&base);
  return t;
}

static inline double at(const nl_tensor *t, int64_t i, int64_t j) {
  return nl_tensor_get(t, (int64_t[]){i, j});
}

/* max |A - B C| over all elements; transposed: of B C^T */
static inline double product_error(const nl_tensor *A, const nl_tensor *B, const nl_tensor *C,
                                   bool transposed) {
  double worst = 0;
  for (int64_t i = 0; i < A->shape[0]; i++)
    for (int64_t j = 0; j < A->shape[1]; j++) {
      double sum = at(A, i, j);
      for (int64_t l = 0; l < B->shape[1]; l++) sum -= at(B, i, l) * (transposed ? at(C, j, l) : at(C, l, j));
      if (!(fabs(sum) <= worst)) worst = fabs(sum);
    }
  return worst;
}

/* max |Q^T Q - I| */
static inline double orthogonality_error(const nl_tensor *Q) {
  double worst = 0;
  for (int64_t i = 0; i < Q->shape[1]; i++)
    for (int64_t j = 0; j < Q->shape[1]; j++) {
      double sum = i == j ? -1 : 0;
      for (int64_t l = 0; l < Q->shape[0]; l++) sum += at(Q, l, i) * at(Q, l, j);
      if (!(fabs(sum) <= worst)) worst = fabs(sum);
    }
  return worst;
}

static inline double eps_of(nl_dtype dtype) { return dtype == NL_F64 ? DBL_EPSILON : (double)FLT_EPSILON; }

static inline bool no_lapack(void) { return missing(&nl_method_lapack); }

/* The sizes worth trying: empty, single, tall, wide, square. */
static const int64_t sizes[][2] = {{0, 0}, {0, 3}, {3, 0},   {1, 1},  {5, 2},
                                   {2, 5}, {7, 7}, {33, 20}, {20, 33}};
enum { SIZES = sizeof sizes / sizeof *sizes };

/* What every factorisation refuses; `call` runs it on A and releases what it made. */
static inline void assert_refuses_bad_matrices(nl_status (*call)(const nl_tensor *A), const char *who) {
  char text[64];
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_I64, 2, (int64_t[]){2, 2}, &t), NL_OK);
  assert_int_equal(call(&t), NL_DTYPE);
  snprintf(text, sizeof text, "%s: A is i64, expected f64 or f32", who);
  assert_message_has(text);
  nl_tensor_release(&t);
  assert_int_equal(nl_tensor_new(NL_F64, 3, (int64_t[]){2, 2, 2}, &t), NL_OK);
  assert_int_equal(call(&t), NL_SHAPE);
  snprintf(text, sizeof text, "%s: A is 2x2x2, expected a matrix", who);
  assert_message_has(text);
  nl_tensor_release(&t);
  assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){3, 3}, &t), NL_OK);
  nl_tensor_put(&t, (int64_t[]){1, 2}, NAN);
  assert_int_equal(call(&t), NL_NONFINITE);
  snprintf(text, sizeof text, "%s: element (2,3) of A is", who);
  assert_message_has(text);
  setenv("NUMLAB_EXTERNAL", "openblas", 1);
  assert_int_equal(call(&t), NL_UNAVAILABLE);
  unsetenv("NUMLAB_EXTERNAL");
  nl_tensor_release(&t);
}

/* Fails allocation 1, 2, ... of call(A) until it gets through; nothing may stay behind. */
static inline void assert_call_survives(nl_status (*call)(const nl_tensor *A), const nl_tensor *A) {
  for (int64_t k = 1;; k++) {
    int64_t before = nl_memory().live;
    nl_memory_fail_at(k, false);
    nl_status status = call(A);
    nl_memory_fail_at(0, false);
    assert_int_equal(nl_memory().live, before);
    if (status == NL_OK) break;
    assert_int_equal(status, NL_NOMEM);
    assert_true(k < 1000);
  }
}

#endif
