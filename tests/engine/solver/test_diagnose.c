/* Spectral radii with closed forms, the theorems behind the verdicts, and the solvers against them. */
#include "iterate.h"
#include <solver/method.h>

static nl_diagnosis diagnose(const nl_tensor *t) {
  nl_diagnosis d;
  nl_diagnose_options o = nl_diagnose_defaults();
  assert_int_equal(nl_diagnose(&(nl_matrix){t, NULL}, &o, &d), NL_OK);
  return d;
}

/* rho(J) = cos(pi h), rho(G) = rho(J)^2, and at omega_best rho(S) = omega - 1 */
static void poisson(void **state) {
  (void)state;
  for (int64_t n = 3; n <= 300; n = 3 * n + 1) {
    nl_tensor t = tridiagonal(n, -1, 2, -1);
    nl_diagnosis d = diagnose(&t);
    double rho = cos(acos(-1) / (double)(n + 1));
    assert_near(d.jacobi.radius, rho, 1e-3 * (1 - rho));
    assert_near(d.gauss_seidel.radius, rho * rho, 1e-3 * (1 - rho * rho));
    assert_true(d.consistently_ordered && d.symmetric && d.chained && d.z_matrix);
    assert_int_equal(d.by_rows.kind, NL_DOMINANCE_WEAK);
    assert_int_equal(d.by_rows.strict, 2);
    assert_int_equal(d.gauss_seidel.converges, NL_YES);
    assert_near(d.omega_best, 2 / (1 + sqrt(1 - rho * rho)), 1e-3);
    nl_diagnosis_release(&d);
    nl_tensor_release(&t);
  }
}

/* tridiag(1, 2, -1): eigenvalues of J are i cos(k pi h): a complex pair dominates, rho(G) = -rho(J)^2 */
static void complex_pair(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(100, 1, 2, -1);
  nl_diagnosis d = diagnose(&t);
  double rho = cos(acos(-1) / 101);
  assert_near(d.jacobi.radius, rho, 1e-3 * (1 - rho));
  assert_near(d.gauss_seidel.radius, rho * rho, 1e-3);
  assert_true(d.jacobi.oscillates && d.gauss_seidel.oscillates);
  nl_diagnosis_release(&d);
  nl_tensor_release(&t);
}

static void triangle_and_zero_diagonal(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(50, 0, 2, 3);
  nl_diagnosis d = diagnose(&t);
  assert_true(d.jacobi.radius == 0 && d.gauss_seidel.radius == 0 && d.levels == 50);
  assert_near(d.sor.radius, 0.5, 0);
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
  nl_tensor t = tridiagonal(5, 1, 2, 1);
  nl_diagnosis d;
  nl_diagnose_options o = nl_diagnose_defaults();
  nl_tensor_put(&t, (int64_t[]){2, 1}, NAN);
  assert_int_equal(nl_diagnose(&(nl_matrix){&t, NULL}, &o, &d), NL_NONFINITE);
  assert_non_null(strstr(nl_message(), "a(3,2)"));
  nl_tensor_release(&t);
}

static void every_allocation_fails_once(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(50, -1, 2, -1);
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
  nl_tensor t = tridiagonal(N, -0.9, 2, -0.9);
  nl_sparse S = {0};
  assert_int_equal(nl_sparse_from_dense(&t, &S), NL_OK);
  double X_true[N * K], B[N * K];
  for (int i = 0; i < N * K; i++) X_true[i] = 1 + i % 7;
  nl_sparse_matmat(&S, X_true, K, B);
  for (int m = 0; m < 6; m++)
    for (int precond = 0; precond < (m < 3 ? 1 : 4); precond++) {
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
        nl_system s = {.A = sparse ? (nl_matrix){NULL, &S} : (nl_matrix){&t, NULL},
                       .dtype = NL_F64,
                       .n = N,
                       .k = K,
                       .B = B,
                       .X = X[sparse]};
        nl_status status = all[m]->run(&s, &o, &info);
        if (status != NL_OK) fail_msg("%s %d %d: %s", all[m]->name, precond, sparse, nl_message());
        assert_int_equal(info.history_length, info.iterations);
        sweeps[sparse] = info.iterations;
        nl_free(info.history);
        for (int i = 0; i < N * K; i++) assert_near(X[sparse][i], X_true[i], 1e-8);
      }
      assert_int_equal(sweeps[0], sweeps[1]);
      if (m < 3) assert_memory_equal(X[0], X[1], sizeof X[0]);
    }
  nl_sparse_release(&S);
  nl_tensor_release(&t);
}

