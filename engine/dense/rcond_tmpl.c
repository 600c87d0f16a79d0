/* Reciprocal condition number 1 / (||A||_1 ||A^-1||_1) from a factor, O(n^2).
 *
 * ||A^-1||_1 is estimated from below by Hager's power-like ascent over the corners of the unit ball, at most
 * five steps, with Higham's alternating vector as second opinion: Higham, ACM TOMS 14(4), 1988, algorithm 4.1
 * (it is LAPACK's xLACON). Every right-hand side is multiplied by ||A||_1 beforehand, so that the estimate is
 * the condition number itself, and matrices near underflow or overflow need no special care. The vectors are
 * the host's; where the factor lies on a device the systems are solved there. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "device/device.h"
#include "lu.h"
#include <math.h>
#include <string.h>

enum { MOST_STEPS = 5 };

static const nl_dense_kernels *kernels(void) { return &nl_kernels_in_use()->dense[NL_DTYPE]; }

static double sum_of_sizes(int64_t n, const NL_R *x) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += fabs((double)x[i]);
  return sum;
}

static int64_t largest(int64_t n, const NL_R *x) {
  int64_t best = 0;
  for (int64_t i = 1; i < n; i++)
    if (fabs((double)x[i]) > fabs((double)x[best])) best = i;
  return best;
}

/* A factor, and whether its device failed: then there is no estimate. */
typedef struct factor {
  const nl_lu *F;
  nl_status status;
} factor;

static void solve_there(factor *f, bool transposed, NL_R *x) {
  if (f->status == NL_OK) f->status = nl_lu_vector_there(f->F, transposed, x);
}

/* x = ||A||_1 A^-1 y and returns its 1-norm; y stays. */
static double solve(factor *f, const NL_R *y, NL_R *x, NL_R *scaled) {
  const nl_lu *F = f->F;
  bool here = nl_on_cpu(&F->LU);
  NL_R *b = here ? scaled : x;
  for (int64_t i = 0; i < F->n; i++) b[i] = (NL_R)F->norm_1 * y[i];
  if (here) NL_FN(nl_lu_apply)(F, NULL, 1, b, x); /* one right-hand side needs no room */
  else solve_there(f, false, x);
  return sum_of_sizes(F->n, x);
}

/* z = ||A||_1 A^-T y, where A^T = U^T L^T P; y is overwritten. */
static void solve_transposed(factor *f, NL_R *y, NL_R *z) {
  const nl_lu *F = f->F;
  const NL_R *LU = nl_tensor_data(&F->LU);
  int64_t n = F->n;
  for (int64_t i = 0; i < n; i++) y[i] *= (NL_R)F->norm_1;
  if (!nl_on_cpu(&F->LU)) {
    memcpy(z, y, (size_t)n * sizeof *z);
    solve_there(f, true, z);
    return;
  }
  for (int64_t i = 0; i < n; i++) { /* U^T w = y */
    y[i] /= LU[i * n + i];
    kernels()->axpy(n - i - 1, (double)-y[i], LU + i * n + i + 1, y + i + 1);
  }
  for (int64_t i = n - 1; i > 0; i--) kernels()->axpy(i, (double)-y[i], LU + i * n, y); /* L^T v = w */
  for (int64_t i = 0; i < n; i++) z[F->row_of[i]] = y[i];
}

double NL_FN(nl_lu_rcond)(const nl_lu *F, NL_R *work) {
  int64_t n = F->n, j = -1;
  if (F->singular_column) return 0;
  if (n == 0) return 1;
  factor f = {F, NL_OK};
  NL_R *x = work, *y = work + n, *z = work + 2 * n;
  for (int64_t i = 0; i < n; i++) y[i] = (NL_R)1 / (NL_R)n;
  double estimate = solve(&f, y, x, z);
  for (int step = 0; step < MOST_STEPS && n > 1; step++) {
    for (int64_t i = 0; i < n; i++)
      y[i] = x[i] < 0 ? -1 : 1; /* the gradient of ||A^-1 y||_1 is A^-T sign(x) */
    solve_transposed(&f, y, z);
    int64_t steepest = largest(n, z);
    if (j >= 0 && !(fabs((double)z[steepest]) > fabs((double)z[j]))) break;
    j = steepest;
    for (int64_t i = 0; i < n; i++) y[i] = i == j;
    double fresh = solve(&f, y, x, z);
    if (!(fresh > estimate)) break;
    estimate = fresh;
  }
  for (int64_t i = 0; i < n && n > 1; i++)
    y[i] = (NL_R)((i % 2 ? -1 : 1) * (1 + (double)i / (double)(n - 1)));
  double alternating = n > 1 ? 2 * solve(&f, y, x, z) / (3 * (double)n) : 0;
  if (alternating > estimate) estimate = alternating;
  if (f.status != NL_OK) return (double)NAN;
  return estimate <= DBL_MAX ? 1 / estimate : 0; /* beyond all numbers: NaN too */
}
