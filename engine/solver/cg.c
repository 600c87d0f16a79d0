/* Conjugate gradients for symmetric positive definite A (Hestenes & Stiefel, 1952), preconditioned:
 *
 *   z = M^-1 r,  rho = r'z,  p = z + (rho / rho_before) p,  alpha = rho / p'A p,  x += alpha p,  r -= alpha A
 * p
 *
 * The A-norm of the error falls monotonically, at least by (sqrt(kappa) - 1) / (sqrt(kappa) + 1) a step,
 * kappa the condition number of M^-1 A. p'A p <= 0 proves that A is not positive definite. */
#include "krylov.h"
#include "matrix.h"
#include "vector.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

/* A far from symmetric would only show as a slow wrong answer: |a_ij - a_ji| beyond 1e-6 of the larger is
 * refused, less is left to the true residual. */
static nl_status refuse_unsymmetric(const nl_system *s, nl_stop *stop) {
  nl_asymmetry worst;
  NL_TRY(nl_matrix_asymmetry(&s->A, &worst));
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

static nl_status conjugate_gradients(const nl_system *s, const nl_solve_options *o,
                                     const nl_preconditioner *M, nl_stop *stop) {
  int64_t n = s->n;
  double *x = s->X, *r = nl_alloc(4 * n, sizeof *r, NL_WORKSPACE);
  if (!r) return NL_NOMEM;
  double *z = r + n, *p = z + n, *q = p + n, rho_before = 1;
  nl_status status = refuse_unsymmetric(s, stop);
  bool restart = true;
  (void)o;
  if (status != NL_OK || nl_stop_check(stop, 0)) goto done;
  memcpy(r, stop->residual, (size_t)n * sizeof *r);
  for (int64_t step = 1;; step++) {
    nl_preconditioner_apply(M, r, z);
    double rho = nl_dot(r, z, n);
    if (!(rho > 0)) {
      nl_outcome(stop->info, NL_NOT_POSITIVE_DEFINITE, 0,
                 "r'z = %.3e in step %" PRId64 ", z = M^-1 r: the preconditioner is not positive definite",
                 rho, step);
      break;
    }
    for (int64_t i = 0; i < n; i++) p[i] = restart ? z[i] : z[i] + rho / rho_before * p[i];
    nl_matrix_apply(&s->A, p, 1, q);
    double curvature = nl_dot(p, q, n);
    if (!nl_interrupted() && !(curvature > 0)) {
      nl_outcome(stop->info, NL_NOT_POSITIVE_DEFINITE, 0,
                 "p'Ap = %.3e in step %" PRId64
                 " (p'p = %.3e): A is not positive definite; use bicgstab or gmres",
                 curvature, step, nl_dot(p, p, n));
      break;
    }
    if (!nl_interrupted()) {
      nl_axpy(rho / curvature, p, x, n);
      nl_axpy(-rho / curvature, q, r, n);
    }
    rho_before = rho;
    restart = false;
    if (!nl_stop_estimate(stop, step, nl_norm_2(r, n, 1))) continue;
    restart = stop->promised;
    if (nl_stop_check(stop, step)) break;
    if (restart) memcpy(r, stop->residual, (size_t)n * sizeof *r);
  }
done:
  nl_free(r);
  return status == NL_NOMEM ? status : NL_OK;
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  return nl_krylov_run(s, o, info, conjugate_gradients);
}

const nl_method nl_method_cg = {
    .name = "cg", .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE, .iterative = true, .run = run};
