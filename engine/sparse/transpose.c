/* C = S^T by a counting sort of the entries by column: rows of S are visited in order, so each row of C comes
 * out ascending. The CSR form of S^T is also the CSC form of S. */
#include "place.h"
#include <numlab/interrupt.h>

nl_status nl_sparse_transpose(const nl_sparse *S, nl_sparse *out) {
  nl_sparse C;
  int64_t work = 0;
  NL_TRY(nl_sparse_check_on_cpu("sparse transpose", S));
  NL_TRY(nl_sparse_new(S->cols, S->rows, S->nnz, &C));
  for (int64_t i = 0; i < S->rows; i++) {
    if (nl_poll(&work, S->start[i + 1] - S->start[i])) goto interrupted;
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) C.start[S->index[p] + 1]++;
  }
  for (int64_t j = 0; j < C.rows; j++) C.start[j + 1] += C.start[j];
  for (int64_t i = 0; i < S->rows; i++) {
    if (nl_poll(&work, 4 * (S->start[i + 1] - S->start[i]))) goto interrupted; /* each may be a miss */
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
      int64_t to = C.start[S->index[p]]++; /* start[j] runs through row j of C */
      C.index[to] = (int32_t)i;
      C.values[to] = S->values[p];
    }
  }
  for (int64_t j = C.rows; j > 0; j--) C.start[j] = C.start[j - 1];
  C.start[0] = 0;
  *out = C;
  return NL_OK;
interrupted:
  nl_sparse_release(&C);
  return nl_fail(NL_INTERRUPTED, "sparse transpose: interrupted");
}
