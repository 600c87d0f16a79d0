/* The blocked factor as an object, and what method "lu" says beside x. Accuracy is in test_accuracy.c. */
#include "dense/gemm.h"
#include "dense/lu.h"
#include "dense/trsm.h"
#include "matrices.h"
#include <numlab/interrupt.h>
#include <numlab/parallel.h>

static nl_status run(const nl_tensor *A, const nl_tensor *b, bool refine, nl_tensor *x, nl_solve_info *info) {
  nl_solve_options o = nl_solve_defaults();
  nl_matrix M = {.dense = A};
  o.method = "lu", o.refine = refine;
  return nl_solve(&M, b, &o, x, info);
}

static void block_sizes(void **unused) {
  (void)unused;
  assert_int_equal(nl_lu_block(0, 0), 1);
  assert_int_equal(nl_lu_block(5, 0), 5);
  assert_int_equal(nl_lu_block(5, 64), 5);
  assert_int_equal(nl_lu_block(50, 3), 3);
  assert_int_equal(nl_lu_block(100, 0), 32);
  assert_int_equal(nl_lu_block(500, 0), 64);
  assert_int_equal(nl_lu_block(2000, 0), 128);
}

static void triangular_solves(void **unused) {
  (void)unused;
  enum { N = 75, LD = N + 2 };
  static double T[N * LD], X[N * LD], L[N * LD];
  for (int64_t k = 1; k <= 9; k += 4) {
    double *room = numbers(nl_gemm_room_f64(N, k, N) + 8);
    double *aligned = (double *)(((uintptr_t)room + 63) / 64 * 64);
    for (int upper = 0; upper < 2; upper++)
      for (int64_t X_row = k; X_row <= k + 2; X_row += 2) {
        for (int64_t i = 0; i < N * LD; i++) T[i] = draw() / N;
        for (int64_t i = 0; i < N; i++)
          for (int64_t c = 0; c < X_row; c++) L[i * X_row + c] = X[i * X_row + c] = draw();
        for (int64_t i = 0; i < N; i++) T[i * LD + i] = upper ? 2 : (double)NAN; /* lower: ones, not read */
        if (upper) nl_trsm_upper_f64(aligned, N, k, T, LD, X, X_row);
        else nl_trsm_lower_f64(aligned, N, k, T, LD, X, X_row);
        for (int64_t i = 0; i < N; i++)
          for (int64_t c = 0; c < X_row; c++) {
            if (c >= k) {
              assert_true(X[i * X_row + c] == L[i * X_row + c]);
              continue;
            }
            double sum = (upper ? 2 : 1) * X[i * X_row + c];
            for (int64_t j = upper ? i + 1 : 0; j < (upper ? N : i); j++)
              sum += T[i * LD + j] * X[j * X_row + c];
            if (!(fabs(sum - L[i * X_row + c]) <= 1e-14)) fail_msg("row %d: %g", (int)i, sum);
          }
      }
    free(room);
  }
}

static void a_factor_solves_again_and_again(void **unused) {
  (void)unused;
  enum { N = 37 };
  static double A[N * N], truth[N * 4];
  random_svd(N, 50, A);
  for (int64_t i = 0; i < N * 4; i++) truth[i] = draw();
  /* a transposed view in, a factor of what it shows */
  static double turned[N * N];
  for (int64_t i = 0; i < N; i++)
    for (int64_t j = 0; j < N; j++) turned[j * N + i] = A[i * N + j];
  nl_tensor stored = tensor_of(NL_F64, 2, N, N, turned), view, x = {0}, column;
  assert_int_equal(nl_tensor_transpose(&stored, 0, 1, &view), NL_OK);
  nl_lu F;
  assert_int_equal(nl_lu_factor(&view, 8, &F), NL_OK);
  nl_tensor B = right_hand_sides(N, 4, A, truth, NL_F64);
  assert_int_equal(nl_lu_solve(&F, &B, &x), NL_OK);
  assert_true(measure(N, 4, A, &x, &B, truth).hpl < 16);
  nl_tensor_release(&x);
  assert_int_equal(nl_tensor_select(&B, 1, 2, &column), NL_OK); /* a strided vector */
  assert_int_equal(nl_lu_solve(&F, &column, &x), NL_OK);
  assert_int_equal(x.ndim, 1);
  for (int64_t i = 0; i < N; i++) assert_true(fabs(value_at(&x, i) - truth[i * 4 + 2]) < 1e-12);
  nl_tensor_release(&x), nl_tensor_release(&column), nl_tensor_release(&B);
  nl_tensor_release(&view), nl_tensor_release(&stored);
  nl_lu_release(&F);
  nl_lu_release(&F); /* twice is safe */
}

