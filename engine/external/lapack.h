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
  /* A = U^T U */
  void (*potrf)(const char *uplo, const int *n, void *A, const int *lda, int *info, size_t);
  /* A = Q R, Q as reflectors; Q from them */
  void (*geqrf)(const int *m, const int *n, void *A, const int *lda, void *tau, void *work, const int *lwork,
                int *info);
  void (*orgqr)(const int *m, const int *n, const int *k, void *A, const int *lda, const void *tau,
                void *work, const int *lwork, int *info);
  /* A = U diag(s) V^T by divide and conquer */
  void (*gesdd)(const char *job, const int *m, const int *n, void *A, const int *lda, void *s, void *U,
                const int *ldu, void *Vt, const int *ldvt, void *work, const int *lwork, int *iwork,
                int *info, size_t);
  /* A = V diag(w) V^T by divide and conquer */
  void (*syevd)(const char *job, const char *uplo, const int *n, void *A, const int *lda, void *w, void *work,
                const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
  /* min ||B - A X|| by the singular values of A */
  void (*gelsd)(const int *m, const int *n, const int *k, void *A, const int *lda, void *B, const int *ldb,
                void *s, const void *rcond, int *rank, void *work, const int *lwork, int *iwork, int *info);
  /* C = alpha A B + beta C: BLAS, which every LAPACK stands on */
  void (*gemm)(const char *trans_A, const char *trans_B, const int *m, const int *n, const int *k,
               const void *alpha, const void *A, const int *lda, const void *B, const int *ldb,
               const void *beta, void *C, const int *ldc, size_t, size_t);
} nl_lapack;

/* The table for f64 or f32, with OpenBLAS set to nl_threads(). UNAVAILABLE. */
nl_status nl_lapack_open(nl_dtype dtype, const nl_lapack **out);

/* Fewer threads than that, until the next opening. */
void nl_lapack_threads(int count);

/* --- for the factorisations --------------------------------------------------------------------------- */

/* A as LAPACK may have it: 2-d, f64 or f32, finite, sizes within 32 bits; else SHAPE, DTYPE, NONFINITE,
 * UNSUPPORTED naming `who`. Opens the library. */
typedef struct nl_lapack_matrix {
  const nl_lapack *lapack;
  const char *who;
  nl_dtype dtype;
  int m, n; /* rows, columns */
} nl_lapack_matrix;

nl_status nl_lapack_matrix_check(const char *who, const nl_tensor *A, nl_lapack_matrix *out);
/* SHAPE unless square; *symmetric: |a_ij - a_ji| within the rounding of the largest element everywhere, else
 * *i, *j (0-based) is a place where it is not. */
nl_status nl_lapack_symmetric(const nl_lapack_matrix *M, const nl_tensor *A, bool *symmetric, int64_t *i,
                              int64_t *j);
/* Elements count of M's type. */
void *nl_lapack_room(const nl_lapack_matrix *M, int64_t count);
/* The answer to a workspace query, rounded up, as a length; UNSUPPORTED beyond 32 bits. */
nl_status nl_lapack_length(const nl_lapack_matrix *M, const void *answer, int *length);
/* A new contiguous copy of the transpose: rows of it are columns of A, as Fortran has them. */
nl_status nl_lapack_columns(const nl_tensor *A, nl_tensor *out);
/* info of a routine: INTERNAL below 0, NOT_CONVERGED above. */
nl_status nl_lapack_verdict(const nl_lapack_matrix *M, int info);

#endif
