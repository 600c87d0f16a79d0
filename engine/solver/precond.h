/* Preconditioners M of the Krylov methods: z = M^-1 r. */
#ifndef NL_SOLVER_PRECOND_H
#define NL_SOLVER_PRECOND_H

#include "splitting.h"

typedef struct nl_preconditioner {
  nl_precond kind;
  int64_t n;
  double omega;   /* of the symmetric sweep; 1 is Gauss-Seidel */
  nl_splitting S; /* empty for none */
} nl_preconditioner;

/* omega counts for ssor alone; outside (0, 2) it is ARG. ZERO_DIAGONAL with info naming the rows. On failure
 * *out is empty. */
nl_status nl_preconditioner_new(const nl_matrix *A, nl_precond kind, double omega, nl_solve_info *info,
                                nl_preconditioner *out);
void nl_preconditioner_release(nl_preconditioner *M);
/* z = M^-1 r, n elements each; r and z must not overlap. */
void nl_preconditioner_apply(const nl_preconditioner *M, const double *r, double *z);

#endif
