/* What softmax.c hands to the loops of one compute type. */
#ifndef NL_OPS_SOFTMAX_H
#define NL_OPS_SOFTMAX_H

#include <numlab/tensor.h>

enum { NL_SOFTMAX_COLUMNS = 16 }; /* columns turned into rows at a time: two lines of f64, one of f32 */

/* Rows along the last dimension of a tensor, or columns along its dimension dim, n >= 1 elements each. */
typedef struct nl_softmax_job {
  const nl_tensor *from; /* rows: any strides, any type that the compute type holds; columns: of the compute
                            type, the last dimension's elements are neighbours */
  const nl_tensor *to;   /* contiguous, of the compute type; rows: may be from */
  int64_t n;
  int dim;
  void *room; /* for columns: nl_softmax_room(n) elements a worker */
} nl_softmax_job;

static inline int64_t nl_softmax_pitch(int64_t n) { return n + 8; } /* no two rows in one set of a cache */
static inline int64_t nl_softmax_room(int64_t n) { return NL_SOFTMAX_COLUMNS * nl_softmax_pitch(n); }

static inline int64_t nl_softmax_groups(int64_t across) {
  return (across + NL_SOFTMAX_COLUMNS - 1) / NL_SOFTMAX_COLUMNS;
}

/* nl_task functions over the rows. */
void nl_softmax_rows_f64(void *job, int64_t begin, int64_t end);
void nl_softmax_rows_f32(void *job, int64_t begin, int64_t end);

/* nl_item functions over groups of columns. */
void nl_softmax_columns_f64(void *job, int64_t worker, int64_t group);
void nl_softmax_columns_f32(void *job, int64_t worker, int64_t group);

#endif
