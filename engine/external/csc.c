/* CSR to CSC by counting: the entries of a column arrive in the order of the rows, so they come out sorted.
 * O(nnz + rows + cols). */
#include "csc.h"
#include "library.h"
#include <stdio.h>
#include <string.h>

nl_status nl_csc_from(const char *who, const nl_sparse *S, nl_csc *out) {
  char what[64];
  int nnz;
  snprintf(what, sizeof what, "%s: the number of entries", who);
  NL_TRY(nl_library_int(what, S->nnz, &nnz));
  nl_csc C = {.rows = (int)S->rows, .cols = (int)S->cols};
  C.start = nl_alloc_zeroed(S->cols + 1, sizeof *C.start, NL_WORKSPACE);
  C.index = nl_alloc(S->nnz, sizeof *C.index, NL_WORKSPACE);
  C.values = nl_alloc(S->nnz, sizeof *C.values, NL_WORKSPACE);
  if (!C.start || !C.index || !C.values) {
    nl_csc_release(&C);
    return NL_NOMEM;
  }
  /* start(j+1) counts column j; after the sums start(j) is where it begins; filling moves it to its end,
   * which is where j+1 begins: so shift by one at last. */
  for (int64_t e = 0; e < S->nnz; e++) C.start[S->index[e] + 1]++;
  for (int j = 0; j < C.cols; j++) C.start[j + 1] += C.start[j];
  for (int i = 0; i < C.rows; i++)
    for (int64_t e = S->start[i]; e < S->start[i + 1]; e++) {
      int to = C.start[S->index[e]]++;
      C.index[to] = i;
      C.values[to] = S->values[e];
    }
  memmove(C.start + 1, C.start, (size_t)C.cols * sizeof *C.start);
  C.start[0] = 0;
  *out = C;
  return NL_OK;
}

void nl_csc_release(nl_csc *C) {
  nl_free(C->start);
  nl_free(C->index);
  nl_free(C->values);
  *C = (nl_csc){0};
}

void nl_column_get(const double *B, int64_t n, int64_t k, int64_t j, double *column) {
  for (int64_t i = 0; i < n; i++) column[i] = B[i * k + j];
}

void nl_column_put(double *X, int64_t n, int64_t k, int64_t j, const double *column) {
  for (int64_t i = 0; i < n; i++) X[i * k + j] = column[i];
}
