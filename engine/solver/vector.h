/* Vectors of doubles, serial: results do not depend on the thread count. */
#ifndef NL_SOLVER_VECTOR_H
#define NL_SOLVER_VECTOR_H

#include <stdint.h>

/* ||x||_2 of n elements, stride apart; scaled, so that no square overflows or underflows; NaN passes through.
 */
double nl_norm_2(const double *x, int64_t n, int64_t stride);
double nl_dot(const double *x, const double *y, int64_t n);
void nl_axpy(double alpha, const double *x, double *y, int64_t n); /* y += alpha x */
void nl_scale_by(double alpha, double *x, int64_t n);              /* x *= alpha */

#endif
