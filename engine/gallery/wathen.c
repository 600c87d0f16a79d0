/* Wathen's matrices: consistent mass matrices of a grid of n x ny eight-node serendipity elements with random
 * densities uniform on (0, 100) (Wathen 1987).
 *
 * Symmetric positive definite of order 3 n ny + 2 n + 2 ny + 1. For any densities the eigenvalues of
 * diag(A)^-1 A lie in [1/4, 9/2], so Jacobi-preconditioned CG needs few steps. ny = 0 means n. */
#include "families.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

/* The element's mass matrix, times 45. Nodes run against the clock from the upper right corner. */
static const double element[8][8] = {{6, -6, 2, -8, 3, -8, 2, -6}, {-6, 32, -6, 20, -8, 16, -8, 20},
                                     {2, -6, 6, -6, 2, -8, 3, -8}, {-8, 20, -6, 32, -6, 20, -8, 16},
                                     {3, -8, 2, -6, 6, -6, 2, -8}, {-8, 16, -8, 20, -6, 32, -6, 20},
                                     {2, -8, 3, -8, 2, -6, 6, -6}, {-6, 20, -8, 16, -8, 20, -6, 32}};

/* Number of node (x, y) of the grid of half steps, 0 <= x <= 2 n, 0 <= y <= 2 ny, not both odd. Even y hold
 * 2 n + 1 nodes, odd ones n + 1. */
static int64_t node(int64_t n, int64_t x, int64_t y) {
  int64_t pairs = y / 2;
  return pairs * (3 * n + 2) + (y % 2 ? 2 * n + 1 + x / 2 : x);
}

static nl_status check(int64_t n, double ny) {
  if (!(ny >= 0 && ny <= INT32_MAX && ny == floor(ny)))
    return nl_fail(NL_ARG, "wathen: ny is %g, expected a whole number from 1 on (0 for as many as n)", ny);
  double N = (double)n, size = 3 * N * ny + 2 * N + 2 * ny + 1;
  if (!(size <= INT32_MAX))
    return nl_fail(NL_SHAPE, "wathen: %.0f unknowns, a matrix has up to 2^31 - 1", size);
  return NL_OK;
}

nl_status nl_gallery_wathen(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  static const int right[8] = {2, 1, 0, 0, 0, 1, 2, 2}, up[8] = {2, 2, 2, 1, 0, 0, 0, 1};
  double wanted = parameter[0] == 0 ? (double)n : parameter[0];
  NL_TRY(check(n, wanted));
  int64_t ny = (int64_t)wanted, size = 3 * n * ny + 2 * n + 2 * ny + 1, count = 64 * n * ny, k = 0;
  int64_t *row_of = nl_alloc(count, sizeof *row_of, NL_WORKSPACE);
  int64_t *col_of = nl_alloc(count, sizeof *col_of, NL_WORKSPACE);
  double *values = nl_alloc(count, sizeof *values, NL_WORKSPACE);
  nl_status status = row_of && col_of && values ? NL_OK : NL_NOMEM;
  for (int64_t e = 0; e < n * ny && status == NL_OK; e++) {
    if (e % 1024 == 0 && nl_interrupted())
      status = nl_fail(NL_INTERRUPTED, "wathen: interrupted at element %" PRId64, e + 1);
    double density = 100 * nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)e);
    int64_t x = e % n * 2, y = e / n * 2, at[8];
    for (int c = 0; c < 8; c++) at[c] = node(n, x + right[c], y + up[c]);
    for (int r = 0; r < 8; r++)
      for (int c = 0; c < 8; c++, k++) {
        row_of[k] = at[r];
        col_of[k] = at[c];
        values[k] = density / 45 * element[r][c];
      }
  }
  if (status == NL_OK) status = nl_sparse_from_coo(size, size, count, row_of, col_of, values, out);
  nl_free(row_of);
  nl_free(col_of);
  nl_free(values);
  return status;
}
