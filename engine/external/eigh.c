/* Symmetric eigenvalues: A V = V diag(w), w ascending, by LAPACK's syevd (divide and conquer).
 *
 * syevd leaves one eigenvector a column of Fortran's, a row of ours: V is the transpose of that. */
#include "lapack.h"
#include <inttypes.h>

static nl_status decompose(const nl_lapack_matrix *M, void *F, void *w, void **work, int **iwork) {
  double answer;
  int info, query = -1, length, ilength;
  M->lapack->syevd("V", "U", &M->n, F, &M->n, w, &answer, &query, &ilength, &query, &info, 1, 1);
  NL_TRY(nl_lapack_verdict(M, info));
  NL_TRY(nl_lapack_length(M, &answer, &length));
  *work = nl_lapack_room(M, length);
  *iwork = nl_alloc(ilength, sizeof **iwork, NL_WORKSPACE);
  if (!*work || !*iwork) return NL_NOMEM;
  M->lapack->syevd("V", "U", &M->n, F, &M->n, w, *work, &length, *iwork, &ilength, &info, 1, 1);
  return nl_lapack_verdict(M, info);
}

nl_status nl_eigh(const nl_tensor *A, nl_tensor *w_out, nl_tensor *V_out) {
  nl_lapack_matrix M;
  nl_tensor F = {0}, w = {0}, V = {0};
  void *work = NULL;
  int *iwork = NULL;
  bool symmetric;
  int64_t i = 0, j = 0;
  NL_TRY(nl_lapack_matrix_check("eigh", A, &M));
  NL_TRY(nl_lapack_symmetric(&M, A, &symmetric, &i, &j));
  if (!symmetric)
    return nl_fail(NL_ARG,
                   "eigh: A is not symmetric: A(%" PRId64 ",%" PRId64 ") = %.17g but A(%" PRId64 ",%" PRId64
                   ") = %.17g; (A + A.T) / 2 is",
                   i + 1, j + 1, nl_tensor_get(A, (int64_t[]){i, j}), j + 1, i + 1,
                   nl_tensor_get(A, (int64_t[]){j, i}));
  nl_status status = nl_tensor_clone(A, A->dtype, &F);
  if (status == NL_OK) status = nl_tensor_new(A->dtype, 1, (int64_t[]){M.n}, &w);
  if (status == NL_OK && M.n > 0)
    status = decompose(&M, nl_tensor_data(&F), nl_tensor_data(&w), &work, &iwork);
  if (status == NL_OK) status = nl_lapack_columns(&F, &V);
  if (status == NL_OK) {
    *w_out = w;
    *V_out = V;
    w = (nl_tensor){0};
  }
  nl_free(iwork);
  nl_free(work);
  nl_tensor_release(&F);
  nl_tensor_release(&w);
  return status;
}
