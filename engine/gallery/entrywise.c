/* Dense families given by a formula for a_ij (i, j from 1):
 *
 *   frank    n + 1 - max(i, j) for j >= i - 1    upper Hessenberg, det 1, ill-conditioned small eigenvalues
 *   gfpp     1 on the diagonal and in the last column, -1 below: growth 2^(n-1) with partial pivoting
 * (Wilkinson) hilbert  1 / (i + j - 1)                      positive definite, condition about e^(3.5 n)
 *   kahan    s^(i-1) on the diagonal (+ pert eps (n + 1 - i)), -c s^(i-1) right of it; c, s = cos, sin theta
 *   lehmer   min(i, j) / max(i, j)                positive definite, condition n to 4 n^2
 *   lotkin   hilbert with a first row of ones     unsymmetric, ill-conditioned
 *   minij    min(i, j)                            positive definite, inverse tridiagonal
 *   moler    U^T U, U unit upper triangular with alpha right of the diagonal: one small eigenvalue
 *   parter   1 / (i - j + 1/2)                    Cauchy and Toeplitz, most singular values near pi
 *   pei      alpha I + ones                       eigenvalues alpha and alpha + n */
#include "families.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

typedef double entry(double i, double j, double n, const double *parameter);

static nl_status fill(const char *what, int64_t n, const double *parameter, entry *a_ij, nl_tensor *out) {
  nl_tensor t;
  double *a;
  NL_TRY(nl_gallery_square(n, &t, &a));
  for (int64_t i = 0; i < n; i++) {
    if (i % 16 == 0 && nl_interrupted()) {
      nl_tensor_release(&t);
      return nl_fail(NL_INTERRUPTED, "%s: interrupted at row %" PRId64, what, i + 1);
    }
    for (int64_t j = 0; j < n; j++)
      a[i * n + j] = a_ij((double)(i + 1), (double)(j + 1), (double)n, parameter);
  }
  *out = t;
  return NL_OK;
}

static double frank(double i, double j, double n, const double *parameter) {
  (void)parameter;
  return j >= i - 1 ? n + 1 - fmax(i, j) : 0;
}

static double gfpp(double i, double j, double n, const double *parameter) {
  (void)parameter;
  return i == j || j == n ? 1 : j < i ? -1 : 0;
}

static double hilbert(double i, double j, double n, const double *parameter) {
  (void)n, (void)parameter;
  return 1 / (i + j - 1);
}

/* The perturbation keeps rounding from exchanging columns in QR with pivoting. */
static double kahan(double i, double j, double n, const double *parameter) {
  if (j < i) return 0;
  double scale = pow(sin(parameter[0]), i - 1);
  return j > i ? -cos(parameter[0]) * scale : scale + parameter[1] * DBL_EPSILON * (n + 1 - i);
}

static double lehmer(double i, double j, double n, const double *parameter) {
  (void)n, (void)parameter;
  return fmin(i, j) / fmax(i, j);
}

static double lotkin(double i, double j, double n, const double *parameter) {
  return i == 1 ? 1 : hilbert(i, j, n, parameter);
}

static double minij(double i, double j, double n, const double *parameter) {
  (void)n, (void)parameter;
  return fmin(i, j);
}

static double moler(double i, double j, double n, const double *parameter) {
  (void)n;
  double alpha = parameter[0];
  return i == j ? (i - 1) * alpha * alpha + 1 : (fmin(i, j) - 1) * alpha * alpha + alpha;
}

static double parter(double i, double j, double n, const double *parameter) {
  (void)n, (void)parameter;
  return 1 / (i - j + 0.5);
}

static double pei(double i, double j, double n, const double *parameter) {
  (void)n;
  return i == j ? parameter[0] + 1 : 1;
}

nl_status nl_gallery_frank(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("frank", n, parameter, frank, out);
}

nl_status nl_gallery_gfpp(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("gfpp", n, parameter, gfpp, out);
}

nl_status nl_gallery_hilbert(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("hilbert", n, parameter, hilbert, out);
}

nl_status nl_gallery_kahan(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  if (!(sin(parameter[0]) > 0))
    return nl_fail(NL_ARG, "kahan: theta is %g, expected inside (0, pi)", parameter[0]);
  return fill("kahan", n, parameter, kahan, out);
}

nl_status nl_gallery_lehmer(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("lehmer", n, parameter, lehmer, out);
}

nl_status nl_gallery_lotkin(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("lotkin", n, parameter, lotkin, out);
}

nl_status nl_gallery_minij(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("minij", n, parameter, minij, out);
}

nl_status nl_gallery_moler(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("moler", n, parameter, moler, out);
}

nl_status nl_gallery_parter(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("parter", n, parameter, parter, out);
}

nl_status nl_gallery_pei(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  return fill("pei", n, parameter, pei, out);
}
