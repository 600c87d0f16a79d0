/* Reductions, softmax, matrix products. Oracles are plain loops in long double. */
#include "plugin.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- reductions ---------------------------------------------------------------------------------------- */

typedef struct fold_case {
  int ndim;
  int64_t shape[3], n;
  layout how;
} fold_case;

static const fold_case folds[] = {
    {1, {1}, 1, DENSE},
    {1, {7}, 7, BACKWARD},
    {2, {5, 33}, 33, DENSE},
    {2, {100, 3}, 3, GAPPY},
    {2, {70, 1000}, 1000, DENSE},
    {2, {300, 129}, 129, TURNED},
    {2, {3, 70001}, 70001, DENSE},
    {2, {5, 5000}, 5000, TURNED},
    {2, {4, 40}, 40, EXPANDED},
    {3, {4, 5, 6}, 120, TURNED},
    {3, {40, 50, 60}, 60, GAPPY},
    {1, {1500003}, 1500003, DENSE},
    {2, {0, 5}, 5, DENSE},
};
enum { FOLDS = sizeof folds / sizeof *folds };

static bool beyond(bool max, double a, double b) {
  if (isnan(b)) return !isnan(a);
  return max ? b > a : b < a;
}

/* One run by the rules of ops.h; *scale is what its rounding errors are measured against. */
static double run_of(nl_reduction op, const array *a, int64_t run, int64_t n, double *scale) {
  long double sum = 0, size = 0, squares = 0;
  bool max = op == NL_REDUCE_MAX || op == NL_REDUCE_ARGMAX, any = false, all = true;
  double best = 0, largest = 0;
  int64_t at = 0;
  for (int64_t j = 0; j < n; j++) {
    double x = value(a, run * n + j);
    sum += (long double)x;
    size += fabsl((long double)x);
    squares += (long double)x * (long double)x;
    if (j == 0 || beyond(max, best, x)) best = x, at = j;
    if (beyond(true, largest, fabs(x))) largest = fabs(x);
    any = any || x != 0;
    all = all && x != 0;
  }
  *scale = (double)size;
  if (!nl_dtype_is_float(a->there.dtype) && op == NL_REDUCE_SUM) /* saturates */
    sum = fmaxl(fminl(sum, (long double)INT64_MAX), (long double)INT64_MIN);
  switch (op) {
  case NL_REDUCE_SUM: return (double)sum;
  case NL_REDUCE_MEAN: *scale = (double)(size / (long double)n); return (double)(sum / (long double)n);
  case NL_REDUCE_MAX:
  case NL_REDUCE_MIN: *scale = fabs(best); return best;
  case NL_REDUCE_ARGMAX:
  case NL_REDUCE_ARGMIN: return (double)at;
  case NL_REDUCE_ANY: return any;
  case NL_REDUCE_ALL: return all;
  case NL_REDUCE_NORM_1: return (double)size;
  case NL_REDUCE_NORM_2: *scale = (double)sqrtl(squares); return *scale;
  default: *scale = largest; return largest;
  }
}

static nl_dtype reduced_type(nl_reduction op, nl_dtype d) {
  switch (op) {
  case NL_REDUCE_ANY:
  case NL_REDUCE_ALL: return NL_BOOL;
  case NL_REDUCE_ARGMAX:
  case NL_REDUCE_ARGMIN: return NL_I64;
  case NL_REDUCE_MAX:
  case NL_REDUCE_MIN: return d;
  case NL_REDUCE_SUM: return nl_dtype_is_float(d) ? NL_F64 : NL_I64;
  default: return NL_F64;
  }
}

/* Worst error in units of 2^-53 of the run's sum of |x|; infinite where what must be exact is not, where a
 * second call gives other bits, or where the device wrote beside the result. special: 1 NaN and the like, 2
 * huge and tiny. */