static void misuse(void **unused) {
  (void)unused;
  const double values[6] = {1, 2, 3, 4, 5, 6};
  nl_tensor wide = tensor_of(NL_F64, 2, 2, 3, values), square = tensor_of(NL_F64, 2, 2, 2, values), x = {0};
  nl_tensor three = tensor_of(NL_F64, 1, 3, 1, values), narrow = tensor_of(NL_F32, 1, 2, 1, values), whole;
  nl_lu F;
  int64_t shape[2] = {2, 2};
  assert_int_equal(nl_lu_factor(&wide, 0, &F), NL_SHAPE);
  assert_string_equal(nl_message(), "lu: A is 2x3, expected a square matrix");
  assert_int_equal(nl_lu_factor(&square, -1, &F), NL_ARG);
  assert_int_equal(nl_tensor_new(NL_I64, 2, shape, &whole), NL_OK);
  assert_int_equal(nl_lu_factor(&whole, 0, &F), NL_DTYPE);
  assert_string_equal(nl_message(), "lu: A is i64, expected f64 or f32");
  assert_int_equal(nl_lu_factor(&square, 0, &F), NL_OK);
  assert_int_equal(nl_lu_solve(&F, &three, &x), NL_SHAPE);
  assert_string_equal(nl_message(), "lu: A is 2x2, b is 3, expected 2 rows");
  assert_int_equal(nl_lu_solve(&F, &narrow, &x), NL_DTYPE);
  assert_string_equal(nl_message(), "lu: the factor is f64, b is f32");
  nl_lu_release(&F);
  nl_tensor_release(&wide), nl_tensor_release(&square), nl_tensor_release(&three), nl_tensor_release(&narrow);
  nl_tensor_release(&whole);
}

static void singular_empty_and_one_by_one(void **unused) {
  (void)unused;
  const double zero[1] = {0}, b[2] = {6, 6}, three[1] = {3}, dependent[4] = {1, 2, 2, 4};
  nl_tensor A = tensor_of(NL_F64, 2, 1, 1, zero), B = tensor_of(NL_F64, 1, 1, 1, b), x = {0};
  nl_lu F;
  assert_int_equal(nl_lu_factor(&A, 0, &F), NL_OK);
  assert_int_equal(F.singular_column, 1);
  assert_true(nl_lu_rcond(&F) == 0);
  assert_int_equal(nl_lu_solve(&F, &B, &x), NL_SINGULAR);
  nl_lu_release(&F), nl_tensor_release(&A);
  A = tensor_of(NL_F64, 2, 1, 1, three);
  assert_int_equal(nl_lu_factor(&A, 0, &F), NL_OK);
  assert_int_equal(nl_lu_solve(&F, &B, &x), NL_OK);
  assert_true(value_at(&x, 0) == 2 && nl_lu_rcond(&F) == 1);
  nl_lu_release(&F), nl_tensor_release(&A), nl_tensor_release(&B), nl_tensor_release(&x);
  A = tensor_of(NL_F64, 2, 2, 2, dependent), B = tensor_of(NL_F64, 1, 2, 1, b);
  nl_solve_info info;
  assert_int_equal(run(&A, &B, false, &x, &info), NL_SINGULAR);
  assert_int_equal(info.where, 2);
  assert_string_equal(info.reason, "lu: A is singular, column 2 has no nonzero pivot");
  nl_solve_info_release(&info);
  nl_tensor_release(&A), nl_tensor_release(&B);
  int64_t none[2] = {0, 0};
  assert_int_equal(nl_tensor_new(NL_F64, 2, none, &A), NL_OK);
  assert_int_equal(nl_tensor_new(NL_F64, 1, none, &B), NL_OK);
  assert_int_equal(nl_lu_factor(&A, 0, &F), NL_OK);
  assert_int_equal(nl_lu_solve(&F, &B, &x), NL_OK);
  nl_lu_release(&F), nl_tensor_release(&A), nl_tensor_release(&B), nl_tensor_release(&x);
}

static void warns_when_ill_conditioned(void **unused) {
  (void)unused;
  enum { N = 12 };
  static double H[N * N], b[N];
  for (int64_t i = 0; i < N; i++)
    for (int64_t j = 0; j < N; j++) H[i * N + j] = 1 / (double)(i + j + 1); /* Hilbert: condition 1.7e16 */
  for (int64_t i = 0; i < N; i++) b[i] = 1;
  nl_tensor A = tensor_of(NL_F64, 2, N, N, H), B = tensor_of(NL_F64, 1, N, 1, b), x = {0};
  nl_solve_info info;
  assert_int_equal(run(&A, &B, false, &x, &info), NL_OK);
  assert_true(info.rcond > 0 && info.rcond < 1.2e-16);
  assert_non_null(strstr(info.warning, "is below eps: x may have no correct digits"));
  nl_solve_info_release(&info);
  nl_tensor_release(&A), nl_tensor_release(&B), nl_tensor_release(&x);
}