/* --- radii against the powers of the matrix formed ---------------------------------------------------- */

/* rho(M) = lim ||M^k||^(1/k), k = 2^40 by squaring, scaled on the way (Gelfand). M is overwritten. */
static double gelfand(int64_t n, long double *M) {
  long double *P = calloc((size_t)(n * n), sizeof *P), log_scale = 0, weight = 1;
  for (int squaring = 0; squaring <= 40; squaring++) {
    long double norm = 0;
    for (int64_t i = 0; i < n * n; i++) norm = fmaxl(norm, fabsl(M[i]));
    if (norm == 0) log_scale = -(long double)INFINITY;
    if (norm == 0) break;
    log_scale += weight * logl(norm); /* ||M^(2^s)||^(1 / 2^s) = exp of the sum so far */
    weight /= 2;
    for (int64_t i = 0; i < n * n; i++) M[i] /= norm;
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        P[i * n + j] = 0;
        for (int64_t l = 0; l < n; l++) P[i * n + j] += M[i * n + l] * M[l * n + j];
      }
    memcpy(M, P, (size_t)(n * n) * sizeof *M);
  }
  free(P);
  return (double)expl(log_scale);
}

/* (D + omega L)^-1 ((1 - omega) D - omega U), or -D^-1 (L + U) for omega = 0 */
static double radius_by_powers(const nl_tensor *A, double omega) {
  int64_t n = A->shape[0];
  long double *T = calloc((size_t)(n * n), sizeof *T), *R = calloc((size_t)(n * n), sizeof *R);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) {
      long double a = data(A)[i * n + j], weight = omega == 0 ? 1 : omega;
      if (i == j) {
        T[i * n + j] = a;
        R[i * n + j] = omega == 0 ? 0 : (1 - weight) * a;
      } else if (j < i && omega != 0) T[i * n + j] = weight * a;
      else R[i * n + j] = -weight * a;
    }
  eliminate(n, n, T, R);
  double rho = gelfand(n, R);
  free(T);
  free(R);
  return rho;
}

static void assert_radius(const nl_iteration_facts *f, double expected) {
  double off = fabs(f->radius - expected);
  if (!(off <= 1e-8 + 2e-3 * expected && off <= f->error + 1e-9 * (1 + expected)))
    fail_msg("radius %.12g, expected %.12g, error said to be %.3g", f->radius, expected, f->error);
}

/* Dominant or not, larger and smaller than the Krylov space; dense and sparse alike */
static void radii_of_random_matrices(void **state) {
  (void)state;
  const double ratios[] = {0.2, 0.9, 1.01, 3};
  for (int r = 0; r < 4; r++)
    for (int64_t n = 1; n <= 61; n += 12) {
      nl_tensor A = dominant(n, ratios[r], (uint64_t)n);
      nl_diagnosis d = diagnose(&A), twin;
      nl_diagnose_options o = nl_diagnose_defaults();
      nl_sparse S = {0};
      assert_int_equal(nl_sparse_from_dense(&A, &S), NL_OK);
      assert_int_equal(nl_diagnose(&(nl_matrix){NULL, &S}, &o, &twin), NL_OK);
      assert_radius(&d.jacobi, radius_by_powers(&A, 0));
      assert_radius(&d.gauss_seidel, radius_by_powers(&A, 1));
      assert_radius(&d.sor, radius_by_powers(&A, 1.5));
      assert_true(twin.jacobi.radius == d.jacobi.radius && twin.sor.radius == d.sor.radius);
      if (ratios[r] > 1) assert_true(d.gauss_seidel.radius <= d.contraction);
      if (ratios[r] > 1) assert_int_equal(d.by_rows.kind, NL_DOMINANCE_STRICT);
      nl_sparse_release(&S);
      nl_diagnosis_release(&d);
      nl_diagnosis_release(&twin);
      nl_tensor_release(&A);
    }
}

