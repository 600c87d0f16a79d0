/* Softmax along any dimension. Columns of rows that lie in one piece are worked on as they lie; anything else
 * becomes the last dimension of a view, whose rows become those of a contiguous tensor in the compute type;
 * where that is not the result yet, it is copied back. */
#include "softmax.h"
#include "core/turn.h"
#include "device/device.h"
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/ops.h>
#include <numlab/parallel.h>

enum { GRAIN = 16384 }; /* elements a thread at least: about 20 us, below that waking one costs more */

/* On a device: in place, along the last dimension of a contiguous tensor of the compute type. */
static nl_status softmax_there(const nl_tensor *turned, const nl_tensor *rows) {
  NL_TRY(nl_tensor_copy(turned, rows));
  nl_array there = nl_array_of(rows);
  return NL_DEVICE_CALL("softmax", rows, softmax, &there);
}

/* The rows of turned, whatever they are, into those of rows, contiguous and of the compute type. */
static nl_status softmax_rows(const nl_tensor *turned, const nl_tensor *rows) {
  if (nl_tensor_size(rows) == 0) return NL_OK;
  if (!nl_on_cpu(rows)) return softmax_there(turned, rows);
  int64_t n = rows->shape[rows->ndim - 1];
  if (turned->stride[turned->ndim - 1] != 1) { /* a copy reads them faster, by blocks of columns */
    NL_TRY(nl_tensor_copy(turned, rows));
    turned = rows;
  }
  nl_parallel_for(nl_tensor_size(rows) / n, GRAIN / n + 1,
                  rows->dtype == NL_F64 ? nl_softmax_rows_f64 : nl_softmax_rows_f32,
                  &(nl_softmax_job){.from = turned, .to = rows, .n = n});
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "softmax: interrupted") : NL_OK;
}

/* The columns of a, not empty, into those of out. */
static nl_status run_columns(const nl_tensor *a, int dim, const nl_tensor *out) {
  nl_softmax_job job = {.from = a, .to = out, .n = a->shape[dim], .dim = dim};
  int64_t groups = nl_planes(a, dim) * nl_softmax_groups(a->shape[a->ndim - 1]);
  int64_t workers = nl_tensor_size(a) / GRAIN + 1;
  if (workers > nl_threads()) workers = nl_threads();
  job.room = nl_alloc(workers * nl_softmax_room(job.n), (size_t)nl_dtype_size(a->dtype), NL_WORKSPACE);
  if (!job.room) return NL_NOMEM;
  nl_parallel_items(groups, workers, a->dtype == NL_F64 ? nl_softmax_columns_f64 : nl_softmax_columns_f32,
                    &job);
  nl_free(job.room);
  return nl_interrupted() ? nl_fail(NL_INTERRUPTED, "softmax: interrupted") : NL_OK;
}

/* a is of the compute type, its last dimension in one piece, and dim another one. */
static nl_status softmax_columns(const nl_tensor *a, int dim, nl_tensor *out) {
  nl_tensor fresh;
  NL_TRY(nl_tensor_new_beside(a, a->dtype, a->ndim, a->shape, &fresh));
  nl_status s = nl_tensor_size(a) > 0 ? run_columns(a, dim, &fresh) : NL_OK;
  if (s == NL_OK) *out = fresh;
  else nl_tensor_release(&fresh);
  return s;
}

nl_status nl_softmax(const nl_tensor *a, int dim, nl_tensor *out) {
  if (dim < 0 || dim >= a->ndim)
    return nl_fail(NL_ARG, "softmax: dimension %d, the tensor has %d", dim + 1, a->ndim);
  bool real = nl_dtype_is_float(a->dtype);
  nl_dtype result = real ? a->dtype : NL_F64;
  nl_dtype compute = real && a->dtype != NL_F64 ? NL_F32 : NL_F64;
  nl_tensor turned = {0}, rows = {0}, back = {0};
  int last = a->ndim - 1;
  if (nl_on_cpu(a) && a->dtype == compute && dim != last && a->stride[last] == 1)
    return softmax_columns(a, dim, out);
  nl_status s = nl_tensor_transpose(a, dim, last, &turned);
  if (s == NL_OK) s = nl_tensor_new_beside(a, compute, turned.ndim, turned.shape, &rows);
  if (s == NL_OK) s = softmax_rows(&turned, &rows);
  if (s == NL_OK) s = nl_tensor_transpose(&rows, dim, last, &back);
  if (s == NL_OK) s = nl_tensor_contiguous(&back, result, out);
  nl_tensor_release(&turned);
  nl_tensor_release(&rows);
  nl_tensor_release(&back);
  return s;
}
