/* Widening 8 numbers at a time. */
#include "avx2.h"

#include <immintrin.h>

enum { WIDTH = 8 };

void nl_widen_f16_avx2(int64_t n, const uint16_t *x, float *y) {
  int64_t i = 0;
  for (; i + WIDTH <= n; i += WIDTH)
    _mm256_storeu_ps(y + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i_u *)(x + i))));
  for (; i < n; i++) y[i] = _cvtsh_ss(x[i]);
}

void nl_widen_bf16_avx2(int64_t n, const uint16_t *x, float *y) {
  int64_t i = 0;
  for (; i + WIDTH <= n; i += WIDTH) {
    __m256i wide = _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i_u *)(x + i)));
    _mm256_storeu_ps(y + i, _mm256_castsi256_ps(_mm256_slli_epi32(wide, 16)));
  }
  for (; i < n; i++) y[i] = nl_bf16_to_f32(x[i]);
}
