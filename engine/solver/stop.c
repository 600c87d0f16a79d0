/* The stopping rule of stop.h. Reasons carry the numbers the verdict was made from. */
#include "stop.h"
#include "matrix.h"
#include "vector.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/clock.h>
#include <numlab/interrupt.h>
#include <stdarg.h>
#include <stdio.h>

enum { FLOOR_WINDOW = 30, LEAST_WINDOW = 200 };

nl_status nl_outcome(nl_solve_info *info, nl_status code, int64_t where, const char *format, ...) {
  va_list args;
  va_start(args, format);
  vsnprintf(info->reason, sizeof info->reason, format, args);
  va_end(args);
  info->code = code;
  info->where = where;
  return nl_fail(code, "%s: %s", info->method, info->reason);
}

nl_status nl_stop_begin(nl_stop *stop, const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  *stop = (nl_stop){.s = s,
                    .o = o,
                    .info = info,
                    .lowest = (double)INFINITY,
                    .disappointed = (double)INFINITY,
                    .unit = "sweep"};
  info->code = NL_OK;
  stop->residual = nl_alloc(s->placed ? 0 : s->n * s->k, sizeof(double), NL_WORKSPACE);
  stop->norm_b = nl_alloc(2 * s->k, sizeof(double), NL_WORKSPACE);
  if (!stop->residual || !stop->norm_b) return info->code = NL_NOMEM;
  stop->norm_r = stop->norm_b + s->k;
  const double *B = s->B;
  double *X = s->X;
  for (int64_t c = 0; c < s->k; c++) {
    stop->norm_b[c] = nl_norm_2(B + c, s->n, s->k);
    if (stop->norm_b[c] == 0) /* A x = 0 has the solution 0, whatever x0 */
      for (int64_t i = 0; i < s->n; i++) X[i * s->k + c] = 0;
  }
  return NL_OK;
}

nl_status nl_stop_end(nl_stop *stop) {
  nl_solve_info *info = stop->info;
  nl_free(stop->residual);
  nl_free(stop->norm_b);
  stop->residual = stop->norm_b = stop->norm_r = NULL;
  if (!nl_status_is_outcome(info->code)) return info->code;
  return nl_fail(info->code, "%s: %s", info->method, info->reason);
}

/* --- measuring ---------------------------------------------------------------------------------------- */

/* B - A X and the norm of each of its columns, where the iteration runs. */
static nl_status measure(nl_stop *stop) {
  const nl_system *s = stop->s;
  if (s->placed) return nl_placed_residual(s->placed, stop->norm_r);
  nl_matrix_residual(&s->A, s->X, s->B, s->k, stop->residual);
  for (int64_t c = 0; c < s->k && !nl_interrupted(); c++)
    stop->norm_r[c] = nl_norm_2(stop->residual + c, s->n, s->k);
  return NL_OK;
}

/* max over right-hand sides of ||r||_2 / ||b||_2; NaN wins. */
static double residual_ratio(const nl_stop *stop) {
  double worst = 0;
  for (int64_t c = 0; c < stop->s->k; c++) {
    if (stop->norm_b[c] == 0) continue;
    double ratio = stop->norm_r[c] / stop->norm_b[c];
    if (!(ratio <= worst)) worst = ratio;
    if (isnan(worst)) break;
  }
  return worst;
}

/* eps || |A||x| + |b| ||_2 / ||b||_2, the largest over right-hand sides. Leaves the residual alone: Jacobi
 * and the Krylov methods go on from it. */
static double rounding_floor(nl_stop *stop) {
  const nl_system *s = stop->s;
  const double *B = s->B, *X = s->X;
  if (s->placed && nl_placed_fetch(s->placed) != NL_OK) return 0; /* unknown, as without memory */
  double worst = 0, *x = nl_alloc(3 * s->n, sizeof(double), NL_WORKSPACE);
  if (!x) return 0; /* unknown: then the longer window decides */
  double *b = x + s->n, *y = b + s->n;
  for (int64_t c = 0; c < s->k; c++) {
    if (stop->norm_b[c] == 0) continue;
    for (int64_t i = 0; i < s->n; i++) {
      x[i] = X[i * s->k + c];
      b[i] = B[i * s->k + c];
    }
    nl_matrix_magnitude(&s->A, x, b, y);
    double least = DBL_EPSILON * nl_norm_2(y, s->n, 1) / stop->norm_b[c];
    if (least > worst) worst = least;
  }
  nl_free(x);
  return worst;
}

