/* cg, bicgstab, gmres and their preconditioners: known courses, breakdowns, and what memory failures leave.
 */
#include "iterate.h"
#include "solver/precond.h"

static nl_matrix as_dense(const nl_tensor *A) { return (nl_matrix){A, NULL}; }

static void assert_solved(const nl_tensor *A, const nl_tensor *b, const outcome *out, double tol) {
  int64_t n = A->shape[0];
  if (out->status != NL_OK) fail_msg("%s: %s", out->info.method, out->info.reason);
  long double *M = calloc((size_t)(n * n), sizeof *M), *x = calloc((size_t)n, sizeof *x);
  for (int64_t i = 0; i < n * n; i++) M[i] = data(A)[i];
  for (int64_t i = 0; i < n; i++) x[i] = data(b)[i];
  eliminate(n, 1, M, x);
  for (int64_t i = 0; i < n; i++) assert_near(data(&out->x)[i], (double)x[i], tol);
  free(M);
  free(x);
}

/* --- preconditioners ---------------------------------------------------------------------------------- */

/* M z = r for M = (D + omega L) D^-1 (D + omega U) / (omega (2 - omega)), multiplied out; omega = 1 is
 * Gauss-Seidel, whatever the option says */
static void the_preconditioner_is_its_formula(void **state) {
  (void)state;
  for (int t = 0; t < 8; t++) {
    int64_t n = 1 + t / 2 * 10;
    double omega = t % 2 ? 1.4 : 1;
    nl_tensor A = dominant(n, 1.1, 1), r = noise(n, 1, 2), z = matrix(n, 1, NULL);
    const double *a = data(&A);
    nl_preconditioner M;
    nl_solve_info info = {0};
    nl_matrix view = as_dense(&A);
    nl_precond kind = t % 2 ? NL_PRECOND_SSOR : NL_PRECOND_GAUSS_SEIDEL;
    assert_int_equal(nl_preconditioner_new(&view, kind, 1.4, &info, &M), NL_OK);
    nl_preconditioner_apply(&M, data(&r), data(&z));
    for (int64_t i = 0; i < n; i++) {
      long double sum = 0;
      for (int64_t l = 0; l <= i; l++) { /* y_l = ((D + omega U) z)_l */
        long double y = (long double)a[l * n + l] * data(&z)[l];
        for (int64_t j = l + 1; j < n; j++) y += (long double)omega * a[l * n + j] * data(&z)[j];
        sum += l == i ? y : omega * a[i * n + l] * y / a[l * n + l];
      }
      assert_near((double)sum, omega * (2 - omega) * data(&r)[i], 1e-13);
    }
    nl_preconditioner_release(&M);
    nl_tensor_release(&A);
    nl_tensor_release(&r);
    nl_tensor_release(&z);
  }
}

/* HPCG's test: for symmetric A, |x'M^-1 y - y'M^-1 x| is rounding; dense and sparse give the same bits */
static void the_symmetric_sweep_is_symmetric(void **state) {
  (void)state;
  nl_tensor A = grid(17, 0);
  int64_t n = A.shape[0];
  nl_tensor x = noise(n, 1, 3), y = noise(n, 1, 4), Mx = matrix(n, 1, NULL), My = matrix(n, 1, NULL);
  nl_sparse S = {0};
  assert_int_equal(nl_sparse_from_dense(&A, &S), NL_OK);
  nl_preconditioner M;
  nl_solve_info info = {0};
  nl_matrix view = {NULL, &S}, whole = as_dense(&A);
  assert_int_equal(nl_preconditioner_new(&view, NL_PRECOND_SSOR, 1.3, &info, &M), NL_OK);
  nl_preconditioner_apply(&M, data(&x), data(&Mx));
  nl_preconditioner_apply(&M, data(&y), data(&My));
  double one = 0, other = 0, size = 0;
  for (int64_t i = 0; i < n; i++) {
    one += data(&x)[i] * data(&My)[i];
    other += data(&y)[i] * data(&Mx)[i];
    size += fabs(data(&x)[i] * data(&My)[i]);
  }
  assert_true(size > 1);
  assert_near(one, other, 8 * DBL_EPSILON * size);
  nl_preconditioner_release(&M);
  assert_int_equal(nl_preconditioner_new(&whole, NL_PRECOND_SSOR, 1.3, &info, &M), NL_OK);
  nl_preconditioner_apply(&M, data(&y), data(&Mx));
  assert_memory_equal(data(&Mx), data(&My), (size_t)n * sizeof(double));
  nl_preconditioner_release(&M);
  nl_sparse_release(&S);
  nl_tensor_release(&A);
  nl_tensor_release(&x);
  nl_tensor_release(&y);
  nl_tensor_release(&Mx);
  nl_tensor_release(&My);
}

