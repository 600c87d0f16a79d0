/* Two results over disjoint sets of keys as one (the associative step of flash decoding and ring attention):
 *
 *   m = max(lse1, lse2),  w1 = exp(lse1 - m),  w2 = exp(lse2 - m)
 *   lse = m + log(w1 + w2),  out = (w1 out1 + w2 out2) / (w1 + w2)
 *
 * Computed in f64, rounded once. */
#include "device/device.h"
#include <math.h>
#include <numlab/attention.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>
#include <string.h>

static nl_status check(const nl_tensor *out1, const nl_tensor *lse1, const nl_tensor *out2,
                       const nl_tensor *lse2) {
  char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
  if (!nl_tensor_same_shape(out1, out2))
    return nl_fail(NL_SHAPE, "attention_merge: out1 is %s, out2 is %s, expected one shape",
                   nl_shape_text(out1->ndim, out1->shape, left),
                   nl_shape_text(out2->ndim, out2->shape, right));
  if (out1->dtype != out2->dtype || lse1->dtype != lse2->dtype || !nl_dtype_is_float(out1->dtype) ||
      !nl_dtype_is_float(lse1->dtype))
    return nl_fail(NL_DTYPE,
                   "attention_merge: out1 is %s, out2 is %s, lse1 is %s, lse2 is %s, expected one float "
                   "type for the outs and one for the lses",
                   nl_dtype_name(out1->dtype), nl_dtype_name(out2->dtype), nl_dtype_name(lse1->dtype),
                   nl_dtype_name(lse2->dtype));
  for (int i = 1; i <= 2; i++) {
    const nl_tensor *lse = i == 1 ? lse1 : lse2;
    if (out1->ndim > 0 && lse->ndim == out1->ndim - 1 &&
        memcmp(lse->shape, out1->shape, (size_t)lse->ndim * sizeof *lse->shape) == 0)
      continue;
    return nl_fail(NL_SHAPE, "attention_merge: lse%d is %s, expected %s without its last dimension", i,
                   nl_shape_text(lse->ndim, lse->shape, left), nl_shape_text(out1->ndim, out1->shape, right));
  }
  return NL_OK;
}

/* A side that saw nothing gives nothing, not even NaN. */
static double share(double lse, double w, double x) { return lse == -(double)INFINITY ? 0 : w * x; }

typedef struct sides {
  const nl_tensor *out1, *lse1, *out2, *lse2, *out, *lse;
} sides;

static void merge_rows(void *context, int64_t begin, int64_t end) {
  const sides *t = context;
  const nl_tensor *lse = t->lse;
  for (int64_t i = begin; i < end && !nl_interrupted(); i++) {
    int64_t index[NL_MAX_NDIM], rest = i;
    for (int dim = lse->ndim - 1; dim >= 0; dim--) {
      index[dim] = rest % lse->shape[dim];
      rest /= lse->shape[dim];
    }
    double a = nl_tensor_get(t->lse1, index), b = nl_tensor_get(t->lse2, index),
           m = a > b || isnan(a) ? a : b;
    bool none = m == -(double)INFINITY;
    double w1 = none ? 0 : exp(a - m), w2 = none ? 0 : exp(b - m), sum = w1 + w2;
    nl_tensor_put(lse, index, none ? m : m + log(sum));
    for (int64_t c = 0; c < t->out->shape[lse->ndim]; c++) {
      index[lse->ndim] = c;
      double x = share(a, w1, nl_tensor_get(t->out1, index)) + share(b, w2, nl_tensor_get(t->out2, index));
      nl_tensor_put(t->out, index, none ? 0 : x / sum);
    }
  }
}

nl_status nl_attention_merge(const nl_tensor *out1, const nl_tensor *lse1, const nl_tensor *out2,
                             const nl_tensor *lse2, nl_tensor *out, nl_tensor *lse) {
  nl_tensor merged, merged_lse = {0};
  const nl_tensor *const operands[] = {out1, lse1, out2, lse2};
  for (int i = 0; i < 4; i++)
    NL_TRY(nl_check_on_cpu("attention_merge", i % 2 ? "an lse" : "an out", operands[i]));
  NL_TRY(check(out1, lse1, out2, lse2));
  NL_TRY(nl_tensor_new(out1->dtype, out1->ndim, out1->shape, &merged));
  nl_status s = nl_tensor_new(lse1->dtype, lse1->ndim, lse1->shape, &merged_lse);
  if (s == NL_OK) {
    sides t = {out1, lse1, out2, lse2, &merged, &merged_lse};
    nl_parallel_for(nl_tensor_size(&merged_lse), 4096 / (out1->shape[lse1->ndim] + 1) + 1, merge_rows, &t);
    if (nl_interrupted()) s = nl_fail(NL_INTERRUPTED, "attention_merge: interrupted");
  }
  if (s == NL_OK) {
    *out = merged;
    *lse = merged_lse;
    return NL_OK;
  }
  nl_tensor_release(&merged);
  nl_tensor_release(&merged_lse);
  return s;
}
