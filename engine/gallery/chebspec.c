/* Chebyshev spectral differentiation: values at the points x_i = cos(i pi / m), i = 0..m, to those of the
 * derivative of their interpolating polynomial.
 *
 *   a_ij = (c_i / c_j) (-1)^(i+j) / (x_i - x_j),   c_0 = c_m = 2, else 1
 *   a_ii = -x_i / (2 (1 - x_i^2)),   a_00 = -a_mm = (2 m^2 + 1) / 6
 *
 * k = 0: m = n - 1, nilpotent, hence singular. k = 1: m = n without the first row and column: nonsingular,
 * the boundary condition at x_0 = 1. With h = pi / (2 m) and no cancellation: x_i - x_j = 2 sin((i + j) h)
 * sin((j - i) h), 1 - x_i^2 = sin^2(2 i h). */
#include "families.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

static double entry(int64_t i, int64_t j, int64_t m) {
  double M = (double)m, h = acos(-1.0) / (2 * M);
  if (i == j && (i == 0 || i == m)) return (i == 0 ? 1 : -1) * (2 * M * M + 1) / 6;
  double I = (double)i, J = (double)j, s = sin(2 * I * h);
  if (i == j) return -sin((M - 2 * I) * h) / (2 * s * s); /* x_i = sin(pi/2 - 2 i h) */
  double ratio = (i == 0 || i == m ? 2.0 : 1.0) / (j == 0 || j == m ? 2.0 : 1.0);
  return ((i + j) % 2 ? -ratio : ratio) / (2 * sin((I + J) * h) * sin((J - I) * h));
}

nl_status nl_gallery_chebspec(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  if (!(parameter[0] == 0 || parameter[0] == 1))
    return nl_fail(NL_ARG, "chebspec: k is %g, expected 0 (singular) or 1 (nonsingular)", parameter[0]);
  int64_t first = parameter[0] == 1, m = n - 1 + first;
  nl_tensor t;
  double *a;
  NL_TRY(nl_gallery_square(n, &t, &a));
  for (int64_t i = 0; i < n; i++) {
    if (i % 16 == 0 && nl_interrupted()) {
      nl_tensor_release(&t);
      return nl_fail(NL_INTERRUPTED, "chebspec: interrupted at row %" PRId64, i + 1);
    }
    for (int64_t j = 0; j < n; j++) a[i * n + j] = entry(i + first, j + first, m);
  }
  *out = t;
  return NL_OK;
}
