/* What the avx2 level puts into the kernel table. */
#ifndef NL_CPU_AVX2_H
#define NL_CPU_AVX2_H

#include "cpu/kernels.h"

nl_dense_kernels nl_dense_avx2_f64(void), nl_dense_avx2_f32(void);
void nl_widen_f16_avx2(int64_t n, const uint16_t *x, float *y);
void nl_widen_bf16_avx2(int64_t n, const uint16_t *x, float *y);

#endif
