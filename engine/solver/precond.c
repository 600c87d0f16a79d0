/* Jacobi: M = D. Symmetric Gauss-Seidel: M = (D + L) D^-1 (D + U), which is one symmetric sweep from zero:
 *
 *   (D + L) y = r          forward
 *   (D + U) z = D y        backward
 *
 * Each half reads only its own triangle, so both together cost one pass over A. M is symmetric for symmetric
 * A, and positive definite when D is. */
#include "precond.h"
#include <string.h>

nl_status nl_preconditioner_new(const nl_matrix *A, nl_precond kind, nl_solve_info *info,
                                nl_preconditioner *out) {
  *out = (nl_preconditioner){.kind = kind, .n = A->dense ? A->dense->shape[0] : A->sparse->rows};
  return kind == NL_PRECOND_NONE ? NL_OK : nl_splitting_new(A, info, &out->S);
}

void nl_preconditioner_release(nl_preconditioner *M) { nl_splitting_release(&M->S); }

/* sum of a_ij z_j over the entries p .. end-1 of row i */
static double part_of_row(const nl_splitting *S, int64_t i, int64_t p, int64_t end, const double *z) {
  double sum = 0;
  if (S->A.sparse) {
    const nl_sparse *A = S->A.sparse;
    for (; p < end; p++) sum += A->values[p] * z[A->index[p]];
  } else {
    const double *a = (const double *)nl_tensor_data(S->A.dense) + i * S->n;
    for (; p < end; p++) sum += a[p] * z[p];
  }
  return sum;
}

static void symmetric_sweep(const nl_splitting *S, const double *r, double *z) {
  const nl_sparse *A = S->A.sparse;
  for (int64_t i = 0; i < S->n; i++) { /* y_i = (r_i - sum_{j<i} a_ij y_j) / a_ii */
    int64_t begin = A ? A->start[i] : 0, end = A ? S->diagonal_at[i] : i;
    z[i] = (r[i] - part_of_row(S, i, begin, end, z)) / S->diagonal[i];
  }
  for (int64_t i = S->n - 1; i >= 0; i--) { /* z_i = y_i - (sum_{j>i} a_ij z_j) / a_ii */
    int64_t begin = (A ? S->diagonal_at[i] : i) + 1, end = A ? A->start[i + 1] : S->n;
    z[i] -= part_of_row(S, i, begin, end, z) / S->diagonal[i];
  }
}

void nl_preconditioner_apply(const nl_preconditioner *M, const double *r, double *z) {
  switch (M->kind) {
  case NL_PRECOND_JACOBI:
    for (int64_t i = 0; i < M->n; i++) z[i] = r[i] / M->S.diagonal[i];
    break;
  case NL_PRECOND_GAUSS_SEIDEL: symmetric_sweep(&M->S, r, z); break;
  case NL_PRECOND_NONE: memcpy(z, r, (size_t)M->n * sizeof *z); break;
  }
}
