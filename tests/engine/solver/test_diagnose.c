/* Spectral radii with closed forms, the theorems behind the verdicts, and the solvers against them. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
/* after the four above, as cmocka asks */
#include <cmocka.h>
#include <numlab/diagnose.h>
#include <solver/method.h>

static nl_tensor dense(int64_t n) {
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_F64, 2, (int64_t[]){n, n}, &t), NL_OK);
  return t;
}

/* tridiag(low, 2, high) */
static nl_tensor tridiagonal(int64_t n, double low, double high) {
  nl_tensor t = dense(n);
  double *a = nl_tensor_data(&t);
  for (int64_t i = 0; i < n; i++) {
    a[i * n + i] = 2;
    if (i > 0) a[i * n + i - 1] = low;
    if (i + 1 < n) a[i * n + i + 1] = high;
  }
  return t;
}

static nl_diagnosis diagnose(const nl_tensor *t) {
  nl_diagnosis d;
  nl_diagnose_options o = nl_diagnose_defaults();
  assert_int_equal(nl_diagnose(&(nl_matrix){t, NULL}, &o, &d), NL_OK);
  return d;
}

#define NEAR(value, expected, tol) assert_true(fabs((value) - (expected)) <= (tol))

/* rho(J) = cos(pi h), rho(G) = rho(J)^2, and at omega_best rho(S) = omega - 1 */
static void poisson(void **state) {
  (void)state;
  for (int64_t n = 3; n <= 300; n = 3 * n + 1) {
    nl_tensor t = tridiagonal(n, -1, -1);
    nl_diagnosis d = diagnose(&t);
    double rho = cos(acos(-1) / (double)(n + 1));
    NEAR(d.jacobi.radius, rho, 1e-3 * (1 - rho));
    NEAR(d.gauss_seidel.radius, rho * rho, 1e-3 * (1 - rho * rho));
    assert_true(d.consistently_ordered && d.symmetric && d.chained && d.z_matrix);
    assert_int_equal(d.by_rows.kind, NL_DOMINANCE_WEAK);
    assert_int_equal(d.by_rows.strict, 2);
    assert_int_equal(d.gauss_seidel.converges, NL_YES);
    NEAR(d.omega_best, 2 / (1 + sqrt(1 - rho * rho)), 1e-3);
    nl_diagnosis_release(&d);
    nl_tensor_release(&t);
  }
}

/* tridiag(1, 2, -1): eigenvalues of J are i cos(k pi h): a complex pair dominates, rho(G) = -rho(J)^2 */
static void complex_pair(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(100, 1, -1);
  nl_diagnosis d = diagnose(&t);
  double rho = cos(acos(-1) / 101);
  NEAR(d.jacobi.radius, rho, 1e-3 * (1 - rho));
  NEAR(d.gauss_seidel.radius, rho * rho, 1e-3);
  assert_true(d.jacobi.oscillates && d.gauss_seidel.oscillates);
  nl_diagnosis_release(&d);
  nl_tensor_release(&t);
}

static void triangle_and_zero_diagonal(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(50, 0, 3);
  nl_diagnosis d = diagnose(&t);
  assert_true(d.jacobi.radius == 0 && d.gauss_seidel.radius == 0 && d.levels == 50);
  NEAR(d.sor.radius, 0.5, 0);
  nl_diagnosis_release(&d);
  nl_tensor_put(&t, (int64_t[]){6, 6}, 0);
  d = diagnose(&t);
  assert_int_equal(d.zero_count, 1);
  assert_int_equal(d.zero_diagonal[0], 7);
  assert_int_equal(d.gauss_seidel.converges, NL_NO);
  assert_true(isnan(d.gauss_seidel.radius));
  nl_diagnosis_release(&d);
  nl_tensor_release(&t);
}

static void nan_is_named(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(5, 1, 1);
  nl_diagnosis d;
  nl_diagnose_options o = nl_diagnose_defaults();
  nl_tensor_put(&t, (int64_t[]){2, 1}, NAN);
  assert_int_equal(nl_diagnose(&(nl_matrix){&t, NULL}, &o, &d), NL_NONFINITE);
  assert_non_null(strstr(nl_message(), "a(3,2)"));
  nl_tensor_release(&t);
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(50, -1, -1);
  int64_t before = nl_memory().live;
  nl_diagnose_options o = nl_diagnose_defaults();
  nl_status status = NL_NOMEM;
  for (int64_t k = 1; status != NL_OK && k < 1000; k++) {
    nl_diagnosis d = {0};
    nl_memory_fail_at(k, false);
    status = nl_diagnose(&(nl_matrix){&t, NULL}, &o, &d);
    nl_memory_fail_at(0, false);
    assert_true(status == NL_OK || status == NL_NOMEM);
    if (status == NL_OK) nl_diagnosis_release(&d);
    assert_int_equal(nl_memory().live, before);
  }
  assert_int_equal(status, NL_OK);
  nl_tensor_release(&t);
}

/* Each method, dense and sparse: A x = A (1, 2, ..) to 1e-8; twins of the sweeps give the same bits. */
static void methods_solve(void **state) {
  (void)state;
  const nl_method *const all[] = {&nl_method_jacobi, &nl_method_gauss_seidel, &nl_method_sor,
                                  &nl_method_cg,     &nl_method_bicgstab,     &nl_method_gmres};
  enum { N = 37, K = 3 };
  nl_tensor t = tridiagonal(N, -0.9, -0.9);
  nl_sparse S = {0};
  assert_int_equal(nl_sparse_from_dense(&t, &S), NL_OK);
  double X_true[N * K], B[N * K];
  for (int i = 0; i < N * K; i++) X_true[i] = 1 + i % 7;
  nl_sparse_matmat(&S, X_true, K, B);
  for (int m = 0; m < 6; m++)
    for (int precond = 0; precond < (m < 3 ? 1 : 3); precond++) {
      double X[2][N * K] = {{0}};
      int64_t sweeps[2];
      for (int sparse = 0; sparse < 2; sparse++) {
        nl_solve_options o = {.tol = 1e-11,
                              .max_iter = 10000,
                              .omega = 1.2,
                              .restart = 10,
                              .history = true,
                              .precond = (nl_precond)precond};
        nl_solve_info info = {0};
        strcpy(info.method, all[m]->name);
        nl_system s = {sparse ? (nl_matrix){NULL, &S} : (nl_matrix){&t, NULL}, NL_F64, N, K, B, X[sparse]};
        nl_status status = all[m]->run(&s, &o, &info);
        if (status != NL_OK) fail_msg("%s %d %d: %s", all[m]->name, precond, sparse, nl_message());
        assert_int_equal(info.history_length, info.iterations);
        sweeps[sparse] = info.iterations;
        nl_free(info.history);
        for (int i = 0; i < N * K; i++) NEAR(X[sparse][i], X_true[i], 1e-8);
      }
      assert_int_equal(sweeps[0], sweeps[1]);
      if (m < 3) assert_memory_equal(X[0], X[1], sizeof X[0]);
    }
  nl_sparse_release(&S);
  nl_tensor_release(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(poisson),
                                     cmocka_unit_test(complex_pair),
                                     cmocka_unit_test(triangle_and_zero_diagonal),
                                     cmocka_unit_test(nan_is_named),
                                     cmocka_unit_test(every_allocation_fails_once),
                                     cmocka_unit_test(methods_solve)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
