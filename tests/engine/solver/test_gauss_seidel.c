/* Sweeps against hand-made iterates, against (D + L)^-1 (b - U x) by elimination, and against each other. */
#include "iterate.h"

static const nl_sweep directions[] = {NL_SWEEP_FORWARD, NL_SWEEP_BACKWARD, NL_SWEEP_SYMMETRIC};

/* [4 1; 2 5] x = (6, 9) from zero. Forward: x_1 = 6/4, x_2 = (9 - 2 x_1) / 5; backward: x_2 = 9/5,
 * x_1 = (6 - x_2) / 4; symmetric: forward, then x_1 = (6 - x_2) / 4 again. */
static void one_sweep_by_hand(void **state) {
  (void)state;
  const double expected[3][2] = {{1.5, 1.2}, {1.05, 1.8}, {1.2, 1.2}};
  nl_tensor A = matrix(2, 2, (const double[]){4, 1, 2, 5}), b = matrix(2, 1, (const double[]){6, 9});
  for (int d = 0; d < 3; d++) {
    nl_solve_options o = method_options("gauss_seidel");
    o.sweep = directions[d];
    o.max_iter = 1;
    outcome out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_NOT_CONVERGED);
    for (int i = 0; i < 2; i++) assert_near(data(&out.x)[i], expected[d][i], 1e-15);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* X <- T^-1 (B - (A - T) X), T the lower (upper) triangle of A with its diagonal */
static void half_sweep(const nl_tensor *A, bool upper, const nl_tensor *B, int64_t k, long double *X) {
  int64_t n = A->shape[0];
  long double *T = calloc((size_t)(n * n), sizeof *T), *R = calloc((size_t)(n * k), sizeof *R);
  for (int64_t i = 0; i < n; i++)
    for (int64_t c = 0; c < k; c++) R[i * k + c] = data(B)[i * k + c];
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      double a = data(A)[i * n + j];
      if (upper ? j >= i : j <= i) T[i * n + j] = a;
      else
        for (int64_t c = 0; c < k; c++) R[i * k + c] -= a * X[j * k + c];
    }
  eliminate(n, k, T, R);
  memcpy(X, R, (size_t)(n * k) * sizeof *X);
  free(T);
  free(R);
}

/* Three sweeps, dense and sparse, all directions, odd sizes, up to more right-hand sides than are taken
 * together: twins and single columns give the same bits, the oracle nearly. */
static void sweeps_are_the_formula(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 7, 33}, columns[] = {1, 3, 8, 11};
  for (int s = 0; s < 16; s++)
    for (int d = 0; d < 3; d++) {
      int64_t n = sizes[s / 4], k = columns[s % 4];
      nl_tensor A = dominant(n, 1.2, (uint64_t)s), B = noise(n, k, 20), x0 = noise(n, k, 21);
      nl_solve_options o = method_options("gauss_seidel");
      o.sweep = directions[d];
      o.max_iter = 3;
      o.tol = 0;
      o.x0 = &x0;
      outcome dense = solve(&A, &B, &o), sparse = solve_sparse(&A, &B, &o);
      assert_memory_equal(data(&dense.x), data(&sparse.x), (size_t)(n * k) * sizeof(double));
      long double *X = calloc((size_t)(n * k), sizeof *X);
      for (int64_t i = 0; i < n * k; i++) X[i] = data(&x0)[i];
      for (int64_t sweep = 0; sweep < dense.info.iterations; sweep++) {
        if (o.sweep != NL_SWEEP_BACKWARD) half_sweep(&A, false, &B, k, X);
        if (o.sweep != NL_SWEEP_FORWARD) half_sweep(&A, true, &B, k, X);
      }
      for (int64_t i = 0; i < n * k; i++) assert_near(data(&dense.x)[i], (double)X[i], 1e-13);
      free(X);
      for (int64_t c = 0; c < k; c++) { /* column c by itself */
        nl_tensor b = matrix(n, 1, NULL), start = matrix(n, 1, NULL);
        for (int64_t i = 0; i < n; i++) {
          data(&b)[i] = data(&B)[i * k + c];
          data(&start)[i] = data(&x0)[i * k + c];
        }
        o.x0 = &start;
        outcome one = solve(&A, &b, &o);
        if (one.info.iterations == dense.info.iterations)
          for (int64_t i = 0; i < n; i++) assert_near(data(&one.x)[i], data(&dense.x)[i * k + c], 0);
        else assert_true(n <= 2); /* small enough to be exact before another column is */
        outcome_release(&one);
        nl_tensor_release(&b);
        nl_tensor_release(&start);
      }
      outcome_release(&dense);
      outcome_release(&sparse);
      nl_tensor_release(&A);
      nl_tensor_release(&B);
      nl_tensor_release(&x0);
    }
}

