/* One stopping rule and one history for every iterative method.
 *
 * After each sweep the method hands over its current X; the rule computes
 *   ratio = max over right-hand sides of ||b - A x||_2 / ||b||_2
 * from scratch (no recurrence that may drift; one pass over A a sweep) and decides:
 *
 * - converged: ratio <= tol.
 * - DIVERGED: ratio not finite, or beyond 1/eps times the lowest seen: from there on the rounding errors made
 *   at the peak are as large as anything gained before. Less is a transient, which non-normal iteration
 *   matrices have even when they converge.
 * - STAGNATED: no new lowest ratio for 30 sweeps while the lowest is within 10 times of the rounding floor
 *   eps || |A||x| + |b| ||_2 / ||b||_2; or none for max(200, n, half the sweeps done): a nilpotent iteration
 *   matrix may stand still for n sweeps before it ends. Slow progress, be it 1e-12 a sweep, is a new lowest
 *   each time and never stagnation.
 * - NOT_CONVERGED: max_iter sweeps done; the reason names the rate and what it would still take.
 * - INTERRUPTED: Ctrl-C.
 *
 * On a device the residual and its norm are computed there, one synchronisation a sweep; the rest is the
 * same.
 *
 * A right-hand side of zeros has ratio 0: nl_stop_begin sets its x to zeros.
 */
#ifndef NL_SOLVER_STOP_H
#define NL_SOLVER_STOP_H

#include "method.h"
#include "placed.h"

enum { NL_STOP_RECENT = 32 };

typedef struct nl_stop {
  const nl_system *s;
  const nl_solve_options *o;
  nl_solve_info *info;
  double *residual; /* (n, k): B - A X of the last check; of a placed system s->placed->R */
  double *norm_b;   /* k */
  double *norm_r;   /* k, of the last check */
  double ratio;     /* of the last check */
  double lowest;
  int64_t lowest_at;
  bool promised;                 /* the last estimate was <= tol */
  double disappointed;           /* the true ratio when an estimate last was <= tol; infinity: never */
  const char *unit;              /* "sweep" or "step", for the reasons */
  double recent[NL_STOP_RECENT]; /* ratio of sweep i at i % NL_STOP_RECENT */
  int64_t history_room;
} nl_stop;

/* NOMEM leaves *stop safe for nl_stop_end. */
nl_status nl_stop_begin(nl_stop *stop, const nl_system *s, const nl_solve_options *o, nl_solve_info *info);
/* Checks X after sweep number `sweep` (0: before the first). True: leave the loop; the verdict is in
 * info->code, reason, iterations, converged, relative_residual. */
bool nl_stop_check(nl_stop *stop, int64_t sweep);
/* For Krylov methods (k = 1): records the estimated residual norm of step `step`. True: bring X up to date
 * and call nl_stop_check(stop, step); when that says false, go on from the true residual in stop->residual.
 */
bool nl_stop_estimate(nl_stop *stop, int64_t step, double norm_r);
/* Releases the workspace and returns info->code, with the message "METHOD: reason" unless it is OK. */
nl_status nl_stop_end(nl_stop *stop);

/* All of an iteration on a device: uploads p, calls sweep(p, context) until the rule says leave, and ends as
 * nl_stop_end does. info->seconds: the loop alone, the device waited for. A failure of sweep ends it too. */
nl_status nl_stop_run_placed(nl_placed *p, const nl_solve_options *o, nl_solve_info *info,
                             nl_status sweep(nl_placed *p, const void *context), const void *context);

/* End a method with an outcome found outside the rule: sets info->code, reason and where (0: none), stores
 * the message "METHOD: reason" and returns code. */
nl_status nl_outcome(nl_solve_info *info, nl_status code, int64_t where, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
