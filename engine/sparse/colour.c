/* Greedy colouring of the graph of A + A^T (rows are its vertices, entries off the diagonal its edges): row
 * after row in natural order takes the first colour that no neighbour has yet (Saad, Iterative Methods for
 * Sparse Linear Systems, 2nd ed., 12.4). At most one colour more than the largest degree; two on the grids of
 * the five- and seven-point Laplacians, where it is the red-black ordering. O(rows + nnz) time, beside a
 * transpose of A. */
#include "colour.h"
#include <inttypes.h>
#include <numlab/interrupt.h>

void nl_colours_release(nl_colours *colours) {
  nl_free(colours->first);
  nl_free(colours->order);
  *colours = (nl_colours){0};
}

/* Stamps the colours of the neighbours in row i with i; those of later rows are still open. */
static void stamp(const nl_sparse *A, int64_t i, const int32_t *colour, int32_t *taken) {
  for (int64_t p = A->start[i]; p < A->start[i + 1] && A->index[p] < i; p++)
    taken[colour[A->index[p]]] = (int32_t)i;
}

/* colour[i] for each row; the number of colours goes to *count. taken has room for a colour a row. */
static nl_status colour_rows(const nl_sparse *A, const nl_sparse *T, int32_t *colour, int32_t *taken,
                             int64_t *count) {
  int32_t colours = 0;
  for (int64_t i = 0; i < A->rows; i++) {
    if (i % 4096 == 0 && nl_interrupted())
      return nl_fail(NL_INTERRUPTED, "sparse: interrupted while colouring row %" PRId64, i + 1);
    stamp(A, i, colour, taken);
    stamp(T, i, colour, taken);
    int32_t c = 0;
    while (c < colours && taken[c] == i) c++;
    if (c == colours) taken[colours++] = -1;
    colour[i] = c;
  }
  *count = colours;
  return NL_OK;
}

/* Rows by colour: a counting sort, stable. first[c + 1] counts, then runs through colour c. */
static void sort_by_colour(int64_t rows, const int32_t *colour, nl_colours *out) {
  for (int64_t i = 0; i < rows; i++) out->first[colour[i] + 1]++;
  for (int64_t c = 0; c < out->count; c++) out->first[c + 1] += out->first[c];
  for (int64_t i = 0; i < rows; i++) out->order[out->first[colour[i]]++] = (int32_t)i;
  for (int64_t c = out->count; c > 0; c--) out->first[c] = out->first[c - 1];
  out->first[0] = 0;
}

nl_status nl_colour_rows(const nl_sparse *A, nl_colours *out) {
  nl_sparse T = {0};
  nl_colours fresh = {0};
  int32_t *colour = nl_alloc(A->rows, sizeof *colour, NL_WORKSPACE);
  int32_t *taken = colour ? nl_alloc(A->rows, sizeof *taken, NL_WORKSPACE) : NULL;
  nl_status status = taken ? nl_sparse_transpose(A, &T) : NL_NOMEM;
  *out = (nl_colours){0};
  if (status == NL_OK) status = colour_rows(A, &T, colour, taken, &fresh.count);
  if (status != NL_OK) goto done;
  fresh.first = nl_alloc_zeroed(fresh.count + 1, sizeof *fresh.first, NL_WORKSPACE);
  fresh.order = fresh.first ? nl_alloc(A->rows, sizeof *fresh.order, NL_WORKSPACE) : NULL;
  status = fresh.order ? NL_OK : NL_NOMEM;
  if (status != NL_OK) goto done;
  sort_by_colour(A->rows, colour, &fresh);
  *out = fresh;
  fresh = (nl_colours){0};
done:
  nl_free(colour);
  nl_free(taken);
  nl_sparse_release(&T);
  nl_colours_release(&fresh);
  return status;
}
