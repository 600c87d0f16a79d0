/* The generators behind the table in families.c. Each takes n >= its least n, the parameters in the order of
 * the table (all finite) and a seed, which those without random numbers ignore. Failures: ARG, SHAPE, NOMEM,
 * INTERRUPTED. */
#ifndef NL_GALLERY_FAMILIES_H
#define NL_GALLERY_FAMILIES_H

#include "sample.h"

/* grid.c */
nl_status nl_gallery_poisson1d(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
nl_status nl_gallery_poisson2d(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
nl_status nl_gallery_poisson3d(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
nl_status nl_gallery_neumann(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
/* tridiagonal.c */
nl_status nl_gallery_tridiagonal(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
nl_status nl_gallery_dorr(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
/* wathen.c */
nl_status nl_gallery_wathen(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out);
/* entrywise.c */
nl_status nl_gallery_frank(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_gfpp(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_hilbert(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_kahan(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_lehmer(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_lotkin(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_minij(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_moler(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_parter(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_pei(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
/* one file each */
nl_status nl_gallery_chebspec(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_condex(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_graded(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_invhilb(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);
nl_status nl_gallery_randsvd(int64_t n, const double *parameter, uint64_t seed, nl_tensor *out);

/* A new n x n tensor of zeros and the address of its elements. */
nl_status nl_gallery_square(int64_t n, nl_tensor *out, double **elements);

#endif
