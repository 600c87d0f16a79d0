/* Jacobi: A = D + L + U,
 *
 *   x(k+1) = D^-1 (b - (L + U) x(k)) = x(k) + D^-1 r(k),   r(k) = b - A x(k)
 *
 * All of x(k) is used before any of x(k+1) appears, so the rows are independent and the product with A runs
 * on all threads. The right-hand form reuses the residual of the stopping rule: one pass over A a sweep. */
#include "splitting.h"
#include "stop.h"
#include <numlab/ops.h>

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

/* --- on a device -------------------------------------------------------------------------------------- */

/* X <- X + D^-1 R with the R of the last check */
static nl_status sweep_there(nl_placed *p, const void *D) {
  nl_tensor correction, next;
  NL_TRY(nl_binary(NL_DIV, &p->R, D, &correction));
  nl_status s = nl_binary(NL_ADD, &p->X, &correction, &next);
  nl_tensor_release(&correction);
  NL_TRY(s);
  nl_tensor_release(&p->X);
  p->X = next;
  return NL_OK;
}

static nl_status run_there(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  nl_placed p;
  nl_splitting S = {0};
  nl_tensor D = {0};
  nl_status status = nl_placed_begin(s, &p);
  if (status == NL_OK) status = nl_splitting_new(&p.here.A, info, &S);
  if (status == NL_OK) status = nl_upload_vector(S.diagonal, s->n, s->b->ndim, s->device, &D);
  if (status == NL_OK) status = nl_stop_run_placed(&p, o, info, sweep_there, &D);
  nl_splitting_release(&S);
  nl_tensor_release(&D);
  return nl_placed_end(&p, status);
}

const nl_method nl_method_jacobi = {.name = "jacobi",
                                    .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE,
                                    .iterative = true,
                                    .run = run,
                                    .takes_there = NL_TAKES_SPARSE,
                                    .run_there = run_there};
