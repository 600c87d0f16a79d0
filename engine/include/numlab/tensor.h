/* n-d tensors: small structs by value over a reference-counted storage.
 *
 * Element (i0, i1, ..) lies at data[offset + i0*stride[0] + i1*stride[1] + ..], counted in elements. Views
 * (slices, transposes, reshapes, expansions) share the storage. The engine counts from 0; Lua from 1.
 * Whoever holds an nl_tensor filled by one of these functions owns one reference and gives it back with
 * nl_tensor_release. An `out` is written only on success and must not hold a reference beforehand.
 */
#ifndef NUMLAB_TENSOR_H
#define NUMLAB_TENSOR_H

#include <numlab/dtype.h>
#include <numlab/memory.h>

enum { NL_MAX_NDIM = 8 };

typedef struct nl_storage nl_storage;
typedef struct nl_device nl_device; /* device.h */

typedef struct nl_tensor {
  nl_storage *storage; /* NULL: empty handle */
  nl_dtype dtype;
  int ndim;                    /* 0: a single element */
  int64_t offset;              /* elements from the start of the storage */
  int64_t shape[NL_MAX_NDIM];  /* only the first ndim count */
  int64_t stride[NL_MAX_NDIM]; /* in elements; 0 in expanded dimensions, negative in reversed ones */
} nl_tensor;

/* --- making and releasing ------------------------------------------------------------------------- */

/* A new contiguous (row-major) tensor of zeros. SHAPE for ndim outside 0..8, a negative size or a product
 * that overflows; NOMEM. */
nl_status nl_tensor_new(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out);

/* The same with contents left as they are. */
nl_status nl_tensor_new_uninitialised(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out);

/* The same, counted as workspace: for what a call gives back before it returns. */
nl_status nl_tensor_new_workspace(nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out);

/* Uninitialised and on the device of another tensor; on a named one. */
nl_status nl_tensor_new_beside(const nl_tensor *other, nl_dtype dtype, int ndim, const int64_t *shape,
                               nl_tensor *out);
nl_status nl_tensor_new_on(nl_device *device, nl_dtype dtype, int ndim, const int64_t *shape, nl_tensor *out);

/* Another reference to the same elements. */
nl_tensor nl_tensor_share(const nl_tensor *t);

/* Gives the reference back and empties the handle; an empty handle is accepted. */
void nl_tensor_release(nl_tensor *t);

/* --- reading -------------------------------------------------------------------------------------- */

int64_t nl_tensor_size(const nl_tensor *t); /* number of elements */
void *nl_tensor_data(const nl_tensor *t);   /* address of element (0, 0, ..), in the device's memory */
nl_device *nl_tensor_device(const nl_tensor *t);
bool nl_tensor_is_contiguous(const nl_tensor *t); /* row-major without gaps */
bool nl_tensor_same_shape(const nl_tensor *a, const nl_tensor *b);

/* "3x4", "scalar" for ndim 0; buffer of NL_SHAPE_TEXT bytes, returned. */
enum { NL_SHAPE_TEXT = 176 };
char *nl_shape_text(int ndim, const int64_t *shape, char *buffer);

/* Number of elements of a shape. SHAPE on a negative size or overflow. */
nl_status nl_shape_size(int ndim, const int64_t *shape, int64_t *size);

/* --- views ---------------------------------------------------------------------------------------- */

/* count elements of dimension dim from begin, step apart (step may be negative). ARG when outside. */
nl_status nl_tensor_slice(const nl_tensor *t, int dim, int64_t begin, int64_t count, int64_t step,
                          nl_tensor *out);
/* Element index of dimension dim; the dimension is dropped. */
nl_status nl_tensor_select(const nl_tensor *t, int dim, int64_t index, nl_tensor *out);
nl_status nl_tensor_transpose(const nl_tensor *t, int dim1, int dim2, nl_tensor *out);
/* A view where the strides allow it, otherwise a copy. One size may be -1: what is left. */
nl_status nl_tensor_reshape(const nl_tensor *t, int ndim, const int64_t *shape, nl_tensor *out);
/* Broadcast to a larger shape: missing leading dimensions and sizes of 1 get stride 0. */
nl_status nl_tensor_expand(const nl_tensor *t, int ndim, const int64_t *shape, nl_tensor *out);

/* --- copies --------------------------------------------------------------------------------------- */

/* Copies and casts stay on the device of t. Share when t is contiguous and of this dtype, else a contiguous
 * copy cast to dtype. */
nl_status nl_tensor_contiguous(const nl_tensor *t, nl_dtype dtype, nl_tensor *out);
/* Always a new contiguous tensor. */
nl_status nl_tensor_clone(const nl_tensor *t, nl_dtype dtype, nl_tensor *out);
/* Elements of src, broadcast and cast, into dst (any strides; overlapping storage is handled; from one device
 * to another). SHAPE. */
nl_status nl_tensor_copy(const nl_tensor *src, const nl_tensor *dst);
/* A new contiguous tensor on the device. */
nl_status nl_tensor_to(const nl_tensor *t, nl_device *device, nl_dtype dtype, nl_tensor *out);
/* OK on the CPU, always. */
nl_status nl_tensor_fill(const nl_tensor *t, double value);

/* The bytes of the first element of t, wherever it lies; at most 8. */
nl_status nl_tensor_read(const nl_tensor *t, void *element);

/* One element of a tensor on the CPU; index has ndim entries, not checked. */
double nl_tensor_get(const nl_tensor *t, const int64_t *index);
void nl_tensor_put(const nl_tensor *t, const int64_t *index, double value);

#endif
