/* Test matrices: seeded, each with a known solution.
 *
 * A generator makes A; nl_gallery_system then draws x_true and computes b = A x_true. The same seed gives
 * the same bits at any thread count, and on every machine but for families that call cos, sin, exp or pow.
 * Entries, patterns and x_true come from streams of their own, so that x_true does not depend on the matrix.
 */
#ifndef NUMLAB_GALLERY_H
#define NUMLAB_GALLERY_H

#include <numlab/solve.h>

/* x_true uniform on (-1, 1), seeded; b = A x_true. Both are vectors. */
nl_status nl_gallery_system(const nl_matrix *A, uint64_t seed, nl_tensor *b, nl_tensor *x_true);

typedef enum nl_sign { NL_SIGN_MIXED, NL_SIGN_POSITIVE, NL_SIGN_NEGATIVE } nl_sign;

/* Strictly dominant by rows: a_ij uniform in absolute value on (0, 1) at round(density n (n - 1)) places off
 * the diagonal, a_ii = ratio sum_j |a_ij|, 1 where that sum is 0. The places are stratified: the off-diagonal
 * places, in row order, fall into as many equal strata as there are entries, and each stratum holds one
 * entry, uniform within. ARG: n < 0, density outside 0..1, ratio not above 1. */
nl_status nl_gallery_dominant(int64_t n, double density, double ratio, nl_sign sign, uint64_t seed,
                              nl_sparse *out);

/* Not strictly dominant, nonsingular, with a known fate in Gauss-Seidel (guarantees in nondominant.c):
 * converging though no row is dominant, diverging, or with zeros on the whole diagonal. density counts
 * the entries off the diagonal as above; converging stores fewer where its triples overlap, and each kind
 * stores what its form needs at least. ARG: n < 2, for converging n < 3; density outside 0..1, for diverging
 * above what a block lower triangle holds (about 1/2). */
typedef enum nl_nondominant { NL_CONVERGING, NL_DIVERGING, NL_ALL_ZERO_DIAGONAL } nl_nondominant;
nl_status nl_gallery_nondominant(int64_t n, double density, nl_nondominant kind, uint64_t seed,
                                 nl_sparse *out);

/* --- families: known matrices by name, with parameters ------------------------------------------------ */

enum { NL_FAMILY_PARAMETERS = 3 };

typedef struct nl_family {
  const char *name;
  int64_t least;                               /* smallest n */
  const char *parameter[NL_FAMILY_PARAMETERS]; /* names beside n; NULL from the first unused on */
  double fallback[NL_FAMILY_PARAMETERS];
  /* one of the two is NULL; call them through nl_gallery_make */
  nl_status (*sparse)(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
  nl_status (*dense)(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
} nl_family;

/* Family number i, alphabetically; NULL past the last. */
const nl_family *nl_gallery_family(int i);

/* Fills *sparse or *dense, whichever kind the family is. Grids (poisson*, neumann, wathen) take n points or
 * elements a side; elsewhere A is n x n. ARG: n or a parameter out of range; SHAPE: too many unknowns. */
nl_status nl_gallery_make(const nl_family *family, int64_t n, const double *parameter, uint64_t seed,
                          nl_sparse *sparse, nl_tensor *dense);

#endif
