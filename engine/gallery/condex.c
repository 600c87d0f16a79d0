/* Matrices that mislead condition estimators (Cline and Rew 1983; Higham 1988), embedded in the identity:
 *
 *   k = 1  4 x 4, LINPACK's rcond           k = 2  3 x 3, LINPACK's, another weakness
 *   k = 3  lower triangular, -1 below the diagonal and a_nn = -1: LINPACK's, whatever n; theta is not used
 *   k = 4  I + theta P, P the projector onto what is orthogonal to 1, e_1 and (-1)^i (1 + i / (n - 1)),
 *          i from 0: LAPACK's; its condition is 1 + theta (for n >= 4) */
#include "families.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

static void small(int order, const double *block, int64_t n, double *a) {
  for (int64_t i = 0; i < n; i++) a[i * n + i] = 1;
  for (int i = 0; i < order; i++)
    for (int j = 0; j < order; j++) a[i * n + j] = block[i * order + j];
}

static void lower(int64_t n, double *a) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < i; j++) a[i * n + j] = -1;
    a[i * n + i] = i == n - 1 ? -1 : 1;
  }
}

/* q_c less its parts along the earlier ones, twice over, and of length 1. */
static void orthonormalise(int64_t n, int c, double *Q) {
  double *q = Q + c * n, square = 0;
  for (int pass = 0; pass < 2; pass++)
    for (int d = 0; d < c; d++) {
      double along = 0;
      for (int64_t i = 0; i < n; i++) along += Q[d * n + i] * q[i];
      for (int64_t i = 0; i < n; i++) q[i] -= along * Q[d * n + i];
    }
  for (int64_t i = 0; i < n; i++) square += q[i] * q[i];
  for (int64_t i = 0; i < n; i++) q[i] /= sqrt(square);
}

static nl_status projector(double theta, int64_t n, double *a) {
  double *Q = nl_alloc(3 * n, sizeof *Q, NL_WORKSPACE);
  if (!Q) return NL_NOMEM;
  for (int64_t i = 0; i < n; i++) {
    Q[i] = 1;
    Q[n + i] = i == 0;
    Q[2 * n + i] = (i % 2 ? -1 : 1) * (1 + (double)i / (double)(n - 1));
  }
  for (int c = 0; c < 3; c++) orthonormalise(n, c, Q);
  nl_status status = NL_OK;
  for (int64_t i = 0; i < n && status == NL_OK; i++) {
    for (int64_t j = 0; j < n; j++) {
      double inside = Q[i] * Q[j] + Q[n + i] * Q[n + j] + Q[2 * n + i] * Q[2 * n + j];
      a[i * n + j] = (i == j) + theta * ((i == j) - inside);
    }
    if (i % 64 == 0 && nl_interrupted())
      status = nl_fail(NL_INTERRUPTED, "condex: interrupted at row %" PRId64, i + 1);
  }
  nl_free(Q);
  return status;
}

nl_status nl_gallery_condex(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out) {
  (void)seed;
  double theta = parameter[0], k = parameter[1];
  if (!(k == 1 || k == 2 || k == 3 || k == 4))
    return nl_fail(NL_ARG, "condex: k is %g, expected 1, 2, 3 or 4", k);
  if (theta == 0) return nl_fail(NL_ARG, "condex: theta must not be 0");
  const double one[16] = {1, -1,        -2 * theta,   0, 0, 1, theta, -theta, 0,
                          1, 1 + theta, -(theta + 1), 0, 0, 0, theta};
  const double two[9] = {1, 1 - 2 / (theta * theta), -2, 0, 1 / theta, -1 / theta, 0, 0, 1};
  nl_tensor t;
  double *a;
  nl_status status = nl_gallery_square(n, &t, &a);
  if (status != NL_OK) return status;
  if (k == 1) small(4, one, n, a);
  else if (k == 2) small(3, two, n, a);
  else if (k == 3) lower(n, a);
  else status = projector(theta, n, a);
  if (status == NL_OK) *out = t;
  else nl_tensor_release(&t);
  return status;
}
