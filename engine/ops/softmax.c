/* Softmax along any dimension: the dimension becomes the last one of a contiguous copy in the compute type,
 * whose rows softmax_tmpl.c works on. */
#include "softmax.h"
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>

nl_status nl_softmax(const nl_tensor *a, int dim, nl_tensor *out) {
  if (dim < 0 || dim >= a->ndim)
    return nl_fail(NL_ARG, "softmax: dimension %d, the tensor has %d", dim + 1, a->ndim);
  bool real = nl_dtype_is_float(a->dtype);
  nl_dtype result = real ? a->dtype : NL_F64;
  nl_dtype compute = real && a->dtype != NL_F64 ? NL_F32 : NL_F64;
  nl_tensor turned = {0}, rows = {0}, back = {0};
  int last = a->ndim - 1;
  nl_status s = nl_tensor_transpose(a, dim, last, &turned);
  if (s == NL_OK) s = nl_tensor_clone(&turned, compute, &rows);
  if (s != NL_OK) goto done;
  int64_t n = rows.shape[last], size = nl_tensor_size(&rows);
  if (size > 0)
    nl_parallel_for(size / n, 4096 / n + 1, compute == NL_F64 ? nl_softmax_rows_f64 : nl_softmax_rows_f32,
                    &(nl_softmax_job){nl_tensor_data(&rows), n});
  if (nl_interrupted()) s = nl_fail(NL_INTERRUPTED, "softmax: interrupted");
  if (s == NL_OK) s = nl_tensor_transpose(&rows, dim, last, &back);
  if (s == NL_OK) s = nl_tensor_contiguous(&back, result, out);
done:
  nl_tensor_release(&turned);
  nl_tensor_release(&rows);
  nl_tensor_release(&back);
  return s;
}
