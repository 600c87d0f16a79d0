/* LAPACK as a table of functions, one a type, and what its users share.
 *
 * Fortran passes everything by address, so one set of prototypes with void pointers serves single and double
 * precision. The lengths of character arguments follow the last argument, as gfortran passes them. Checked
 * against OpenBLAS 0.3.21 and LAPACK 3.11 with 32-bit integers.
 *
 * Fortran stores columns; our rows are its columns. Each user says how it deals with that.
 */
#ifndef NL_EXTERNAL_LAPACK_H
#define NL_EXTERNAL_LAPACK_H

#include "library.h"

typedef struct nl_lapack {
  /* P A = L U; its solves; its reciprocal condition number */
  void (*getrf)(const int *m, const int *n, void *A, const int *lda, int *pivots, int *info);
  void (*getrs)(const char *trans, const int *n, const int *k, const void *A, const int *lda,
                const int *pivots, void *B, const int *ldb, int *info, size_t);
  void (*gecon)(const char *norm, const int *n, const void *A, const int *lda, const void *norm_A,
                void *rcond, void *work, int *iwork, int *info, size_t);
} nl_lapack;

/* The table for f64 or f32, with OpenBLAS set to nl_threads(). UNAVAILABLE. */
nl_status nl_lapack_open(nl_dtype dtype, const nl_lapack **out);

#endif
