/* Strided copies, casts and fills. */
#include <numlab/tensor.h>
#include <string.h>

/* Calls visit(a, b, ...) for each innermost row: a and b point at its first elements. */
typedef void row_visit(const nl_tensor *src, const char *a, const nl_tensor *dst, char *b, int64_t count);

static void for_rows(const nl_tensor *src, const nl_tensor *dst, row_visit *visit) {
  int64_t index[NL_MAX_NDIM] = {0};
  int outer = dst->ndim > 0 ? dst->ndim - 1 : 0;
  int64_t count = dst->ndim > 0 ? dst->shape[outer] : 1;
  if (nl_tensor_size(dst) == 0) return;
  const char *a = nl_tensor_data(src);
  char *b = nl_tensor_data(dst);
  int64_t size_a = nl_dtype_size(src->dtype), size_b = nl_dtype_size(dst->dtype);
  for (;;) {
    visit(src, a, dst, b, count);
    int d = outer - 1;
    for (; d >= 0; d--) { /* the next row: an odometer over the outer dimensions */
      a += src->stride[d] * size_a;
      b += dst->stride[d] * size_b;
      if (++index[d] < dst->shape[d]) break;
      a -= src->stride[d] * size_a * index[d];
      b -= dst->stride[d] * size_b * index[d];
      index[d] = 0;
    }
    if (d < 0) return;
  }
}

static int64_t last_stride(const nl_tensor *t) { return t->ndim > 0 ? t->stride[t->ndim - 1] : 1; }

static void copy_row(const nl_tensor *src, const char *a, const nl_tensor *dst, char *b, int64_t count) {
  int64_t sa = last_stride(src), sb = last_stride(dst), size = nl_dtype_size(dst->dtype);
  if (src->dtype == dst->dtype) {
    if (sa == 1 && sb == 1) {
      memcpy(b, a, (size_t)(count * size));
      return;
    }
    for (int64_t i = 0; i < count; i++) memcpy(b + i * sb * size, a + i * sa * size, (size_t)size);
    return;
  }
  int64_t size_a = nl_dtype_size(src->dtype);
  for (int64_t i = 0; i < count; i++)
    nl_dtype_store(dst->dtype, b + i * sb * size, nl_dtype_load(src->dtype, a + i * sa * size_a));
}

nl_status nl_tensor_copy(const nl_tensor *src, const nl_tensor *dst) {
  nl_tensor from;
  if (src->storage == dst->storage) { /* may overlap: go through a copy */
    nl_tensor whole;
    NL_TRY(nl_tensor_clone(src, src->dtype, &whole));
    nl_status s = nl_tensor_copy(&whole, dst);
    nl_tensor_release(&whole);
    return s;
  }
  NL_TRY(nl_tensor_expand(src, dst->ndim, dst->shape, &from));
  for_rows(&from, dst, copy_row);
  nl_tensor_release(&from);
  return NL_OK;
}

nl_status nl_tensor_clone(const nl_tensor *t, nl_dtype dtype, nl_tensor *out) {
  nl_tensor fresh;
  NL_TRY(nl_tensor_new_uninitialised(dtype, t->ndim, t->shape, &fresh));
  for_rows(t, &fresh, copy_row);
  *out = fresh;
  return NL_OK;
}

nl_status nl_tensor_contiguous(const nl_tensor *t, nl_dtype dtype, nl_tensor *out) {
  if (t->dtype != dtype || !nl_tensor_is_contiguous(t)) return nl_tensor_clone(t, dtype, out);
  *out = nl_tensor_share(t);
  return NL_OK;
}

/* Every element of the row becomes the first element of the tensor. */
static void fill_row(const nl_tensor *t, const char *a, const nl_tensor *dst, char *b, int64_t count) {
  char bytes[8] = {0};
  int64_t size = nl_dtype_size(t->dtype), step = last_stride(dst) * size;
  (void)a;
  memcpy(bytes, nl_tensor_data(t), (size_t)size);
  if (size == 8)
    for (int64_t i = 0; i < count; i++, b += step) memcpy(b, bytes, 8);
  else
    for (int64_t i = 0; i < count; i++, b += step) memcpy(b, bytes, (size_t)size);
}

void nl_tensor_fill(const nl_tensor *t, double value) {
  if (nl_tensor_size(t) == 0) return;
  nl_dtype_store(t->dtype, nl_tensor_data(t), value);
  for_rows(t, t, fill_row);
}
