/* C = alpha A + beta B: rows merged by column, once to count and once to fill. */
#include "place.h"
#include <inttypes.h>
#include <numlab/interrupt.h>

/* Merges row i. Without C it counts only. Returns the entries of the row. */
static int64_t merge_row(double alpha, const nl_sparse *A, double beta, const nl_sparse *B, int64_t i,
                         nl_sparse *C) {
  int64_t p = A->start[i], q = B->start[i], p_end = A->start[i + 1], q_end = B->start[i + 1], count = 0;
  while (p < p_end || q < q_end) {
    int64_t a = p < p_end ? A->index[p] : INT64_MAX, b = q < q_end ? B->index[q] : INT64_MAX;
    if (C) {
      double value = a < b ? alpha * A->values[p] : beta * B->values[q];
      if (a == b) value = alpha * A->values[p] + beta * B->values[q];
      C->index[C->start[i] + count] = (int32_t)(a < b ? a : b);
      C->values[C->start[i] + count] = value;
    }
    p += a <= b;
    q += b <= a;
    count++;
  }
  return count;
}

nl_status nl_sparse_add(double alpha, const nl_sparse *A, double beta, const nl_sparse *B, nl_sparse *out) {
  if (A->rows != B->rows || A->cols != B->cols)
    return nl_fail(NL_SHAPE,
                   "sparse sum: %" PRId64 "x%" PRId64 " and %" PRId64 "x%" PRId64 ", the shapes differ",
                   A->rows, A->cols, B->rows, B->cols);
  NL_TRY(nl_sparse_check_on_cpu("sparse sum", A));
  NL_TRY(nl_sparse_check_on_cpu("sparse sum", B));
  int64_t nnz = 0, work = 0, row;
  for (int64_t i = 0; i < A->rows; i++) {
    nnz += row = merge_row(alpha, A, beta, B, i, NULL);
    if (nl_poll(&work, row)) return nl_fail(NL_INTERRUPTED, "sparse sum: interrupted in row %" PRId64, i + 1);
  }
  nl_sparse C;
  NL_TRY(nl_sparse_new(A->rows, A->cols, nnz, &C));
  for (int64_t i = 0; i < A->rows; i++) {
    C.start[i + 1] = C.start[i] + (row = merge_row(alpha, A, beta, B, i, &C));
    if (!nl_poll(&work, row)) continue;
    nl_sparse_release(&C);
    return nl_fail(NL_INTERRUPTED, "sparse sum: interrupted in row %" PRId64, i + 1);
  }
  *out = C;
  return NL_OK;
}