static void rcond_finds_the_worst_column(void **unused) {
  (void)unused;
  enum { N = 20 };
  static double A[N * N]; /* a cyclic shift with one small entry: A^-1 has one column that counts */
  for (int64_t i = 0; i < N; i++) A[i * N + (i + 7) % N] = i == 4 ? 1e-6 : 1;
  nl_tensor matrix = tensor_of(NL_F64, 2, N, N, A);
  nl_lu F;
  assert_int_equal(nl_lu_factor(&matrix, 4, &F), NL_OK);
  assert_true(fabs(nl_lu_rcond(&F) - 1e-6) < 1e-15);
  assert_int_equal(F.smallest_pivot == 1e-6, 1);
  nl_lu_release(&F);
  nl_tensor_release(&matrix);
}

static void denormal_pivots_divide(void **unused) {
  (void)unused;
  const double A[4] = {0x1p-1071, 0x1p-1070, 0x1p-1070, 0x1p-1071}, b[2] = {0x1.8p-1070, 0x1.8p-1070};
  nl_tensor matrix = tensor_of(NL_F64, 2, 2, 2, A), B = tensor_of(NL_F64, 1, 2, 1, b), x = {0};
  nl_solve_info info;
  assert_int_equal(run(&matrix, &B, false, &x, &info), NL_OK);
  assert_true(value_at(&x, 0) == 1 && value_at(&x, 1) == 1);
  nl_solve_info_release(&info);
  nl_tensor_release(&matrix), nl_tensor_release(&B), nl_tensor_release(&x);
}

static void refinement_mends_growth(void **unused) {
  (void)unused;
  enum { N = 50 }; /* growth 2^49 leaves four digits; with refinement all of them */
  static double A[N * N], b[N * 2];
  for (int64_t i = 0; i < N; i++) {
    for (int64_t j = 0; j < i; j++) A[i * N + j] = -1;
    A[i * N + i] = A[i * N + N - 1] = 1;
    for (int64_t c = 0; c < 2; c++) b[i * 2 + c] = draw();
  }
  nl_tensor matrix = tensor_of(NL_F64, 2, N, N, A), B = tensor_of(NL_F64, 2, N, 2, b), x = {0};
  nl_solve_info plain, refined;
  assert_int_equal(run(&matrix, &B, false, &x, &plain), NL_OK);
  nl_tensor_release(&x);
  assert_int_equal(run(&matrix, &B, true, &x, &refined), NL_OK);
  assert_true(plain.growth == ldexp(1, N - 1));
  assert_true(plain.refinements <= 0 && refined.refinements >= 1);
  if (!(plain.backward_error > 1e-10)) fail_msg("%g was good before", plain.backward_error);
  if (!(refined.backward_error <= N * DBL_EPSILON)) fail_msg("%g is left", refined.backward_error);
  nl_solve_info_release(&plain), nl_solve_info_release(&refined);
  nl_tensor_release(&matrix), nl_tensor_release(&B), nl_tensor_release(&x);
}

static void overflow_is_an_outcome(void **unused) {
  (void)unused;
  const double A[4] = {1e308, 1e308, -1e308, 1e308}, b[2] = {1, 1};
  nl_tensor matrix = tensor_of(NL_F64, 2, 2, 2, A), B = tensor_of(NL_F64, 1, 2, 1, b), x = {0};
  nl_solve_info info;
  assert_int_equal(run(&matrix, &B, false, &x, &info), NL_NONFINITE);
  assert_string_equal(info.reason, "lu: overflow in row 2 of U (scaling A may help)");
  assert_null(x.storage);
  nl_solve_info_release(&info);
  nl_tensor_release(&matrix), nl_tensor_release(&B);
}

static void same_bits_at_any_thread_count(void **unused) {
  (void)unused;
  enum { N = 611, K = 3 };
  double *A = numbers(N * N), *b = numbers(N * K);
  for (int64_t i = 0; i < N * N; i++) A[i] = draw();
  for (int64_t i = 0; i < N * K; i++) b[i] = draw();
  nl_tensor matrix = tensor_of(NL_F64, 2, N, N, A), B = tensor_of(NL_F64, 2, N, K, b), x[3] = {{0}, {0}, {0}};
  int before = nl_threads();
  for (int t = 0; t < 3; t++) {
    nl_solve_info info;
    assert_int_equal(nl_threads_set(t + 1), NL_OK);
    assert_int_equal(run(&matrix, &B, true, &x[t], &info), NL_OK);
    nl_solve_info_release(&info);
    assert_memory_equal(nl_tensor_data(&x[0]), nl_tensor_data(&x[t]), N * K * sizeof(double));
  }
  assert_int_equal(nl_threads_set(before), NL_OK);
  for (int t = 0; t < 3; t++) nl_tensor_release(&x[t]);
  nl_tensor_release(&matrix), nl_tensor_release(&B);
  free(A), free(b);
}

