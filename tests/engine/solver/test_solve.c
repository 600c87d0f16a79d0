/* nl_solve with every method of our own: results against an elimination in long double, misuse, outcomes,
 * what is left in x and info, failing memory, thread counts. The iterations' stopping rule has test_stop.c.
 */
#include "iterate.h"
#include <numlab/parallel.h>

static const char *const own[] = {"gauss", "lu", "jacobi", "gauss_seidel", "sor", "cg", "bicgstab", "gmres"};
enum { OWN = sizeof own / sizeof *own, DIRECT = 2 };

static nl_solve_options precise(const char *method) {
  nl_solve_options o = method_options(method);
  o.tol = 1e-13;
  o.omega = 1.1;
  return o;
}

/* Symmetric and strictly dominant with a positive diagonal: every method takes it. */
static nl_tensor friendly(int64_t n) {
  nl_tensor t = matrix(n, n, NULL);
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < i; j++) {
      double v = uniform(11, i * n + j);
      if (fabs(v) < 0.4 && i != j + 1) continue;
      data(&t)[i * n + j] = data(&t)[j * n + i] = v;
    }
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t j = 0; j < n; j++) sum += fabs(data(&t)[i * n + j]);
    data(&t)[i * n + i] = 1.5 * sum + 1;
  }
  return t;
}

/* n or n x k */
static nl_tensor right_hand_sides(int64_t n, int64_t k) {
  if (k > 0) return noise(n, k, 12);
  nl_tensor t;
  assert_int_equal(nl_tensor_new(NL_F64, 1, &n, &t), NL_OK);
  for (int64_t i = 0; i < n; i++) data(&t)[i] = uniform(13, i);
  return t;
}

/* max |x - oracle| over all elements */
static double error_of(const nl_tensor *A, const nl_tensor *b, const nl_tensor *x) {
  int64_t n = A->shape[0], k = b->ndim == 2 ? b->shape[1] : 1;
  long double *M = malloc((size_t)(n * n) * sizeof *M), *X = malloc((size_t)(n * k) * sizeof *X);
  for (int64_t i = 0; i < n; i++) {
    for (int64_t j = 0; j < n; j++) M[i * n + j] = nl_tensor_get(A, (const int64_t[]){i, j});
    for (int64_t j = 0; j < k; j++) X[i * k + j] = nl_tensor_get(b, (const int64_t[]){i, j});
  }
  eliminate(n, k, M, X);
  double worst = 0;
  for (int64_t i = 0; i < n; i++)
    for (int64_t j = 0; j < k; j++) {
      double e = (double)fabsl(nl_tensor_get(x, (const int64_t[]){i, j}) - X[i * k + j]);
      if (!(e <= worst)) worst = e;
    }
  free(M);
  free(X);
  return worst;
}

/* --- results ------------------------------------------------------------------------------------------ */

static void every_method_finds_the_solution(void **state) {
  (void)state;
  const int64_t sizes[] = {1, 2, 7, 33}, columns[] = {0, 1, 3, 9};
  for (int m = 0; m < OWN; m++)
    for (int s = 0; s < 4; s++)
      for (int c = 0; c < 4; c++)
        for (int of_sparse = 0; of_sparse < 2; of_sparse++) {
          nl_tensor A = friendly(sizes[s]), b = right_hand_sides(sizes[s], columns[c]);
          nl_solve_options o = precise(own[m]);
          outcome out = of_sparse ? solve_sparse(&A, &b, &o) : solve(&A, &b, &o);
          if (out.status != NL_OK) fail_msg("%s, n %d: %s", own[m], (int)sizes[s], out.info.reason);
          assert_string_equal(out.info.method, own[m]);
          assert_true(nl_tensor_same_shape(&out.x, &b));
          assert_near(error_of(&A, &b, &out.x), 0, 1e-12);
          assert_true(out.info.relative_residual <= o.tol);
          assert_true(out.info.backward_error <= 1e-12);
          assert_true(out.info.error_bound >= 0);
          assert_true(out.info.seconds >= 0);
          assert_int_equal(out.info.where, 0);
          assert_int_equal(out.info.history_length, out.info.iterations);
          if (m < DIRECT) assert_int_equal(out.info.iterations, 0);
          outcome_release(&out);
          nl_tensor_release(&A);
          nl_tensor_release(&b);
        }
}

