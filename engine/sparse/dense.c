/* Between sparse matrices and 2-d tensors. */
#include "place.h"
#include <inttypes.h>
#include <numlab/interrupt.h>

/* A zero of either sign is left out; NaN is kept. */
static bool kept(double value) { return value != 0; }

nl_status nl_sparse_from_dense(const nl_tensor *t, nl_sparse *out) {
  char text[NL_SHAPE_TEXT];
  if (t->ndim != 2)
    return nl_fail(NL_SHAPE, "sparse: a matrix has 2 dimensions, got a tensor of shape %s",
                   nl_shape_text(t->ndim, t->shape, text));
  nl_tensor whole;
  nl_sparse S = {0};
  NL_TRY(nl_tensor_contiguous(t, NL_F64, &whole));
  int64_t rows = t->shape[0], cols = t->shape[1], nnz = 0, work = 0, i;
  const double *a = nl_tensor_data(&whole);
  for (i = 0; i < rows && !nl_poll(&work, cols); i++)
    for (int64_t j = 0; j < cols; j++) nnz += kept(a[i * cols + j]);
  nl_status status = i < rows ? NL_INTERRUPTED : nl_sparse_new(rows, cols, nnz, &S);
  if (status == NL_OK) {
    int64_t p = 0;
    for (i = 0; i < rows && !nl_poll(&work, cols); i++) {
      for (int64_t j = 0; j < cols; j++)
        if (kept(a[i * cols + j])) {
          S.index[p] = (int32_t)j;
          S.values[p++] = a[i * cols + j];
        }
      S.start[i + 1] = p;
    }
    if (i < rows) status = NL_INTERRUPTED;
  }
  if (status == NL_OK) *out = S;
  else nl_sparse_release(&S);
  if (status == NL_INTERRUPTED) nl_fail(status, "sparse: interrupted in row %" PRId64, i + 1);
  nl_tensor_release(&whole);
  return status;
}

nl_status nl_sparse_to_dense(const nl_sparse *S, nl_tensor *out) {
  int64_t shape[2] = {S->rows, S->cols};
  nl_tensor t;
  NL_TRY(nl_sparse_check_on_cpu("sparse to dense", S));
  NL_TRY(nl_tensor_new(NL_F64, 2, shape, &t));
  double *a = nl_tensor_data(&t);
  int64_t work = 0;
  for (int64_t i = 0; i < S->rows; i++) {
    if (nl_poll(&work, S->start[i + 1] - S->start[i])) {
      nl_tensor_release(&t);
      return nl_fail(NL_INTERRUPTED, "sparse to dense: interrupted in row %" PRId64, i + 1);
    }
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) a[i * S->cols + S->index[p]] = S->values[p];
  }
  *out = t;
  return NL_OK;
}
