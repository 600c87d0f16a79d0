/* Textbook Gaussian elimination, the part that is compiled once a type. Includes: solve.h only. */
#ifndef NL_DENSE_GAUSS_H
#define NL_DENSE_GAUSS_H

#include <numlab/solve.h>

typedef struct nl_gauss {
  int64_t n, k;
  void *A;         /* n x n, row-major, of the type compiled for; U above and on the diagonal afterwards */
  void *X;         /* n x k, row-major: B before, the solution afterwards */
  nl_pivot pivot;  /* how a pivot is chosen */
  nl_scale scale;  /* what is divided by powers of two beforehand */
  double *most_of; /* n: largest |a_ij| from the pivot column on, of each row not yet used */
  int64_t *swap;   /* n: in step j column j was exchanged with column swap[j] >= j */
  int *exponent;   /* n: column j was multiplied by 2^-exponent[j] */
  /* what came out */
  int64_t step;          /* steps done */
  int64_t exchanges;     /* of rows and of columns */
  double most_a, most_u; /* max |a_ij| at the start (after scaling), and over all steps */
  double smallest_pivot;
} nl_gauss;

/* OK; SINGULAR at step g->step + 1; NONFINITE: overflow in step g->step, n + 1 is the solution; INTERRUPTED
 * after g->step steps. No message: gauss.c words it. */
nl_status nl_gauss_f64(nl_gauss *g);
nl_status nl_gauss_f32(nl_gauss *g);

#endif