static void views_are_read_in_place(void **state) {
  (void)state;
  enum { N = 9 };
  nl_tensor plain = dominant(2 * N, 2, 14), wide = noise(2 * N, 4, 15), every, A, tall, b;
  assert_int_equal(nl_tensor_slice(&plain, 0, 1, N, 2, &every), NL_OK);
  nl_tensor columns;
  assert_int_equal(nl_tensor_slice(&every, 1, 2 * N - 1, N, -2, &columns), NL_OK);
  assert_int_equal(nl_tensor_transpose(&columns, 0, 1, &A), NL_OK);
  for (int64_t i = 0; i < N; i++) nl_tensor_put(&A, (const int64_t[]){i, i}, 40);
  assert_int_equal(nl_tensor_slice(&wide, 0, 0, N, 2, &tall), NL_OK);
  assert_int_equal(nl_tensor_slice(&tall, 1, 3, 2, -2, &b), NL_OK);
  for (int m = 0; m < OWN; m++) {
    if (strcmp(own[m], "cg") == 0) continue; /* not symmetric */
    nl_solve_options o = precise(own[m]);
    outcome out = solve(&A, &b, &o);
    if (out.status != NL_OK) fail_msg("%s: %s", own[m], out.info.reason);
    assert_near(error_of(&A, &b, &out.x), 0, 1e-13);
    outcome_release(&out);
  }
  nl_tensor *all[] = {&plain, &wide, &every, &columns, &A, &tall, &b};
  for (int i = 0; i < 7; i++) nl_tensor_release(all[i]);
}

static void both_residuals_are_those_of_the_answer(void **state) {
  (void)state;
  enum { N = 12 };
  nl_tensor A = dominant(N, 1.2, 16), b = noise(N, 2, 17);
  nl_solve_options o = method_options("jacobi");
  o.tol = 0;
  o.max_iter = 5;
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_NOT_CONVERGED);
  double ratio = 0, backward = 0;
  for (int64_t c = 0; c < 2; c++) {
    long double rr = 0, bb = 0, r_most = 0, b_most = 0, x_most = 0, A_most = 0;
    for (int64_t i = 0; i < N; i++) {
      long double r = data(&b)[2 * i + c], sum = 0;
      for (int64_t j = 0; j < N; j++) {
        r -= (long double)data(&A)[i * N + j] * data(&out.x)[2 * j + c];
        sum += fabs(data(&A)[i * N + j]);
      }
      rr += r * r;
      bb += (long double)data(&b)[2 * i + c] * data(&b)[2 * i + c];
      r_most = fmaxl(r_most, fabsl(r));
      b_most = fmaxl(b_most, fabs(data(&b)[2 * i + c]));
      x_most = fmaxl(x_most, fabs(data(&out.x)[2 * i + c]));
      A_most = fmaxl(A_most, sum);
    }
    ratio = fmax(ratio, (double)sqrtl(rr / bb));
    backward = fmax(backward, (double)(r_most / (A_most * x_most + b_most)));
  }
  assert_near(out.info.relative_residual, ratio, 1e-12 * ratio);
  assert_near(out.info.backward_error, backward, 1e-12 * backward);
  assert_near(out.info.history[4], ratio, 1e-12 * ratio);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

static void zero_on_the_right_gives_zero(void **state) {
  (void)state;
  nl_tensor A = friendly(5), b = matrix(5, 2, NULL);
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    outcome out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_OK);
    for (int i = 0; i < 10; i++) assert_true(data(&out.x)[i] == 0);
    assert_true(out.info.relative_residual == 0);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* --- types and conversion ------------------------------------------------------------------------------- */

