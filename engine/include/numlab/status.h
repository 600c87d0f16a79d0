/* Status codes and the message that goes with the last failure.
 *
 * Every engine function that can fail returns nl_status; results leave through out-pointers, written only
 * on success unless the declaration says otherwise. On failure a thread-local message holds the facts:
 * "solve: A is 3x4, b has 3 rows". One list makes the codes and their names.
 */
#ifndef NUMLAB_STATUS_H
#define NUMLAB_STATUS_H

#include <stdbool.h>

#define NL_STATUS_MAP(X)                                              \
  /* the call went well */                                            \
  X(OK)                                                               \
  /* misuse and missing means: bindings raise these */                \
  X(NOMEM)       /* out of memory, or beyond NUMLAB_MEMORY */         \
  X(ARG)         /* an argument out of its range */                   \
  X(SHAPE)       /* shapes that do not fit */                         \
  X(DTYPE)       /* element types that do not fit */                  \
  X(DEVICE)      /* devices that do not fit */                        \
  X(UNSUPPORTED) /* right in principle, not built here */             \
  X(INTERNAL)    /* a fault of numlab itself */                       \
  /* outcomes: bindings return nil, message, info */                  \
  X(UNAVAILABLE) /* a borrowed library that is not on this machine */ \
  X(SINGULAR)    /* an exactly zero pivot */                          \
  X(NOT_POSITIVE_DEFINITE)                                            \
  X(ZERO_DIAGONAL)                                                    \
  X(DIVERGED)                                                         \
  X(STAGNATED)                                                        \
  X(NOT_CONVERGED)                                                    \
  X(BREAKDOWN) /* a Krylov method divided by zero */                  \
  X(NONFINITE) /* NaN or infinity in the input or in the result */    \
  X(INTERRUPTED)                                                      \
  X(IO)

typedef enum nl_status {
#define NL_STATUS_ENUM(name) NL_##name,
  NL_STATUS_MAP(NL_STATUS_ENUM)
#undef NL_STATUS_ENUM
} nl_status;

/* "SINGULAR" for NL_SINGULAR; "?" for a value outside the list. */
const char *nl_status_name(nl_status status);

/* True for the codes that are outcomes of a correct call (UNAVAILABLE to IO), false for OK and misuse. */
bool nl_status_is_outcome(nl_status status);

/* Store the message of this thread and return status: `return nl_fail(NL_SHAPE, "solve: A is %s", text);` */
nl_status nl_fail(nl_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The message of the last failure on this thread; "" before the first. Valid until the next failure. */
const char *nl_message(void);

/* Leave the function with the status of a call that failed. The one macro that holds a return. */
#define NL_TRY(call)                                    \
  do {                                                  \
    nl_status nl_try_status_ = (call);                  \
    if (nl_try_status_ != NL_OK) return nl_try_status_; \
  } while (0)

#endif
