/* One stopping rule and one history for every iterative method.
 *
 * After each sweep the method hands over its current X; the rule computes max over right-hand sides of
 * ||b - A x||_2 / ||b||_2 from scratch (no recurrence that may drift) and decides:
 *   converged      ratio <= tol
 *   DIVERGED       ratio not finite, or beyond 1e10 times the lowest seen
 *   STAGNATED      no new lowest ratio in a window of sweeps that grows with the sweeps done
 *   NOT_CONVERGED  max_iter sweeps done
 *   INTERRUPTED    Ctrl-C
 */
#ifndef NL_SOLVER_STOP_H
#define NL_SOLVER_STOP_H

#include "method.h"

typedef struct nl_stop {
  const nl_system *s;
  const nl_solve_options *o;
  nl_solve_info *info;
  double *residual; /* (n, k): B - A X of the last check */
  double *norm_b;   /* k */
  double lowest;
  int64_t lowest_at;
} nl_stop;

nl_status nl_stop_begin(nl_stop *stop, const nl_system *s, const nl_solve_options *o, nl_solve_info *info);
/* Checks X after sweep number `sweep` (0: before the first). True: leave the loop; the verdict is in
 * info->code, reason, iterations, converged, relative_residual. */
bool nl_stop_check(nl_stop *stop, int64_t sweep);
void nl_stop_end(nl_stop *stop);

#endif
