/* Vectors of NL_VECTOR bytes in the compiler's own types (GCC and clang, any processor), for kernels written
 * once and compiled in each level's folder at its width and with its flags. Everything here and in the
 * headers built on it is static, so that no level's code is linked into another's. */
#ifndef NL_CPU_LANES_H
#define NL_CPU_LANES_H

#include "core/tmpl.h"
#if NL_VECTOR > 16
#include <immintrin.h>
#endif

#define BITS_f64 uint64_t
#define BITS_f32 uint32_t
typedef NL_R vector __attribute__((vector_size(NL_VECTOR)));
typedef NL_JOIN(BITS, NL_S) bits __attribute__((vector_size(NL_VECTOR)));
/* In memory: of any alignment, over arrays of NL_R. */
typedef NL_R loose __attribute__((vector_size(NL_VECTOR), may_alias, aligned(sizeof(NL_R))));

enum { WIDTH = NL_VECTOR / sizeof(NL_R) };

static inline const loose *at(const NL_R *x, int64_t i) { return (const loose *)(x + i); }

/* Lane by lane, from what a comparison gives. */
static inline vector choose(bits mask, vector yes, vector no) {
  return (vector)((mask & (bits)yes) | (~mask & (bits)no));
}

/* Lane by lane: v where v > most, else most: so a NaN in v leaves most as it is, and one in most stays.
 * smaller likewise. The compiler makes three instructions of the comparison, so the levels that have one name
 * it. */
#if NL_VECTOR == 64
static inline vector larger(vector most, vector v) {
  return NL_IS_F32 ? (vector)_mm512_max_ps((__m512)v, (__m512)most)
                   : (vector)_mm512_max_pd((__m512d)v, (__m512d)most);
}
static inline vector smaller(vector least, vector v) {
  return NL_IS_F32 ? (vector)_mm512_min_ps((__m512)v, (__m512)least)
                   : (vector)_mm512_min_pd((__m512d)v, (__m512d)least);
}
#elif NL_VECTOR == 32
static inline vector larger(vector most, vector v) {
  return NL_IS_F32 ? (vector)_mm256_max_ps((__m256)v, (__m256)most)
                   : (vector)_mm256_max_pd((__m256d)v, (__m256d)most);
}
static inline vector smaller(vector least, vector v) {
  return NL_IS_F32 ? (vector)_mm256_min_ps((__m256)v, (__m256)least)
                   : (vector)_mm256_min_pd((__m256d)v, (__m256d)least);
}
#else
static inline vector larger(vector most, vector v) { return choose((bits)(v > most), v, most); }
static inline vector smaller(vector least, vector v) { return choose((bits)(v < least), v, least); }
#endif

static inline vector magnitude(vector v) { return (vector)((bits)v & ~(bits)(-(vector){0})); }

/* The first count lanes from and to memory, 0 <= count < WIDTH; nothing beside them is touched. The others
 * are 0. */
#if NL_VECTOR == 64
static inline vector load_first(const NL_R *x, int64_t count) {
  unsigned mask = (1u << count) - 1;
  return NL_IS_F32 ? (vector)_mm512_maskz_loadu_ps((__mmask16)mask, x)
                   : (vector)_mm512_maskz_loadu_pd((__mmask8)mask, x);
}
static inline void store_first(NL_R *y, int64_t count, vector v) {
  unsigned mask = (1u << count) - 1;
  if (NL_IS_F32) _mm512_mask_storeu_ps(y, (__mmask16)mask, (__m512)v);
  else _mm512_mask_storeu_pd(y, (__mmask8)mask, (__m512d)v);
}
#else
static inline vector load_first(const NL_R *x, int64_t count) {
  vector v = {0};
#pragma GCC unroll 8
  for (int l = 0; l < WIDTH; l++)
    if (l < count) v[l] = x[l];
  return v;
}
static inline void store_first(NL_R *y, int64_t count, vector v) {
#pragma GCC unroll 8
  for (int l = 0; l < WIDTH; l++)
    if (l < count) y[l] = v[l];
}
#endif

/* Over all lanes by halves: lane l with lane l + WIDTH/2, and so on. */
static inline NL_R largest_lane(vector v) {
  NL_R lane[WIDTH];
  *(loose *)lane = v;
#pragma GCC unroll 4
  for (int half = WIDTH / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int l = 0; l < half; l++) lane[l] = lane[l + half] > lane[l] ? lane[l + half] : lane[l];
  }
  return lane[0];
}

static inline NL_R sum_of_lanes(vector v) {
  NL_R lane[WIDTH];
  *(loose *)lane = v;
#pragma GCC unroll 4
  for (int half = WIDTH / 2; half > 0; half /= 2) {
#pragma GCC unroll 8
    for (int l = 0; l < half; l++) lane[l] += lane[l + half];
  }
  return lane[0];
}

#endif
