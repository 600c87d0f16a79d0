/* P A = L U with partial pivoting: panels by recursion, the rest by trsm and matrix product.
 *
 *   for each panel of w columns, from column p on:
 *     [L11; L21] U11 = P [A11; A21]    recursively, halving the columns (Toledo, SIMAX 18(4), 1997)
 *     exchange the same rows left and right of the panel
 *     U12 = L11^-1 A12                 trsm
 *     A22 = A22 - L21 U12              matrix product: nearly all of the 2/3 n^3
 *
 * A panel is factored in a contiguous copy: rows of A are n apart, which for n a power of two would all fall
 * into the same cache sets. Every element is computed in one order whatever the thread count. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "gemm.h"
#include "lu.h"
#include "trsm.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/parallel.h>
#include <string.h>

enum { LEAF = 8 };

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* --- a panel
 * ------------------------------------------------------------------------------------------------ */

typedef struct panel {
  NL_R *P; /* rows x width, contiguous */
  int64_t rows, width;
  int64_t *pivot;
  NL_R *room;
} panel;

static void exchange(NL_R *a, NL_R *b, int64_t width) {
  for (int64_t j = 0; j < width; j++) {
    NL_R kept = a[j];
    a[j] = b[j];
    b[j] = kept;
  }
}

/* Columns c .. c + w - 1 one by one; whole rows of the panel are exchanged at once. */
static void factor_leaf(const panel *q, int64_t c, int64_t w) {
  for (int64_t p = c; p < c + w; p++) {
    int64_t best = p;
    for (int64_t i = p + 1; i < q->rows; i++) /* a NaN never wins, and never is an index out of range */
      if (fabs((double)q->P[i * q->width + p]) > fabs((double)q->P[best * q->width + p])) best = i;
    q->pivot[p] = best;
    NL_R *u = q->P + p * q->width;
    if (best != p) exchange(u, q->P + best * q->width, q->width);
    if (u[p] == 0) continue; /* the column is zero: nothing to eliminate */
    for (int64_t i = p + 1; i < q->rows; i++) {
      NL_R *row = q->P + i * q->width, l = row[p] / u[p]; /* never times 1/u, which may overflow */
      row[p] = l;
      for (int64_t j = p + 1; j < c + w; j++) row[j] -= l * u[j];
    }
  }
}

static void factor_panel(const panel *q, int64_t c, int64_t w) {
  if (w <= LEAF) {
    factor_leaf(q, c, w);
    return;
  }
  int64_t h = (w / 2 + LEAF - 1) / LEAF * LEAF, width = q->width, r = c + h;
  NL_R *P = q->P, *L11 = P + c * width + c, *U12 = L11 + h, *L21 = P + r * width + c;
  factor_panel(q, c, h);
  NL_FN(nl_trsm_lower)(q->room, h, w - h, L11, width, U12, width);
  NL_FN(nl_gemm_in)(q->room, q->rows - r, w - h, h, -1, L21, width, 1, U12, width, 1, 1, L21 + h, width);
  factor_panel(q, r, w - h);
}

/* --- the matrix
 * --------------------------------------------------------------------------------------------- */

typedef struct exchanges {
  NL_R *A; /* first row of the panel, first column concerned */
  int64_t n, count;
  const int64_t *pivot;
} exchanges;

static void exchange_columns(void *context, int64_t begin, int64_t end) {
  const exchanges *e = context;
  for (int64_t p = 0; p < e->count; p++)
    if (e->pivot[p] != p) exchange(e->A + p * e->n + begin, e->A + e->pivot[p] * e->n + begin, end - begin);
}

/* What is known once rows p .. p + w - 1 of U are final. */
static nl_status inspect(nl_lu *F, int64_t p, int64_t w, double *most_u) {
  const NL_R *A = nl_tensor_data(&F->LU);
  for (int64_t i = p; i < p + w; i++) {
    const NL_R *row = A + i * F->n;
    double pivot = fabs((double)row[i]), most = 0;
    bool finite = true;
    for (int64_t j = i; j < F->n; j++) {
      double size = fabs((double)row[j]);
      finite &= size <= DBL_MAX;
      most = size > most ? size : most;
    }
    if (!finite)
      return nl_fail(NL_NONFINITE, "lu: overflow in row %" PRId64 " of U (scaling A may help)", i + 1);
    if (most > *most_u) *most_u = most;
    if (i == 0 || pivot < F->smallest_pivot) F->smallest_pivot = pivot;
    if (pivot == 0 && F->singular_column == 0) F->singular_column = i + 1;
  }
  return NL_OK;
}

nl_status NL_FN(nl_lu_factor)(nl_lu *F, const nl_lu_work *work) {
  enum { WORTH_A_THREAD = 512 }; /* columns */
  int64_t n = F->n;
  NL_R *A = nl_tensor_data(&F->LU);
  double most_a = nl_kernels_in_use()->dense[NL_DTYPE].largest(n * n, A), most_u = 0;
  for (int64_t i = 0; i < n; i++) F->row_of[i] = i;
  for (int64_t p = 0; p < n; p += work->block) {
    int64_t w = least(work->block, n - p), m = n - p, right = n - p - w;
    panel q = {.P = work->panel, .rows = m, .width = w, .pivot = work->pivot, .room = work->room};
    NL_R *A11 = A + p * n + p, *A12 = A11 + w, *A22 = A12 + w * n;
    for (int64_t i = 0; i < m; i++) memcpy(q.P + i * w, A11 + i * n, (size_t)w * sizeof *A);
    factor_panel(&q, 0, w);
    exchanges left_rows = {A + p * n, n, w, q.pivot}, right_rows = {A12, n, w, q.pivot};
    nl_parallel_for(p, WORTH_A_THREAD, exchange_columns, &left_rows);
    nl_parallel_for(right, WORTH_A_THREAD, exchange_columns, &right_rows);
    for (int64_t i = 0; i < m; i++) memcpy(A11 + i * n, q.P + i * w, (size_t)w * sizeof *A);
    for (int64_t i = 0; i < w; i++) {
      if (q.pivot[i] == i) continue;
      int64_t kept = F->row_of[p + i];
      F->row_of[p + i] = F->row_of[p + q.pivot[i]];
      F->row_of[p + q.pivot[i]] = kept;
      F->exchanges++;
    }
    NL_FN(nl_trsm_lower)(q.room, w, right, q.P, w, A12, n);
    NL_FN(nl_gemm_in)(q.room, right, right, w, -1, q.P + w * w, w, 1, A12, n, 1, 1, A22, n);
    if (nl_interrupted())
      return nl_fail(NL_INTERRUPTED, "lu: interrupted after column %" PRId64 " of %" PRId64, p, n);
    NL_TRY(inspect(F, p, w, &most_u));
  }
  F->growth = most_a > 0 ? most_u / most_a : (double)NAN;
  return NL_OK;
}

void NL_FN(nl_lu_apply)(const nl_lu *F, NL_R *room, int64_t k, const NL_R *B, NL_R *X) {
  const NL_R *LU = nl_tensor_data(&F->LU);
  for (int64_t i = 0; i < F->n; i++) memcpy(X + i * k, B + F->row_of[i] * k, (size_t)k * sizeof *X);
  NL_FN(nl_trsm_lower)(room, F->n, k, LU, F->n, X, k);
  NL_FN(nl_trsm_upper)(room, F->n, k, LU, F->n, X, k);
}