static void out_of_memory(void **unused) {
  (void)unused;
  enum { N = 40 };
  static double A[N * N], b[N];
  random_svd(N, 10, A);
  for (int64_t i = 0; i < N; i++) b[i] = 1;
  nl_tensor matrix = tensor_of(NL_F64, 2, N, N, A), B = tensor_of(NL_F64, 1, N, 1, b), x = {0};
  int64_t live = nl_memory().live;
  bool lost_rcond = false;
  for (int64_t k = 1;; k++) {
    nl_solve_info info;
    nl_memory_fail_at(k, false);
    nl_status status = run(&matrix, &B, true, &x, &info);
    nl_memory_fail_at(0, false);
    bool all = status == NL_OK && !isnan(info.rcond);
    lost_rcond |= status == NL_OK && isnan(info.rcond); /* x is there all the same */
    if (status == NL_OK) nl_solve_info_release(&info);
    else assert_int_equal(status, NL_NOMEM);
    nl_tensor_release(&x);
    assert_int_equal(nl_memory().live, live);
    if (all) break;
  }
  assert_true(lost_rcond);
  nl_lu F;
  for (int64_t k = 1;; k++) {
    nl_memory_fail_at(k, true);
    nl_status status = nl_lu_factor(&matrix, 8, &F);
    nl_memory_fail_at(0, false);
    if (status == NL_OK) break;
    assert_int_equal(status, NL_NOMEM);
    assert_int_equal(nl_memory().live, live);
  }
  for (int64_t k = 1, factored = nl_memory().live;; k++) {
    nl_memory_fail_at(k, false);
    nl_status status = nl_lu_solve(&F, &B, &x);
    nl_memory_fail_at(0, false);
    if (status == NL_OK) break;
    assert_int_equal(status, NL_NOMEM);
    assert_int_equal(nl_memory().live, factored);
  }
  nl_lu_release(&F);
  nl_tensor_release(&x), nl_tensor_release(&matrix), nl_tensor_release(&B);
}

/* A NaN counts, whatever rows and columns come after it. */
static void a_residual_keeps_its_nan(void **unused) {
  (void)unused;
  const double A[4] = {1, 0, 0, 1}, B[4] = {1, 1, 1, 1}, X[4] = {(double)NAN, 1, 1, 1};
  double R[4], *room = calloc((size_t)nl_gemm_room_f64(2, 2, 2), sizeof *room);
  assert_non_null(room);
  assert_true(isnan(nl_lu_residual_f64(2, 2, A, 1, B, X, R, room)));
  assert_true(isnan(nl_lu_residual_f64(2, 1, A, 1, B, X, R, room)));
  free(room);
}

static void interrupt(void **unused) {
  (void)unused;
  const double A[4] = {2, 1, 1, 3};
  nl_tensor matrix = tensor_of(NL_F64, 2, 2, 2, A), B = tensor_of(NL_F64, 1, 2, 1, A), x = {0};
  nl_solve_info info;
  nl_interrupt();
  assert_int_equal(run(&matrix, &B, true, &x, &info), NL_INTERRUPTED);
  nl_interrupt_clear();
  assert_null(x.storage);
  nl_solve_info_release(&info);
  nl_tensor_release(&matrix), nl_tensor_release(&B);
  assert_int_equal(nl_memory().live, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(block_sizes),
      cmocka_unit_test(triangular_solves),
      cmocka_unit_test(a_factor_solves_again_and_again),
      cmocka_unit_test(misuse),
      cmocka_unit_test(singular_empty_and_one_by_one),
      cmocka_unit_test(warns_when_ill_conditioned),
      cmocka_unit_test(rcond_finds_the_worst_column),
      cmocka_unit_test(denormal_pivots_divide),
      cmocka_unit_test(refinement_mends_growth),
      cmocka_unit_test(overflow_is_an_outcome),
      cmocka_unit_test(same_bits_at_any_thread_count),
      cmocka_unit_test(a_residual_keeps_its_nan),
      cmocka_unit_test(out_of_memory),
      cmocka_unit_test(interrupt),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
