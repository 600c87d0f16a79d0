/* The walk over any strides, and the integer side of loading and storing. f32 and f64: walk_tmpl.c. */
#include "walk.h"

/* Drop sizes of 1 and merge neighbours that lie without a gap, so that rows get as long as they can. */
static void merge_dims(nl_walk *w, const nl_tensor *t) {
  w->ndim = 0;
  for (int d = 0; d < t->ndim; d++) {
    if (t->shape[d] == 1) continue;
    int last = w->ndim - 1;
    if (w->ndim > 0 && w->stride[last] == t->stride[d] * t->shape[d]) {
      w->shape[last] *= t->shape[d];
      w->stride[last] = t->stride[d];
    } else {
      w->shape[w->ndim] = t->shape[d];
      w->stride[w->ndim++] = t->stride[d];
    }
  }
  if (w->ndim == 0) {
    w->shape[0] = 1;
    w->stride[0] = 1;
    w->ndim = 1;
  }
}

void nl_walk_start(nl_walk *w, const nl_tensor *t, int64_t first) {
  int64_t size = nl_dtype_size(t->dtype);
  merge_dims(w, t);
  w->at = nl_tensor_data(t);
  w->dtype = t->dtype;
  for (int d = w->ndim - 1; d >= 0; d--) {
    w->index[d] = w->shape[d] > 0 ? first % w->shape[d] : 0;
    first = w->shape[d] > 0 ? first / w->shape[d] : 0;
    w->at += w->index[d] * w->stride[d] * size;
  }
}

void nl_walk_advance(nl_walk *w, int64_t run) {
  int64_t size = nl_dtype_size(w->dtype);
  int d = w->ndim - 1;
  w->at += run * w->stride[d] * size;
  w->index[d] += run;
  for (; d > 0 && w->index[d] == w->shape[d]; d--) { /* carry into the outer dimensions */
    w->at += (w->stride[d - 1] - w->shape[d] * w->stride[d]) * size;
    w->index[d] = 0;
    w->index[d - 1]++;
  }
}

void nl_load_i64(nl_dtype dtype, const char *p, int64_t stride, int64_t n, int64_t *out) {
  const int64_t *q64 = (const void *)p;
  const int32_t *q32 = (const void *)p;
  const int16_t *q16 = (const void *)p;
  const uint8_t *q8 = (const void *)p;
  switch (dtype) {
  case NL_I64:
    for (int64_t i = 0; i < n; i++) out[i] = q64[i * stride];
    break;
  case NL_I32:
    for (int64_t i = 0; i < n; i++) out[i] = q32[i * stride];
    break;
  case NL_I16:
    for (int64_t i = 0; i < n; i++) out[i] = q16[i * stride];
    break;
  default: /* u8, bool */
    for (int64_t i = 0; i < n; i++) out[i] = q8[i * stride];
  }
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) {
  return value < low ? low : value > high ? high : value;
}

void nl_store_i64(nl_dtype dtype, char *p, int64_t n, const int64_t *values) {
  switch (dtype) {
  case NL_I64:
    for (int64_t i = 0; i < n; i++) ((int64_t *)(void *)p)[i] = values[i];
    break;
  case NL_I32:
    for (int64_t i = 0; i < n; i++)
      ((int32_t *)(void *)p)[i] = (int32_t)clamp(values[i], INT32_MIN, INT32_MAX);
    break;
  case NL_I16:
    for (int64_t i = 0; i < n; i++)
      ((int16_t *)(void *)p)[i] = (int16_t)clamp(values[i], INT16_MIN, INT16_MAX);
    break;
  case NL_U8:
    for (int64_t i = 0; i < n; i++) ((uint8_t *)p)[i] = (uint8_t)clamp(values[i], 0, UINT8_MAX);
    break;
  default: /* bool */
    for (int64_t i = 0; i < n; i++) ((uint8_t *)p)[i] = values[i] != 0;
  }
}

const int64_t *nl_walk_i64(nl_walk *w, int64_t n, int64_t *buffer) {
  if (w->dtype == NL_I64 && w->stride[w->ndim - 1] == 1 && n <= nl_walk_left(w)) {
    const char *here = w->at;
    nl_walk_advance(w, n);
    return (const void *)here;
  }
  for (int64_t done = 0; done < n;) {
    int64_t left = nl_walk_left(w), run = left < n - done ? left : n - done;
    nl_load_i64(w->dtype, w->at, w->stride[w->ndim - 1], run, buffer + done);
    nl_walk_advance(w, run);
    done += run;
  }
  return buffer;
}