/* Rows and columns of t in the order given */
static nl_tensor reordered(const nl_tensor *t, const int *order) {
  int64_t n = t->shape[0];
  nl_tensor out = matrix(n, n, NULL);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < n; j++) data(&out)[i * n + j] = data(t)[order[i] * n + order[j]];
  return out;
}

/* Where Young's relation gives the radii, it gives the right ones; a ring, or the grid in an order that is
 * not consistent, is not taken for such a matrix. */
static void radii_by_young(void **state) {
  (void)state;
  enum { N = 25 };
  int red_black[N], swapped[N], count = 0;
  for (int i = 0; i < N; i += 2) red_black[count++] = i;
  for (int i = 1; i < N; i += 2) red_black[count++] = i;
  for (int i = 0; i < N; i++) swapped[i] = i == 5 ? 6 : i == 6 ? 5 : i; /* 0, 1, 6, 5 run round a square */
  nl_tensor natural = grid(5, 0), line = tridiagonal(N, -1, 2, -1), ring = tridiagonal(N, -1, 2.5, -1);
  data(&ring)[N - 1] = data(&ring)[(N - 1) * N] = -1;
  nl_tensor systems[] = {natural, line, reordered(&natural, red_black), reordered(&natural, swapped), ring};
  for (int s = 0; s < 5; s++)
    for (double omega = 0.4; omega < 2; omega += 0.3) {
      nl_diagnosis d;
      nl_diagnose_options o = nl_diagnose_defaults();
      o.omega = omega;
      assert_int_equal(nl_diagnose(&(nl_matrix){&systems[s], NULL}, &o, &d), NL_OK);
      assert_int_equal(d.consistently_ordered, s < 3);
      assert_int_equal(d.sor.products == 0, s < 3);
      assert_radius(&d.gauss_seidel, radius_by_powers(&systems[s], 1));
      assert_radius(&d.sor, radius_by_powers(&systems[s], omega));
      nl_diagnosis_release(&d);
    }
  for (int s = 0; s < 5; s++) nl_tensor_release(&systems[s]);
}

/* --- theorems ----------------------------------------------------------------------------------------- */

/* [1 a a; a 1 a; a a 1] is positive definite for -1/2 < a < 1: Gauss-Seidel converges (Ostrowski-Reich),
 * while Jacobi does not for a > 1/2 */
static void ostrowski_reich(void **state) {
  (void)state;
  for (double a = 0.4; a < 1.3; a += 0.4) {
    nl_tensor t = matrix(3, 3, (const double[]){1, a, a, a, 1, a, a, a, 1});
    nl_diagnosis d = diagnose(&t);
    assert_int_equal(d.gauss_seidel.converges, a < 1 ? NL_YES : NL_NO);
    assert_int_equal(d.sor.converges, a < 1 ? NL_YES : NL_NO);
    assert_int_equal(d.jacobi.converges, a < 0.5 ? NL_YES : NL_NO);
    assert_near(d.jacobi.radius, 2 * a, 1e-12);
    if (a > 0.5) assert_has(d.gauss_seidel.reason, "Ostrowski-Reich");
    nl_diagnosis_release(&d);
    nl_tensor_release(&t);
  }
}

