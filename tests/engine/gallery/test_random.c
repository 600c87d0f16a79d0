/* Random families: randsvd has its singular values, graded its grading, wathen the eigenvalue bounds. */
#include "gallery/systems.h"

/* Eigenvalues of a symmetric matrix, ascending, by Jacobi rotations. */
static void eigenvalues(int64_t n, double *A, double *values) {
  for (int sweep = 0; sweep < 30; sweep++)
    for (int64_t p = 0; p < n; p++)
      for (int64_t q = p + 1; q < n; q++) {
        if (A[p * n + q] == 0) continue;
        double z = (A[q * n + q] - A[p * n + p]) / (2 * A[p * n + q]);
        double t = copysign(1, z) / (fabs(z) + hypot(z, 1)), c = 1 / hypot(t, 1), s = t * c;
        for (int64_t k = 0; k < n; k++) {
          double a = A[k * n + p], b = A[k * n + q];
          A[k * n + p] = c * a - s * b;
          A[k * n + q] = s * a + c * b;
        }
        for (int64_t k = 0; k < n; k++) {
          double a = A[p * n + k], b = A[q * n + k];
          A[p * n + k] = c * a - s * b;
          A[q * n + k] = s * a + c * b;
        }
      }
  for (int64_t i = 0; i < n; i++) {
    int64_t at = i;
    for (; at > 0 && values[at - 1] > A[i * n + i]; at--) values[at] = values[at - 1];
    values[at] = A[i * n + i];
  }
}

/* The eigenvalues of A^T A are the squares of the singular values asked for. */
static void singular_values(int64_t n, double cond, int mode) {
  int64_t order;
  double *A = family_image("randsvd", n, (double[]){cond, mode}, 5, &order);
  double *square = calloc((size_t)(n * n), sizeof *square), values[40], last = n > 1 ? (double)(n - 1) : 1;
  for (int64_t p = 0; p < n * n; p++)
    for (int64_t k = 0; k < n; k++) square[p] += A[k * n + p / n] * A[k * n + p % n];
  eigenvalues(n, square, values);
  for (int64_t i = 0; i < n; i++) {
    double s = sqrt(values[n - 1 - i]), share = (double)i / last;
    double expected = mode == 1   ? (i == 0 ? 1 : 1 / cond)
                      : mode == 2 ? (i == n - 1 && n > 1 ? 1 / cond : 1)
                      : mode == 4 ? 1 - (1 - 1 / cond) * share
                                  : pow(cond, -share);
    if (mode == 5 && i > 0 && i < n - 1) assert_true(s < 1 && s > 1 / cond);
    else assert_at_most(fabs(s - expected), 1e-10 * expected);
  }
  free(A);
  free(square);
}

static void randsvd(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 3, 7, 33, 40}; /* beyond one block of 32 reflections */
  for (int c = 0; c < 6; c++)
    for (int mode = 1; mode <= 5; mode++) singular_values(sizes[c], 50, mode);
}

/* Haar: over many seeds each entry of an orthogonal matrix (cond 1) has mean 0 and mean square 1/n. */
static void randsvd_is_not_biased(void **state) {
  (void)state;
  enum { N = 3, DRAWS = 2000 };
  double mean[N * N] = {0}, square[N * N] = {0};
  for (uint64_t seed = 0; seed < DRAWS; seed++) {
    int64_t order;
    double *A = family_image("randsvd", N, (double[]){1, 3}, seed, &order);
    for (int p = 0; p < N * N; p++) {
      mean[p] += A[p] / DRAWS;
      square[p] += A[p] * A[p] / DRAWS;
    }
    free(A);
  }
  for (int p = 0; p < N * N; p++) { /* five standard deviations: sqrt(1/3) and sqrt(4/45), over sqrt(2000) */
    assert_at_most(fabs(mean[p]), 5 * sqrt(1.0 / N / DRAWS));
    assert_at_most(fabs(square[p] - 1.0 / N), 5 * sqrt(4.0 / 45 / DRAWS));
  }
}

static void graded(void **state) {
  (void)state;
  enum { N = 12 };
  int64_t order;
  const double range = 1e10;
  double *A = family_image("graded", N, &range, 3, &order);
  for (int64_t i = 0; i < N; i++) {
    double sum = 0;
    for (int64_t j = 0; j < N; j++) {
      double r = A[i * N + j] * pow(range, (double)(i + j) / (2.0 * (N - 1)));
      if (j == i) continue;
      assert_true(fabs(r) < 1 + 1e-12 && r != 0);
      sum += fabs(r);
    }
    double scaled = A[i * N + i] * pow(range, (double)i / (N - 1));
    assert_at_most(fabs(scaled - 1.1 * sum), 1e-12 * sum);
  }
  free(A);
}

/* diag(A)^-1/2 A diag(A)^-1/2 has its eigenvalues in [1/4, 9/2]. */
static void wathen(void **state) {
  (void)state;
  const int64_t grids[][2] = {{1, 1}, {2, 3}, {4, 0}};
  for (int c = 0; c < 3; c++) {
    double ny = (double)grids[c][1];
    int64_t order, nx = grids[c][0], rows = grids[c][1] ? grids[c][1] : nx;
    double *A = family_image("wathen", nx, &ny, 2, &order), d[100], values[100];
    assert_true(order == 3 * nx * rows + 2 * nx + 2 * rows + 1 && order <= 100);
    assert_true(asymmetry(order, A) == 0);
    for (int64_t i = 0; i < order; i++) d[i] = sqrt(A[i * order + i]);
    for (int64_t p = 0; p < order * order; p++) A[p] /= d[p / order] * d[p % order];
    eigenvalues(order, A, values);
    assert_true(values[0] > 0.25 - 1e-12 && values[order - 1] < 4.5 + 1e-12);
    free(A);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(randsvd),
      cmocka_unit_test(randsvd_is_not_biased),
      cmocka_unit_test(graded),
      cmocka_unit_test(wathen),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
