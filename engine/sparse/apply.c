/* y = S x for tensors: x is a vector (cols) or a matrix (cols, k) of f64, any strides. */
#include <inttypes.h>
#include <numlab/sparse.h>

nl_status nl_sparse_apply(const nl_sparse *S, const nl_tensor *x, nl_tensor *out) {
  char text[NL_SHAPE_TEXT];
  if (x->ndim < 1 || x->ndim > 2 || x->shape[0] != S->cols)
    return nl_fail(NL_SHAPE,
                   "sparse product: a %" PRId64 "x%" PRId64 " matrix times a tensor of shape %s, expected "
                   "%" PRId64 " rows and at most 2 dimensions",
                   S->rows, S->cols, nl_shape_text(x->ndim, x->shape, text), S->cols);
  if (x->dtype != NL_F64)
    return nl_fail(NL_DTYPE,
                   "sparse product: the matrix is f64 and the tensor %s; convert it with :to('f64')",
                   nl_dtype_name(x->dtype));
  nl_tensor whole, y;
  int64_t shape[2] = {S->rows, x->ndim == 2 ? x->shape[1] : 1};
  NL_TRY(nl_tensor_contiguous(x, NL_F64, &whole));
  nl_status status = nl_tensor_new_uninitialised(NL_F64, x->ndim, shape, &y);
  if (status == NL_OK) {
    if (x->ndim == 1) nl_sparse_matvec(S, nl_tensor_data(&whole), nl_tensor_data(&y));
    else nl_sparse_matmat(S, nl_tensor_data(&whole), shape[1], nl_tensor_data(&y));
    *out = y;
  }
  nl_tensor_release(&whole);
  return status;
}
