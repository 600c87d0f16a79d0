/* A = D + L + U as sweeps see it, and the sweeps themselves: the kernel that Gauss-Seidel, SOR, the
 * preconditioner and the diagnosis share. gauss_seidel.c. */
#ifndef NL_SOLVER_SPLITTING_H
#define NL_SOLVER_SPLITTING_H

#include "method.h"

typedef struct nl_splitting {
  nl_matrix A; /* n x n, the caller's; dense is contiguous f64 */
  int64_t n;
  double *diagonal;     /* n: a_ii */
  int64_t *diagonal_at; /* n, sparse only: row i has its L part before this entry, its U part after it */
} nl_splitting;

/* Every a_ii must be there and nonzero: otherwise ZERO_DIAGONAL with info (reason, where) naming the rows.
 * On failure *out is empty. */
nl_status nl_splitting_new(const nl_matrix *A, nl_solve_info *info, nl_splitting *out);
void nl_splitting_release(nl_splitting *S); /* an empty one is accepted */

/* One sweep of SOR (omega = 1: Gauss-Seidel) on A X = B, X in place, the newest values used at once:
 *   x_i <- (1 - omega) x_i + omega (b_i - sum_{j != i} a_ij x_j) / a_ii,   i = 1..n, n..1, or both.
 * B, X are (n, k) row-major; B may be NULL: zeros. Ctrl-C ends the sweep at some row. */
void nl_splitting_sweep(const nl_splitting *S, nl_sweep direction, double omega, const double *B, int64_t k,
                        double *X);

#endif
