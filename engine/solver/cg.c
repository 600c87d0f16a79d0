/* Conjugate gradients for symmetric positive definite A (Hestenes & Stiefel, 1952), preconditioned:
 *
 *   z = M^-1 r,  rho = r'z,  p = z + (rho / rho_before) p,  alpha = rho / p'A p,  x += alpha p,
 *   r -= alpha A p
 *
 * The A-norm of the error falls monotonically, at least by (sqrt(kappa) - 1) / (sqrt(kappa) + 1) a step,
 * kappa the condition number of M^-1 A. p'A p <= 0 proves that A is not positive definite. */
#include "cg.h"
#include "matrix.h"
#include "vector.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

/* A far from symmetric would only show as a slow wrong answer: |a_ij - a_ji| beyond 1e-6 of the larger is
 * refused, less is left to the true residual. */
nl_status nl_cg_check_symmetric(const nl_system *s, nl_stop *stop) {
  nl_asymmetry worst;
  nl_status looked = nl_matrix_asymmetry(&s->A, &worst);
  if (looked == NL_INTERRUPTED)
    return nl_outcome(stop->info, looked, 0, "interrupted in step 0, while looking whether A is symmetric");
  NL_TRY(looked);
  if (worst.most == 0) return NL_OK;
  const double *a = s->A.dense ? nl_tensor_data(s->A.dense) : NULL;
  int64_t i = worst.i, j = worst.j, n = s->n;
  double below = a ? a[i * n + j] : nl_sparse_get(s->A.sparse, i, j);
  double above = a ? a[j * n + i] : nl_sparse_get(s->A.sparse, j, i);
  if (worst.most <= 1e-6 * fmax(fabs(below), fabs(above))) return NL_OK;
  return nl_outcome(stop->info, NL_NOT_POSITIVE_DEFINITE, i + 1,
                    "A is not symmetric: a(%" PRId64 ",%" PRId64 ") = %.9g, a(%" PRId64 ",%" PRId64
                    ") = %.9g; use bicgstab or gmres",
                    i + 1, j + 1, below, j + 1, i + 1, above);
}

/* --- the loop, over vectors here or on a device -------------------------------------------------------- */

/* One step from the r of the vectors; beta: 0 begins anew. False: an outcome was named, or *status is a
 * failure. */
static bool step(nl_cg *v, int64_t number, double beta, double rho, double *norm, nl_stop *stop,
                 nl_status *status) {
  double curvature, length;
  *status = v->steps->product(v, beta, &curvature);
  if (*status != NL_OK) return false;
  if (nl_interrupted()) return true; /* some of the product may be missing: x and r stay */
  if (curvature > 0) {
    *status = v->steps->advance(v, rho / curvature, norm);
    return *status == NL_OK;
  }
  *status = v->steps->length(v, &length);
  if (*status == NL_OK)
    nl_outcome(stop->info, NL_NOT_POSITIVE_DEFINITE, 0,
               "p'Ap = %.3e in step %" PRId64
               " (p'p = %.3e): A is not positive definite; use bicgstab or gmres",
               curvature, number, length);
  return false;
}

nl_status nl_cg_iterate(nl_cg *v, nl_stop *stop) {
  double rho, rho_before = 1;
  bool restart = true;
  nl_status status = NL_OK;
  if (nl_stop_check(stop, 0)) return NL_OK;
  double norm = stop->norm_r[0];
  for (int64_t number = 1;; number++) {
    if (number == 1 || restart) NL_TRY(v->steps->restart(v));
    NL_TRY(v->steps->precondition(v, &rho));
    if (!(rho > 0)) {
      nl_outcome(stop->info, NL_NOT_POSITIVE_DEFINITE, 0,
                 "r'z = %.3e in step %" PRId64 ", z = M^-1 r: the preconditioner is not positive definite",
                 rho, number);
      return NL_OK;
    }
    if (!step(v, number, restart ? 0 : rho / rho_before, rho, &norm, stop, &status)) return status;
    rho_before = rho;
    restart = false;
    if (!nl_stop_estimate(stop, number, norm)) continue;
    restart = stop->promised;
    if (nl_stop_check(stop, number)) return NL_OK;
  }
}

/* --- the vectors on the CPU ----------------------------------------------------------------------------- */

typedef struct vectors {
  nl_cg cg;
  const nl_system *s;
  const nl_preconditioner *M;
  const nl_stop *stop;
  double *r, *z, *p, *q; /* n each */
} vectors;

static nl_status restart(nl_cg *v) {
  vectors *w = (vectors *)v;
  memcpy(w->r, w->stop->residual, (size_t)w->s->n * sizeof *w->r);
  return NL_OK;
}

static nl_status precondition(nl_cg *v, double *rho) {
  vectors *w = (vectors *)v;
  nl_preconditioner_apply(w->M, w->r, w->z);
  *rho = nl_dot(w->r, w->z, w->s->n);
  return NL_OK;
}

static nl_status product(nl_cg *v, double beta, double *curvature) {
  vectors *w = (vectors *)v;
  for (int64_t i = 0; i < w->s->n; i++) w->p[i] = beta == 0 ? w->z[i] : w->z[i] + beta * w->p[i];
  nl_matrix_apply(&w->s->A, w->p, 1, w->q);
  *curvature = nl_dot(w->p, w->q, w->s->n);
  return NL_OK;
}

static nl_status advance(nl_cg *v, double alpha, double *norm) {
  vectors *w = (vectors *)v;
  nl_axpy(alpha, w->p, w->s->X, w->s->n);
  nl_axpy(-alpha, w->q, w->r, w->s->n);
  *norm = nl_norm_2(w->r, w->s->n, 1);
  return NL_OK;
}

static nl_status length(nl_cg *v, double *square) {
  vectors *w = (vectors *)v;
  *square = nl_dot(w->p, w->p, w->s->n);
  return NL_OK;
}

static const nl_cg_steps steps = {restart, precondition, product, advance, length};

static nl_status conjugate_gradients(const nl_system *s, const nl_solve_options *o,
                                     const nl_preconditioner *M, nl_stop *stop) {
  (void)o;
  double *r = nl_alloc(4 * s->n, sizeof *r, NL_WORKSPACE);
  if (!r) return NL_NOMEM;
  vectors v = {{&steps}, s, M, stop, r, r + s->n, r + 2 * s->n, r + 3 * s->n};
  nl_status status = nl_cg_check_symmetric(s, stop);
  if (status == NL_OK) status = nl_cg_iterate(&v.cg, stop);
  nl_free(r);
  return nl_status_is_outcome(status) ? NL_OK : status; /* an outcome stands in the info of stop */
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  return nl_krylov_run(s, o, info, conjugate_gradients);
}

const nl_method nl_method_cg = {.name = "cg",
                                .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE,
                                .iterative = true,
                                .run = run,
                                .takes_there = NL_TAKES_SPARSE,
                                .run_there = nl_cg_run_there};
