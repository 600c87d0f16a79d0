/* Shapes as text and as checked products. */
#include <inttypes.h>
#include <numlab/tensor.h>
#include <stdio.h>

char *nl_shape_text(int ndim, const int64_t *shape, char *buffer) {
  char *p = buffer;
  if (ndim == 0) snprintf(p, NL_SHAPE_TEXT, "scalar");
  for (int d = 0; d < ndim; d++)
    p += snprintf(p, (size_t)(NL_SHAPE_TEXT - (p - buffer)), "%s%" PRId64, d ? "x" : "", shape[d]);
  return buffer;
}

nl_status nl_shape_size(int ndim, const int64_t *shape, int64_t *size) {
  if (ndim < 0 || ndim > NL_MAX_NDIM)
    return nl_fail(NL_SHAPE, "%d dimensions, expected 0 to %d", ndim, NL_MAX_NDIM);
  int64_t product = 1;
  bool empty = false, overflow = false;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] < 0)
      return nl_fail(NL_SHAPE, "size %" PRId64 " of dimension %d is negative", shape[d], d + 1);
    if (shape[d] == 0) empty = true;
    else overflow |= __builtin_mul_overflow(product, shape[d], &product);
  }
  if (overflow) {
    char text[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "shape %s has more elements than 64 bits can count",
                   nl_shape_text(ndim, shape, text));
  }
  *size = empty ? 0 : product;
  return NL_OK;
}
