/* Iterative refinement in the working precision: r = b - A x, solve A d = r with the factor, x = x + d.
 *
 * Kept as long as the backward error falls; a step that does not lower it is undone and ends it. One step
 * makes Gaussian elimination backward stable even where pivoting let entries grow (Skeel; Higham, Accuracy
 * and Stability of Numerical Algorithms, 12.2). */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "gemm.h"
#include "lu.h"
#include "solver/check.h"
#include <math.h>
#include <numlab/interrupt.h>
#include <string.h>

double NL_FN(nl_lu_residual)(int64_t n, int64_t k, const NL_R *A, double norm_inf, const NL_R *B,
                             const NL_R *X, NL_R *R, NL_R *room) {
  memcpy(R, B, (size_t)(n * k) * sizeof *R);
  if (k == 1) {
    for (int64_t i = 0; i < n; i++) R[i] -= (NL_R)nl_kernels_in_use()->dense[NL_DTYPE].dot(n, A + i * n, X);
  } else {
    NL_FN(nl_gemm_in)(room, n, k, n, -1, A, n, 1, X, k, 1, 1, R, k);
  }
  double worst = 0;
  for (int64_t c = 0; c < k; c++) {
    double r = 0, x = 0, b = 0;
    for (int64_t i = 0; i < n; i++) {
      r = nl_larger(r, fabs((double)R[i * k + c]));
      x = fmax(x, fabs((double)X[i * k + c]));
      b = fmax(b, fabs((double)B[i * k + c]));
    }
    worst = nl_larger(worst, r == 0 ? 0 : r / (norm_inf * x + b));
  }
  return worst;
}

int64_t NL_FN(nl_lu_refine)(const nl_lu *F, int64_t k, const NL_R *A, const NL_R *B, NL_R *X, NL_R *work,
                            NL_R *room) {
  int64_t n = F->n, count = n * k, kept = 0;
  NL_R *R = work, *D = work + count, *tried = work + 2 * count;
  double norm_inf = 0;
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += fabs((double)A[i * n + j]);
    if (sum > norm_inf) norm_inf = sum;
  }
  double error = NL_FN(nl_lu_residual)(n, k, A, norm_inf, B, X, R, room);
  for (; kept < NL_LU_REFINEMENTS && error > 0 && !nl_interrupted(); kept++) {
    NL_FN(nl_lu_apply)(F, room, k, R, D);
    for (int64_t t = 0; t < count; t++) tried[t] = X[t] + D[t];
    double fresh = NL_FN(nl_lu_residual)(n, k, A, norm_inf, B, tried, R, room);
    if (!(fresh < error) || nl_interrupted()) break;
    error = fresh;
    memcpy(X, tried, (size_t)count * sizeof *X);
  }
  return kept;
}