static void narrow_systems_stay_narrow(void **state) {
  (void)state;
  enum { N = 17 };
  nl_tensor A = friendly(N), b = right_hand_sides(N, 2), A32, b32;
  assert_int_equal(nl_tensor_clone(&A, NL_F32, &A32), NL_OK);
  assert_int_equal(nl_tensor_clone(&b, NL_F32, &b32), NL_OK);
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    o.tol = 1e-9; /* iterations run in f64 */
    outcome out = solve(&A32, &b32, &o);
    if (out.status != NL_OK) fail_msg("%s: %s", own[m], out.info.reason);
    assert_int_equal(out.x.dtype, NL_F32);
    assert_near(error_of(&A32, &b32, &out.x), 0, m < DIRECT ? 1e-5 : 1e-7);
    assert_string_equal(out.info.converted, m < DIRECT ? "" : "f32 to f64");
    assert_true(isnan(out.info.error_bound)); /* it would have to count the rounding of x */
    outcome_release(&out);
  }
  nl_tensor *all[] = {&A, &b, &A32, &b32};
  for (int i = 0; i < 4; i++) nl_tensor_release(all[i]);
}

static void conversions_are_named(void **state) {
  (void)state;
  nl_tensor A = friendly(6), b = right_hand_sides(6, 0), A32, b32;
  assert_int_equal(nl_tensor_clone(&A, NL_F32, &A32), NL_OK);
  assert_int_equal(nl_tensor_clone(&b, NL_F32, &b32), NL_OK);
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    outcome dense = solve(&A, &b, &o), sparse = solve_sparse(&A, &b, &o);
    assert_string_equal(dense.info.converted, "");
    assert_string_equal(sparse.info.converted, m < DIRECT ? "sparse to dense" : "");
    outcome_release(&dense);
    outcome_release(&sparse);
  }
  nl_solve_options o = precise("klu");
  outcome both = solve(&A32, &b32, &o);
  if (both.status == NL_UNAVAILABLE) print_message("skipped in part: %s\n", both.info.reason);
  else assert_string_equal(both.info.converted, "f32 to f64, dense to sparse");
  outcome_release(&both);
  nl_tensor *all[] = {&A, &b, &A32, &b32};
  for (int i = 0; i < 4; i++) nl_tensor_release(all[i]);
}

/* --- misuse -----------------------------------------------------------------------------------------------
 */

static void refused(const nl_tensor *A, const nl_tensor *b, const nl_solve_options *o, nl_status status,
                    const char *part) {
  outcome out = solve(A, b, o);
  if (out.status != status) fail_msg("%s, expected '%s'", nl_status_name(out.status), part);
  assert_has(nl_message(), part);
  assert_has(out.info.reason, part);
  assert_null(out.x.storage);
  assert_null(out.info.history);
}

