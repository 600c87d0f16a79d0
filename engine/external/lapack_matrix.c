/* What the dense factorisations ask before they call LAPACK: shapes, types, finite elements, symmetry, room.
 * LAPACK itself stops the process, loops or returns nonsense on such input, depending on who built it. */
#include "lapack.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static nl_status check_finite(const char *who, const nl_tensor *A) {
  for (int64_t i = 0; i < A->shape[0]; i++)
    for (int64_t j = 0; j < A->shape[1]; j++) {
      double a = nl_tensor_get(A, (int64_t[]){i, j});
      if (!isfinite(a))
        return nl_fail(NL_NONFINITE, "%s: element (%" PRId64 ",%" PRId64 ") of A is %g", who, i + 1, j + 1,
                       a);
    }
  return NL_OK;
}

nl_status nl_lapack_matrix_check(const char *who, const nl_tensor *A, nl_lapack_matrix *out) {
  char text[NL_SHAPE_TEXT];
  nl_lapack_matrix M = {.who = who, .dtype = A->dtype};
  if (A->dtype != NL_F64 && A->dtype != NL_F32)
    return nl_fail(NL_DTYPE, "%s: A is %s, expected f64 or f32 (A:to(\"f64\") converts)", who,
                   nl_dtype_name(A->dtype));
  if (A->ndim != 2)
    return nl_fail(NL_SHAPE, "%s: A is %s, expected a matrix (2 dimensions)", who,
                   nl_shape_text(A->ndim, A->shape, text));
  NL_TRY(nl_library_int(who, A->shape[0], &M.m));
  NL_TRY(nl_library_int(who, A->shape[1], &M.n));
  NL_TRY(nl_lapack_open(A->dtype, &M.lapack));
  NL_TRY(check_finite(who, A));
  *out = M;
  return NL_OK;
}

nl_status nl_lapack_symmetric(const nl_lapack_matrix *M, const nl_tensor *A, bool *symmetric, int64_t *i,
                              int64_t *j) {
  if (M->m != M->n) return nl_fail(NL_SHAPE, "%s: A is %dx%d, expected a square matrix", M->who, M->m, M->n);
  double most = 0, worst = 0;
  for (int64_t r = 0; r < M->n; r++)
    for (int64_t c = 0; c <= r; c++) {
      double a = nl_tensor_get(A, (int64_t[]){r, c}), b = nl_tensor_get(A, (int64_t[]){c, r});
      most = fmax(most, fmax(fabs(a), fabs(b)));
      if (fabs(a - b) <= worst) continue;
      worst = fabs(a - b);
      *i = c;
      *j = r;
    }
  /* what two ways of summing the n products of an element of B^T B can differ by */
  *symmetric = worst <= (M->dtype == NL_F64 ? DBL_EPSILON : (double)FLT_EPSILON) * M->n * most;
  return NL_OK;
}

void *nl_lapack_room(const nl_lapack_matrix *M, int64_t count) {
  return nl_alloc(count, (size_t)nl_dtype_size(M->dtype), NL_WORKSPACE);
}

nl_status nl_lapack_length(const nl_lapack_matrix *M, const void *answer, int *length) {
  double size = nl_dtype_load(M->dtype, answer);
  if (M->dtype == NL_F32) size *= 1 + 2 * (double)FLT_EPSILON; /* beyond 2^24 floats round, maybe down */
  return nl_library_int(M->who, (int64_t)ceil(size), length);
}

nl_status nl_lapack_columns(const nl_tensor *A, nl_tensor *out) {
  nl_tensor turned;
  NL_TRY(nl_tensor_transpose(A, 0, 1, &turned));
  nl_status status = nl_tensor_clone(&turned, A->dtype, out);
  nl_tensor_release(&turned);
  return status;
}

nl_status nl_lapack_verdict(const nl_lapack_matrix *M, int info) {
  if (info == 0) return NL_OK;
  if (info < 0) return nl_fail(NL_INTERNAL, "%s: LAPACK refuses argument %d", M->who, -info);
  return nl_fail(NL_NOT_CONVERGED, "%s: LAPACK's iteration did not converge (info %d)", M->who, info);
}
