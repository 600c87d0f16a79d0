/* Checks around a solve that share no code with any solver: finite input, and the residuals of the result. */
#ifndef NL_SOLVER_CHECK_H
#define NL_SOLVER_CHECK_H

#include <math.h>
#include <numlab/solve.h>

/* They follow the device of what they look at; on one that is not the CPU a finding is named by way of a
 * copy. NONFINITE names the first NaN or infinity, row by row: "solve: A(3,4) is nan". b may have any
 * strides. Ctrl-C ends the looking, and it is OK: what follows sees the flag itself, and keeps x0. */
nl_status nl_check_finite_matrix(const nl_matrix *A);
nl_status nl_check_finite_vector(const char *name, const nl_tensor *b); /* one or several as columns */

/* Both error measures of X for A X = B, in double whatever the types, worst over right-hand sides:
 *   relative_residual  ||b - A x||_2 / ||b||_2                                  (0 for b = 0, x = 0)
 *   backward_error     ||b - A x||_inf / (||A||_inf ||x||_inf + ||b||_inf)      (Rigal and Gaches, 1967)
 * B and X have the same shape, (n) or (n, k). Numbers so large that a square overflows are scaled first.
 * INTERRUPTED. */
nl_status nl_residuals(const nl_matrix *A, const nl_tensor *B, const nl_tensor *X, double *relative_residual,
                       double *backward_error);

/* ||r|| / (||A|| ||x|| + ||b||) of one right-hand side from its norms; 0 for r = 0. */
double nl_backward_error(double norm_r, double norm_A, double norm_x, double norm_b);

/* The larger; a NaN on either side stays. (`if (!(value <= seen)) seen = value` would lose one already
 * seen.) */
static inline double nl_larger(double seen, double value) {
  return value > seen || isnan(value) ? value : seen;
}

#endif
