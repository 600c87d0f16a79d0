/* Textbook Gaussian elimination on [A | B], compiled once for double and once for float.
 *
 *   for p = 1..n:  choose a pivot and exchange it to (p, p)
 *                  for i > p:  m = a_ip / a_pp;  row i -= m row p, in A and in B
 *   for i = n..1:  x_i = (b_i - sum_{j>i} u_ij x_j) / u_ii
 *
 * Rows are contiguous, so both loops run along memory; rows i > p are shared among threads. Every element is
 * computed by one thread in one order: the same bits at any thread count. The multiplier is a quotient, never
 * a product with 1/a_pp, which overflows for pivots below 2^-1024. Golub and Van Loan, Matrix Computations,
 * 3.4; rook pivoting: Neal and Poole, Linear Algebra Appl. 173 (1992). */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "gauss.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

static const nl_dense_kernels *kernels(void) { return &nl_kernels_in_use()->dense[NL_DTYPE]; }
static NL_R *row_of(const nl_gauss *g, int64_t i) { return (NL_R *)g->A + i * g->n; }
static NL_R *rhs_of(const nl_gauss *g, int64_t i) { return (NL_R *)g->X + i * g->k; }
static double size_at(const nl_gauss *g, int64_t i, int64_t j) { return fabs((double)row_of(g, i)[j]); }

/* --- scaling by powers of two: exact unless an entry is 2^-1022 of the largest ---------------------- */

/* e with 2^(e-1) <= size < 2^e; 0 for size 0. */
static int exponent_of(double size) {
  int e = 0;
  if (size > 0) frexp(size, &e);
  return e;
}

static void multiply_row(NL_R *row, int64_t width, int e) {
  for (int64_t j = 0; j < width; j++) row[j] = (NL_R)ldexp((double)row[j], e);
}

static void scale_rows(nl_gauss *g) {
  for (int64_t i = 0; i < g->n; i++) {
    int e = exponent_of(kernels()->largest(g->n, row_of(g, i)));
    multiply_row(row_of(g, i), g->n, -e);
    multiply_row(rhs_of(g, i), g->k, -e);
  }
}

static void scale_columns(nl_gauss *g) {
  for (int64_t j = 0; j < g->n; j++) g->most_of[j] = 0;
  for (int64_t i = 0; i < g->n; i++)
    for (int64_t j = 0; j < g->n; j++)
      if (size_at(g, i, j) > g->most_of[j]) g->most_of[j] = size_at(g, i, j);
  for (int64_t j = 0; j < g->n; j++) g->exponent[j] = exponent_of(g->most_of[j]);
  for (int64_t i = 0; i < g->n; i++)
    for (int64_t j = 0; j < g->n; j++)
      row_of(g, i)[j] = (NL_R)ldexp((double)row_of(g, i)[j], -g->exponent[j]);
}

/* --- choosing a pivot ------------------------------------------------------------------------------- */

/* Comparisons are such that a NaN never leads to a row or column that does not exist. */
static int64_t largest_in_column(const nl_gauss *g, int64_t p, int64_t col) {
  int64_t best = p;
  for (int64_t i = p + 1; i < g->n; i++)
    if (size_at(g, i, col) > size_at(g, best, col)) best = i;
  return best;
}

static int64_t largest_in_row(const nl_gauss *g, int64_t p, int64_t row) {
  int64_t best = p;
  for (int64_t j = p + 1; j < g->n; j++)
    if (size_at(g, row, j) > size_at(g, row, best)) best = j;
  return best;
}

/* An entry that is the largest of its row and of its column: walk from column p, changing direction until
 * neither grows. Columns of zeros are passed over, so that a zero pivot means nothing but zeros is left. */
static void choose_rook(const nl_gauss *g, int64_t p, int64_t *row, int64_t *col) {
  int64_t i = p, j = p;
  for (; j < g->n; j++) {
    i = largest_in_column(g, p, j);
    if (size_at(g, i, j) > 0) break;
  }
  if (j == g->n) return;
  for (;;) {
    int64_t right = largest_in_row(g, p, i);
    if (!(size_at(g, i, right) > size_at(g, i, j))) break;
    j = right;
    int64_t below = largest_in_column(g, p, j);
    if (!(size_at(g, below, j) > size_at(g, i, j))) break;
    i = below;
  }
  *row = i;
  *col = j;
}

/* The largest entry that is left; the last elimination noted the largest of each row. */
static void choose_complete(const nl_gauss *g, int64_t p, int64_t *row, int64_t *col) {
  for (int64_t i = p + 1; i < g->n; i++)
    if (g->most_of[i] > g->most_of[*row]) *row = i;
  *col = largest_in_row(g, p, *row);
}

static void exchange_rows(nl_gauss *g, int64_t i, int64_t p) {
  NL_R *a = row_of(g, i), *b = row_of(g, p);
  for (int64_t j = 0; j < g->n; j++) {
    NL_R kept = a[j];
    a[j] = b[j];
    b[j] = kept;
  }
  NL_R *x = rhs_of(g, i), *y = rhs_of(g, p);
  for (int64_t c = 0; c < g->k; c++) {
    NL_R kept = x[c];
    x[c] = y[c];
    y[c] = kept;
  }
  double kept = g->most_of[i];
  g->most_of[i] = g->most_of[p];
  g->most_of[p] = kept;
  g->exchanges++;
}