/* Dominant by columns only, and weakly with no chain to a strict row (singular: nothing may be promised) */
static void dominance_of_other_kinds(void **state) {
  (void)state;
  nl_tensor t = matrix(2, 2, (const double[]){4, 9, 2, 10});
  nl_diagnosis d = diagnose(&t);
  assert_int_equal(d.by_rows.kind, NL_DOMINANCE_NONE);
  assert_int_equal(d.by_columns.kind, NL_DOMINANCE_STRICT);
  assert_has(d.jacobi.reason, "strictly dominant by columns, ratio at least 1.11111 (column 2)");
  assert_int_equal(d.jacobi.converges, NL_YES);
  nl_diagnosis_release(&d);
  nl_tensor_release(&t);
  t = matrix(2, 2, (const double[]){1, -1, -1, 1});
  d = diagnose(&t);
  assert_int_equal(d.by_rows.kind, NL_DOMINANCE_WEAK);
  assert_false(d.chained);
  assert_int_not_equal(d.gauss_seidel.converges, NL_YES);
  assert_near(d.gauss_seidel.radius, 1, 1e-12);
  nl_diagnosis_release(&d);
  nl_tensor_release(&t);
}

static void odd_shapes_and_options(void **state) {
  (void)state;
  nl_tensor wide = matrix(2, 3, NULL), none = matrix(0, 0, NULL), one = matrix(1, 1, (const double[]){-3});
  nl_diagnosis d = diagnose(&wide);
  assert_true(isnan(d.jacobi.radius) && d.jacobi.converges == NL_UNKNOWN && d.nnz == 0);
  nl_diagnosis_release(&d);
  d = diagnose(&none);
  assert_true(d.rows == 0 && d.nnz == 0 && d.by_rows.worst == 0);
  nl_diagnosis_release(&d);
  d = diagnose(&one);
  assert_true(d.gauss_seidel.radius == 0 && d.gauss_seidel.converges == NL_YES && !d.positive_diagonal);
  nl_diagnosis_release(&d);
  const double wrong[] = {0, 2, -1, NAN};
  for (int i = 0; i < 4; i++) {
    nl_diagnose_options o = nl_diagnose_defaults();
    o.omega = wrong[i];
    assert_int_equal(nl_diagnose(&(nl_matrix){&one, NULL}, &o, &d), NL_ARG);
    assert_has(nl_message(), "expected 0 < omega < 2");
    o = nl_diagnose_defaults();
    o.tol = i == 1 ? 1 : wrong[i];
    assert_int_equal(nl_diagnose(&(nl_matrix){&one, NULL}, &o, &d), NL_ARG);
    assert_has(nl_message(), "expected 0 < tol < 1");
  }
  nl_tensor_release(&wide);
  nl_tensor_release(&none);
  nl_tensor_release(&one);
}

static void ctrl_c_leaves_nothing_behind(void **state) {
  (void)state;
  nl_tensor t = tridiagonal(60, -1, 2, -1);
  nl_diagnosis d;
  nl_diagnose_options o = nl_diagnose_defaults();
  int64_t before = nl_memory().live;
  nl_interrupt();
  nl_status status = nl_diagnose(&(nl_matrix){&t, NULL}, &o, &d);
  nl_interrupt_clear();
  assert_int_equal(status, NL_INTERRUPTED);
  assert_int_equal(nl_memory().live, before);
  nl_tensor_release(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(poisson),
                                     cmocka_unit_test(complex_pair),
                                     cmocka_unit_test(triangle_and_zero_diagonal),
                                     cmocka_unit_test(radii_of_random_matrices),
                                     cmocka_unit_test(radii_by_young),
                                     cmocka_unit_test(ostrowski_reich),
                                     cmocka_unit_test(dominance_of_other_kinds),
                                     cmocka_unit_test(odd_shapes_and_options),
                                     cmocka_unit_test(ctrl_c_leaves_nothing_behind),
                                     cmocka_unit_test(nan_is_named),
                                     cmocka_unit_test(every_allocation_fails_once),
                                     cmocka_unit_test(methods_solve)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
