/* What matmul.c hands to the loops of one compute type. */
#ifndef NL_OPS_MATMUL_H
#define NL_OPS_MATMUL_H

#include <stdint.h>

/* A (m, k), B (k, n), C (m, n), row-major without gaps. */
typedef struct nl_matmul_job {
  const void *A, *B;
  void *C;
  int64_t n, k;
} nl_matmul_job;

/* nl_task functions over the rows of C. */
void nl_matmul_rows_f64(void *job, int64_t begin, int64_t end);
void nl_matmul_rows_f32(void *job, int64_t begin, int64_t end);
void nl_matmul_rows_i64(void *job, int64_t begin, int64_t end);

#endif
