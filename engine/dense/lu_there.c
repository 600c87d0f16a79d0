/* P A = L U and what is done with it where A lies on a device: the backend eliminates and substitutes
 * (backend.h), norms and residuals are operations on tensors. */
#include "device/device.h"
#include "lu.h"
#include "solver/there.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

nl_status nl_lu_factor_there(nl_lu *F, int64_t block) {
  nl_tensor sums;
  nl_array A = nl_array_of(&F->LU);
  nl_lu_facts facts = {0};
  if (F->n == 0) return NL_OK;
  NL_TRY(nl_reduce(NL_REDUCE_NORM_1, &F->LU, 0, false, &sums)); /* of the columns of A */
  nl_status s = nl_norm(&sums, (double)INFINITY, &F->norm_1);
  nl_tensor_release(&sums);
  NL_TRY(s);
  NL_TRY(NL_DEVICE_CALL("lu", &F->LU, lu_factor, &A, block, F->row_of, &facts));
  if (!isfinite(facts.largest_u)) return nl_fail(NL_NONFINITE, "lu: overflow in U (scaling A may help)");
  F->exchanges = facts.exchanges;
  F->smallest_pivot = facts.smallest_pivot;
  F->singular_column = facts.singular_column;
  F->growth = facts.largest_a > 0 ? facts.largest_u / facts.largest_a : (double)NAN;
  return NL_OK;
}

nl_status nl_lu_apply_there(const nl_lu *F, const nl_tensor *B) {
  int64_t k = B->ndim == 2 ? B->shape[1] : 1;
  nl_array LU = nl_array_of(&F->LU);
  if (F->n * k == 0) return NL_OK;
  nl_array X = {nl_tensor_data(B), B->dtype, 2, {F->n, k}, {k, 1}};
  return NL_DEVICE_CALL("lu", &F->LU, lu_solve, &LU, F->row_of, &X);
}

nl_status nl_lu_vector_there(const nl_lu *F, bool transposed, void *y) {
  int64_t bytes = F->n * nl_dtype_size(F->LU.dtype);
  nl_tensor there;
  NL_TRY(nl_tensor_new_beside(&F->LU, F->LU.dtype, 1, &F->n, &there));
  nl_array LU = nl_array_of(&F->LU), x = nl_array_of(&there);
  nl_status s = NL_DEVICE_CALL("lu", &there, upload, x.data, y, bytes);
  if (s == NL_OK && transposed) s = NL_DEVICE_CALL("rcond", &there, lu_solve_transposed, &LU, F->row_of, &x);
  else if (s == NL_OK) s = nl_lu_apply_there(F, &there);
  if (s == NL_OK) s = NL_DEVICE_CALL("lu", &there, download, y, x.data, bytes);
  nl_tensor_release(&there);
  return s;
}

/* R = b - A x, a new tensor, and the backward error it amounts to. */
static nl_status measure(const nl_system *s, double norm_A, const nl_tensor *x, nl_tensor *R, double *error) {
  NL_TRY(nl_residual_there(&s->A, s->b, x, R));
  return nl_backward_error_there(norm_A, R, x, s->b, error);
}

/* As refine_tmpl.c says. */
nl_status nl_lu_refine_there(const nl_lu *F, const nl_system *s, int64_t *kept) {
  nl_tensor R = {0};
  double norm_A, error = 0;
  bool better = true;
  *kept = 0;
  NL_TRY(nl_norm_inf_there(&s->A, &norm_A));
  nl_status status = measure(s, norm_A, s->x, &R, &error);
  while (status == NL_OK && better && *kept < NL_LU_REFINEMENTS && error > 0 && !nl_interrupted()) {
    nl_tensor tried = {0};
    double fresh = (double)NAN;
    status = nl_lu_apply_there(F, &R); /* the residual becomes the correction */
    if (status == NL_OK) status = nl_binary(NL_ADD, s->x, &R, &tried);
    nl_tensor_release(&R);
    if (status == NL_OK) status = measure(s, norm_A, &tried, &R, &fresh);
    better = fresh < error;
    if (status == NL_OK && better) {
      status = nl_tensor_copy(&tried, s->x);
      error = fresh;
      ++*kept;
    }
    nl_tensor_release(&tried);
  }
  nl_tensor_release(&R);
  return status;
}
