/* Elementwise operations: broadcasting, the choice of types, and the split over threads. The loops are in
 * elementwise_tmpl.c (f32, f64) and elementwise_i64.c. */
#include "elementwise.h"
#include "device/device.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

enum { GRAIN = 16384 }; /* elements a thread at least: below that waking one costs more than it brings */

static const char *const binary_name[NL_BINARY_OPS] = {"add", "sub", "mul", "div", "pow", "lt",
                                                       "le",  "gt",  "ge",  "eq",  "ne"};
static const char *const unary_name[NL_UNARY_OPS] = {"neg",  "abs",  "floor", "exp", "log",
                                                     "sqrt", "tanh", "sin",   "cos", "isnan"};

const char *nl_binary_name(nl_binary_op op) { return binary_name[op]; }
const char *nl_unary_name(nl_unary_op op) { return unary_name[op]; }

/* The type an operation computes in: F64, F32 or I64. */
static nl_dtype compute_type(nl_dtype dtype, bool real) {
  if (dtype == NL_F64) return NL_F64;
  if (nl_dtype_is_float(dtype)) return NL_F32;
  return real ? NL_F64 : NL_I64;
}

static nl_dtype result_type(nl_dtype dtype, bool real, bool comparison) {
  if (comparison) return NL_BOOL;
  if (nl_dtype_is_float(dtype)) return dtype;
  if (real) return NL_F64;
  return dtype == NL_BOOL ? NL_I64 : dtype;
}

/* Sizes of the broadcast of a and b. */
static nl_status broadcast_shape(const char *what, const nl_tensor *a, const nl_tensor *b, int *ndim,
                                 int64_t *shape) {
  int n = a->ndim > b->ndim ? a->ndim : b->ndim;
  for (int d = 0; d < n; d++) {
    int da = d - (n - a->ndim), db = d - (n - b->ndim);
    int64_t sa = da < 0 ? 1 : a->shape[da], sb = db < 0 ? 1 : b->shape[db];
    if (sa != sb && sa != 1 && sb != 1) {
      char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
      return nl_fail(NL_SHAPE, "%s: shapes %s and %s do not broadcast (dimension %d: %lld and %lld)", what,
                     nl_shape_text(a->ndim, a->shape, left), nl_shape_text(b->ndim, b->shape, right), d + 1,
                     (long long)sa, (long long)sb);
    }
    shape[d] = sa == 1 ? sb : sa;
  }
  *ndim = n;
  return NL_OK;
}

static nl_status run_here(const nl_elementwise *job, nl_dtype compute) {
  nl_task *task = job->b ? (compute == NL_F64   ? nl_binary_f64
                            : compute == NL_F32 ? nl_binary_f32
                                                : nl_binary_i64)
                         : (compute == NL_F64   ? nl_unary_f64
                            : compute == NL_F32 ? nl_unary_f32
                                                : nl_unary_i64);
  nl_elementwise own = *job;
  nl_parallel_for(nl_tensor_size(job->out), GRAIN, task, &own);
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "interrupted") : NL_OK;
}

static nl_status run_there(const nl_elementwise *job, nl_dtype compute) {
  nl_array a = nl_array_of(job->a), out = nl_array_of(job->out);
  if (!job->b)
    return NL_DEVICE_CALL(unary_name[job->op], job->a, unary, (nl_unary_op)job->op, compute, &a, &out);
  nl_array b = nl_array_of(job->b);
  return NL_DEVICE_CALL(binary_name[job->op], job->a, binary, (nl_binary_op)job->op, compute, &a, &b, &out);
}

/* Run the job over a fresh output, where its operands lie. */
static nl_status run(nl_elementwise *job, nl_dtype compute, nl_tensor *fresh, nl_tensor *out) {
  job->out = fresh;
  nl_status s = nl_on_cpu(fresh) ? run_here(job, compute) : run_there(job, compute);
  if (s == NL_OK) *out = *fresh;
  else nl_tensor_release(fresh);
  return s;
}

/* a and b have one compute type each; dtype is the one the result is derived from. */
static nl_status binary(nl_binary_op op, nl_dtype dtype, bool real, const nl_tensor *a, const nl_tensor *b,
                        nl_tensor *out) {
  int ndim = 0;
  int64_t shape[NL_MAX_NDIM];
  nl_tensor wide_a = {0}, wide_b = {0}, fresh;
  NL_TRY(nl_check_one_device(binary_name[op], a, b));
  NL_TRY(broadcast_shape(binary_name[op], a, b, &ndim, shape));
  nl_dtype compute = compute_type(dtype, real);
  nl_status s = nl_tensor_expand(a, ndim, shape, &wide_a);
  if (s == NL_OK) s = nl_tensor_expand(b, ndim, shape, &wide_b);
  if (s == NL_OK) s = nl_tensor_new_beside(a, result_type(dtype, real, op >= NL_LT), ndim, shape, &fresh);
  if (s == NL_OK) s = run(&(nl_elementwise){.op = (int)op, .a = &wide_a, .b = &wide_b}, compute, &fresh, out);
  nl_tensor_release(&wide_a);
  nl_tensor_release(&wide_b);
  return s;
}

nl_status nl_binary(nl_binary_op op, const nl_tensor *a, const nl_tensor *b, nl_tensor *out) {
  if (a->dtype != b->dtype)
    return nl_fail(NL_DTYPE, "%s: the tensors are %s and %s; convert one with :to", binary_name[op],
                   nl_dtype_name(a->dtype), nl_dtype_name(b->dtype));
  return binary(op, a->dtype, op == NL_DIV || op == NL_POW, a, b, out);
}

nl_status nl_binary_number(nl_binary_op op, const nl_tensor *a, double number, bool first, nl_tensor *out) {
  bool real = op == NL_DIV || op == NL_POW;
  bool whole = number == floor(number) && fabs(number) <= 0x1p63;
  if (!nl_dtype_is_float(a->dtype) && !real && !whole) {
    if (op < NL_LT)
      return nl_fail(NL_ARG, "%s: %.17g is not a whole number and the tensor is %s; convert it with :to",
                     binary_name[op], number, nl_dtype_name(a->dtype));
    real = true; /* comparisons with a fraction are made in f64 */
  }
  /* the number in the compute type, so that f16 + 0.1 rounds once */
  nl_tensor constant;
  NL_TRY(nl_tensor_new_beside(a, compute_type(a->dtype, real), 0, NULL, &constant));
  nl_status s = nl_tensor_fill(&constant, number);
  if (s == NL_OK && first) s = binary(op, a->dtype, real, &constant, a, out);
  else if (s == NL_OK) s = binary(op, a->dtype, real, a, &constant, out);
  nl_tensor_release(&constant);
  return s;
}

nl_status nl_unary(nl_unary_op op, const nl_tensor *a, nl_tensor *out) {
  nl_tensor fresh;
  bool real = op >= NL_EXP;
  NL_TRY(nl_tensor_new_beside(a, result_type(a->dtype, real, op == NL_ISNAN), a->ndim, a->shape, &fresh));
  return run(&(nl_elementwise){.op = (int)op, .a = a}, compute_type(a->dtype, real), &fresh, out);
}
