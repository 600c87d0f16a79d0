/* What the avx512 level puts into the kernel table. */
#ifndef NL_CPU_AVX512_H
#define NL_CPU_AVX512_H

#include "cpu/kernels.h"

nl_dense_kernels nl_dense_avx512_f64(void), nl_dense_avx512_f32(void);
void nl_widen_f16_avx512(int64_t n, const uint16_t *x, float *y);
void nl_widen_bf16_avx512(int64_t n, const uint16_t *x, float *y);

#endif
