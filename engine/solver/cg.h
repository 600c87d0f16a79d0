/* Conjugate gradients as a loop over five steps on vectors, which lie on the CPU (cg.c) or on a device
 * (cg_there.c). */
#ifndef NL_SOLVER_CG_H
#define NL_SOLVER_CG_H

#include "krylov.h"

typedef struct nl_cg nl_cg;

typedef struct nl_cg_steps {
  nl_status (*restart)(nl_cg *v);                                 /* r = b - A x, from the last check */
  nl_status (*precondition)(nl_cg *v, double *rho);               /* z = M^-1 r, rho = r'z */
  nl_status (*product)(nl_cg *v, double beta, double *curvature); /* p = z + beta p, q = A p, p'q; 0: p = z */
  nl_status (*advance)(nl_cg *v, double alpha, double *norm);     /* x += alpha p, r -= alpha q, ||r|| */
  nl_status (*length)(nl_cg *v, double *square);                  /* p'p */
} nl_cg_steps;

/* The first member of what holds the vectors. */
struct nl_cg {
  const nl_cg_steps *steps;
};

/* Until stop says leave, or an outcome is named there: OK. Anything else is a failure of a step. */
nl_status nl_cg_iterate(nl_cg *v, nl_stop *stop);
/* NOT_POSITIVE_DEFINITE, named in stop, for an A far from symmetric; NOMEM. */
nl_status nl_cg_check_symmetric(const nl_system *s, nl_stop *stop);

/* cg_there.c: a run_there */
nl_status nl_cg_run_there(const nl_system *s, const nl_solve_options *o, nl_solve_info *info);

#endif
