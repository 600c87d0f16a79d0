/* Widening 16 numbers at a time. */
#include "avx512.h"

#include <immintrin.h>

enum { WIDTH = 16 };

void nl_widen_f16_avx512(int64_t n, const uint16_t *x, float *y) {
  int64_t i = 0;
  for (; i + WIDTH <= n; i += WIDTH)
    _mm512_storeu_ps(y + i, _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i_u *)(x + i))));
  for (; i < n; i++) y[i] = _cvtsh_ss(x[i]);
}

void nl_widen_bf16_avx512(int64_t n, const uint16_t *x, float *y) {
  int64_t i = 0;
  for (; i + WIDTH <= n; i += WIDTH) {
    __m512i wide = _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i_u *)(x + i)));
    _mm512_storeu_ps(y + i, _mm512_castsi512_ps(_mm512_slli_epi32(wide, 16)));
  }
  for (; i < n; i++) y[i] = nl_bf16_to_f32(x[i]);
}
