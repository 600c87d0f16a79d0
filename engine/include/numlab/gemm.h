/* The matrix product  C = alpha A B + beta C  on plain strided arrays, blocked, packed and threaded.
 *
 * A is m x k: element (i,p) at A[i*A_row + p*A_col]; B is k x n likewise: transposes, views, reversed
 * (negative) and expanded (zero) strides are all the same to it. C is m x n with rows C_row apart and must
 * not overlap A or B. beta == 0: C is written, never read. m, n or k may be 0. Same bits at any thread count.
 */
#ifndef NUMLAB_GEMM_H
#define NUMLAB_GEMM_H

#include <numlab/dtype.h>

/* NOMEM (C untouched), or INTERRUPTED (C partly updated). */
nl_status nl_gemm_f64(int64_t m, int64_t n, int64_t k, double alpha, const double *A, int64_t A_row,
                      int64_t A_col, const double *B, int64_t B_row, int64_t B_col, double beta, double *C,
                      int64_t C_row);
nl_status nl_gemm_f32(int64_t m, int64_t n, int64_t k, double alpha, const float *A, int64_t A_row,
                      int64_t A_col, const float *B, int64_t B_row, int64_t B_col, double beta, float *C,
                      int64_t C_row);

#endif
