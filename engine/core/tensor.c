/* Tensors: storage with a reference count, construction, and reading. Views are in view.c, copies in copy.c.
 */
#include <numlab/tensor.h>
#include <stdatomic.h>
#include <string.h>

struct nl_storage {
  atomic_int references;
  _Alignas(64) char data[]; /* on the allocator's alignment */
};

static nl_status make(nl_dtype dtype, int ndim, const int64_t *shape, bool zeroed, nl_memory_kind kind,
                      nl_tensor *out) {
  int64_t size, bytes;
  NL_TRY(nl_shape_size(ndim, shape, &size));
  if (__builtin_mul_overflow(size, nl_dtype_size(dtype), &bytes) || bytes > PTRDIFF_MAX / 2) {
    char text[NL_SHAPE_TEXT];
    return nl_fail(NL_SHAPE, "a %s tensor of shape %s is larger than memory can be addressed",
                   nl_dtype_name(dtype), nl_shape_text(ndim, shape, text));
  }
  nl_storage *storage = nl_alloc(bytes + (int64_t)sizeof(nl_storage), 1, kind);
  if (!storage) return NL_NOMEM;
  atomic_init(&storage->references, 1);
  if (zeroed) memset(storage->data, 0, (size_t)bytes);
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
  return make(dtype, ndim, shape, true, NL_RESULT, out);
}

nl_status nl_tensor_new_uninitialised(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out) {
  return make(dtype, ndim, shape, false, NL_RESULT, out);
}

nl_status nl_tensor_new_workspace(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out) {
  return make(dtype, ndim, shape, false, NL_WORKSPACE, out);
}

nl_tensor nl_tensor_share(const nl_tensor *t) {
  if (t->storage) atomic_fetch_add(&t->storage->references, 1);
  return *t;
}

void nl_tensor_release(nl_tensor *t) {
  nl_storage *storage = t->storage;
  t->storage = NULL;
  if (storage && atomic_fetch_sub(&storage->references, 1) == 1) nl_free(storage);
}

int64_t nl_tensor_size(const nl_tensor *t) {
  int64_t size = 1;
  for (int d = 0; d < t->ndim; d++) size *= t->shape[d];
  return size;
}

void *nl_tensor_data(const nl_tensor *t) { return t->storage->data + t->offset * nl_dtype_size(t->dtype); }

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
