/* A sparse matrix the way SuiteSparse wants it: compressed by columns, with 32-bit column starts. */
#ifndef NL_EXTERNAL_CSC_H
#define NL_EXTERNAL_CSC_H

#include <numlab/sparse.h>

typedef struct nl_csc {
  int rows, cols;
  int *start; /* cols + 1 */
  int *index; /* rows of the entries, ascending within a column */
  double *values;
} nl_csc;

/* UNSUPPORTED when S has more than 2^31 - 1 entries, naming who wants them fewer; NOMEM. */
nl_status nl_csc_from(const char *who, const nl_sparse *S, nl_csc *out);
void nl_csc_release(nl_csc *C); /* an empty one is accepted */

/* B is (n, k) by rows; column j of it to and from a vector. */
void nl_column_get(const double *B, int64_t n, int64_t k, int64_t j, double *column);
void nl_column_put(double *X, int64_t n, int64_t k, int64_t j, const double *column);

#endif
