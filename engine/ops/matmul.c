/* Matrix products of tensors: C(.., i, j) = sum_k A(.., i, k) B(.., k, j), leading dimensions broadcast.
 *
 * f64 and f32 go through nl_product with the strides they have; f16 and bf16 become f32 and are rounded once
 * at the end; integers are summed in i64. The same bits at any thread count. */
#include "dense/thin.h"
#include "device/device.h"
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>

static nl_dtype compute_type(nl_dtype dtype) {
  if (dtype == NL_F64) return NL_F64;
  return nl_dtype_is_float(dtype) ? NL_F32 : NL_I64;
}

/* One product of a stack: element (i, p) of A at A[i * A_row + p * A_col], B likewise; C is contiguous. */
typedef struct product {
  int64_t m, n, k, A_row, A_col, B_row, B_col;
  const void *A, *B;
  void *C;
} product;

/* Rows of an integer product, wrapping modulo 2^64. */
static void integer_rows(void *context, int64_t begin, int64_t end) {
  const product *g = context;
  const int64_t *A = g->A, *B = g->B;
  int64_t *C = g->C;
  for (int64_t i = begin; i < end && !nl_interrupted(); i++)
    for (int64_t j = 0; j < g->n; j++) {
      uint64_t sum = 0; /* unsigned: wraps without undefined behaviour */
      for (int64_t p = 0; p < g->k; p++)
        sum += (uint64_t)A[i * g->A_row + p * g->A_col] * (uint64_t)B[p * g->B_row + j * g->B_col];
      C[i * g->n + j] = (int64_t)sum;
    }
}

static nl_status multiply(nl_dtype compute, product *g) {
  if (compute == NL_F64)
    return nl_product_f64(g->m, g->n, g->k, g->A, g->A_row, g->A_col, g->B, g->B_row, g->B_col, g->C);
  if (compute == NL_F32)
    return nl_product_f32(g->m, g->n, g->k, g->A, g->A_row, g->A_col, g->B, g->B_row, g->B_col, g->C);
  nl_parallel_for(g->m, 65536 / (g->n * g->k + 1) + 1, integer_rows, g);
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "matmul: interrupted") : NL_OK;
}

/* Views of a and b as stacks of matrices, and the shape of the result with its 1-d ends still in place. */
typedef struct plan {
  nl_tensor a, b; /* expanded to the common leading dimensions */
  int lead;
  int64_t shape[NL_MAX_NDIM]; /* leading sizes, m, n */
  int64_t m, n, k;
} plan;

static nl_status mismatch(const nl_tensor *a, const nl_tensor *b, const char *why) {
  char left[NL_SHAPE_TEXT], right[NL_SHAPE_TEXT];
  return nl_fail(NL_SHAPE, "matmul: %s times %s: %s", nl_shape_text(a->ndim, a->shape, left),
                 nl_shape_text(b->ndim, b->shape, right), why);
}

static nl_status make_plan(const nl_tensor *a, const nl_tensor *b, plan *p) {
  nl_tensor ma = {0}, mb = {0};
  nl_status s;
  int64_t row[2] = {1, -1}, column[2] = {-1, 1}, wide[NL_MAX_NDIM];
  if (a->ndim == 0 || b->ndim == 0) return mismatch(a, b, "a scalar has no rows; use :mul");
  row[1] = a->shape[a->ndim - 1];
  column[0] = b->shape[0];
  if (a->dtype != b->dtype)
    return nl_fail(NL_DTYPE, "matmul: the tensors are %s and %s; convert one with :to",
                   nl_dtype_name(a->dtype), nl_dtype_name(b->dtype));
  ma = nl_tensor_share(a);
  mb = nl_tensor_share(b);
  if (a->ndim == 1) {
    nl_tensor_release(&ma);
    NL_TRY(nl_tensor_expand(a, 2, row, &ma));
  }
  if (b->ndim == 1) {
    nl_tensor_release(&mb);
    s = nl_tensor_reshape(b, 2, column, &mb);
    if (s != NL_OK) goto done;
  }
  p->m = ma.shape[ma.ndim - 2];
  p->k = ma.shape[ma.ndim - 1];
  p->n = mb.shape[mb.ndim - 1];
  if (p->k != mb.shape[mb.ndim - 2]) {
    s = mismatch(a, b, "columns on the left, rows on the right differ");
    goto done;
  }
  p->lead = (ma.ndim > mb.ndim ? ma.ndim : mb.ndim) - 2;
  for (int d = 0; d < p->lead; d++) {
    int da = d - (p->lead + 2 - ma.ndim), db = d - (p->lead + 2 - mb.ndim);
    int64_t sa = da < 0 ? 1 : ma.shape[da], sb = db < 0 ? 1 : mb.shape[db];
    if (sa != sb && sa != 1 && sb != 1) {
      s = mismatch(a, b, "leading dimensions do not broadcast");
      goto done;
    }
    p->shape[d] = wide[d] = sa == 1 ? sb : sa;
  }
  p->shape[p->lead] = p->m;
  p->shape[p->lead + 1] = p->n;
  wide[p->lead] = p->m;
  wide[p->lead + 1] = p->k;
  s = nl_tensor_expand(&ma, p->lead + 2, wide, &p->a);
  if (s != NL_OK) goto done;
  wide[p->lead] = p->k;
  wide[p->lead + 1] = p->n;
  s = nl_tensor_expand(&mb, p->lead + 2, wide, &p->b);
  if (s != NL_OK) nl_tensor_release(&p->a);
done:
  nl_tensor_release(&ma);
  nl_tensor_release(&mb);
  return s;
}

