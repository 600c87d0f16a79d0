/* What KLU, UMFPACK and CHOLMOD share: SuiteSparse's allocator hooks and printing, and the threads of the
 * BLAS below them. Checked against SuiteSparse 5.12 (libsuitesparseconfig.so.5). */
#ifndef NL_EXTERNAL_SUITESPARSE_H
#define NL_EXTERNAL_SUITESPARSE_H

#include "library.h"
#include <numlab/sparse.h>

/* The global of libsuitesparseconfig; the fields after these are left alone. */
typedef struct nl_suitesparse {
  void *(*malloc_func)(size_t);
  void *(*calloc_func)(size_t, size_t);
  void *(*realloc_func)(void *, size_t);
  void (*free_func)(void *);
  int (*printf_func)(const char *, ...);
} nl_suitesparse;

/* Each library's table holds these two beside its own functions. */
typedef struct nl_suitesparse_shared {
  nl_suitesparse *config;
  void (*set_num_threads)(int); /* OpenBLAS; NULL with another BLAS or none */
} nl_suitesparse_shared;

#define NL_SUITESPARSE_SHARED(table)                                                      \
  {"SuiteSparse_config", offsetof(__typeof__(table), shared.config), false}, {            \
    "openblas_set_num_threads", offsetof(__typeof__(table), shared.set_num_threads), true \
  }

/* Once, when a library opens: its memory comes from nl_alloc (counted, limited, failable), it prints nothing.
 */
void nl_suitesparse_hook(const nl_suitesparse_shared *shared);

/* Before each use: threads as nl_threads() says, and nothing refused yet. */
void nl_suitesparse_begin(const nl_suitesparse_shared *shared);

/* A library said it ran out of memory: NOMEM with nl_alloc's message when that is so; otherwise its 32-bit
 * integers overflowed, UNSUPPORTED. */
nl_status nl_suitesparse_no_memory(const char *who);
bool nl_suitesparse_refused(void); /* nl_alloc said no since the last begin, on this thread */

/* klu.c: entries of L + U and arithmetic of a factorisation with KLU's block triangular form and AMD, by
 * symbolic analysis of A + A^T; both -1 when the analysis cannot tell (structurally singular, not AMD). KLU
 * must have been opened. NOMEM. */
nl_status nl_klu_predict(const nl_sparse *A, double *entries, double *flops);

#endif
