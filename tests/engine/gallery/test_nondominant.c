/* nondominant: each kind keeps the guarantee that nondominant.c gives, for every size and density. */
#include "gallery/systems.h"
#include <numlab/interrupt.h>

static const int64_t sizes[] = {2, 3, 4, 5, 6, 11, 60};
static const double densities[] = {0, 0.02, 0.2, 0.45, 1};
enum { SIZES = sizeof sizes / sizeof *sizes, DENSITIES = sizeof densities / sizeof *densities };

/* a_ii against the sum of the others */
static void row_sums(int64_t n, const double *A, int64_t i, double *diagonal, double *others) {
  *diagonal = fabs(A[i * n + i]);
  *others = 0;
  for (int64_t j = 0; j < n; j++)
    if (j != i) *others += fabs(A[i * n + j]);
}

/* Symmetric positive definite, hence Gauss-Seidel converges; 2 diag(A) - A is not, hence Jacobi diverges. */
static void converging(void **state) {
  (void)state;
  for (int s = 1; s < SIZES; s++)
    for (int d = 0; d < DENSITIES; d++) {
      int64_t n = sizes[s];
      nl_sparse S;
      assert_ok(nl_gallery_nondominant(n, densities[d], NL_CONVERGING, 5, &S));
      double *A = image_of(&S), *mirror = image_of(&S);
      assert_true(asymmetry(n, A) == 0);
      for (int64_t i = 0; i < n; i++) {
        double diagonal, others;
        row_sums(n, A, i, &diagonal, &others);
        assert_at_most(fabs(others / diagonal - 2 / 1.1), 1e-12);
      }
      for (int64_t p = 0; p < n * n; p++) mirror[p] = p % n == p / n ? mirror[p] : -mirror[p];
      assert_false(positive_definite(n, mirror));
      assert_true(positive_definite(n, A));
      nl_sparse_release(&S);
      free(A);
      free(mirror);
    }
}

/* Gauss-Seidel steps of the homogeneous system: x_2 becomes -3/2 x_2 whatever the other unknowns are. Blocks
 * and bounds as promised. */
static void diverging(void **state) {
  (void)state;
  for (int s = 0; s < SIZES; s++)
    for (int d = 0; d < DENSITIES - 1; d++) {
      int64_t n = sizes[s];
      nl_sparse S;
      if (densities[d] > 0.4 && n > 3 && n < 6) continue; /* more than the lower triangle holds */
      assert_ok(nl_gallery_nondominant(n, densities[d], NL_DIVERGING, 5, &S));
      double *A = image_of(&S);
      for (int64_t i = 0; i < n; i++) {
        double below = 0, root = fabs(A[i * n + (i % 2 ? i - 1 : i + 1 < n ? i + 1 : i)]);
        if (i < 2) assert_true(root == sqrt(1.5));
        else assert_true(root >= 1 && root < sqrt(1.1));
        for (int64_t j = 0; j < n; j++) {
          double a = A[i * n + j];
          if (j == i) assert_true(a == 1);
          else if (j / 2 == i / 2) assert_true(a == (i < j ? root : -root) && a == -A[j * n + i]);
          else if (j > i) assert_true(a == 0);
          else below += fabs(a);
        }
        assert_true(below == 0 || fabs(below - 0.25) < 1e-15);
      }
      double x[60] = {0};
      x[1] = 1;
      for (int sweep = 0; sweep < 3; sweep++) {
        for (int64_t i = 0; i < n; i++) {
          double sum = 0;
          for (int64_t j = 0; j < n; j++) sum += j == i ? 0 : A[i * n + j] * x[j];
          x[i] = -sum;
        }
        assert_at_most(fabs(x[1] - pow(-1.5, sweep + 1)), 1e-14);
      }
      nl_sparse_release(&S);
      free(A);
    }
}

