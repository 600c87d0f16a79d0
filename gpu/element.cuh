/* Elements of any dtype as values of a compute type and back, by the rules of engine/core/dtype.c: floats
 * round once to nearest even, integers truncate and saturate, NaN becomes 0, bool is value != 0. R is
 * double, float or int64_t. The dtype is the same for a whole launch, so its switch costs no divergence. */
#ifndef NLG_ELEMENT_CUH
#define NLG_ELEMENT_CUH

#include "layout.cuh"
#include <cuda_bf16.h>
#include <cuda_fp16.h>

struct nlg_bool {
  uint8_t byte;
};

inline int64_t nlg_dtype_size(nl_dtype dtype) {
  switch (dtype) {
  case NL_F64:
  case NL_I64: return 8;
  case NL_F32:
  case NL_I32: return 4;
  case NL_F16:
  case NL_BF16:
  case NL_I16: return 2;
  default: return 1;
  }
}

/* visit(T()) with the type that holds a dtype. */
template <typename Visit> __device__ auto nlg_with_type(nl_dtype dtype, Visit visit) {
  switch (dtype) {
  case NL_F64: return visit(double());
  case NL_F32: return visit(float());
  case NL_F16: return visit(__half());
  case NL_BF16: return visit(__nv_bfloat16());
  case NL_I64: return visit(int64_t());
  case NL_I32: return visit(int32_t());
  case NL_I16: return visit(int16_t());
  case NL_U8: return visit(uint8_t());
  default: return visit(nlg_bool());
  }
}

/* --- one value --------------------------------------------------------------------------------------- */

template <typename R, typename T> __device__ R nlg_read(T x) { return (R)x; }
template <typename R> __device__ R nlg_read(__half x) { return (R)__half2float(x); }
template <typename R> __device__ R nlg_read(__nv_bfloat16 x) { return (R)__bfloat162float(x); }
template <typename R> __device__ R nlg_read(nlg_bool x) { return (R)x.byte; }

/* Towards zero, saturating; NaN is 0. */
__device__ inline int64_t nlg_saturate(double x, int64_t low, int64_t high) {
  if (isnan(x)) return 0;
  if (x <= (double)low) return low;
  if (x >= (double)high) return high;
  return (int64_t)x;
}
__device__ inline int64_t nlg_saturate(float x, int64_t low, int64_t high) {
  return nlg_saturate((double)x, low, high);
}
__device__ inline int64_t nlg_saturate(int64_t x, int64_t low, int64_t high) {
  return x < low ? low : x > high ? high : x;
}

template <typename R> __device__ void nlg_write(double *p, R x) { *p = (double)x; }
template <typename R> __device__ void nlg_write(float *p, R x) { *p = (float)x; }
__device__ inline void nlg_write(__half *p, float x) { *p = __float2half_rn(x); }
__device__ inline void nlg_write(__half *p, double x) { *p = __double2half(x); }
__device__ inline void nlg_write(__half *p, int64_t x) { *p = __double2half((double)x); }
__device__ inline void nlg_write(__nv_bfloat16 *p, float x) { *p = __float2bfloat16_rn(x); }
__device__ inline void nlg_write(__nv_bfloat16 *p, double x) { *p = __double2bfloat16(x); }
__device__ inline void nlg_write(__nv_bfloat16 *p, int64_t x) { *p = __double2bfloat16((double)x); }
template <typename R> __device__ void nlg_write(int64_t *p, R x) {
  *p = nlg_saturate(x, INT64_MIN, INT64_MAX);
}
template <typename R> __device__ void nlg_write(int32_t *p, R x) {
  *p = (int32_t)nlg_saturate(x, INT32_MIN, INT32_MAX);
}
template <typename R> __device__ void nlg_write(int16_t *p, R x) {
  *p = (int16_t)nlg_saturate(x, INT16_MIN, INT16_MAX);
}
template <typename R> __device__ void nlg_write(uint8_t *p, R x) {
  *p = (uint8_t)nlg_saturate(x, 0, UINT8_MAX);
}
template <typename R> __device__ void nlg_write(nlg_bool *p, R x) { p->byte = x != 0; }

/* --- one element of an array ------------------------------------------------------------------------- */

template <typename R> __device__ R nlg_load(nl_dtype dtype, const void *data, int64_t i) {
  return nlg_with_type(dtype, [=](auto type) { return nlg_read<R>(((const decltype(type) *)data)[i]); });
}
template <typename R> __device__ void nlg_store(nl_dtype dtype, void *data, int64_t i, R x) {
  nlg_with_type(dtype, [=](auto type) { nlg_write((decltype(type) *)data + i, x); });
}

/* --- four elements in a row, in one or two accesses -------------------------------------------------- */

template <typename T> struct alignas(sizeof(T) < 4 ? 4 * sizeof(T) : 16) nlg_quad { T element[4]; };

/* What a kernel is told of an operand beside its layout. */
struct nlg_elements {
  void *data;
  nl_dtype dtype;
  bool quads; /* dense, and aligned to four elements */
};

template <int N> nlg_elements nlg_elements_of(const nlg_layout<N> &l, int k, const nl_array *a) {
  int64_t quad = 4 * nlg_dtype_size(a->dtype);
  return {a->data, a->dtype, l.dense[k] && (uintptr_t)a->data % (quad < 16 ? quad : 16) == 0};
}

/* Elements i .. i+n-1 of operand k, i a multiple of 4, n <= 4. */
template <typename R, int N>
__device__ void nlg_load4(const nlg_layout<N> &l, int k, const nlg_elements &a, int64_t i, int n, R (&x)[4]) {
  if (a.quads && n == 4)
    nlg_with_type(a.dtype, [&](auto type) {
      auto quad = ((const nlg_quad<decltype(type)> *)a.data)[i / 4];
      for (int e = 0; e < 4; e++) x[e] = nlg_read<R>(quad.element[e]);
    });
  else
#pragma unroll
    for (int e = 0; e < 4; e++) x[e] = e < n ? nlg_load<R>(a.dtype, a.data, nlg_place(l, k, i + e)) : R();
}

template <typename R, int N>
__device__ void nlg_store4(const nlg_layout<N> &l, int k, const nlg_elements &a, int64_t i, int n,
                           const R (&x)[4]) {
  if (a.quads && n == 4)
    nlg_with_type(a.dtype, [&](auto type) {
      nlg_quad<decltype(type)> quad;
      for (int e = 0; e < 4; e++) nlg_write(&quad.element[e], x[e]);
      ((nlg_quad<decltype(type)> *)a.data)[i / 4] = quad;
    });
  else
#pragma unroll
    for (int e = 0; e < 4; e++)
      if (e < n) nlg_store(a.dtype, a.data, nlg_place(l, k, i + e), x[e]);
}

#endif