/* Every method with every preconditioner, symmetric or not; Gauss-Seidel saves steps, SSOR at an
 * omega near the best of the grid more. */
static void preconditioners_save_steps(void **state) {
  (void)state;
  static const char *const methods[] = {"cg", "bicgstab", "gmres"};
  for (int m = 0; m < 3; m++) {
    nl_tensor A = grid(11, m == 0 ? 0 : 0.3), b = noise(121, 1, 5);
    int64_t plain = 0, swept = 0;
    for (nl_precond p = NL_PRECOND_NONE; p <= NL_PRECOND_SSOR; p++) {
      nl_solve_options o = method_options(methods[m]);
      o.precond = p;
      outcome out = solve(&A, &b, &o), twin = solve_sparse(&A, &b, &o);
      assert_solved(&A, &b, &out, 1e-8);
      assert_int_equal(twin.status, NL_OK);
      assert_int_equal(twin.info.iterations, out.info.iterations);
      assert_int_equal(out.info.history_length, out.info.iterations);
      assert_true(out.info.relative_residual <= 1e-10);
      if (p == NL_PRECOND_NONE) plain = out.info.iterations;
      if (p == NL_PRECOND_GAUSS_SEIDEL) assert_true(4 * (swept = out.info.iterations) < 3 * plain);
      if (p == NL_PRECOND_SSOR) assert_true(out.info.iterations < swept);
      outcome_release(&out);
      outcome_release(&twin);
    }
    nl_tensor_release(&A);
    nl_tensor_release(&b);
  }
}

/* omega outside (0, 2), NaN too: M would not be definite; no other preconditioner looks at it */
static void omega_is_checked(void **state) {
  (void)state;
  static const double wrong[] = {0, 2, -0.5, NAN};
  nl_tensor A = grid(3, 0), b = noise(9, 1, 1);
  for (int w = 0; w < 4; w++) {
    nl_solve_options o = method_options("cg");
    o.omega = wrong[w];
    o.precond = NL_PRECOND_SSOR;
    outcome out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_ARG);
    assert_has(nl_message(), "precond ssor: omega is");
    assert_has(nl_message(), "expected 0 < omega < 2");
    outcome_release(&out);
    o.precond = NL_PRECOND_GAUSS_SEIDEL;
    out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_OK);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* --- known courses ------------------------------------------------------------------------------------ */

