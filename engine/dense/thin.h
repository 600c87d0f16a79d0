/* Products whose result is thin: a number, a vector, a few columns. Every element of the large operand is
 * used once or a few times, so they run at the rate of memory, where it is read as it lies and not packed. */
#ifndef NL_DENSE_THIN_H
#define NL_DENSE_THIN_H

#include <numlab/status.h>
#include <stdint.h>

/* C = A B for any m x k, k x n and strides (numlab/gemm.h); C is m x n, contiguous by rows. Thin ones by
 * kernels of their own, all others by nl_gemm. Same bits at any thread count. NOMEM, INTERRUPTED. */
nl_status nl_product_f64(int64_t m, int64_t n, int64_t k, const double *A, int64_t A_row, int64_t A_col,
                         const double *B, int64_t B_row, int64_t B_col, double *C);
nl_status nl_product_f32(int64_t m, int64_t n, int64_t k, const float *A, int64_t A_row, int64_t A_col,
                         const float *B, int64_t B_row, int64_t B_col, float *C);

#endif
