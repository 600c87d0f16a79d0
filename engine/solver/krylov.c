/* Right-hand sides one by one. Iterations are those of the slowest, a history value is the largest ratio of a
 * step, the verdict is that of the first right-hand side that failed. */
#include "krylov.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The power of two that brings the largest |b_i| into [1/2, 1); 1 for zeros. */
static double scale_of(const double *B, int64_t n, int64_t k) {
  double most = 0;
  int exponent;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(B[i * k]));
  if (most == 0 || !isfinite(most)) return 1;
  frexp(most, &exponent);
  return ldexp(1, -exponent < 1023 ? -exponent : 1023);
}

/* history(i) = max of both; a column that ended earlier keeps its last value. Takes over one->history. */
static void merge_history(nl_solve_info *info, nl_solve_info *one) {
  if (one->history_length > info->history_length) { /* let info have the longer one */
    double *values = info->history;
    int64_t length = info->history_length;
    info->history = one->history;
    info->history_length = one->history_length;
    one->history = values;
    one->history_length = length;
  }
  for (int64_t i = 0; i < info->history_length && one->history_length > 0; i++) {
    double other = one->history[i < one->history_length ? i : one->history_length - 1];
    if (!(other <= info->history[i])) info->history[i] = other;
  }
  nl_free(one->history);
  one->history = NULL;
}

static void merge(nl_solve_info *info, nl_solve_info *one, int64_t c, int64_t k) {
  merge_history(info, one);
  info->seconds += one->seconds;
  if (one->iterations > info->iterations) info->iterations = one->iterations;
  if (!(one->relative_residual <= info->relative_residual)) info->relative_residual = one->relative_residual;
  bool slowest = info->code == NL_OK && one->iterations == info->iterations;
  if (one->code != NL_OK && info->code == NL_OK && k > 1)
    snprintf(info->reason, sizeof info->reason, "right-hand side %" PRId64 ": %.160s", c + 1, one->reason);
  else if (slowest || (one->code != NL_OK && info->code == NL_OK))
    memcpy(info->reason, one->reason, sizeof info->reason);
  if (info->code == NL_OK) {
    info->code = one->code;
    info->where = one->where;
  }
}

/* No verdict, no iterate: memory or the device gave out. */
static bool failed(nl_status status) { return status != NL_OK && !nl_status_is_outcome(status); }

nl_status nl_krylov_run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info,
                        nl_krylov *solve) {
  nl_preconditioner M;
  nl_status status = NL_OK;
  const double *B = s->B;
  double *X = s->X;
  info->code = NL_OK;
  info->iterations = 0;
  info->relative_residual = 0;
  NL_TRY(nl_preconditioner_new(&s->A, o->precond, o->omega, info, &M));
  double *b = nl_alloc(s->n, sizeof *b, NL_WORKSPACE), *x = nl_alloc(s->n, sizeof *x, NL_WORKSPACE);
  if (!b || !x) status = NL_NOMEM;
  for (int64_t c = 0; c < s->k && !failed(status) && status != NL_INTERRUPTED; c++) {
    double scale = scale_of(B + c, s->n, s->k);
    for (int64_t i = 0; i < s->n; i++) {
      b[i] = B[i * s->k + c] * scale;
      x[i] = X[i * s->k + c] * scale;
    }
    nl_system column = {.A = s->A,
                        .dtype = NL_F64,
                        .n = s->n,
                        .k = 1,
                        .B = b,
                        .X = x,
                        .device = s->device,
                        .placed = s->placed};
    nl_solve_info one = {0};
    nl_stop stop;
    memcpy(one.method, info->method, sizeof one.method);
    status = nl_stop_begin(&stop, &column, o, &one);
    stop.unit = "step";
    if (status == NL_OK) status = solve(&column, o, &M, &stop);
    if (failed(status)) one.code = status;
    status = nl_stop_end(&stop);
    for (int64_t i = 0; i < s->n; i++) X[i * s->k + c] = x[i] / scale;
    merge(info, &one, c, s->k);
  }
  nl_free(b);
  nl_free(x);
  nl_preconditioner_release(&M);
  if (failed(status)) return info->code = status;
  info->converged = info->code == NL_OK;
  return info->code == NL_OK ? NL_OK : nl_fail(info->code, "%s: %s", info->method, info->reason);
}
