/* What iterative methods ask of A, whether it is dense or sparse. Dense A is contiguous f64 (rows, cols);
 * blocks of vectors X (cols, k), Y, B, R (rows, k) are row-major and contiguous. */
#ifndef NL_SOLVER_MATRIX_H
#define NL_SOLVER_MATRIX_H

#include <numlab/solve.h>

int64_t nl_matrix_rows(const nl_matrix *A);
int64_t nl_matrix_cols(const nl_matrix *A);

/* Y = A X. Each row is summed left to right at any thread count. After Ctrl-C rows of Y may be missing: the
 * caller polls nl_interrupted before it uses Y. */
void nl_matrix_apply(const nl_matrix *A, const double *X, int64_t k, double *Y);
/* R = B - A X, in one pass over A. Ctrl-C as above. */
void nl_matrix_residual(const nl_matrix *A, const double *X, const double *B, int64_t k, double *R);
/* y = |A| |x| + |b|: what the rounding errors of b - A x are relative to. Ctrl-C as above. */
void nl_matrix_magnitude(const nl_matrix *A, const double *x, const double *b, double *y);

/* The largest |a_ij - a_ji| of a square matrix and where (0-based, i > j); 0 means exactly symmetric. NOMEM,
 * INTERRUPTED. */
typedef struct nl_asymmetry {
  double most;
  int64_t i, j;
} nl_asymmetry;
nl_status nl_matrix_asymmetry(const nl_matrix *A, nl_asymmetry *out);

#endif
