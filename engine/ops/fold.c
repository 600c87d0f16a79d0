/* Chunks, the combination of two parts, and the binary tree over them (see fold.h). */
#include "fold.h"
#include "cpu/kernels.h"
#include <math.h>
#include <numlab/interrupt.h>

/* --- one chunk of reals ------------------------------------------------------------------------------ */

static double sum_abs(int64_t n, const double *x) {
  enum { LANES = 8 }; /* independent sums: no chain of dependent additions */
  double s[LANES] = {0};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) s[k] += fabs(x[i + k]);
  for (int k = 0; i < n; i++, k++) s[k] += fabs(x[i]);
  return ((s[0] + s[1]) + (s[2] + s[3])) + ((s[4] + s[5]) + (s[6] + s[7]));
}

static double sum_powers(int64_t n, const double *x, double p, double scale) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += pow(fabs(x[i]) / scale, p);
  return s;
}

/* The larger, or NaN where there is one. */
static double larger(double a, double b) { return b > a || isnan(b) ? b : a; }

/* b takes the place of a as the extreme: strictly beyond, or the first NaN. */
static bool beyond(bool max, double a, double b) {
  if (isnan(b)) return !isnan(a);
  return max ? b > a : b < a;
}

/* Sums of squares in three ranges, as Blue (1978) and LAPACK's dnrm2 do, but by chunk: squares of elements
 * outside 2^-400 .. 2^400 could leave the range of a double. */
static nl_part squares_by_range(int64_t n, const double *x) {
  nl_part part = {.value = 0};
  for (int64_t i = 0; i < n; i++) {
    double a = fabs(x[i]);
    if (a > 0x1p400) part.big += a * 0x1p-600 * (a * 0x1p-600);
    else if (a < 0x1p-400) part.small += a * 0x1p600 * (a * 0x1p600);
    else part.value += a * a;
  }
  return part;
}

/* Squares of f32 are always in range; below 2^-800 a lost square would count. */
static nl_part squares(const nl_dense_kernels *kernel, nl_dtype type, int64_t n, const void *x) {
  nl_part part = {.value = kernel->sum_squares(n, x)};
  bool safe = part.value > 0x1p-800 && part.value < 0x1p1000;
  return type == NL_F32 || safe || isnan(part.value) ? part : squares_by_range(n, x);
}

static double two_norm(const nl_part *part) {
  if (part->big > 0) return sqrt(part->big + part->value * 0x1p-600 * 0x1p-600) * 0x1p600;
  if (part->value > 0 || isnan(part->value)) return sqrt(part->value + part->small * 0x1p-600 * 0x1p-600);
  return sqrt(part->small) * 0x1p-600;
}

/* The kernels of the CPU level take f64 and f32 as they are; the other operations read f64. */
static bool by_kernel(int op) {
  return op <= NL_REDUCE_ARGMIN || op == NL_REDUCE_NORM_2 || op == NL_REDUCE_NORM_INF;
}

static nl_part fold_by_kernel(int op, int64_t first, nl_dtype type, int64_t n, const void *x) {
  const nl_dense_kernels *kernel = &nl_kernels_in_use()->dense[type];
  nl_part part = {.at = first};
  bool max = op == NL_REDUCE_MAX || op == NL_REDUCE_ARGMAX;
  switch (op) {
  case NL_REDUCE_SUM:
  case NL_REDUCE_MEAN: part.value = kernel->sum(n, x); break;
  case NL_REDUCE_NORM_2: return squares(kernel, type, n, x);
  case NL_REDUCE_NORM_INF: part.value = larger(kernel->highest(n, 1, x), kernel->highest(n, -1, x)); break;
  default: part.value = max ? kernel->highest(n, 1, x) : -kernel->highest(n, -1, x);
  }
  if (op == NL_REDUCE_ARGMAX || op == NL_REDUCE_ARGMIN) part.at += kernel->find(n, part.value, x);
  return part;
}

/* n >= 1 */
static nl_part fold_plainly(const nl_fold *fold, int64_t n, const double *x) {
  nl_part part = {.value = fold->op == NL_REDUCE_ALL};
  switch (fold->op) {
  case NL_REDUCE_NORM_1: part.value = sum_abs(n, x); break;
  case NL_REDUCE_POWER: part.value = sum_powers(n, x, fold->p, fold->scale); break;
  case NL_REDUCE_ANY:
    for (int64_t i = 0; i < n; i++) part.value = part.value != 0 || x[i] != 0;
    break;
  default: /* all */
    for (int64_t i = 0; i < n; i++) part.value = part.value != 0 && x[i] != 0;
  }
  return part;
}

/* --- one chunk of integers --------------------------------------------------------------------------- */

static nl_part fold_integers(const nl_fold *fold, int64_t first, int64_t n, const int64_t *x) {
  nl_part part = {.at = first};
  switch (fold->op) {
  case NL_REDUCE_SUM:
  case NL_REDUCE_MEAN:
    for (int64_t i = 0; i < n; i++) part.whole += x[i];
    break;
  case NL_REDUCE_ANY:
    for (int64_t i = 0; i < n; i++) part.whole |= x[i] != 0;
    break;
  case NL_REDUCE_ALL:
    part.whole = 1;
    for (int64_t i = 0; i < n; i++) part.whole &= x[i] != 0;
    break;
  default: { /* max, min, argmax, argmin */
    bool max = fold->op == NL_REDUCE_MAX || fold->op == NL_REDUCE_ARGMAX;
    part.whole = x[0];
    for (int64_t i = 1; i < n; i++)
      if (max ? x[i] > part.whole : x[i] < part.whole) {
        part.whole = x[i];
        part.at = first + i;
      }
  }
  }
  return part;
}

