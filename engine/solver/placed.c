/* Copies of a system between the CPU and a device, with its rows in another order. */
#include "placed.h"
#include "sparse/colour.h"
#include "there.h"
#include <string.h>

/* here, over what the copies hold now */
static void refer(nl_placed *p) {
  const nl_system *s = p->given;
  p->here = (nl_system){.A = {.sparse = &p->A_here},
                        .dtype = NL_F64,
                        .n = s->n,
                        .k = s->k,
                        .B = nl_tensor_data(&p->B_here),
                        .X = nl_tensor_data(&p->X_here),
                        .device = &nl_cpu,
                        .b = &p->B_here,
                        .x = &p->X_here,
                        .placed = p};
}

nl_status nl_placed_begin(const nl_system *s, nl_placed *out) {
  *out = (nl_placed){.given = s};
  NL_TRY(nl_sparse_to(s->A.sparse, &nl_cpu, &out->A_here));
  NL_TRY(nl_tensor_to(s->b, &nl_cpu, NL_F64, &out->B_here));
  NL_TRY(nl_tensor_to(s->x, &nl_cpu, NL_F64, &out->X_here));
  refer(out);
  return NL_OK;
}

/* Rows of t in order, or back to where they came from, in a new tensor. */
static nl_status reordered(const nl_tensor *t, const nl_placed *p, bool back, nl_tensor *out) {
  NL_TRY(nl_tensor_new_uninitialised(NL_F64, t->ndim, t->shape, out));
  const double *from = nl_tensor_data(t);
  double *to = nl_tensor_data(out);
  int64_t k = p->given->k;
  for (int64_t r = 0; r < p->given->n; r++) {
    int64_t other = p->order[r];
    memcpy(to + (back ? other : r) * k, from + (back ? r : other) * k, (size_t)k * sizeof *to);
  }
  return NL_OK;
}

static nl_status replace(nl_tensor *t, const nl_placed *p, bool back) {
  nl_tensor fresh;
  NL_TRY(reordered(t, p, back, &fresh));
  nl_tensor_release(t);
  *t = fresh;
  return NL_OK;
}

nl_status nl_placed_reorder(nl_placed *p, const int32_t *order) {
  nl_sparse A;
  p->order = order;
  NL_TRY(nl_sparse_reorder(&p->A_here, order, &A));
  nl_sparse_release(&p->A_here);
  p->A_here = A;
  NL_TRY(replace(&p->B_here, p, false));
  NL_TRY(replace(&p->X_here, p, false));
  refer(p);
  return NL_OK;
}

nl_status nl_placed_upload(nl_placed *p) {
  nl_device *device = p->given->device;
  if (p->order) NL_TRY(nl_sparse_to(&p->A_here, device, &p->A));
  else p->A = *p->given->A.sparse;
  NL_TRY(nl_tensor_to(&p->B_here, device, NL_F64, &p->B));
  NL_TRY(nl_tensor_to(&p->X_here, device, NL_F64, &p->X));
  return nl_device_sync(device);
}

nl_status nl_placed_residual(nl_placed *p, double *norms) {
  nl_tensor_release(&p->R);
  NL_TRY(nl_residual_there(&(nl_matrix){.sparse = &p->A}, &p->B, &p->X, &p->R));
  return nl_column_norms(NL_REDUCE_NORM_2, &p->R, norms);
}

nl_status nl_placed_fetch(nl_placed *p) {
  int64_t bytes = nl_tensor_size(&p->X) * (int64_t)sizeof(double);
  return NL_DEVICE_CALL("copy", &p->X, download, p->here.X, nl_tensor_data(&p->X), bytes);
}

nl_status nl_upload_vector(const double *from, int64_t n, int ndim, nl_device *device, nl_tensor *out) {
  *out = (nl_tensor){0};
  NL_TRY(nl_tensor_new_on(device, NL_F64, ndim, (const int64_t[]){n, 1}, out));
  return NL_DEVICE_CALL("copy", out, upload, nl_tensor_data(out), from, n * (int64_t)sizeof *from);
}

nl_status nl_placed_column(const nl_system *s, nl_placed *out) {
  const nl_system *whole = s->placed->given;
  *out = (nl_placed){.here = *s, .A = *whole->A.sparse};
  out->here.placed = out;
  NL_TRY(nl_upload_vector(s->B, s->n, 1, whole->device, &out->B));
  NL_TRY(nl_upload_vector(s->X, s->n, 1, whole->device, &out->X));
  return nl_device_sync(whole->device);
}

/* The last iterate, where it came from. */
static nl_status hand_back(nl_placed *p) {
  if (p->order) NL_TRY(replace(&p->X_here, p, true));
  return nl_tensor_copy(&p->X_here, p->given->x);
}

nl_status nl_placed_end(nl_placed *p, nl_status status) {
  bool iterate = p->given && p->X_here.storage && (status == NL_OK || nl_status_is_outcome(status));
  nl_status own = iterate ? hand_back(p) : NL_OK;
  if (p->order) nl_sparse_release(&p->A);
  nl_sparse_release(&p->A_here);
  nl_tensor *tensors[] = {&p->B_here, &p->X_here, &p->B, &p->X, &p->R};
  for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) nl_tensor_release(tensors[i]);
  return own != NL_OK ? own : status;
}
