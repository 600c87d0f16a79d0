/* B = P A P^T: rows and columns of a square matrix in another order, entries of a row sorted again. */
#include "colour.h"
#include "row_sort.h"

/* Row r of B is row order[r] of A with column j renamed place[j]. Returns the longest row. */
static int64_t gather(const nl_sparse *A, const int32_t *order, const int32_t *place, nl_sparse *B) {
  int64_t longest = 0;
  for (int64_t r = 0, to = 0; r < A->rows; r++) {
    int64_t begin = A->start[order[r]], end = A->start[order[r] + 1];
    if (end - begin > longest) longest = end - begin;
    for (int64_t p = begin; p < end; p++, to++) {
      B->index[to] = place[A->index[p]];
      B->values[to] = A->values[p];
    }
    B->start[r + 1] = to;
  }
  return longest;
}

nl_status nl_sparse_reorder(const nl_sparse *A, const int32_t *order, nl_sparse *out) {
  nl_sparse B = {0};
  int32_t *scratch_index = NULL, *place = nl_alloc(A->rows, sizeof *place, NL_WORKSPACE);
  double *scratch_values = NULL;
  nl_status status = place ? nl_sparse_new(A->rows, A->cols, A->nnz, &B) : NL_NOMEM;
  if (status != NL_OK) goto done;
  for (int64_t r = 0; r < A->rows; r++) place[order[r]] = (int32_t)r;
  int64_t longest = gather(A, order, place, &B);
  scratch_index = nl_alloc(longest, sizeof *scratch_index, NL_WORKSPACE);
  scratch_values = scratch_index ? nl_alloc(longest, sizeof *scratch_values, NL_WORKSPACE) : NULL;
  status = scratch_values ? NL_OK : NL_NOMEM;
  if (status != NL_OK) goto done;
  for (int64_t r = 0; r < B.rows; r++)
    nl_row_sort(B.start[r + 1] - B.start[r], B.index + B.start[r], B.values + B.start[r], scratch_index,
                scratch_values);
  *out = B;
  B = (nl_sparse){0};
done:
  nl_free(place);
  nl_free(scratch_index);
  nl_free(scratch_values);
  nl_sparse_release(&B);
  return status;
}
