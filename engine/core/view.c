/* Views: other shapes and strides over the same storage. */
#include <inttypes.h>
#include <numlab/tensor.h>

static nl_status check_dim(const char *what, const nl_tensor *t, int dim) {
  if (dim >= 0 && dim < t->ndim) return NL_OK;
  return nl_fail(NL_ARG, "%s: dimension %d, the tensor has %d", what, dim + 1, t->ndim);
}

nl_status nl_tensor_slice(const nl_tensor *t, int dim, int64_t begin, int64_t count, int64_t step,
                          nl_tensor *out) {
  NL_TRY(check_dim("slice", t, dim));
  int64_t size = t->shape[dim], span, last;
  if (step == 0) return nl_fail(NL_ARG, "slice: step 0 of dimension %d", dim + 1);
  if (count < 0) return nl_fail(NL_ARG, "slice: %" PRId64 " elements of dimension %d", count, dim + 1);
  if (count > 0 && (begin < 0 || begin >= size || __builtin_mul_overflow(count - 1, step, &span) ||
                    __builtin_add_overflow(begin, span, &last) || last < 0 || last >= size))
    return nl_fail(NL_ARG,
                   "slice: %" PRId64 " elements from %" PRId64 " by %" PRId64
                   " leave dimension %d of size %" PRId64,
                   count, begin + 1, step, dim + 1, size);
  nl_tensor view = nl_tensor_share(t);
  if (count > 0) view.offset += begin * t->stride[dim];
  view.shape[dim] = count;
  view.stride[dim] = count > 1 ? t->stride[dim] * step : t->stride[dim];
  *out = view;
  return NL_OK;
}

nl_status nl_tensor_select(const nl_tensor *t, int dim, int64_t index, nl_tensor *out) {
  NL_TRY(check_dim("index", t, dim));
  if (index < 0 || index >= t->shape[dim])
    return nl_fail(NL_ARG, "index %" PRId64 " is outside dimension %d of size %" PRId64, index + 1, dim + 1,
                   t->shape[dim]);
  nl_tensor view = nl_tensor_share(t);
  view.offset += index * t->stride[dim];
  view.ndim--;
  for (int d = dim; d < view.ndim; d++) {
    view.shape[d] = t->shape[d + 1];
    view.stride[d] = t->stride[d + 1];
  }
  *out = view;
  return NL_OK;
}

nl_status nl_tensor_transpose(const nl_tensor *t, int dim1, int dim2, nl_tensor *out) {
  NL_TRY(check_dim("transpose", t, dim1));
  NL_TRY(check_dim("transpose", t, dim2));
  nl_tensor view = nl_tensor_share(t);
  view.shape[dim1] = t->shape[dim2];
  view.stride[dim1] = t->stride[dim2];
  view.shape[dim2] = t->shape[dim1];
  view.stride[dim2] = t->stride[dim1];
  *out = view;
  return NL_OK;
}

/* Fill in the one -1 and compare the products. */
static nl_status resolve_shape(const nl_tensor *t, int ndim, const int64_t *wanted, int64_t *shape) {
  char from[NL_SHAPE_TEXT], to[NL_SHAPE_TEXT];
  int64_t size = nl_tensor_size(t), known;
  int open = -1;
  if (ndim < 0 || ndim > NL_MAX_NDIM)
    return nl_fail(NL_SHAPE, "reshape: %d dimensions, expected 0 to %d", ndim, NL_MAX_NDIM);
  for (int d = 0; d < ndim; d++) {
    shape[d] = wanted[d];
    if (wanted[d] != -1) continue;
    if (open >= 0) return nl_fail(NL_SHAPE, "reshape: more than one size is -1");
    open = d;
    shape[d] = 1;
  }
  NL_TRY(nl_shape_size(ndim, shape, &known));
  if (open >= 0 && known > 0 && size % known == 0) {
    shape[open] = size / known;
    return NL_OK;
  }
  if (open < 0 && known == size) return NL_OK;
  return nl_fail(NL_SHAPE, "reshape: %s has %" PRId64 " elements and cannot become %s",
                 nl_shape_text(t->ndim, t->shape, from), size, nl_shape_text(ndim, wanted, to));
}

/* Strides of the new shape over the old memory: walk both from the right, matching groups of dimensions with
 * equal products; inside a group the old dimensions must lie without gaps. */
static bool restride(const nl_tensor *t, int ndim, const int64_t *shape, int64_t *stride) {
  int64_t old_shape[NL_MAX_NDIM], old_stride[NL_MAX_NDIM];
  int n = 0;
  for (int d = 0; d < t->ndim; d++)
    if (t->shape[d] != 1) {
      old_shape[n] = t->shape[d];
      old_stride[n++] = t->stride[d];
    }
  int d = ndim - 1, o = n - 1;
  while (o >= 0) {
    int64_t have = old_shape[o], step = old_stride[o], want = 1;
    for (;;) {
      while (d >= 0 && want < have) {
        stride[d] = step * want;
        want *= shape[d--];
      }
      if (want == have) break;
      if (--o < 0 || old_stride[o] != step * have) return false;
      have *= old_shape[o];
    }
    o--;
  }
  for (; d >= 0; d--) stride[d] = 1; /* sizes of 1 are left */
  return true;
}

nl_status nl_tensor_reshape(const nl_tensor *t, int ndim, const int64_t *wanted, nl_tensor *out) {
  int64_t shape[NL_MAX_NDIM], stride[NL_MAX_NDIM];
  NL_TRY(resolve_shape(t, ndim, wanted, shape));
  nl_tensor view;
  bool empty = nl_tensor_size(t) == 0;
  if (!empty && restride(t, ndim, shape, stride)) {
    view = nl_tensor_share(t);
  } else {
    NL_TRY(nl_tensor_contiguous(t, t->dtype, &view));
    int64_t step = 1;
    for (int d = ndim - 1; d >= 0; d--) {
      stride[d] = step;
      step *= shape[d] > 0 ? shape[d] : 1;
    }
  }
  view.ndim = ndim;
  for (int d = 0; d < ndim; d++) {
    view.shape[d] = shape[d];
    view.stride[d] = stride[d];
  }
  *out = view;
  return NL_OK;
}

nl_status nl_tensor_expand(const nl_tensor *t, int ndim, const int64_t *shape, nl_tensor *out) {
  int lead = ndim - t->ndim;
  bool fits = lead >= 0 && ndim <= NL_MAX_NDIM;
  for (int d = 0; fits && d < t->ndim; d++) fits = t->shape[d] == shape[d + lead] || t->shape[d] == 1;
  if (!fits) {
    char from[NL_SHAPE_TEXT], to[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "a %s tensor does not broadcast to %s", nl_shape_text(t->ndim, t->shape, from),
                   nl_shape_text(ndim <= NL_MAX_NDIM ? ndim : NL_MAX_NDIM, shape, to));
  }
  int64_t size;
  NL_TRY(nl_shape_size(ndim, shape, &size)); /* an expansion costs nothing, so it alone must not overflow */
  nl_tensor view = nl_tensor_share(t);
  view.ndim = ndim;
  for (int d = ndim - 1; d >= 0; d--) {
    bool kept = d >= lead && t->shape[d - lead] == shape[d];
    view.shape[d] = shape[d];
    view.stride[d] = kept ? t->stride[d - lead] : 0;
  }
  *out = view;
  return NL_OK;
}
