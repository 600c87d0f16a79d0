/* A dense factor that solves again and again: arguments, memory and the choice of type around lu_tmpl.c. */
#include "lu.h"
#include "device/device.h"
#include "gemm.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/interrupt.h>

static int64_t room_for(nl_dtype dtype, int64_t m, int64_t n, int64_t k) {
  return dtype == NL_F32 ? nl_gemm_room_f32(m, n, k) : nl_gemm_room_f64(m, n, k);
}

int64_t nl_lu_block(int64_t n, int64_t wanted) {
  int64_t block = wanted > 0 ? wanted : n <= 256 ? 32 : n <= 1000 ? 64 : 128;
  return n < 1 ? 1 : block < n ? block : n;
}

/* Largest column sum of |a_ij|, summed by rows; sums needs n doubles. */
static double norm_1(const nl_tensor *A, int64_t n, double *sums) {
  const double *wide = nl_tensor_data(A);
  const float *narrow = nl_tensor_data(A);
  double most = 0;
  for (int64_t j = 0; j < n; j++) sums[j] = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      sums[j] += A->dtype == NL_F32 ? fabs((double)narrow[i * n + j]) : fabs(wide[i * n + j]);
  for (int64_t j = 0; j < n; j++)
    if (!(sums[j] <= most)) most = sums[j];
  return most;
}

/* U came out not finite: because A is not, then its first such element is named, or by overflow. */
static nl_status blame(const nl_tensor *A) {
  if (!nl_on_cpu(A)) {
    nl_tensor here;
    NL_TRY(nl_tensor_to(A, &nl_cpu, A->dtype, &here));
    nl_status status = blame(&here);
    nl_tensor_release(&here);
    return status;
  }
  for (int64_t i = 0; i < A->shape[0]; i++)
    for (int64_t j = 0; j < A->shape[1]; j++) {
      double a = nl_tensor_get(A, (const int64_t[]){i, j});
      if (!isfinite(a)) return nl_fail(NL_NONFINITE, "lu: A(%" PRId64 ",%" PRId64 ") is %g", i + 1, j + 1, a);
    }
  return NL_NONFINITE;
}

/* The elimination of F->LU on the CPU. */
static nl_status factor_here(nl_lu *F, int64_t block) {
  int64_t n = F->n;
  size_t size = (size_t)nl_dtype_size(F->LU.dtype);
  nl_lu_work w = {.block = nl_lu_block(n, block)};
  nl_status status = NL_NOMEM;
  w.panel = nl_alloc(n > 0 ? n * w.block : 1, size > sizeof(double) ? size : sizeof(double), NL_WORKSPACE);
  w.pivot = nl_alloc(w.block, sizeof *w.pivot, NL_WORKSPACE);
  w.room = nl_alloc(room_for(F->LU.dtype, n, n, w.block), size, NL_WORKSPACE);
  if (!w.panel || !w.pivot || !w.room) goto done;
  F->norm_1 = norm_1(&F->LU, n, w.panel);
  status = F->LU.dtype == NL_F32 ? nl_lu_factor_f32(F, &w) : nl_lu_factor_f64(F, &w);
done:
  nl_free(w.room);
  nl_free(w.pivot);
  nl_free(w.panel);
  return status;
}

nl_status nl_lu_factor(const nl_tensor *A, int64_t block, nl_lu *out) {
  char text[NL_SHAPE_TEXT];
  if (A->ndim != 2 || A->shape[0] != A->shape[1])
    return nl_fail(NL_SHAPE, "lu: A is %s, expected a square matrix", nl_shape_text(A->ndim, A->shape, text));
  if (A->dtype != NL_F64 && A->dtype != NL_F32)
    return nl_fail(NL_DTYPE, "lu: A is %s, expected f64 or f32", nl_dtype_name(A->dtype));
  if (block < 0) return nl_fail(NL_ARG, "lu: block %" PRId64 ", expected at least 1, or 0 to choose", block);
  nl_lu F = {.n = A->shape[0], .growth = (double)NAN};
  NL_TRY(nl_tensor_clone(A, A->dtype, &F.LU));
  F.row_of = nl_alloc(F.n, sizeof *F.row_of, NL_RESULT);
  nl_status status = !F.row_of      ? NL_NOMEM
                     : nl_on_cpu(A) ? factor_here(&F, block)
                                    : nl_lu_factor_there(&F, block);
  if (status == NL_NONFINITE) status = blame(A);
  if (status == NL_OK) *out = F;
  else nl_lu_release(&F);
  return status;
}

