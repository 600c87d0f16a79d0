/* Triangular solves by halving: all but O(n LEAF k) of the work is a matrix product.
 *
 *   [L11  0 ] [X1]   X1 = L11^-1 X1            [U11 U12] [X1]   X2 = U22^-1 X2
 *   [L21 L22] [X2]   X2 = L22^-1 (X2 - L21 X1)  [ 0  U22] [X2]   X1 = U11^-1 (X1 - U12 X2)
 *
 * One right-hand side is a dot product a row instead: packing would cost more than it saves. */
#include "core/tmpl.h"
#include "cpu/kernels.h"
#include "gemm.h"
#include "trsm.h"

enum { LEAF = 16 };

static const nl_dense_kernels *kernels(void) { return &nl_kernels_in_use()->dense[NL_DTYPE]; }

/* Where to cut n > LEAF rows: a multiple of LEAF about halfway. */
static int64_t halfway(int64_t n) { return (n / 2 + LEAF - 1) / LEAF * LEAF; }

void NL_FN(nl_trsm_lower)(NL_R *room, int64_t n, int64_t k, const NL_R *L, int64_t L_row, NL_R *X,
                          int64_t X_row) {
  if (k == 1 && X_row == 1) {
    for (int64_t i = 1; i < n; i++) X[i] -= (NL_R)kernels()->dot(i, L + i * L_row, X);
  } else if (n <= LEAF) {
    for (int64_t i = 1; i < n; i++)
      for (int64_t j = 0; j < i; j++)
        kernels()->axpy(k, (double)-L[i * L_row + j], X + j * X_row, X + i * X_row);
  } else {
    int64_t h = halfway(n);
    const NL_R *L21 = L + h * L_row;
    NL_R *X2 = X + h * X_row;
    NL_FN(nl_trsm_lower)(room, h, k, L, L_row, X, X_row);
    NL_FN(nl_gemm_in)(room, n - h, k, h, -1, L21, L_row, 1, X, X_row, 1, 1, X2, X_row);
    NL_FN(nl_trsm_lower)(room, n - h, k, L21 + h, L_row, X2, X_row);
  }
}

void NL_FN(nl_trsm_upper)(NL_R *room, int64_t n, int64_t k, const NL_R *U, int64_t U_row, NL_R *X,
                          int64_t X_row) {
  if (n > LEAF && !(k == 1 && X_row == 1)) {
    int64_t h = halfway(n);
    NL_R *X2 = X + h * X_row;
    NL_FN(nl_trsm_upper)(room, n - h, k, U + h * U_row + h, U_row, X2, X_row);
    NL_FN(nl_gemm_in)(room, h, k, n - h, -1, U + h, U_row, 1, X2, X_row, 1, 1, X, X_row);
    NL_FN(nl_trsm_upper)(room, h, k, U, U_row, X, X_row);
    return;
  }
  for (int64_t i = n - 1; i >= 0; i--) {
    const NL_R *u = U + i * U_row;
    NL_R *x = X + i * X_row;
    if (k == 1 && X_row == 1) x[0] -= (NL_R)kernels()->dot(n - i - 1, u + i + 1, x + 1);
    else
      for (int64_t j = i + 1; j < n; j++) kernels()->axpy(k, (double)-u[j], X + j * X_row, x);
    for (int64_t c = 0; c < k; c++) x[c] /= u[i];
  }
}
