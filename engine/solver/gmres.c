/* GMRES(m) for general A (Saad & Schultz, SIAM J. Sci. Stat. Comput. 7, 1986), right-preconditioned.
 *
 * Arnoldi builds an orthonormal basis of the Krylov space of A M^-1 from r: A M^-1 V_j = V_(j+1) H_j. Givens
 * rotations keep H triangular (R) and carry g = beta e_1 along: |g_(j+1)| is the least residual norm over
 * x0 + M^-1 span(V_j), reached by R y = g. After m steps x moves and the space is built anew.
 * Modified Gram-Schmidt, repeated when it cancelled more than half of the vector (Daniel et al., 1976), so V
 * stays orthogonal to working accuracy. */
#include "krylov.h"
#include "matrix.h"
#include "vector.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

enum { STRIP = 1024 };

typedef struct cycle {
  int64_t n, m;
  double *V;             /* m + 1 rows of n: the basis */
  double *R;             /* m columns of m + 1: column j is H(:, j) rotated */
  double *cosine, *sine; /* m */
  double *g, *y;         /* m + 1, m */
  double *z;             /* n */
  bool space_is_full;    /* A M^-1 maps the space into itself */
} cycle;

/* w against v_0 .. v_j; h(i) = v_i'w. Returns the norm left, 0 when it is rounding only. Ctrl-C leaves it
 * undone. */
static double orthogonalise(const cycle *c, double *w, int64_t j, double *h) {
  double before = nl_norm_2(w, c->n, 1), whole = before, after = before;
  for (int64_t i = 0; i <= j; i++) h[i] = 0;
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i <= j && !nl_interrupted(); i++) {
      double along = nl_dot(c->V + i * c->n, w, c->n);
      h[i] += along;
      nl_axpy(-along, c->V + i * c->n, w, c->n);
    }
    after = nl_norm_2(w, c->n, 1);
    if (after > before / 2) break;
    before = after;
  }
  return after > 10 * DBL_EPSILON * whole ? after : 0;
}

/* Rotate column j of H into R, and g with it. */
static void rotate(cycle *c, int64_t j, double below) {
  double *h = c->R + j * (c->m + 1);
  for (int64_t i = 0; i < j; i++) {
    double upper = c->cosine[i] * h[i] + c->sine[i] * h[i + 1];
    h[i + 1] = c->cosine[i] * h[i + 1] - c->sine[i] * h[i];
    h[i] = upper;
  }
  double length = hypot(h[j], below);
  c->cosine[j] = length > 0 ? h[j] / length : 1;
  c->sine[j] = length > 0 ? below / length : 0;
  h[j] = length;
  c->g[j + 1] = -c->sine[j] * c->g[j];
  c->g[j] *= c->cosine[j];
}

/* R y = g of the first j columns; x += M^-1 V y. */
static void move(const cycle *c, const nl_preconditioner *M, int64_t j, double *x) {
  double *u = c->V + c->m * c->n; /* the last basis vector is not needed any more */
  for (int64_t i = j - 1; i >= 0; i--) {
    double sum = c->g[i];
    for (int64_t l = i + 1; l < j; l++) sum -= c->R[l * (c->m + 1) + i] * c->y[l];
    c->y[i] = sum / c->R[i * (c->m + 1) + i];
  }
  for (int64_t begin = 0; begin < c->n; begin += STRIP) { /* a strip of u stays in the cache */
    int64_t width = c->n - begin < STRIP ? c->n - begin : STRIP;
    for (int64_t i = 0; i < width; i++) u[begin + i] = 0;
    for (int64_t i = 0; i < j; i++) nl_axpy(c->y[i], c->V + i * c->n + begin, u + begin, width);
  }
  nl_preconditioner_apply(M, u, c->z);
  nl_axpy(1, c->z, x, c->n);
}

/* Up to m steps from the residual in stop; x moves at the end. Returns the step reached. */
static int64_t one_cycle(const nl_system *s, const nl_preconditioner *M, nl_stop *stop, cycle *c,
                         int64_t step) {
  int64_t n = c->n, j = 0;
  c->g[0] = nl_norm_2(stop->residual, n, 1);
  c->space_is_full = false;
  for (int64_t i = 0; i < n; i++) c->V[i] = stop->residual[i] / c->g[0];
  while (j < c->m) {
    double *w = c->V + (j + 1) * n, *h = c->R + j * (c->m + 1);
    nl_preconditioner_apply(M, c->V + j * n, c->z);
    nl_matrix_apply(&s->A, c->z, 1, w);
    if (nl_interrupted()) break;
    double below = orthogonalise(c, w, j, h), size = nl_norm_2(h, j + 1, 1);
    if (nl_interrupted()) break;
    rotate(c, j, below);
    c->space_is_full = below == 0;
    step++;
    /* a zero on R's diagonal: A M^-1 is singular on the space, this column brings nothing */
    if (!(h[j] > DBL_EPSILON * size)) break;
    j++;
    if (nl_stop_estimate(stop, step, fabs(c->g[j])) || c->space_is_full) break;
    nl_scale_by(1 / below, w, n);
  }
  move(c, M, j, s->X);
  return step;
}

static nl_status generalised_minimal_residual(const nl_system *s, const nl_solve_options *o,
                                              const nl_preconditioner *M, nl_stop *stop) {
  int64_t n = s->n, m = o->restart < n ? o->restart : n, step = 0;
  cycle c = {.n = n, .m = m};
  c.V = nl_alloc((m + 1) * n, sizeof(double), NL_WORKSPACE);
  c.R = nl_alloc((m + 1) * m, sizeof(double), NL_WORKSPACE);
  c.cosine = nl_alloc(4 * m + 1 + n, sizeof(double), NL_WORKSPACE);
  nl_status status = c.V && c.R && c.cosine ? NL_OK : NL_NOMEM;
  if (status != NL_OK) goto done;
  c.sine = c.cosine + m;
  c.y = c.sine + m;
  c.g = c.y + m;
  c.z = c.g + m + 1;
  while (!nl_stop_check(stop, step)) {
    double before = stop->ratio;
    step = one_cycle(s, M, stop, &c, step);
    if (!c.space_is_full || nl_interrupted()) continue;
    if (nl_stop_check(stop, step)) break;
    if (stop->ratio > before / 2) {
      nl_outcome(stop->info, NL_BREAKDOWN, 0,
                 "the Krylov space is complete in step %" PRId64
                 " and the residual stays at %.2e: A is singular to working precision",
                 step, stop->ratio);
      break;
    }
  }
done:
  nl_free(c.V);
  nl_free(c.R);
  nl_free(c.cosine);
  return status;
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  if (o->restart < 1)
    return nl_fail(NL_ARG, "gmres: restart is %" PRId64 ", expected at least 1", o->restart);
  return nl_krylov_run(s, o, info, generalised_minimal_residual);
}

const nl_method nl_method_gmres = {
    .name = "gmres", .takes = NL_TAKES_DENSE | NL_TAKES_SPARSE, .iterative = true, .run = run};