/* --- solving ------------------------------------------------------------------------------------------ */

static bool all_finite(const nl_tensor *X) {
  const double *wide = nl_tensor_data(X);
  const float *narrow = nl_tensor_data(X);
  for (int64_t t = 0; t < nl_tensor_size(X); t++)
    if (!(X->dtype == NL_F32 ? isfinite(narrow[t]) : isfinite(wide[t]))) return false;
  return true;
}

/* X = A^-1 B on the CPU. */
static nl_status solve_here(const nl_lu *F, const nl_tensor *B, const nl_tensor *X) {
  int64_t k = B->ndim == 2 ? B->shape[1] : 1;
  nl_tensor rows;
  void *room = nl_alloc(room_for(B->dtype, F->n, k, F->n), (size_t)nl_dtype_size(B->dtype), NL_WORKSPACE);
  nl_status status = room ? nl_tensor_contiguous(B, B->dtype, &rows) : NL_NOMEM;
  if (status == NL_OK) {
    if (B->dtype == NL_F32) nl_lu_apply_f32(F, room, k, nl_tensor_data(&rows), nl_tensor_data(X));
    else nl_lu_apply_f64(F, room, k, nl_tensor_data(&rows), nl_tensor_data(X));
    nl_tensor_release(&rows);
    status = nl_interrupted() ? nl_fail(NL_INTERRUPTED, "lu: interrupted while solving")
             : all_finite(X)  ? NL_OK
                              : NL_NONFINITE;
  }
  nl_free(room);
  return status;
}

static nl_status solve_there(const nl_lu *F, const nl_tensor *B, const nl_tensor *X) {
  double largest;
  NL_TRY(nl_tensor_copy(B, X));
  NL_TRY(nl_lu_apply_there(F, X));
  NL_TRY(nl_norm(X, (double)INFINITY, &largest));
  return isfinite(largest) ? NL_OK : NL_NONFINITE;
}

nl_status nl_lu_solve(const nl_lu *F, const nl_tensor *B, nl_tensor *X) {
  char text[NL_SHAPE_TEXT];
  nl_tensor fresh;
  if (B->ndim < 1 || B->ndim > 2 || B->shape[0] != F->n)
    return nl_fail(NL_SHAPE, "lu: A is %" PRId64 "x%" PRId64 ", b is %s, expected %" PRId64 " rows", F->n,
                   F->n, nl_shape_text(B->ndim, B->shape, text), F->n);
  if (B->dtype != F->LU.dtype)
    return nl_fail(NL_DTYPE, "lu: the factor is %s, b is %s", nl_dtype_name(F->LU.dtype),
                   nl_dtype_name(B->dtype));
  if (nl_tensor_device(B) != nl_tensor_device(&F->LU))
    return nl_fail(NL_DEVICE, "lu: the factor is on %s, b is on %s; move b with :to",
                   nl_tensor_device(&F->LU)->name, nl_tensor_device(B)->name);
  if (F->singular_column)
    return nl_fail(NL_SINGULAR, "lu: A is singular, column %" PRId64 " has no nonzero pivot",
                   F->singular_column);
  NL_TRY(nl_tensor_new_beside(B, B->dtype, B->ndim, B->shape, &fresh));
  nl_status status = (nl_on_cpu(B) ? solve_here : solve_there)(F, B, &fresh);
  if (status == NL_NONFINITE) nl_fail(status, "lu: the solution is not finite");
  if (status == NL_OK) *X = fresh;
  else nl_tensor_release(&fresh);
  return status;
}

double nl_lu_rcond(const nl_lu *F) {
  void *work = nl_alloc(3 * F->n, (size_t)nl_dtype_size(F->LU.dtype), NL_WORKSPACE);
  if (!work) return (double)NAN;
  double rcond = F->LU.dtype == NL_F32 ? nl_lu_rcond_f32(F, work) : nl_lu_rcond_f64(F, work);
  nl_free(work);
  return rcond;
}

void nl_lu_release(nl_lu *F) {
  nl_tensor_release(&F->LU);
  nl_free(F->row_of);
  F->row_of = NULL;
}
