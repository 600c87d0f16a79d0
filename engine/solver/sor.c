/* Successive over-relaxation (D. M. Young, 1950): each Gauss-Seidel step is stretched by omega,
 *
 *   x_i <- x_i + omega (x_i^GS - x_i),   x_i^GS = (b_i - sum_{j != i} a_ij x_j) / a_ii
 *   x(k+1) = (D + omega L)^-1 (omega b + ((1 - omega) D - omega U) x(k))
 *
 * in place, the newest values at once; omega = 1 is Gauss-Seidel to the bit. det of the iteration matrix is
 * (1 - omega)^n, so its spectral radius is at least |omega - 1|: outside (0, 2) it cannot converge (Kahan).
 * sweep = "symmetric" is SSOR. */
#include "multicolour.h"
#include "splitting.h"
#include "stop.h"

static nl_status check_omega(const nl_solve_options *o) {
  if (o->omega > 0 && o->omega < 2) return NL_OK;
  return nl_fail(NL_ARG, "sor: omega is %g, expected 0 < omega < 2 (outside, it diverges for every A)",
                 o->omega);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  nl_splitting S;
  nl_stop stop;
  NL_TRY(check_omega(o));
  NL_TRY(nl_splitting_new(&s->A, info, &S));
  if (nl_stop_begin(&stop, s, o, info) == NL_OK)
    for (int64_t sweep = 0; !nl_stop_check(&stop, sweep); sweep++)
      nl_splitting_sweep(&S, o->sweep, o->omega, s->B, s->k, s->X);
  nl_splitting_release(&S);
  return nl_stop_end(&stop);
}

static nl_status run_there(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  NL_TRY(check_omega(o));
  return nl_multicolour_run(s, o, o->omega, info);
}

const nl_method nl_method_sor = {.name = "sor",
                                 .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE,
                                 .iterative = true,
                                 .run = run,
                                 .takes_there = NL_TAKES_SPARSE,
                                 .run_there = run_there};
