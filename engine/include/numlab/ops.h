/* Operations on tensors. Each makes a new contiguous tensor; operands broadcast (trailing dimensions aligned,
 * sizes of 1 stretched).
 *
 * Types: both operands have the same dtype (DTYPE names both otherwise). f64 computes in f64; f32, f16 and
 * bf16 in f32, rounded once when stored; integers and bool in i64, saturating (the result of bool arithmetic
 * is i64). div, pow and the elementary functions of integers give f64. Comparisons give bool; every
 * comparison with NaN but ne is false. The same bits at any thread count.
 */
#ifndef NUMLAB_OPS_H
#define NUMLAB_OPS_H

#include <numlab/tensor.h>

/* --- elementwise ------------------------------------------------------------------------------------- */

typedef enum nl_binary_op {
  NL_ADD,
  NL_SUB,
  NL_MUL,
  NL_DIV,
  NL_POW,
  NL_LT, /* from here on: comparisons */
  NL_LE,
  NL_GT,
  NL_GE,
  NL_EQ,
  NL_NE,
  NL_BINARY_OPS
} nl_binary_op;

const char *nl_binary_name(nl_binary_op op); /* "add" */
nl_status nl_binary(nl_binary_op op, const nl_tensor *a, const nl_tensor *b, nl_tensor *out);
/* The number takes the tensor's type: ARG when an integer type cannot hold it in add, sub or mul.
 * first: number op a instead of a op number. */
nl_status nl_binary_number(nl_binary_op op, const nl_tensor *a, double number, bool first, nl_tensor *out);

typedef enum nl_unary_op {
  NL_NEG,
  NL_ABS,
  NL_FLOOR,
  NL_EXP, /* from here to NL_COS: elementary functions */
  NL_LOG,
  NL_SQRT,
  NL_TANH,
  NL_SIN,
  NL_COS,
  NL_ISNAN, /* bool */
  NL_UNARY_OPS
} nl_unary_op;

const char *nl_unary_name(nl_unary_op op);
nl_status nl_unary(nl_unary_op op, const nl_tensor *a, nl_tensor *out);

/* condition (bool) ? a : b, all three broadcast; a and b of one dtype. */
nl_status nl_where(const nl_tensor *condition, const nl_tensor *a, const nl_tensor *b, nl_tensor *out);

/* Tensors one after another along dim; the other sizes and the dtype agree. count >= 1. */
nl_status nl_cat(int dim, int count, const nl_tensor *const *parts, nl_tensor *out);

/* --- reductions -------------------------------------------------------------------------------------- */

typedef enum nl_reduction {
  NL_REDUCE_SUM,  /* pairwise in f64; exact and saturating in i64 for integers and bool */
  NL_REDUCE_MEAN, /* f64 for integers and bool */
  NL_REDUCE_MAX,  /* NaN where there is one */
  NL_REDUCE_MIN,
  NL_REDUCE_ARGMAX, /* first of equals, the first NaN where there is one; i64, counted from 0 */
  NL_REDUCE_ARGMIN,
  NL_REDUCE_ANY, /* bool; NaN counts as true */
  NL_REDUCE_ALL,
  NL_REDUCE_NORM_1, /* sum |x| */
  NL_REDUCE_NORM_2, /* sqrt(sum x^2) without overflow or underflow */
  NL_REDUCE_NORM_INF,
  NL_REDUCTIONS
} nl_reduction;

const char *nl_reduction_name(nl_reduction op);
/* Over dimension dim, which is dropped, or kept with size 1. ARG: max, min, argmax, argmin, mean of nothing.
 */
nl_status nl_reduce(nl_reduction op, const nl_tensor *a, int dim, bool keep, nl_tensor *out);
/* Over all elements; out is a scalar. argmax is the row-major position. */
nl_status nl_reduce_all(nl_reduction op, const nl_tensor *a, nl_tensor *out);
/* (sum |x|^p)^(1/p) over all, p > 0 (infinity allowed). */
nl_status nl_norm(const nl_tensor *a, double p, double *out);

/* exp(x - max) / sum exp(x - max) along dim. A row whose maximum is -inf, +inf or NaN is NaN, as the formula
 * says.
 */
nl_status nl_softmax(const nl_tensor *a, int dim, nl_tensor *out);

/* --- products ---------------------------------------------------------------------------------------- */

/* Matrix product (.., m, k) (.., k, n) -> (.., m, n); leading dimensions broadcast. A 1-d operand is a row on
 * the left and a column on the right, its dimension dropped again; 1-d times 1-d gives a scalar (ndim 0). */
nl_status nl_matmul(const nl_tensor *a, const nl_tensor *b, nl_tensor *out);

/* --- agreement --------------------------------------------------------------------------------------- */

typedef struct nl_agreement {
  bool agree;     /* every |a - b| <= atol + rtol |b|, or equal infinities */
  double max_abs; /* largest and mean |a - b|; equal infinities count 0; NaN passes through */
  double mean_abs;
  double max_rel; /* largest |a - b| / |b| over b != 0 */
} nl_agreement;

/* One shape broadcasts to the other; dtypes may differ. Nothing to compare agrees. SHAPE; ARG for negative or
 * NaN tolerances. */
nl_status nl_allclose(const nl_tensor *a, const nl_tensor *b, double rtol, double atol, nl_agreement *out);

#endif
