/* The forward error bound of strictly dominant systems: never below the true error, never far above it.
 *
 * For a_ii = ratio sum_j |a_ij|: |r_i| <= (|a_ii| + sum_j |a_ij|) ||e||_inf and alpha_i = |a_ii| - sum_j
 * |a_ij|, so max |r_i| / alpha_i <= (ratio + 1) / (ratio - 1) ||e||_inf. That and rounding is all the bound
 * may add. */
#include "iterate.h"

static double bound_of(const nl_tensor *A, const nl_tensor *x, const nl_tensor *b) {
  nl_sparse S = {0};
  int64_t k = x->shape[1];
  double dense = nl_error_bound(&(nl_matrix){A, NULL}, data(x), data(b), k);
  assert_int_equal(nl_sparse_from_dense(A, &S), NL_OK);
  double sparse = nl_error_bound(&(nl_matrix){NULL, &S}, data(x), data(b), k);
  nl_sparse_release(&S);
  assert_true((isnan(dense) && isnan(sparse)) || sparse == dense ||
              fabs(sparse - dense) <= 1e-12 + 1e-6 * dense);
  return dense;
}

/* Small integers, so that b = A x* is exact: the true error is known. The diagonal is at least ratio times
 * the others. */
static nl_tensor integers(int64_t n, double ratio, uint64_t stream) {
  nl_tensor A = matrix(n, n, NULL);
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) {
      if (i == j) continue;
      data(&A)[i * n + j] = floor(10 * uniform(stream, i * n + j));
      sum += fabs(data(&A)[i * n + j]);
    }
    data(&A)[i * n + i] = (i % 2 ? -1 : 1) * (sum > 0 ? ceil(ratio * sum) : 1);
  }
  return A;
}

static nl_tensor times(const nl_tensor *A, const nl_tensor *x) {
  int64_t n = x->shape[0], k = x->shape[1];
  nl_tensor b = matrix(n, k, NULL);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++)
      for (int64_t c = 0; c < k; c++) data(&b)[i * k + c] += data(A)[i * n + j] * data(x)[j * k + c];
  return b;
}

/* max over columns of ||x - x*||_inf / ||x||_inf */
static double true_error(const nl_tensor *x, const nl_tensor *exact) {
  int64_t n = x->shape[0], k = x->shape[1];
  double worst = 0;
  for (int64_t c = 0; c < k; c++) {
    double error = 0, size = 0;
    for (int64_t i = 0; i < n; i++) {
      error = fmax(error, fabs(data(x)[i * k + c] - data(exact)[i * k + c]));
      size = fmax(size, fabs(data(x)[i * k + c]));
    }
    worst = fmax(worst, error / size);
  }
  return worst;
}

/* From errors of 1e-3 down to solutions that are exact but for rounding */
static void bounds_the_true_error(void **state) {
  (void)state;
  const double ratios[] = {1.01, 1.5, 10};
  for (int s = 0; s < 3; s++)
    for (int64_t n = 1; n <= 81; n += 16)
      for (double level = 1e-3; level > 1e-20; level *= 1e-4) {
        nl_tensor A = integers(n, ratios[s], (uint64_t)n), exact = matrix(n, 3, NULL);
        for (int64_t i = 0; i < 3 * n; i++) data(&exact)[i] = floor(100 * uniform(99, i)) + 0.5;
        nl_tensor b = times(&A, &exact), x = matrix(n, 3, NULL);
        for (int64_t i = 0; i < 3 * n; i++) data(&x)[i] = data(&exact)[i] * (1 + level * uniform(98, i));
        double error = true_error(&x, &exact), bound = bound_of(&A, &x, &b);
        double factor = (ratios[s] + 1) / (ratios[s] - 1), rounding = (double)(n + 4) * DBL_EPSILON;
        if (!(error <= bound)) fail_msg("error %g, bound %g", error, bound);
        if (!(bound <= factor * (1.01 * error + 2 * rounding)))
          fail_msg("error %g, bound %g, factor %g", error, bound, factor);
        nl_tensor_release(&A);
        nl_tensor_release(&exact);
        nl_tensor_release(&b);
        nl_tensor_release(&x);
      }
}