/* m different eigenvalues: cg and gmres end in m steps */
static void as_many_steps_as_eigenvalues(void **state) {
  (void)state;
  enum { N = 30 };
  static const char *const methods[] = {"cg", "gmres"};
  nl_tensor A = matrix(N, N, NULL), b = noise(N, 1, 6);
  for (int i = 0; i < N; i++) data(&A)[i * N + i] = 1 + i % 4;
  for (int m = 0; m < 2; m++) {
    nl_solve_options o = method_options(methods[m]);
    outcome out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_OK);
    assert_int_equal(out.info.iterations, 4);
    for (int i = 0; i < N; i++) assert_near(data(&out.x)[i], data(&b)[i] / (1 + i % 4), 1e-9);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* The cyclic shift with b = e_1: no progress before step n, then the solution (Brown 1991). Restarted
 * earlier, gmres never gets anywhere. */
static void gmres_and_the_cyclic_shift(void **state) {
  (void)state;
  enum { N = 9 };
  nl_tensor A = matrix(N, N, NULL), b = matrix(N, 1, NULL);
  for (int i = 0; i < N; i++) data(&A)[i * N + (i + 1) % N] = 1;
  data(&b)[0] = 1;
  nl_solve_options o = method_options("gmres");
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_OK);
  assert_int_equal(out.info.iterations, N);
  assert_near(out.info.history[N - 2], 1, 1e-15);
  for (int i = 0; i < N; i++) assert_near(data(&out.x)[i], i == 1, 1e-15);
  outcome_release(&out);
  o.restart = N - 1;
  out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_STAGNATED);
  assert_has(out.info.reason, "no lower residual than 1.00e+00");
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* The residual of gmres never rises; restarts cost steps and not accuracy. */
static void gmres_restarts(void **state) {
  (void)state;
  nl_tensor A = grid(9, 0.4), b = noise(81, 1, 7);
  int64_t whole = 0;
  for (int64_t restart = 90; restart >= 3; restart = restart == 90 ? 10 : restart - 7) {
    nl_solve_options o = method_options("gmres");
    o.restart = restart;
    outcome out = solve(&A, &b, &o);
    assert_solved(&A, &b, &out, 1e-9);
    for (int64_t i = 1; i < out.info.history_length; i++)
      assert_true(out.info.history[i] <= out.info.history[i - 1] * (1 + 1e-9));
    if (restart == 90) whole = out.info.iterations;
    else assert_true(out.info.iterations > whole);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* --- what cannot work --------------------------------------------------------------------------------- */

static void cg_refuses_what_is_not_positive_definite(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1, 0, 0, -1}), b = matrix(2, 1, (const double[]){1, 1});
  nl_solve_options o = method_options("cg");
  outcome out = solve(&A, &b, &o); /* p'Ap = 0 in step 1 */
  assert_int_equal(out.status, NL_NOT_POSITIVE_DEFINITE);
  assert_has(nl_message(), "cg: p'Ap = 0.000e+00 in step 1");
  assert_has(nl_message(), "A is not positive definite; use bicgstab or gmres");
  assert_null(out.x.storage);
  outcome_release(&out);
  o.precond = NL_PRECOND_JACOBI; /* r'z = 1 - 1 */
  out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_NOT_POSITIVE_DEFINITE);
  assert_has(nl_message(), "the preconditioner is not positive definite");
  outcome_release(&out);
  nl_tensor_release(&A);
  A = matrix(2, 2, (const double[]){4, 1, 0, 3});
  out = solve(&A, &b, (o.precond = NL_PRECOND_NONE, &o));
  assert_int_equal(out.status, NL_NOT_POSITIVE_DEFINITE);
  assert_int_equal(out.info.where, 2);
  assert_has(nl_message(), "A is not symmetric: a(2,1) = 0, a(1,2) = 1");
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* For skew A every r is orthogonal to A r: bicgstab's first division is by zero. gmres does not mind. */
static void bicgstab_breaks_down_on_skew_matrices(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){0, 1, -1, 0}), b = matrix(2, 1, (const double[]){1, 2});
  nl_solve_options o = method_options("bicgstab");
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_BREAKDOWN);
  assert_has(nl_message(), "r'A M^-1 r = 0 in step 1, the first after a restart; use gmres");
  for (int i = 0; i < 2; i++) assert_near(data(&out.x)[i], 0, 0); /* where it started */
  outcome_release(&out);
  out = solve(&A, &b, (o.method = "gmres", &o));
  assert_solved(&A, &b, &out, 1e-15);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* diag(1, 0): b = (1, 0) has a solution, b = (1, 1) has none and leaves the least residual 1/sqrt(2) */
static void gmres_on_singular_matrices(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1, 0, 0, 0}), b = matrix(2, 1, (const double[]){1, 0});
  nl_solve_options o = method_options("gmres");
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_OK);
  assert_near(data(&out.x)[0], 1, 0);
  outcome_release(&out);
  data(&b)[1] = 1;
  out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_BREAKDOWN);
  assert_has(nl_message(), "A is singular to working precision");
  assert_near(out.info.relative_residual, sqrt(0.5), 1e-15);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* --- several right-hand sides, scales, memory --------------------------------------------------------- */