static void misuse_names_what_is_wrong(void **state) {
  (void)state;
  nl_tensor A = friendly(4), wide = matrix(3, 4, NULL), none = matrix(0, 0, NULL), b = noise(4, 2, 1);
  nl_tensor short_b = noise(3, 1, 1), no_b = matrix(4, 0, NULL), A32, b32, whole, cube;
  assert_int_equal(nl_tensor_clone(&A, NL_F32, &A32), NL_OK);
  assert_int_equal(nl_tensor_clone(&b, NL_F32, &b32), NL_OK);
  assert_int_equal(nl_tensor_clone(&A, NL_I64, &whole), NL_OK);
  assert_int_equal(nl_tensor_new(NL_F64, 3, (const int64_t[]){4, 1, 1}, &cube), NL_OK);
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    refused(&wide, &short_b, &o, NL_SHAPE, "solve: A is 3x4, expected a square matrix");
    refused(&none, &none, &o, NL_SHAPE, "solve: A is 0x0, there is nothing to solve");
    refused(&cube, &b, &o, NL_SHAPE, "solve: A is 4x1x1, expected a matrix");
    refused(&A, &short_b, &o, NL_SHAPE, "solve: A is 4x4, b has 3 rows, expected 4");
    refused(&A, &no_b, &o, NL_SHAPE, "solve: b is 4x0, it holds no right-hand side");
    refused(&A, &cube, &o, NL_SHAPE, "solve: b is 4x1x1, expected one vector");
    refused(&A, &b32, &o, NL_DTYPE, "solve: A is f64, b is f32");
    refused(&A32, &b, &o, NL_DTYPE, "solve: A is f32, b is f64");
    refused(&whole, &b, &o, NL_DTYPE, "solve: A is i64, expected f64 or f32");
    o.x0 = &short_b;
    refused(&A, &b, &o, NL_SHAPE, "solve: x0 is 3x1, b is 4x2, expected the same shape");
    o.x0 = &b32;
    refused(&A, &b, &o, NL_DTYPE, "solve: x0 is f32, b is f64");
  }
  nl_solve_options o = precise("lu");
  o.tol = (double)NAN;
  refused(&A, &b, &o, NL_ARG, "nan, expected a number >= 0");
  o.tol = -1;
  refused(&A, &b, &o, NL_ARG, "solve: tol is -1, expected");
  o = precise("jacobi");
  o.max_iter = -1;
  refused(&A, &b, &o, NL_ARG, "solve: max_iter is -1, expected >= 0");
  o = precise("gmres");
  o.restart = 0;
  refused(&A, &b, &o, NL_ARG, "solve: restart is 0, expected >= 1");
  o = precise("lu");
  o.block = -2;
  refused(&A, &b, &o, NL_ARG, "solve: block is -2, expected >= 0");
  o = precise("sor");
  o.omega = 2;
  refused(&A, &b, &o, NL_ARG, "sor: omega is 2, expected 0 < omega < 2");
  for (int m = 1; m < OWN; m++) { /* all but gauss */
    o = precise(own[m]);
    o.pivot = NL_PIVOT_ROOK;
    refused(&A, &b, &o, NL_UNSUPPORTED, "takes no option 'pivot'; method 'gauss' does");
    o.pivot = NL_PIVOT_PARTIAL;
    o.scale = NL_SCALE_ROWS;
    refused(&A, &b, &o, NL_UNSUPPORTED, "takes no option 'scale'; method 'gauss' does");
  }
  o = precise("cusolver");
  refused(&A, &b, &o, NL_UNSUPPORTED, "method 'cusolver' wants A and b on a GPU");
  o = precise("magic");
  refused(&A, &b, &o, NL_ARG, "solve: unknown method 'magic'");
  nl_tensor *all[] = {&A, &wide, &none, &b, &short_b, &no_b, &A32, &b32, &whole, &cube};
  for (int i = 0; i < 10; i++) nl_tensor_release(all[i]);
}

static void methods_are_listed_auto_first(void **state) {
  (void)state;
  const char *const *names = nl_solve_methods();
  assert_string_equal(names[0], "auto");
  for (int m = 0; m < OWN; m++) {
    int found = 0;
    for (int i = 0; names[i]; i++) found += strcmp(names[i], own[m]) == 0;
    assert_int_equal(found, 1);
  }
}

/* --- outcomes
 * ----------------------------------------------------------------------------------------------- */

static void what_is_not_finite_is_named(void **state) {
  (void)state;
  nl_tensor A = friendly(4), b = noise(4, 2, 1), x0 = noise(4, 2, 2);
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    o.x0 = &x0;
    data(&A)[6] = (double)INFINITY;
    refused(&A, &b, &o, NL_NONFINITE, "solve: A(2,3) is inf");
    data(&A)[6] = data(&A)[9];
    data(&b)[7] = (double)-INFINITY;
    refused(&A, &b, &o, NL_NONFINITE, "solve: b(4,2) is -inf");
    data(&b)[7] = 1;
    data(&x0)[0] = (double)NAN;
    refused(&A, &b, &o, NL_NONFINITE, "solve: x0(1,1) is ");
    data(&x0)[0] = 1;
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
  nl_tensor_release(&x0);
}

