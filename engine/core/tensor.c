/* Tensors: storage with a reference count, construction, and reading. Views are in view.c, copies in copy.c.
 */
#include "device/device.h"
#include <stdatomic.h>
#include <string.h>

struct nl_storage {
  atomic_int references;
  nl_device *device;
  char *data;              /* own[] on the CPU, else a block of the device */
  _Alignas(64) char own[]; /* on the allocator's alignment */
};

/* On the CPU the elements lie behind the header, in one block. */
static nl_storage *make_storage(nl_device *device, int64_t bytes, nl_memory_kind kind) {
  bool here = device == &nl_cpu;
  nl_storage *storage = nl_alloc((here ? bytes : 0) + (int64_t)sizeof(nl_storage), 1, kind);
  if (!storage) return NULL;
  atomic_init(&storage->references, 1);
  storage->device = device;
  storage->data = storage->own;
  void *block = NULL;
  if (!here && nl_device_alloc(device, bytes, kind, &block) != NL_OK) {
    nl_free(storage);
    return NULL;
  }
  if (!here) storage->data = block;
  return storage;
}

static nl_status make(nl_device *device, nl_dtype dtype, int ndim, const int64_t *shape, nl_memory_kind kind,
                      nl_tensor *out) {
  int64_t size, bytes;
  NL_TRY(nl_shape_size(ndim, shape, &size));
  if (__builtin_mul_overflow(size, nl_dtype_size(dtype), &bytes) || bytes > PTRDIFF_MAX / 2) {
    char text[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "a %s tensor of shape %s is larger than memory can be addressed",
                   nl_dtype_name(dtype), nl_shape_text(ndim, shape, text));
  }
  nl_storage *storage = make_storage(device, bytes, kind);
  if (!storage) return NL_NOMEM;
  nl_tensor t = {.storage = storage, .dtype = dtype, .ndim = ndim};
  int64_t step = 1;
  for (int d = ndim - 1; d >= 0; d--) {
    t.shape[d] = shape[d];
    t.stride[d] = step;
    step *= shape[d] > 0 ? shape[d] : 1;
  }
  *out = t;
  return NL_OK;
}

nl_status nl_tensor_new(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out) {
  NL_TRY(make(&nl_cpu, dtype, ndim, shape, NL_RESULT, out));
  nl_status s = nl_tensor_fill(out, 0);
  if (s != NL_OK) nl_tensor_release(out);
  return s;
}

nl_status nl_tensor_new_uninitialised(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out) {
  return make(&nl_cpu, dtype, ndim, shape, NL_RESULT, out);
}

nl_status nl_tensor_new_workspace(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out) {
  return make(&nl_cpu, dtype, ndim, shape, NL_WORKSPACE, out);
}

nl_status nl_tensor_new_beside(const nl_tensor *other, nl_dtype dtype, int ndim, const int64_t *shape,
                               nl_tensor *out) {
  return make(other->storage->device, dtype, ndim, shape, NL_RESULT, out);
}

nl_status nl_tensor_new_on(nl_device *device, nl_dtype dtype, int ndim, const int64_t *shape,
                           nl_tensor *out) {
  return make(device, dtype, ndim, shape, NL_RESULT, out);
}

nl_tensor nl_tensor_share(const nl_tensor *t) {
  if (t->storage) atomic_fetch_add(&t->storage->references, 1);
  return *t;
}

void nl_tensor_release(nl_tensor *t) {
  nl_storage *storage = t->storage;
  t->storage = NULL;
  if (!storage || atomic_fetch_sub(&storage->references, 1) != 1) return;
  if (storage->device != &nl_cpu) nl_device_free(storage->device, storage->data);
  nl_free(storage);
}

int64_t nl_tensor_size(const nl_tensor *t) {
  int64_t size = 1;
  for (int d = 0; d < t->ndim; d++) size *= t->shape[d];
  return size;
}

void *nl_tensor_data(const nl_tensor *t) { return t->storage->data + t->offset * nl_dtype_size(t->dtype); }

nl_device *nl_tensor_device(const nl_tensor *t) { return t->storage->device; }

bool nl_tensor_is_contiguous(const nl_tensor *t) {
  int64_t step = 1;
  for (int d = t->ndim - 1; d >= 0; d--) {
    if (t->shape[d] == 0) return true;
    if (t->shape[d] != 1 && t->stride[d] != step) return false;
    step *= t->shape[d];
  }
  return true;
}

bool nl_tensor_same_shape(const nl_tensor *a, const nl_tensor *b) {
  return a->ndim == b->ndim && memcmp(a->shape, b->shape, (size_t)a->ndim * sizeof *a->shape) == 0;
}

static char *element(const nl_tensor *t, const int64_t *index) {
  int64_t at = 0;
  for (int d = 0; d < t->ndim; d++) at += index[d] * t->stride[d];
  return (char *)nl_tensor_data(t) + at * nl_dtype_size(t->dtype);
}

double nl_tensor_get(const nl_tensor *t, const int64_t *index) {
  return nl_dtype_load(t->dtype, element(t, index));
}

void nl_tensor_put(const nl_tensor *t, const int64_t *index, double value) {
  nl_dtype_store(t->dtype, element(t, index), value);
}
