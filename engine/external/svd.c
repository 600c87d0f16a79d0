/* Thin singular value decomposition A = U diag(s) Vt by LAPACK's gesdd (divide and conquer).
 *
 * LAPACK sees our A (m, n) by rows as A^T (n, m) by columns and finds A^T = U' diag(s) Vt'. By columns U' is
 * (n, r): read by rows that is Vt (r, n); and Vt' (r, m) read by rows is U (m, r). No transposition. */
#include "lapack.h"

static nl_status decompose(const nl_lapack_matrix *M, void *F, void *s, void *Vt, void *U, void **work,
                           int *iwork) {
  double answer;
  int info, query = -1, length, r = M->m < M->n ? M->m : M->n;
  M->lapack->gesdd("S", &M->n, &M->m, F, &M->n, s, Vt, &M->n, U, &r, &answer, &query, iwork, &info, 1);
  NL_TRY(nl_lapack_verdict(M, info));
  NL_TRY(nl_lapack_length(M, &answer, &length));
  *work = nl_lapack_room(M, length);
  if (!*work) return NL_NOMEM;
  M->lapack->gesdd("S", &M->n, &M->m, F, &M->n, s, Vt, &M->n, U, &r, *work, &length, iwork, &info, 1);
  return nl_lapack_verdict(M, info);
}

nl_status nl_svd(const nl_tensor *A, nl_tensor *U_out, nl_tensor *s_out, nl_tensor *Vt_out) {
  nl_lapack_matrix M;
  nl_tensor F = {0}, U = {0}, s = {0}, Vt = {0};
  void *work = NULL;
  int *iwork = NULL;
  NL_TRY(nl_lapack_matrix_check("svd", A, &M));
  int64_t r = M.m < M.n ? M.m : M.n;
  nl_status status = nl_tensor_clone(A, A->dtype, &F);
  if (status == NL_OK) status = nl_tensor_new(A->dtype, 2, (int64_t[]){M.m, r}, &U);
  if (status == NL_OK) status = nl_tensor_new(A->dtype, 1, (int64_t[]){r}, &s);
  if (status == NL_OK) status = nl_tensor_new(A->dtype, 2, (int64_t[]){r, M.n}, &Vt);
  if (status != NL_OK) goto done;
  iwork = nl_alloc(8 * r, sizeof *iwork, NL_WORKSPACE);
  status = iwork ? NL_OK : NL_NOMEM;
  if (status == NL_OK && r > 0)
    status = decompose(&M, nl_tensor_data(&F), nl_tensor_data(&s), nl_tensor_data(&Vt), nl_tensor_data(&U),
                       &work, iwork);
  if (status != NL_OK) goto done;
  *U_out = U;
  *s_out = s;
  *Vt_out = Vt;
  U = s = Vt = (nl_tensor){0};
done:
  nl_free(iwork);
  nl_free(work);
  nl_tensor_release(&F);
  nl_tensor_release(&U);
  nl_tensor_release(&s);
  nl_tensor_release(&Vt);
  return status;
}
