/* Dense families: small ones entry by entry as printed in the literature, larger ones by what defines them:
 * inverses, factors, determinants, eigenpairs, derivatives. */
#include "gallery/systems.h"
#include <float.h>

static void entries_are(const char *name, int64_t n, const double *parameter, const double *known) {
  int64_t order;
  double *A = family_image(name, n, parameter, 0, &order);
  assert_true(order == n);
  for (int64_t p = 0; p < n * n; p++)
    if (!(fabs(A[p] - known[p]) <= 4 * DBL_EPSILON * fabs(known[p])))
      fail_msg("%s: entry %d is %.17g, expected %.17g", name, (int)p, A[p], known[p]);
  free(A);
}

static void small_ones(void **state) {
  (void)state;
  entries_are("hilbert", 3, NULL,
              (double[]){1, 1 / 2., 1 / 3., 1 / 2., 1 / 3., 1 / 4., 1 / 3., 1 / 4., 1 / 5.});
  entries_are("lotkin", 3, NULL, (double[]){1, 1, 1, 1 / 2., 1 / 3., 1 / 4., 1 / 3., 1 / 4., 1 / 5.});
  entries_are("invhilb", 3, NULL, (double[]){9, -36, 30, -36, 192, -180, 30, -180, 180});
  entries_are("frank", 4, NULL, (double[]){4, 3, 2, 1, 3, 3, 2, 1, 0, 2, 2, 1, 0, 0, 1, 1});
  entries_are("gfpp", 4, NULL, (double[]){1, 0, 0, 1, -1, 1, 0, 1, -1, -1, 1, 1, -1, -1, -1, 1});
  entries_are("minij", 3, NULL, (double[]){1, 1, 1, 1, 2, 2, 1, 2, 3});
  entries_are("lehmer", 3, NULL, (double[]){1, 1 / 2., 1 / 3., 1 / 2., 1, 2 / 3., 1 / 3., 2 / 3., 1});
  entries_are("parter", 3, NULL, (double[]){2, -2, -2 / 3., 2 / 3., 2, -2, 2 / 5., 2 / 3., 2});
  entries_are("pei", 3, (double[]){0.5}, (double[]){1.5, 1, 1, 1, 1.5, 1, 1, 1, 1.5});
  entries_are("moler", 3, (double[]){2}, (double[]){1, 2, 2, 2, 5, 6, 2, 6, 9});
  entries_are("chebspec", 3, (double[]){0}, (double[]){1.5, -2, 0.5, 0.5, 0, -0.5, -0.5, 2, -1.5});
  entries_are("condex", 4, (double[]){3, 1}, (double[]){1, -1, -6, 0, 0, 1, 3, -3, 0, 1, 4, -4, 0, 0, 0, 3});
  entries_are("condex", 4, (double[]){2, 2},
              (double[]){1, 0.5, -2, 0, 0, 0.5, -0.5, 0, 0, 0, 1, 0, 0, 0, 0, 1});
  entries_are("condex", 4, (double[]){9, 3},
              (double[]){1, 0, 0, 0, -1, 1, 0, 0, -1, -1, 1, 0, -1, -1, -1, -1});
}

/* C = A B in long double */
static double product_less(int64_t n, const double *A, const double *B, const double *C, bool transposed) {
  double worst = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      long double sum = 0;
      for (int64_t k = 0; k < n; k++)
        sum += (long double)A[transposed ? k * n + i : i * n + k] * B[k * n + j];
      worst = fmax(worst, fabs((double)(sum - (C ? C[i * n + j] : i == j))));
    }
  return worst;
}

/* Entries of the inverse are exact whole numbers; those of hilbert carry half an ulp each. */
static void invhilb_inverts_hilbert(void **state) {
  (void)state;
  for (int64_t n = 0; n <= 11; n++) {
    int64_t order;
    double *H = family_image("hilbert", n, NULL, 0, &order), largest = 0;
    double *V = family_image("invhilb", n, NULL, 0, &order);
    for (int64_t p = 0; p < n * n; p++) {
      assert_true(V[p] == round(V[p]) && fabs(V[p]) < 9007199254740992.0);
      largest = fmax(largest, fabs(V[p]));
    }
    assert_at_most(product_less(n, H, V, NULL, false), (double)n * largest * DBL_EPSILON);
    free(H);
    free(V);
  }
}

/* moler is U^T U; minij the same with ones in the upper triangle */
static void factors(void **state) {
  (void)state;
  enum { N = 9 };
  double U[N * N], ones[N * N];
  const double alpha = -0.75;
  int64_t order;
  for (int p = 0; p < N * N; p++) {
    U[p] = p % N == p / N ? 1 : p % N > p / N ? alpha : 0;
    ones[p] = p % N >= p / N;
  }
  double *M = family_image("moler", N, &alpha, 0, &order), *J = family_image("minij", N, NULL, 0, &order);
  assert_at_most(product_less(N, U, U, M, true), 1e-15);
  assert_at_most(product_less(N, ones, ones, J, true), 0);
  free(M);
  free(J);
}