static void exchange_columns(nl_gauss *g, int64_t j, int64_t p) {
  for (int64_t i = 0; i < g->n; i++) {
    NL_R *row = row_of(g, i), kept = row[j];
    row[j] = row[p];
    row[p] = kept;
  }
  g->exchanges++;
}

static void bring_pivot(nl_gauss *g, int64_t p) {
  int64_t row = p, col = p;
  switch (g->pivot) {
  case NL_PIVOT_NONE: break;
  case NL_PIVOT_PARTIAL: row = largest_in_column(g, p, p); break;
  case NL_PIVOT_ROOK: choose_rook(g, p, &row, &col); break;
  case NL_PIVOT_COMPLETE: choose_complete(g, p, &row, &col); break;
  }
  g->swap[p] = col;
  if (row != p) exchange_rows(g, row, p);
  if (col != p) exchange_columns(g, col, p);
}

/* --- elimination ------------------------------------------------------------------------------------ */

typedef struct step {
  nl_gauss *g;
  int64_t p;
} step;

static void eliminate_rows(void *context, int64_t begin, int64_t end) {
  const step *s = context;
  nl_gauss *g = s->g;
  int64_t n = g->n, k = g->k, p = s->p;
  const nl_dense_kernels *kernel = kernels();
  const NL_R *pivot_row = row_of(g, p), *pivot_rhs = rhs_of(g, p);
  for (int64_t i = p + 1 + begin; i < p + 1 + end && !nl_interrupted(); i++) {
    NL_R *row = row_of(g, i), m = row[p] / pivot_row[p];
    row[p] = 0;
    /* An infinite m times 0 is NaN, which a maximum does not show: so m counts too. */
    if (!(fabs((double)m) <= DBL_MAX)) g->most_of[i] = (double)INFINITY;
    else g->most_of[i] = kernel->update(n - p - 1, (double)-m, pivot_row + p + 1, row + p + 1);
    kernel->axpy(k, (double)-m, pivot_rhs, rhs_of(g, i));
  }
}

static nl_status eliminate(nl_gauss *g) {
  enum { WORTH_A_THREAD = 65536 }; /* elements: 20 us, what waking a thread may take */
  int64_t n = g->n;
  for (int64_t p = 0; p < n; p++) {
    bring_pivot(g, p);
    double pivot = size_at(g, p, p);
    if (p == 0 || pivot < g->smallest_pivot) g->smallest_pivot = pivot;
    if (pivot == 0) return NL_SINGULAR;
    step s = {g, p};
    nl_parallel_for(n - p - 1, WORTH_A_THREAD / (n - p + g->k) + 1, eliminate_rows, &s);
    if (nl_interrupted()) return NL_INTERRUPTED;
    g->step = p + 1;
    for (int64_t i = p + 1; i < n; i++)
      if (g->most_of[i] > g->most_u) g->most_u = g->most_of[i];
    /* Finite operands overflow to infinity before they can become NaN: the maximum shows it. */
    if (!(g->most_u <= DBL_MAX)) return NL_NONFINITE;
  }
  return NL_OK;
}

/* --- back substitution, then undo exchanges and scaling of columns ---------------------------------- */

static nl_status substitute(nl_gauss *g) {
  const nl_dense_kernels *kernel = kernels();
  int64_t n = g->n, k = g->k;
  for (int64_t i = n - 1; i >= 0; i--) {
    if (nl_interrupted()) return NL_INTERRUPTED;
    const NL_R *u = row_of(g, i);
    NL_R *x = rhs_of(g, i);
    /* one right-hand side is a column that is contiguous; several lie side by side in rows */
    if (k == 1) x[0] -= (NL_R)kernel->dot(n - i - 1, u + i + 1, x + 1);
    else
      for (int64_t j = i + 1; j < n; j++) kernel->axpy(k, (double)-u[j], rhs_of(g, j), x);
    for (int64_t c = 0; c < k; c++) x[c] /= u[i];
  }
  for (int64_t p = n - 1; p >= 0; p--)
    for (int64_t c = 0; c < k && g->swap[p] != p; c++) {
      NL_R *x = rhs_of(g, p) + c, *y = rhs_of(g, g->swap[p]) + c, kept = *x;
      *x = *y;
      *y = kept;
    }
  for (int64_t j = 0; j < n; j++) {
    if (g->exponent[j] != 0) multiply_row(rhs_of(g, j), k, -g->exponent[j]);
    for (int64_t c = 0; c < k; c++)
      if (!(fabs((double)rhs_of(g, j)[c]) <= DBL_MAX)) {
        g->step = n + 1;
        return NL_NONFINITE;
      }
  }
  return NL_OK;
}

nl_status NL_FN(nl_gauss)(nl_gauss *g) {
  for (int64_t j = 0; j < g->n; j++) g->exponent[j] = 0;
  if (g->scale == NL_SCALE_ROWS || g->scale == NL_SCALE_BOTH) scale_rows(g);
  if (g->scale == NL_SCALE_COLUMNS || g->scale == NL_SCALE_BOTH) scale_columns(g);
  g->most_a = 0;
  for (int64_t i = 0; i < g->n; i++) {
    g->most_of[i] = kernels()->largest(g->n, row_of(g, i));
    if (g->most_of[i] > g->most_a) g->most_a = g->most_of[i];
  }
  g->most_u = g->most_a;
  NL_TRY(eliminate(g));
  return substitute(g);
}
