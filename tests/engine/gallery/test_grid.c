/* Grids and tridiagonal matrices: every known eigenpair, boundaries, the singular Neumann matrix, dorr. */
#include "gallery/systems.h"

static const double pi = 3.14159265358979323846;

/* v(x, y, ..) = product of sin(k_d (x_d + 1) pi / (n + 1)), eigenvalue sum of 2 - 2 cos(k_d pi / (n + 1)) */
static void poisson_eigenpairs(const char *name, int dims, int64_t n) {
  int64_t order, size = 1;
  double *A = family_image(name, n, NULL, 0, &order), *v = calloc((size_t)order + 1, sizeof *v);
  for (int d = 0; d < dims; d++) size *= n;
  assert_true(order == size && asymmetry(order, A) == 0);
  for (int64_t pair = 0; pair < size; pair++) {
    double value = 0;
    for (int64_t i = 0; i < order; i++) {
      int64_t k = pair, x = i;
      v[i] = 1;
      value = 0;
      for (int d = 0; d < dims; d++, k /= n, x /= n) {
        double angle = (double)(k % n + 1) * pi / (double)(n + 1);
        v[i] *= sin(angle * (double)(x % n + 1));
        value += 2 - 2 * cos(angle);
      }
    }
    assert_at_most(eigen_residual(order, A, v, value), 1e-13);
  }
  free(A);
  free(v);
}

static void poisson(void **state) {
  (void)state;
  for (int64_t n = 0; n < 7; n++) {
    poisson_eigenpairs("poisson1d", 1, n);
    poisson_eigenpairs("poisson2d", 2, n);
    if (n < 5) poisson_eigenpairs("poisson3d", 3, n);
  }
}

/* cos(k x pi / (n - 1)) has mirrored values beyond both ends: eigenvalue 2 - 2 cos(k pi / (n - 1)) a side. */
static void neumann(void **state) {
  (void)state;
  for (int64_t n = 2; n < 7; n++) {
    int64_t order;
    double *A = family_image("neumann", n, NULL, 0, &order), v[36];
    assert_true(order == n * n);
    for (int64_t pair = 0; pair < order; pair++) {
      double h = pi / (double)(n - 1), k = (double)(pair % n), l = (double)(pair / n);
      for (int64_t i = 0; i < order; i++) v[i] = cos(k * h * (double)(i % n)) * cos(l * h * (double)(i / n));
      assert_at_most(eigen_residual(order, A, v, 4 - 2 * cos(k * h) - 2 * cos(l * h)), 1e-13);
    }
    free(A);
  }
}

/* v_i = (lower/upper)^(i/2) sin(i k pi / (n + 1)) */
static void tridiagonal(void **state) {
  (void)state;
  const double bands[3] = {0.5, 3, 2};
  for (int64_t n = 0; n < 9; n++) {
    int64_t order;
    double *A = family_image("tridiagonal", n, bands, 0, &order), v[9];
    assert_true(order == n);
    for (int64_t k = 1; k <= n; k++) {
      double angle = (double)k * pi / (double)(n + 1);
      for (int64_t i = 0; i < n; i++) v[i] = pow(0.5, (double)(i + 1)) * sin((double)(i + 1) * angle);
      assert_at_most(eigen_residual(n, A, v, 3 + 2 * cos(angle)), 1e-14);
    }
    free(A);
  }
}

/* By rows: the ends strictly dominant, within an exact balance; signs of an M-matrix; symmetric about the
 * middle. n = 3, theta = 1/16: h = 1/4, theta/h^2 = 1, drifts 1, 0, -1. */
static void dorr(void **state) {
  (void)state;
  const double known[9] = {3, -2, 0, -1, 2, -1, 0, -2, 3}, theta = 1.0 / 16;
  int64_t order;
  double *A = family_image("dorr", 3, &theta, 0, &order);
  assert_memory_equal(A, known, sizeof known);
  free(A);
  for (int64_t n = 1; n < 9; n++) {
    A = family_image("dorr", n, NULL, 0, &order);
    for (int64_t i = 0; i < n; i++) {
      double off = 0;
      for (int64_t j = 0; j < n; j++) {
        if (j != i) assert_true(A[i * n + j] <= 0);
        if (j != i) off -= A[i * n + j];
      }
      if (i == 0 || i == n - 1) assert_true(A[i * n + i] > off);
      else assert_at_most(fabs(A[i * n + i] - off), 1e-14 * off);
    }
    free(A);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(poisson),
      cmocka_unit_test(neumann),
      cmocka_unit_test(tridiagonal),
      cmocka_unit_test(dorr),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
