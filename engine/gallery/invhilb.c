/* The exact inverse of the Hilbert matrix: whole numbers, by the recurrence (i, j from 1, p_1 = n)
 *
 *   a_ii = p_i^2 / (2 i - 1),   r_ii = p_i^2,   r_ij = -r_i,j-1 (n - j + 1) (n + j - 1) / (j - 1)^2,
 *   a_ij = a_ji = r_ij / (i + j - 1),   p_i+1 = p_i (n - i) (n + i) / i^2
 *
 * Exact while the entries stay below 2^53 (n up to 11); rounded beyond, and refused where they overflow. */
#include "families.h"
#include <inttypes.h>
#include <math.h>

nl_status nl_gallery_invhilb(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)parameter, (void)seed;
  nl_tensor t;
  double *a, p = (double)n, N = (double)n, largest = 0;
  NL_TRY(nl_gallery_square(n, &t, &a));
  for (int64_t row = 0; row < n && !(largest > 1e290); row++) {
    double i = (double)(row + 1), r = p * p;
    a[row * n + row] = r / (2 * i - 1);
    for (int64_t col = row + 1; col < n; col++) {
      double j = (double)(col + 1);
      r = -((N - j + 1) * r * (N + j - 1)) / ((j - 1) * (j - 1));
      a[row * n + col] = a[col * n + row] = r / (i + j - 1);
      largest = fmax(largest, fabs(r));
    }
    p = (N - i) * p * (N + i) / (i * i);
  }
  if (!(largest <= 1e290)) {
    nl_tensor_release(&t);
    return nl_fail(NL_ARG, "invhilb: n is %" PRId64 ", the entries are beyond the range of f64", n);
  }
  *out = t;
  return NL_OK;
}