/* J = D^-1 (b - (A - D) x), by definition */
static void jacobi_is_the_formula(void **state) {
  (void)state;
  for (int64_t n = 1; n <= 33; n += 16) {
    nl_tensor A = dominant(n, 1.2, 9), b = noise(n, 1, 22), x0 = noise(n, 1, 23);
    nl_solve_options o = method_options("jacobi");
    o.max_iter = 1;
    o.tol = 0;
    o.x0 = &x0;
    outcome out = solve(&A, &b, &o);
    for (int64_t i = 0; i < n; i++) {
      long double sum = data(&b)[i];
      for (int64_t j = 0; j < n; j++)
        if (j != i) sum -= (long double)data(&A)[i * n + j] * data(&x0)[j];
      assert_near(data(&out.x)[i], (double)(sum / data(&A)[i * n + i]), 1e-14);
    }
    outcome_release(&out);
    nl_tensor_release(&A);
    nl_tensor_release(&b);
    nl_tensor_release(&x0);
  }
}

/* Reversing rows and columns turns a forward into a backward sweep. */
static void backward_is_forward_on_the_reversed_system(void **state) {
  (void)state;
  enum { N = 21 };
  nl_tensor A = dominant(N, 1.1, 30), b = noise(N, 1, 31), R = matrix(N, N, NULL), r = matrix(N, 1, NULL);
  for (int i = 0; i < N; i++) {
    data(&r)[i] = data(&b)[N - 1 - i];
    for (int j = 0; j < N; j++) data(&R)[i * N + j] = data(&A)[(N - 1 - i) * N + N - 1 - j];
  }
  nl_solve_options o = method_options("gauss_seidel");
  outcome forward = solve(&R, &r, &o);
  o.sweep = NL_SWEEP_BACKWARD;
  outcome backward = solve(&A, &b, &o);
  assert_int_equal(forward.status, NL_OK);
  assert_int_equal(backward.info.iterations, forward.info.iterations);
  for (int i = 0; i < N; i++) assert_near(data(&backward.x)[i], data(&forward.x)[N - 1 - i], 1e-14);
  outcome_release(&forward);
  outcome_release(&backward);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
  nl_tensor_release(&R);
  nl_tensor_release(&r);
}

static void zero_diagonals_are_named(void **state) {
  (void)state;
  static const char *const methods[] = {"jacobi", "gauss_seidel", "sor", "cg"};
  for (int m = 0; m < 4; m++)
    for (int sparse = 0; sparse < 2; sparse++) {
      nl_tensor A = tridiagonal(6, 1, 4, 1), b = noise(6, 1, 1);
      nl_solve_options o = method_options(methods[m]);
      o.precond = m == 3 ? NL_PRECOND_GAUSS_SEIDEL : NL_PRECOND_NONE;
      data(&A)[4 * 6 + 4] = 0;
      outcome out = sparse ? solve_sparse(&A, &b, &o) : solve(&A, &b, &o);
      assert_int_equal(out.status, NL_ZERO_DIAGONAL);
      assert_int_equal(out.info.where, 5);
      assert_has(out.info.reason, "zero diagonal in row 5: each sweep divides by a_ii");
      assert_null(out.x.storage);
      outcome_release(&out);
      data(&A)[2 * 6 + 2] = 0;
      out = sparse ? solve_sparse(&A, &b, &o) : solve(&A, &b, &o);
      assert_int_equal(out.info.where, 3);
      assert_has(nl_message(), methods[m]);
      assert_has(nl_message(), ": zero diagonal in row 3 (and 1 more)");
      outcome_release(&out);
      nl_tensor_release(&A);
      nl_tensor_release(&b);
    }
}

