/* Strictly diagonally dominant sparse matrices with prescribed density, dominance ratio and sign law.
 *
 *   a_ii = ratio * sum over j != i of |a_ij|,  ratio > 1
 *
 * Strict dominance makes A nonsingular (Levy-Desplanques), Gauss-Seidel and Jacobi converge, and elimination
 * without pivoting safe (growth at most 2). How fast Gauss-Seidel converges is up to the signs: with negative
 * off-diagonals A is an M-matrix and errors of one sign add up, with mixed signs they cancel. */
#include "sample.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

static double draw(nl_sign sign, uint64_t seed, int64_t k) {
  double u = nl_random_uniform(seed, NL_STREAM_VALUES, (uint64_t)k);
  return sign == NL_SIGN_MIXED ? 2 * u - 1 : sign == NL_SIGN_POSITIVE ? u : -u;
}

nl_status nl_gallery_dominant(int64_t n, double density, double ratio, nl_sign sign, uint64_t seed,
                              nl_sparse *out) {
  NL_TRY(nl_gallery_check("dominant", n, density));
  if (!(ratio > 1 && ratio <= 1e300))
    return nl_fail(NL_ARG, "dominant: ratio is %g, strict dominance needs more than 1", ratio);
  int64_t total = n * (n - 1), count = nl_gallery_count(density, total), k = 0, p = 0;
  nl_sparse A;
  NL_TRY(nl_sparse_new(n, n, count + n, &A));
  int64_t place = count > 0 ? nl_gallery_place(seed, 0, count, total) : total;
  for (int64_t i = 0; i < n; i++) {
    if (i % 256 == 0 && nl_interrupted()) {
      nl_sparse_release(&A);
      return nl_fail(NL_INTERRUPTED, "dominant: interrupted at row %" PRId64, i + 1);
    }
    int64_t diagonal_at = -1;
    double sum = 0;
    for (;;) { /* the places i (n-1) .. (i+1) (n-1) - 1 are row i without its diagonal */
      int64_t j = place < (i + 1) * (n - 1) ? place - i * (n - 1) : n;
      if (j < n) j += j >= i;
      if (j > i && diagonal_at < 0) {
        diagonal_at = p++;
        A.index[diagonal_at] = (int32_t)i;
      }
      if (j >= n) break;
      A.index[p] = (int32_t)j;
      A.values[p] = draw(sign, seed, k);
      sum += fabs(A.values[p++]);
      place = ++k < count ? nl_gallery_place(seed, k, count, total) : total;
    }
    A.values[diagonal_at] = sum > 0 ? ratio * sum : 1;
    A.start[i + 1] = p;
  }
  *out = A;
  return NL_OK;
}
