/* Matrix products of tensors: C(.., i, j) = sum_k A(.., i, k) B(.., k, j), leading dimensions broadcast.
 *
 * Operands become contiguous in the compute type (f64, f32, or i64 for integers); each row of C is summed in
 * the order of k, so the same bits come at any thread count. */
#include "matmul.h"
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>
#include <string.h>

static nl_dtype compute_type(nl_dtype dtype) {
  if (dtype == NL_F64) return NL_F64;
  return nl_dtype_is_float(dtype) ? NL_F32 : NL_I64;
}

void nl_matmul_rows_i64(void *context, int64_t begin, int64_t end) {
  const nl_matmul_job *job = context;
  int64_t n = job->n, k = job->k;
  for (int64_t i = begin; i < end && !nl_interrupted(); i++) {
    const int64_t *a = (const int64_t *)job->A + i * k, *B = job->B;
    int64_t *c = (int64_t *)job->C + i * n;
    for (int64_t j = 0; j < n; j++) {
      uint64_t sum = 0; /* unsigned: wraps without undefined behaviour */
      for (int64_t p = 0; p < k; p++) sum += (uint64_t)a[p] * (uint64_t)B[p * n + j];
      c[j] = (int64_t)sum;
    }
  }
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

/* C = A B for one pair of matrices of the compute type. */
static void multiply(nl_dtype compute, const void *A, const void *B, void *C, const plan *p) {
  nl_matmul_job job = {A, B, C, p->n, p->k};
  nl_task *rows = compute == NL_F64   ? nl_matmul_rows_f64
                  : compute == NL_F32 ? nl_matmul_rows_f32
                                      : nl_matmul_rows_i64;
  int64_t work = p->n * p->k + 1; /* products a row */
  nl_parallel_for(p->m, 65536 / work + 1, rows, &job);
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

/* t as it is where each of its matrices is dense and of the compute type, else a contiguous copy. */
static nl_status dense_matrices(const nl_tensor *t, int lead, nl_dtype compute, nl_tensor *out) {
  int64_t rows = t->shape[lead], cols = t->shape[lead + 1];
  bool dense = t->dtype == compute && (cols == 1 || t->stride[lead + 1] == 1) &&
               (rows == 1 || t->stride[lead] == cols);
  if (!dense) return nl_tensor_clone(t, compute, out);
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

nl_status nl_matmul(const nl_tensor *a, const nl_tensor *b, nl_tensor *out) {
  plan p;
  nl_tensor A = {0}, B = {0}, C = {0};
  NL_TRY(make_plan(a, b, &p));
  nl_dtype compute = compute_type(a->dtype), result = a->dtype == NL_BOOL ? NL_I64 : a->dtype;
  int64_t size = nl_dtype_size(compute), batches = 1;
  nl_status s = dense_matrices(&p.a, p.lead, compute, &A);
  if (s == NL_OK) s = dense_matrices(&p.b, p.lead, compute, &B);
  if (s == NL_OK) s = nl_tensor_new(compute, p.lead + 2, p.shape, &C);
  if (s != NL_OK) goto done;
  for (int d = 0; d < p.lead; d++) batches *= p.shape[d];
  for (int64_t i = 0; i < batches && !nl_interrupted(); i++)
    multiply(compute, (char *)nl_tensor_data(&A) + batch_offset(&A, p.lead, i) * size,
             (char *)nl_tensor_data(&B) + batch_offset(&B, p.lead, i) * size,
             (char *)nl_tensor_data(&C) + i * p.m * p.n * size, &p);
  if (nl_interrupted()) {
    s = nl_fail(NL_INTERRUPTED, "matmul: interrupted");
    goto done;
  }
  drop_ends(&C, a->ndim == 1, b->ndim == 1);
  s = nl_tensor_contiguous(&C, result, out);
done:
  nl_tensor_release(&p.a);
  nl_tensor_release(&p.b);
  nl_tensor_release(&A);
  nl_tensor_release(&B);
  nl_tensor_release(&C);
  return s;
}
