/* Finite differences on d-dimensional grids of n points a side: sums of Kronecker products with
 *
 *   T = tridiag(-1, 2, -1)    d = 1: T,  d = 2: T (x) I + I (x) T (5-point),  d = 3: 7-point
 *
 * Poisson (Dirichlet): symmetric positive definite M-matrices, eigenvalues sums of 2 - 2 cos(k pi / (n + 1)).
 * Neumann: T with -2 beside both ends of the diagonal, d = 2: singular, A 1 = 0. Entries are not divided by
 * h^2. Unknown (x, y, z) is number x + n (y + n z). */
#include "families.h"
#include <inttypes.h>
#include <numlab/interrupt.h>

static void put(nl_sparse *A, int64_t *p, int64_t j, double value) {
  A->index[*p] = (int32_t)j;
  A->values[(*p)++] = value;
}

static nl_status grid(const char *what, int dims, int64_t n, bool neumann, nl_sparse *out) {
  int64_t step[4] = {1, 0, 0,
                     0}; /* step[d]: from a point to its neighbour in dimension d; step[dims]: size */
  for (int d = 0; d < dims; d++) {
    step[d + 1] = step[d] * n; /* below 2^62: step[d] was below 2^31 */
    if (step[d + 1] > INT32_MAX)
      return nl_fail(NL_SHAPE, "%s: %" PRId64 "^%d unknowns, a matrix has up to 2^31 - 1", what, n, dims);
  }
  int64_t size = step[dims], links = n > 0 ? size / n * (n - 1) : 0, p = 0; /* links in one dimension */
  nl_sparse A;
  NL_TRY(nl_sparse_new(size, size, size + 2 * dims * links, &A));
  for (int64_t i = 0; i < size; i++) {
    if (i % 65536 == 0 && nl_interrupted()) {
      nl_sparse_release(&A);
      return nl_fail(NL_INTERRUPTED, "%s: interrupted at row %" PRId64, what, i + 1);
    }
    for (int d = dims - 1; d >= 0; d--) {
      int64_t x = i / step[d] % n;
      if (x > 0) put(&A, &p, i - step[d], neumann && x == n - 1 ? -2 : -1);
    }
    put(&A, &p, i, 2.0 * dims);
    for (int d = 0; d < dims; d++) {
      int64_t x = i / step[d] % n;
      if (x < n - 1) put(&A, &p, i + step[d], neumann && x == 0 ? -2 : -1);
    }
    A.start[i + 1] = p;
  }
  *out = A;
  return NL_OK;
}

nl_status nl_gallery_poisson1d(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  (void)parameter, (void)seed;
  return grid("poisson1d", 1, n, false, out);
}

nl_status nl_gallery_poisson2d(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  (void)parameter, (void)seed;
  return grid("poisson2d", 2, n, false, out);
}

nl_status nl_gallery_poisson3d(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  (void)parameter, (void)seed;
  return grid("poisson3d", 3, n, false, out);
}

nl_status nl_gallery_neumann(int64_t n, const double *parameter, uint64_t seed, nl_sparse *out) {
  (void)parameter, (void)seed;
  return grid("neumann", 2, n, true, out);
}
