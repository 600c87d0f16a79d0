/* Walking a tensor in row-major order and reading it in chunks of one compute type.
 *
 * A walk turns any strides and any dtype into a run of contiguous values: a pointer into the tensor itself
 * where they are neighbours there and of the compute type, a filled buffer otherwise. So every kernel is a
 * plain loop. */
#ifndef NL_OPS_WALK_H
#define NL_OPS_WALK_H

#include <numlab/tensor.h>

enum { NL_CHUNK = 512 }; /* elements a read: three buffers of f64 stay in a 32 KiB cache */

typedef struct nl_walk {
  const char *at;
  nl_dtype dtype;
  int ndim; /* after merging: at least 1 */
  int64_t shape[NL_MAX_NDIM], stride[NL_MAX_NDIM], index[NL_MAX_NDIM];
} nl_walk;

/* Stand at element `first` of t in row-major order. */
void nl_walk_start(nl_walk *w, const nl_tensor *t, int64_t first);

/* The next n elements; buffer holds n, for most callers at most NL_CHUNK. nl_walk_i64 is for integers and
 * bool.
 */
const double *nl_walk_f64(nl_walk *w, int64_t n, double *buffer);
const float *nl_walk_f32(nl_walk *w, int64_t n, float *buffer);
const int64_t *nl_walk_i64(nl_walk *w, int64_t n, int64_t *buffer);

/* n elements, stride apart, of a dtype to values, and n values to contiguous elements. */
void nl_load_f64(nl_dtype dtype, const char *p, int64_t stride, int64_t n, double *out);
void nl_load_f32(nl_dtype dtype, const char *p, int64_t stride, int64_t n, float *out);
void nl_load_i64(nl_dtype dtype, const char *p, int64_t stride, int64_t n, int64_t *out);
void nl_store_f64(nl_dtype dtype, char *p, int64_t n, const double *values);
void nl_store_f32(nl_dtype dtype, char *p, int64_t n, const float *values);
void nl_store_i64(nl_dtype dtype, char *p, int64_t n, const int64_t *values); /* saturating */

/* Move over the next `run` elements of the innermost row (run <= what is left of it). */
void nl_walk_advance(nl_walk *w, int64_t run);
/* Elements left in the innermost row. */
static inline int64_t nl_walk_left(const nl_walk *w) { return w->shape[w->ndim - 1] - w->index[w->ndim - 1]; }
/* One element, stretched over all. */
static inline bool nl_walk_is_one(const nl_walk *w) { return w->ndim == 1 && w->stride[0] == 0; }

#endif
