/* Uniform and normal numbers, bit for bit those of engine/core/random.c.
 *
 * The same steps in the same order: Philox4x32-10 of (seed, stream, index / 2), Box-Muller over own log,
 * sin and cos. Only +, -, *, / and sqrt of doubles occur, each rounded to nearest on both sides; the
 * Makefile compiles this file with -fmad=false, because a product and a sum in one rounding would give
 * other bits. tests/gpu/plugin_check.c compares. A thread makes one block: two elements. */
#include "element.cuh"
#include "ops.h"
#include "philox.cuh"

static __device__ double to_uniform(uint64_t bits) { return (double)(bits >> 12 << 1 | 1) * 0x1p-53; }
static __device__ float to_uniform_f32(uint64_t bits) { return (float)(bits >> 41 << 1 | 1) * 0x1p-24f; }

/* x = 2^k (1 + f), s = f / (2 + f):  log x = k log 2 + 2 s + s R(s^2) */
static __device__ double log_of(double x) {
  uint64_t bits = (uint64_t)__double_as_longlong(x);
  int k = (int)(bits >> 52) - 1023;
  bits = (bits & 0xFFFFFFFFFFFFF) | (uint64_t)1023 << 52;
  double m = __longlong_as_double((long long)bits);
  if (m >= 0x1.6a09e667f3bcdp+0) { /* sqrt(2) */
    m *= 0.5;
    k++;
  }
  double f = m - 1, s = f / (2 + f), z = s * s, half = 0.5 * f * f;
  double R = 2.0 / 23;
#pragma unroll
  for (int odd = 21; odd >= 3; odd -= 2) R = R * z + 2.0 / odd;
  R *= z;
  const double high = 0x1.62e42fee00000p-1, low = 0x1.a39ef35793c76p-33; /* log 2 = high + low */
  return k * high - ((half - (s * (half + R) + k * low)) - f);
}

/* cos and sin of 2 pi v: v = q/4 + r, Taylor series of t = 2 pi r, quarter turns. */
static __device__ void cossin(double v, double *cosine, double *sine) {
  int q = (int)(4 * v + 0.5);
  double t = 0x1.921fb54442d18p+2 * (v - 0.25 * q), z = t * t;
  double c = 1, s = 1;
#pragma unroll
  for (int n = 18; n >= 2; n -= 2) c = 1 - z * c / (n * (n - 1));
#pragma unroll
  for (int n = 17; n >= 3; n -= 2) s = 1 - z * s / (n * (n - 1));
  s *= t;
  bool swap = q & 1;
  double x = swap ? s : c, y = swap ? c : s;
  *cosine = (q & 3) == 1 || (q & 3) == 2 ? -x : x;
  *sine = q & 2 ? -y : y;
}

static __global__ void fill_random(nlg_layout<1> l, nlg_elements dst, bool normal, uint64_t seed,
                                   uint64_t stream) {
  for (int64_t block = nlg_first(); 2 * block < l.size; block += nlg_stride()) {
    uint4 word = nlg_philox((uint32_t)block, (uint32_t)(block >> 32), (uint32_t)stream,
                            (uint32_t)(stream >> 32), (uint32_t)seed, (uint32_t)(seed >> 32));
    const uint64_t half[2] = {(uint64_t)word.y << 32 | word.x, (uint64_t)word.w << 32 | word.z};
    double pair[2];
    if (normal) {
      double r = sqrt(-2 * log_of(to_uniform(half[0])));
      cossin(to_uniform(half[1]), &pair[0], &pair[1]);
      pair[0] *= r;
      pair[1] *= r;
    }
#pragma unroll
    for (int e = 0; e < 2; e++) {
      if (!normal) pair[e] = dst.dtype == NL_F64 ? to_uniform(half[e]) : (double)to_uniform_f32(half[e]);
      if (2 * block + e < l.size) nlg_store(dst.dtype, dst.data, nlg_place(l, 0, 2 * block + e), pair[e]);
    }
  }
}

nl_status nlg_random(void *handle, bool normal, const nl_array *dst, uint64_t seed, uint64_t stream) {
  nlg_device *device = nlg_use(handle);
  nlg_layout<1> l = nlg_lay_out<1>({dst});
  if (l.size == 0) return NL_OK;
  fill_random<<<nlg_grid(device, nlg_ceil_div(l.size, 2)), NLG_THREADS, 0, device->stream>>>(
      l, nlg_elements_of(l, 0, dst), normal, seed, stream);
  NLG_LAUNCHED(device, normal ? "randn" : "rand");
  return NL_OK;
}
