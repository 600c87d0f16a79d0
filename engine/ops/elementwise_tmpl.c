/* Elementwise loops of one real compute type: chunks are read, one plain loop works, the result is stored.
 * exp and tanh are kernels of the CPU level (errors: cpu/exp.h, cpu/squash.h); the other functions are
 * libm's.
 */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "elementwise.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <tgmath.h>

static void arithmetic(nl_binary_op op, int64_t n, const NL_R *x, const NL_R *y, NL_R *out) {
  switch (op) {
  case NL_ADD:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] + y[i];
    break;
  case NL_SUB:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] - y[i];
    break;
  case NL_MUL:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] * y[i];
    break;
  case NL_DIV:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] / y[i];
    break;
  default:
    for (int64_t i = 0; i < n; i++) out[i] = pow(x[i], y[i]);
  }
}

static void compare(nl_binary_op op, int64_t n, const NL_R *x, const NL_R *y, uint8_t *out) {
  switch (op) {
  case NL_LT:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] < y[i];
    break;
  case NL_LE:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] <= y[i];
    break;
  case NL_GT:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] > y[i];
    break;
  case NL_GE:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] >= y[i];
    break;
  case NL_EQ:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] == y[i];
    break;
  default:
    for (int64_t i = 0; i < n; i++) out[i] = x[i] != y[i];
  }
}

void NL_FN(nl_binary)(void *context, int64_t begin, int64_t end) {
  const nl_elementwise *job = context;
  nl_binary_op op = (nl_binary_op)job->op;
  NL_R a[NL_CHUNK], b[NL_CHUNK], result[NL_CHUNK];
  nl_walk wa, wb;
  nl_walk_start(&wa, job->a, begin);
  nl_walk_start(&wb, job->b, begin);
  nl_dtype dtype = job->out->dtype;
  int64_t size = nl_dtype_size(dtype);
  char *data = nl_tensor_data(job->out);
  bool one_a = nl_walk_is_one(&wa), one_b = nl_walk_is_one(&wb); /* a number: its buffer is filled once */
  if (one_a) NL_FN(nl_load)(wa.dtype, wa.at, 0, NL_CHUNK, a);
  if (one_b) NL_FN(nl_load)(wb.dtype, wb.at, 0, NL_CHUNK, b);
  for (int64_t i = begin; i < end && !nl_interrupted(); i += NL_CHUNK) {
    int64_t n = end - i < NL_CHUNK ? end - i : NL_CHUNK;
    const NL_R *x = one_a ? a : NL_FN(nl_walk)(&wa, n, a), *y = one_b ? b : NL_FN(nl_walk)(&wb, n, b);
    char *p = data + i * size;
    if (op >= NL_LT) {
      compare(op, n, x, y, (uint8_t *)p);
    } else if (dtype == NL_DTYPE) {
      arithmetic(op, n, x, y, (void *)p);
    } else {
      arithmetic(op, n, x, y, result);
      NL_FN(nl_store)(dtype, p, n, result);
    }
  }
}

static void function(nl_unary_op op, int64_t n, const NL_R *x, NL_R *out) {
  switch (op) {
  case NL_NEG:
    for (int64_t i = 0; i < n; i++) out[i] = -x[i];
    break;
  case NL_ABS:
    for (int64_t i = 0; i < n; i++) out[i] = fabs(x[i]);
    break;
  case NL_FLOOR:
    for (int64_t i = 0; i < n; i++) out[i] = floor(x[i]);
    break;
  case NL_EXP: (void)nl_kernels_in_use()->dense[NL_DTYPE].exp_sum(n, 0, x, out); break;
  case NL_LOG:
    for (int64_t i = 0; i < n; i++) out[i] = log(x[i]);
    break;
  case NL_SQRT:
    for (int64_t i = 0; i < n; i++) out[i] = sqrt(x[i]);
    break;
  case NL_TANH: nl_kernels_in_use()->dense[NL_DTYPE].squash(n, 1, x, out, NULL); break;
  case NL_SIN:
    for (int64_t i = 0; i < n; i++) out[i] = sin(x[i]);
    break;
  default:
    for (int64_t i = 0; i < n; i++) out[i] = cos(x[i]);
  }
}

void NL_FN(nl_unary)(void *context, int64_t begin, int64_t end) {
  const nl_elementwise *job = context;
  nl_unary_op op = (nl_unary_op)job->op;
  NL_R a[NL_CHUNK], result[NL_CHUNK];
  nl_walk wa;
  nl_walk_start(&wa, job->a, begin);
  nl_dtype dtype = job->out->dtype;
  int64_t size = nl_dtype_size(dtype);
  char *data = nl_tensor_data(job->out);
  for (int64_t i = begin; i < end && !nl_interrupted(); i += NL_CHUNK) {
    int64_t n = end - i < NL_CHUNK ? end - i : NL_CHUNK;
    const NL_R *x = NL_FN(nl_walk)(&wa, n, a);
    char *p = data + i * size;
    if (op == NL_ISNAN) {
      for (int64_t k = 0; k < n; k++) p[k] = isnan(x[k]) != 0;
    } else if (dtype == NL_DTYPE) {
      function(op, n, x, (void *)p);
    } else {
      function(op, n, x, result);
      NL_FN(nl_store)(dtype, p, n, result);
    }
  }
}
