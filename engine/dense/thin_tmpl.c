/* C = A B where C has few columns, or few rows: then C' = B' A' has few columns.
 *
 *   rows of A lie in one piece    c_ij = sum over blocks of columns p:  rows_dot(A(i,p), b_j(p))
 *   columns of A do               c_j  = sum over blocks of rows p:     rows_sum(A'(p,:), b_j(p))
 *   C is one number               c    = sum over pieces p:             dot(a(p), b(p))
 *
 * A block of A stays in L2 while the columns of B pass by; each block's sums are of the type, the sums of
 * blocks run in f64. Blocks follow from sizes alone, and threads share rows of C, or the pieces of its one
 * number: the same bits at any thread count. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "thin.h"
#include <numlab/gemm.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/parallel.h>

/* Columns of C up to which this wins over packing (measured, AVX-512). */
enum { FEW = NL_IS_F32 ? 4 : 2 };
enum { ROWS = 32, ALONG = 2048 };                    /* a block of A whose rows lie in one piece */
enum { ACROSS = 4096, DOWN = 256, MOST_SLABS = 16 }; /* a block of A whose columns do */
enum { PIECE = 2048, MOST_PARTS = 64 };              /* of an inner product */
enum { LEAST = 16 };                                 /* below, a row is too short for the kernels */
enum { WORTH_A_THREAD = 65536 }; /* elements of A: 25 us or more, and waking a thread may take 30 */

typedef struct thin {
  const nl_dense_kernels *kernel;
  int64_t m, n, k;
  const NL_R *A, *B; /* columns of B in one piece each */
  int64_t A_step;    /* from row to row of A, or from column to column */
  int64_t B_col;
  NL_R *C;
  int64_t C_row, C_col;
  double *sums; /* by columns: of each slab, n columns of m */
  int64_t strips, slabs, slab;
} thin;

