/* A sparse system on a device as an iteration works on it: A, B and X there, in the order of rows it asks
 * for, beside the same system on the CPU, which the stopping rule asks what is asked seldom. */
#ifndef NL_SOLVER_PLACED_H
#define NL_SOLVER_PLACED_H

#include "method.h"

typedef struct nl_placed {
  const nl_system *given;   /* NULL of a single right-hand side */
  nl_system here;           /* on the CPU; X is brought up to date by nl_placed_fetch */
  nl_sparse A_here;         /* what here points to */
  nl_tensor B_here, X_here; /* of b's shape */
  const int32_t *order;     /* row r here is row order[r] of what was given; NULL: the order given */
  nl_sparse A;              /* on the device; a copy of its own where the order is another */
  nl_tensor B, X;
  nl_tensor R; /* B - A X, of the last nl_placed_residual */
} nl_placed;

/* Copies of s on the CPU. *out is safe for nl_placed_end, whatever comes back. */
nl_status nl_placed_begin(const nl_system *s, nl_placed *out);
/* Row and column r become what row and column order[r] were; order is borrowed until nl_placed_end. */
nl_status nl_placed_reorder(nl_placed *p, const int32_t *order);
/* To the device, in this order; waits until all is there. */
nl_status nl_placed_upload(nl_placed *p);
/* R = B - A X there, and the 2-norm of each column of R; one synchronisation. */
nl_status nl_placed_residual(nl_placed *p, double *norms);
/* here.X = X. */
nl_status nl_placed_fetch(nl_placed *p);
/* One right-hand side of s->placed: s is the CPU's copy of it, whose B and X are uploaded. */
nl_status nl_placed_column(const nl_system *s, nl_placed *out);
/* n numbers as a tensor on a device: (n), or (n, 1) where ndim is 2. *out may be released whatever comes
 * back. */
nl_status nl_upload_vector(const double *from, int64_t n, int ndim, nl_device *device, nl_tensor *out);
/* Gives here.X back to the system it came from, in the order given there, unless status is a failure that
 * left no iterate; releases all. The first failure of status and of its own. */
nl_status nl_placed_end(nl_placed *p, nl_status status);

#endif
