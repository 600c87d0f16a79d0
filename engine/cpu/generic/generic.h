/* The reference kernels, one name a type; their contracts are in kernels.h. */
#ifndef NL_CPU_GENERIC_H
#define NL_CPU_GENERIC_H

#include "cpu/kernels.h"

nl_gemm_tile nl_gemm_tile_generic_f64, nl_gemm_tile_generic_f32;
double nl_dot_generic_f64(int64_t n, const void *x, const void *y);
double nl_dot_generic_f32(int64_t n, const void *x, const void *y);
void nl_axpy_generic_f64(int64_t n, double alpha, const void *x, void *y);
void nl_axpy_generic_f32(int64_t n, double alpha, const void *x, void *y);
double nl_update_generic_f64(int64_t n, double alpha, const void *x, void *y);
double nl_update_generic_f32(int64_t n, double alpha, const void *x, void *y);
double nl_largest_generic_f64(int64_t n, const void *x);
double nl_largest_generic_f32(int64_t n, const void *x);

/* The tile: 8 vector registers of 16 bytes hold the sums, the other 8 the operands. */
enum { NL_GENERIC_MR = 4, NL_GENERIC_NR_F64 = 4, NL_GENERIC_NR_F32 = 8 };

#endif
