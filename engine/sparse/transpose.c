/* C = S^T by a counting sort of the entries by column: rows of S are visited in order, so each row of C comes
 * out ascending. The CSR form of S^T is also the CSC form of S. */
#include "place.h"

nl_status nl_sparse_transpose(const nl_sparse *S, nl_sparse *out) {
  nl_sparse C;
  NL_TRY(nl_sparse_check_on_cpu("sparse transpose", S));
  NL_TRY(nl_sparse_new(S->cols, S->rows, S->nnz, &C));
  for (int64_t p = 0; p < S->nnz; p++) C.start[S->index[p] + 1]++;
  for (int64_t j = 0; j < C.rows; j++) C.start[j + 1] += C.start[j];
  for (int64_t i = 0; i < S->rows; i++)
    for (int64_t p = S->start[i]; p < S->start[i + 1]; p++) {
      int64_t to = C.start[S->index[p]]++; /* start[j] runs through row j of C */
      C.index[to] = (int32_t)i;
      C.values[to] = S->values[p];
    }
  for (int64_t j = C.rows; j > 0; j--) C.start[j] = C.start[j - 1];
  C.start[0] = 0;
  *out = C;
  return NL_OK;
}
