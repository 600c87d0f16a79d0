/* Textbook Gaussian elimination on [A | B], compiled once for double and once for float.
 *
 *   for p = 1..n:  choose a pivot and exchange it to (p, p)
 *                  for i > p:  m = a_ip / a_pp;  row i -= m row p, in A and in B
 *   for i = n..1:  x_i = (b_i - sum_{j>i} u_ij x_j) / u_ii
 *
 * Rows are contiguous, so both loops run along memory; rows i > p are shared among threads. Every element is
 * computed by one thread in one order: the same bits at any thread count. The multiplier is a quotient, never
 * a product with 1/a_pp, which overflows for pivots below 2^-1024. Golub and Van Loan, Matrix
 * Computations, 3.4. */
#include "core/tmpl.h"
#include "gauss.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

/* y -= m x; returns max |y_j|. */
static double update_row(int64_t n, NL_R m, const NL_R *restrict x, NL_R *restrict y) {
  NL_R most = 0;
  for (int64_t j = 0; j < n; j++) {
    y[j] -= m * x[j];
    NL_R size = y[j] < 0 ? -y[j] : y[j];
    if (!(size <= most)) most = size;
  }
  return (double)most;
}

static void swap_rows(NL_R *M, int64_t width, int64_t i, int64_t j) {
  NL_R *a = M + i * width, *b = M + j * width;
  for (int64_t t = 0; t < width; t++) {
    NL_R kept = a[t];
    a[t] = b[t];
    b[t] = kept;
  }
}

/* --- one step ---------------------------------------------------------------------------------------- */

/* Row below or at p with the largest |a_ip|. */
static int64_t largest_in_column(const nl_gauss *g, int64_t p) {
  const NL_R *A = g->A;
  int64_t best = p;
  double most = 0;
  for (int64_t i = p; i < g->n; i++) {
    double size = fabs((double)A[i * g->n + p]);
    if (!(size <= most)) {
      most = size;
      best = i;
    }
  }
  return best;
}

static void choose_pivot(nl_gauss *g, int64_t p) {
  if (g->pivot == NL_PIVOT_NONE) return;
  int64_t row = largest_in_column(g, p);
  if (row == p) return;
  swap_rows(g->A, g->n, row, p);
  swap_rows(g->X, g->k, row, p);
  g->exchanges++;
}

typedef struct step {
  nl_gauss *g;
  int64_t p;
} step;

static void eliminate_rows(void *context, int64_t begin, int64_t end) {
  const step *s = context;
  nl_gauss *g = s->g;
  int64_t n = g->n, k = g->k, p = s->p;
  const NL_R *pivot_row = (NL_R *)g->A + p * n, *pivot_rhs = (NL_R *)g->X + p * k;
  for (int64_t i = p + 1 + begin; i < p + 1 + end && !nl_interrupted(); i++) {
    NL_R *row = (NL_R *)g->A + i * n;
    NL_R m = row[p] / pivot_row[p];
    row[p] = m;
    g->row_most[i] = update_row(n - p - 1, m, pivot_row + p + 1, row + p + 1);
    if (!(fabs((double)m) <= DBL_MAX)) g->row_most[i] = (double)INFINITY;
    update_row(k, m, pivot_rhs, (NL_R *)g->X + i * k);
  }
}

static nl_status eliminate(nl_gauss *g) {
  enum { WORTH_A_THREAD = 16384 }; /* elements updated: about the time a sleeping thread takes to wake */
  const NL_R *A = g->A;
  int64_t n = g->n;
  for (int64_t p = 0; p < n; p++) {
    choose_pivot(g, p);
    double pivot = fabs((double)A[p * n + p]);
    if (p == 0 || pivot < g->smallest_pivot) g->smallest_pivot = pivot;
    if (pivot == 0) return NL_SINGULAR;
    step s = {g, p};
    nl_parallel_for(n - p - 1, WORTH_A_THREAD / (n - p + g->k) + 1, eliminate_rows, &s);
    if (nl_interrupted()) return NL_INTERRUPTED;
    g->step = p + 1;
    for (int64_t i = p + 1; i < n; i++)
      if (g->row_most[i] > g->most_u) g->most_u = g->row_most[i];
    /* Overflow shows as infinity in the maximum before it can become NaN. */
    if (!(g->most_u <= DBL_MAX)) return NL_NONFINITE;
  }
  return NL_OK;
}

/* --- the whole --------------------------------------------------------------------------------------- */

static nl_status substitute(nl_gauss *g) {
  const NL_R *U = g->A;
  NL_R *X = g->X;
  int64_t n = g->n, k = g->k;
  for (int64_t i = n - 1; i >= 0; i--) {
    if (nl_interrupted()) return NL_INTERRUPTED;
    NL_R *x = X + i * k;
    for (int64_t j = i + 1; j < n; j++) update_row(k, U[i * n + j], X + j * k, x);
    for (int64_t c = 0; c < k; c++) x[c] /= U[i * n + i];
  }
  for (int64_t t = 0; t < n * k; t++)
    if (!(fabs((double)X[t]) <= DBL_MAX)) {
      g->step = n + 1;
      return NL_NONFINITE;
    }
  return NL_OK;
}

nl_status NL_FN(nl_gauss)(nl_gauss *g) {
  g->most_a = 0;
  for (int64_t t = 0; t < g->n * g->n; t++) {
    double size = fabs((double)((NL_R *)g->A)[t]);
    if (!(size <= g->most_a)) g->most_a = size;
  }
  g->most_u = g->most_a;
  NL_TRY(eliminate(g));
  return substitute(g);
}