static double fold_error(nl_reduction op, nl_dtype d, const fold_case *f, int special) {
  int64_t runs = 1;
  for (int k = 0; k < f->ndim; k++) runs *= f->shape[k];
  runs /= f->n;
  array a = make_array(d, f->ndim, f->shape, f->how);
  array out = make_array(reduced_type(op, d), 1, &runs, DENSE),
        again = make_array(out.there.dtype, 1, &runs, DENSE);
  fill_array(&a, 400 + (uint64_t)op, special == 1);
  if (special == 2) {
    for (int64_t i = 0; i < a.size; i++) {
      double x = ldexp(value(&a, i), i % 3 == 0 ? 1000 : i % 3 == 1 ? -1000 : 0);
      memcpy(element(&a, i), &x, 8);
    }
    need(backend->upload(device, a.block, a.base, a.room * 8), "upload");
  }
  need(backend->reduce(device, op, &a.there, f->n, &out.there), "reduce");
  need(backend->reduce(device, op, &a.there, f->n, &again.there), "reduce");
  fetch_array(&out);
  fetch_array(&again);
  size_t bytes = (size_t)(out.room * nl_dtype_size(out.there.dtype));
  double worst = gaps_untouched(&out) && memcmp(out.base, again.base, bytes) == 0 ? 0 : (double)INFINITY;
  for (int64_t r = 0; r < runs; r++) {
    double scale, want = run_of(op, &a, r, f->n, &scale), e = relative(value(&out, r), want, scale) / 0x1p-53;
    worst = worse(worst, e);
  }
  free_array(&a);
  free_array(&out);
  free_array(&again);
  return worst;
}

static void check_nothing(void) {
  int64_t shape[] = {3, 0}, three = 3;
  for (int op = 0; op < NL_REDUCTIONS; op++) {
    if (op != NL_REDUCE_SUM && op != NL_REDUCE_ANY && op != NL_REDUCE_ALL && op < NL_REDUCE_NORM_1) continue;
    array a = make_array(NL_F64, 2, shape, DENSE),
          out = make_array(reduced_type(op, NL_F64), 1, &three, DENSE);
    need(backend->reduce(device, op, &a.there, 0, &out.there), "reduce");
    fetch_array(&out);
    bool fine = true;
    for (int i = 0; i < 3; i++) fine &= value(&out, i) == (op == NL_REDUCE_ALL);
    check(fine, "%s of nothing", nl_reduction_name(op));
    free_array(&a);
    free_array(&out);
  }
}

void check_reductions(void) {
  static const char *const names[NL_REDUCTIONS] = {"sum", "mean", "max",    "min",    "argmax",  "argmin",
                                                   "any", "all",  "norm 1", "norm 2", "norm inf"};
  for (int op = 0; op < NL_REDUCTIONS; op++)
    for (int d = 0; d < NL_DTYPES; d++) {
      /* a thread's 16 elements, 8 levels a round, 3 rounds: 40 roundings; integers and choices are exact.
       * Integers of the whole range lose bits in the double of the oracle, not in the sum. */
      double worst = 0;
      bool sums = op <= NL_REDUCE_MEAN || op == NL_REDUCE_NORM_1 || op == NL_REDUCE_NORM_2;
      for (int c = 0; c < FOLDS; c++)
        for (int special = 0; special < (d == NL_F64 && op == NL_REDUCE_NORM_2 ? 3 : 2); special++)
          worst = fmax(worst, fold_error(op, d, &folds[c], special));
      check_error(worst, sums ? 40 : 2, "%s %s, units of 2^-53", names[op], nl_dtype_name(d));
    }
  check_nothing();
}

/* --- softmax ------------------------------------------------------------------------------------------- */

static double softmax_error(nl_dtype d, int64_t rows, int64_t n) {
  int64_t shape[] = {rows, n};
  array a = make_array(d, 2, shape, DENSE), out = make_array(d, 2, shape, DENSE);
  fill_array(&a, 7, false);
  for (int64_t j = 0; j < n && rows >= 4; j++) { /* rows with NaN, with +inf, of -inf alone */
    if (j == n / 2) nl_dtype_store(d, element(&a, j), NAN);
    if (j == n - 1) nl_dtype_store(d, element(&a, n + j), INFINITY);
    nl_dtype_store(d, element(&a, 2 * n + j), -INFINITY);
    if (j == 0 && n > 1) nl_dtype_store(d, element(&a, 3 * n), -INFINITY);
  }
  need(backend->upload(device, out.block, a.base, a.room * nl_dtype_size(d)), "upload");
  need(backend->softmax(device, &out.there), "softmax");
  fetch_array(&out);
  double worst = 0;
  for (int64_t r = 0; r < rows; r++) {
    double largest = -INFINITY;
    long double sum = 0;
    for (int64_t j = 0; j < n; j++)
      if (beyond(true, largest, value(&a, r * n + j))) largest = value(&a, r * n + j);
    for (int64_t j = 0; j < n; j++) sum += expl((long double)value(&a, r * n + j) - (long double)largest);
    for (int64_t j = 0; j < n; j++) {
      double want = (double)(expl((long double)value(&a, r * n + j) - (long double)largest) / sum);
      double far = fabs(value(&a, r * n + j) - largest); /* x - m is rounded once: |x - m| units in its exp */
      double bound = (isfinite(far) ? far + 4 : 4) * unit_of(d);
      double e = relative(value(&out, r * n + j), want, least_of(d)) / bound;
      worst = worse(worst, e);
    }
  }
  free_array(&a);
  free_array(&out);
  return worst;
}

