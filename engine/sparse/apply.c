/* y = S x and y = x S = S^T x for tensors: x is a vector or a matrix of f64, any strides. */
#include "device/device.h"
#include "place.h"
#include <inttypes.h>

static nl_status check_dtype(const nl_tensor *x) {
  if (x->dtype == NL_F64) return NL_OK;
  return nl_fail(NL_DTYPE, "sparse product: the matrix is f64 and the tensor %s; convert it with :to('f64')",
                 nl_dtype_name(x->dtype));
}

/* Y = S X with contiguous X and Y (.., k). */
static nl_status apply(const nl_sparse *S, const nl_tensor *x, int64_t k, const nl_tensor *y) {
  const double *X = nl_tensor_data(x);
  double *Y = nl_tensor_data(y);
  if (!nl_on_cpu(x)) return NL_DEVICE_CALL("sparse product", x, sparse_apply, S, X, k, Y);
  if (x->ndim == 1) nl_sparse_matvec(S, X, Y);
  else nl_sparse_matmat(S, X, k, Y);
  return NL_OK;
}

nl_status nl_sparse_apply(const nl_sparse *S, const nl_tensor *x, nl_tensor *out) {
  char text[NL_SHAPE_TEXT];
  if (x->ndim < 1 || x->ndim > 2 || x->shape[0] != S->cols)
    return nl_fail(NL_SHAPE,
                   "sparse product: a %" PRId64 "x%" PRId64 " matrix times a tensor of shape %s, expected "
                   "%" PRId64 " rows and at most 2 dimensions",
                   S->rows, S->cols, nl_shape_text(x->ndim, x->shape, text), S->cols);
  NL_TRY(check_dtype(x));
  NL_TRY(nl_sparse_check_one_device("sparse product", S, x));
  nl_tensor whole, y;
  int64_t shape[2] = {S->rows, x->ndim == 2 ? x->shape[1] : 1};
  NL_TRY(nl_tensor_contiguous(x, NL_F64, &whole));
  nl_status status = nl_tensor_new_beside(x, NL_F64, x->ndim, shape, &y);
  if (status == NL_OK) {
    status = apply(S, &whole, shape[1], &y);
    if (status == NL_OK) *out = y;
    else nl_tensor_release(&y);
  }
  nl_tensor_release(&whole);
  return status;
}

nl_status nl_sparse_apply_left(const nl_tensor *x, const nl_sparse *S, nl_tensor *out) {
  char text[NL_SHAPE_TEXT];
  int last = x->ndim - 1;
  if (x->ndim < 1 || x->ndim > 2 || x->shape[last] != S->rows)
    return nl_fail(NL_SHAPE,
                   "sparse product: a tensor of shape %s times a %" PRId64 "x%" PRId64 " matrix, expected "
                   "%" PRId64 " columns and at most 2 dimensions",
                   nl_shape_text(x->ndim, x->shape, text), S->rows, S->cols, S->rows);
  NL_TRY(check_dtype(x));
  NL_TRY(nl_sparse_check_one_device("sparse product", S, x));
  nl_sparse T;
  nl_tensor flipped, y;
  NL_TRY(nl_sparse_transpose(S, &T));
  nl_status status = nl_tensor_transpose(x, 0, last, &flipped);
  if (status == NL_OK) {
    status = nl_sparse_apply(&T, &flipped, &y);
    nl_tensor_release(&flipped);
  }
  nl_sparse_release(&T);
  if (status != NL_OK) return status;
  status = nl_tensor_transpose(&y, 0, last, out); /* (x S)^T to x S; of a vector nothing changes */
  nl_tensor_release(&y);
  return status;
}