/* The matrix that lies at position `batch` of the leading dimensions of t, counted in elements from its data.
 */
static int64_t batch_offset(const nl_tensor *t, int lead, int64_t batch) {
  int64_t at = 0;
  for (int d = lead - 1; d >= 0; d--) {
    at += batch % t->shape[d] * t->stride[d];
    batch /= t->shape[d];
  }
  return at;
}

/* t as it is where it is of the compute type, whatever its strides, else a converted copy. */
static nl_status in_type(const nl_tensor *t, nl_dtype compute, nl_tensor *out) {
  if (t->dtype != compute) return nl_tensor_clone(t, compute, out);
  *out = nl_tensor_share(t);
  return NL_OK;
}

/* Drop the dimensions that a 1-d operand was given. */
static void drop_ends(nl_tensor *t, bool row, bool column) {
  if (column) t->ndim--;
  if (!row) return;
  int last = t->ndim - 1, first = column ? last : last - 1;
  t->shape[first] = t->shape[last];
  t->stride[first] = t->stride[last];
  t->ndim--;
}

/* Every product of the stack into C, contiguous and of the compute type. */
static nl_status multiply_here(const plan *p, nl_dtype compute, nl_tensor *C) {
  nl_tensor A = {0}, B = {0};
  int64_t size = nl_dtype_size(compute), batches = 1;
  for (int d = 0; d < p->lead; d++) batches *= p->shape[d];
  nl_status s = in_type(&p->a, compute, &A);
  if (s == NL_OK) s = in_type(&p->b, compute, &B);
  for (int64_t i = 0; i < batches && s == NL_OK; i++) {
    product g = {.m = p->m,
                 .n = p->n,
                 .k = p->k,
                 .A_row = A.stride[p->lead],
                 .A_col = A.stride[p->lead + 1],
                 .B_row = B.stride[p->lead],
                 .B_col = B.stride[p->lead + 1],
                 .A = (char *)nl_tensor_data(&A) + batch_offset(&A, p->lead, i) * size,
                 .B = (char *)nl_tensor_data(&B) + batch_offset(&B, p->lead, i) * size,
                 .C = (char *)nl_tensor_data(C) + i * p->m * p->n * size};
    s = multiply(compute, &g);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  return s;
}

static nl_status multiply_there(const plan *p, nl_tensor *C) {
  if (!nl_dtype_is_float(C->dtype))
    return nl_fail(NL_UNSUPPORTED,
                   "matmul: %s does not multiply %s; convert to f64 with :to, or move to the CPU",
                   nl_device_name(nl_tensor_device(C)), nl_dtype_name(C->dtype));
  nl_array a = nl_array_of(&p->a), b = nl_array_of(&p->b), c = nl_array_of(C);
  return NL_DEVICE_CALL("matmul", C, matmul, &a, &b, &c);
}

nl_status nl_matmul(const nl_tensor *a, const nl_tensor *b, nl_tensor *out) {
  plan p;
  nl_tensor C = {0};
  NL_TRY(nl_check_one_device("matmul", a, b));
  NL_TRY(make_plan(a, b, &p));
  bool here = nl_on_cpu(a);
  nl_dtype compute = compute_type(a->dtype), result = a->dtype == NL_BOOL ? NL_I64 : a->dtype;
  nl_status s = nl_tensor_new_beside(a, here ? compute : result, p.lead + 2, p.shape, &C);
  if (s == NL_OK) s = here ? multiply_here(&p, compute, &C) : multiply_there(&p, &C);
  if (s == NL_OK) {
    drop_ends(&C, a->ndim == 1, b->ndim == 1);
    s = nl_tensor_contiguous(&C, result, out);
  }
  nl_tensor_release(&p.a);
  nl_tensor_release(&p.b);
  nl_tensor_release(&C);
  return s;
}
