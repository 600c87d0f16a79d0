/* Elementwise operations with the types and rules of ops.h: f16 and bf16 are computed in f32 and rounded
 * once, integers in i64, saturating; comparisons give bool, and with NaN all but ne are false.
 *
 * A thread works on four elements in a row: one 16-byte access an operand where it is dense, element by
 * element where it is broadcast or strided. All of these are bound by memory: 3 x 4 bytes an f32 sum. */
#include "element.cuh"
#include "ops.h"

/* --- one element ------------------------------------------------------------------------------------- */

template <typename R> __device__ R arithmetic(nl_binary_op op, R x, R y) {
  switch (op) {
  case NL_ADD: return x + y;
  case NL_SUB: return x - y;
  case NL_MUL: return x * y;
  case NL_DIV: return x / y;
  default: return pow(x, y);
  }
}

/* Sums and differences leave the range only towards the sign of x; a product shows in its upper half. */
template <> __device__ int64_t arithmetic(nl_binary_op op, int64_t x, int64_t y) {
  bool negative = x < 0;
  int64_t z;
  if (op == NL_MUL) {
    z = (int64_t)((uint64_t)x * (uint64_t)y);
    negative = negative != (y < 0);
    if (__mul64hi(x, y) == z >> 63) return z;
  } else {
    if (op == NL_SUB)
      z = (int64_t)((uint64_t)x - (uint64_t)y), y = ~y; /* y and ~y: of opposite signs, both fit */
    else z = (int64_t)((uint64_t)x + (uint64_t)y);
    if (negative != (y < 0) || negative == (z < 0)) return z;
  }
  return negative ? INT64_MIN : INT64_MAX;
}

template <typename R> __device__ bool compare(nl_binary_op op, R x, R y) {
  switch (op) {
  case NL_LT: return x < y;
  case NL_LE: return x <= y;
  case NL_GT: return x > y;
  case NL_GE: return x >= y;
  case NL_EQ: return x == y;
  default: return x != y;
  }
}

template <typename R> __device__ R function(nl_unary_op op, R x) {
  switch (op) {
  case NL_NEG: return -x;
  case NL_ABS: return fabs(x);
  case NL_FLOOR: return floor(x);
  case NL_EXP: return exp(x);
  case NL_LOG: return log(x);
  case NL_SQRT: return sqrt(x);
  case NL_TANH: return tanh(x);
  case NL_SIN: return sin(x);
  case NL_COS: return cos(x);
  default: return (R)isnan(x);
  }
}

template <> __device__ int64_t function(nl_unary_op op, int64_t x) {
  if (op == NL_FLOOR || (op == NL_ABS && x >= 0)) return x;
  return x == INT64_MIN ? INT64_MAX : -x;
}

/* --- kernels ----------------------------------------------------------------------------------------- */

template <typename R>
static __global__ void binary(nl_binary_op op, nlg_layout<3> l, nlg_elements a, nlg_elements b,
                              nlg_elements out) {
  for (int64_t i = 4 * nlg_first(); i < l.size; i += 4 * nlg_stride()) {
    int n = (int)(l.size - i < 4 ? l.size - i : 4);
    R x[4], y[4];
    nlg_load4(l, 0, a, i, n, x);
    nlg_load4(l, 1, b, i, n, y);
    for (int e = 0; e < 4; e++) x[e] = op >= NL_LT ? (R)compare(op, x[e], y[e]) : arithmetic(op, x[e], y[e]);
    nlg_store4(l, 2, out, i, n, x);
  }
}

template <typename R>
static __global__ void unary(nl_unary_op op, nlg_layout<2> l, nlg_elements a, nlg_elements out) {
  for (int64_t i = 4 * nlg_first(); i < l.size; i += 4 * nlg_stride()) {
    int n = (int)(l.size - i < 4 ? l.size - i : 4);
    R x[4];
    nlg_load4(l, 0, a, i, n, x);
    for (int e = 0; e < 4; e++) x[e] = function(op, x[e]);
    nlg_store4(l, 1, out, i, n, x);
  }
}

/* Values are chosen, not computed with: they move as bits. */
template <typename Bits>
static __global__ void where(nlg_layout<4> l, const uint8_t *condition, const Bits *a, const Bits *b,
                             Bits *out) {
  for (int64_t i = nlg_first(); i < l.size; i += nlg_stride())
    out[nlg_place(l, 3, i)] = condition[nlg_place(l, 0, i)] ? a[nlg_place(l, 1, i)] : b[nlg_place(l, 2, i)];
}

/* --- the table's ------------------------------------------------------------------------------------- */

nl_status nlg_binary(void *handle, nl_binary_op op, nl_dtype compute, const nl_array *a, const nl_array *b,
                     const nl_array *out) {
  static const char *const names[NL_BINARY_OPS] = {"add", "sub", "mul", "div", "pow", "lt",
                                                   "le",  "gt",  "ge",  "eq",  "ne"};
  nlg_device *device = nlg_use(handle);
  nlg_layout<3> l = nlg_lay_out<3>({a, b, out});
  if (l.size == 0) return NL_OK;
  auto *kernel = compute == NL_F64 ? binary<double> : compute == NL_F32 ? binary<float> : binary<int64_t>;
  kernel<<<nlg_grid(device, nlg_ceil_div(l.size, 4)), NLG_THREADS, 0, device->stream>>>(
      op, l, nlg_elements_of(l, 0, a), nlg_elements_of(l, 1, b), nlg_elements_of(l, 2, out));
  NLG_LAUNCHED(device, names[op]);
  return NL_OK;
}

nl_status nlg_unary(void *handle, nl_unary_op op, nl_dtype compute, const nl_array *a, const nl_array *out) {
  static const char *const names[NL_UNARY_OPS] = {"neg",  "abs",  "floor", "exp", "log",
                                                  "sqrt", "tanh", "sin",   "cos", "isnan"};
  nlg_device *device = nlg_use(handle);
  nlg_layout<2> l = nlg_lay_out<2>({a, out});
  if (l.size == 0) return NL_OK;
  auto *kernel = compute == NL_F64 ? unary<double> : compute == NL_F32 ? unary<float> : unary<int64_t>;
  kernel<<<nlg_grid(device, nlg_ceil_div(l.size, 4)), NLG_THREADS, 0, device->stream>>>(
      op, l, nlg_elements_of(l, 0, a), nlg_elements_of(l, 1, out));
  NLG_LAUNCHED(device, names[op]);
  return NL_OK;
}

template <typename Bits>
static void launch_where(nlg_device *device, const nlg_layout<4> &l, const nl_array *condition,
                         const nl_array *a, const nl_array *b, const nl_array *out) {
  where<Bits><<<nlg_grid(device, l.size), NLG_THREADS, 0, device->stream>>>(
      l, (const uint8_t *)condition->data, (const Bits *)a->data, (const Bits *)b->data, (Bits *)out->data);
}

nl_status nlg_where(void *handle, const nl_array *condition, const nl_array *a, const nl_array *b,
                    const nl_array *out) {
  nlg_device *device = nlg_use(handle);
  nlg_layout<4> l = nlg_lay_out<4>({condition, a, b, out});
  int64_t bytes = nlg_dtype_size(out->dtype);
  if (l.size == 0) return NL_OK;
  auto *launch = bytes == 8   ? launch_where<uint64_t>
                 : bytes == 4 ? launch_where<uint32_t>
                 : bytes == 2 ? launch_where<uint16_t>
                              : launch_where<uint8_t>;
  launch(device, l, condition, a, b, out);
  NLG_LAUNCHED(device, "where");
  return NL_OK;
}
