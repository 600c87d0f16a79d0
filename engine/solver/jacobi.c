/* Jacobi: A = D + L + U,
 *
 *   x(k+1) = D^-1 (b - (L + U) x(k)) = x(k) + D^-1 r(k),   r(k) = b - A x(k)
 *
 * All of x(k) is used before any of x(k+1) appears, so the rows are independent and the product with A runs
 * on all threads. The right-hand form reuses the residual of the stopping rule: one pass over A a sweep. */
#include "splitting.h"
#include "stop.h"

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  nl_splitting S;
  nl_stop stop;
  double *X = s->X;
  NL_TRY(nl_splitting_new(&s->A, info, &S));
  if (nl_stop_begin(&stop, s, o, info) == NL_OK)
    for (int64_t sweep = 0; !nl_stop_check(&stop, sweep); sweep++)
      for (int64_t i = 0; i < s->n; i++)
        for (int64_t c = 0; c < s->k; c++) X[i * s->k + c] += stop.residual[i * s->k + c] / S.diagonal[i];
  nl_splitting_release(&S);
  return nl_stop_end(&stop);
}

const nl_method nl_method_jacobi = {
    .name = "jacobi", .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE, .iterative = true, .run = run};
