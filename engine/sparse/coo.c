/* Triplets (COO) to rows (CSR): a counting sort by row, a stable sort by column inside each row, then sums of
 * entries at the same place, in the order they were given. O(rows + count log(longest row)) time; beside the
 * result 12 bytes an entry of the longest row; nothing grows with the number of columns. */
#include "row_sort.h"
#include <inttypes.h>
#include <numlab/interrupt.h>
#include <numlab/sparse.h>

static nl_status interrupted(void) { return nl_fail(NL_INTERRUPTED, "sparse: interrupted"); }

static nl_status check_triplets(int64_t rows, int64_t cols, int64_t count, const int64_t *row_of,
                                const int64_t *col_of) {
  int64_t work = 0;
  for (int64_t k = 0; k < count; k++) {
    if (nl_poll(&work, 1)) return interrupted();
    if (row_of[k] < 0 || row_of[k] >= rows || col_of[k] < 0 || col_of[k] >= cols)
      return nl_fail(NL_ARG,
                     "sparse: triplet %" PRId64 " lies at row %" PRId64 ", column %" PRId64
                     ", outside a %" PRId64 "x%" PRId64 " matrix (rows and columns count from 1)",
                     k + 1, (int64_t)((uint64_t)row_of[k] + 1), (int64_t)((uint64_t)col_of[k] + 1), rows,
                     cols);
  }
  return NL_OK;
}

/* Sums entries of equal column inside each row and closes the gaps; the arrays keep their room. */
static void sum_duplicates(nl_sparse *S) {
  int64_t to = 0;
  for (int64_t i = 0; i < S->rows; i++) {
    int64_t begin = S->start[i], end = S->start[i + 1];
    S->start[i] = to;
    for (int64_t p = begin; p < end; p++) {
      if (to > S->start[i] && S->index[to - 1] == S->index[p]) {
        S->values[to - 1] += S->values[p];
      } else {
        S->index[to] = S->index[p];
        S->values[to++] = S->values[p];
      }
    }
  }
  S->start[S->rows] = S->nnz = to;
}

/* Give back what duplicates left empty. */
static nl_status shrink(nl_sparse *S) {
  int32_t *index = nl_realloc(S->index, S->nnz, sizeof *index);
  if (index) S->index = index;
  double *values = nl_realloc(S->values, S->nnz, sizeof *values);
  if (values) S->values = values;
  return index && values ? NL_OK : NL_NOMEM;
}

nl_status nl_sparse_from_coo(int64_t rows, int64_t cols, int64_t count, const int64_t *row_of,
                             const int64_t *col_of, const double *values, nl_sparse *out) {
  nl_sparse S = {0};
  int64_t longest = 0, work = 0;
  nl_status status = nl_sparse_new(rows, cols, count, &S);
  if (status != NL_OK) return status;
  int32_t *scratch_index = NULL;
  double *scratch_values = NULL;
  status = check_triplets(rows, cols, count, row_of, col_of);
  if (status != NL_OK) goto done;

  for (int64_t k = 0; k < count; k++) S.start[row_of[k] + 1]++;
  for (int64_t i = 0; i < rows; i++) {
    if (S.start[i + 1] > longest) longest = S.start[i + 1];
    S.start[i + 1] += S.start[i];
  }
  scratch_index = nl_alloc(longest, sizeof *scratch_index, NL_WORKSPACE);
  scratch_values = nl_alloc(longest, sizeof *scratch_values, NL_WORKSPACE);
  status = scratch_index && scratch_values ? NL_OK : NL_NOMEM;
  if (status != NL_OK) goto done;

  for (int64_t k = 0; k < count; k++) { /* start[i] runs through row i and ends where row i + 1 begins */
    if (nl_poll(&work, 4)) {            /* each may be a miss */
      status = interrupted();
      goto done;
    }
    int64_t p = S.start[row_of[k]]++;
    S.index[p] = (int32_t)col_of[k];
    S.values[p] = values[k];
  }
  for (int64_t i = rows; i > 0; i--) S.start[i] = S.start[i - 1];
  S.start[0] = 0;
  for (int64_t i = 0; i < rows; i++) {
    if (i % 1024 == 0 && nl_interrupted()) {
      status = nl_fail(NL_INTERRUPTED, "sparse: interrupted while sorting row %" PRId64, i + 1);
      goto done;
    }
    nl_row_sort(S.start[i + 1] - S.start[i], S.index + S.start[i], S.values + S.start[i], scratch_index,
                scratch_values);
  }
  sum_duplicates(&S);
  if (S.nnz < count) status = shrink(&S);

done:
  nl_free(scratch_index);
  nl_free(scratch_values);
  if (status == NL_OK) *out = S;
  else nl_sparse_release(&S);
  return status;
}
