/* What cg, bicgstab and gmres share: right-hand sides one after the other, each scaled so that no inner
 * product overflows or underflows, right preconditioning (so the residual is the true one), the stopping
 * rule. */
#ifndef NL_SOLVER_KRYLOV_H
#define NL_SOLVER_KRYLOV_H

#include "precond.h"
#include "stop.h"

/* Solves for one right-hand side: s->k is 1, the largest |b_i| lies in [1/2, 1), s->X holds x0. Asks stop
 * until that says leave, or names an outcome by nl_outcome. Returns OK, or a failure that is no
 * outcome. */
typedef nl_status nl_krylov(const nl_system *s, const nl_solve_options *o, const nl_preconditioner *M,
                            nl_stop *stop);

nl_status nl_krylov_run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info, nl_krylov *solve);

#endif
