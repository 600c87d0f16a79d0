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

/* Every outcome in words: info->reason and the message of the status. */
static nl_status report(const nl_gauss *g, nl_status code, nl_solve_info *info) {
  char *text = info->reason;
  size_t room = sizeof info->reason;
  int64_t step = g->step + 1;
  info->code = code;
  info->converged = code == NL_OK;
  info->growth = g->most_a > 0 ? g->most_u / g->most_a : (double)NAN;
  info->smallest_pivot = g->smallest_pivot;
  info->exchanges = g->exchanges;
  switch (code) {
  case NL_SINGULAR:
    info->where = step;
    snprintf(text, room, "gauss: column %" PRId64 " has no nonzero pivot, A is singular", step);
    break;
  case NL_NONFINITE:
    if (g->step > g->n) snprintf(text, room, "gauss: the solution overflows %s", "in back substitution");
    else snprintf(text, room, "gauss: overflow in step %" PRId64 " of %" PRId64, g->step, g->n);
    break;
  case NL_INTERRUPTED:
    snprintf(text, room, "gauss: interrupted after %" PRId64 " of %" PRId64 " steps", g->step, g->n);
    break;
  default: snprintf(text, room, "eliminated %" PRId64 " columns", g->n); return NL_OK;
  }
  return nl_fail(code, "%s", text);
}

static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  int64_t n = s->n, size = nl_dtype_size(s->dtype);
  nl_gauss g = {.n = n, .k = s->k, .X = s->X, .pivot = o->pivot, .scale = o->scale};
  nl_status status = NL_NOMEM;
  g.A = nl_alloc(n * n, (size_t)size, NL_WORKSPACE);
  g.row_most = nl_alloc(n, sizeof *g.row_most, NL_WORKSPACE);
  if (!g.A || !g.row_most) goto done;
  double start = nl_clock();
  memcpy(g.A, nl_tensor_data(s->A.dense), (size_t)(n * n * size));
  memcpy(g.X, s->B, (size_t)(n * s->k * size));
  status = s->dtype == NL_F32 ? nl_gauss_f32(&g) : nl_gauss_f64(&g);
  info->seconds = nl_clock() - start;
  status = report(&g, status, info);
done:
  nl_free(g.row_most);
  nl_free(g.A);
  return status;
}

const nl_method nl_method_gauss = {.name = "gauss", .takes = NL_TAKES_DENSE | NL_TAKES_F32, .run = run};
