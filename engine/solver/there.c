#include "there.h"
#include "check.h"
#include <math.h>

nl_device *nl_matrix_device(const nl_matrix *A) {
  return A->dense ? nl_tensor_device(A->dense) : nl_sparse_device(A->sparse);
}

static nl_status check_device(const nl_device *of_A, const char *name, const nl_tensor *t) {
  const nl_device *device = nl_tensor_device(t);
  if (device == of_A) return NL_OK;
  return nl_fail(NL_DEVICE, "solve: A is on %s, %s is on %s; move one with :to", of_A->name, name,
                 device->name);
}

nl_status nl_check_devices(const nl_matrix *A, const nl_tensor *b, const nl_tensor *x0) {
  const nl_device *device = nl_matrix_device(A);
  NL_TRY(check_device(device, "b", b));
  return x0 ? check_device(device, "x0", x0) : NL_OK;
}

/* --- products and norms ------------------------------------------------------------------------------- */

nl_status nl_residual_there(const nl_matrix *A, const nl_tensor *B, const nl_tensor *X, nl_tensor *R) {
  nl_tensor AX;
  NL_TRY(A->dense ? nl_matmul(A->dense, X, &AX) : nl_sparse_apply(A->sparse, X, &AX));
  nl_status s = nl_binary(NL_SUB, B, &AX, R);
  nl_tensor_release(&AX);
  return s;
}

nl_status nl_column_norms(nl_reduction norm, const nl_tensor *T, double *out) {
  nl_tensor norms, here;
  NL_TRY(nl_reduce(norm, T, 0, false, &norms));
  nl_status s = nl_tensor_to(&norms, &nl_cpu, NL_F64, &here);
  nl_tensor_release(&norms);
  NL_TRY(s);
  const double *values = nl_tensor_data(&here);
  for (int64_t j = 0; j < nl_tensor_size(&here); j++) out[j] = values[j];
  nl_tensor_release(&here);
  return NL_OK;
}

/* |a_ij| of the stored entries, a new tensor (nnz). */
static nl_status magnitudes(const nl_sparse *S, nl_tensor *out) {
  nl_tensor fresh;
  nl_array values = {.data = S->values, .dtype = NL_F64, .ndim = 1, .shape = {S->nnz}, .stride = {1}};
  NL_TRY(nl_tensor_new_on(S->device, NL_F64, 1, &S->nnz, &fresh));
  nl_array to = nl_array_of(&fresh);
  nl_status s = NL_DEVICE_CALL("solve", &fresh, unary, NL_ABS, NL_F64, &values, &to);
  if (s == NL_OK) *out = fresh;
  else nl_tensor_release(&fresh);
  return s;
}

/* Row sums of |a_ij|: those of a sparse matrix are |S| times ones. */
static nl_status row_sums(const nl_matrix *A, nl_tensor *sums) {
  if (A->dense) return nl_reduce(NL_REDUCE_NORM_1, A->dense, 1, false, sums);
  nl_tensor sizes, ones = {0};
  NL_TRY(magnitudes(A->sparse, &sizes));
  nl_sparse S = *A->sparse;
  S.values = nl_tensor_data(&sizes);
  nl_status s = nl_tensor_new_on(S.device, NL_F64, 1, &S.cols, &ones);
  if (s == NL_OK) s = nl_tensor_fill(&ones, 1);
  if (s == NL_OK) s = nl_sparse_apply(&S, &ones, sums);
  nl_tensor_release(&ones);
  nl_tensor_release(&sizes);
  return s;
}

nl_status nl_norm_inf_there(const nl_matrix *A, double *norm) {
  nl_tensor sums;
  NL_TRY(row_sums(A, &sums));
  nl_status s = nl_norm(&sums, (double)INFINITY, norm);
  nl_tensor_release(&sums);
  return s;
}

nl_status nl_largest_there(const nl_matrix *A, double *largest) {
  nl_tensor sizes;
  if (A->dense) return nl_norm(A->dense, (double)INFINITY, largest);
  NL_TRY(magnitudes(A->sparse, &sizes));
  nl_status s = nl_norm(&sizes, (double)INFINITY, largest);
  nl_tensor_release(&sizes);
  return s;
}

/* --- residuals ---------------------------------------------------------------------------------------- */

/* Norms of the columns of R, X and B, k of each, in one block of host memory. */
typedef struct columns {
  int64_t k;
  double *r, *x, *b;
} columns;

static nl_status take(columns *c, const nl_tensor *T) {
  c->k = T->ndim == 2 ? T->shape[1] : 1;
  c->r = nl_alloc(3 * c->k, sizeof *c->r, NL_WORKSPACE);
  if (!c->r) return NL_NOMEM;
  c->x = c->r + c->k;
  c->b = c->x + c->k;
  return NL_OK;
}

nl_status nl_backward_error_there(double norm_A, const nl_tensor *R, const nl_tensor *X, const nl_tensor *B,
                                  double *error) {
  columns c;
  NL_TRY(take(&c, R));
  nl_status s = nl_column_norms(NL_REDUCE_NORM_INF, R, c.r);
  if (s == NL_OK) s = nl_column_norms(NL_REDUCE_NORM_INF, X, c.x);
  if (s == NL_OK) s = nl_column_norms(NL_REDUCE_NORM_INF, B, c.b);
  double worst = 0;
  for (int64_t j = 0; j < c.k && s == NL_OK; j++)
    worst = nl_larger(worst, nl_backward_error(c.r[j], norm_A, c.x[j], c.b[j]));
  nl_free(c.r);
  *error = worst;
  return s;
}

static nl_status relative_there(const nl_tensor *R, const nl_tensor *B, double *ratio) {
  columns c;
  NL_TRY(take(&c, R));
  nl_status s = nl_column_norms(NL_REDUCE_NORM_2, R, c.r);
  if (s == NL_OK) s = nl_column_norms(NL_REDUCE_NORM_2, B, c.b);
  double worst = 0;
  for (int64_t j = 0; j < c.k && s == NL_OK; j++) worst = nl_larger(worst, c.r[j] == 0 ? 0 : c.r[j] / c.b[j]);
  nl_free(c.r);
  *ratio = worst;
  return s;
}

nl_status nl_residuals_there(const nl_matrix *A, const nl_tensor *B, const nl_tensor *X,
                             double *relative_residual, double *backward_error) {
  nl_tensor dense = {0}, b = {0}, x = {0}, R = {0};
  nl_matrix wide = {NULL, A->sparse};
  double norm_A;
  nl_status s = nl_tensor_contiguous(B, NL_F64, &b);
  if (s == NL_OK) s = nl_tensor_contiguous(X, NL_F64, &x);
  if (s == NL_OK && A->dense) s = nl_tensor_contiguous(A->dense, NL_F64, &dense);
  if (A->dense) wide.dense = &dense;
  if (s == NL_OK) s = nl_residual_there(&wide, &b, &x, &R);
  if (s == NL_OK) s = nl_norm_inf_there(&wide, &norm_A);
  if (s == NL_OK) s = nl_backward_error_there(norm_A, &R, &x, &b, backward_error);
  if (s == NL_OK) s = relative_there(&R, &b, relative_residual);
  nl_tensor_release(&dense);
  nl_tensor_release(&b);
  nl_tensor_release(&x);
  nl_tensor_release(&R);
  return s;
}
