/* What numlab borrows: libraries opened at first use, and the dense factorisations LAPACK does for us.
 *
 * Nothing here is needed to start or to run the rest. A call that needs an absent library is UNAVAILABLE,
 * with what is missing, what that costs and how to get it. NUMLAB_EXTERNAL = off, or a list of names such as
 * "umfpack,klu", makes libraries count as absent; NUMLAB_LAPACK = path chooses the library LAPACK comes from.
 */
#ifndef NUMLAB_EXTERNAL_H
#define NUMLAB_EXTERNAL_H

#include <numlab/tensor.h>

/* --- libraries ---------------------------------------------------------------------------------------- */

typedef struct nl_external {
  const char *name;       /* "openblas" */
  const char *needed_for; /* "method lapack, nl.cholesky, ..." */
  const char *cost;       /* what is missing without it */
  const char *package;    /* Debian's name: apt install PACKAGE */
  bool found;
  char version[48];  /* "" when the library does not tell */
  char path[256];    /* the file behind the name it was opened by */
  char kernels[160]; /* kernel set and build facts: "SkylakeX, ..." */
  int threads;       /* it may use; 0: it has none of its own */
  char problem[256]; /* why it was not found */
} nl_external;

int nl_external_count(void);
/* Opens library i (0-based) if it is there. ARG when i is outside. */
nl_status nl_external_describe(int i, nl_external *out);

#endif
