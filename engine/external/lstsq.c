/* Least squares: X of least norm among those that minimise ||B - A X||, for A of any shape and rank, by
 * LAPACK's gelsd: singular values by divide and conquer; those at most rcond times the largest count as 0.
 *
 * F holds the columns of A as its rows; G (k, max(m, n)) the columns of B, then of X. */
#include "lapack.h"
#include <float.h>
#include <math.h>

static nl_status solve(const nl_lapack_matrix *M, nl_tensor *F, nl_tensor *G, double rcond, void *s,
                       void **work, int **iwork, int *rank) {
  double answer;
  float rcond32 = (float)rcond;
  const void *threshold = M->dtype == NL_F64 ? (void *)&rcond : (void *)&rcond32;
  void *A = nl_tensor_data(F), *B = nl_tensor_data(G);
  int info, query = -1, length, ilength, k = (int)G->shape[0], ldb = (int)G->shape[1];
  M->lapack->gelsd(&M->m, &M->n, &k, A, &M->m, B, &ldb, s, threshold, rank, &answer, &query, &ilength, &info);
  NL_TRY(nl_lapack_verdict(M, info));
  NL_TRY(nl_lapack_length(M, &answer, &length));
  *work = nl_lapack_room(M, length);
  *iwork = nl_alloc(ilength, sizeof **iwork, NL_WORKSPACE);
  if (!*work || !*iwork) return NL_NOMEM;
  M->lapack->gelsd(&M->m, &M->n, &k, A, &M->m, B, &ldb, s, threshold, rank, *work, &length, *iwork, &info);
  return nl_lapack_verdict(M, info);
}

/* ||B - A X||_F, B and X 2-d. */
static double residual(const nl_tensor *A, const nl_tensor *B, const nl_tensor *X) {
  double norm = 0;
  for (int64_t i = 0; i < A->shape[0]; i++)
    for (int64_t c = 0; c < B->shape[1]; c++) {
      double r = nl_tensor_get(B, (int64_t[]){i, c});
      for (int64_t j = 0; j < A->shape[1]; j++)
        r -= nl_tensor_get(A, (int64_t[]){i, j}) * nl_tensor_get(X, (int64_t[]){j, c});
      norm = hypot(norm, r);
    }
  return norm;
}

static double condition(nl_dtype dtype, const char *s, int64_t r) {
  if (r == 0) return 1;
  int64_t size = nl_dtype_size(dtype);
  double smallest = nl_dtype_load(dtype, s + (r - 1) * size);
  return smallest > 0 ? nl_dtype_load(dtype, s) / smallest : (double)INFINITY;
}

static nl_status check_B(const nl_tensor *A, const nl_tensor *B) {
  char a[NL_SHAPE_TEXT], b[NL_SHAPE_TEXT];
  if (B->ndim < 1 || B->ndim > 2 || B->shape[0] != A->shape[0])
    return nl_fail(NL_SHAPE, "lstsq: A is %s, b is %s, expected as many rows", nl_shape_text(2, A->shape, a),
                   nl_shape_text(B->ndim, B->shape, b));
  if (B->dtype != A->dtype)
    return nl_fail(NL_DTYPE, "lstsq: A is %s, b is %s, expected the same type", nl_dtype_name(A->dtype),
                   nl_dtype_name(B->dtype));
  for (int64_t i = 0; i < B->shape[0]; i++)
    for (int64_t c = 0; c < (B->ndim == 2 ? B->shape[1] : 1); c++)
      if (!isfinite(nl_tensor_get(B, (int64_t[]){i, c})))
        return nl_fail(NL_NONFINITE, "lstsq: row %lld of b is not finite", (long long)i + 1);
  return NL_OK;
}

nl_status nl_lstsq(const nl_tensor *A, const nl_tensor *B, double rcond, nl_tensor *out,
                   nl_lstsq_info *info) {
  nl_lapack_matrix M;
  nl_tensor F = {0}, G = {0}, B2 = {0}, head = {0}, X = {0};
  void *s = NULL, *work = NULL;
  int *iwork = NULL, rank = 0, k32;
  NL_TRY(nl_lapack_matrix_check("lstsq", A, &M));
  NL_TRY(check_B(A, B));
  int64_t r = M.m < M.n ? M.m : M.n, most = M.m > M.n ? M.m : M.n, k = B->ndim == 2 ? B->shape[1] : 1;
  NL_TRY(nl_library_int("lstsq: right-hand sides", k, &k32));
  if (!(rcond >= 0)) rcond = (M.dtype == NL_F64 ? DBL_EPSILON : (double)FLT_EPSILON) * (double)most;
  nl_status status = nl_tensor_reshape(B, 2, (int64_t[]){M.m, k}, &B2);
  if (status == NL_OK) status = nl_lapack_columns(A, &F);
  if (status == NL_OK) status = nl_tensor_new(A->dtype, 2, (int64_t[]){k, most}, &G);
  if (status != NL_OK) goto done;
  for (int64_t i = 0; i < M.m; i++)
    for (int64_t c = 0; c < k; c++)
      nl_tensor_put(&G, (int64_t[]){c, i}, nl_tensor_get(&B2, (int64_t[]){i, c}));
  s = nl_lapack_room(&M, r);
  status = s ? NL_OK : NL_NOMEM;
  if (status == NL_OK && r > 0 && k > 0) status = solve(&M, &F, &G, rcond, s, &work, &iwork, &rank);
  if (status == NL_OK) status = nl_tensor_slice(&G, 1, 0, M.n, 1, &head);
  if (status == NL_OK) status = nl_lapack_columns(&head, &X); /* (n, k) */
  if (status != NL_OK) goto done;
  *info = (nl_lstsq_info){.rank = rank, .residual = residual(A, &B2, &X)};
  info->cond = r > 0 && k == 0 ? (double)NAN : condition(M.dtype, s, r);
  if (B->ndim == 2) {
    *out = X;
    X = (nl_tensor){0};
  } else {
    status = nl_tensor_reshape(&X, 1, (int64_t[]){M.n}, out);
  }
done:
  nl_free(iwork);
  nl_free(work);
  nl_free(s);
  nl_tensor_release(&F);
  nl_tensor_release(&G);
  nl_tensor_release(&B2);
  nl_tensor_release(&head);
  nl_tensor_release(&X);
  return status;
}
