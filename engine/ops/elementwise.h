/* What elementwise.c hands to the loops of one compute type. */
#ifndef NL_OPS_ELEMENTWISE_H
#define NL_OPS_ELEMENTWISE_H

#include "walk.h"
#include <numlab/ops.h>

typedef struct nl_elementwise {
  int op;                 /* nl_binary_op or nl_unary_op */
  const nl_tensor *a, *b; /* of out's shape; b is unused by unary operations */
  const nl_tensor *out;   /* contiguous */
} nl_elementwise;

/* nl_task functions over the elements of out in row-major order. */
void nl_binary_f64(void *job, int64_t begin, int64_t end);
void nl_binary_f32(void *job, int64_t begin, int64_t end);
void nl_binary_i64(void *job, int64_t begin, int64_t end);
void nl_unary_f64(void *job, int64_t begin, int64_t end);
void nl_unary_f32(void *job, int64_t begin, int64_t end);
void nl_unary_i64(void *job, int64_t begin, int64_t end);

#endif
