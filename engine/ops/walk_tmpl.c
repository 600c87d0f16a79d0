/* Chunks of any tensor as values of one compute type, and back. Integers go through here only into f64. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "walk.h"

/* Neighbours, which the compiler makes vectors of; false for the types it cannot. */
static bool load_run(nl_dtype dtype, const char *p, int64_t n, NL_R *restrict out) {
  const double *restrict d = (const void *)p;
  const float *restrict f = (const void *)p;
  if (dtype == NL_F64)
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)d[i];
  else if (dtype == NL_F32)
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)f[i];
  else if (NL_IS_F32 && nl_dtype_is_float(dtype))
    nl_kernels_in_use()->widen[dtype](n, (const void *)p, (void *)out);
  else return false;
  return true;
}

void NL_FN(nl_load)(nl_dtype dtype, const char *p, int64_t stride, int64_t n, NL_R *out) {
  const double *d = (const void *)p;
  const float *f = (const void *)p;
  const uint16_t *h = (const void *)p;
  int64_t size = nl_dtype_size(dtype);
  if (stride == 1 && load_run(dtype, p, n, out)) return;
  if (stride == 0 && n > 1) { /* one element, stretched by broadcasting */
    NL_FN(nl_load)(dtype, p, 1, 1, out);
    for (int64_t i = 1; i < n; i++) out[i] = out[0];
    return;
  }
  switch (dtype) {
  case NL_F64:
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)d[i * stride];
    break;
  case NL_F32:
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)f[i * stride];
    break;
  case NL_F16:
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)nl_f16_to_f32(h[i * stride]);
    break;
  case NL_BF16:
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)nl_bf16_to_f32(h[i * stride]);
    break;
  default:
    for (int64_t i = 0; i < n; i++) out[i] = (NL_R)nl_dtype_load(dtype, p + i * stride * size);
  }
}

void NL_FN(nl_store)(nl_dtype dtype, char *p, int64_t n, const NL_R *values) {
  int64_t size = nl_dtype_size(dtype);
  if (dtype == NL_DTYPE) {
    for (int64_t i = 0; i < n; i++) ((NL_R *)(void *)p)[i] = values[i];
  } else if (NL_IS_F32 && dtype == NL_BF16) {
    for (int64_t i = 0; i < n; i++) ((uint16_t *)(void *)p)[i] = nl_f32_to_bf16((float)values[i]);
  } else if (NL_IS_F32 && dtype == NL_F16) {
    for (int64_t i = 0; i < n; i++) ((uint16_t *)(void *)p)[i] = nl_f32_to_f16((float)values[i]);
  } else {
    for (int64_t i = 0; i < n; i++) nl_dtype_store(dtype, p + i * size, (double)values[i]);
  }
}

const NL_R *NL_FN(nl_walk)(nl_walk *w, int64_t n, NL_R *buffer) {
  if (w->dtype == NL_DTYPE && w->stride[w->ndim - 1] == 1 && n <= nl_walk_left(w)) {
    const char *here = w->at;
    nl_walk_advance(w, n);
    return (const void *)here;
  }
  for (int64_t done = 0; done < n;) {
    int64_t left = nl_walk_left(w), run = left < n - done ? left : n - done;
    NL_FN(nl_load)(w->dtype, w->at, w->stride[w->ndim - 1], run, buffer + done);
    nl_walk_advance(w, run);
    done += run;
  }
  return buffer;
}
