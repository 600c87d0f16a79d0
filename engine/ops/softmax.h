/* What softmax.c hands to the loops of one compute type. */
#ifndef NL_OPS_SOFTMAX_H
#define NL_OPS_SOFTMAX_H

#include <stdint.h>

/* Rows of n >= 1 elements, one after another. */
typedef struct nl_softmax_job {
  void *data;
  int64_t n;
} nl_softmax_job;

/* nl_task functions over the rows. */
void nl_softmax_rows_f64(void *job, int64_t begin, int64_t end);
void nl_softmax_rows_f32(void *job, int64_t begin, int64_t end);

#endif
