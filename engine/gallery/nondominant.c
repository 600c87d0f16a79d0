/* Sparse matrices that are not strictly dominant, nonsingular all the same, with a known fate in
 * Gauss-Seidel.
 *
 * CONVERGING: A = S (sum over T of w_T e_T e_T^T + delta diag(that sum)) S, with e_T the indicator of a
 * triple of indices, 0.5 < w_T < 1, S = diag(+-1), delta = 0.1. The first ceil(n/3) triples cover all rows,
 * the others are random. A is symmetric positive definite, so Gauss-Seidel converges (Ostrowski-Reich). No
 * row is dominant: sum |a_ij| = 2 sum w against a_ii = 1.1 sum w. Jacobi diverges: z = S 1 gives z^T A z /
 * z^T diag(A) z = (3 + delta) / (1 + delta) > 2.
 *
 * DIVERGING: block lower triangular with blocks (1, sqrt r; -sqrt r, 1) along the diagonal (and 1 at the end
 * where n is odd), r = 1.5 in the first, in (1, 1.1) in the others. The nonzero eigenvalues of (D + L)^-1 U
 * are -r, one a block, so the spectral radius is 1.5 and no other eigenvalue is near; Jacobi has +-i sqrt r.
 * det A = product of 1 + r. Entries below the blocks add up to 1/4 or nothing in a row, so errors do not grow
 * much faster on the way, and ||A^-1||_inf <= q / (1 - q/4) < 4/3, q = (1 + sqrt r) / (1 + r) <= 1 being that
 * of a block.
 *
 * ZERO_DIAGONAL: the rows of a strictly dominant matrix moved up by one, the first to the end, after its
 * entries (i + 1 mod n, i) are left out: every a_ii is 0 and no sweep is defined. */
#include "sample.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

static const double delta = 0.1, growth = 1.5, below = 0.25, ratio = 1.1;

typedef struct triplets {
  int64_t count, *row, *col;
  double *value;
} triplets;

static nl_status make_triplets(int64_t room, triplets *t) {
  t->row = nl_alloc(room, sizeof *t->row, NL_WORKSPACE);
  t->col = nl_alloc(room, sizeof *t->col, NL_WORKSPACE);
  t->value = nl_alloc(room, sizeof *t->value, NL_WORKSPACE);
  return t->row && t->col && t->value ? NL_OK : NL_NOMEM;
}

static void put(triplets *t, int64_t i, int64_t j, double value) {
  t->row[t->count] = i;
  t->col[t->count] = j;
  t->value[t->count++] = value;
}

static double mixed(uint64_t seed, int64_t k) {
  return 2 * nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)k) - 1;
}

static nl_status poll(int64_t step) {
  if (step % 256 != 0 || !nl_interrupted()) return NL_OK;
  return nl_fail(NL_INTERRUPTED, "nondominant: interrupted at step %" PRId64, step + 1);
}

/* --- converging --------------------------------------------------------------------------------------- */

/* Three different indices below n. */
static void draw_triple(int64_t n, uint64_t seed, int64_t k, int64_t T[3]) {
  for (int c = 0; c < 3; c++) { /* one of the n - c left, counted past the c taken, which ascend */
    int64_t index =
        (int64_t)nl_random_below(seed, NL_STREAM_PLACES, (uint64_t)(3 * k + c), (uint64_t)(n - c));
    int at = 0;
    while (at < c && index >= T[at]) {
      index++;
      at++;
    }
    for (int later = c; later > at; later--) T[later] = T[later - 1];
    T[at] = index;
  }
}

static nl_status converging(int64_t n, double density, uint64_t seed, triplets *t) {
  int64_t count = nl_gallery_count(density, n * (n - 1)) / 6; /* a triple brings 6 entries off the diagonal */
  int64_t cover = (n + 2) / 3;
  if (count < cover) count = cover;
  NL_TRY(make_triplets(9 * count + n, t));
  for (int64_t i = 0; i < n; i++) put(t, i, i, 0); /* the first n triplets: the diagonal */
  for (int64_t k = 0; k < count; k++) {
    NL_TRY(poll(k));
    double w = 0.5 + 0.5 * nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)k);
    int64_t T[3];
    if (k < cover)
      for (int c = 0; c < 3; c++) T[c] = (3 * k < n - 3 ? 3 * k : n - 3) + c;
    else draw_triple(n, seed, k, T);
    for (int a = 0; a < 3; a++)
      for (int c = 0; c < 3; c++) {
        if (a == c) t->value[T[a]] += (1 + delta) * w;
        else {
          uint64_t flips = nl_random_bits(seed, NL_STREAM_SIGNS, (uint64_t)T[a]) ^
                           nl_random_bits(seed, NL_STREAM_SIGNS, (uint64_t)T[c]);
          put(t, T[a], T[c], flips & 1 ? -w : w);
        }
      }
  }
  return NL_OK;
}