static void direct_methods_leave_no_x_without_an_answer(void **state) {
  (void)state;
  nl_tensor A = friendly(5), b = noise(5, 1, 1);
  for (int i = 0; i < 5; i++) data(&A)[5 * i + 3] = 0; /* column 4 */
  for (int m = 0; m < DIRECT; m++) {
    nl_solve_options o = precise(own[m]);
    outcome out = solve(&A, &b, &o);
    assert_int_equal(out.status, NL_SINGULAR);
    assert_int_equal(out.info.where, 4);
    assert_has(nl_message(), "column 4");
    assert_null(out.x.storage);
    assert_true(isnan(out.info.backward_error));
    nl_interrupt();
    out = solve(&b, &b, &o); /* b is no square matrix: misuse is seen first */
    assert_int_equal(out.status, NL_SHAPE);
    out = solve(&A, &b, &o);
    nl_interrupt_clear();
    assert_int_equal(out.status, NL_INTERRUPTED);
    assert_null(out.x.storage);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* Two sweeps of Jacobi by hand are the x of a run that may make two. */
static void iterations_leave_their_last_iterate(void **state) {
  (void)state;
  enum { N = 6 };
  nl_tensor A = dominant(N, 1.1, 3), b = noise(N, 1, 4);
  nl_solve_options o = method_options("jacobi");
  o.max_iter = 2;
  double x[N] = {0}, y[N];
  for (int sweep = 0; sweep < 2; sweep++) {
    for (int i = 0; i < N; i++) {
      double sum = data(&b)[i];
      for (int j = 0; j < N; j++) sum -= j == i ? 0 : data(&A)[i * N + j] * x[j];
      y[i] = sum / data(&A)[i * N + i];
    }
    memcpy(x, y, sizeof x);
  }
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_NOT_CONVERGED);
  assert_int_equal(out.info.iterations, 2);
  for (int i = 0; i < N; i++) assert_near(data(&out.x)[i], x[i], 1e-14);
  outcome_release(&out);

  for (int i = 0; i < N; i++) data(&A)[i * N + i] *= 0.01;
  o = method_options("gauss_seidel");
  out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_DIVERGED);
  assert_non_null(out.x.storage);
  assert_int_equal(out.info.history_length, out.info.iterations);
  outcome_release(&out);

  data(&A)[2 * N + 2] = 0;
  out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_ZERO_DIAGONAL);
  assert_int_equal(out.info.where, 3);
  assert_has(nl_message(), "row 3");
  assert_null(out.x.storage);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);

  nl_tensor turn = matrix(2, 2, (const double[]){0, 1, -1, 0}), ones = matrix(2, 1, (const double[]){1, 1});
  o = method_options("bicgstab");
  out = solve(&turn, &ones, &o);
  assert_int_equal(out.status, NL_BREAKDOWN);
  assert_non_null(out.x.storage);
  outcome_release(&out);
  nl_tensor_release(&turn);
  nl_tensor_release(&ones);
}

static void an_overflow_is_no_success(void **state) {
  (void)state;
  nl_tensor A = matrix(1, 1, (const double[]){1e-300}), b = matrix(1, 1, (const double[]){1e300});
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    outcome out = solve(&A, &b, &o);
    if (out.status != NL_NONFINITE && out.status != NL_DIVERGED && out.status != NL_BREAKDOWN)
      fail_msg("%s: %s", own[m], nl_status_name(out.status));
    if (!strstr(out.info.reason, "overflow")) fail_msg("%s: '%s'", own[m], out.info.reason);
    outcome_release(&out);
  }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* --- memory and threads -----------------------------------------------------------------------------------
 */

/* The k-th allocation fails, for every k a call reaches: NOMEM, and nothing kept. An estimate beside the
 * solution (rcond, error bound) that finds no room is left out instead, so OK does not end the walk. */
