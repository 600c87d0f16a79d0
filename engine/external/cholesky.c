/* Cholesky: A = L L^T for symmetric positive definite A, by LAPACK's potrf.
 *
 * potrf('U') makes A = U^T U of the upper triangle by columns, which is our lower triangle by rows, and
 * leaves L = U^T in its place: no transposition. */
#include "lapack.h"
#include <inttypes.h>
#include <string.h>

static nl_status not_symmetric(const nl_tensor *A, int64_t i, int64_t j) {
  return nl_fail(NL_NOT_POSITIVE_DEFINITE,
                 "cholesky: A is not symmetric: A(%" PRId64 ",%" PRId64 ") = %.17g but A(%" PRId64 ",%" PRId64
                 ") = %.17g",
                 i + 1, j + 1, nl_tensor_get(A, (int64_t[]){i, j}), j + 1, i + 1,
                 nl_tensor_get(A, (int64_t[]){j, i}));
}

nl_status nl_cholesky(const nl_tensor *A, nl_tensor *out, int64_t *minor) {
  nl_lapack_matrix M;
  nl_tensor L = {0};
  bool symmetric;
  int64_t i = 0, j = 0;
  int info = 0;
  *minor = 0;
  NL_TRY(nl_lapack_matrix_check("cholesky", A, &M));
  NL_TRY(nl_lapack_symmetric(&M, A, &symmetric, &i, &j));
  if (!symmetric) return not_symmetric(A, i, j);
  NL_TRY(nl_tensor_clone(A, A->dtype, &L));
  if (M.n > 0) M.lapack->potrf("U", &M.n, nl_tensor_data(&L), &M.n, &info, 1);
  if (info != 0) {
    nl_tensor_release(&L);
    *minor = info > 0 ? info : 0;
    return info < 0
               ? nl_lapack_verdict(&M, info)
               : nl_fail(
                     NL_NOT_POSITIVE_DEFINITE,
                     "cholesky: A is not positive definite: its leading minor of order %d is not positive",
                     info);
  }
  char *row = nl_tensor_data(&L); /* the strict upper triangle is still A's */
  int64_t size = nl_dtype_size(A->dtype);
  for (int64_t r = 0; r < M.n; r++, row += M.n * size)
    memset(row + (r + 1) * size, 0, (size_t)((M.n - r - 1) * size));
  *out = L;
  return NL_OK;
}
