/* Triangular systems with several right-hand sides, X (n x k, rows X_row apart) in place; room as for
 * products of n x k x n (nl_gemm_room). An interrupt leaves X incomplete: the caller polls. */
#ifndef NL_DENSE_TRSM_H
#define NL_DENSE_TRSM_H

#include <stdint.h>

/* X = L^-1 X; L is lower triangular with a diagonal of ones that is not read. */
void nl_trsm_lower_f64(double *room, int64_t n, int64_t k, const double *L, int64_t L_row, double *X,
                       int64_t X_row);
void nl_trsm_lower_f32(float *room, int64_t n, int64_t k, const float *L, int64_t L_row, float *X,
                       int64_t X_row);
/* X = U^-1 X; U is upper triangular. */
void nl_trsm_upper_f64(double *room, int64_t n, int64_t k, const double *U, int64_t U_row, double *X,
                       int64_t X_row);
void nl_trsm_upper_f32(float *room, int64_t n, int64_t k, const float *U, int64_t U_row, float *X,
                       int64_t X_row);

#endif