static void sweep_failures(const nl_matrix *A, const nl_tensor *b, const nl_solve_options *o,
                           bool persistent) {
  enum { REACH = 60 };
  int64_t before = nl_memory().live;
  int failures = 0, after_last = 0;
  for (int64_t k = 1; k <= REACH; k++) {
    nl_tensor x = {0};
    nl_solve_info info;
    nl_memory_fail_at(k, persistent);
    nl_status status = nl_solve(A, b, o, &x, &info);
    nl_memory_fail_at(0, false);
    after_last++;
    if (status != NL_OK) {
      if (status != NL_NOMEM) fail_msg("%s, allocation %d: %s", o->method, (int)k, nl_status_name(status));
      assert_int_equal(info.code, NL_NOMEM);
      assert_null(x.storage);
      assert_null(info.history);
      assert_has(nl_message(), "out of memory");
      failures++;
      after_last = 0;
    }
    nl_tensor_release(&x);
    nl_solve_info_release(&info);
    assert_int_equal(nl_memory().live, before);
  }
  assert_true(failures >= 3);
  assert_true(after_last >= 10); /* every allocation was reached */
}

static void failing_memory_leaves_nothing(void **state) {
  (void)state;
  nl_tensor A = friendly(20), b = right_hand_sides(20, 2);
  nl_sparse S;
  assert_int_equal(nl_sparse_from_dense(&A, &S), NL_OK);
  for (int m = 0; m < OWN; m++) {
    nl_solve_options o = precise(own[m]);
    for (int persistent = 0; persistent < 2; persistent++) {
      sweep_failures(&(nl_matrix){&A, NULL}, &b, &o, persistent);
      sweep_failures(&(nl_matrix){NULL, &S}, &b, &o, persistent);
    }
  }
  nl_sparse_release(&S);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

static void same_bits_at_any_thread_count(void **state) {
  (void)state;
  enum { N = 301 };
  nl_tensor A = friendly(N), b = right_hand_sides(N, 3);
  int before = nl_threads();
  for (int m = 0; m < OWN; m++)
    for (int of_sparse = 0; of_sparse < 2; of_sparse++) {
      nl_solve_options o = precise(own[m]);
      assert_int_equal(nl_threads_set(1), NL_OK);
      outcome one = of_sparse ? solve_sparse(&A, &b, &o) : solve(&A, &b, &o);
      for (int threads = 2; threads < 5; threads++) {
        assert_int_equal(nl_threads_set(threads), NL_OK);
        outcome many = of_sparse ? solve_sparse(&A, &b, &o) : solve(&A, &b, &o);
        assert_int_equal(many.status, one.status);
        assert_int_equal(many.info.iterations, one.info.iterations);
        if (memcmp(data(&many.x), data(&one.x), sizeof(double) * N * 3) != 0)
          fail_msg("%s: other bits on %d threads", own[m], threads);
        outcome_release(&many);
      }
      outcome_release(&one);
    }
  assert_int_equal(nl_threads_set(before), NL_OK);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_method_finds_the_solution),
      cmocka_unit_test(views_are_read_in_place),
      cmocka_unit_test(both_residuals_are_those_of_the_answer),
      cmocka_unit_test(zero_on_the_right_gives_zero),
      cmocka_unit_test(narrow_systems_stay_narrow),
      cmocka_unit_test(conversions_are_named),
      cmocka_unit_test(misuse_names_what_is_wrong),
      cmocka_unit_test(methods_are_listed_auto_first),
      cmocka_unit_test(what_is_not_finite_is_named),
      cmocka_unit_test(direct_methods_leave_no_x_without_an_answer),
      cmocka_unit_test(iterations_leave_their_last_iterate),
      cmocka_unit_test(an_overflow_is_no_success),
      cmocka_unit_test(failing_memory_leaves_nothing),
      cmocka_unit_test(same_bits_at_any_thread_count),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
