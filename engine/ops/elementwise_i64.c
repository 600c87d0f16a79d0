/* Elementwise loops of integers and bool, computed in i64, saturating at both ends. */
#include "elementwise.h"
#include <numlab/interrupt.h>

static int64_t add(int64_t x, int64_t y) {
  int64_t z;
  return __builtin_add_overflow(x, y, &z) ? (x < 0 ? INT64_MIN : INT64_MAX) : z;
}

static int64_t subtract(int64_t x, int64_t y) {
  int64_t z;
  return __builtin_sub_overflow(x, y, &z) ? (x < 0 ? INT64_MIN : INT64_MAX) : z;
}

static int64_t multiply(int64_t x, int64_t y) {
  int64_t z;
  return __builtin_mul_overflow(x, y, &z) ? ((x < 0) != (y < 0) ? INT64_MIN : INT64_MAX) : z;
}

static int64_t arithmetic(nl_binary_op op, int64_t x, int64_t y) {
  switch (op) {
  case NL_ADD: return add(x, y);
  case NL_SUB: return subtract(x, y);
  default: return multiply(x, y);
  }
}

static bool compare(nl_binary_op op, int64_t x, int64_t y) {
  switch (op) {
  case NL_LT: return x < y;
  case NL_LE: return x <= y;
  case NL_GT: return x > y;
  case NL_GE: return x >= y;
  case NL_EQ: return x == y;
  default: return x != y;
  }
}

void nl_binary_i64(void *context, int64_t begin, int64_t end) {
  const nl_elementwise *job = context;
  nl_binary_op op = (nl_binary_op)job->op;
  int64_t a[NL_CHUNK], b[NL_CHUNK], result[NL_CHUNK];
  nl_walk wa, wb;
  nl_walk_start(&wa, job->a, begin);
  nl_walk_start(&wb, job->b, begin);
  char *data = nl_tensor_data(job->out);
  for (int64_t i = begin; i < end && !nl_interrupted(); i += NL_CHUNK) {
    int64_t n = end - i < NL_CHUNK ? end - i : NL_CHUNK;
    const int64_t *x = nl_walk_i64(&wa, n, a), *y = nl_walk_i64(&wb, n, b);
    if (op >= NL_LT)
      for (int64_t k = 0; k < n; k++) result[k] = compare(op, x[k], y[k]);
    else
      for (int64_t k = 0; k < n; k++) result[k] = arithmetic(op, x[k], y[k]);
    nl_store_i64(job->out->dtype, data + i * nl_dtype_size(job->out->dtype), n, result);
  }
}

void nl_unary_i64(void *context, int64_t begin, int64_t end) {
  const nl_elementwise *job = context;
  int64_t a[NL_CHUNK], result[NL_CHUNK];
  nl_walk wa;
  nl_walk_start(&wa, job->a, begin);
  char *data = nl_tensor_data(job->out);
  for (int64_t i = begin; i < end && !nl_interrupted(); i += NL_CHUNK) {
    int64_t n = end - i < NL_CHUNK ? end - i : NL_CHUNK;
    const int64_t *x = nl_walk_i64(&wa, n, a);
    for (int64_t k = 0; k < n; k++)
      result[k] = job->op == NL_FLOOR || (job->op == NL_ABS && x[k] >= 0) ? x[k] : subtract(0, x[k]);
    nl_store_i64(job->out->dtype, data + i * nl_dtype_size(job->out->dtype), n, result);
  }
}
