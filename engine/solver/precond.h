/* Preconditioners M of the Krylov methods: z = M^-1 r. */
#ifndef NL_SOLVER_PRECOND_H
#define NL_SOLVER_PRECOND_H

#include "splitting.h"

typedef struct nl_preconditioner {
  nl_precond kind;
  int64_t n;
  nl_splitting S; /* empty for none */
} nl_preconditioner;

/* ZERO_DIAGONAL with info naming the rows. On failure *out is empty. */
nl_status nl_preconditioner_new(const nl_matrix *A, nl_precond kind, nl_solve_info *info,
                                nl_preconditioner *out);
void nl_preconditioner_release(nl_preconditioner *M);
/* z = M^-1 r, n elements each; r and z must not overlap. */
void nl_preconditioner_apply(const nl_preconditioner *M, const double *r, double *z);

#endif