/* What nl_solve reports in info.error_bound holds for direct and iterative methods. */
static void every_solution_carries_its_bound(void **state) {
  (void)state;
  static const char *const methods[] = {"gauss", "jacobi", "gauss_seidel", "bicgstab", "gmres"};
  enum { N = 60 };
  nl_tensor A = integers(N, 1.1, 7), exact = matrix(N, 1, NULL);
  for (int i = 0; i < N; i++) data(&exact)[i] = floor(100 * uniform(97, i)) + 0.5;
  nl_tensor b = times(&A, &exact);
  for (int m = 0; m < 5; m++) {
    nl_solve_options o = method_options(methods[m]);
    outcome out = solve(&A, &b, &o), twin = solve_sparse(&A, &b, &o);
    assert_int_equal(out.status, NL_OK);
    out.x.ndim = 2; /* (n, 1) */
    double error = true_error(&out.x, &exact);
    if (!(error <= out.info.error_bound && error <= twin.info.error_bound * (1 + 1e-6)))
      fail_msg("%s: error %g, bound %g", methods[m], error, out.info.error_bound);
    assert_true(out.info.error_bound < (m == 0 ? 1e-12 : 1e-7));
    outcome_release(&out);
    outcome_release(&twin);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&exact);
  nl_tensor_release(&b);
}

static void nothing_is_claimed_without_proof(void **state) {
  (void)state;
  nl_tensor weak = tridiagonal(5, -1, 2, -1), strong = tridiagonal(5, -1, 3, -1), wide = matrix(2, 3, NULL);
  nl_tensor x = matrix(5, 1, (const double[]){1, 1, 1, 1, 1}), b = times(&strong, &x),
            zero = matrix(5, 1, NULL);
  assert_true(isnan(bound_of(&weak, &x, &b)));
  assert_true(bound_of(&strong, &x, &b) < 1e-14);
  assert_true(isnan(nl_error_bound(&(nl_matrix){&wide, NULL}, data(&x), data(&b), 1)));
  assert_true(isnan(nl_inverse_bound(&(nl_matrix){&wide, NULL})));
  assert_true(isnan(nl_inverse_bound(&(nl_matrix){&weak, NULL})));
  assert_true(isinf(bound_of(&strong, &zero, &b)));
  assert_near(bound_of(&strong, &zero, &zero), 0, 0);
  data(&x)[2] = NAN;
  assert_true(isnan(bound_of(&strong, &x, &b)));
  data(&x)[2] = INFINITY;
  assert_true(isnan(bound_of(&strong, &x, &b)));
  nl_tensor_release(&weak);
  nl_tensor_release(&strong);
  nl_tensor_release(&wide);
  nl_tensor_release(&x);
  nl_tensor_release(&b);
  nl_tensor_release(&zero);
}

/* ||A^-1||_inf by elimination is at most the bound; equal for an M-matrix whose row sums are all alpha, since
 * then A^-1 (1, .., 1) = (1, .., 1) / alpha and A^-1 >= 0. */
static void bounds_the_inverse(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 31; n += 10)
    for (int special = 0; special < 2; special++) {
      nl_tensor A = special ? matrix(n, n, NULL) : dominant(n, 1.2, (uint64_t)n);
      for (int64_t i = 0; special && i < n * n; i++)
        data(&A)[i] = i % (n + 1) == 0 ? 0.25 * (double)(n - 1) + 0.125 : -0.25;
      long double *M = calloc((size_t)(n * n), sizeof *M), *I = calloc((size_t)(n * n), sizeof *I), norm = 0;
      for (int64_t i = 0; i < n * n; i++) {
        M[i] = data(&A)[i];
        I[i] = i % (n + 1) == 0;
      }
      eliminate(n, n, M, I);
      for (int64_t i = 0; i < n; i++) {
        long double sum = 0;
        for (int64_t j = 0; j < n; j++) sum += fabsl(I[i * n + j]);
        if (sum > norm) norm = sum;
      }
      double bound = nl_inverse_bound(&(nl_matrix){&A, NULL});
      assert_true(norm <= (long double)bound * (1 + 1e-15L));
      if (special) assert_near(bound, 8, 1e-11);
      free(M);
      free(I);
      nl_tensor_release(&A);
    }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_the_true_error),
      cmocka_unit_test(every_solution_carries_its_bound),
      cmocka_unit_test(nothing_is_claimed_without_proof),
      cmocka_unit_test(bounds_the_inverse),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
