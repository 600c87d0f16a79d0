/* The method "lu": blocked LU with partial pivoting of a dense system, with optional iterative refinement.
 * info.growth is that of the final U: entries between the steps of a blocked elimination are not looked at.
 */
#include "device/device.h"
#include "gemm.h"
#include "lu.h"
#include "solver/method.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <numlab/clock.h>
#include <numlab/interrupt.h>
#include <stdio.h>

/* X = A^-1 B, refined on request; work and room as apply and refine want them. */
static void solve_f64(const nl_lu *F, const nl_system *s, bool refine, void *work, void *room,
                      nl_solve_info *info) {
  nl_lu_apply_f64(F, room, s->k, s->B, s->X);
  if (refine)
    info->refinements = nl_lu_refine_f64(F, s->k, nl_tensor_data(s->A.dense), s->B, s->X, work, room);
}

static void solve_f32(const nl_lu *F, const nl_system *s, bool refine, void *work, void *room,
                      nl_solve_info *info) {
  nl_lu_apply_f32(F, room, s->k, s->B, s->X);
  if (refine)
    info->refinements = nl_lu_refine_f32(F, s->k, nl_tensor_data(s->A.dense), s->B, s->X, work, room);
}

static bool all_finite(const nl_system *s) {
  const double *wide = s->X;
  const float *narrow = s->X;
  for (int64_t t = 0; t < s->n * s->k; t++)
    if (!(s->dtype == NL_F32 ? isfinite(narrow[t]) : isfinite(wide[t]))) return false;
  return true;
}

static nl_status solve(const nl_lu *F, const nl_system *s, bool refine, nl_solve_info *info) {
  int64_t n = s->n, k = s->k;
  size_t size = (size_t)nl_dtype_size(s->dtype);
  int64_t elements = s->dtype == NL_F32 ? nl_gemm_room_f32(n, k, n) : nl_gemm_room_f64(n, k, n);
  nl_status status = NL_NOMEM;
  void *room = nl_alloc(elements, size, NL_WORKSPACE);
  void *work = nl_alloc(refine ? 3 * n * k : 0, size, NL_WORKSPACE);
  if (room && work) {
    if (s->dtype == NL_F32) solve_f32(F, s, refine, work, room, info);
    else solve_f64(F, s, refine, work, room, info);
    status = nl_interrupted() ? nl_fail(NL_INTERRUPTED, "lu: interrupted while solving")
             : !all_finite(s) ? nl_fail(NL_NONFINITE, "lu: the solution overflows")
                              : NL_OK;
  }
  nl_free(work);
  nl_free(room);
  return status;
}

static nl_status solve_there(const nl_lu *F, const nl_system *s, bool refine, nl_solve_info *info) {
  double largest;
  NL_TRY(nl_tensor_copy(s->b, s->x));
  NL_TRY(nl_lu_apply_there(F, s->x));
  if (refine) NL_TRY(nl_lu_refine_there(F, s, &info->refinements));
  NL_TRY(nl_norm(s->x, (double)INFINITY, &largest)); /* waits for the device */
  return isfinite(largest) ? NL_OK : nl_fail(NL_NONFINITE, "lu: the solution overflows");
}

static nl_status conclude(nl_status status, nl_solve_info *info) {
  info->code = status;
  info->converged = status == NL_OK;
  if (status != NL_OK) snprintf(info->reason, sizeof info->reason, "%s", nl_message());
  return status;
}

/* Here and there: the factor follows the device of A. */
static nl_status run(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  bool here = nl_on_cpu(s->A.dense);
  double start = nl_clock();
  nl_lu F = {0};
  nl_status status = nl_lu_factor(s->A.dense, o->block, &F);
  if (status != NL_OK) return nl_status_is_outcome(status) ? conclude(status, info) : status;
  info->growth = F.growth;
  info->smallest_pivot = F.smallest_pivot;
  info->exchanges = F.exchanges;
  info->nnz_factor = F.n * F.n;
  info->rcond = 0;
  info->where = F.singular_column;
  if (F.singular_column)
    status =
        nl_fail(NL_SINGULAR, "lu: A is singular, column %" PRId64 " has no nonzero pivot", F.singular_column);
  else status = (here ? solve : solve_there)(&F, s, o->refine, info);
  info->seconds = nl_clock() - start;
  if (status == NL_OK) {
    info->rcond = nl_lu_rcond(&F); /* beside the method, so not in its seconds */
    double eps = s->dtype == NL_F32 ? (double)FLT_EPSILON / 2 : DBL_EPSILON / 2;
    if (info->rcond < eps)
      snprintf(info->warning, sizeof info->warning, "rcond %.1e is below eps: x may have no correct digits",
               info->rcond);
    if (here)
      snprintf(info->reason, sizeof info->reason, "panels of %" PRId64 " columns",
               nl_lu_block(F.n, o->block));
  }
  nl_lu_release(&F);
  return status == NL_OK || nl_status_is_outcome(status) ? conclude(status, info) : status;
}

const nl_method nl_method_lu = {.name = "lu",
                                .takes = NL_TAKES_DENSE | NL_TAKES_F32,
                                .run = run,
                                .takes_there = NL_TAKES_DENSE | NL_TAKES_F32,
                                .run_there = run};
