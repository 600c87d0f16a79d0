/* Rows in colours: no row has an entry in the column of another of its colour, so that a sweep may take the
 * rows of one colour in any order, or all at once. */
#ifndef NL_SPARSE_COLOUR_H
#define NL_SPARSE_COLOUR_H

#include <numlab/sparse.h>

typedef struct nl_colours {
  int64_t count;  /* of colours */
  int64_t *first; /* count + 1: colour c are places first[c] .. first[c+1]-1 of order */
  int32_t *order; /* the rows (0-based), colour by colour, ascending in each */
} nl_colours;

/* A is square and lies on the CPU. NOMEM; INTERRUPTED. On failure *out is empty. */
nl_status nl_colour_rows(const nl_sparse *A, nl_colours *out);
void nl_colours_release(nl_colours *colours); /* an empty one is accepted */

/* B(r, s) = A(order[r], order[s]) for a permutation of the rows of a square A. NOMEM. */
nl_status nl_sparse_reorder(const nl_sparse *A, const int32_t *order, nl_sparse *out);

#endif
