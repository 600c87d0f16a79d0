/* The method "gauss": textbook Gaussian elimination of a dense system, O(2/3 n^3), reporting what the
 * elimination saw. The arithmetic is in gauss_tmpl.c; here it gets its copy of A, and its outcome gets words.
 */
#include "gauss.h"
#include "solver/method.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/clock.h>
#include <stdio.h>
#include <string.h>

static void word_singular(const nl_gauss *g, char *text, size_t room) {
  int64_t step = g->step + 1;
  if (g->pivot == NL_PIVOT_NONE)
    snprintf(text, room,
             "gauss: the pivot of column %" PRId64 " is exactly zero (pivot=\"partial\" would exchange rows)",
             step);
  else if (g->pivot == NL_PIVOT_PARTIAL)
    snprintf(text, room, "gauss: A is singular, column %" PRId64 " has no nonzero pivot", step);
  else
    snprintf(text, room,
             "gauss: A is singular, nothing but zeros is left in step %" PRId64 " of %" PRId64
             ": rank %" PRId64,
             step, g->n, g->step);
}

/* Every outcome in words: info->reason and the message of the status. */
static nl_status report(const nl_gauss *g, nl_status code, nl_solve_info *info) {
  char *text = info->reason;
  size_t room = sizeof info->reason;
  info->code = code;
  info->converged = code == NL_OK;
  info->growth = g->most_a > 0 ? g->most_u / g->most_a : (double)NAN;
  info->smallest_pivot = g->smallest_pivot;
  info->exchanges = g->exchanges;
  if (g->pivot == NL_PIVOT_ROOK || g->pivot == NL_PIVOT_COMPLETE)
    info->rank = g->step < g->n ? g->step : g->n;
  switch (code) {
  case NL_SINGULAR:
    info->where = g->step + 1;
    word_singular(g, text, room);
    break;
  case NL_NONFINITE:
    if (g->step > g->n) snprintf(text, room, "gauss: the solution overflows");
    else snprintf(text, room, "gauss: overflow in step %" PRId64 " of %" PRId64, g->step, g->n);
    break;
  case NL_INTERRUPTED:
    snprintf(text, room, "gauss: interrupted after %" PRId64 " of %" PRId64 " steps", g->step, g->n);
    break;
  default:
    info->nnz_factor = g->n * g->n;
    snprintf(text, room, "eliminated %" PRId64 " columns", g->n);
    return NL_OK;
  }
  return nl_fail(code, "%s", text);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  int64_t n = s->n, size = nl_dtype_size(s->dtype);
  double start = nl_clock();
  nl_gauss g = {.n = n, .k = s->k, .X = s->X, .pivot = o->pivot, .scale = o->scale};
  nl_status status = NL_NOMEM;
  g.A = nl_alloc(n * n, (size_t)size, NL_WORKSPACE);
  g.most_of = nl_alloc(n, sizeof *g.most_of, NL_WORKSPACE);
  g.swap = nl_alloc(n, sizeof *g.swap, NL_WORKSPACE);
  g.exponent = nl_alloc(n, sizeof *g.exponent, NL_WORKSPACE);
  if (!g.A || !g.most_of || !g.swap || !g.exponent) goto done;
  memcpy(g.A, nl_tensor_data(s->A.dense), (size_t)(n * n * size));
  memcpy(g.X, s->B, (size_t)(n * s->k * size));
  status = report(&g, s->dtype == NL_F32 ? nl_gauss_f32(&g) : nl_gauss_f64(&g), info);
  info->seconds = nl_clock() - start;
done:
  nl_free(g.exponent);
  nl_free(g.swap);
  nl_free(g.most_of);
  nl_free(g.A);
  return status;
}

const nl_method nl_method_gauss = {
    .name = "gauss", .takes = NL_TAKES_DENSE | NL_TAKES_F32 | NL_TAKES_PIVOTING, .run = run};