/* Columns of any size together: each as if alone; info is that of the slowest */
static void columns_are_solved_one_by_one(void **state) {
  (void)state;
  static const char *const methods[] = {"cg", "bicgstab", "gmres"};
  const double scales[] = {1, 1e-200, 1e200};
  enum { N = 49, K = 3 };
  nl_tensor A = grid(7, 0), B = noise(N, K, 8);
  for (int i = 0; i < N * K; i++) data(&B)[i] *= scales[i % K];
  for (int m = 0; m < 3; m++) {
    nl_solve_options o = method_options(methods[m]);
    outcome all = solve(&A, &B, &o);
    assert_int_equal(all.status, NL_OK);
    int64_t slowest = 0;
    for (int c = 0; c < K; c++) {
      nl_tensor b = matrix(N, 1, NULL);
      for (int i = 0; i < N; i++) data(&b)[i] = data(&B)[i * K + c];
      outcome one = solve(&A, &b, &o);
      assert_int_equal(one.status, NL_OK);
      for (int i = 0; i < N; i++) assert_near(data(&one.x)[i], data(&all.x)[i * K + c], 0);
      if (one.info.iterations > slowest) slowest = one.info.iterations;
      outcome_release(&one);
      nl_tensor_release(&b);
    }
    assert_int_equal(all.info.iterations, slowest);
    assert_int_equal(all.info.history_length, slowest);
    outcome_release(&all);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&B);
}

/* Allocation 1, 2, .. fails, for every iterative method: NOMEM, x empty, nothing left behind. The rounding
 * floor does without memory, so an early OK or the same verdict is possible only when all else is there. */
static void every_allocation_fails_once(void **state) {
  (void)state;
  static const char *const methods[] = {"jacobi", "gauss_seidel", "sor", "cg", "bicgstab", "gmres"};
  nl_tensor A = grid(9, 0), B = noise(81, 2, 9);
  nl_sparse S = {0};
  assert_int_equal(nl_sparse_from_dense(&A, &S), NL_OK);
  for (int run = 0; run < 12; run++) {
    nl_solve_options o = method_options(methods[run / 2]);
    o.precond = NL_PRECOND_SSOR; /* sweeps do not look at it */
    nl_matrix M = run % 2 ? (nl_matrix){NULL, &S} : as_dense(&A);
    nl_status status = NL_NOMEM;
    int64_t before = nl_memory().live, k = 0;
    while (status != NL_OK) {
      outcome out = {0};
      assert_true(++k < 1000);
      nl_memory_fail_at(k, false);
      status = nl_solve(&M, &B, &o, &out.x, &out.info);
      nl_memory_fail_at(0, false);
      if (status != NL_OK) assert_int_equal(status, NL_NOMEM);
      if (status != NL_OK) assert_null(out.x.storage);
      if (status != NL_OK) assert_null(out.info.history);
      outcome_release(&out);
      assert_int_equal(nl_memory().live, before);
    }
    assert_true(k > 5);
  }
  nl_sparse_release(&S);
  nl_tensor_release(&A);
  nl_tensor_release(&B);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_preconditioner_is_its_formula),
      cmocka_unit_test(the_symmetric_sweep_is_symmetric),
      cmocka_unit_test(preconditioners_save_steps),
      cmocka_unit_test(omega_is_checked),
      cmocka_unit_test(as_many_steps_as_eigenvalues),
      cmocka_unit_test(gmres_and_the_cyclic_shift),
      cmocka_unit_test(gmres_restarts),
      cmocka_unit_test(cg_refuses_what_is_not_positive_definite),
      cmocka_unit_test(bicgstab_breaks_down_on_skew_matrices),
      cmocka_unit_test(gmres_on_singular_matrices),
      cmocka_unit_test(columns_are_solved_one_by_one),
      cmocka_unit_test(every_allocation_fails_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