void check_softmax(void) {
  static const int64_t sizes[][2] = {{5, 1}, {9, 5}, {33, 1024}, {7, 1025}, {4, 50000}, {1, 3}};
  for (int d = NL_F64; d <= NL_F32; d++) {
    double worst = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
      worst = fmax(worst, softmax_error(d, sizes[i][0], sizes[i][1]));
    check_error(worst, 1, "softmax %s, of |x - m| + 4 units", nl_dtype_name(d));
  }
}

/* --- matrix products ----------------------------------------------------------------------------------- */

typedef struct product_case {
  int64_t batches, m, n, k;
  layout a, b;
} product_case;

static const product_case products[] = {
    {1, 1, 1, 1, DENSE, DENSE},          {1, 17, 33, 65, DENSE, DENSE},
    {1, 17, 33, 65, TURNED, DENSE},      {1, 33, 17, 9, DENSE, TURNED},
    {1, 65, 64, 31, GAPPY, BACKWARD},    {1, 300, 1, 257, DENSE, DENSE},
    {1, 1, 300, 1000, TURNED, TURNED},   {1, 200, 150, 0, DENSE, DENSE},
    {7, 20, 30, 40, DENSE, EXPANDED},    {5, 130, 129, 16, EXPANDED, TURNED},
    {70000, 2, 3, 4, DENSE, DENSE},      {1, 1500, 1300, 37, DENSE, DENSE},
    {1, 1500, 1300, 37, TURNED, DENSE},  {1, 513, 600, 515, DENSE, DENSE},
    {1, 513, 600, 515, TURNED, DENSE},   {3, 500, 300, 400, DENSE, TURNED},
    {4, 512, 256, 300, EXPANDED, DENSE}, {0, 3, 3, 3, DENSE, DENSE},
};

/* Worst error against sum_k |A(i, k)| |B(k, j)|, in units of what rounding may do: half a unit of the
 * result's type, and k / 4 + 4 roundings of the sum. Elements are sampled where there are many. */
static double product_error(nl_dtype d, const product_case *p) {
  int64_t sa[] = {p->batches, p->m, p->k}, sb[] = {p->batches, p->k, p->n}, sc[] = {p->batches, p->m, p->n};
  array A = make_array(d, 3, sa, p->a), B = make_array(d, 3, sb, p->b), C = make_array(d, 3, sc, DENSE);
  fill_array(&A, 8, false);
  fill_array(&B, 9, false);
  need(backend->matmul(device, &A.there, &B.there, &C.there), "matmul");
  fetch_array(&C);
  double unit = d == NL_F64 ? 0x1p-53 : 0x1p-24, worst = gaps_untouched(&C) ? 0 : (double)INFINITY;
  int64_t step = C.size / 20011 + 1;
  for (int64_t e = 0; e < C.size; e += step) {
    int64_t batch = e / (p->m * p->n), i = e / p->n % p->m, j = e % p->n;
    long double sum = 0, size = 0;
    for (int64_t k = 0; k < p->k; k++) {
      long double x = (long double)value(&A, (batch * p->m + i) * p->k + k) *
                      (long double)value(&B, (batch * p->k + k) * p->n + j);
      sum += x;
      size += fabsl(x);
    }
    double bound = 1.01 * unit_of(d) * fabs((double)sum) + ((double)p->k / 4 + 4) * unit * (double)size;
    double error = fabs(value(&C, e) - (double)sum) / fmax(bound, 1e-300);
    worst = worse(worst, error);
  }
  free_array(&A);
  free_array(&B);
  free_array(&C);
  return worst;
}

void check_matmul(void) {
  for (int d = NL_F64; d <= NL_BF16; d++)
    for (size_t i = 0; i < sizeof products / sizeof *products; i++) {
      const product_case *p = &products[i];
      check_error(product_error(d, p), 1, "matmul %s %lld x (%lldx%lld %s times %lldx%lld %s), of the bound",
                  nl_dtype_name(d), (long long)p->batches, (long long)p->m, (long long)p->k,
                  layout_name[p->a], (long long)p->k, (long long)p->n, layout_name[p->b]);
    }
}
