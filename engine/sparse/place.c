/* Sparse matrices on a device: the same three arrays in its memory, as they are on the CPU. */
#include "place.h"
#include "device/device.h"

nl_device *nl_sparse_device(const nl_sparse *S) { return S->device ? S->device : &nl_cpu; }

nl_status nl_sparse_check_on_cpu(const char *what, const nl_sparse *S) {
  if (nl_sparse_device(S) == &nl_cpu) return NL_OK;
  return nl_fail(NL_UNSUPPORTED,
                 "%s: the sparse matrix is on %s and this works on the CPU alone; move it with :to('cpu')",
                 what, S->device->name);
}

nl_status nl_sparse_check_one_device(const char *what, const nl_sparse *S, const nl_tensor *x) {
  const nl_device *left = nl_sparse_device(S), *right = nl_tensor_device(x);
  if (left == right) return NL_OK;
  return nl_fail(NL_DEVICE, "%s: the sparse matrix is on %s and the tensor on %s; move one with :to", what,
                 left->name, right->name);
}

enum { ARRAYS = 3 };

void nl_sparse_release(nl_sparse *S) {
  void *arrays[ARRAYS] = {S->start, S->index, S->values};
  for (int i = 0; i < ARRAYS; i++)
    if (nl_sparse_device(S) == &nl_cpu) nl_free(arrays[i]);
    else nl_device_free(S->device, arrays[i]);
  *S = (nl_sparse){0};
}

/* --- copies ------------------------------------------------------------------------------------------- */

/* Bytes of start, index and values. */
static void sizes_of(const nl_sparse *S, int64_t *bytes) {
  bytes[0] = (S->rows + 1) * (int64_t)sizeof *S->start;
  bytes[1] = S->nnz * (int64_t)sizeof *S->index;
  bytes[2] = S->nnz * (int64_t)sizeof *S->values;
}

static nl_status download(const nl_sparse *S, nl_sparse *out) {
  const nl_device *device = S->device;
  int64_t bytes[ARRAYS];
  nl_sparse C;
  sizes_of(S, bytes);
  NL_TRY(nl_sparse_new(S->rows, S->cols, S->nnz, &C));
  const void *from[] = {S->start, S->index, S->values};
  void *to[] = {C.start, C.index, C.values};
  nl_status s = NL_OK;
  for (int i = 0; i < ARRAYS && s == NL_OK; i++)
    s = device->backend->download(device->state, to[i], from[i], bytes[i]);
  if (s == NL_OK) *out = C;
  else nl_sparse_release(&C);
  return s;
}

static nl_status upload(const nl_sparse *S, nl_device *device, nl_sparse *out) {
  int64_t bytes[ARRAYS];
  const void *from[] = {S->start, S->index, S->values};
  void *to[ARRAYS] = {NULL};
  nl_status s = NL_OK;
  sizes_of(S, bytes);
  for (int i = 0; i < ARRAYS && s == NL_OK; i++) {
    s = nl_device_alloc(device, bytes[i], NL_RESULT, &to[i]);
    if (s == NL_OK) s = device->backend->upload(device->state, to[i], from[i], bytes[i]);
  }
  nl_sparse C = {S->rows, S->cols, S->nnz, to[0], to[1], to[2], device};
  if (s == NL_OK) *out = C;
  else nl_sparse_release(&C);
  return s;
}

/* From one device to another, and on one, by way of the CPU. */
nl_status nl_sparse_to(const nl_sparse *S, nl_device *device, nl_sparse *out) {
  nl_sparse here = {0};
  if (nl_sparse_device(S) == &nl_cpu)
    return device == &nl_cpu ? nl_sparse_clone(S, out) : upload(S, device, out);
  NL_TRY(download(S, &here));
  if (device == &nl_cpu) {
    *out = here;
    return NL_OK;
  }
  nl_status s = upload(&here, device, out);
  nl_sparse_release(&here);
  return s;
}