/* --- SOR ---------------------------------------------------------------------------------------------- */

/* (D / omega + L) x+ = b + ((1 / omega - 1) D - U) x */
static void sor_is_the_formula(void **state) {
  (void)state;
  const double omegas[] = {0.3, 1, 1.5, 1.95};
  for (int w = 0; w < 4; w++)
    for (int64_t n = 1; n <= 31; n += 15) {
      nl_tensor A = dominant(n, 1.3, 40), b = noise(n, 1, 41), x0 = noise(n, 1, 42);
      nl_solve_options o = method_options("sor");
      o.omega = omegas[w];
      o.max_iter = 1;
      o.tol = 0;
      o.x0 = &x0;
      outcome out = solve(&A, &b, &o);
      long double *T = calloc((size_t)(n * n), sizeof *T), *x = calloc((size_t)n, sizeof *x);
      for (int64_t i = 0; i < n; i++) {
        x[i] = data(&b)[i];
        for (int64_t j = 0; j < n; j++) {
          long double a = data(&A)[i * n + j];
          if (j < i) T[i * n + j] = a;
          if (j == i) T[i * n + j] = a / o.omega;
          if (j == i) x[i] += (1 / (long double)o.omega - 1) * a * data(&x0)[i];
          if (j > i) x[i] -= a * data(&x0)[j];
        }
      }
      eliminate(n, 1, T, x);
      for (int64_t i = 0; i < n; i++) assert_near(data(&out.x)[i], (double)x[i], 1e-13);
      free(T);
      free(x);
      if (o.omega == 1) { /* to the bit */
        o.method = "gauss_seidel";
        outcome same = solve(&A, &b, &o);
        assert_memory_equal(data(&out.x), data(&same.x), (size_t)n * sizeof(double));
        outcome_release(&same);
      }
      outcome_release(&out);
      nl_tensor_release(&A);
      nl_tensor_release(&b);
      nl_tensor_release(&x0);
    }
}

/* Young: tridiag(-1, 2, -1) falls like omega_best - 1 a sweep instead of cos^2(pi h): 60 sweeps, not 1600 */
static void the_best_omega_is_worth_its_name(void **state) {
  (void)state;
  enum { N = 38 };
  nl_tensor A = tridiagonal(N, -1, 2, -1), b = noise(N, 1, 50);
  nl_solve_options o = method_options("sor");
  double rho = cos(acos(-1) / (N + 1));
  outcome slow = solve(&A, &b, (o.omega = 1, &o));
  outcome fast = solve(&A, &b, (o.omega = 2 / (1 + sqrt(1 - rho * rho)), &o));
  assert_int_equal(slow.status, NL_OK);
  assert_int_equal(fast.status, NL_OK);
  assert_true(slow.info.iterations > 15 * fast.info.iterations);
  int64_t last = slow.info.history_length - 1;
  assert_near(slow.info.history[last] / slow.info.history[last - 1], rho * rho, 1e-4);
  outcome_release(&slow);
  outcome_release(&fast);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

static void omega_has_a_range(void **state) {
  (void)state;
  const double wrong[] = {0, 2, -1, NAN, INFINITY};
  nl_tensor A = tridiagonal(3, 1, 4, 1), b = noise(3, 1, 1);
  nl_solve_options o = method_options("sor");
  for (int i = 0; i < 5; i++) {
    o.omega = wrong[i];
    outcome out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_ARG);
    assert_has(nl_message(), "expected 0 < omega < 2");
    assert_null(out.x.storage);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_sweep_by_hand),
      cmocka_unit_test(sweeps_are_the_formula),
      cmocka_unit_test(jacobi_is_the_formula),
      cmocka_unit_test(backward_is_forward_on_the_reversed_system),
      cmocka_unit_test(zero_diagonals_are_named),
      cmocka_unit_test(sor_is_the_formula),
      cmocka_unit_test(the_best_omega_is_worth_its_name),
      cmocka_unit_test(omega_has_a_range),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
