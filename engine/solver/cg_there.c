/* The vectors of conjugate gradients on a device, by operations on tensors; preconditioners none and jacobi.
 * Each step waits for three numbers: rho, p'q and ||r||. */
#include "cg.h"
#include "placed.h"
#include "there.h"
#include <numlab/clock.h>
#include <numlab/ops.h>

typedef struct vectors {
  nl_cg cg;
  nl_placed placed; /* one right-hand side */
  nl_tensor D;      /* precond jacobi: the diagonal of A; else empty */
  nl_tensor r, z, p, q;
} vectors;

/* *to takes what a call made in fresh. */
static nl_status replace(nl_status s, nl_tensor *to, nl_tensor *fresh) {
  if (s != NL_OK) return s;
  nl_tensor_release(to);
  *to = *fresh;
  return NL_OK;
}

static nl_status dot(const nl_tensor *x, const nl_tensor *y, double *out) {
  nl_tensor products, sum;
  NL_TRY(nl_binary(NL_MUL, x, y, &products));
  nl_status s = nl_reduce_all(NL_REDUCE_SUM, &products, &sum);
  nl_tensor_release(&products);
  NL_TRY(s);
  s = nl_tensor_read(&sum, out);
  nl_tensor_release(&sum);
  return s;
}

/* out = x + factor y, a new tensor */
static nl_status plus(const nl_tensor *x, double factor, const nl_tensor *y, nl_tensor *out) {
  nl_tensor scaled;
  NL_TRY(nl_binary_number(NL_MUL, y, factor, false, &scaled));
  nl_status s = nl_binary(NL_ADD, x, &scaled, out);
  nl_tensor_release(&scaled);
  return s;
}

/* --- the steps ------------------------------------------------------------------------------------------ */

static nl_status restart(nl_cg *v) {
  vectors *w = (vectors *)v;
  nl_tensor_release(&w->r);
  w->r = nl_tensor_share(&w->placed.R); /* never written, only replaced */
  return NL_OK;
}

static nl_status precondition(nl_cg *v, double *rho) {
  vectors *w = (vectors *)v;
  nl_tensor z = {0};
  nl_status s = NL_OK;
  if (w->D.storage) s = nl_binary(NL_DIV, &w->r, &w->D, &z);
  else z = nl_tensor_share(&w->r);
  NL_TRY(replace(s, &w->z, &z));
  return dot(&w->r, &w->z, rho);
}

static nl_status product(nl_cg *v, double beta, double *curvature) {
  vectors *w = (vectors *)v;
  nl_tensor p = {0}, q;
  nl_status s = NL_OK;
  if (beta == 0) p = nl_tensor_share(&w->z);
  else s = plus(&w->z, beta, &w->p, &p);
  NL_TRY(replace(s, &w->p, &p));
  NL_TRY(replace(nl_sparse_apply(&w->placed.A, &w->p, &q), &w->q, &q));
  return dot(&w->p, &w->q, curvature);
}

static nl_status advance(nl_cg *v, double alpha, double *norm) {
  vectors *w = (vectors *)v;
  nl_tensor x, r;
  NL_TRY(replace(plus(&w->placed.X, alpha, &w->p, &x), &w->placed.X, &x));
  NL_TRY(replace(plus(&w->r, -alpha, &w->q, &r), &w->r, &r));
  return nl_column_norms(NL_REDUCE_NORM_2, &w->r, norm);
}

static nl_status length(nl_cg *v, double *square) {
  vectors *w = (vectors *)v;
  return dot(&w->p, &w->p, square);
}

static const nl_cg_steps steps = {restart, precondition, product, advance, length};

/* --- a run ---------------------------------------------------------------------------------------------- */

static nl_status conjugate_gradients(const nl_system *s, const nl_solve_options *o,
                                     const nl_preconditioner *M, nl_stop *stop) {
  (void)o;
  vectors v = {.cg = {&steps}};
  nl_status status = nl_cg_check_symmetric(s, stop);
  if (status == NL_OK) status = nl_placed_column(s, &v.placed);
  if (status == NL_OK && M->kind == NL_PRECOND_JACOBI)
    status = nl_upload_vector(M->S.diagonal, s->n, 1, nl_tensor_device(&v.placed.X), &v.D);
  double start = nl_clock();
  if (status == NL_OK) {
    stop->s = &v.placed.here;
    status = nl_cg_iterate(&v.cg, stop);
    /* Ctrl-C came while the device added: the rule names it, and the iterate goes back */
    if (status == NL_INTERRUPTED && nl_stop_check(stop, stop->info->iterations)) status = NL_OK;
    stop->info->seconds = nl_clock() - start; /* the last check waited for the device */
    if (status == NL_OK) status = nl_placed_fetch(&v.placed);
    stop->s = s;
  }
  nl_tensor *tensors[] = {&v.D, &v.r, &v.z, &v.p, &v.q};
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) nl_tensor_release(tensors[i]);
  status = nl_placed_end(&v.placed, status);
  return nl_status_is_outcome(status) ? NL_OK : status;
}

nl_status nl_cg_run_there(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  nl_placed p;
  if (o->precond != NL_PRECOND_NONE && o->precond != NL_PRECOND_JACOBI)
    return nl_fail(NL_UNSUPPORTED,
                   "cg: on %s it takes precond 'none' and 'jacobi'; for the others move the operands with "
                   ":to('cpu')",
                   nl_device_name(s->device));
  nl_status status = nl_placed_begin(s, &p);
  if (status == NL_OK) status = nl_krylov_run(&p.here, o, info, conjugate_gradients);
  return nl_placed_end(&p, status);
}
