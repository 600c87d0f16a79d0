/* Every verdict of the stopping rule, on systems whose course is known. */
#include "iterate.h"
#include <pthread.h>
#include <time.h>

static const double ones[MOST] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
                                  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

/* G of [1 2; 2 1] has the eigenvalue 4: beyond 1/eps = 4^26 times the lowest after 26 or 27 sweeps */
static void growth_is_divergence(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1, 2, 2, 1}), b = matrix(2, 1, ones);
  nl_solve_options o = method_options("gauss_seidel");
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_DIVERGED);
  assert_in_range(out.info.iterations, 24, 28);
  assert_int_equal(out.info.history_length, out.info.iterations);
  assert_true(out.info.relative_residual > 1 / DBL_EPSILON);
  assert_near(out.info.history[20] / out.info.history[19], 4, 1e-12);
  assert_has(out.info.reason, "the residual grew from");
  assert_has(out.info.reason, "lately by 3.8");
  assert_has(nl_message(), "gauss_seidel: the residual grew");
  assert_non_null(data(&out.x)); /* the last iterate */
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

static void overflow_is_divergence(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1e-200, 1e200, 1e200, 1e-200}), b = matrix(2, 1, ones);
  nl_solve_options o = method_options("gauss_seidel");
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_DIVERGED);
  assert_int_equal(out.info.iterations, 1);
  assert_has(out.info.reason, "the residual overflowed in sweep 1 (lowest 1.00e+00, sweep 0)");
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* tol below what f64 can show: stops soon after the floor, with x as good as it gets */
static void the_rounding_floor_is_stagnation(void **state) {
  (void)state;
  nl_tensor A = dominant(MOST, 2, 1), b = noise(MOST, 1, 2);
  nl_solve_options o = method_options("gauss_seidel");
  outcome reached = solve(&A, &b, &o);
  o.tol = 1e-20;
  outcome out = solve(&A, &b, &o);
  assert_int_equal(reached.status, NL_OK);
  assert_int_equal(out.status, NL_STAGNATED);
  assert_true(out.info.iterations <= 3 * reached.info.iterations + 40);
  assert_true(out.info.relative_residual < 20 * DBL_EPSILON);
  assert_has(out.info.reason, "rounding floor");
  assert_has(out.info.reason, "tol 1.0e-20 is out of reach in f64");
  for (int i = 0; i < MOST; i++) assert_near(data(&out.x)[i], data(&reached.x)[i], 1e-9);
  outcome_release(&reached);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* J of [1 1; -1 1] is a rotation by 90 degrees: the residual keeps its length for ever */
static void standing_still_is_stagnation(void **state) {
  (void)state;
  nl_tensor A = matrix(2, 2, (const double[]){1, 1, -1, 1}), b = matrix(2, 1, (const double[]){1, 0});
  nl_solve_options o = method_options("jacobi");
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_STAGNATED);
  assert_int_equal(out.info.iterations, 200);
  assert_has(out.info.reason, "no lower residual than 1.00e+00 (sweep 0) in 200 sweeps");
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* J of tridiag(0, 1, -1) shifts: with b = e_n the residual stays 1 for n - 1 sweeps and is then exactly 0 */
static void a_nilpotent_iteration_is_waited_for(void **state) {
  (void)state;
  enum { N = 301 };
  nl_tensor A = tridiagonal(N, 0, 1, -1), b = matrix(N, 1, NULL);
  data(&b)[N - 1] = 1;
  nl_solve_options o = method_options("jacobi");
  outcome out = solve(&A, &b, &o);
  if (out.status != NL_OK) fail_msg("%s", out.info.reason);
  assert_int_equal(out.info.iterations, N);
  assert_near(out.info.history[N - 2], 1, 0);
  assert_near(out.info.history[N - 1], 0, 0);
  for (int i = 0; i < N; i++) assert_near(data(&out.x)[i], 1, 0);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

/* "about N more would do" is true */
static void max_iter_says_what_is_left(void **state) {
  (void)state;
  nl_tensor A = tridiagonal(30, -1, 2, -1), b = matrix(30, 1, ones);
  nl_solve_options o = method_options("gauss_seidel");
  outcome whole = solve(&A, &b, &o);
  assert_int_equal(whole.status, NL_OK);
  o.max_iter = 300;
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_NOT_CONVERGED);
  assert_int_equal(out.info.iterations, 300);
  assert_int_equal(out.info.history_length, 300);
  assert_memory_equal(out.info.history, whole.info.history, 300 * sizeof(double));
  assert_has(out.info.reason, "after 300 sweeps (max_iter), tol 1.0e-10");
  const char *about = strstr(out.info.reason, "about ");
  assert_non_null(about);
  assert_near(strtod(about + 6, NULL), (double)whole.info.iterations - 300, 2);
  outcome_release(&whole);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

static void no_sweep_allowed(void **state) {
  (void)state;
  nl_tensor A = tridiagonal(5, -1, 4, -1), b = matrix(5, 1, (const double[]){3, 2, 2, 2, 3});
  nl_tensor x0 = matrix(5, 1, (const double[]){5, 4, 3, 2, 1});
  nl_solve_options o = method_options("sor");
  o.max_iter = 0;
  o.x0 = &x0;
  outcome out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_NOT_CONVERGED);
  assert_int_equal(out.info.iterations, 0);
  assert_int_equal(out.info.history_length, 0);
  assert_memory_equal(data(&out.x), data(&x0), 5 * sizeof(double));
  outcome_release(&out);
  memcpy(data(&x0), ones, 5 * sizeof(double)); /* the solution */
  out = solve(&A, &b, &o);
  assert_int_equal(out.status, NL_OK);
  assert_int_equal(out.info.iterations, 0);
  outcome_release(&out);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
  nl_tensor_release(&x0);
}

/* A x = 0 has the solution 0 whatever x0; beside another right-hand side as well */
static void zero_right_hand_sides(void **state) {
  (void)state;
  static const char *const methods[] = {"jacobi", "gauss_seidel", "sor", "cg", "bicgstab", "gmres"};
  nl_tensor A = tridiagonal(5, -1, 4, -1), b = matrix(5, 2, NULL), x0 = matrix(5, 2, ones);
  for (int m = 0; m < 6; m++)
    for (int both = 0; both < 2; both++) {
      nl_solve_options o = method_options(methods[m]);
      o.x0 = &x0;
      for (int i = 0; i < 5; i++) data(&b)[2 * i + 1] = both ? 0 : 1;
      outcome out = solve(&A, &b, &o);
      assert_int_equal(out.status, NL_OK);
      if (both) assert_int_equal(out.info.iterations, 0);
      else assert_true(out.info.iterations > 0 && data(&out.x)[1] > 0.25);
      for (int i = 0; i < 5; i++) assert_near(data(&out.x)[2 * i], 0, 0);
      assert_true(out.info.relative_residual <= 1e-10);
      outcome_release(&out);
    }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
  nl_tensor_release(&x0);
}

/* --- Ctrl-C ------------------------------------------------------------------------------------------- */

/* From a thread: the thread sanitiser holds a timer's signal back while a loop makes no call it watches. */
static void *interrupt_later(void *microseconds) {
  int after = *(int *)microseconds;
  nanosleep(&(struct timespec){after / 1000000, after % 1000000 * 1000L}, NULL);
  nl_interrupt();
  return NULL;
}

/* The outcome of a solve that is interrupted after so many microseconds; 0: before it starts. */
static outcome solve_interrupted(const nl_tensor *A, const nl_tensor *b, const nl_solve_options *o,
                                 int after) {
  if (after == 0) nl_interrupt();
  pthread_t later;
  if (after > 0) assert_int_equal(pthread_create(&later, NULL, interrupt_later, &after), 0);
  outcome out = solve(A, b, o);
  if (after > 0) assert_int_equal(pthread_join(later, NULL), 0);
  nl_interrupt_clear();
  return out;
}

/* Ctrl-C at once leaves x0; after a while, longer on a machine too busy for a first sweep, an iterate */
static void interrupts_leave_the_last_iterate(void **state) {
  (void)state;
  static const char *const methods[] = {"jacobi", "gauss_seidel", "sor", "cg", "bicgstab", "gmres"};
  enum { N = 1500 };
  nl_tensor A = tridiagonal(N, -1, 2, -1), b = noise(N, 1, 3), x0 = noise(N, 1, 4);
  for (int m = 0; m < 6; m++)
    for (int at_once = 0; at_once < 2; at_once++) {
      nl_solve_options o = method_options(methods[m]);
      o.tol = 0;
      o.restart = 5;
      o.x0 = &x0;
      o.max_iter = INT64_C(1) << 40;
      outcome out = solve_interrupted(&A, &b, &o, at_once ? 0 : 30000);
      for (int after = 60000; !at_once && out.info.iterations == 0 && after < 5000000; after *= 2) {
        outcome_release(&out);
        out = solve_interrupted(&A, &b, &o, after);
      }
      if (out.status == NL_STAGNATED && !at_once && m >= 3) { /* cg and its like may be done before */
        outcome_release(&out);
        continue;
      }
      if (out.status != NL_INTERRUPTED) fail_msg("%s: %s", methods[m], out.info.reason);
      assert_has(out.info.reason, "interrupted in s");
      assert_non_null(data(&out.x));
      for (int i = 0; i < N; i++) assert_true(isfinite(data(&out.x)[i]));
      if (at_once) assert_int_equal(out.info.iterations, 0);
      else assert_true(out.info.iterations > 0);
      outcome_release(&out);
    }
  nl_tensor_release(&A);
  nl_tensor_release(&b);
  nl_tensor_release(&x0);
}

static void history_is_kept_only_when_asked(void **state) {
  (void)state;
  nl_tensor A = dominant(MOST, 1.5, 5), b = noise(MOST, 3, 6);
  nl_solve_options o = method_options("gauss_seidel");
  outcome with = solve(&A, &b, &o);
  o.history = false;
  outcome without = solve(&A, &b, &o);
  assert_null(without.info.history);
  assert_int_equal(without.info.history_length, 0);
  assert_int_equal(with.info.history_length, with.info.iterations);
  assert_near(with.info.history[with.info.history_length - 1], with.info.relative_residual, 1e-14);
  assert_memory_equal(data(&with.x), data(&without.x), MOST * 3 * sizeof(double));
  outcome_release(&with);
  outcome_release(&without);
  nl_tensor_release(&A);
  nl_tensor_release(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(growth_is_divergence),
      cmocka_unit_test(overflow_is_divergence),
      cmocka_unit_test(the_rounding_floor_is_stagnation),
      cmocka_unit_test(standing_still_is_stagnation),
      cmocka_unit_test(a_nilpotent_iteration_is_waited_for),
      cmocka_unit_test(max_iter_says_what_is_left),
      cmocka_unit_test(no_sweep_allowed),
      cmocka_unit_test(zero_right_hand_sides),
      cmocka_unit_test(interrupts_leave_the_last_iterate),
      cmocka_unit_test(history_is_kept_only_when_asked),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
