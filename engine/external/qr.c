/* Thin QR: A = Q R by Householder reflections, LAPACK's geqrf and orgqr, on A by columns.
 *
 * F holds the columns of A as its rows: F(j,i) = A(i,j). After geqrf, R(i,j) = F(j,i) for i <= j; after
 * orgqr, Q(i,j) = F(j,i) for the first r = min(m, n) rows of F. */
#include "lapack.h"

/* R out of F, which is (n, m). */
static void take_R(const nl_tensor *F, const nl_tensor *R) {
  for (int64_t i = 0; i < R->shape[0]; i++)
    for (int64_t j = i; j < R->shape[1]; j++)
      nl_tensor_put(R, (int64_t[]){i, j}, nl_tensor_get(F, (int64_t[]){j, i}));
}

static nl_status factor(const nl_lapack_matrix *M, nl_tensor *F, nl_tensor *R, int r, void *tau,
                        void **work) {
  const nl_lapack *lapack = M->lapack;
  double answer[2];
  void *data = nl_tensor_data(F);
  int info, query = -1, length, other;
  lapack->geqrf(&M->m, &M->n, data, &M->m, tau, &answer[0], &query, &info);
  NL_TRY(nl_lapack_length(M, &answer[0], &length));
  lapack->orgqr(&M->m, &r, &r, data, &M->m, tau, &answer[1], &query, &info);
  NL_TRY(nl_lapack_length(M, &answer[1], &other));
  if (other > length) length = other;
  *work = nl_lapack_room(M, length);
  if (!*work) return NL_NOMEM;
  lapack->geqrf(&M->m, &M->n, data, &M->m, tau, *work, &length, &info);
  NL_TRY(nl_lapack_verdict(M, info));
  take_R(F, R);
  lapack->orgqr(&M->m, &r, &r, data, &M->m, tau, *work, &length, &info);
  return nl_lapack_verdict(M, info);
}

nl_status nl_qr(const nl_tensor *A, nl_tensor *Q_out, nl_tensor *R_out) {
  nl_lapack_matrix M;
  nl_tensor F = {0}, first = {0}, Q = {0}, R = {0};
  void *tau = NULL, *work = NULL;
  NL_TRY(nl_lapack_matrix_check("qr", A, &M));
  int r = M.m < M.n ? M.m : M.n;
  nl_status status = nl_lapack_columns(A, &F);
  if (status != NL_OK) goto done;
  status = nl_tensor_new(A->dtype, 2, (int64_t[]){r, M.n}, &R);
  if (status != NL_OK) goto done;
  tau = nl_lapack_room(&M, r);
  status = tau ? NL_OK : NL_NOMEM;
  if (status == NL_OK && r > 0) status = factor(&M, &F, &R, r, tau, &work);
  if (status == NL_OK) status = nl_tensor_slice(&F, 0, 0, r, 1, &first);
  if (status == NL_OK) status = nl_lapack_columns(&first, &Q);
  if (status != NL_OK) goto done;
  *Q_out = Q;
  *R_out = R;
  R = (nl_tensor){0};
done:
  nl_free(work);
  nl_free(tau);
  nl_tensor_release(&first);
  nl_tensor_release(&F);
  nl_tensor_release(&R);
  return status;
}
