/* The eigenvalue of largest modulus of a real operator known only by its action. */
#ifndef NL_SOLVER_ARNOLDI_H
#define NL_SOLVER_ARNOLDI_H

#include <numlab/status.h>
#include <stdint.h>

/* y = G x, n elements each; x and y do not overlap. */
typedef void nl_operator(void *context, const double *x, double *y);

typedef struct nl_eigenvalue {
  double real, imaginary, modulus;
  double error;     /* estimate for the modulus: condition x (residual + rounding) */
  int64_t products; /* with G */
} nl_eigenvalue;

/* Restarted until error <= max(1e-8, tol min(modulus, |1 - modulus|)) or `most` products are done.
 * NOMEM, INTERRUPTED, NONFINITE when G overflows. */
nl_status nl_arnoldi(nl_operator *G, void *context, int64_t n, uint64_t seed, double tol, int64_t most,
                     nl_eigenvalue *out);

#endif
