/* BiCGSTAB for general A (H. A. van der Vorst, SIAM J. Sci. Stat. Comput. 13, 1992), right-preconditioned:
 *
 *   v = A M^-1 p,  alpha = rho / r0'v,  s = r - alpha v,  t = A M^-1 s,  omega = t's / t't
 *   x += alpha M^-1 p + omega M^-1 s,  r = s - omega t
 *   rho_next = r0'r,  p = r + (rho_next / rho) (alpha / omega) (p - omega v)
 *
 * Two products with A a step. The shadow residual r0 can become orthogonal to r or to v: then the method
 * restarts with r0 = r, and gives up (BREAKDOWN) when that happens in the first step after a restart. */
#include "krylov.h"
#include "matrix.h"
#include "vector.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

/* |x'y| is lost in the rounding of its own sum. */
static bool orthogonal(double product, const double *x, const double *y, int64_t n) {
  return !(fabs(product) > DBL_EPSILON * nl_norm_2(x, n, 1) * nl_norm_2(y, n, 1));
}

typedef struct work {
  double *r, *shadow, *p, *v, *t, *p_hat, *s_hat;
  double rho, alpha, omega;
} work;

typedef enum progress { WENT_ON, LOST_SHADOW, STOOD_STILL } progress;

/* One step from r, p, rho. x moves unless LOST_SHADOW. */
static progress advance(const nl_system *s, const nl_preconditioner *M, work *w) {
  int64_t n = s->n;
  nl_preconditioner_apply(M, w->p, w->p_hat);
  nl_matrix_apply(&s->A, w->p_hat, 1, w->v);
  if (nl_interrupted()) return WENT_ON; /* v may be half done: leave x as it is */
  double shadow_v = nl_dot(w->shadow, w->v, n);
  if (orthogonal(shadow_v, w->shadow, w->v, n)) return LOST_SHADOW;
  w->alpha = w->rho / shadow_v;
  nl_axpy(w->alpha, w->p_hat, s->X, n);
  nl_axpy(-w->alpha, w->v, w->r, n); /* r holds s from here */
  if (nl_norm_2(w->r, n, 1) == 0) return WENT_ON;
  nl_preconditioner_apply(M, w->r, w->s_hat);
  nl_matrix_apply(&s->A, w->s_hat, 1, w->t);
  if (nl_interrupted()) return WENT_ON;
  double ts = nl_dot(w->t, w->r, n);
  if (orthogonal(ts, w->t, w->r, n)) return STOOD_STILL;
  w->omega = ts / nl_dot(w->t, w->t, n);
  nl_axpy(w->omega, w->s_hat, s->X, n);
  nl_axpy(-w->omega, w->t, w->r, n);
  return WENT_ON;
}

static nl_status stabilised(const nl_system *s, const nl_solve_options *o, const nl_preconditioner *M,
                            nl_stop *stop) {
  int64_t n = s->n;
  (void)o;
  double *room = nl_alloc(7 * n, sizeof *room, NL_WORKSPACE);
  if (!room) return NL_NOMEM;
  work w = {room, room + n, room + 2 * n, room + 3 * n, room + 4 * n, room + 5 * n, room + 6 * n, 0, 0, 0};
  bool restart = true, leave = nl_stop_check(stop, 0);
  for (int64_t step = 1; !leave; step++) {
    bool first = restart;
    if (restart) { /* r0 = p = r, the true residual */
      memcpy(w.r, stop->residual, (size_t)n * sizeof *w.r);
      memcpy(w.shadow, w.r, (size_t)n * sizeof *w.r);
      memcpy(w.p, w.r, (size_t)n * sizeof *w.r);
      w.rho = nl_dot(w.r, w.r, n);
    }
    progress went = advance(s, M, &w);
    restart = went != WENT_ON;
    if (restart && first && !nl_interrupted()) {
      nl_outcome(stop->info, NL_BREAKDOWN, 0, "%s in step %" PRId64 ", the first after a restart; use gmres",
                 went == LOST_SHADOW ? "r'A M^-1 r = 0" : "omega = 0: A M^-1 s is orthogonal to s", step);
      break;
    }
    if (nl_stop_estimate(stop, step, nl_norm_2(w.r, n, 1)) || restart) {
      restart |= stop->promised;
      leave = nl_stop_check(stop, step);
    }
    if (leave || restart) continue;
    double rho = nl_dot(w.shadow, w.r, n), beta = rho / w.rho * (w.alpha / w.omega);
    if (orthogonal(rho, w.shadow, w.r, n)) {
      restart = true;
      leave = nl_stop_check(stop, step);
      continue;
    }
    w.rho = rho;
    for (int64_t i = 0; i < n; i++) w.p[i] = w.r[i] + beta * (w.p[i] - w.omega * w.v[i]);
  }
  nl_free(room);
  return NL_OK;
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  return nl_krylov_run(s, o, info, stabilised);
}

const nl_method nl_method_bicgstab = {
    .name = "bicgstab", .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE, .iterative = true, .run = run};