static int64_t up(int64_t n, int64_t step) { return (n + step - 1) / step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static void store(const thin *t, int64_t i, int64_t rows, int64_t j, const double *sums) {
  for (int64_t r = 0; r < rows; r++) t->C[(i + r) * t->C_row + j * t->C_col] = (NL_R)sums[r];
}

/* Rows of C in units of ROWS; rows of A lie in one piece. */
static void by_rows(void *context, int64_t begin, int64_t end) {
  const thin *t = context;
  NL_R part[ROWS];
  for (int64_t u = begin; u < end; u++) {
    double sums[FEW][ROWS] = {{0}};
    int64_t i = u * ROWS, rows = least(ROWS, t->m - i);
    for (int64_t p = 0; p < t->k && !nl_interrupted(); p += ALONG)
      for (int64_t j = 0; j < t->n; j++) {
        t->kernel->rows_dot(rows, least(ALONG, t->k - p), 1, t->B + j * t->B_col + p,
                            t->A + i * t->A_step + p, t->A_step, part);
        for (int64_t r = 0; r < rows; r++) sums[j][r] += (double)part[r];
      }
    for (int64_t j = 0; j < t->n; j++) store(t, i, rows, j, sums[j]);
  }
}

/* Of one slab, `slab` rows of A', the sums of ACROSS columns. Rows are read over this whole width, which is
 * half again to twice as fast as strips of 4 KB; so the second thread takes another slab. */
static void sum_strip(const thin *t, int64_t slab, int64_t i) {
  NL_R part[ACROSS];
  int64_t width = least(ACROSS, t->m - i), from = slab * t->slab, to = least(from + t->slab, t->k);
  int64_t down = t->n == 1 ? DOWN : least(DOWN, 65536 / width); /* so many rows stay in L2 */
  double *sums = t->sums + slab * t->n * t->m + i;
  for (int64_t j = 0; j < t->n; j++)
    for (int64_t r = 0; r < width; r++) sums[j * t->m + r] = 0;
  for (int64_t p = from; p < to && !nl_interrupted(); p += down)
    for (int64_t j = 0; j < t->n; j++) {
      for (int64_t r = 0; r < width; r++) part[r] = 0;
      t->kernel->rows_sum(least(down, to - p), width, t->B + j * t->B_col + p, t->A + i + p * t->A_step,
                          t->A_step, part);
      for (int64_t r = 0; r < width; r++) sums[j * t->m + r] += (double)part[r];
    }
}

static void by_columns(void *context, int64_t begin, int64_t end) {
  const thin *t = context;
  for (int64_t u = begin; u < end; u++) sum_strip(t, u / t->strips, u % t->strips * ACROSS);
}

/* The slabs' sums into those of the first, and into C. */
static void join_slabs(const thin *t) {
  int64_t size = t->n * t->m;
  for (int64_t s = 1; s < t->slabs; s++)
    for (int64_t i = 0; i < size; i++) t->sums[i] += t->sums[s * size + i];
  for (int64_t j = 0; j < t->n; j++) store(t, 0, t->m, j, t->sums + j * t->m);
}

/* --- one number -------------------------------------------------------------------------------------- */

typedef struct inner {
  const nl_dense_kernels *kernel;
  const NL_R *x, *y;
  int64_t x_step, y_step, k, pieces; /* pieces of PIECE elements a part */
  double parts[MOST_PARTS];
} inner;

/* n elements, step apart, as neighbours. */
static const NL_R *neighbours(const NL_R *x, int64_t step, int64_t n, NL_R *buffer) {
  if (step == 1) return x;
  for (int64_t i = 0; i < n; i++) buffer[i] = x[i * step];
  return buffer;
}

static void inner_parts(void *context, int64_t begin, int64_t end) {
  inner *t = context;
  NL_R x[PIECE], y[PIECE];
  for (int64_t part = begin; part < end; part++) {
    int64_t from = part * t->pieces * PIECE, to = least(from + t->pieces * PIECE, t->k);
    double sum = 0;
    for (int64_t p = from; p < to && !nl_interrupted(); p += PIECE) {
      int64_t n = least(PIECE, to - p);
      sum += t->kernel->dot(n, neighbours(t->x + p * t->x_step, t->x_step, n, x),
                            neighbours(t->y + p * t->y_step, t->y_step, n, y));
    }
    t->parts[part] = sum;
  }
}

static NL_R inner_product(inner *t) {
  double sum = 0;
  t->pieces = up(t->k, PIECE * MOST_PARTS);
  if (t->k == 0) return 0;
  int64_t parts = up(t->k, t->pieces * PIECE);
  nl_parallel_for(parts, WORTH_A_THREAD / (t->pieces * PIECE) + 1, inner_parts, t);
  for (int64_t part = 0; part < parts; part++) sum += t->parts[part];
  return (NL_R)sum;
}

/* --- a few columns ----------------------------------------------------------------------------------- */

static bool suits(int64_t m, int64_t n, int64_t k, int64_t A_row, int64_t A_col) {
  return n <= FEW && k >= LEAST && (A_col == 1 || (A_row == 1 && m >= LEAST));
}

static nl_status run_by_columns(thin *t) {
  t->strips = up(t->m, ACROSS);
  t->slab = up(up(t->k, DOWN), up(MOST_SLABS, t->strips)) * DOWN;
  t->slabs = up(t->k, t->slab);
  t->sums = nl_alloc(t->slabs * t->n * t->m, sizeof *t->sums, NL_WORKSPACE);
  if (!t->sums) return NL_NOMEM;
  nl_parallel_for(t->slabs * t->strips, WORTH_A_THREAD / (least(ACROSS, t->m) * least(t->slab, t->k)) + 1,
                  by_columns, t);
  join_slabs(t);
  nl_free(t->sums);
  return NL_OK;
}

/* Columns of B in one piece: as they lie where they do, else copied. */
static nl_status few_columns(thin *t, int64_t A_row, int64_t A_col, int64_t B_row) {
  NL_R *room = NULL;
  nl_status s = NL_OK;
  t->kernel = &nl_kernels_in_use()->dense[NL_DTYPE];
  if (B_row != 1) {
    room = nl_alloc(t->k * t->n, sizeof *room, NL_WORKSPACE);
    if (!room) return NL_NOMEM;
    for (int64_t p = 0; p < t->k; p++)
      for (int64_t j = 0; j < t->n; j++) room[j * t->k + p] = t->B[p * B_row + j * t->B_col];
    t->B = room;
    t->B_col = t->k;
  }
  t->A_step = A_col == 1 ? A_row : A_col;
  if (A_col == 1) nl_parallel_for(up(t->m, ROWS), WORTH_A_THREAD / (ROWS * t->k) + 1, by_rows, t);
  else s = run_by_columns(t);
  nl_free(room);
  return s;
}

nl_status NL_FN(nl_product)(int64_t m, int64_t n, int64_t k, const NL_R *A, int64_t A_row, int64_t A_col,
                            const NL_R *B, int64_t B_row, int64_t B_col, NL_R *C) {
  nl_status s = NL_OK;
  if (m == 1 && n == 1) {
    inner t = {
        &nl_kernels_in_use()->dense[NL_DTYPE], .x = A, .y = B, .x_step = A_col, .y_step = B_row, .k = k};
    *C = inner_product(&t);
  } else if (suits(m, n, k, A_row, A_col)) {
    thin t = {.m = m, .n = n, .k = k, .A = A, .B = B, .B_col = B_col, .C = C, .C_row = n, .C_col = 1};
    s = few_columns(&t, A_row, A_col, B_row);
  } else if (suits(n, m, k, B_col, B_row)) { /* C' = B' A' */
    thin t = {.m = n, .n = m, .k = k, .A = B, .B = A, .B_col = A_row, .C = C, .C_row = 1, .C_col = n};
    s = few_columns(&t, B_col, B_row, A_col);
  } else {
    return NL_FN(nl_gemm)(m, n, k, 1, A, A_row, A_col, B, B_row, B_col, 0, C, n);
  }
  if (s == NL_OK && nl_interrupted())
    s = nl_fail(NL_INTERRUPTED, "matrix product: interrupted, the result is incomplete");
  return s;
}
