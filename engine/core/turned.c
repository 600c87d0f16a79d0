/* Copies of transposed views: two dimensions change places in blocks (turn_tmpl.c), an odometer runs over the
 * others. */
#include "turned.h"
#include <numlab/parallel.h>

enum { GRAIN = 65536 }; /* elements a thread at least */
enum { SMALLEST = 8 };  /* of both dimensions: below, row by row is as good */

int64_t nl_planes(const nl_tensor *t, int d) {
  int64_t planes = 1;
  for (int k = 0; k < t->ndim - 1; k++)
    if (k != d) planes *= t->shape[k];
  return planes;
}

int64_t nl_plane_offset(const nl_tensor *t, int d, int64_t n) {
  int64_t offset = 0;
  for (int k = t->ndim - 2; k >= 0; k--) {
    if (k == d) continue;
    offset += n % t->shape[k] * t->stride[k];
    n /= t->shape[k];
  }
  return offset;
}

/* The dimension whose elements are neighbours in src, -1 if none. */
static int neighbours(const nl_tensor *src) {
  for (int d = src->ndim - 1; d >= 0; d--)
    if (src->stride[d] == 1 && src->shape[d] >= SMALLEST) return d;
  return -1;
}

bool nl_copy_turned(const nl_tensor *src, const nl_tensor *dst, bool polls) {
  int last = src->ndim - 1, d = neighbours(src);
  if (src->dtype != dst->dtype || (dst->dtype != NL_F64 && dst->dtype != NL_F32) || d < 0 || d == last ||
      dst->stride[last] != 1 || src->shape[last] < SMALLEST)
    return false;
  int64_t size = nl_dtype_size(dst->dtype), lines = src->shape[last];
  nl_turned t = {.across = src->shape[d], .line = src->stride[last], .width = dst->stride[d], .polls = polls};
  for (int64_t n = 0; n < nl_planes(src, d); n++) {
    t.src = (const char *)nl_tensor_data(src) + nl_plane_offset(src, d, n) * size;
    t.dst = (char *)nl_tensor_data(dst) + nl_plane_offset(dst, d, n) * size;
    nl_parallel_for(lines, GRAIN / t.across + 1, dst->dtype == NL_F64 ? nl_turn_lines_f64 : nl_turn_lines_f32,
                    &t);
  }
  return true;
}
