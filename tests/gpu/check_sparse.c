/* Sparse products and relaxations. Oracles are plain loops: in long double for the error, in double from left
 * to right where sparse.cu promises the CPU's bits (several right-hand sides, or rows that are short on
 * average and not longer than a chunk of 2048 entries). */
#include "plugin.h"
#include <math.h>
#include <numlab/random.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_MEAN = 32, LONG_ROW = 2048 };

/* A pattern: rows of 0 to 2 mean entries, one of `longest` where that is not 0. */
typedef struct pattern {
  int64_t rows, cols, mean, longest;
} pattern;

/* The matrix on both sides; free by release. */
typedef struct pair {
  nl_sparse here, there;
  void *block[3];
} pair;

static void *on_host(int64_t count, size_t size) {
  void *p = malloc((size_t)count * size + 1);
  if (!p) need(NL_NOMEM, "host memory");
  return p;
}

static void *on_device(const void *from, int64_t bytes) {
  void *block;
  need(backend->alloc(device, bytes, NL_RESULT, &block), "alloc");
  need(backend->upload(device, block, from, bytes), "upload");
  return block;
}

static double random_value(int64_t i) { return nl_random_normal(5, 3, (uint64_t)i); }
static int64_t random_below(int64_t i, int64_t below) {
  return (int64_t)(nl_random_bits(5, 4, (uint64_t)i) % (uint64_t)below);
}

static int64_t length_of(const pattern *p, int64_t i) {
  int64_t length = p->longest > 0 && i == p->rows / 2 ? p->longest : random_below(i, 2 * p->mean + 1);
  return length < p->cols ? length : p->cols;
}

/* Ascending columns, spread over the whole width: entry e of a row of m lies in the e-th part of m. Entries
 * whose column lies in first .. first + count - 1 are moved to the diagonal or left out in the rows of that
 * range. */
static pair make_pair(const pattern *p, int64_t first, int64_t count) {
  pair s = {.here = {.rows = p->rows, .cols = p->cols}};
  int64_t room = 0;
  for (int64_t i = 0; i < p->rows; i++) room += length_of(p, i) + 1;
  s.here.start = on_host(p->rows + 1, sizeof *s.here.start);
  s.here.index = on_host(room, sizeof *s.here.index);
  s.here.values = on_host(room, sizeof *s.here.values);
  int64_t at = 0;
  for (int64_t i = 0; i < p->rows; i++) {
    int64_t length = length_of(p, i), own = i >= first && i < first + count;
    bool placed = !own; /* the diagonal of a relaxed row */
    s.here.start[i] = at;
    for (int64_t e = 0; e < length; e++) {
      int64_t low = e * p->cols / length, high = (e + 1) * p->cols / length;
      int64_t column = low + random_below(at, high - low);
      if (!placed && column >= i) s.here.index[at++] = (int32_t)i, placed = true;
      if (own && column >= first && column < first + count) continue;
      s.here.index[at++] = (int32_t)column;
    }
    if (!placed) s.here.index[at++] = (int32_t)i;
  }
  s.here.start[p->rows] = s.here.nnz = at;
  for (int64_t e = 0; e < at; e++) s.here.values[e] = random_value(e);
  s.there = s.here;
  s.there.start = s.block[0] = on_device(s.here.start, (p->rows + 1) * (int64_t)sizeof *s.here.start);
  s.there.index = s.block[1] = on_device(s.here.index, at * (int64_t)sizeof *s.here.index);
  s.there.values = s.block[2] = on_device(s.here.values, at * (int64_t)sizeof *s.here.values);
  return s;
}

static void release(pair *s) {
  for (int i = 0; i < 3; i++) backend->free(device, s->block[i]);
  free(s->here.start);
  free(s->here.index);
  free(s->here.values);
}

/* --- one row ------------------------------------------------------------------------------------------- */

typedef struct row_sum {
  double exact, in_order, size; /* size: sum of absolute values */
  double diagonal;
} row_sum;

static row_sum sum_row(const nl_sparse *S, int64_t i, const array *X, int64_t k, int64_t c) {
  long double sum = 0, size = 0;
  row_sum r = {.diagonal = 0};
  for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
    double a = S->values[p], x = value(X, S->index[p] * k + c);
    sum += (long double)a * (long double)x;
    size += fabsl((long double)a * (long double)x);
    r.in_order += a * x;
    if (S->index[p] == i) r.diagonal = a;
  }
  r.exact = (double)sum;
  r.size = (double)size;
  return r;
}

static bool has_cpu_bits(const nl_sparse *S, int64_t i, int64_t k) {
  return k > 1 || (S->nnz < SHORT_MEAN * S->rows && S->start[i + 1] - S->start[i] < LONG_ROW);
}

/* In units of what rounding allows a sum of this length; a sum that is rightly not finite counts as 0. */
static double excess(const nl_sparse *S, int64_t i, double got, double want, double size) {
  double units = (double)(S->start[i + 1] - S->start[i]) + 4;
  if (!isfinite(want)) return isfinite(got) ? (double)INFINITY : 0;
  return relative(got, want, size) / (units * 0x1p-53);
}

/* --- the cases ------------------------------------------------------------------------------------------ */

