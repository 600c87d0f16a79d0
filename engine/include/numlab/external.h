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

/* --- dense factorisations by LAPACK ------------------------------------------------------------------- */

/* A is f64 or f32 (else DTYPE), 2-d (else SHAPE), any strides; it stays as it is, results are new and
 * contiguous, of A's type. NONFINITE names the first element that is NaN or infinite; UNAVAILABLE without
 * LAPACK; NOT_CONVERGED when an iteration inside LAPACK fails. Outputs are written only on success. */

/* A = L L^T, L lower triangular. *minor: 0, or the order of the first leading minor that is not positive
 * with NOT_POSITIVE_DEFINITE, which is also what a nonsymmetric A gets (*minor 0). */
nl_status nl_cholesky(const nl_tensor *A, nl_tensor *L, int64_t *minor);

/* A = Q R: A (m, n), Q (m, r) with orthonormal columns, R (r, n) upper triangular, r = min(m, n). */
nl_status nl_qr(const nl_tensor *A, nl_tensor *Q, nl_tensor *R);

/* A = U diag(s) Vt: U (m, r), s (r) descending, Vt (r, n). */
nl_status nl_svd(const nl_tensor *A, nl_tensor *U, nl_tensor *s, nl_tensor *Vt);

/* A V = V diag(w): w (n) ascending, V (n, n) orthogonal, one eigenvector a column. ARG unless symmetric. */
nl_status nl_eigh(const nl_tensor *A, nl_tensor *w, nl_tensor *V);

typedef struct nl_lstsq_info {
  int64_t rank;    /* singular values above rcond * the largest */
  double residual; /* ||B - A X|| (Frobenius; the 2-norm for one right-hand side) */
  double cond;     /* largest over smallest singular value; infinity when that is 0 */
} nl_lstsq_info;

/* X of least norm among those that minimise ||B - A X||: A (m, n), B (m) or (m, k), X (n) or (n, k).
 * rcond < 0: eps * max(m, n). */
nl_status nl_lstsq(const nl_tensor *A, const nl_tensor *B, double rcond, nl_tensor *X, nl_lstsq_info *info);

/* --- the yardstick of products ------------------------------------------------------------------------ */

/* C = A B by BLAS gemm, to hold nl_matmul (ops.h) against: A (m, k), B (k, n), both f64 or both f32, any
 * strides. No look at the elements. DTYPE, SHAPE, UNAVAILABLE, NOMEM. */
nl_status nl_blas_matmul(const nl_tensor *A, const nl_tensor *B, nl_tensor *C);

#endif