static void positive_definite_ones(void **state) {
  (void)state;
  const char *const names[] = {"hilbert", "lehmer", "minij", "moler", "pei", "wathen"};
  for (int c = 0; c < 6; c++) {
    int64_t order;
    double *A = family_image(names[c], 7, NULL, 0, &order);
    assert_true(asymmetry(order, A) == 0 && positive_definite(order, A));
    free(A);
  }
}

/* Row i less row i + 1, for all i, leaves a lower triangle: its diagonal's product is the determinant, 1. */
static void frank_has_determinant_one(void **state) {
  (void)state;
  int64_t order;
  double *A = family_image("frank", 8, NULL, 0, &order), determinant = 1;
  for (int64_t i = 0; i + 1 < 8; i++)
    for (int64_t j = 0; j < 8; j++) A[i * 8 + j] -= A[(i + 1) * 8 + j];
  for (int64_t i = 0; i < 8; i++) {
    for (int64_t j = i + 1; j < 8; j++) assert_true(A[i * 8 + j] == 0);
    determinant *= A[i * 8 + i];
  }
  assert_true(determinant == 1);
  free(A);
}

static void kahan(void **state) {
  (void)state;
  const double parameter[2] = {0.7, 1000};
  int64_t order;
  double *A = family_image("kahan", 6, parameter, 0, &order), scale = 1;
  for (int64_t i = 0; i < 6; i++, scale *= sin(0.7))
    for (int64_t j = 0; j < 6; j++) {
      double expected = j < i ? 0 : j > i ? -cos(0.7) * scale : scale + 1000 * DBL_EPSILON * (double)(6 - i);
      assert_at_most(fabs(A[i * 6 + j] - expected), 1e-15);
    }
  free(A);
}

/* Derivatives of 1, x, .., x^m are exact at the points. With k = 1 the value at x = 1 is 0: (x - 1) x^d. */
static void chebspec_differentiates(void **state) {
  (void)state;
  for (int k = 0; k <= 1; k++)
    for (int64_t n = 2; n < 12; n++) {
      double parameter = k, x[12];
      int64_t order, m = n - 1 + k;
      double *A = family_image("chebspec", n, &parameter, 0, &order);
      for (int64_t i = 0; i < n; i++) x[i] = cos((double)(i + k) * 3.14159265358979323846 / (double)m);
      for (int degree = 0; degree <= m - k; degree++)
        for (int64_t i = 0; i < n; i++) {
          double slope = degree > 0 ? degree * pow(x[i], degree - 1) : 0, d = degree;
          if (k == 1) slope = pow(x[i], d) + (x[i] - 1) * slope;
          for (int64_t j = 0; j < n; j++) slope -= A[i * n + j] * pow(x[j], d) * (k == 1 ? x[j] - 1 : 1);
          assert_at_most(fabs(slope), 1e-12);
        }
      free(A);
    }
}

/* I + theta P: A v = v for the three vectors left alone, symmetric, trace n + theta (n - 3), A^2 from P^2 =
 * P. */
static void condex_projects(void **state) {
  (void)state;
  for (int64_t n = 4; n < 10; n++) {
    int64_t order;
    double *A = family_image("condex", n, NULL, 0, &order), v[3][9], trace = 0, square[81];
    for (int64_t i = 0; i < n; i++) {
      v[0][i] = 1;
      v[1][i] = i == 0;
      v[2][i] = (i % 2 ? -1 : 1) * (1 + (double)i / (double)(n - 1));
      trace += A[i * n + i];
    }
    for (int c = 0; c < 3; c++) assert_at_most(eigen_residual(n, A, v[c], 1), 1e-12);
    assert_at_most(asymmetry(n, A), 1e-13);
    assert_at_most(fabs(trace - (double)n - 100 * (double)(n - 3)), 1e-11);
    for (int64_t p = 0; p < n * n; p++) square[p] = 102 * A[p] - (p % n == p / n ? 101 : 0);
    assert_at_most(product_less(n, A, A, square, false), 1e-9); /* (A - I)(A - 101 I) = 0 */
    free(A);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(small_ones),
      cmocka_unit_test(invhilb_inverts_hilbert),
      cmocka_unit_test(factors),
      cmocka_unit_test(positive_definite_ones),
      cmocka_unit_test(frank_has_determinant_one),
      cmocka_unit_test(kahan),
      cmocka_unit_test(chebspec_differentiates),
      cmocka_unit_test(condex_projects),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