/* Geometric mean of the factor a sweep over the last sweeps; NaN before the second. */
static double recent_rate(const nl_stop *stop, int64_t sweep) {
  int64_t span = sweep < NL_STOP_RECENT - 1 ? sweep : NL_STOP_RECENT - 1;
  double before = stop->recent[(sweep - span) % NL_STOP_RECENT];
  if (span < 1 || !(before > 0)) return (double)NAN;
  return pow(stop->ratio / before, 1 / (double)span);
}

/* One value a sweep; false when memory ran out. */
static bool remember(nl_stop *stop, int64_t sweep) {
  nl_solve_info *info = stop->info;
  stop->recent[sweep % NL_STOP_RECENT] = stop->ratio;
  if (!stop->o->history || sweep == 0) return true;
  if (sweep > stop->history_room) {
    int64_t room = stop->history_room ? 2 * stop->history_room : 64;
    double *more = info->history ? nl_realloc(info->history, room, sizeof(double))
                                 : nl_alloc(room, sizeof(double), NL_RESULT);
    if (!more) return false;
    info->history = more;
    stop->history_room = room;
  }
  info->history[sweep - 1] = stop->ratio;
  info->history_length = sweep;
  return true;
}

/* --- deciding ----------------------------------------------------------------------------------------- */

static bool verdict(nl_stop *stop, nl_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool verdict(nl_stop *stop, nl_status code, const char *format, ...) {
  nl_solve_info *info = stop->info;
  va_list args;
  va_start(args, format);
  vsnprintf(info->reason, sizeof info->reason, format, args);
  va_end(args);
  info->code = code;
  info->converged = code == NL_OK;
  return true;
}

static bool interrupted(nl_stop *stop, int64_t sweep) {
  return verdict(stop, NL_INTERRUPTED, "interrupted in %s %" PRId64 ", residual %.2e the %s before",
                 stop->unit, sweep, stop->ratio, stop->unit);
}

/* Sweeps without a new lowest ratio that are stagnation whatever the level. */
static int64_t long_window(const nl_stop *stop, int64_t sweep) {
  int64_t window = LEAST_WINDOW;
  if (window < stop->s->n) window = stop->s->n;
  return window < sweep / 2 ? sweep / 2 : window;
}

/* At the rounding floor, or without progress for a long time. */
static bool stagnated(nl_stop *stop, int64_t sweep) {
  bool hollow = stop->promised && stop->ratio > stop->disappointed / 2;
  int64_t still = sweep - stop->lowest_at, window = long_window(stop, sweep);
  if (!hollow && (still == 0 || still % FLOOR_WINDOW != 0) && still < window) return false;
  double low = hollow ? stop->ratio : stop->lowest, least = rounding_floor(stop);
  if (nl_interrupted()) return interrupted(stop, sweep);
  if (stop->ratio <= 10 * least) /* a residual that grew left the floor, whatever floor the growing x has */
    return verdict(stop, NL_STAGNATED,
                   "the residual stays at %.2e (%s %" PRId64
                   "); the rounding floor eps (|A||x| + |b|) is %.2e: tol %.1e is out of reach in f64",
                   low, stop->unit, hollow ? sweep : stop->lowest_at, least, stop->o->tol);
  if (hollow)
    return verdict(stop, NL_STAGNATED,
                   "the recurrence reached tol %.1e in step %" PRId64
                   ", but the true residual stays at %.2e (before: %.2e)",
                   stop->o->tol, sweep, low, stop->disappointed);
  if (still < window) return false;
  return verdict(stop, NL_STAGNATED,
                 "no lower residual than %.2e (%s %" PRId64 ") in %" PRId64 " %ss; now %.2e, tol %.1e",
                 stop->lowest, stop->unit, stop->lowest_at, still, stop->unit, stop->ratio, stop->o->tol);
}

static bool exhausted(nl_stop *stop, int64_t sweep) {
  double rate = recent_rate(stop, sweep), left = log(stop->o->tol / stop->ratio) / log(rate);
  if (rate < 1 && left < 1e15)
    return verdict(stop, NL_NOT_CONVERGED,
                   "residual %.2e after %" PRId64
                   " %ss (max_iter), tol %.1e; it falls by %.6g a %s: about %.0f more would do",
                   stop->ratio, sweep, stop->unit, stop->o->tol, rate, stop->unit, ceil(left));
  if (isnan(rate))
    return verdict(stop, NL_NOT_CONVERGED, "residual %.2e after %" PRId64 " %ss (max_iter), tol %.1e",
                   stop->ratio, sweep, stop->unit, stop->o->tol);
  return verdict(stop, NL_NOT_CONVERGED,
                 "residual %.2e after %" PRId64 " %ss (max_iter), tol %.1e; its factor a %s is %.6g",
                 stop->ratio, sweep, stop->unit, stop->o->tol, stop->unit, rate);
}

static bool diverged(nl_stop *stop, int64_t sweep) {
  if (!isfinite(stop->ratio))
    return verdict(stop, NL_DIVERGED,
                   "the residual overflowed in %s %" PRId64 " (lowest %.2e, %s %" PRId64 ")", stop->unit,
                   sweep, stop->lowest, stop->unit, stop->lowest_at);
  return verdict(stop, NL_DIVERGED,
                 "the residual grew from %.2e (%s %" PRId64 ") to %.2e (%s %" PRId64 "), lately by %.4g a %s",
                 stop->lowest, stop->unit, stop->lowest_at, stop->ratio, stop->unit, sweep,
                 recent_rate(stop, sweep), stop->unit);
}

/* NaN counts as grown. */
static bool has_grown(const nl_stop *stop) { return !(stop->ratio <= stop->lowest / DBL_EPSILON); }

static void keep_lowest(nl_stop *stop, int64_t sweep) {
  if (!(stop->ratio < stop->lowest)) return;
  stop->lowest = stop->ratio;
  stop->lowest_at = sweep;
}

bool nl_stop_check(nl_stop *stop, int64_t sweep) {
  nl_solve_info *info = stop->info;
  info->iterations = sweep;
  nl_status measured = nl_interrupted() ? NL_OK : measure(stop);
  if (nl_interrupted()) return interrupted(stop, sweep);
  if (measured != NL_OK) {
    info->code = measured;
    return true;
  }
  info->relative_residual = stop->ratio = residual_ratio(stop);
  if (!remember(stop, sweep)) {
    info->code = NL_NOMEM;
    return true;
  }
  if (stop->ratio <= stop->o->tol)
    return verdict(stop, NL_OK, "residual %.2e <= tol %.1e after %" PRId64 " %ss", stop->ratio, stop->o->tol,
                   sweep, stop->unit);
  keep_lowest(stop, sweep);
  if (!isfinite(stop->ratio) || has_grown(stop)) return diverged(stop, sweep);
  if (stagnated(stop, sweep)) return true;
  if (stop->promised) stop->disappointed = stop->ratio;
  stop->promised = false;
  return sweep >= stop->o->max_iter && exhausted(stop, sweep);
}

bool nl_stop_estimate(nl_stop *stop, int64_t step, double norm_r) {
  stop->ratio = norm_r / stop->norm_b[0];
  stop->info->iterations = step;
  if (!remember(stop, step)) return true; /* the check fails at the same place */
  stop->promised = stop->ratio <= stop->o->tol;
  if (stop->promised || has_grown(stop) || step >= stop->o->max_iter || nl_interrupted()) return true;
  keep_lowest(stop, step);
  return step - stop->lowest_at >= long_window(stop, step);
}

/* begin comes before the upload: what it sets to zeros, it sets on the CPU. */
nl_status nl_stop_run_placed(nl_placed *p, const nl_solve_options *o, nl_solve_info *info,
                             nl_status sweep(nl_placed *p, const void *context), const void *context) {
  nl_stop stop;
  nl_status s = nl_stop_begin(&stop, &p->here, o, info);
  if (s == NL_OK) s = nl_placed_upload(p);
  double start = nl_clock();
  for (int64_t done = 0; s == NL_OK && !nl_stop_check(&stop, done); done++) s = sweep(p, context);
  info->seconds = nl_clock() - start; /* the last check waited for the device */
  if (s == NL_OK) s = nl_placed_fetch(p);
  nl_status verdict = nl_stop_end(&stop);
  return s != NL_OK ? s : verdict;
}
