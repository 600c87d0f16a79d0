/* Blocked LU inside: the parts that are compiled once a type, and the same on a device. */
#ifndef NL_DENSE_LU_H
#define NL_DENSE_LU_H

#include "solver/method.h"

typedef struct nl_lu_work {
  int64_t block;
  void *panel;    /* n x block */
  int64_t *pivot; /* block: row p of the panel was exchanged with row pivot[p] of it */
  void *room;     /* for the products: nl_gemm_room(n, n, block) */
} nl_lu_work;

/* Columns of a panel for order n; wanted 0 chooses. At least 1, at most n (1 for n = 0). */
int64_t nl_lu_block(int64_t n, int64_t wanted);

/* F->LU holds A and becomes L and U; fills the other fields but norm_1. NONFINITE with a message naming the
 * columns; INTERRUPTED. */
nl_status nl_lu_factor_f64(nl_lu *F, const nl_lu_work *w);
nl_status nl_lu_factor_f32(nl_lu *F, const nl_lu_work *w);

/* X = A^-1 B, both n x k and contiguous, not overlapping; room as for products of n x k x n. */
void nl_lu_apply_f64(const nl_lu *F, double *room, int64_t k, const double *B, double *X);
void nl_lu_apply_f32(const nl_lu *F, float *room, int64_t k, const float *B, float *X);

/* rcond in the factor's type; work: 3n elements. */
double nl_lu_rcond_f64(const nl_lu *F, double *work);
double nl_lu_rcond_f32(const nl_lu *F, float *work);

/* max over columns of ||R||_inf / (||A||_inf ||X||_inf + ||B||_inf) with R = B - A X, which is filled. */
double nl_lu_residual_f64(int64_t n, int64_t k, const double *A, double norm_inf, const double *B,
                          const double *X, double *R, double *room);
double nl_lu_residual_f32(int64_t n, int64_t k, const float *A, double norm_inf, const float *B,
                          const float *X, float *R, float *room);
/* Iterative refinement of X; work: 3 n k elements. Returns the steps that were kept. refine_tmpl.c. */
enum { NL_LU_REFINEMENTS = 10 }; /* at most */
int64_t nl_lu_refine_f64(const nl_lu *F, int64_t k, const double *A, const double *B, double *X, double *work,
                         double *room);
int64_t nl_lu_refine_f32(const nl_lu *F, int64_t k, const float *A, const float *B, float *X, float *work,
                         float *room);

/* --- on a device that is not the CPU: lu_there.c */

/* F->LU holds A and becomes L and U; fills the other fields. NONFINITE where U overflows; INTERRUPTED. */
nl_status nl_lu_factor_there(nl_lu *F, int64_t block);
/* B becomes A^-1 B; (n) or (n, k), contiguous. */
nl_status nl_lu_apply_there(const nl_lu *F, const nl_tensor *B);
/* y, n numbers of the factor's type in host memory, becomes A^-1 y, or A^-T y. */
nl_status nl_lu_vector_there(const nl_lu *F, bool transposed, void *y);
/* Refines s->x; *kept counts the steps that were kept. */
nl_status nl_lu_refine_there(const nl_lu *F, const nl_system *s, int64_t *kept);

#endif
