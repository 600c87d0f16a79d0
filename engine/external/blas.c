/* C = A B by BLAS gemm: the yardstick that numlab's own product is held against.
 *
 * Fortran reads our rows as its columns, so it sees A^T, B^T and C^T; C^T = B^T A^T is the same product. */
#include "lapack.h"
#include <inttypes.h>

/* One leading dimension is at least 1, also of a matrix without columns. */
static int leading(int columns) { return columns > 0 ? columns : 1; }

static nl_status check(const nl_tensor *A, const nl_tensor *B) {
  char a[NL_SHAPE_TEXT], b[NL_SHAPE_TEXT];
  if (A->dtype != B->dtype || (A->dtype != NL_F64 && A->dtype != NL_F32))
    return nl_fail(NL_DTYPE, "blas_matmul: A is %s and B is %s, expected both f64 or both f32",
                   nl_dtype_name(A->dtype), nl_dtype_name(B->dtype));
  if (A->ndim != 2 || B->ndim != 2 || A->shape[1] != B->shape[0])
    return nl_fail(NL_SHAPE, "blas_matmul: A is %s and B is %s, expected m x k and k x n",
                   nl_shape_text(A->ndim, A->shape, a), nl_shape_text(B->ndim, B->shape, b));
  return NL_OK;
}

nl_status nl_blas_matmul(const nl_tensor *A, const nl_tensor *B, nl_tensor *out) {
  static const double one = 1, zero = 0;
  static const float one_f32 = 1, zero_f32 = 0;
  nl_tensor rows_A = {0}, rows_B = {0}, C = {0};
  const nl_lapack *blas;
  int m, n, k;
  NL_TRY(check(A, B));
  NL_TRY(nl_library_int("blas_matmul", A->shape[0], &m));
  NL_TRY(nl_library_int("blas_matmul", A->shape[1], &k));
  NL_TRY(nl_library_int("blas_matmul", B->shape[1], &n));
  NL_TRY(nl_lapack_open(A->dtype, &blas));
  nl_status status = nl_tensor_contiguous(A, A->dtype, &rows_A);
  if (status == NL_OK) status = nl_tensor_contiguous(B, B->dtype, &rows_B);
  if (status == NL_OK) status = nl_tensor_new(A->dtype, 2, (int64_t[]){m, n}, &C);
  if (status != NL_OK) goto done;
  const void *alpha = A->dtype == NL_F64 ? (const void *)&one : &one_f32;
  const void *beta = A->dtype == NL_F64 ? (const void *)&zero : &zero_f32;
  int row_A = leading(k), row_B = leading(n);
  if (m > 0 && n > 0 && k > 0)
    blas->gemm("N", "N", &n, &m, &k, alpha, nl_tensor_data(&rows_B), &row_B, nl_tensor_data(&rows_A), &row_A,
               beta, nl_tensor_data(&C), &row_B, 1, 1);
  *out = C;
  C = (nl_tensor){0};
done:
  nl_tensor_release(&rows_A);
  nl_tensor_release(&rows_B);
  nl_tensor_release(&C);
  return status;
}
