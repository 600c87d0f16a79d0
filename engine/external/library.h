/* Borrowed libraries, opened at first use into a table of functions.
 *
 * A library is a static nl_library with the names to try and the functions wanted; nl_library_open makes sure
 * that its table is filled. Libraries are never closed. The prototypes in the tables are our own, checked
 * against the versions named beside them, so that no -dev package is needed to build.
 */
#ifndef NL_EXTERNAL_LIBRARY_H
#define NL_EXTERNAL_LIBRARY_H

#include <numlab/external.h>
#include <stdatomic.h>
#include <stddef.h>

typedef struct nl_symbol {
  const char *name;
  size_t offset; /* of the pointer in the table */
  bool optional; /* NULL in the table when the library lacks it */
} nl_symbol;

typedef struct nl_library nl_library;
struct nl_library {
  const char *name;
  const char *path_variable;          /* environment variable that names the file; NULL: none */
  const char *const *candidates;      /* sonames in order of preference, NULL-terminated */
  const nl_symbol *symbols;           /* ended by a NULL name */
  void *table;                        /* struct of function pointers the offsets refer to */
  void (*opened)(void);               /* called once, after the table is filled; may be NULL */
  void (*describe)(nl_external *out); /* fills version, kernels, threads; may be NULL */
  const char *needed_for, *cost, *package;
  void *handle;      /* of dlopen */
  atomic_bool ready; /* the table is filled */
};

/* OK, or UNAVAILABLE with what is missing, what that costs and how to get it. Safe from any thread. */
nl_status nl_library_open(nl_library *library);

/* n as the 32-bit integer most borrowed code counts in; UNSUPPORTED beyond it, naming what and the limit. */
nl_status nl_library_int(const char *what, int64_t n, int *out);

/* One a file of this folder. */
extern nl_library nl_library_openblas, nl_library_cxsparse, nl_library_klu, nl_library_umfpack,
    nl_library_cholmod, nl_library_libzip, nl_library_sqlite, nl_library_libedit;

#endif
