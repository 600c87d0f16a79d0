/* The matrix product with the caller's workspace, for algorithms that call it many times. */
#ifndef NL_DENSE_GEMM_H
#define NL_DENSE_GEMM_H

#include <numlab/gemm.h>

/* Elements of workspace that products of up to m x n x k need, at the level in use; 64-byte aligned. */
int64_t nl_gemm_room_f64(int64_t m, int64_t n, int64_t k);
int64_t nl_gemm_room_f32(int64_t m, int64_t n, int64_t k);

/* As nl_gemm_*; cannot fail. After an interrupt C is partly updated: the caller polls. */
void nl_gemm_in_f64(double *room, int64_t m, int64_t n, int64_t k, double alpha, const double *A,
                    int64_t A_row, int64_t A_col, const double *B, int64_t B_row, int64_t B_col, double beta,
                    double *C, int64_t C_row);
void nl_gemm_in_f32(float *room, int64_t m, int64_t n, int64_t k, double alpha, const float *A, int64_t A_row,
                    int64_t A_col, const float *B, int64_t B_row, int64_t B_col, double beta, float *C,
                    int64_t C_row);

#endif
