/* Jacobi: M = D. SSOR: one symmetric sweep of SOR from zero, symmetric Gauss-Seidel for omega = 1,
 *
 *   M = (D + omega L) D^-1 (D + omega U) / (omega (2 - omega)):
 *   (D + omega L) y = omega (2 - omega) r     forward
 *   (D + omega U) z = D y                     backward
 *
 * Each half reads only its own triangle, so both together cost one pass over A. M is symmetric for symmetric
 * A, and positive definite when D is. On the five-point Laplacian kappa(M^-1 A) is of order h^-2 with omega =
 * 1 and h^-1 with omega near 2 / (1 + pi h) (Axelsson 1972). */
#include "precond.h"
#include <string.h>

nl_status nl_preconditioner_new(const nl_matrix *A, nl_precond kind, double omega, nl_solve_info *info,
                                nl_preconditioner *out) {
  *out = (nl_preconditioner){0};
  if (kind != NL_PRECOND_SSOR) omega = 1;
  if (!(omega > 0 && omega < 2))
    return nl_fail(NL_ARG, "precond ssor: omega is %g, expected 0 < omega < 2 (outside, M is not definite)",
                   omega);
  *out =
      (nl_preconditioner){.kind = kind, .n = A->dense ? A->dense->shape[0] : A->sparse->rows, .omega = omega};
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

static void symmetric_sweep(const nl_splitting *S, double omega, const double *r, double *z) {
  const nl_sparse *A = S->A.sparse;
  for (int64_t i = 0; i < S->n; i++) { /* y_i = omega ((2 - omega) r_i - sum_{j<i} a_ij y_j) / a_ii */
    int64_t begin = A ? A->start[i] : 0, end = A ? S->diagonal_at[i] : i;
    z[i] = omega * ((2 - omega) * r[i] - part_of_row(S, i, begin, end, z)) / S->diagonal[i];
  }
  for (int64_t i = S->n - 1; i >= 0; i--) { /* z_i = y_i - omega (sum_{j>i} a_ij z_j) / a_ii */
    int64_t begin = (A ? S->diagonal_at[i] : i) + 1, end = A ? A->start[i + 1] : S->n;
    z[i] -= omega * part_of_row(S, i, begin, end, z) / S->diagonal[i];
  }
}

void nl_preconditioner_apply(const nl_preconditioner *M, const double *r, double *z) {
  switch (M->kind) {
  case NL_PRECOND_JACOBI:
    for (int64_t i = 0; i < M->n; i++) z[i] = r[i] / M->S.diagonal[i];
    break;
  case NL_PRECOND_GAUSS_SEIDEL:
  case NL_PRECOND_SSOR: symmetric_sweep(&M->S, M->omega, r, z); break;
  case NL_PRECOND_NONE: memcpy(z, r, (size_t)M->n * sizeof *z); break;
  }
}
