/* Tridiagonal matrices.
 *
 * tridiagonal: Toeplitz (lower, diagonal, upper); eigenvalues
 *   diagonal + 2 sqrt(lower upper) cos(k pi / (n + 1)), k = 1..n.
 * dorr: upwind differences of theta u'' + (x - 1/2) u' on (0, 1), an M-matrix dominant by rows whose inverse
 * grows beyond bounds as theta falls (Dorr 1971): h = 1/(n+1), and in row i up to m = floor((n+1)/2)
 *   c_i = -theta/h^2, e_i = c_i - (1/2 - i h)/h, d_i = -(c_i + e_i); below, the part of u' moves to c_i. */
#include "families.h"

/* Fills the rows of an n x n tridiagonal matrix from band[3] = left, diagonal, right of row i. */
typedef void row_rule(int64_t i, int64_t n, const double *parameter, double band[3]);

static nl_status fill(int64_t n, const double *parameter, row_rule *rule, nl_sparse *out) {
  nl_sparse A;
  int64_t p = 0;
  NL_TRY(nl_sparse_new(n, n, n > 0 ? 3 * n - 2 : 0, &A));
  for (int64_t i = 0; i < n; i++) {
    double band[3];
    rule(i, n, parameter, band);
    for (int64_t j = i - 1; j <= i + 1; j++)
      if (j >= 0 && j < n) {
        A.index[p] = (int32_t)j;
        A.values[p++] = band[j - i + 1];
      }
    A.start[i + 1] = p;
  }
  *out = A;
  return NL_OK;
}

static void toeplitz_row(int64_t i, int64_t n, const double *parameter, double band[3]) {
  (void)i, (void)n;
  for (int k = 0; k < 3; k++) band[k] = parameter[k];
}

nl_status nl_gallery_tridiagonal(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  (void)seed;
  return fill(n, parameter, toeplitz_row, out);
}

static void dorr_row(int64_t i, int64_t n, const double *parameter, double band[3]) {
  double h = 1 / ((double)n + 1), drift = (0.5 - ((double)i + 1) * h) / h, term = parameter[0] / (h * h);
  bool left = i < (n + 1) / 2;
  band[0] = left ? -term : -term + drift;
  band[2] = left ? -term - drift : -term;
  band[1] = -(band[0] + band[2]);
}

nl_status nl_gallery_dorr(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  (void)seed;
  if (!(parameter[0] > 0)) return nl_fail(NL_ARG, "dorr: theta is %g, expected above 0", parameter[0]);
  return fill(n, parameter, dorr_row, out);
}