static const pattern patterns[] = {{1, 1, 1, 1},       {3, 5, 1, 0},           {257, 300, 0, 0},
                                   {1000, 1000, 5, 0}, {5000, 700, 31, 0},     {511, 3000, 33, 0},
                                   {40, 9000, 900, 0}, {600, 70000, 4, 65000}, {300, 2048, 3, 2048}};
static const int64_t sides[] = {1, 2, 3, 8, 33, 70};

static void check_apply(const pattern *p, int64_t k, bool special) {
  pair s = make_pair(p, 0, 0);
  int64_t wide[] = {p->cols, k}, tall[] = {p->rows, k};
  array X = make_array(NL_F64, 2, wide, DENSE), Y = make_array(NL_F64, 2, tall, DENSE);
  array Z = make_array(NL_F64, 2, tall, DENSE);
  fill_array(&X, 9, special);
  need(backend->sparse_apply(device, &s.there, X.there.data, k, Y.there.data), "sparse_apply");
  need(backend->sparse_apply(device, &s.there, X.there.data, k, Z.there.data), "sparse_apply");
  fetch_array(&Y);
  fetch_array(&Z);
  double worst = 0;
  int64_t other_bits = 0;
  for (int64_t i = 0; i < p->rows; i++)
    for (int64_t c = 0; c < k; c++) {
      row_sum r = sum_row(&s.here, i, &X, k, c);
      double got = value(&Y, i * k + c);
      if (!special) worst = worse(worst, excess(&s.here, i, got, r.exact, r.size));
      if (!has_cpu_bits(&s.here, i, k)) continue;
      other_bits += !(got == r.in_order || (isnan(got) && isnan(r.in_order)));
    }
  check_error(worst, 1, "product %lld x %lld, %lld entries, k = %lld, %s values, in units of rounding",
              (long long)p->rows, (long long)p->cols, (long long)s.here.nnz, (long long)k,
              special ? "special" : "normal");
  check(other_bits == 0, "its short rows have the bits of a sum from left to right: %lld differ",
        (long long)other_bits);
  check(memcmp(Y.base, Z.base, (size_t)(Y.size * 8)) == 0, "the same bits in two runs");
  free_array(&X);
  free_array(&Y);
  free_array(&Z);
  release(&s);
}

/* Rows first .. first + count - 1 of a square matrix; a row without a diagonal, where that is asked for,
 * becomes infinite or NaN, and no row but these changes. */
static void check_relax(const pattern *p, int64_t k, double omega, bool hole) {
  int64_t first = p->rows / 3, count = p->rows / 2 + 1, shape[] = {p->rows, k};
  if (first + count > p->rows) count = p->rows - first;
  pair s = make_pair(p, first, count);
  int64_t at = s.here.start[first]; /* the hole: the diagonal of the first relaxed row becomes 0 */
  while (s.here.index[at] != first) at++;
  if (hole) s.here.values[at] = 0;
  need(backend->upload(device, s.block[2], s.here.values, s.here.nnz * 8), "upload");
  array X = make_array(NL_F64, 2, shape, DENSE), B = make_array(NL_F64, 2, shape, DENSE);
  array old = make_array(NL_F64, 2, shape, DENSE);
  fill_array(&X, 3, false);
  fill_array(&old, 3, false);
  fill_array(&B, 4, false);
  need(backend->sparse_relax(device, &s.there, first, count, omega, B.there.data, k, X.there.data),
       "sparse_relax");
  fetch_array(&X);
  double worst = 0;
  int64_t changed = 0, finite = 0;
  for (int64_t i = 0; i < p->rows; i++)
    for (int64_t c = 0; c < k; c++) {
      double got = value(&X, i * k + c), before = value(&old, i * k + c);
      if (i < first || i >= first + count) {
        changed += got != before;
        continue;
      }
      row_sum r = sum_row(&s.here, i, &old, k, c);
      double b = value(&B, i * k + c), step = omega / fabs(r.diagonal);
      if (hole && i == first) finite += isfinite(got);
      else
        worst = worse(worst, excess(&s.here, i, got, before + omega * (b - r.exact) / r.diagonal,
                                    fabs(before) + step * (fabs(b) + r.size)));
    }
  check_error(worst, 1, "relaxation of %lld of %lld rows, k = %lld, omega %g, in units of rounding",
              (long long)count, (long long)p->rows, (long long)k, omega);
  check(changed == 0 && finite == 0, "other rows stay, a zero diagonal divides: %lld changed, %lld finite",
        (long long)changed, (long long)finite);
  free_array(&X);
  free_array(&old);
  free_array(&B);
  release(&s);
}

void check_sparse(void) {
  for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
    for (size_t j = 0; j < sizeof sides / sizeof *sides; j++) check_apply(&patterns[i], sides[j], false);
    check_apply(&patterns[i], 1, true);
    check_apply(&patterns[i], 3, true);
  }
  static const pattern square[] = {
      {1, 1, 0, 0}, {1000, 1000, 5, 0}, {700, 700, 60, 0}, {9000, 9000, 3, 8000}};
  for (size_t i = 0; i < sizeof square / sizeof *square; i++)
    for (int64_t k = 1; k <= 5; k += 2) {
      check_relax(&square[i], k, 1, false);
      check_relax(&square[i], k, 1.7, true);
    }
  pattern none = {0, 5, 1, 0};
  check_apply(&none, 1, false);
}
