/* Arnoldi with thick restarts (Krylov-Schur: G. W. Stewart, SIAM J. Matrix Anal. Appl. 23, 2001).
 *
 *   G V_k = V_k H + v_(k+1) h^T,  V orthonormal
 *
 * k grows to m by Arnoldi steps; then the Schur vectors of H for the eigenvalues of largest modulus give a
 * smaller decomposition of the same kind, and all goes on. Complex pairs and close moduli are what a power
 * iteration cannot see; here they are neighbours in the kept space. The kept Schur vectors come in conjugate
 * pairs, so their real and imaginary parts span the same space and V stays real. */
#include "arnoldi.h"
#include "schur.h"
#include "vector.h"
#include <float.h>
#include <math.h>
#include <numlab/interrupt.h>
#include <numlab/memory.h>
#include <numlab/random.h>

enum { M = 40, KEEP = 16, STRIP = 64 };

typedef struct krylov {
  nl_operator *G;
  void *context;
  int64_t n, m, k;    /* m: most columns; k: columns now */
  double *V;          /* m + 1 rows of n */
  double H[M + 1][M]; /* row k: h^T */
  double complex T[M * M], Q[M * M], y[M];
  double W[M][KEEP + 2]; /* real basis of the kept Schur vectors: k rows */
  double *strip;         /* (KEEP + 2) x STRIP */
  int64_t products;
} krylov;

/* --- growing ------------------------------------------------------------------------------------------ */

/* Columns up to m, fewer when the space is invariant: then row k of H is zero. */
static nl_status grow(krylov *K) {
  int64_t n = K->n;
  for (int64_t j = K->k; j < K->m; j++) {
    double *w = K->V + (j + 1) * n;
    K->G(K->context, K->V + j * n, w);
    K->products++;
    double whole = nl_norm_2(w, n, 1), before = whole, after = whole;
    if (!isfinite(whole)) return nl_fail(NL_NONFINITE, "diagnose: the iteration matrix overflows");
    for (int64_t i = 0; i <= j; i++) K->H[i][j] = 0;
    for (int pass = 0; pass < 2; pass++) { /* modified Gram-Schmidt, twice when much cancels */
      for (int64_t i = 0; i <= j && !nl_interrupted(); i++) {
        double along = nl_dot(K->V + i * n, w, n);
        K->H[i][j] += along;
        nl_axpy(-along, K->V + i * n, w, n);
      }
      after = nl_norm_2(w, n, 1);
      if (after > before / 2) break;
      before = after;
    }
    if (nl_interrupted()) return nl_fail(NL_INTERRUPTED, "diagnose: interrupted");
    for (int64_t i = 0; i < M; i++) K->H[j + 1][i] = 0;
    K->k = j + 1;
    if (!(after > 10 * DBL_EPSILON * whole)) return NL_OK;
    K->H[j + 1][j] = after;
    for (int64_t i = 0; i < n; i++) w[i] /= after;
  }
  return NL_OK;
}

/* --- judging ------------------------------------------------------------------------------------------ */

/* Schur form of H with the eigenvalues of largest modulus first. */
static bool decompose(krylov *K) {
  int64_t k = K->k, first = k < KEEP + 1 ? k : KEEP + 1;
  for (int64_t i = 0; i < k; i++)
    for (int64_t j = 0; j < k; j++) K->T[i * k + j] = K->H[i][j];
  if (!nl_schur(k, K->T, K->Q)) return false;
  for (int64_t i = 0; i < first; i++) {
    int64_t best = i;
    for (int64_t j = i + 1; j < k; j++)
      if (cabs(K->T[j * k + j]) > cabs(K->T[best * k + best])) best = j;
    for (; best > i; best--) nl_schur_swap(k, K->T, K->Q, best - 1);
  }
  return true;
}

/* The first Ritz pair: G V q = theta V q + v (h^T q), so |h^T q| is its residual. */
static nl_eigenvalue dominant(krylov *K) {
  int64_t k = K->k;
  double complex theta = K->T[0], hq = 0;
  double size = 0;
  for (int64_t j = 0; j < k; j++) {
    hq += K->H[k][j] * K->Q[j * k];
    for (int64_t i = 0; i < k; i++) size = fmax(size, fabs(K->H[i][j]));
  }
  double condition = nl_schur_condition(k, K->T, K->y);
  double error = condition * (cabs(hq) + DBL_EPSILON * (double)k * size);
  return (nl_eigenvalue){creal(theta), cimag(theta), cabs(theta), error, K->products};
}

/* --- restarting --------------------------------------------------------------------------------------- */

/* An orthonormal real basis W of the span of the first Schur vectors' real and imaginary parts. Its columns
 * have singular values 1 (both of a pair kept), 1/2 (one of a pair kept) or 0, so the rank is never in doubt.
 */
