/* The method "cusolver": getrf and getrs of NVIDIA's library, where A lies on a GPU. The baseline that lu is
 * held against there, as lapack is on the CPU.
 *
 * The library counts columns first, so A and b are transposed on the way into the copies it overwrites,
 * outside the time it reports: pivots are then searched in columns of A, as lu does. */
#include "device/device.h"
#include "solver/method.h"
#include <inttypes.h>
#include <math.h>
#include <numlab/clock.h>
#include <stdio.h>

/* A copy of t by columns; of one vector there is nothing to turn. */
static nl_status by_columns(const nl_tensor *t, nl_tensor *out) {
  nl_tensor turned;
  if (t->ndim < 2) return nl_tensor_clone(t, t->dtype, out);
  NL_TRY(nl_tensor_transpose(t, 0, 1, &turned));
  nl_status s = nl_tensor_clone(&turned, t->dtype, out);
  nl_tensor_release(&turned);
  return s;
}

/* Columns back into rows. */
static nl_status by_rows(const nl_tensor *columns, const nl_tensor *x) {
  nl_tensor turned;
  if (x->ndim < 2) return nl_tensor_copy(columns, x);
  NL_TRY(nl_tensor_transpose(columns, 0, 1, &turned));
  nl_status s = nl_tensor_copy(&turned, x);
  nl_tensor_release(&turned);
  return s;
}

static nl_status solve(const nl_tensor *F, const nl_tensor *R, const nl_system *s, nl_solve_info *info) {
  nl_lu_facts facts = {.smallest_pivot = (double)NAN};
  nl_array A = nl_array_of(F);
  nl_array X = {nl_tensor_data(R), R->dtype, 2, {s->k, s->n}, {s->n, 1}};
  NL_TRY(nl_device_sync(s->device));
  double start = nl_clock();
  NL_TRY(NL_DEVICE_CALL("cusolver", F, library_solve, &A, &X, &facts));
  NL_TRY(nl_device_sync(s->device));
  info->seconds = nl_clock() - start;
  info->smallest_pivot = facts.smallest_pivot;
  info->exchanges = facts.exchanges;
  info->nnz_factor = s->n * s->n;
  info->where = facts.singular_column;
  if (facts.singular_column)
    return nl_fail(NL_SINGULAR, "cusolver: A is singular, column %" PRId64 " has no nonzero pivot",
                   facts.singular_column);
  snprintf(info->reason, sizeof info->reason, "solved by getrf and getrs");
  return by_rows(R, s->x);
}

static nl_status run_there(const nl_system *s, const nl_solve_options *o, nl_solve_info *info) {
  nl_tensor F = {0}, R = {0};
  (void)o;
  const nl_backend *backend = s->device->backend;
  if (!backend->library_prepare) return nl_lacks("cusolver", s->device);
  NL_TRY(backend->library_prepare(s->device->state));
  nl_status status = by_columns(s->A.dense, &F);
  if (status == NL_OK) status = by_columns(s->b, &R);
  if (status == NL_OK) status = solve(&F, &R, s, info);
  nl_tensor_release(&F);
  nl_tensor_release(&R);
  return status;
}

const nl_method nl_method_cusolver = {
    .name = "cusolver", .takes_there = NL_TAKES_DENSE | NL_TAKES_F32, .run_there = run_there};
