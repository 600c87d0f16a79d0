/* What the generic level puts into the kernel table. */
#ifndef NL_CPU_GENERIC_H
#define NL_CPU_GENERIC_H

#include "cpu/kernels.h"

nl_dense_kernels nl_dense_generic_f64(void), nl_dense_generic_f32(void);
void nl_widen_f16_generic(int64_t n, const uint16_t *x, float *y);
void nl_widen_bf16_generic(int64_t n, const uint16_t *x, float *y);

#endif
