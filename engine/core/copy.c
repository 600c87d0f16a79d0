/* Strided copies, casts and fills; between devices too. */
#include "device/device.h"
#include "turn.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

/* Elements between two looks at the interrupt flag: a few ms. What is smaller is finished in any case, so
 * that a solver that was interrupted can still hand out its last iterate. */
enum { POLL = 1 << 18 };

static nl_status interrupted(const char *what) { return nl_fail(NL_INTERRUPTED, "%s: interrupted", what); }

static int64_t last_stride(const nl_tensor *t) { return t->ndim > 0 ? t->stride[t->ndim - 1] : 1; }

/* Calls visit(a, b, ...) for each innermost row, long ones in parts: a and b point at the first elements. */
typedef void row_visit(const nl_tensor *src, const char *a, const nl_tensor *dst, char *b, int64_t count);

static nl_status for_rows(const char *what, const nl_tensor *src, const nl_tensor *dst, row_visit *visit) {
  int64_t index[NL_MAX_NDIM] = {0}, since = 0;
  int outer = dst->ndim > 0 ? dst->ndim - 1 : 0;
  int64_t count = dst->ndim > 0 ? dst->shape[outer] : 1;
  if (nl_tensor_size(dst) == 0) return NL_OK;
  const char *a = nl_tensor_data(src);
  char *b = nl_tensor_data(dst);
  int64_t size_a = nl_dtype_size(src->dtype), size_b = nl_dtype_size(dst->dtype);
  int64_t step_a = last_stride(src) * size_a, step_b = last_stride(dst) * size_b;
  for (;;) {
    for (int64_t i = 0, part; i < count; i += part) {
      if (since >= POLL && nl_interrupted()) return interrupted(what);
      if (since >= POLL) since = 0;
      part = count - i < POLL ? count - i : POLL;
      visit(src, a + i * step_a, dst, b + i * step_b, part);
      since += part;
    }
    int d = outer - 1;
    for (; d >= 0; d--) { /* the next row: an odometer over the outer dimensions */
      a += src->stride[d] * size_a;
      b += dst->stride[d] * size_b;
      if (++index[d] < dst->shape[d]) break;
      a -= src->stride[d] * size_a * index[d];
      b -= dst->stride[d] * size_b * index[d];
      index[d] = 0;
    }
    if (d < 0) return NL_OK;
  }
}

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

/* --- between devices ---------------------------------------------------------------------------------- */

static int64_t bytes_of(const nl_tensor *t) { return nl_tensor_size(t) * nl_dtype_size(t->dtype); }

/* Bytes from one contiguous tensor to another of its type and size, one of them on the CPU. */
static nl_status transfer(const nl_tensor *from, const nl_tensor *to) {
  if (nl_on_cpu(from))
    return NL_DEVICE_CALL("copy", to, upload, nl_tensor_data(to), nl_tensor_data(from), bytes_of(to));
  return NL_DEVICE_CALL("copy", from, download, nl_tensor_data(to), nl_tensor_data(from), bytes_of(to));
}

/* A contiguous copy of a contiguous tensor on another device, by way of the CPU where both are elsewhere. */
static nl_status move(const nl_tensor *t, nl_device *device, nl_tensor *out) {
  nl_tensor fresh, here = {0};
  if (!nl_on_cpu(t) && device != &nl_cpu) {
    NL_TRY(move(t, &nl_cpu, &here));
    t = &here;
  }
  nl_status s = nl_tensor_new_on(device, t->dtype, t->ndim, t->shape, &fresh);
  if (s == NL_OK) {
    s = transfer(t, &fresh);
    if (s == NL_OK) *out = fresh;
    else nl_tensor_release(&fresh);
  }
  nl_tensor_release(&here);
  return s;
}

/* The cast is made where the elements come from. */
nl_status nl_tensor_to(const nl_tensor *t, nl_device *device, nl_dtype dtype, nl_tensor *out) {
  if (nl_tensor_device(t) == device) return nl_tensor_clone(t, dtype, out);
  nl_tensor whole;
  NL_TRY(nl_tensor_contiguous(t, dtype, &whole));
  nl_status s = move(&whole, device, out);
  nl_tensor_release(&whole);
  return s;
}

nl_status nl_tensor_read(const nl_tensor *t, void *element) {
  int64_t size = nl_dtype_size(t->dtype);
  if (!nl_on_cpu(t)) return NL_DEVICE_CALL("copy", t, download, element, nl_tensor_data(t), size);
  memcpy(element, nl_tensor_data(t), (size_t)size);
  return NL_OK;
}

/* --- on one device ------------------------------------------------------------------------------------ */

/* Elements of from into to, of one shape, in storages of their own. */
static nl_status copy_elements(const nl_tensor *from, const nl_tensor *to) {
  if (nl_on_cpu(to)) {
    bool polls = nl_tensor_size(to) >= POLL;
    if (!nl_copy_turned(from, to, polls)) return for_rows("copy", from, to, copy_row);
    return polls && nl_interrupted() ? interrupted("copy") : NL_OK;
  }
  nl_array src = nl_array_of(from), dst = nl_array_of(to);
  return NL_DEVICE_CALL("copy", to, copy, &src, &dst);
}

nl_status nl_tensor_copy(const nl_tensor *src, const nl_tensor *dst) {
  nl_tensor own = {0}, from;
  bool apart = nl_tensor_device(src) != nl_tensor_device(dst);
  if (apart) NL_TRY(nl_tensor_to(src, nl_tensor_device(dst), dst->dtype, &own));
  else if (src->storage == dst->storage) NL_TRY(nl_tensor_clone(src, src->dtype, &own)); /* may overlap */
  nl_status s = nl_tensor_expand(own.storage ? &own : src, dst->ndim, dst->shape, &from);
  if (s == NL_OK) {
    s = copy_elements(&from, dst);
    nl_tensor_release(&from);
  }
  nl_tensor_release(&own);
  return s;
}

nl_status nl_tensor_clone(const nl_tensor *t, nl_dtype dtype, nl_tensor *out) {
  nl_tensor fresh;
  NL_TRY(nl_tensor_new_beside(t, dtype, t->ndim, t->shape, &fresh));
  nl_status s = copy_elements(t, &fresh);
  if (s == NL_OK) *out = fresh;
  else nl_tensor_release(&fresh);
  return s;
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

/* All bits 0, in every type. */
static nl_status clear(const nl_tensor *t) {
  const int64_t bytes = bytes_of(t), piece = POLL * (int64_t)sizeof(double);
  for (int64_t done = 0; done < bytes; done += piece) {
    if (done > 0 && nl_interrupted()) return interrupted("fill");
    memset((char *)nl_tensor_data(t) + done, 0, (size_t)(bytes - done < piece ? bytes - done : piece));
  }
  return NL_OK;
}

nl_status nl_tensor_fill(const nl_tensor *t, double value) {
  if (nl_tensor_size(t) == 0) return NL_OK;
  if (!nl_on_cpu(t)) {
    nl_array dst = nl_array_of(t);
    return NL_DEVICE_CALL("fill", t, fill, &dst, value);
  }
  if (value == 0 && !signbit(value) && nl_tensor_is_contiguous(t)) return clear(t);
  nl_dtype_store(t->dtype, nl_tensor_data(t), value);
  return for_rows("fill", t, t, fill_row);
}
