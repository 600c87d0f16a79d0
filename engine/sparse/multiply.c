/* C = A B row by row (Gustavson, ACM TOMS 4 (1978) 250-269): C(i,:) = sum over k of A(i,k) B(k,:), gathered
 * in a dense row of sums. One pass counts the entries, the second computes them. Each sum runs over ascending
 * k. */
#include "place.h"
#include "row_sort.h"
#include <inttypes.h>
#include <numlab/interrupt.h>

/* Entries of row i of A B; seen[j] == i marks the columns met. Their columns go to index unless it is NULL.
 */
static int64_t row_pattern(const nl_sparse *A, const nl_sparse *B, int64_t i, int64_t *seen, int32_t *index) {
  int64_t count = 0;
  for (int64_t p = A->start[i]; p < A->start[i + 1]; p++) {
    int32_t k = A->index[p];
    for (int64_t q = B->start[k]; q < B->start[k + 1]; q++) {
      int32_t j = B->index[q];
      if (seen[j] == i) continue;
      seen[j] = i;
      if (index) index[count] = j;
      count++;
    }
  }
  return count;
}

/* C(i,:) at start[i]: the columns, the sums, both sorted. Returns how many. */
static int64_t row_values(const nl_sparse *A, const nl_sparse *B, int64_t i, int64_t *seen, double *sum,
                          nl_sparse *C, int32_t *scratch_index, double *scratch_values) {
  int32_t *index = C->index + C->start[i];
  double *values = C->values + C->start[i];
  int64_t count = row_pattern(A, B, i, seen, index);
  for (int64_t c = 0; c < count; c++) sum[index[c]] = 0;
  for (int64_t p = A->start[i]; p < A->start[i + 1]; p++) {
    int32_t k = A->index[p];
    for (int64_t q = B->start[k]; q < B->start[k + 1]; q++) sum[B->index[q]] += A->values[p] * B->values[q];
  }
  for (int64_t c = 0; c < count; c++) values[c] = sum[index[c]];
  nl_row_sort(count, index, values, scratch_index, scratch_values);
  return count;
}

static nl_status interrupted(int64_t i) {
  return nl_fail(NL_INTERRUPTED, "sparse product: interrupted at row %" PRId64, i + 1);
}

nl_status nl_sparse_multiply(const nl_sparse *A, const nl_sparse *B, nl_sparse *out) {
  if (A->cols != B->rows)
    return nl_fail(NL_SHAPE,
                   "sparse product: %" PRId64 "x%" PRId64 " times %" PRId64 "x%" PRId64
                   ", the inner sizes differ",
                   A->rows, A->cols, B->rows, B->cols);
  NL_TRY(nl_sparse_check_on_cpu("sparse product", A));
  NL_TRY(nl_sparse_check_on_cpu("sparse product", B));
  nl_sparse C = {0};
  nl_status status = NL_OK;
  int64_t nnz = 0, longest = 0;
  int64_t *seen = nl_alloc(B->cols, sizeof *seen, NL_WORKSPACE);
  double *sum = nl_alloc(B->cols, sizeof *sum, NL_WORKSPACE);
  int32_t *scratch_index = NULL;
  double *scratch_values = NULL;
  if (!seen || !sum) {
    status = NL_NOMEM;
    goto done;
  }
  for (int64_t j = 0; j < B->cols; j++) seen[j] = -1;
  for (int64_t i = 0; i < A->rows; i++) {
    if (nl_interrupted()) {
      status = interrupted(i);
      goto done;
    }
    int64_t count = row_pattern(A, B, i, seen, NULL);
    if (count > longest) longest = count;
    nnz += count;
  }
  scratch_index = nl_alloc(longest, sizeof *scratch_index, NL_WORKSPACE);
  scratch_values = nl_alloc(longest, sizeof *scratch_values, NL_WORKSPACE);
  status = scratch_index && scratch_values ? nl_sparse_new(A->rows, B->cols, nnz, &C) : NL_NOMEM;
  if (status != NL_OK) goto done;
  for (int64_t j = 0; j < B->cols; j++) seen[j] = -1;
  for (int64_t i = 0; i < A->rows; i++) {
    if (nl_interrupted()) {
      status = interrupted(i);
      goto done;
    }
    C.start[i + 1] = C.start[i] + row_values(A, B, i, seen, sum, &C, scratch_index, scratch_values);
  }

done:
  nl_free(seen);
  nl_free(sum);
  nl_free(scratch_index);
  nl_free(scratch_values);
  if (status == NL_OK) *out = C;
  else nl_sparse_release(&C);
  return status;
}