/* Moving the rows down again gives a strictly dominant matrix, so the determinant is not 0. */
static void zero_diagonal(void **state) {
  (void)state;
  for (int s = 0; s < SIZES; s++)
    for (int d = 0; d < DENSITIES; d++) {
      int64_t n = sizes[s], wanted = (int64_t)round(densities[d] * (double)(n * (n - 1)));
      nl_sparse S;
      assert_ok(nl_gallery_nondominant(n, densities[d], NL_ALL_ZERO_DIAGONAL, 5, &S));
      double *A = image_of(&S);
      assert_true(S.nnz == (wanted > n ? wanted : n));
      for (int64_t i = 0; i < n; i++) {
        int64_t large = (i + 1) % n;
        double sum = 0;
        assert_true(A[i * n + i] == 0);
        for (int64_t j = 0; j < n; j++) sum += j == large ? 0 : fabs(A[i * n + j]);
        assert_true(A[i * n + large] > sum);
      }
      nl_sparse_release(&S);
      free(A);
    }
}

static void follows_the_seed(void **state) {
  (void)state;
  for (int kind = 0; kind < 3; kind++) {
    nl_sparse A, B, C;
    assert_ok(nl_gallery_nondominant(40, 0.2, (nl_nondominant)kind, 1, &A));
    assert_ok(nl_gallery_nondominant(40, 0.2, (nl_nondominant)kind, 1, &B));
    assert_ok(nl_gallery_nondominant(40, 0.2, (nl_nondominant)kind, 2, &C));
    assert_true(A.nnz == B.nnz);
    assert_memory_equal(A.index, B.index, (size_t)A.nnz * sizeof *A.index);
    assert_memory_equal(A.values, B.values, (size_t)A.nnz * sizeof *A.values);
    assert_true(A.nnz != C.nnz || memcmp(A.values, C.values, (size_t)A.nnz * sizeof *A.values) != 0);
    nl_sparse_release(&A);
    nl_sparse_release(&B);
    nl_sparse_release(&C);
  }
}

static void refuses(void **state) {
  (void)state;
  nl_sparse A;
  assert_int_equal(nl_gallery_nondominant(2, 0.1, NL_CONVERGING, 0, &A), NL_ARG);
  assert_message("n is 2, this kind needs at least 3");
  assert_int_equal(nl_gallery_nondominant(1, 0.1, NL_DIVERGING, 0, &A), NL_ARG);
  assert_int_equal(nl_gallery_nondominant(1, 0.1, NL_ALL_ZERO_DIAGONAL, 0, &A), NL_ARG);
  assert_int_equal(nl_gallery_nondominant(10, NAN, NL_CONVERGING, 0, &A), NL_ARG);
  int64_t before = nl_memory().live;
  assert_int_equal(nl_gallery_nondominant(10, 0.9, NL_DIVERGING, 0, &A), NL_ARG);
  assert_message("at most 0.555556 for n = 10");
  assert_ok(nl_gallery_nondominant(10, 5 / 9.0, NL_DIVERGING, 0, &A));
  nl_sparse_release(&A);
  nl_interrupt();
  for (int kind = 0; kind < 3; kind++)
    assert_int_equal(nl_gallery_nondominant(10, 0.2, (nl_nondominant)kind, 0, &A), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_true(nl_memory().live == before);
}

static nl_status make(const void *kind) {
  nl_sparse A;
  nl_status status = nl_gallery_nondominant(9, 0.3, *(const nl_nondominant *)kind, 0, &A);
  if (status == NL_OK) nl_sparse_release(&A);
  return status;
}

static void survives_failing_allocations(void **state) {
  (void)state;
  for (int c = 0; c < 3; c++) {
    nl_nondominant kind = (nl_nondominant)c;
    sweep_allocations(make, &kind);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(converging),    cmocka_unit_test(diverging),
      cmocka_unit_test(zero_diagonal), cmocka_unit_test(follows_the_seed),
      cmocka_unit_test(refuses),       cmocka_unit_test(survives_failing_allocations),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
