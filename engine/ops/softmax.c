/* Softmax along any dimension: the dimension becomes the last one of a contiguous copy in the compute type,
 * whose rows softmax_tmpl.c works on. */
#include "softmax.h"
#include "device/device.h"
#include <numlab/interrupt.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>

/* In place, along the last dimension of a contiguous tensor of the compute type. */
static nl_status softmax_rows(const nl_tensor *rows) {
  if (!nl_on_cpu(rows)) {
    nl_array there = nl_array_of(rows);
    return NL_DEVICE_CALL("softmax", rows, softmax, &there);
  }
  int64_t n = rows->shape[rows->ndim - 1];
  nl_parallel_for(nl_tensor_size(rows) / n, 4096 / n + 1,
                  rows->dtype == NL_F64 ? nl_softmax_rows_f64 : nl_softmax_rows_f32,
                  &(nl_softmax_job){nl_tensor_data(rows), n});
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "softmax: interrupted") : NL_OK;
}

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
  if (nl_tensor_size(&rows) > 0) s = softmax_rows(&rows);
  if (s == NL_OK) s = nl_tensor_transpose(&rows, dim, last, &back);
  if (s == NL_OK) s = nl_tensor_contiguous(&back, result, out);
done:
  nl_tensor_release(&turned);
  nl_tensor_release(&rows);
  nl_tensor_release(&back);
  return s;
}