static int64_t real_basis(krylov *K, int64_t keep) {
  int64_t k = K->k, rank = 0;
  for (int64_t c = 0; c < 2 * keep && rank < KEEP + 2; c++) {
    double column[M], length = 0;
    for (int64_t i = 0; i < k; i++) {
      double complex q = K->Q[i * k + c / 2];
      column[i] = c % 2 ? cimag(q) : creal(q);
    }
    for (int pass = 0; pass < 2; pass++)
      for (int64_t t = 0; t < rank; t++) {
        double along = 0;
        for (int64_t i = 0; i < k; i++) along += K->W[i][t] * column[i];
        for (int64_t i = 0; i < k; i++) column[i] -= along * K->W[i][t];
      }
    for (int64_t i = 0; i < k; i++) length += column[i] * column[i];
    if (length < 1e-12) continue;
    for (int64_t i = 0; i < k; i++) K->W[i][rank] = column[i] / sqrt(length);
    rank++;
  }
  return rank;
}

/* V <- V W, strip by strip; v_(k+1) follows behind. */
static void rotate_basis(krylov *K, int64_t rank) {
  int64_t n = K->n;
  int64_t work = 0;
  for (int64_t begin = 0; begin < n && !nl_poll(&work, K->k * STRIP);
       begin += STRIP) { /* grow tells of Ctrl-C */
    int64_t width = n - begin < STRIP ? n - begin : STRIP;
    for (int64_t t = 0; t < rank; t++) {
      double *out = K->strip + t * STRIP;
      for (int64_t l = 0; l < width; l++) out[l] = 0;
      for (int64_t i = 0; i < K->k; i++) nl_axpy(K->W[i][t], K->V + i * n + begin, out, width);
    }
    for (int64_t t = 0; t < rank; t++)
      for (int64_t l = 0; l < width; l++) K->V[t * n + begin + l] = K->strip[t * STRIP + l];
  }
  for (int64_t l = 0; l < n; l++) K->V[rank * n + l] = K->V[K->k * n + l];
}

/* H <- W^T H W, h <- W^T h */
static void restart(krylov *K) {
  int64_t k = K->k, rank = real_basis(K, KEEP);
  double HW[M + 1][KEEP + 2];
  for (int64_t i = 0; i <= k; i++)
    for (int64_t t = 0; t < rank; t++) {
      HW[i][t] = 0;
      for (int64_t j = 0; j < k; j++) HW[i][t] += K->H[i][j] * K->W[j][t];
    }
  for (int64_t i = 0; i <= M; i++)
    for (int64_t j = 0; j < M; j++) K->H[i][j] = 0;
  for (int64_t s = 0; s < rank; s++)
    for (int64_t t = 0; t < rank; t++)
      for (int64_t i = 0; i < k; i++) K->H[s][t] += K->W[i][s] * HW[i][t];
  for (int64_t t = 0; t < rank; t++) K->H[rank][t] = HW[k][t];
  rotate_basis(K, rank);
  K->k = rank;
}

nl_status nl_arnoldi(nl_operator *G, void *context, int64_t n, uint64_t seed, double tol, int64_t most,
                     nl_eigenvalue *out) {
  nl_status status = NL_OK;
  krylov *K = nl_alloc_zeroed(1, sizeof *K, NL_WORKSPACE);
  if (!K) return NL_NOMEM;
  *K = (krylov){.G = G, .context = context, .n = n, .m = n < M ? n : M};
  K->V = nl_alloc((K->m + 1) * n, sizeof(double), NL_WORKSPACE);
  K->strip = nl_alloc((KEEP + 2) * STRIP, sizeof(double), NL_WORKSPACE);
  if (!K->V || !K->strip) {
    status = NL_NOMEM;
    goto done;
  }
  /* positive, because the dominant eigenvector of an M-matrix is; random, so that nothing is missed */
  for (int64_t i = 0; i < n; i++) K->V[i] = nl_random_uniform(seed, 0, (uint64_t)i);
  nl_scale_by(1 / nl_norm_2(K->V, n, 1), K->V, n);
  for (;;) {
    status = grow(K);
    if (status != NL_OK) break;
    if (!decompose(K)) {
      status = nl_fail(NL_INTERNAL, "diagnose: the QR algorithm did not separate the eigenvalues");
      break;
    }
    nl_eigenvalue found = dominant(K);
    double near = fmin(found.modulus, fabs(1 - found.modulus));
    *out = found;
    if (found.error <= fmax(1e-8, tol * near) || K->products >= most || K->k < K->m || K->k == n) break;
    restart(K);
  }
done:
  nl_free(K->V);
  nl_free(K->strip);
  nl_free(K);
  return status;
}