/* --- the tree ---------------------------------------------------------------------------------------- */

/* left stands before right. */
static nl_part combine(const nl_fold *fold, nl_part left, nl_part right) {
  bool max = fold->op == NL_REDUCE_MAX || fold->op == NL_REDUCE_ARGMAX, take;
  switch (fold->op) {
  case NL_REDUCE_MAX:
  case NL_REDUCE_MIN:
  case NL_REDUCE_ARGMAX:
  case NL_REDUCE_ARGMIN:
    if (fold->whole) take = max ? right.whole > left.whole : right.whole < left.whole;
    else take = beyond(max, left.value, right.value);
    return take ? right : left;
  case NL_REDUCE_NORM_INF: left.value = larger(left.value, right.value); return left;
  case NL_REDUCE_ANY:
    left.value = left.value != 0 || right.value != 0;
    left.whole |= right.whole;
    return left;
  case NL_REDUCE_ALL:
    left.value = left.value != 0 && right.value != 0;
    left.whole &= right.whole;
    return left;
  default: /* sums */
    left.value += right.value;
    left.big += right.big;
    left.small += right.small;
    left.whole += right.whole;
    return left;
  }
}

static void push(const nl_fold *fold, nl_fold_tree *t, nl_part leaf) {
  int k = 0;
  for (; t->count >> k & 1; k++) leaf = combine(fold, t->level[k], leaf);
  t->level[k] = leaf;
  t->count++;
}

nl_part nl_fold_total(const nl_fold *fold, const nl_fold_tree *t) {
  nl_part all = {.value = fold->op == NL_REDUCE_ALL, .whole = fold->op == NL_REDUCE_ALL}; /* of nothing */
  bool first = true;
  for (int k = 0; k < 64; k++)
    if (t->count >> k & 1) {
      all = first ? t->level[k] : combine(fold, t->level[k], all);
      first = false;
    }
  return all;
}

bool nl_fold_takes(const nl_fold *fold, nl_dtype dtype) {
  return !fold->whole && by_kernel(fold->op) && (dtype == NL_F64 || dtype == NL_F32);
}

void nl_fold_add(const nl_fold *fold, nl_fold_tree *t, int64_t first, nl_dtype type, int64_t n,
                 const void *x) {
  push(fold, t, fold_by_kernel(fold->op, first, type, n, x));
}

/* The next n elements of the walk, as one leaf. */
static nl_part fold_chunk(const nl_fold *fold, nl_walk *w, int64_t first, int64_t n) {
  union {
    double f64[NL_CHUNK];
    float f32[NL_CHUNK];
    int64_t i64[NL_CHUNK];
  } buffer;
  if (fold->whole) return fold_integers(fold, first, n, nl_walk_i64(w, n, buffer.i64));
  if (!by_kernel(fold->op)) return fold_plainly(fold, n, nl_walk_f64(w, n, buffer.f64));
  if (nl_dtype_is_float(w->dtype) && w->dtype != NL_F64)
    return fold_by_kernel(fold->op, first, NL_F32, n, nl_walk_f32(w, n, buffer.f32));
  return fold_by_kernel(fold->op, first, NL_F64, n, nl_walk_f64(w, n, buffer.f64));
}

nl_part nl_fold_run(const nl_fold *fold, nl_walk *w, int64_t first, int64_t n) {
  nl_fold_tree t;
  t.count = 0;
  for (int64_t i = 0; i < n && !nl_interrupted(); i += NL_CHUNK) {
    int64_t run = n - i < NL_CHUNK ? n - i : NL_CHUNK;
    push(fold, &t, fold_chunk(fold, w, first + i, run));
  }
  return nl_fold_total(fold, &t);
}

nl_part nl_fold_join(const nl_fold *fold, const nl_part *parts, int64_t count) {
  nl_fold_tree t;
  t.count = 0;
  for (int64_t i = 0; i < count; i++) push(fold, &t, parts[i]);
  return nl_fold_total(fold, &t);
}

void nl_fold_store(const nl_fold *fold, const nl_part *part, int64_t n, nl_dtype dtype, void *p) {
  if (fold->op == NL_REDUCE_ARGMAX || fold->op == NL_REDUCE_ARGMIN) {
    nl_store_i64(dtype, p, 1, &part->at);
  } else if (fold->whole && fold->op != NL_REDUCE_MEAN) {
    nl_wide whole = part->whole;
    int64_t value = whole > INT64_MAX ? INT64_MAX : whole < INT64_MIN ? INT64_MIN : (int64_t)whole;
    nl_store_i64(dtype, p, 1, &value);
  } else {
    double value = fold->whole ? (double)part->whole : part->value;
    if (fold->op == NL_REDUCE_MEAN) value /= (double)n;
    if (fold->op == NL_REDUCE_NORM_2) value = two_norm(part);
    nl_dtype_store(dtype, p, value);
  }
}