/* --- diverging ---------------------------------------------------------------------------------------- */

/* Row i has 2 floor(i/2) places left of its block; the rows before it have that many in all. */
static int64_t places_before(int64_t i) {
  int64_t half = i / 2;
  return 2 * half * (half - 1) + (i % 2) * 2 * half;
}

static nl_status diverging(int64_t n, double density, uint64_t seed, triplets *t) {
  int64_t total = places_before(n), blocks = 2 * (n / 2);
  int64_t count = nl_gallery_count(density, n * (n - 1)) - blocks, k = 0;
  if (count > total)
    return nl_fail(
        NL_ARG,
        "nondominant: density is %g, but a diverging matrix is block lower triangular: at most %g for "
        "n = %" PRId64,
        density, (double)(total + blocks) / ((double)n * (double)(n - 1)), n);
  if (count < 0) count = 0;
  NL_TRY(make_triplets(count + n + blocks, t));
  for (int64_t i = 0; i < n; i++) {
    NL_TRY(poll(i));
    int64_t first = t->count, next = places_before(i + 1);
    double sum = 0;
    for (; k < count; k++) {
      int64_t place = nl_gallery_place(seed, k, count, total);
      if (place >= next) break;
      put(t, i, place - places_before(i), mixed(seed, k));
      sum += fabs(t->value[t->count - 1]);
    }
    for (int64_t p = first; p < t->count; p++) t->value[p] *= below / sum;
    double r =
        i < 2 ? growth : 1 + 0.1 * nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)(count + i / 2));
    put(t, i, i, 1);
    if (i % 2 == 1) put(t, i, i - 1, -sqrt(r));
    else if (i + 1 < n) put(t, i, i + 1, sqrt(r));
  }
  return NL_OK;
}

/* --- zero diagonal ------------------------------------------------------------------------------------ */

static nl_status zero_diagonal(int64_t n, double density, uint64_t seed, triplets *t) {
  int64_t total = n * (n - 2), count = nl_gallery_count(density, n * (n - 1)) - n, k = 0;
  if (count < 0) count = 0;
  NL_TRY(make_triplets(count + n, t));
  for (int64_t i = 0; i < n; i++) {
    NL_TRY(poll(i));
    int64_t large = (i + 1) % n, low = i < large ? i : large, high = i < large ? large : i;
    double sum = 0;
    for (; k < count; k++) { /* the places i (n-2) .. (i+1) (n-2) - 1 are row i without low and high */
      int64_t place = nl_gallery_place(seed, k, count, total);
      if (place >= (i + 1) * (n - 2)) break;
      int64_t j = place - i * (n - 2);
      j += j >= low;
      j += j >= high;
      put(t, i, j, mixed(seed, k));
      sum += fabs(t->value[t->count - 1]);
    }
    put(t, i, large, sum > 0 ? ratio * sum : 1);
  }
  return NL_OK;
}

/* --- all ---------------------------------------------------------------------------------------------- */

nl_status nl_gallery_nondominant(int64_t n, double density, nl_nondominant kind, uint64_t seed,
                                 nl_sparse *out) {
  NL_TRY(nl_gallery_check("nondominant", n, density));
  int64_t least = kind == NL_CONVERGING ? 3 : 2;
  if (n < least)
    return nl_fail(NL_ARG, "nondominant: n is %" PRId64 ", this kind needs at least %" PRId64, n, least);
  triplets t = {0};
  nl_status status = kind == NL_CONVERGING  ? converging(n, density, seed, &t)
                     : kind == NL_DIVERGING ? diverging(n, density, seed, &t)
                                            : zero_diagonal(n, density, seed, &t);
  if (status == NL_OK) status = nl_sparse_from_coo(n, n, t.count, t.row, t.col, t.value, out);
  nl_free(t.row);
  nl_free(t.col);
  nl_free(t.value);
  return status;
}
